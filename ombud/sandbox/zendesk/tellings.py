"""What Zendesk's event webhooks say: ids as texts, statuses in capitals, the ticket as it stands when it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ombud.sandbox.hooks import Telling
from ombud.sandbox.zendesk import desk
from ombud.sandbox.zendesk.records import Act, Audit, Event, Ticket
from ombud.sandbox.zendesk.world import ZendeskWorld

ACCOUNT = 22_000_001
_PREFIX = "zen:event-type:ticket."
#: Property of an audit's change -> event.
_CHANGES = {
    "status": "status_changed",
    "custom_status_id": "custom_status_changed",
    "priority": "priority_changed",
    "subject": "subject_changed",
    "ticket_form_id": "form_changed",
    "group_id": "group_assignment_changed",
    "assignee_id": "agent_assignment_changed",
    "requester_id": "requester_changed",
    "problem_id": "problem_link_changed",
    "type": "type_changed",
}
EVENTS = frozenset(
    _PREFIX + name
    for name in (
        *_CHANGES.values(),
        "created",
        "comment_added",
        "comment_made_private",
        "comment_redacted",
        "custom_field_changed",
        "tags_changed",
        "merged",
        "soft_deleted",
        "permanently_deleted",
        "undeleted",
        "marked_as_spam",
        "description_changed",
        "organization_changed",
        "next_sla_breach_changed",
        "attachment_linked_to_comment",
        "brand_changed",
        "ccs_changed",
        "email_ccs_changed",
        "external_id_changed",
        "followers_changed",
        "submitter_changed",
        "task_due_at_changed",
    )
)
_CAPITALS = frozenset({"status", "priority", "type"})


def tellings(world: ZendeskWorld, act: Act) -> list[Telling]:
    """Return what an account tells of an act: one thing per event, in the order of its audit."""
    if act.audit is None:
        named = {"delete": "soft_deleted", "scrub": "permanently_deleted"}[act.what]
        rows: list[tuple[str, dict[str, Any]]] = [(named, {})]
    else:
        rows = list(_rows(world, act.audit))
    moment = act.moment
    sequence = uuid.uuid5(uuid.NAMESPACE_URL, f"sequence/{act.number}")
    made = []
    for place, (name, event) in enumerate(rows, 1):
        number = uuid.uuid5(uuid.NAMESPACE_URL, f"event/{desk.SUBDOMAIN}/{act.number}/{place}")
        body = {
            "account_id": ACCOUNT,
            "detail": _detail(act.ticket, act.author),
            "event": event
            | {"meta": {"sequence": {"id": str(sequence), "position": place, "total": len(rows)}}},
            "id": str(number),
            "subject": f"zen:ticket:{act.ticket.id}",
            "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{act.number % 1_000_000_000:09d}Z",
            "type": _PREFIX + name,
            "zendesk_event_version": "2022-11-06",
        }
        made.append(Telling(_PREFIX + name, str(act.ticket.id), body))
    return made


def _rows(world: ZendeskWorld, audit: Audit) -> Iterator[tuple[str, dict[str, Any]]]:
    if any(each.type == "Create" for each in audit.events):
        yield "created", {}
    for each in audit.events:
        if each.type == "Comment":
            yield "comment_added", {"comment": _comment(world, each, audit)}
        elif each.type == "CommentPrivacyChange":
            yield "comment_made_private", {"comment": {"id": str(each.told["comment_id"])}}
        elif each.type == "CommentRedactionEvent":
            yield "comment_redacted", {"comment": {"id": str(each.told["comment_id"])}}
        elif each.type == "Change":
            yield from _change(world, each)
    source = audit.via.get("source") or {}
    if source.get("rel") == "merge":
        yield "merged", {"target_ticket_id": str(source["to"]["ticket_id"])}


def _change(world: ZendeskWorld, each: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    name, before, after = (
        each.told["field_name"],
        each.told.get("previous_value"),
        each.told["value"],
    )
    if name == "tags":
        added = [tag for tag in after or () if tag not in (before or ())]
        removed = [tag for tag in before or () if tag not in (after or ())]
        yield "tags_changed", {"tags_added": added, "tags_removed": removed}
    elif name.isdigit():
        field = world.fields[int(name)]
        told = {"id": name, "title": field.title, "type": field.type}
        yield "custom_field_changed", {"current": after, "previous": before, "field": told}
    elif name in _CHANGES:
        if name in _CAPITALS:
            before, after = (None if v is None else str(v).upper() for v in (before, after))
        yield _CHANGES[name], {"current": after, "previous": before}


def _comment(world: ZendeskWorld, each: Event, audit: Audit) -> dict[str, Any]:
    number = int(each.told.get("author_id") or audit.author)
    author = world.users.get(number)
    return {
        "id": str(each.id),
        "body": each.told["body"],
        "is_public": each.told["public"],
        "author": {
            "id": str(number),
            "is_staff": author is None or author.role != "end-user",
            "name": author.name if author else "System",
        },
    }


def _detail(ticket: Ticket, author: int) -> dict[str, Any]:
    return {
        "actor_id": str(author),
        "assignee_id": _id(ticket.assignee),
        "brand_id": str(desk.BRAND),
        "created_at": _second(ticket.created),
        "custom_status": str(ticket.custom_status),
        "description": ticket.description,
        "external_id": None,
        "form_id": str(ticket.form),
        "group_id": _id(ticket.group),
        "id": str(ticket.id),
        "is_public": True,
        "organization_id": None,
        "priority": ticket.priority.upper() if ticket.priority else None,
        "requester_id": str(ticket.requester),
        "status": ticket.status.upper(),
        "subject": ticket.subject,
        "submitter_id": str(ticket.submitter),
        "tags": sorted(ticket.tags),
        "type": ticket.type.upper() if ticket.type else None,
        "updated_at": _second(ticket.updated),
        "via": {
            "channel": "web_service" if ticket.via["channel"] == "api" else ticket.via["channel"]
        },
    }


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _second(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
