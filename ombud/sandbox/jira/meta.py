"""What a client asks before it works: who am I, what is there, what may I."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ombud.sandbox import desk
from ombud.sandbox.http import Answer
from ombud.sandbox.jira.http import RefusedError, Request, missing
from ombud.sandbox.jira.render import SYSTEM_NAMES, moment, schema
from ombud.sandbox.jira.site import PERMISSIONS, Site
from ombud.sandbox.records import Field, Issue, Project

_VERBS = {"labels": ["add", "set", "remove"], "options": ["add", "set", "remove"]}
_CHARACTER_FIELDS = {"created": "datetime", "updated": "datetime", "resolutiondate": "datetime"}


def server_info(site: Site, request: Request) -> Answer:
    """Answer which server this is; its time is the world's."""
    now: datetime = site.world.clock.now()
    return Answer(
        200,
        {
            "baseUrl": request.base,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100290,
            "buildDate": "2026-10-01T10:00:00.000+0000",
            "serverTime": moment(now, "Europe/Berlin"),
            "serverTimeZone": "Europe/Berlin",
            "scmInfo": "sandbox",
            "serverTitle": "Sandbox",
        },
    )


def myself(site: Site, request: Request) -> Answer:
    """Answer the caller's own account."""
    person = site.who(request)
    body = dict(site.view(request).person(person.account_id) or {})
    body |= {"emailAddress": person.email, "locale": "en_US", "groups": {"size": 0, "items": []}}
    body["applicationRoles"] = {"size": 0, "items": []}
    return Answer(200, body)


def my_permissions(site: Site, request: Request) -> Answer:
    """Answer which of the named permissions the caller holds."""
    names = request.words("permissions")
    if not names:
        raise RefusedError(400, ["The 'permissions' query parameter is required."])
    unknown = [name for name in names if name not in PERMISSIONS]
    if unknown:
        raise RefusedError(400, [f"Unrecognized permission: {', '.join(unknown)}"])
    numbers = {name: str(number) for number, name in enumerate(PERMISSIONS, start=10)}
    body = {
        name: {
            "id": numbers[name],
            "key": name,
            "name": PERMISSIONS[name],
            "type": "GLOBAL" if name == "ADMINISTER" else "PROJECT",
            "description": "",
            "havePermission": site.allows(request.person, name),
        }
        for name in names
    }
    return Answer(200, {"permissions": body})


def fields(site: Site, request: Request) -> Answer:
    """Answer every field; names are not unique."""
    site.who(request)
    rows: list[dict[str, Any]] = []
    for ident, name in SYSTEM_NAMES.items():
        kind = _CHARACTER_FIELDS.get(
            ident, {"issuelinks": "array", "comment": "comments-page"}.get(ident, ident)
        )
        rows.append(_field_row(ident, name, {"type": kind, "system": ident}, [ident], custom=False))
    for field in site.world.fields.values():
        clauses = [f"cf[{field.id.rsplit('_', 1)[1]}]", field.name] if field.custom else [field.id]
        rows.append(_field_row(field.id, field.name, schema(field), clauses, custom=field.custom))
    return Answer(200, rows)


def field_search(site: Site, request: Request) -> Answer:
    """Answer a page of fields, filtered by type, id or a piece of the name."""
    site.who(request)
    kinds, ids, query = (
        request.words("type"),
        request.words("id"),
        (request.one("query") or "").lower(),
    )
    found: list[Field] = []
    for field in site.world.fields.values():
        if kinds and ("custom" if field.custom else "system") not in kinds:
            continue
        if (ids and field.id not in ids) or query not in field.name.lower():
            continue
        found.append(field)
    values = [
        {"id": field.id, "key": field.id, "name": field.name, "schema": schema(field)}
        for field in found
    ]
    return Answer(200, _page(request, values, "field/search"))


def statuses(site: Site, request: Request) -> Answer:
    """Answer every status."""
    site.who(request)
    view = site.view(request)
    return Answer(200, [view.status(ident) for ident in site.world.statuses])


def issue_types(site: Site, request: Request) -> Answer:
    """Answer every issue type."""
    site.who(request)
    view = site.view(request)
    return Answer(200, [view.issue_type(ident) for ident in site.world.issue_types])


def resolutions(site: Site, request: Request) -> Answer:
    """Answer every resolution."""
    site.who(request)
    rows = [
        {"self": request.url(f"resolution/{ident}"), "id": ident, "name": name, "description": ""}
        for ident, name in desk.RESOLUTIONS.items()
    ]
    return Answer(200, rows)


