"""Webhooks as resources: those of administrators under their own roof, those of apps in the API."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from ombud.sandbox.http import Answer
from ombud.sandbox.jira.hooks import LIFE, AdminHook, AppHook, Registry
from ombud.sandbox.jira.http import BAD_PAYLOAD, RefusedError, Request
from ombud.sandbox.jira.render import moment
from ombud.sandbox.jira.site import Site
from ombud.sandbox.jql_tokens import BadQueryError, tokens

APP_EVENTS = frozenset(
    {
        "jira:issue_created",
        "jira:issue_updated",
        "jira:issue_deleted",
        "comment_created",
        "comment_updated",
        "comment_deleted",
        "issue_property_set",
        "issue_property_deleted",
    }
)
_FIVE = 5
#: What an app's filter may ask about.
_CLAUSES = frozenset({"issuekey", "project", "issuetype", "status", "assignee", "reporter"})
_NOT_AN_ADMIN = "You do not have permission to administer webhooks."
_NOT_AN_APP = "Access to this resource must be authenticated as an app."


def registry(site: Site) -> Registry:
    """Return who registered."""
    assert site.registry is not None
    return site.registry


def _administrator(site: Site, request: Request) -> str:
    person = site.who(request)
    if not site.allows(person, "ADMINISTER"):
        raise RefusedError(403, [_NOT_AN_ADMIN])
    return person.account_id


def listing(site: Site, request: Request) -> Answer:
    """Answer every webhook that an administrator made."""
    _administrator(site, request)
    return Answer(200, [_admin(site, request, each) for each in registry(site).admin.values()])


def create(site: Site, request: Request) -> Answer:
    """Make an administrator's webhook."""
    account = _administrator(site, request)
    known = registry(site)
    made = AdminHook(
        known.next_number(), "", "", [], {}, False, None, True, site.world.clock.now(), account
    )
    _write(site, request, made, account, whole=True)
    known.admin[made.number] = made
    return Answer(201, _admin(site, request, made))


def read(site: Site, request: Request) -> Answer:
    """Answer one."""
    _administrator(site, request)
    return Answer(200, _admin(site, request, _find(site, request)))


def change(site: Site, request: Request) -> Answer:
    """Change one; what is left out stays."""
    account = _administrator(site, request)
    found = _find(site, request)
    _write(site, request, found, account, whole=False)
    return Answer(200, _admin(site, request, found))


def delete(site: Site, request: Request) -> Answer:
    """Take one away."""
    _administrator(site, request)
    del registry(site).admin[_find(site, request).number]
    return Answer(204)


def _find(site: Site, request: Request) -> AdminHook:
    number = request.parts["webhook"]
    found = registry(site).admin.get(int(number)) if number.isdigit() else None
    if found is None:
        raise RefusedError(404, ["Webhook not found"])
    return found


def _write(site: Site, request: Request, hook: AdminHook, account: str, *, whole: bool) -> None:
    body = request.object()
    if whole and not (body.get("name") and body.get("url")):
        raise RefusedError(400, ["The webhook must have a name and a URL."])
    filters = {str(k): str(v) for k, v in (body.get("filters") or {}).items()}
    _checked(site, filters.get("issue-related-events-section", ""))
    hook.name = str(body.get("name", hook.name))
    hook.url = str(body.get("url", hook.url))
    hook.events = [str(each) for each in body.get("events", hook.events)]
    hook.filters = filters if "filters" in body else hook.filters
    hook.exclude_body = bool(body.get("excludeBody", hook.exclude_body))
    hook.enabled = bool(body.get("enabled", hook.enabled))
    if "secret" in body:
        hook.secret = str(body["secret"]) if body["secret"] else None
    hook.changed, hook.changed_by = site.world.clock.now(), account


def _checked(site: Site, query: str) -> None:
    try:
        registry(site).meets(query)
    except BadQueryError as wrong:
        raise RefusedError(400, [str(wrong)]) from wrong


def _admin(site: Site, request: Request, hook: AdminHook) -> dict[str, Any]:
    """Print one; its number stands in its address alone, and its secret nowhere."""
    person = site.world.people.get(hook.changed_by)
    return {
        "name": hook.name,
        "url": hook.url,
        "excludeBody": hook.exclude_body,
        "filters": hook.filters,
        "events": hook.events,
        "enabled": hook.enabled,
        "self": f"{request.base}/rest/webhooks/1.0/webhook/{hook.number}",
        "lastUpdatedUser": hook.changed_by,
        "lastUpdatedDisplayName": person.name if person else hook.changed_by,
        "lastUpdated": int(hook.changed.timestamp() * 1000),
        "isSigned": hook.secret is not None,
    }


