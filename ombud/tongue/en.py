"""English. Reasons and advice are built in it where they are judged, and stored so; here is what stands around them."""

from __future__ import annotations

from typing import Final

from ombud.model.word import Flaw, Verb
from ombud.tongue.form import Tongue

TONGUE: Final = Tongue(
    code="en",
    name="English",
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    moment="{day} {date} {month}, {time}",
    day="{year}-{month:02}-{day:02}",
    day_time="{year}-{month:02}-{day:02} {time}",
    decimal=".",
    thousands=",",
    title="Complaint policy",
    missing=("1 thing missing", "{count} things missing"),
    late=("1 thing late", "{count} things late"),
    before="before you close it",
    closed="This complaint was closed on {when}, and is open again.",
    decision_sent="The customer has already been told the decision; that stays.",
    insists="This complaint was closed again. It stays closed; please ask whoever is in charge of complaints.",
    more=("And 1 more.", "And {count} more."),
    due="{label} due {when}.",
    was_due="It was due {when}.",
    then="Then close it again.",
    to_close="To close it: {labels}",
    and_more=(" and 1 more", " and {count} more"),
    page="Can I close this? {url}",
    answer="“{word}”: {line}",
    checked_clear="Checked {when}: nothing is missing to close it.",
    checked_lacks="Checked {when}: to close it, see to {labels}.",
    checked_open="Cannot be told: {rules}.",
    called="Call of {when} noted.",
    reason_noted="Reason of {when} why it is no complaint noted.",
    receipt_noted="Receipt noted: {day}.",
    receipt_later="{day} is later than the ticket itself. Receipt stays.",
    approved="Waiver {id} approved by {who}.",
    disputed="Dispute {id} of {rule} noted; the finding stands until it is decided.",
    asked_for="Waiver of {rule} until {day} asked for. Somebody else approves it: /ombud approve {id}",
    not_waivable="{rule} cannot be waived: what you say is recorded, and the breach stays.",
    forms={
        Verb.check: "/ombud check",
        Verb.called: "/ombud called",
        Verb.received: "/ombud received 2026-11-23",
        Verb.not_complaint: "/ombud not-complaint REASON",
        Verb.dispute: "/ombud dispute RULE REASON",
        Verb.waive: "/ombud waive RULE REASON until 2026-12-31",
        Verb.approve: "/ombud approve ID",
    },
    flaws={
        Flaw.unknown: "“{told}” is not known. Write one of: {known}.",
        Flaw.bare: "It says nothing behind “{told}”. Write: {form}",
        Flaw.no_reason: "It gives no reason. Write: {form}",
        Flaw.no_end: "It gives no end. Write: {form}",
        Flaw.no_rule: "It gives no rule or no reason. Write: {form}",
        Flaw.no_date: "“{told}” is no date. Write the year first: {form}",
    },
    refusals={},
    reading=None,
)
