"""The complaints desk a Zendesk opens with; its people and fields match those of the Jira beside it."""

from __future__ import annotations

import re

from ombud.sandbox import desk as jira
from ombud.sandbox.records import Person
from ombud.sandbox.zendesk.records import CustomStatus, Form, Role, Rule, TicketField, User

SUBDOMAIN = "sandbox"
#: The account our product signs in with.
ADMIN = User(9001, "Complaints watch", "ombud@sandbox.test", "admin", time_zone="UTC")
GROUP = (36001, "Complaints team")
BRAND = 36500

#: Jira's status -> this account's.
STATUS = {
    "10001": 30001,
    "10002": 30002,
    "10003": 30003,
    "10004": 30004,
    "10005": 30005,
    "10006": 30006,
    "10007": 30007,
    "10010": 30010,
}
STATUSES = (
    CustomStatus(30001, "new", "New", default=True),
    CustomStatus(30000, "open", "Open", default=True),
    CustomStatus(30002, "open", "Acknowledged"),
    CustomStatus(30003, "open", "Assessed"),
    CustomStatus(30004, "open", "Investigating"),
    CustomStatus(30005, "pending", "Waiting for customer", default=True),
    CustomStatus(30006, "open", "Responded"),
    CustomStatus(30007, "open", "Decided"),
    CustomStatus(30009, "hold", "On hold", default=True),
    CustomStatus(30010, "solved", "Solved", default=True),
)

#: Fields every account has, by what tickets call them.
SYSTEM_FIELDS = (
    TicketField(100, "Subject", "subject"),
    TicketField(101, "Description", "description"),
    TicketField(102, "Ticket status", "custom_status"),
    TicketField(103, "Priority", "priority"),
    TicketField(104, "Group", "group"),
    TicketField(105, "Assignee", "assignee"),
)
#: Where our living text stands, and the field by which the same complaint in Jira is named.
NOTE_FIELD, OTHER_FIELD = 360000020001, 360000020002

_JIRA_FIELDS = {field.id: field for field in jira.CUSTOM_FIELDS}
_TYPES = {"text": "text", "textarea": "textarea", "user": "lookup", "datetime": "text"}


def number_of(jira_field: str) -> int:
    """Return the number of the field that is a Jira custom field's counterpart."""
    return 360000000000 + int(jira_field.removeprefix("customfield_"))


def tag_of(field: str, option: str) -> str:
    """Return the tag of a drop-down's option, from the Jira option that is its counterpart."""
    told = _JIRA_FIELDS[field]
    return re.sub(r"\W+", "_", f"{told.name} {told.options[option]}".lower())


def custom_fields() -> list[TicketField]:
    """Return fresh custom fields: Jira's counterparts, and two of this account's own."""
    made = []
    for field in jira.CUSTOM_FIELDS:
        if field.kind not in {*_TYPES, "option"}:
            continue
        options = {tag_of(field.id, key): name for key, name in field.options.items()}
        kind = "tagger" if options else _TYPES[field.kind]
        made.append(TicketField(number_of(field.id), field.name, kind, options))
    made.append(TicketField(NOTE_FIELD, "Complaint policy", "textarea", agents_edit=False))
    made.append(TicketField(OTHER_FIELD, "Ticket in Jira", "text"))
    return made


def forms() -> list[Form]:
    """Return fresh forms: complaints, questions, and ordinary support."""
    every = tuple(field.id for field in (*SYSTEM_FIELDS, *custom_fields()))
    few = tuple(field.id for field in SYSTEM_FIELDS)
    return [
        Form(37001, "Complaint", every),
        Form(37002, "Question", few),
        Form(37003, "Support", few),
    ]


#: Jira's issue type and project -> form.
FORM = {("CMP", "10001"): 37001, ("CMP", "10002"): 37002, ("SUP", "10003"): 37003}
PRIORITY = {"1": "urgent", "2": "high", "3": "normal", "4": "low", "5": "low"}
#: What closes solved tickets in every account: it can be postponed to 28 days and not switched off.
CLOSE = Rule(
    39001, "Close ticket 4 days after status is set to solved", (), {"status": "closed"}, hours=96
)


def user_of(person: Person, number: int) -> User:
    """Return the user that is a Jira person's counterpart."""
    role: Role = "end-user" if person.role == "customer" else "agent"
    return User(number, person.name, person.email, role, suspended=not person.active)
