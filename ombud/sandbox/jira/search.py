"""Search by JQL: token paging over an index that lags behind the writes."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ombud.sandbox import jql
from ombud.sandbox.http import Answer
from ombud.sandbox.jira.http import BAD_PAYLOAD, RefusedError, Request
from ombud.sandbox.jira.issue import expansions
from ombud.sandbox.jira.site import Site
from ombud.sandbox.jql_tokens import BadQueryError
from ombud.sandbox.records import Issue

_BODY = (
    "jql",
    "fields",
    "expand",
    "maxResults",
    "nextPageToken",
    "properties",
    "reconcileIssues",
    "fieldsByKeys",
)
_GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration "
    "guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_BAD_TOKEN = "The provided next page token is invalid or expired."  # noqa: S105 - a sentence, no secret
_UNBOUNDED = (
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
)
_TOKEN_LIFE = timedelta(days=7)
_MANY_FIELDS = 20
_MOST = 5000
_CHANGELOG = 40
_SNAPSHOTS = 100


def gone(_site: Site, _request: Request) -> Answer:
    """Answer the search that is no more."""
    raise RefusedError(410, [_GONE])


def search(site: Site, request: Request) -> Answer:
    """Answer one page."""
    asked = _posted(request) if request.method == "POST" else _in_address(request)
    if not site.allows(request.person, "BROWSE_PROJECTS"):
        return Answer(200, {"issues": [], "isLast": True})
    most = asked["maxResults"]
    if not 1 <= most <= _MOST:
        raise RefusedError(400, ["The max results parameter has to be between 1 and 5,000."])
    query = _query(site, request, asked["jql"])
    wanted: list[str] = asked["fields"] or ["id"]
    if (
        len(wanted) > _MANY_FIELDS
        or "*all" in wanted
        or "*navigable" in wanted
        or "changelog" in asked["expand"]
    ):
        most = min(most, site.page_cap)
    fresh = {str(number) for number in asked["reconcileIssues"]}
    walk = _walk(site, request, asked, query, fresh)
    view = site.view(request)
    rows: list[dict[str, Any]] = []
    token: str | None = None
    position: str | None = None
    for issue, here in walk:
        if len(rows) == most:
            token = position
            break
        position = here
        rows.append(_row(site, request, view, issue, wanted, asked))
    site.limits.charge(len(rows))
    answer: dict[str, Any] = {"issues": rows, "isLast": token is None}
    if token is not None:
        answer["nextPageToken"] = token
    if "names" in asked["expand"]:
        answer["names"] = site.names(site.world.fields)
    return Answer(200, answer)


def count(site: Site, request: Request) -> Answer:
    """Answer how many rows a bounded query has in the index."""
    body = request.object("jql")
    if not site.allows(request.person, "BROWSE_PROJECTS"):
        return Answer(200, {"count": 0})
    query = _query(site, request, body.get("jql"))
    return Answer(
        200, {"count": sum(1 for issue in _candidates(site, query, set()) if query.test(issue))}
    )


def _posted(request: Request) -> dict[str, Any]:
    body = request.object(*_BODY)
    kinds: dict[str, tuple[type, ...]] = {
        "jql": (str,),
        "fields": (list,),
        "expand": (str,),
        "maxResults": (int,),
        "nextPageToken": (str,),
        "properties": (list,),
        "reconcileIssues": (list,),
        "fieldsByKeys": (bool,),
    }
    for name, value in body.items():
        if value is not None and not isinstance(value, kinds[name]):
            raise RefusedError(400, [BAD_PAYLOAD], bare=True)
    return _limited(
        {
            "jql": body.get("jql"),
            "fields": body.get("fields") or [],
            "expand": (body.get("expand") or "").split(","),
            "maxResults": 50 if body.get("maxResults") is None else body["maxResults"],
            "nextPageToken": body.get("nextPageToken"),
            "properties": body.get("properties") or [],
            "reconcileIssues": body.get("reconcileIssues") or [],
        }
    )


def _in_address(request: Request) -> dict[str, Any]:
    return _limited(
        {
            "jql": request.one("jql"),
            "fields": request.words("fields"),
            "expand": request.words("expand"),
            "maxResults": request.number("maxResults", 50),
            "nextPageToken": request.one("nextPageToken"),
            "properties": request.words("properties"),
            "reconcileIssues": request.words("reconcileIssues"),
        }
    )


def _limited(asked: dict[str, Any]) -> dict[str, Any]:
    if len(asked["properties"]) > 5:
        raise RefusedError(400, ["The number of requested properties exceeds the limit of 5."])
    if len(asked["reconcileIssues"]) > 50:
        raise RefusedError(400, ["The number of issues to reconcile exceeds the limit of 50."])
    if not all(str(number).isdigit() for number in asked["reconcileIssues"]):
        raise RefusedError(400, [BAD_PAYLOAD], bare=True)
    return asked


def _query(site: Site, request: Request, text: str | None) -> jql.Query:
    person = site.who(request)
    try:
        query = jql.parse(
            text or "",
            site.world,
            person.time_zone,
            person.account_id,
            hidden=frozenset(site.hidden.get(person.account_id, ())),
        )
    except BadQueryError as error:
        raise RefusedError(400, [str(error)]) from error
    if not query.bounded:
        raise RefusedError(400, [_UNBOUNDED])
    return query


def _walk(
    site: Site, request: Request, asked: dict[str, Any], query: jql.Query, fresh: set[str]
) -> Iterator[tuple[Issue, str]]:
    """Yield matching tickets after the token's position, each with the token that continues behind it."""
    now = site.world.clock.now()
    seal = hashlib.sha256(f"{site.secret}|{asked['jql']}|{request.person}".encode()).hexdigest()[
        :16
    ]
    after = _opened(asked["nextPageToken"], seal, now)
    order = query.order or [("id", True)]
    name, descending = order[0]
    rest = [one for one in order[1:] if one not in (("key", descending), ("id", descending))]
    by_position = not rest and name in ("updated", "id")
    if not by_position:
        yield from _snapshot(site, query, fresh, order, seal, after, now)
        return
    index = site.world.index
    last = None if after is None else (datetime.fromisoformat(after["at"]), int(after["id"]))
    if query.numbers is not None or fresh:
        few = sorted(
            _candidates(site, query, fresh), key=lambda one: _place(one, name), reverse=descending
        )
        rows: Iterator[Issue] = (
            one for one in few if _past(one, name, last, descending=descending)
        )
    elif name == "updated":
        since = None if descending else query.since
        rows = index.ordered(now, since=since, after=last, descending=descending)
    else:
        rows = index.by_id(now, after=None if last is None else last[1], descending=descending)
    for issue in rows:
        if query.test(issue):
            yield issue, _sealed(seal, now, {"at": issue.updated.isoformat(), "id": issue.id})


