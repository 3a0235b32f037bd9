"""What the wire answers to those who only ask."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ombud.sandbox.http import Answer
from ombud.sandbox.zendesk import desk, render
from ombud.sandbox.zendesk.http import Request, missing, refused
from ombud.sandbox.zendesk.records import Ticket
from ombud.sandbox.zendesk.site import Site

_WITHHELD = timedelta(seconds=60)
_EVENTS = 1000


def me(_site: Site, request: Request) -> Answer:
    """Say who asks; nobody at all is an anonymous user, and that is 200."""
    told = render.anonymous() if request.user is None else render.user(request.user, request.base)
    return Answer(200, {"user": told})


def user(site: Site, request: Request) -> Answer:
    """Show a user."""
    found = site.world.users.get(int(request.parts["user"]))
    if found is None:
        raise missing()
    return Answer(200, {"user": render.user(found, request.base)})


def users(site: Site, request: Request) -> Answer:
    """Show users by id, those that exist; a hundred at a time."""
    asked = [int(word) for word in request.words("ids")]
    if len(asked) > 100:
        raise refused(400, "TooManyValues", "Too many values: 100 at the most")
    found = [site.world.users[each] for each in asked if each in site.world.users]
    return Answer(
        200, {"users": [render.user(each, request.base) for each in found], "count": len(found)}
    )


def export(site: Site, request: Request) -> Answer:
    """Export tickets by when anything last touched them; the last minute is withheld."""
    site.caller(request, admin=True)
    now = site.world.clock.now()
    most = min(request.number("per_page", 1000), site.page_cap)
    cursor = request.one("cursor")
    if cursor is not None:
        after = _place(cursor)
    else:
        start = request.number("start_time", -1)
        if start < 0:
            raise refused(400, "ParameterMissing", "Missing parameter: start_time")
        if start > int((now - _WITHHELD).timestamp()):
            raise refused(
                400,
                "StartTimeTooRecent",
                "Too recent start_time. Use a start_time older than 60 seconds",
            )
        after = (start - 1, 1 << 62)
    tickets, end = site.world.exported(after, now - _WITHHELD, most)
    if tickets:
        after = (int(tickets[-1].generated.timestamp()), tickets[-1].id)
    if request.one("support_type_scope", "agent") != "all":
        tickets = [each for each in tickets if not each.ai_agent]
    token = base64.b64encode(f"{after[0]}.0||{after[1]}|".encode()).decode()
    made: dict[str, Any] = {
        "tickets": [render.ticket(each, request.base, exported=True) for each in tickets],
        "after_url": request.url(f"incremental/tickets/cursor.json?cursor={token}&per_page={most}"),
        "before_url": None,
        "after_cursor": token,
        "before_cursor": None,
        "end_of_stream": end,
    }
    if "users" in request.words("include"):
        made["users"] = _people(site, request, tickets)
    return Answer(200, made)


def event_export(site: Site, request: Request) -> Answer:
    """Export what happened to all tickets, by the second; the last minute is withheld."""
    site.caller(request, admin=True)
    now = site.world.clock.now()
    start = request.number("start_time", -1)
    if start < 0:
        raise refused(400, "ParameterMissing", "Missing parameter: start_time")
    comments = "comment_events" in request.words("include")
    audits, end = site.world.logged(start, now - _WITHHELD, _EVENTS)
    audits = [each for each in audits if site.world.tickets[each.ticket].status != "deleted"]
    last = int(audits[-1].created.timestamp()) + 1 if audits else start
    following = request.url(f"incremental/ticket_events.json?start_time={last}")
    return Answer(
        200,
        {
            "ticket_events": [render.log_line(each, comments=comments) for each in audits],
            "count": len(audits),
            "end_of_stream": end,
            "end_time": last,
            "next_page": following,
        },
    )


def ticket(site: Site, request: Request) -> Answer:
    """Show a ticket, archived ones too; a deleted one is not there."""
    site.caller(request)
    found = site.ticket(request)
    if found.status == "deleted":
        raise missing()
    made: dict[str, Any] = {"ticket": render.ticket(found, request.base)}
    if "users" in request.words("include"):
        made["users"] = _people(site, request, [found])
    return Answer(200, made)


def tickets(site: Site, request: Request) -> Answer:
    """Show tickets by id, those that exist and are not deleted; a hundred at a time."""
    site.caller(request)
    asked = request.words("ids")
    if len(asked) > 100:
        raise refused(400, "TooManyValues", "Too many values: 100 at the most")
    found = [
        site.world.tickets[int(each)]
        for each in asked
        if each.isdigit()
        and int(each) in site.world.tickets
        and site.world.tickets[int(each)].status != "deleted"
    ]
    made: dict[str, Any] = {
        "tickets": [render.ticket(each, request.base) for each in found],
        "count": len(found),
        "next_page": None,
        "previous_page": None,
    }
    if "users" in request.words("include"):
        made["users"] = _people(site, request, found)
    return Answer(200, made)


def count(site: Site, request: Request) -> Answer:
    """Count the tickets that lists would show."""
    site.caller(request)
    shown = sum(
        1
        for each in site.world.tickets.values()
        if each.status != "deleted" and not site.world.archived(each)
    )
    return Answer(
        200, {"count": {"value": shown, "refreshed_at": render.time(site.world.clock.now())}}
    )


def deleted(site: Site, request: Request) -> Answer:
    """List tickets that were deleted in the last thirty days."""
    site.caller(request)
    since = site.world.clock.now() - timedelta(days=30)
    found = [
        {
            "id": each.id,
            "subject": each.subject,
            "actor": {"id": desk.ADMIN.id, "name": desk.ADMIN.name},
            "deleted_at": render.time(each.deleted_at),
            "previous_state": "open",
        }
        for each in site.world.tickets.values()
        if each.deleted_at is not None and each.deleted_at >= since
    ]
    return Answer(
        200,
        {"deleted_tickets": found, "count": len(found), "next_page": None, "previous_page": None},
    )


def audits(site: Site, request: Request) -> Answer:
    """Show a ticket's audits in pages; an archived one's come all at once."""
    site.caller(request)
    found = site.ticket(request)
    if found.status == "deleted":
        raise missing()
    told = sorted(found.audits, key=lambda each: (each.created, each.id))
    return _paged(
        request, "audits", [render.audit(each) for each in told], whole=site.world.archived(found)
    )


def comments(site: Site, request: Request) -> Answer:
    """Show a ticket's comments, oldest first."""
    site.caller(request)
    found = site.ticket(request)
    told = [
        {
            "id": event.id,
            "type": "Comment",
            "audit_id": audit.id,
            "author_id": event.told["author_id"],
            "body": event.told["body"],
            "public": event.told["public"],
            "created_at": render.time(audit.created),
            "via": event.via or audit.via,
        }
        for audit in found.audits
        for event in audit.events
        if event.type == "Comment"
    ]
    return _paged(request, "comments", told, whole=site.world.archived(found))


