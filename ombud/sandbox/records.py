"""What a world holds: people, fields, workflows, issues and their history."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["agent", "customer", "automation", "app", "ombud"]
Kind = Literal[
    "text",
    "textarea",
    "option",
    "options",
    "user",
    "datetime",
    "date",
    "number",
    "labels",
    "reference",
    "rank",
]


@dataclass(slots=True)
class Person:
    """Somebody or something that acts; `time_zone` is an IANA name and decides how its JQL dates are read."""

    account_id: str
    name: str
    email: str
    role: Role
    active: bool = True
    time_zone: str = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the helpdesk knows it; `options` maps an option id to its printed value."""

    id: str
    name: str
    kind: Kind
    options: dict[str, str] = field(default_factory=dict)
    custom: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """A status and its category: new, indeterminate or done."""

    id: str
    name: str
    category: Literal["new", "indeterminate", "done"]


@dataclass(frozen=True, slots=True)
class IssueType:
    """A kind of issue."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Validator:
    """A field that must be filled for a transition; it shows only when the transition is tried."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One edge of a workflow; no `sources` makes it global, `roles` hides it from everyone else."""

    id: str
    name: str
    sources: tuple[str, ...]
    to: str
    screen: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    validator: Validator | None = None
    clears_resolution: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """The statuses of a project and the ways between them."""

    id: str
    name: str
    statuses: tuple[str, ...]
    transitions: tuple[Transition, ...]


@dataclass(slots=True)
class Project:
    """A project, its issue types and screens; `next_number` makes the next key."""

    id: str
    key: str
    name: str
    issue_types: tuple[str, ...]
    workflow: str
    kind: Literal["service_desk", "software", "business"] = "service_desk"
    next_number: int = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One field's change as the changelog prints it."""

    field: str
    field_id: str | None
    field_type: Literal["jira", "custom"]
    before: str | None
    before_text: str | None
    after: str | None
    after_text: str | None


@dataclass(slots=True)
class Entry:
    """One changelog entry; `author` is absent for some automation."""

    id: int
    author: str | None
    created: datetime
    items: tuple[Item, ...]
    history_metadata: dict[str, Any] | None = None


@dataclass(slots=True)
class Comment:
    """A comment; `body` is plain text or an ADF document."""

    id: str
    author: str
    body: str | dict[str, Any]
    created: datetime
    updated: datetime
    update_author: str
    public: bool = True
    properties: dict[str, Any] = field(default_factory=dict)
    visibility: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link seen from one end."""

    id: str
    type: str
    outward: bool
    other: str


@dataclass(slots=True)
class Issue:
    """A ticket: present values in `fields`, what led there in `entries`, oldest first."""

    id: str
    key: str
    project: str
    type: str
    status: str
    fields: dict[str, Any]
    creator: str
    created: datetime
    updated: datetime
    entries: list[Entry] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    resolved: datetime | None = None
    deleted: datetime | None = None

    def snapshot(self) -> Issue:
        """Return the issue as it is now, safe from later writes."""
        then = copy(self)
        then.fields = dict(self.fields)
        then.entries = list(self.entries)
        then.comments = [copy(comment) for comment in self.comments]
        then.properties = dict(self.properties)
        then.links = list(self.links)
        return then


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was committed: what, to which ticket, when, by whom; with its entry or its comment."""

    what: str
    issue: Issue
    moment: datetime
    actor: str | None
    entry: Entry | None = None
    comment: Comment | None = None
