"""What a Zendesk account holds: users, fields, forms, statuses, tickets and their audits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["end-user", "agent", "admin"]
Category = Literal["new", "open", "pending", "hold", "solved"]
#: The author of what nobody did: triggers and automations.
SYSTEM = -1


@dataclass(slots=True)
class User:
    """Somebody who may sign in, or write; a light agent (`light`) only ever writes privately."""

    id: int
    name: str
    email: str
    role: Role
    light: bool = False
    suspended: bool = False
    time_zone: str = "Berlin"


@dataclass(slots=True)
class TicketField:
    """A field of tickets; `options` maps the tag of a drop-down's option to its name.

    `required` asks agents for it when they solve; `agents_edit` says whether agents see it as editable.
    """

    id: int
    title: str
    type: str
    options: dict[str, str] = field(default_factory=dict)
    required: bool = False
    agents_edit: bool = True


@dataclass(frozen=True, slots=True)
class CustomStatus:
    """A status of the account's own, in one of the system's categories."""

    id: int
    category: Category
    label: str
    default: bool = False


@dataclass(slots=True)
class Form:
    """A ticket form, its fields, and the conditions under which some are required of agents."""

    id: int
    name: str
    fields: tuple[int, ...]
    conditions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Rule:
    """A trigger, which runs within an update, or an automation, which runs by the hour.

    `conditions` are pairs of a field of the ticket and the value it must have; "changed:status" asks that the
    update set it, "was:status" that the update found it so. `actions` are what an update may hold, "notify" among
    them. A trigger runs `times` for one ticket, None being for ever; `ran` counts by ticket.
    """

    id: int
    title: str
    conditions: tuple[tuple[str, Any], ...]
    actions: Mapping[str, Any]
    hours: int | None = None
    active: bool = True
    times: int | None = None
    ran: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Event:
    """One thing in an audit; `via` is its own where it differs from the audit's."""

    id: int
    type: str
    told: dict[str, Any]
    via: dict[str, Any] | None = None


@dataclass(slots=True)
class Audit:
    """One update of a ticket: who, when, by which way, and everything that happened within it."""

    id: int
    ticket: int
    created: datetime
    author: int
    via: dict[str, Any]
    custom: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Ticket:
    """A ticket as it stands; its audits are its history.

    `status` is the system's word, "closed" and "deleted" among them; `custom_status` stays when it closes.
    `generated` is when anything at all last touched it, `updated` only what people would call an update.
    """

    id: int
    created: datetime
    updated: datetime
    generated: datetime
    subject: str
    requester: int
    submitter: int
    form: int
    status: str
    custom_status: int
    via: dict[str, Any]
    description: str = ""
    assignee: int | None = None
    group: int | None = None
    priority: str | None = None
    fields: dict[int, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)
    follows: int | None = None
    followups: list[int] = field(default_factory=list)
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    deleted_at: datetime | None = None
    ai_agent: bool = False
    problem: int | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was committed: an audit, or a deletion, which has none; `number` counts acts."""

    number: int
    what: Literal["audit", "delete", "scrub"]
    ticket: Ticket
    moment: datetime
    author: int
    audit: Audit | None = None


def rule_via(rule: Rule) -> dict[str, Any]:
    """Return the `via` of what a rule did."""
    rel = "automation" if rule.hours is not None else "trigger"
    source = {"from": {"id": rule.id, "title": rule.title}, "to": {}, "rel": rel}
    return {"channel": "rule", "source": source}


def channel(name: str) -> dict[str, Any]:
    """Return the `via` of a way in: web, email, api."""
    return {"channel": name, "source": {"from": {}, "to": {}, "rel": None}}
