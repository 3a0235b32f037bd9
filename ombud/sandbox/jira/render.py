"""How people, tickets and history look on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ombud.sandbox import adf, desk
from ombud.sandbox.jira.http import Request
from ombud.sandbox.records import Comment, Entry, Field, Issue, Item, Person, Project
from ombud.sandbox.world import World

EMBEDDED_COMMENTS = 20
_CATEGORIES = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}
_TYPES = {
    "text": ("string", "textfield"),
    "textarea": ("string", "textarea"),
    "option": ("option", "select"),
    "options": ("array", "multiselect"),
    "user": ("user", "userpicker"),
    "datetime": ("datetime", "datetime"),
    "date": ("date", "datepicker"),
    "number": ("number", "float"),
    "labels": ("array", "labels"),
    "rank": ("any", "gh-lexo-rank"),
}
_SYSTEM_TYPES = {"priority": "priority", "resolution": "resolution"}
_PREFIX = "com.atlassian.jira.plugin.system.customfieldtypes:"


def moment(when: datetime, zone: str) -> str:
    """Print an instant as Jira does: milliseconds, and an offset without a colon."""
    local = when.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


def schema(field: Field) -> dict[str, Any]:
    """Print a field's type."""
    kind, custom = _TYPES[field.kind]
    if not field.custom:
        made: dict[str, Any] = {"type": _SYSTEM_TYPES.get(field.id, kind), "system": field.id}
        if field.kind == "labels":
            made["items"] = "string"
        return made
    made = {"type": kind, "custom": _PREFIX + custom, "customId": int(field.id.rsplit("_", 1)[1])}
    if field.kind == "rank":
        made["custom"] = "com.pyxis.greenhopper.jira:gh-lexo-rank"
    if field.kind == "options":
        made["items"] = "option"
    return made


