"""Webhooks as resources: made, shown, changed, their secrets, and what became of their invocations."""

from __future__ import annotations

import base64
from typing import Any

from ombud.sandbox.hooks import Attempt
from ombud.sandbox.http import Answer
from ombud.sandbox.zendesk.hooks import Registry, Webhook
from ombud.sandbox.zendesk.http import RefusedError, Request, refused
from ombud.sandbox.zendesk.site import Site
from ombud.sandbox.zendesk.tellings import EVENTS

_BY_TRIGGERS = "conditional_ticket_events"
_MOST = 100


def registry(site: Site) -> Registry:
    """Return who registered."""
    assert site.registry is not None
    return site.registry


def listing(site: Site, request: Request) -> Answer:
    """Answer the account's webhooks, by page."""
    site.caller(request, admin=True)
    rows = list(registry(site).webhooks.values())
    wanted = request.one("filter[name_contains]")
    if wanted is not None:
        rows = [each for each in rows if wanted in each.name]
    return Answer(200, _page(request, "webhooks", rows, lambda each: each.id, _shown))


def create(site: Site, request: Request) -> Answer:
    """Make a webhook."""
    caller = site.caller(request, admin=True)
    told = request.object("webhook")
    for name in ("name", "endpoint", "http_method", "request_format", "status"):
        if not told.get(name):
            raise _invalid(f"{name} cannot be blank")
    subscriptions = _subscriptions(told.get("subscriptions") or [])
    made = registry(site).add(
        name=str(told["name"]),
        endpoint=str(told["endpoint"]),
        subscriptions=subscriptions,
        created_by=caller.id,
        status=str(told["status"]),
        http_method=str(told["http_method"]),
        request_format=str(told["request_format"]),
        description=told.get("description"),
        authentication=told.get("authentication"),
    )
    return Answer(201, {"webhook": _shown(made)})


def read(site: Site, request: Request) -> Answer:
    """Show one."""
    site.caller(request, admin=True)
    return Answer(200, {"webhook": _shown(_find(site, request))})


def change(site: Site, request: Request) -> Answer:
    """Change one; a webhook never turns from events to triggers or back."""
    site.caller(request, admin=True)
    found = _find(site, request)
    told = request.object("webhook")
    if "subscriptions" in told:
        wanted = _subscriptions(told["subscriptions"] or [])
        if (_BY_TRIGGERS in wanted) != (_BY_TRIGGERS in found.subscriptions):
            raise _invalid("subscriptions of this kind cannot be changed into the other")
        found.subscriptions = wanted
    for name in ("name", "endpoint", "status", "http_method", "request_format", "description"):
        if name in told:
            setattr(found, name, told[name])
    return Answer(204)


def delete(site: Site, request: Request) -> Answer:
    """Take one away."""
    site.caller(request, admin=True)
    del registry(site).webhooks[_find(site, request).id]
    return Answer(204)


def secret(site: Site, request: Request) -> Answer:
    """Show the secret; asked by POST, put another in its place first."""
    site.caller(request, admin=True)
    found = _find(site, request)
    if request.method == "POST":
        registry(site).reset(found)
    told = {"signing_secret": {"secret": found.secret, "algorithm": "SHA256"}}
    return Answer(201 if request.method == "POST" else 200, told)


def invocations(site: Site, request: Request) -> Answer:
    """Answer what was sent to a webhook, latest first."""
    site.caller(request, admin=True)
    found = _find(site, request)
    latest: dict[str, Attempt] = {}
    for attempt in registry(site).hooks.attempts(found.id):
        latest.pop(attempt.delivery.id, None)
        latest[attempt.delivery.id] = attempt
    rows = list(latest.values())[::-1]
    return Answer(
        200, _page(request, "invocations", rows, lambda each: each.delivery.id, _invocation)
    )


def attempts(site: Site, request: Request) -> Answer:
    """Answer every attempt at an invocation, with what was sent and what came back."""
    site.caller(request, admin=True)
    found = _find(site, request)
    wanted = request.parts["invocation"]
    made = [
        _attempt(each)
        for each in registry(site).hooks.attempts(found.id)
        if each.delivery.id == wanted
    ]
    if not made:
        raise refused(404, "RecordNotFound", "Not found")
    return Answer(200, {"attempts": made[::-1]})