def _app(request: Request) -> None:
    if not (request.headers.get("Authorization") or "").lower().startswith("bearer "):
        raise RefusedError(403, [_NOT_AN_APP])


def app_listing(site: Site, request: Request) -> Answer:
    """Answer a page of the app's webhooks, those that ended left out."""
    _app(request)
    start, most = max(0, request.number("startAt", 0)), request.number("maxResults", 100)
    rows = _alive(site)
    page = rows[start : start + most]
    return Answer(
        200,
        {
            "maxResults": most,
            "startAt": start,
            "total": len(rows),
            "isLast": start + len(page) >= len(rows),
            "values": [_printed(each) for each in page],
        },
    )


def app_create(site: Site, request: Request) -> Answer:
    """Make an app's webhooks: each has a result of its own, and that is 200 even where all are refused."""
    _app(request)
    body = request.object("url", "webhooks")
    if not isinstance(body.get("url"), str) or not isinstance(body.get("webhooks"), list):
        raise RefusedError(400, [BAD_PAYLOAD], bare=True)
    results: list[dict[str, Any]] = []
    for asked in body["webhooks"]:
        errors = _wrong(site, asked)
        if not errors and len(_alive(site)) >= _FIVE:
            errors = ["The maximum number of webhooks per user and application has been reached."]
        if errors:
            results.append({"errors": errors})
            continue
        known = registry(site)
        made = AppHook(
            1000 + known.next_number(),
            body["url"],
            asked["jqlFilter"],
            list(asked["events"]),
            site.world.clock.now() + LIFE,
            list(asked.get("fieldIdsFilter") or ()),
            list(asked.get("issuePropertyKeysFilter") or ()),
        )
        known.apps[made.number] = made
        results.append({"createdWebhookId": made.number})
    return Answer(200, {"webhookRegistrationResult": results})


def app_delete(site: Site, request: Request) -> Answer:
    """Take webhooks of the app away; numbers it does not have are passed over."""
    _app(request)
    for number in _numbers(request):
        registry(site).apps.pop(number, None)
    return Answer(202)


def app_refresh(site: Site, request: Request) -> Answer:
    """Give webhooks of the app another thirty days."""
    _app(request)
    until = site.world.clock.now() + LIFE
    numbers = {each.number for each in _alive(site)}
    wanted = [number for number in _numbers(request) if number in numbers]
    if not wanted:
        raise RefusedError(400, ["None of the given webhooks belongs to the app."])
    for number in wanted:
        registry(site).apps[number].until = until
    return Answer(200, {"expirationDate": _instant(until)})


def _alive(site: Site) -> list[AppHook]:
    now = site.world.clock.now()
    return [each for each in registry(site).apps.values() if each.until > now]


def _numbers(request: Request) -> list[int]:
    told = request.object("webhookIds").get("webhookIds")
    if not isinstance(told, list) or not all(isinstance(each, int) for each in told):
        raise RefusedError(400, [BAD_PAYLOAD], bare=True)
    return told


def _wrong(site: Site, asked: Any) -> list[str]:
    if not isinstance(asked, dict) or not asked.get("events") or "jqlFilter" not in asked:
        return ["The webhook must have events and a jqlFilter."]
    unknown = sorted(set(asked["events"]) - APP_EVENTS)
    if unknown:
        return [f"The event {unknown[0]} is unsupported"]
    query = str(asked["jqlFilter"])
    try:
        words = list(tokens(query))
    except BadQueryError as wrong:
        return [str(wrong)]
    for place, word in enumerate(words):
        if words[place + 1 : place + 2] and words[place + 1].lower() in _OPERATORS:
            named = word.strip('"').lower()
            if named not in _CLAUSES and not named.startswith(("cf[", "issue.property")):
                return [f"The clause {word} is unsupported"]
            if words[place + 1].lower() not in _ALLOWED:
                return [f"The operator {words[place + 1]} is unsupported"]
    try:
        registry(site).meets(query)
    except BadQueryError as wrong:
        return [str(wrong)]
    return []


def _printed(hook: AppHook) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": hook.number,
        "jqlFilter": hook.query,
        "events": hook.events,
        "expirationDate": _instant(hook.until),
        "url": hook.url,
    }
    if hook.fields:
        made["fieldIdsFilter"] = hook.fields
    if hook.property_keys:
        made["issuePropertyKeysFilter"] = hook.property_keys
    return made


def _instant(when: Any) -> str:
    return moment(when.astimezone(UTC), "Etc/UTC")


_ALLOWED = ("=", "!=", "in", "not")
_OPERATORS = (*_ALLOWED, ">", ">=", "<", "<=", "~", "!~", "is", "was", "changed")
