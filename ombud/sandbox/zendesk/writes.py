"""What the wire lets callers change, and how it refuses."""

from __future__ import annotations

import json
from typing import Any

from ombud.sandbox.http import Answer
from ombud.sandbox.zendesk import render
from ombud.sandbox.zendesk.http import Request, forbidden, invalid, missing, refused
from ombud.sandbox.zendesk.records import Ticket, channel
from ombud.sandbox.zendesk.site import Site

_KNOWN = {
    "comment",
    "status",
    "custom_status_id",
    "custom_fields",
    "tags",
    "additional_tags",
    "remove_tags",
    "assignee_id",
    "requester_id",
    "group_id",
    "subject",
    "priority",
    "ticket_form_id",
    "metadata",
    "safe_update",
    "updated_stamp",
    "via_followup_source_id",
    "type",
    "problem_id",
}
_STALE = (
    "Safe Update prevented the update due to outdated ticket data. "
    "Please fetch the latest ticket data and try again."
)


def update(site: Site, request: Request) -> Answer:
    """Update a ticket: everything in one audit, or nothing."""
    caller = site.caller(request)
    found = site.ticket(request)
    told = request.object("ticket")
    if found.status == "deleted":
        raise missing()
    _guard(found, told)
    values = _values(site, told)
    if caller.light and values.get("comment", {}).get("public", True):
        raise forbidden("Light agents cannot write public comments")
    if found.status == "closed":
        raise invalid({"status": [{"description": "closed prevents ticket update"}]})
    _check(site, found, values)
    custom = told.get("metadata") or {}
    audit = site.world.update(found.id, values, caller.id, via=channel("api"), custom=dict(custom))
    headers = {}
    unknown = sorted(set(told) - _KNOWN)
    if unknown:
        names = ", ".join(f'"ticket.{name}"' for name in unknown)
        headers["x-zendesk-api-warn"] = (
            '{:allowed_parameters=>{:controller=>"tickets", :action=>"update", '
            f":unpermitted_keys=>[{names}], :invalid_values=>[]}}}}"
        )
    return Answer(
        200, {"ticket": render.ticket(found, request.base), "audit": render.audit(audit)}, headers
    )


def create(site: Site, request: Request) -> Answer:
    """Create a ticket, a follow-up of a closed one too."""
    caller = site.caller(request)
    told = request.object("ticket")
    source = told.get("via_followup_source_id")
    if source is not None:
        before = site.world.tickets.get(int(source))
        if before is None or before.status != "closed":
            raise invalid(
                {"base": [{"description": "Ticket is not closed: no follow-up can be made"}]}
            )
        told = {"custom_fields": [{"id": k, "value": v} for k, v in before.fields.items()]} | told
    comment = told.get("comment") or {"body": told.get("description")}
    if not comment.get("body"):
        raise invalid({"base": [{"description": "Description: cannot be blank"}]})
    values = _values(site, told | {"comment": comment})
    if source is not None:
        values["via_followup_source_id"] = int(source)
    made = site.world.create(
        values, caller.id, via=channel("api"), custom=dict(told.get("metadata") or {})
    )
    answer = {"ticket": render.ticket(made, request.base), "audit": render.audit(made.audits[0])}
    return Answer(201, answer, {"Location": request.url(f"tickets/{made.id}.json")})


def delete(site: Site, request: Request) -> Answer:
    """Delete a ticket, softly."""
    caller = site.caller(request)
    found = site.ticket(request)
    if found.status == "deleted":
        raise missing()
    site.world.delete(found.id, caller.id)
    return Answer(204)


def tag(site: Site, request: Request) -> Answer:
    """Add tags (PUT), set them all (POST), or take some away (DELETE)."""
    caller = site.caller(request)
    found = site.ticket(request)
    try:
        told = json.loads(request.body or b"null")
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("tags"), list):
        raise refused(400, "ParameterMissing", "Missing parameter: tags")
    if found.status in {"closed", "deleted"}:
        raise invalid({"status": [{"description": "closed prevents ticket update"}]})
    _guard(found, told)
    name = {"PUT": "add_tags", "POST": "tags", "DELETE": "remove_tags"}[request.method]
    site.world.update(found.id, {name: told["tags"]}, caller.id, via=channel("api"))
    return Answer(200, {"tags": sorted(found.tags)})