def priorities(site: Site, request: Request) -> Answer:
    """Answer every priority."""
    site.who(request)
    rows = [
        {
            "self": request.url(f"priority/{ident}"),
            "id": ident,
            "name": name,
            "description": "",
            "statusColor": "#999999",
            "iconUrl": f"{request.base}/images/icons/priorities/{ident}.png",
        }
        for ident, name in desk.PRIORITIES.items()
    ]
    return Answer(200, rows)


def user(site: Site, request: Request) -> Answer:
    """Answer one account by its id."""
    site.who(request)
    account = request.one("accountId")
    if account is None:
        raise RefusedError(400, ["The accountId query parameter needs to be provided."])
    if account not in site.world.people:
        raise RefusedError(
            404, ["Specified user does not exist or you do not have required permissions"]
        )
    return Answer(200, site.view(request).person(account))


def project(site: Site, request: Request) -> Answer:
    """Answer one project."""
    return Answer(200, site.view(request).project(_project(site, request), whole=True))


def project_statuses(site: Site, request: Request) -> Answer:
    """Answer a project's statuses, issue type by issue type."""
    found = _project(site, request)
    view = site.view(request)
    rows = [
        {
            "self": request.url(f"issuetype/{kind}"),
            "id": kind,
            "name": site.world.issue_types[kind].name,
            "subtask": False,
            "statuses": [view.status(ident) for ident in site.world.workflow(found.key).statuses],
        }
        for kind in found.issue_types
    ]
    return Answer(200, rows)


def notification_scheme(site: Site, request: Request) -> Answer:
    """Answer whom a project mails on which event, to those who administer it."""
    _project(site, request)
    if not site.allows(request.person, "ADMINISTER_PROJECTS"):
        raise RefusedError(401, ["You do not have permission to view this notification scheme."])
    body: dict[str, Any] = {
        "id": 10000,
        "self": request.url("notificationscheme/10000"),
        "name": "Default notification scheme",
        "description": "",
    }
    if request.one("expand"):
        body["notificationSchemeEvents"] = [
            {
                "event": {"id": number, "name": name, "description": ""},
                "notifications": [
                    {"id": number * 10 + place, "notificationType": kind}
                    for place, kind in enumerate(kinds)
                ],
            }
            for number, name, kinds in desk.MAILED
        ]
    return Answer(200, body)


def project_search(site: Site, request: Request) -> Answer:
    """Answer a page of the projects the caller may see."""
    view = site.view(request)
    query, keys = (request.one("query") or "").lower(), request.words("keys")
    found = [
        view.project(one) | {"style": "classic", "isPrivate": False}
        for one in site.world.projects.values()
        if site.sees(request.person, one.key)
        and (query in one.name.lower() or query in one.key.lower())
        and (not keys or one.key in keys)
    ]
    return Answer(200, _page(request, found, "project/search"))


def edit_fields(site: Site, request: Request, issue: Issue) -> dict[str, Any]:
    """Return what the edit screen of a ticket holds."""
    screen = site.world.edit_screens[issue.project]
    return {
        ident: field_meta(site, request, field, required=ident == "summary")
        for ident, field in site.world.fields.items()
        if ident in screen
    }


def field_meta(site: Site, request: Request, field: Field, *, required: bool) -> dict[str, Any]:
    """Return how a field behaves on a screen."""
    made: dict[str, Any] = {
        "required": required,
        "schema": schema(field),
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": False,
        "operations": _VERBS.get(field.kind, ["set"]),
    }
    if field.options:
        view = site.view(request)
        made["allowedValues"] = [view.option(field, ident) for ident in field.options]
    return made


def _project(site: Site, request: Request) -> Project:
    wanted = request.parts["project"]
    for one in site.world.projects.values():
        if wanted in (one.id, one.key) and site.sees(request.person, one.key):
            return one
    error = missing()
    error.messages = [f"No project could be found with key '{wanted}'."]
    raise error


def _field_row(
    ident: str, name: str, kind: dict[str, Any], clauses: list[str], *, custom: bool
) -> dict[str, Any]:
    return {
        "id": ident,
        "key": ident,
        "name": name,
        "custom": custom,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": clauses,
        "schema": kind,
    }


def _page(request: Request, values: list[dict[str, Any]], path: str) -> dict[str, Any]:
    start, most = (
        max(0, request.number("startAt", 0)),
        min(100, max(1, request.number("maxResults", 50))),
    )
    last = start + most >= len(values)
    page: dict[str, Any] = {
        "self": request.url(f"{path}?startAt={start}&maxResults={most}"),
        "maxResults": most,
        "startAt": start,
        "total": len(values),
        "isLast": last,
        "values": values[start : start + most],
    }
    if not last:
        page["nextPage"] = request.url(f"{path}?startAt={start + most}&maxResults={most}")
    return page
