"""Records as the wire prints them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ombud.sandbox.zendesk import desk
from ombud.sandbox.zendesk.records import (
    Audit,
    CustomStatus,
    Event,
    Form,
    Rule,
    Ticket,
    TicketField,
    User,
)


def time(moment: datetime) -> str:
    """Print an instant: UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket(told: Ticket, base: str, *, exported: bool = False) -> dict[str, Any]:
    """Print a ticket; `fields` repeats `custom_fields`, as it does at the vendor's."""
    values = [{"id": number, "value": value} for number, value in sorted(told.fields.items())]
    made: dict[str, Any] = {
        "url": f"{base}/api/v2/tickets/{told.id}.json",
        "id": told.id,
        "external_id": None,
        "via": told.via,
        "created_at": time(told.created),
        "updated_at": time(told.updated),
        "type": told.type,
        "subject": told.subject,
        "raw_subject": told.subject,
        "description": told.description,
        "priority": told.priority,
        "status": told.status,
        "recipient": None,
        "requester_id": told.requester,
        "submitter_id": told.submitter,
        "assignee_id": told.assignee,
        "organization_id": None,
        "group_id": told.group,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": told.problem,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": sorted(told.tags),
        "custom_fields": values,
        "satisfaction_rating": None,
        "sharing_agreement_ids": [],
        "custom_status_id": told.custom_status,
        "fields": values,
        "followup_ids": list(told.followups),
        "via_followup_source_id": told.follows,
        "ticket_form_id": told.form,
        "brand_id": desk.BRAND,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }
    if exported:
        made["generated_timestamp"] = int(told.generated.timestamp())
    return made


def audit(told: Audit) -> dict[str, Any]:
    """Print an audit with its events."""
    return {
        "id": told.id,
        "ticket_id": told.ticket,
        "created_at": time(told.created),
        "author_id": told.author,
        "metadata": {"system": {}, "custom": told.custom},
        "events": [event(each) for each in told.events],
        "via": told.via,
    }


def event(told: Event) -> dict[str, Any]:
    """Print an event of an audit."""
    made = {"id": told.id, "type": told.type, **told.told}
    if told.via is not None:
        made["via"] = told.via
    return made


def log_line(told: Audit, *, comments: bool) -> dict[str, Any]:
    """Print an audit as the export of events does: a change under its property's own name."""
    children = []
    for each in told.events:
        child: dict[str, Any] = {
            "id": each.id,
            "event_type": each.type,
            "via": _channel(each, told),
        }
        name = each.told.get("field_name")
        if name is not None:
            if name.isdigit():
                child["custom_ticket_fields"] = {name: each.told["value"]}
            else:
                child[name] = each.told["value"]
            if each.type == "Change":
                child["previous_value"] = each.told["previous_value"]
        elif each.type == "Comment":
            child["comment_present"] = True
            child["comment_public"] = each.told["public"]
            if comments:
                child |= {k: each.told[k] for k in ("author_id", "body", "public")}
        elif each.type == "Notification":
            child["recipients"] = each.told["recipients"]
        children.append(child)
    return {
        "id": told.id,
        "ticket_id": told.ticket,
        "timestamp": int(told.created.timestamp()),
        "created_at": time(told.created),
        "updater_id": told.author,
        "via": told.via["channel"],
        "system": {},
        "event_type": "Audit",
        "child_events": children,
    }


def _channel(each: Event, told: Audit) -> str:
    return str((each.via or told.via)["channel"])


def user(told: User, base: str) -> dict[str, Any]:
    """Print a user."""
    return {
        "id": told.id,
        "url": f"{base}/api/v2/users/{told.id}.json",
        "name": told.name,
        "email": told.email,
        "role": told.role,
        "role_type": 1 if told.light else None,
        "suspended": told.suspended,
        "active": True,
        "iana_time_zone": "Etc/UTC" if told.time_zone == "UTC" else "Europe/Berlin",
        "time_zone": told.time_zone,
    }


def anonymous() -> dict[str, Any]:
    """Print what `/users/me` answers to nobody at all, with 200."""
    return {
        "id": None,
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "role": "end-user",
    }


def field(told: TicketField, base: str) -> dict[str, Any]:
    """Print a field of tickets."""
    made: dict[str, Any] = {
        "url": f"{base}/api/v2/ticket_fields/{told.id}.json",
        "id": told.id,
        "type": told.type,
        "title": told.title,
        "raw_title": told.title,
        "description": "",
        "active": True,
        "required": told.required,
        "required_in_portal": False,
        "editable_in_portal": False,
        "agent_can_edit": told.agents_edit,
        "removable": told.id > 1000,
    }
    if told.options:
        made["custom_field_options"] = [
            {
                "id": told.id * 100 + place,
                "name": name,
                "raw_name": name,
                "value": tag,
                "default": False,
            }
            for place, (tag, name) in enumerate(told.options.items())
        ]
    return made


def status(told: CustomStatus, base: str) -> dict[str, Any]:
    """Print a custom status."""
    return {
        "url": f"{base}/api/v2/custom_statuses/{told.id}.json",
        "id": told.id,
        "status_category": told.category,
        "agent_label": told.label,
        "end_user_label": told.label,
        "active": True,
        "default": told.default,
    }


def form(told: Form, base: str) -> dict[str, Any]:
    """Print a ticket form."""
    return {
        "url": f"{base}/api/v2/ticket_forms/{told.id}.json",
        "id": told.id,
        "name": told.name,
        "raw_name": told.name,
        "display_name": told.name,
        "active": True,
        "end_user_visible": True,
        "ticket_field_ids": list(told.fields),
        "agent_conditions": told.conditions,
    }


def rule(told: Rule, base: str) -> dict[str, Any]:
    """Print a trigger or an automation."""
    kind = "triggers" if told.hours is None else "automations"
    every: list[dict[str, Any]] = []
    for name, value in told.conditions:
        if name.startswith("changed:"):
            every.append({"field": name[8:], "operator": "value", "value": str(value)})
        elif name.startswith("was:"):
            every.append({"field": name[4:], "operator": "value_previous", "value": str(value)})
        elif name == "tag":
            every.append({"field": "current_tags", "operator": "includes", "value": value})
        elif name == "not_tag":
            every.append({"field": "current_tags", "operator": "not_includes", "value": value})
        else:
            every.append({"field": name, "operator": "is", "value": str(value)})
    if told.hours is not None:
        every.append({"field": "status", "operator": "is", "value": "solved"})
        every.append({"field": "SOLVED", "operator": "greater_than", "value": str(told.hours)})
    actions = [
        {"field": "notification_user", "value": ["requester_id", value["subject"], value["body"]]}
        if name == "notify"
        else {"field": name, "value": str(value)}
        for name, value in told.actions.items()
    ]
    return {
        "url": f"{base}/api/v2/{kind}/{told.id}.json",
        "id": told.id,
        "title": told.title,
        "active": told.active,
        "position": told.id,
        "conditions": {"all": every, "any": []},
        "actions": actions,
    }
