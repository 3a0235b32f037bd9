"""Tickets: read, write, create, delete, and their whole history."""

from __future__ import annotations

import base64
import json
from typing import Any

from ombud.sandbox.http import Answer
from ombud.sandbox.jira import meta, transitions, writes
from ombud.sandbox.jira.http import NO_ISSUE, RefusedError, Request
from ombud.sandbox.jira.render import SYSTEM_NAMES, View
from ombud.sandbox.jira.site import Site
from ombud.sandbox.records import Issue

_BULK_ISSUES = 100
_BULK_CHANGELOGS = 1000
_BULK_FIELDS = 10
_EMBEDDED_CHANGELOG = 100


def read(site: Site, request: Request) -> Answer:
    """Answer one ticket; an old key of a moved one finds it under its new key."""
    issue = site.issue(request)
    view = site.view(request)
    body = _whole(request, view, issue, request.words("fields"), request.words("properties"))
    body |= expansions(
        site, view, issue, request.words("expand"), request, changelog_cap=_EMBEDDED_CHANGELOG
    )
    return Answer(200, body)


def edit(site: Site, request: Request) -> Answer:
    """Change fields; a status in the body is passed over."""
    issue = site.issue(request, "EDIT_ISSUES")
    person = site.who(request)
    body = request.object()
    screen = site.world.edit_screens[issue.project]
    plan = writes.read(site, request, body, screen, issue)
    writes.carry_out(site, person, issue, plan)
    if request.flag("returnIssue"):
        return Answer(200, _whole(request, site.view(request), issue, [], []))
    return Answer(204)


def create(site: Site, request: Request) -> Answer:
    """Create a ticket."""
    person = site.who(request)
    body = request.object()
    fields = dict(body.get("fields") or {})
    wanted = fields.pop("project", None) or {}
    world = site.world
    project = next(
        (
            one
            for one in world.projects.values()
            if one.key == wanted.get("key") or one.id == str(wanted.get("id"))
        ),
        None,
    )
    if project is None or not site.allows(person, "CREATE_ISSUES"):
        raise RefusedError(400, errors={"project": "Specify a valid project ID or key"})
    asked = fields.pop("issuetype", None) or {}
    kind = next(
        (
            ident
            for ident in project.issue_types
            if ident == str(asked.get("id")) or world.issue_types[ident].name == asked.get("name")
        ),
        None,
    )
    errors = {} if kind else {"issuetype": "Specify a valid issue type"}
    if not fields.get("summary"):
        errors["summary"] = "You must specify a summary of the issue."
    if errors or kind is None:
        raise RefusedError(400, errors=errors)
    plan = writes.read(
        site, request, body | {"fields": fields}, world.edit_screens[project.key], None
    )
    issue = world.create(project.key, kind, plan.changes, person.account_id)
    plan.changes = {}
    writes.carry_out(site, person, issue, plan)
    return Answer(201, {"id": issue.id, "key": issue.key, "self": request.url(f"issue/{issue.id}")})


def delete(site: Site, request: Request) -> Answer:
    """Delete a ticket."""
    issue = site.issue(request, "DELETE_ISSUES")
    site.world.delete(issue.id, actor=site.who(request).account_id)
    return Answer(204)


def edit_meta(site: Site, request: Request) -> Answer:
    """Answer what an edit may set."""
    issue = site.issue(request)
    return Answer(200, {"fields": meta.edit_fields(site, request, issue)})


def bulk_fetch(site: Site, request: Request) -> Answer:
    """Answer many tickets by id or key, never from the index; what cannot be seen is an error of its own."""
    person = site.who(request)
    body = request.object("issueIdsOrKeys", "fields", "fieldsByKeys", "expand", "properties")
    asked = [str(one) for one in body.get("issueIdsOrKeys") or []]
    if not asked or len(asked) > _BULK_ISSUES:
        raise RefusedError(
            400, [f"The number of issues to fetch must be between 1 and {_BULK_ISSUES}."]
        )
    view = site.view(request)
    issues: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for name in dict.fromkeys(asked):
        issue = site.world.find(name)
        if issue is None or not site.sees(person, issue.project):
            errors.append({"id": name, "errorMessage": NO_ISSUE})
            continue
        wanted = body.get("fields") or ["*navigable"]
        row = _whole(request, view, issue, wanted, body.get("properties") or [])
        row |= expansions(
            site, view, issue, body.get("expand") or [], request, changelog_cap=_CHANGELOG_IN_BULK
        )
        issues.append(row)
    site.limits.charge(len(issues))
    return Answer(200, {"issues": issues, "issueErrors": errors})


