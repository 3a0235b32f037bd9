"""The address book of the wire: which path is which resource."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from ombud.sandbox.http import Answer, Call
from ombud.sandbox.zendesk import reads, webhooks, writes
from ombud.sandbox.zendesk.http import RefusedError, Request, forbidden, refused
from ombud.sandbox.zendesk.records import User
from ombud.sandbox.zendesk.site import Site

Resource = Callable[[Site, Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path template, and the scope that a token needs for it besides the global one."""

    method: str
    pattern: re.Pattern[str]
    resource: Resource
    scope: str | None = None
    export: bool = False


def _route(
    method: str,
    template: str,
    resource: Resource,
    scope: str | None = None,
    *,
    export: bool = False,
) -> Route:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/.]+)", template) + r"(?:\.json)?")
    return Route(method, pattern, resource, scope, export)


ROUTES = [
    _route("GET", "/users/me", reads.me, "users"),
    _route("GET", "/users/show_many", reads.users, "users"),
    _route("GET", "/users/{user}", reads.user, "users"),
    _route("GET", "/incremental/tickets/cursor", reads.export, "tickets", export=True),
    _route("GET", "/incremental/ticket_events", reads.event_export, None, export=True),
    _route("GET", "/tickets/show_many", reads.tickets, "tickets"),
    _route("GET", "/tickets/count", reads.count, "tickets"),
    _route("GET", "/tickets/{ticket}", reads.ticket, "tickets"),
    _route("GET", "/tickets/{ticket}/audits", reads.audits),
    _route("GET", "/tickets/{ticket}/comments", reads.comments, "tickets"),
    _route("GET", "/deleted_tickets", reads.deleted, "tickets"),
    _route("GET", "/ticket_fields", reads.fields, "tickets"),
    _route("GET", "/custom_statuses", reads.statuses, "tickets"),
    _route("GET", "/ticket_forms", reads.forms, "tickets"),
    _route("GET", "/triggers", reads.triggers, "triggers"),
    _route("GET", "/automations", reads.automations, "automations"),
    _route("GET", "/groups", reads.groups, "users"),
    _route("GET", "/business_hours/schedules", reads.schedules, "tickets"),
    _route("GET", "/job_statuses/{job}", reads.job, "tickets"),
    _route("GET", "/oauth/tokens/current", reads.token),
    _route("POST", "/tickets", writes.create, "tickets"),
    _route("PUT", "/tickets/{ticket}", writes.update, "tickets"),
    _route("DELETE", "/tickets/{ticket}", writes.delete, "tickets"),
    _route("PUT", "/tickets/{ticket}/tags", writes.tag, "tickets"),
    _route("POST", "/tickets/{ticket}/tags", writes.tag, "tickets"),
    _route("DELETE", "/tickets/{ticket}/tags", writes.tag, "tickets"),
    _route("POST", "/tickets/{ticket}/merge", writes.merge, "tickets"),
    _route("GET", "/webhooks", webhooks.listing, "webhooks"),
    _route("POST", "/webhooks", webhooks.create, "webhooks"),
    _route("GET", "/webhooks/{webhook}", webhooks.read, "webhooks"),
    _route("PATCH", "/webhooks/{webhook}", webhooks.change, "webhooks"),
    _route("PUT", "/webhooks/{webhook}", webhooks.change, "webhooks"),
    _route("DELETE", "/webhooks/{webhook}", webhooks.delete, "webhooks"),
    _route("GET", "/webhooks/{webhook}/signing_secret", webhooks.secret, "webhooks"),
    _route("POST", "/webhooks/{webhook}/signing_secret", webhooks.secret, "webhooks"),
    _route("GET", "/webhooks/{webhook}/invocations", webhooks.invocations, "webhooks"),
    _route(
        "GET",
        "/webhooks/{webhook}/invocations/{invocation}/attempts",
        webhooks.attempts,
        "webhooks",
    ),
]


def answer(site: Site, call: Call) -> Answer:
    """Sign the caller in, count the call, and let the resource answer; errors become their answers."""
    headers: dict[str, str] = {}
    world = site.world
    with world.lock:
        world.run_automations()
        now = world.clock.now()
        try:
            if call.path == "/oauth/tokens" and call.method == "POST":
                return site.sign_in.grant(call, now)
            if call.path == "/oauth/authorizations/new":
                return site.sign_in.authorize(call, now)
            route, parts = _find(call)
            user, scopes = site.sign_in.who(call, now)
            call.who = str(user.id) if user is not None else None
            _allowed(route, user, scopes)
            update = (
                (user.id, parts["ticket"])
                if user and "ticket" in parts and route.method in {"PUT", "DELETE"}
                else None
            )
            headers = site.limits.admit(now, export=route.export, update=update)
            request = Request(
                call.method, call.path, call.query, call.body, call.headers, call.base, call.id,
                call.who, user, scopes, parts,
            )  # fmt: skip
            world.request = call.id
            try:
                made = route.resource(site, request)
            finally:
                world.request = None
        except RefusedError as refusal:
            made = refusal.answer()
    made.headers = headers | made.headers
    return made


def _allowed(route: Route, user: User | None, scopes: frozenset[str] | None) -> None:
    """Refuse what a token's scopes do not cover; those misspelt are granted, and cover nothing."""
    if user is None and route.resource is not reads.me:
        raise RefusedError(401, {"error": "Couldn't authenticate you"})
    if scopes is None:
        return
    deed = "read" if route.method == "GET" else "write"
    if deed in scopes or (route.scope is not None and f"{route.scope}:{deed}" in scopes):
        return
    raise forbidden("You are missing the following required scopes: " + deed)


def _find(call: Call) -> tuple[Route, dict[str, str]]:
    path = call.path.removeprefix("/api/v2")
    if path == call.path:
        raise refused(404, "InvalidEndpoint", "Not found")
    for route in ROUTES:
        found = route.pattern.fullmatch(path)
        if found is not None and route.method == call.method:
            return route, {name: unquote(part) for name, part in found.groupdict().items()}
    raise refused(404, "InvalidEndpoint", "Not found")
