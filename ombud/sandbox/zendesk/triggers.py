"""When a trigger fires: conditions on a ticket and on the update under way."""

from __future__ import annotations

from ombud.sandbox.zendesk.records import Audit, Rule, Ticket

#: Plain properties of a ticket, in the order in which audits tell of them.
PLAIN = (
    "requester_id",
    "assignee_id",
    "group_id",
    "subject",
    "priority",
    "ticket_form_id",
    "problem_id",
    "type",
)
SLOT = {
    "requester_id": "requester",
    "assignee_id": "assignee",
    "group_id": "group",
    "ticket_form_id": "form",
    "problem_id": "problem",
}


def meets(rule: Rule, ticket: Ticket, audit: Audit) -> bool:
    """Tell whether a trigger's conditions hold of a ticket within an update."""
    for name, wanted in rule.conditions:
        changed = name.removeprefix("changed:")
        if changed != name:
            told = [
                each.told["value"]
                for each in audit.events
                if each.told.get("field_name") == changed
            ]
            if not told or told[-1] != wanted:
                return False
        elif name.startswith("was:"):
            told = [
                each.told.get("previous_value")
                for each in audit.events
                if each.told.get("field_name") == name[4:]
            ]
            if not told or told[0] != wanted:
                return False
        elif name in ("tag", "not_tag"):
            if (wanted in ticket.tags) != (name == "tag"):
                return False
        elif getattr(ticket, SLOT.get(name, name)) != wanted:
            return False
    return True