def _past(issue: Issue, name: str, last: tuple[datetime, int] | None, *, descending: bool) -> bool:
    if last is None:
        return True
    bound: tuple[Any, ...] = last if name == "updated" else (last[1],)
    place = _place(issue, name)
    return place < bound if descending else place > bound


def _place(issue: Issue, name: str) -> tuple[Any, ...]:
    return (issue.updated, int(issue.id)) if name == "updated" else (int(issue.id),)


def _snapshot(
    site: Site,
    query: jql.Query,
    fresh: set[str],
    order: list[tuple[str, bool]],
    seal: str,
    after: dict[str, Any] | None,
    now: datetime,
) -> Iterator[tuple[Issue, str]]:
    """Walk an order that has no position of its own: it is fixed when the first page is asked for."""
    if after is None:
        rows = [issue for issue in _candidates(site, query, fresh) if query.test(issue)]
        for name, descending in reversed(order):
            rows.sort(key=lambda issue: _sort_key(issue, name), reverse=descending)
        name_of_order = secrets.token_hex(8)
        while len(site.snapshots) >= _SNAPSHOTS:
            del site.snapshots[next(iter(site.snapshots))]
        site.snapshots[name_of_order] = [issue.id for issue in rows]
        start = 0
    else:
        name_of_order, start = str(after.get("order")), int(after.get("from", 0))
        if name_of_order not in site.snapshots:
            raise RefusedError(400, [_BAD_TOKEN])
    ids = site.snapshots[name_of_order]
    site.world.index.catch_up(now)
    for place in range(start, len(ids)):
        issue = site.world.index.visible(int(ids[place]))
        if issue is not None:
            yield issue, _sealed(seal, now, {"order": name_of_order, "from": place + 1})


def _sort_key(issue: Issue, name: str) -> Any:
    if name == "updated":
        return issue.updated, int(issue.id)
    if name == "created":
        return issue.created, int(issue.id)
    if name == "key":
        return issue.project, int(issue.key.rsplit("-", 1)[1])
    if name == "id":
        return int(issue.id)
    if name == "status":
        return issue.status
    return str(issue.fields.get(name, ""))


def _candidates(site: Site, query: jql.Query, fresh: set[str]) -> Iterator[Issue]:
    index, now = site.world.index, site.world.clock.now()
    index.catch_up(now)
    if query.numbers is not None:
        rows: Iterator[Issue | None] = (
            index.visible(int(number)) for number in sorted(query.numbers - fresh)
        )
    else:
        rows = (issue for issue in index.ordered(now, since=query.since) if issue.id not in fresh)
    yield from (issue for issue in rows if issue is not None)
    for number in sorted(fresh):
        issue = site.world.find(number)
        if issue is not None:
            yield issue


def _sealed(seal: str, now: datetime, position: dict[str, Any]) -> str:
    text = json.dumps({"seal": seal, "made": now.isoformat()} | position)
    return base64.urlsafe_b64encode(text.encode()).decode()


def _opened(token: str | None, seal: str, now: datetime) -> dict[str, Any] | None:
    if token is None:
        return None
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
        made = datetime.fromisoformat(position["made"])
        good = position["seal"] == seal and now - made < _TOKEN_LIFE
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(400, [_BAD_TOKEN]) from error
    if not good:
        raise RefusedError(400, [_BAD_TOKEN])
    return dict(position)


def _row(
    site: Site, request: Request, view: Any, issue: Issue, wanted: list[str], asked: dict[str, Any]
) -> dict[str, Any]:
    if wanted == ["id"]:
        row: dict[str, Any] = {"id": issue.id}
    else:
        row = {
            "expand": "",
            "id": issue.id,
            "self": request.url(f"issue/{issue.id}"),
            "key": issue.key,
        }
        fields = view.fields(issue, [name for name in wanted if name not in ("id", "key")])
        if fields:
            row["fields"] = fields
    if asked["properties"]:
        row["properties"] = {
            key: issue.properties[key] for key in asked["properties"] if key in issue.properties
        }
    expand = [name for name in asked["expand"] if name != "names"]
    return row | expansions(site, view, issue, expand, request, changelog_cap=_CHANGELOG)