def _listed(
    name: str, rows: Callable[[Site, Request], list[dict[str, Any]]]
) -> Callable[[Site, Request], Answer]:
    def answer(site: Site, request: Request) -> Answer:
        site.caller(request)
        found = rows(site, request)
        return Answer(
            200, {name: found, "count": len(found), "next_page": None, "previous_page": None}
        )

    return answer


fields = _listed(
    "ticket_fields",
    lambda site, request: [render.field(each, request.base) for each in site.world.fields.values()],
)
statuses = _listed(
    "custom_statuses",
    lambda site, request: [
        render.status(each, request.base) for each in site.world.statuses.values()
    ],
)
forms = _listed(
    "ticket_forms",
    lambda site, request: [render.form(each, request.base) for each in site.world.forms.values()],
)
triggers = _listed(
    "triggers",
    lambda site, request: [
        render.rule(each, request.base) for each in site.world.rules if each.hours is None
    ],
)
automations = _listed(
    "automations",
    lambda site, request: [
        render.rule(each, request.base) for each in site.world.rules if each.hours is not None
    ],
)
groups = _listed(
    "groups",
    lambda _site, request: [
        {
            "id": desk.GROUP[0],
            "name": desk.GROUP[1],
            "url": request.url(f"groups/{desk.GROUP[0]}.json"),
        }
    ],
)


def schedules(site: Site, request: Request) -> Answer:
    """Show the business hours: minutes since Sunday midnight."""
    site.caller(request)
    days = [{"start_time": day * 1440 + 540, "end_time": day * 1440 + 1020} for day in range(1, 6)]
    made = {"id": 1, "name": "Office", "time_zone": "Berlin", "intervals": days}
    return Answer(200, {"schedules": [made]})


def job(site: Site, request: Request) -> Answer:
    """Show what became of a job."""
    found = site.jobs.get(request.parts["job"])
    if found is None:
        raise missing()
    return Answer(200, {"job_status": found})


def token(site: Site, request: Request) -> Answer:
    """Show the token that signed the call."""
    scopes = sorted(request.scopes) if request.scopes is not None else ["read", "write"]
    return Answer(200, {"token": {"user_id": site.sign_in.user.id, "scopes": scopes}})


def _people(site: Site, request: Request, found: list[Ticket]) -> list[dict[str, Any]]:
    names = {each for one in found for each in (one.requester, one.submitter, one.assignee)}
    return [
        render.user(site.world.users[each], request.base)
        for each in sorted(name for name in names if name is not None)
        if each in site.world.users
    ]


def _paged(request: Request, name: str, rows: list[dict[str, Any]], *, whole: bool) -> Answer:
    """Give a page by cursor, as asked; links go on to name a next page where there is none."""
    size = request.number("page[size]", 0)
    if whole or not size:
        shown = rows if whole else rows[:100]
        return Answer(
            200, {name: shown, "count": len(rows), "next_page": None, "previous_page": None}
        )
    start = _offset(request.one("page[after]"))
    size = min(size, 100)
    shown = rows[start : start + size]
    more = start + size < len(rows)
    after = base64.b64encode(f"o{start + len(shown)}".encode()).decode() if shown else None
    following = f"{request.base}{request.path}?page[after]={after}&page[size]={size}"
    return Answer(
        200,
        {
            name: shown,
            "meta": {"has_more": more, "after_cursor": after, "before_cursor": None},
            "links": {"prev": None, "next": following if shown else None},
        },
    )


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("o"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise refused(400, "InvalidPaginationParameter", "page[after] is not valid") from None


def _place(cursor: str) -> tuple[int, int]:
    try:
        stamp, _, number = base64.b64decode(cursor).decode().rstrip("|").partition("||")
        return int(float(stamp)), int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise refused(400, "InvalidCursor", "cursor is not valid") from None