def _subscriptions(told: list[Any]) -> list[str]:
    wanted = [str(each) for each in told]
    if not wanted:
        raise _invalid("subscriptions cannot be blank")
    if _BY_TRIGGERS in wanted and len(wanted) > 1:
        raise _invalid("subscriptions are either events or conditional_ticket_events")
    unknown = [
        each
        for each in wanted
        if each != _BY_TRIGGERS
        and each not in EVENTS
        and not each.startswith(("zen:event-type:user.", "zen:event-type:organization."))
    ]
    if unknown:
        raise _invalid(f"{unknown[0]} is not a valid subscription")
    return wanted


def _invalid(said: str) -> RefusedError:
    """Return the envelope of this corner of the API, a list of errors."""
    return RefusedError(
        400, {"errors": [{"code": "InvalidWebhook", "title": "Invalid webhook", "detail": said}]}
    )


def _find(site: Site, request: Request) -> Webhook:
    found = registry(site).webhooks.get(request.parts["webhook"])
    if found is None:
        raise RefusedError(
            404, {"errors": [{"code": "WebhookNotFound", "title": "Webhook not found"}]}
        )
    return found


def _page(request: Request, name: str, rows: list[Any], key: Any, shown: Any) -> dict[str, Any]:
    most = min(_MOST, request.number("page[size]", 20))
    after = request.one("page[after]")
    start = 0
    if after is not None:
        wanted = base64.b64decode(after).decode().partition(",")[0]
        start = next((n for n, row in enumerate(rows, 1) if key(row) == wanted), len(rows))
    page = rows[start : start + most]
    more = start + most < len(rows)
    made: dict[str, Any] = {
        name: [shown(each) for each in page],
        "meta": {"has_more": more},
        "links": {},
    }
    if page:
        token = base64.b64encode(f"{key(page[-1])},desc".encode()).decode()
        made["meta"]["after_cursor"] = token
        # The next page's address is given even where nothing follows.
        made["links"]["next"] = request.base + request.path + f"?page[after]={token}"
    return made


def _shown(webhook: Webhook) -> dict[str, Any]:
    """Print one, without its secrets."""
    made: dict[str, Any] = {
        "id": webhook.id,
        "name": webhook.name,
        "status": webhook.status,
        "subscriptions": webhook.subscriptions,
        "created_at": f"{webhook.created:%Y-%m-%dT%H:%M:%SZ}",
        "created_by": str(webhook.created_by),
        "endpoint": webhook.endpoint,
        "http_method": webhook.http_method,
        "request_format": webhook.request_format,
    }
    if webhook.description is not None:
        made["description"] = webhook.description
    if webhook.authentication is not None:
        told = webhook.authentication
        data = {k: v for k, v in (told.get("data") or {}).items() if k == "username"}
        made["authentication"] = {**told, "data": data}
    return made


def _invocation(attempt: Attempt) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": attempt.delivery.id,
        "status": "success" if attempt.outcome.good else "terminated",
        "latest_completed_at": f"{attempt.moment:%Y-%m-%dT%H:%M:%SZ}",
    }
    if attempt.outcome.status is not None:
        made["status_code"] = attempt.outcome.status
    return made


def _attempt(attempt: Attempt) -> dict[str, Any]:
    outcome = attempt.outcome
    made: dict[str, Any] = {
        "id": attempt.delivery.hook,
        "invocation_id": attempt.delivery.id,
        "status": "success" if outcome.good else "terminated",
        "request": {
            "headers": [{"key": k, "value": v} for k, v in attempt.headers.items()],
            "payload": attempt.delivery.body.decode(errors="replace"),
        },
        "completed_at": f"{attempt.moment:%Y-%m-%dT%H:%M:%SZ}",
    }
    if outcome.status is not None:
        made["status_code"] = outcome.status
        made["response"] = {
            "headers": [{"key": k, "value": v} for k, v in outcome.headers.items()],
            "payload": outcome.body.decode(errors="replace"),
        }
    return made
