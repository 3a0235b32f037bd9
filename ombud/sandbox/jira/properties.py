"""Issue properties: JSON that no screen shows and no changelog tells of."""

from __future__ import annotations

from ombud.sandbox.http import Answer
from ombud.sandbox.jira.http import RefusedError, Request
from ombud.sandbox.jira.site import Site

_LONGEST_KEY = 255
_LONGEST_VALUE = 32_768


def keys(site: Site, request: Request) -> Answer:
    """Answer the keys a ticket holds."""
    issue = site.issue(request)
    here = request.url(f"issue/{issue.key}/properties")
    return Answer(
        200, {"keys": [{"self": f"{here}/{key}", "key": key} for key in issue.properties]}
    )


def read(site: Site, request: Request) -> Answer:
    """Answer one value."""
    issue = site.issue(request)
    key = request.parts["key"]
    if key not in issue.properties:
        raise RefusedError(404, [f"The property '{key}' does not exist."])
    return Answer(200, {"key": key, "value": issue.properties[key]})


def put(site: Site, request: Request) -> Answer:
    """Set one value: 201 when it is new, 200 when it replaces another."""
    issue = site.issue(request, "EDIT_ISSUES")
    key = request.parts["key"]
    if len(key) > _LONGEST_KEY:
        raise RefusedError(
            400, [f"The property key must be at most {_LONGEST_KEY} characters long."]
        )
    if not request.body.strip():
        raise RefusedError(400, ["The property value must not be empty."])
    if len(request.body.decode(errors="replace")) > _LONGEST_VALUE:
        raise RefusedError(
            400, [f"The property value must be at most {_LONGEST_VALUE} characters long."]
        )
    fresh = key not in issue.properties
    site.world.set_property(issue.id, key, request.json(), site.who(request).account_id)
    return Answer(201 if fresh else 200)


def delete(site: Site, request: Request) -> Answer:
    """Take one value away."""
    issue = site.issue(request, "EDIT_ISSUES")
    key = request.parts["key"]
    if key not in issue.properties:
        raise RefusedError(404, [f"The property '{key}' does not exist."])
    site.world.set_property(issue.id, key, None, site.who(request).account_id)
    return Answer(204)