def changelog(site: Site, request: Request) -> Answer:
    """Answer a page of a ticket's history, oldest first."""
    issue = site.issue(request)
    start, most = (
        max(0, request.number("startAt", 0)),
        min(100, max(1, request.number("maxResults", 100))),
    )
    view = site.view(request)
    page = issue.entries[start : start + most]
    here = request.url(f"issue/{issue.id}/changelog")
    last = start + len(page) >= len(issue.entries)
    body: dict[str, Any] = {
        "self": f"{here}?maxResults={most}&startAt={start}",
        "maxResults": most,
        "startAt": start,
        "total": len(issue.entries),
        "isLast": last,
        "values": [view.entry(entry) for entry in page],
    }
    if not last:
        body["nextPage"] = f"{here}?maxResults={most}&startAt={start + most}"
    site.limits.charge(len(page))
    return Answer(200, body)


def bulk_changelogs(site: Site, request: Request) -> Answer:
    """Answer histories of many tickets, sorted by time; one ticket's may be split over pages."""
    person = site.who(request)
    body = request.object("issueIdsOrKeys", "fieldIds", "maxResults", "nextPageToken")
    asked = [str(one) for one in body.get("issueIdsOrKeys") or []]
    only = body.get("fieldIds") or []
    if not 1 <= len(asked) <= _BULK_CHANGELOGS:
        raise RefusedError(
            400, [f"The number of issues must be between 1 and {_BULK_CHANGELOGS:,}."]
        )
    if len(only) > _BULK_FIELDS:
        raise RefusedError(400, [f"The number of field IDs must not exceed {_BULK_FIELDS}."])
    most = body.get("maxResults") or 1000
    if not isinstance(most, int) or not 1 <= most <= 10_000:
        raise RefusedError(400, ["The max results parameter has to be between 1 and 10,000."])
    start = _page(body.get("nextPageToken"))
    rows: list[tuple[Issue, Any]] = []
    seen: set[str] = set()
    for name in asked:
        issue = site.world.find(name)
        if issue is None or issue.id in seen or not site.sees(person, issue.project):
            continue
        seen.add(issue.id)
        rows += [
            (issue, entry)
            for entry in issue.entries
            if not only or any(item.field_id in only for item in entry.items)
        ]
    rows.sort(key=lambda row: (row[1].created, row[1].id))
    view = site.view(request)
    logs: dict[str, list[dict[str, Any]]] = {}
    for issue, entry in rows[start : start + most]:
        printed = view.entry(entry, epoch=True, only=set(only) if only else None)
        logs.setdefault(issue.id, []).append(printed)
    answer: dict[str, Any] = {
        "issueChangeLogs": [
            {"issueId": ident, "changeHistories": histories} for ident, histories in logs.items()
        ]
    }
    if start + most < len(rows):
        answer["nextPageToken"] = base64.urlsafe_b64encode(
            json.dumps(start + most).encode()
        ).decode()
    site.limits.charge(len(logs))
    return Answer(200, answer)


def expansions(
    site: Site, view: View, issue: Issue, names: list[str], request: Request, *, changelog_cap: int
) -> dict[str, Any]:
    """Return what `expand` adds to a ticket; the changelog in here is newest first and cut short."""
    added: dict[str, Any] = {}
    if "changelog" in names:
        newest = issue.entries[::-1][:changelog_cap]
        added["changelog"] = {
            "startAt": 0,
            "maxResults": len(newest),
            "total": len(issue.entries),
            "histories": [view.entry(entry) for entry in newest],
        }
    if "transitions" in names:
        added["transitions"] = transitions.listing(site, request, issue)
    if "editmeta" in names:
        added["editmeta"] = {"fields": meta.edit_fields(site, request, issue)}
    if "names" in names:
        added["names"] = SYSTEM_NAMES | site.names(site.world.fields)
    return added


def _whole(
    request: Request, view: View, issue: Issue, fields: list[str], properties: list[str]
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": issue.id,
        "self": request.url(f"issue/{issue.id}"),
        "key": issue.key,
        "fields": view.fields(issue, fields or ["*all"]),
    }
    if "*all" in properties:
        body["properties"] = dict(issue.properties)
    elif properties:
        body["properties"] = {
            key: issue.properties[key] for key in properties if key in issue.properties
        }
    return body


def _page(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(token)))
    except (ValueError, TypeError) as error:
        raise RefusedError(400, ["The provided next page token is invalid or expired."]) from error


_CHANGELOG_IN_BULK = 40
