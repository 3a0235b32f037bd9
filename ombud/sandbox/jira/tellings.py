"""What Jira Cloud's webhooks say: bodies in the shape of REST v2, with every trap that recordings show."""

from __future__ import annotations

from typing import Any

from ombud.sandbox.hooks import Telling
from ombud.sandbox.jira.http import Request
from ombud.sandbox.jira.render import View
from ombud.sandbox.records import Act, Issue
from ombud.sandbox.world import World

#: What the world commits -> the event; other acts are told to nobody.
EVENTS = {
    "create": "jira:issue_created",
    "edit": "jira:issue_updated",
    "transition": "jira:issue_updated",
    "move": "jira:issue_updated",
    "link": "jira:issue_updated",
    "unlink": "jira:issue_updated",
    "delete": "jira:issue_deleted",
    "comment": "comment_created",
    "edit comment": "comment_updated",
    "delete comment": "comment_deleted",
}
_CUT_DOWN = ["summary", "issuetype", "project", "assignee", "priority", "status"]
_BORN_WITH = ("summary", "description", "priority", "reporter", "assignee", "labels")


def telling(world: World, base: str, act: Act) -> Telling | None:
    """Return what the site tells of an act."""
    event = EVENTS.get(act.what)
    if event is None:
        return None
    request = Request("POST", "", {}, b"", {}, base, version="2")
    view = View(world, request)
    body: dict[str, Any] = {
        "timestamp": int(act.moment.timestamp() * 1000),
        "webhookEvent": event,
    }
    if event.startswith("comment_"):
        assert act.comment is not None
        # No user stands at the top, and the issue is cut down.
        body["comment"] = view.comment(act.issue, act.comment)
        body["issue"] = _issue(view, act.issue, _CUT_DOWN)
        return Telling(event, act.issue.id, body)
    # A deletion's author may be nobody; it is left out then.
    person = view.person(act.actor)
    if event != "jira:issue_deleted":
        body["issue_event_type_name"] = _kind(act)
    if person is not None:
        body["user"] = person
    body["issue"] = _issue(view, act.issue, ["*all", "-comment"])
    if event == "jira:issue_created":
        body["changelog"] = {"id": f"{act.issue.id}0", "items": _born(world, view, act.issue)}
    elif act.entry is not None:
        printed = view.entry(act.entry)
        body["changelog"] = {"id": printed["id"], "items": printed["items"]}
    return Telling(event, act.issue.id, body)


def _issue(view: View, issue: Issue, fields: list[str]) -> dict[str, Any]:
    return {
        "id": issue.id,
        "self": view.request.url(f"issue/{issue.id}"),
        "key": issue.key,
        "fields": view.fields(issue, fields),
    }


def _kind(act: Act) -> str:
    if act.what == "create":
        return "issue_created"
    if act.what == "move":
        return "issue_moved"
    names = [] if act.entry is None else [item.field_id for item in act.entry.items]
    if "status" in names:
        # Cloud says so whatever the transition is called.
        return "issue_generic"
    return "issue_assigned" if names == ["assignee"] else "issue_updated"


def _born(world: World, view: View, issue: Issue) -> list[dict[str, Any]]:
    """Print initial values as changes, as Cloud does, though its pages say otherwise."""
    items = [
        world.printed(name, issue.fields[name]) for name in _BORN_WITH if issue.fields.get(name)
    ]
    items += [
        world.printed(name, value)
        for name, value in issue.fields.items()
        if name.startswith("customfield_")
    ]
    made = [view.item(item) for item in items]
    status = world.statuses[issue.status]
    made.append(
        {
            "field": "Status",
            "fieldtype": "jira",
            "fieldId": "status",
            "from": None,
            "fromString": None,
            "to": status.id,
            "toString": status.name,
        }
    )
    return made
