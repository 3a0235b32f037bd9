"""The address book of the wire: which path is which resource."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from ombud.sandbox.http import Answer, Call
from ombud.sandbox.jira import comments, issue, meta, properties, search, transitions, webhooks
from ombud.sandbox.jira.http import RefusedError, Request
from ombud.sandbox.jira.oauth import ClosedError
from ombud.sandbox.jira.site import Site

Resource = Callable[[Site, Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path template."""

    method: str
    template: str
    resource: Resource
    pattern: re.Pattern[str]


def _route(method: str, template: str, resource: Resource) -> Route:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))
    return Route(method, template, resource, pattern)


ROUTES = [
    _route("GET", "/serverInfo", meta.server_info),
    _route("GET", "/myself", meta.myself),
    _route("GET", "/mypermissions", meta.my_permissions),
    _route("GET", "/field", meta.fields),
    _route("GET", "/field/search", meta.field_search),
    _route("GET", "/status", meta.statuses),
    _route("GET", "/issuetype", meta.issue_types),
    _route("GET", "/resolution", meta.resolutions),
    _route("GET", "/priority", meta.priorities),
    _route("GET", "/user", meta.user),
    _route("GET", "/project/search", meta.project_search),
    _route("GET", "/project/{project}", meta.project),
    _route("GET", "/project/{project}/statuses", meta.project_statuses),
    _route("GET", "/project/{project}/notificationscheme", meta.notification_scheme),
    _route("GET", "/search", search.gone),
    _route("POST", "/search", search.gone),
    _route("GET", "/search/jql", search.search),
    _route("POST", "/search/jql", search.search),
    _route("POST", "/search/approximate-count", search.count),
    _route("POST", "/issue", issue.create),
    _route("POST", "/issue/bulkfetch", issue.bulk_fetch),
    _route("POST", "/changelog/bulkfetch", issue.bulk_changelogs),
    _route("GET", "/issue/{issue}", issue.read),
    _route("PUT", "/issue/{issue}", issue.edit),
    _route("DELETE", "/issue/{issue}", issue.delete),
    _route("GET", "/issue/{issue}/editmeta", issue.edit_meta),
    _route("GET", "/issue/{issue}/changelog", issue.changelog),
    _route("GET", "/issue/{issue}/transitions", transitions.read),
    _route("POST", "/issue/{issue}/transitions", transitions.perform),
    _route("POST", "/workflows", transitions.workflows),
    _route("GET", "/issue/{issue}/comment", comments.page),
    _route("POST", "/issue/{issue}/comment", comments.add),
    _route("GET", "/issue/{issue}/comment/{comment}", comments.read),
    _route("PUT", "/issue/{issue}/comment/{comment}", comments.change),
    _route("DELETE", "/issue/{issue}/comment/{comment}", comments.remove),
    _route("GET", "/comment/{comment}/properties", comments.property_keys),
    _route("GET", "/comment/{comment}/properties/{key}", comments.read_property),
    _route("PUT", "/comment/{comment}/properties/{key}", comments.set_property),
    _route("DELETE", "/comment/{comment}/properties/{key}", comments.remove_property),
    _route("GET", "/issue/{issue}/properties", properties.keys),
    _route("GET", "/issue/{issue}/properties/{key}", properties.read),
    _route("PUT", "/issue/{issue}/properties/{key}", properties.put),
    _route("DELETE", "/issue/{issue}/properties/{key}", properties.delete),
    _route("GET", "/webhook", webhooks.app_listing),
    _route("POST", "/webhook", webhooks.app_create),
    _route("DELETE", "/webhook", webhooks.app_delete),
    _route("PUT", "/webhook/refresh", webhooks.app_refresh),
]
_ADMIN_HOOKS = "/rest/webhooks/1.0/webhook"
#: Resources with roots of their own.
_OTHERS = [
    _route("POST", "/rest/servicedeskapi/request/{issue}/comment", comments.service_comment),
    _route("GET", _ADMIN_HOOKS, webhooks.listing),
    _route("POST", _ADMIN_HOOKS, webhooks.create),
    _route("GET", f"{_ADMIN_HOOKS}/{{webhook}}", webhooks.read),
    _route("PUT", f"{_ADMIN_HOOKS}/{{webhook}}", webhooks.change),
    _route("DELETE", f"{_ADMIN_HOOKS}/{{webhook}}", webhooks.delete),
]
_ROOT = re.compile(r"/rest/api/(?P<version>[23]|latest)(?P<rest>/.*)")


def answer(site: Site, call: Call) -> Answer:
    """Sign the caller in, count the call, and let the resource answer; errors become their answers."""
    headers: dict[str, str] = {}
    try:
        with site.world.lock:
            site.world.tick()
            now = site.world.clock.now()
            made_outside = site.gateway.answer(call, now)
            if made_outside is not None:
                return made_outside
            behind = site.gateway.behind(call.path)
            email = None if behind is None else site.gateway.admit(call, behind, now)
    except ClosedError as refusal:
        return refusal.answer()
    path = call.path if behind is None else behind
    base = call.base + call.path.removesuffix(path)
    request = Request(call.method, path, call.query, call.body, call.headers, base, call.id)
    try:
        route, parts = _find(request)
        request.parts = parts
        request.person = (
            site.sign_in(call.headers.get("Authorization")) if email is None else site.person(email)
        )
        call.who = request.person.account_id if request.person else None
        with site.world.lock:
            named = site.world.find(parts["issue"]) if "issue" in parts else None
            touched = named.id if named is not None else None
            headers = site.limits.admit(
                request.method, route.template, touched, site.world.clock.now()
            )
            site.world.request = request.id
            try:
                made = route.resource(site, request)
            finally:
                site.world.request = None
    except RefusedError as refusal:
        made = refusal.answer()
    made.headers = headers | made.headers
    return made


def _find(request: Request) -> tuple[Route, dict[str, str]]:
    match = _ROOT.fullmatch(request.path)
    rest, routes = request.path, _OTHERS
    if match is not None:
        request.version = "3" if match["version"] == "3" else "2"
        rest, routes = match["rest"], ROUTES
    methods = []
    for route in routes:
        found = route.pattern.fullmatch(rest)
        if found is not None:
            if route.method == request.method:
                return route, {name: unquote(part) for name, part in found.groupdict().items()}
            methods.append(route.method)
    if methods:
        raise RefusedError(405, [], headers={"Allow": ",".join(methods)})
    raise RefusedError(404, [f"null for uri: {request.base}{request.path}"])