class View:
    """Print a world for one request: its API version, its base address and its caller's time zone."""

    def __init__(self, world: World, request: Request) -> None:
        self.world = world
        self.request = request
        self.zone = request.person.time_zone if request.person else "Etc/UTC"

    def time(self, when: datetime) -> str:
        """Print an instant in the caller's zone."""
        return moment(when, self.zone)

    def person(self, account: str | None) -> dict[str, Any] | None:
        """Print a person; customers and apps keep their address to themselves."""
        if account is None:
            return None
        person = self.world.people.get(account) or Person(
            account, "Former user", "", "agent", active=False
        )
        kind = {"customer": "customer", "automation": "app", "app": "app"}.get(
            person.role, "atlassian"
        )
        made = {
            "self": self.request.url(f"user?accountId={account}"),
            "accountId": account,
            "avatarUrls": {
                size: f"{self.request.base}/avatar/{account}?size={size[:2]}" for size in _SIZES
            },
            "displayName": person.name,
            "active": person.active,
            "timeZone": person.time_zone,
            "accountType": kind,
        }
        if person.email and person.role in ("agent", "ombud"):
            made["emailAddress"] = person.email
        return made

    def status(self, ident: str) -> dict[str, Any]:
        """Print a status with its category."""
        status = self.world.statuses[ident]
        number, name, colour = _CATEGORIES[status.category]
        return {
            "self": self.request.url(f"status/{ident}"),
            "description": "",
            "iconUrl": f"{self.request.base}/images/icons/statuses/generic.png",
            "name": status.name,
            "id": ident,
            "statusCategory": {
                "self": self.request.url(f"statuscategory/{number}"),
                "id": number,
                "key": status.category,
                "colorName": colour,
                "name": name,
            },
        }

    def issue_type(self, ident: str) -> dict[str, Any]:
        """Print an issue type."""
        return {
            "self": self.request.url(f"issuetype/{ident}"),
            "id": ident,
            "description": "",
            "iconUrl": f"{self.request.base}/images/icons/issuetypes/generic.png",
            "name": self.world.issue_types[ident].name,
            "subtask": False,
            "hierarchyLevel": 0,
        }

    def project(self, project: Project, *, whole: bool = False) -> dict[str, Any]:
        """Print a project, short as inside a ticket or whole."""
        made: dict[str, Any] = {
            "self": self.request.url(f"project/{project.id}"),
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": project.kind,
            "simplified": False,
            "avatarUrls": {
                size: f"{self.request.base}/avatar/project/{project.id}?size={size[:2]}"
                for size in _SIZES
            },
        }
        if whole:
            made |= {
                "description": "",
                "style": "classic",
                "isPrivate": False,
                "assigneeType": "UNASSIGNED",
                "issueTypes": [self.issue_type(ident) for ident in project.issue_types],
                "components": [],
                "versions": [],
                "roles": {},
                "properties": {},
            }
        return made

    def option(self, field: Field, ident: str) -> dict[str, Any]:
        """Print one choice of a field."""
        text = field.options.get(ident, ident)
        if field.id in ("priority", "resolution"):
            return {"self": self.request.url(f"{field.id}/{ident}"), "id": ident, "name": text}
        return {"self": self.request.url(f"customFieldOption/{ident}"), "value": text, "id": ident}

    def value(self, field: Field, stored: Any) -> Any:
        """Print a field's present value."""
        if field.kind == "labels":
            return list(stored or ())
        if stored is None:
            return None
        if field.kind == "option":
            return self.option(field, str(stored))
        if field.kind == "options":
            return [self.option(field, str(one)) for one in stored]
        if field.kind == "user":
            return self.person(stored)
        if field.kind == "datetime":
            return self.time(datetime.fromisoformat(stored))
        if field.kind == "textarea":
            return self.text(stored)
        return stored

    def text(self, stored: str | dict[str, Any]) -> str | dict[str, Any]:
        """Print long text: a document in v3, plain text in v2."""
        return adf.document(stored) if self.request.version == "3" else adf.plain(stored)

    def comment(
        self, issue: Issue, comment: Comment, *, properties: bool = False
    ) -> dict[str, Any]:
        """Print a comment; `jsdPublic` says something only in a service project."""
        service = self.world.projects[issue.project].kind == "service_desk"
        made: dict[str, Any] = {
            "self": self.request.url(f"issue/{issue.id}/comment/{comment.id}"),
            "id": comment.id,
            "author": self.person(comment.author),
            "body": self.text(comment.body),
            "updateAuthor": self.person(comment.update_author),
            "created": self.time(comment.created),
            "updated": self.time(comment.updated),
            "jsdPublic": comment.public if service else True,
        }
        if comment.visibility:
            made["visibility"] = comment.visibility
        if properties:
            made["properties"] = [
                {"key": key, "value": value} for key, value in comment.properties.items()
            ]
        return made

    def entry(
        self, entry: Entry, *, epoch: bool = False, only: set[str] | None = None
    ) -> dict[str, Any]:
        """Print a changelog entry; the bulk resource counts its time in milliseconds since 1970."""
        made: dict[str, Any] = {"id": str(entry.id)}
        if entry.author is not None:
            made["author"] = self.person(entry.author)
        made["created"] = (
            int(entry.created.timestamp() * 1000) if epoch else self.time(entry.created)
        )
        made["items"] = []
        for item in entry.items:
            if only is not None and item.field_id not in only:
                continue
            made["items"].append(self.item(item))
        if entry.history_metadata is not None:
            made["historyMetadata"] = entry.history_metadata
        return made

    @staticmethod
    def item(item: Item) -> dict[str, Any]:
        """Print one field's change."""
        made: dict[str, Any] = {"field": item.field, "fieldtype": item.field_type}
        if item.field_id is not None:
            made["fieldId"] = item.field_id
        return made | {
            "from": item.before,
            "fromString": item.before_text,
            "to": item.after,
            "toString": item.after_text,
        }

    def fields(self, issue: Issue, wanted: list[str]) -> dict[str, Any]:
        """Print the wanted fields; unknown names are passed over, as Jira does."""
        minus = {name[1:] for name in wanted if name.startswith("-")}
        plus = [name for name in wanted if not name.startswith("-")]
        names = [name for name in plus if not name.startswith("*")]
        if "*all" in plus:
            names += [*_COMPUTED, *self.world.fields]
        elif "*navigable" in plus or (minus and not plus):
            names += [name for name in (*_COMPUTED, *self.world.fields) if name != "comment"]
        made: dict[str, Any] = {}
        for name in names:
            if name in minus or name in made:
                continue
            if name in self.world.fields:
                made[name] = self.value(self.world.fields[name], issue.fields.get(name))
            elif name in _COMPUTED:
                made[name] = self._computed(issue, name)
        return made

    def _computed(self, issue: Issue, name: str) -> Any:
        if name == "status":
            return self.status(issue.status)
        if name == "issuetype":
            return self.issue_type(issue.type)
        if name == "project":
            return self.project(self.world.projects[issue.project])
        if name == "creator":
            return self.person(issue.creator)
        if name == "created":
            return self.time(issue.created)
        if name == "updated":
            return self.time(issue.updated)
        if name == "resolutiondate":
            return self.time(issue.resolved) if issue.resolved else None
        if name == "issuelinks":
            return [
                self._link(link.id, link.type, link.other, outward=link.outward)
                for link in issue.links
            ]
        shown = issue.comments[:EMBEDDED_COMMENTS]
        return {
            "comments": [self.comment(issue, one) for one in shown],
            "self": self.request.url(f"issue/{issue.id}/comment"),
            "maxResults": len(shown),
            "total": len(issue.comments),
            "startAt": 0,
        }

    def _link(self, ident: str, relation: str, other: str, *, outward: bool) -> dict[str, Any]:
        issue = self.world.issues[other]
        there = {
            "id": issue.id,
            "key": issue.key,
            "self": self.request.url(f"issue/{issue.id}"),
            "fields": {"summary": issue.fields.get("summary"), "status": self.status(issue.status)},
        }
        word = relation.lower() + " to"
        made: dict[str, Any] = {
            "id": ident,
            "self": self.request.url(f"issueLink/{ident}"),
            "type": {"id": "10003", "name": relation, "inward": word, "outward": word},
        }
        return made | {"outwardIssue" if outward else "inwardIssue": there}


_SIZES = ("48x48", "24x24", "16x16", "32x32")
_COMPUTED = (
    "status",
    "issuetype",
    "project",
    "creator",
    "created",
    "updated",
    "resolutiondate",
    "issuelinks",
    "comment",
)
SYSTEM_NAMES = {
    "status": "Status",
    "issuetype": "Issue Type",
    "project": "Project",
    "creator": "Creator",
    "created": "Created",
    "updated": "Updated",
    "resolutiondate": "Resolved",
    "issuelinks": "Linked Issues",
    "comment": "Comment",
}
RESOLUTIONS = desk.RESOLUTIONS