def merge(site: Site, request: Request) -> Answer:
    """Merge other tickets into this one, as a job that is done at once."""
    caller = site.caller(request)
    target = site.ticket(request)
    told = json.loads(request.body or b"{}")
    for source in told.get("ids", ()):
        site.world.merge(int(source), target.id, caller.id)
    name = f"V3-{len(site.jobs) + 1:032x}"
    site.jobs[name] = {
        "id": name,
        "url": request.url(f"job_statuses/{name}.json"),
        "total": len(told.get("ids", ())),
        "progress": len(told.get("ids", ())),
        "status": "completed",
        "message": None,
        "results": [{"id": target.id, "success": True}],
    }
    return Answer(200, {"job_status": site.jobs[name] | {"status": "queued", "results": None}})


def _guard(found: Ticket, told: dict[str, Any]) -> None:
    """Refuse a safe update whose stamp is not the ticket's; stamps have whole seconds."""
    if told.get("safe_update") and told.get("updated_stamp") != render.time(found.updated):
        raise refused(409, "UpdateConflict", _STALE)


def _values(site: Site, told: dict[str, Any]) -> dict[str, Any]:
    """Give what the world is to do; what it does not know is left out."""
    values: dict[str, Any] = {}
    comment = told.get("comment")
    if comment:
        body = comment.get("body") or comment.get("html_body")
        if not body:
            raise invalid({"base": [{"description": "Comment: cannot be blank"}]})
        values["comment"] = {"body": body, "public": comment.get("public", True)}
        if comment.get("author_id"):
            values["comment"]["author_id"] = int(comment["author_id"])
    assignee = site.world.users.get(int(told["assignee_id"])) if told.get("assignee_id") else None
    if assignee is not None and (assignee.suspended or assignee.role == "end-user"):
        raise invalid({"base": [{"description": "Assignee: is not valid", "ticket_field_id": 105}]})
    for name in ("assignee_id", "requester_id", "group_id", "ticket_form_id", "problem_id"):
        if name in told:
            values[name] = None if told[name] is None else int(told[name])
    for name in ("subject", "priority", "status", "tags", "type"):
        if name in told:
            values[name] = told[name]
    if told.get("custom_status_id") is not None:
        if int(told["custom_status_id"]) not in site.world.statuses:
            raise invalid({"custom_status_id": [{"description": "Ticket status is invalid"}]})
        values["custom_status_id"] = int(told["custom_status_id"])
    if "additional_tags" in told:
        values["add_tags"] = list(told["additional_tags"])
    if "remove_tags" in told:
        values["remove_tags"] = list(told["remove_tags"])
    given = told.get("custom_fields") or []
    pairs = (
        given.items()
        if isinstance(given, dict)
        else [(each["id"], each["value"]) for each in given]
    )
    held = {int(number): value for number, value in pairs}
    unknown = [number for number in held if number not in site.world.fields]
    for number in unknown:
        del held[number]
    for number, value in held.items():
        options = site.world.fields[number].options
        if options and value is not None and value not in options:
            said = f"{site.world.fields[number].title}: {value} is not a valid option"
            raise invalid(
                {
                    "base": [
                        {
                            "description": said,
                            "ticket_field_id": number,
                            "ticket_field_type": "FieldTagger",
                        }
                    ]
                }
            )
    values["custom_fields"] = {number: value or None for number, value in held.items()}
    return values


def _check(site: Site, found: Ticket, values: dict[str, Any]) -> None:
    """Refuse what the system's own rules forbid, and a solve that lacks a required field."""
    status = values.get("status")
    if "custom_status_id" in values:
        status = site.world.statuses[values["custom_status_id"]].category
    if status == "new" and found.status != "new":
        raise invalid({"status": [{"description": "Status: cannot be set back to New"}]})
    if status != "solved" or found.status == "solved":
        return
    form = site.world.forms[values.get("ticket_form_id", found.form)]
    held = found.fields | values["custom_fields"]
    lacking = []
    if values.get("assignee_id", found.assignee) is None:
        lacking.append(("Assignee", 105, "FieldAssignee"))
    wanted = {n for n in form.fields if site.world.fields[n].required}
    for condition in form.conditions:
        if held.get(condition["parent_field_id"]) != condition["value"]:
            continue
        for child in condition["child_fields"]:
            on = child.get("required_on_statuses") or {"type": "ALL_STATUSES"}
            if child.get("is_required") and (
                on["type"] == "ALL_STATUSES" or "solved" in on.get("statuses", ())
            ):
                wanted.add(child["id"])
    for number in sorted(wanted):
        if held.get(number) in (None, ""):
            told = site.world.fields[number]
            lacking.append((told.title, number, f"Field{told.type.title()}"))
    if lacking:
        raise invalid(
            {
                "base": [
                    {
                        "description": f"{name}: is required when solving a ticket",
                        "error": None,
                        "ticket_field_id": number,
                        "ticket_field_type": kind,
                    }
                    for name, number, kind in lacking
                ]
            }
        )
