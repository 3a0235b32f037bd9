"""Comments: paged, public by default, hidden from the customer by a property."""

from __future__ import annotations

from typing import Any

from ombud.sandbox.http import Answer
from ombud.sandbox.jira import writes
from ombud.sandbox.jira.http import RefusedError, Request
from ombud.sandbox.jira.site import Site
from ombud.sandbox.records import Comment, Issue

_NO_COMMENT = "Can not find a comment for the id: {}."


def page(site: Site, request: Request) -> Answer:
    """Answer a page of a ticket's comments, by creation."""
    issue = site.issue(request)
    order = request.one("orderBy") or "created"
    if order not in ("created", "-created", "+created"):
        raise RefusedError(400, [f"Cannot order by '{order}'. Supported fields: created"])
    start, most = (
        max(0, request.number("startAt", 0)),
        min(100, max(1, request.number("maxResults", 100))),
    )
    rows = issue.comments[::-1] if order.startswith("-") else issue.comments
    view = site.view(request)
    properties = "properties" in request.words("expand")
    shown = rows[start : start + most]
    site.limits.charge(len(shown))
    return Answer(
        200,
        {
            "startAt": start,
            "maxResults": most,
            "total": len(rows),
            "comments": [view.comment(issue, one, properties=properties) for one in shown],
        },
    )


def read(site: Site, request: Request) -> Answer:
    """Answer one comment."""
    issue = site.issue(request)
    found = _find(issue, request)
    properties = "properties" in request.words("expand")
    return Answer(200, site.view(request).comment(issue, found, properties=properties))


def add(site: Site, request: Request) -> Answer:
    """Add a comment; in a service project the customer reads it unless a property says otherwise."""
    issue = site.issue(request, "ADD_COMMENTS")
    person = site.who(request)
    stored = writes.comment(request, request.object())
    made = site.world.comment(issue.id, person.account_id, **stored)
    return Answer(201, site.view(request).comment(issue, made, properties=True))


def change(site: Site, request: Request) -> Answer:
    """Replace a comment's text and properties."""
    issue = site.issue(request)
    person = site.who(request)
    found = _find(issue, request)
    _own(site, request, found, "EDIT")
    body = request.object()
    stored = writes.comment(request, body)
    public = stored["public"] if body.get("properties") else None
    made = site.world.edit_comment(
        issue.id,
        found.id,
        person.account_id,
        stored["text"],
        public=public,
        properties=stored["properties"],
    )
    return Answer(200, site.view(request).comment(issue, made, properties=True))


def remove(site: Site, request: Request) -> Answer:
    """Delete a comment."""
    issue = site.issue(request)
    person = site.who(request)
    found = _find(issue, request)
    _own(site, request, found, "DELETE")
    site.world.delete_comment(issue.id, found.id, person.account_id)
    return Answer(204)


def property_keys(site: Site, request: Request) -> Answer:
    """Answer the keys of a comment's properties."""
    _, found = _by_number(site, request)
    here = request.url(f"comment/{found.id}/properties")
    return Answer(
        200, {"keys": [{"self": f"{here}/{key}", "key": key} for key in found.properties]}
    )


def read_property(site: Site, request: Request) -> Answer:
    """Answer one property of a comment."""
    _, found = _by_number(site, request)
    key = request.parts["key"]
    if key not in found.properties:
        raise _no_property(key)
    return Answer(200, {"key": key, "value": found.properties[key]})


def set_property(site: Site, request: Request) -> Answer:
    """Set one property of a comment; the one that hides it takes effect."""
    issue, found = _by_number(site, request)
    key, value = request.parts["key"], request.json()
    fresh = key not in found.properties
    public = not writes.internal({key: value}) if key == writes.INTERNAL else None
    site.world.edit_comment(
        issue.id, found.id, site.who(request).account_id, public=public, properties={key: value}
    )
    return Answer(201 if fresh else 200)


def remove_property(site: Site, request: Request) -> Answer:
    """Take one property of a comment away."""
    issue, found = _by_number(site, request)
    key = request.parts["key"]
    if key not in found.properties:
        raise _no_property(key)
    public = True if key == writes.INTERNAL else None
    account = site.who(request).account_id
    site.world.edit_comment(issue.id, found.id, account, public=public)
    found.properties.pop(key, None)
    return Answer(204)


def service_comment(site: Site, request: Request) -> Answer:
    """Add a comment by the service desk's own resource, where `public` is said outright."""
    issue = site.issue(request, "ADD_COMMENTS")
    person = site.who(request)
    body = request.object("body", "public")
    if not isinstance(body.get("body"), str) or not body["body"]:
        raise RefusedError(400, ["Comment body can not be empty!"])
    public = body.get("public", True) is not False
    made = site.world.comment(issue.id, person.account_id, body["body"], public=public)
    answer: dict[str, Any] = {
        "id": made.id,
        "body": body["body"],
        "public": public,
        "author": site.view(request).person(person.account_id),
        "created": {"iso8601": site.view(request).time(made.created)},
    }
    return Answer(201, answer)


def _find(issue: Issue, request: Request) -> Comment:
    wanted = request.parts["comment"]
    for one in issue.comments:
        if one.id == wanted:
            return one
    raise RefusedError(404, [_NO_COMMENT.format(wanted)])


def _by_number(site: Site, request: Request) -> tuple[Issue, Comment]:
    wanted = request.parts["comment"]
    home = site.world.find(site.world.comment_homes.get(wanted, ""))
    if home is None or not site.sees(request.person, home.project):
        raise RefusedError(404, [_NO_COMMENT.format(wanted)])
    return home, _find(home, request)


def _own(site: Site, request: Request, found: Comment, verb: str) -> None:
    person = site.who(request)
    whose = "OWN" if found.author == person.account_id else "ALL"
    if not site.allows(person, f"{verb}_{whose}_COMMENTS"):
        text = f"You do not have permission to {verb.lower()} comment with id: {found.id}."
        raise RefusedError(403 if verb == "EDIT" else 400, [text])


def _no_property(key: str) -> RefusedError:
    return RefusedError(404, [f"The property '{key}' does not exist."])
