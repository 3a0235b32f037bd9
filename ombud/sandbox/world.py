"""A helpdesk's state and everything that may happen to it, with no wire in sight."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from ombud.sandbox import desk
from ombud.sandbox.automations import Automations
from ombud.sandbox.changes import Printer
from ombud.sandbox.clock import SteppableClock, instant
from ombud.sandbox.index import Index
from ombud.sandbox.journal import Journal
from ombud.sandbox.records import (
    Act,
    Comment,
    Entry,
    Field,
    Issue,
    Item,
    Link,
    Person,
    Project,
    Workflow,
)

#: The end of the default horizon; a world that is told nothing else opens here.
DEFAULT_NOW = datetime(2027, 1, 8, 16, 0, tzinfo=UTC)
_TOGETHER = timedelta(seconds=1)


class World:
    """Hold people, projects and tickets, and apply every write at an instant of its own clock.

    The calls below ask for no permission and mind no screen, condition or validator: those belong to the wire.
    Before `open()` the world is being furnished: writes are not journalled and searches see them at once.
    """

    def __init__(
        self, clock: SteppableClock | None = None, *, journal: Journal | None = None
    ) -> None:
        self.clock = clock or SteppableClock(DEFAULT_NOW)
        self.lock = threading.RLock()
        self.journal = journal or Journal()
        self.index = Index()
        self.people: dict[str, Person] = {person.account_id: copy(person) for person in desk.PEOPLE}
        self.projects: dict[str, Project] = {project.key: project for project in desk.projects()}
        self.issue_types = {kind.id: kind for kind in desk.ISSUE_TYPES}
        self.statuses = {status.id: status for status in desk.STATUSES}
        self.fields: dict[str, Field] = {field.id: field for field in desk.FIELDS}
        self.workflows: dict[str, Workflow] = {workflow.id: workflow for workflow in desk.WORKFLOWS}
        self.edit_screens: dict[str, set[str]] = {
            key: set(desk.EDIT_SCREEN) for key in self.projects
        }
        self.issues: dict[str, Issue] = {}
        self.keys: dict[str, str] = {}
        self.comment_homes: dict[str, str] = {}
        self.live = False
        self.request: str | None = None
        #: Who is told of every committed write once the world is open, while its lock is held.
        self.listeners: list[Callable[[Act], None]] = []
        self.automations = Automations(self)
        #: What the helpdesk does about a write, once everybody has been told of it.
        self.reactions: list[Callable[[Act], None]] = [self.automations.react]
        self._printer = Printer(self)
        self._numbers = {"issue": 10100, "entry": 20100, "comment": 30100, "link": 40100}

    @property
    def options(self) -> dict[str, dict[str, str]]:
        """The options of every choice field: field id -> option id -> printed value."""
        return {field.id: dict(field.options) for field in self.fields.values() if field.options}

    def workflow(self, project: str) -> Workflow:
        """Return the workflow a project runs on."""
        return self.workflows[self.projects[project].workflow]

    def open(self) -> None:
        """End the furnishing: from here on writes are journalled and the index lags."""
        self.live = True

    def find(self, id_or_key: str) -> Issue | None:
        """Return a ticket that still exists, by id, by key or by a key it used to have."""
        issue = self.issues.get(self.keys.get(id_or_key.upper(), id_or_key))
        return issue if issue is not None and issue.deleted is None else None

    def create(
        self,
        project: str,
        type: str,
        fields: Mapping[str, Any],
        actor: str,
        when: datetime | None = None,
        *,
        key: str | None = None,
    ) -> Issue:
        """Create a ticket; `type` is an id or a name, `fields` may hold "status" to be born somewhere else."""
        with self.lock:
            moment = self._moment(when)
            home = self.projects[project]
            if key is None:
                key = f"{project}-{home.next_number}"
            if key in self.keys:
                message = f"{key} exists already"
                raise ValueError(message)
            home.next_number = max(home.next_number, int(key.rsplit("-", 1)[1]) + 1)
            values = {name: value for name, value in fields.items() if value is not None}
            status = str(values.pop("status", "10001"))
            values.setdefault("summary", "")
            values.setdefault("reporter", actor)
            values.setdefault("priority", "3")
            values["labels"] = sorted(set(values.get("labels", ())))
            if status in desk.RESOLVES:
                values.setdefault("resolution", desk.RESOLVES[status])
            issue = Issue(
                self._next("issue"),
                key,
                project,
                self._type_id(type),
                status,
                values,
                actor,
                moment,
                moment,
            )
            issue.resolved = moment if "resolution" in values else None
            self.issues[issue.id] = issue
            self.keys[key] = issue.id
            self._done(
                issue,
                moment,
                actor,
                "create",
                {"key": key, "fields": dict(values), "status": status},
            )
            return issue

    def edit(
        self,
        issue_id: str,
        changes: Mapping[str, Any],
        actor: str,
        when: datetime | None = None,
        *,
        to_status: str | None = None,
        history_metadata: dict[str, Any] | None = None,
        cause_author_absent: bool = False,
    ) -> Entry | None:
        """Change fields and status in one changelog entry and return it; None when nothing changed."""
        with self._writing(issue_id, when) as (issue, moment):
            values = dict(changes)
            if to_status is not None and to_status != issue.status and self.live:
                values = self.automations.on_the_way(issue, to_status, values)
            resolution = desk.RESOLVES.get(to_status or "")
            if resolution and "resolution" not in values and issue.fields.get("resolution") is None:
                values["resolution"] = resolution
            items: list[Item] = []
            for name, value in values.items():
                new = sorted(set(value)) if name == "labels" else value
                old = issue.fields.get(name)
                if (old or None) == (new or None) and not isinstance(new, int | float):
                    continue
                items.append(self._printer.field(name, old, new))
                if new is None:
                    issue.fields.pop(name, None)
                else:
                    issue.fields[name] = new
                if name == "resolution":
                    issue.resolved = moment if new is not None else None
            if to_status is not None and to_status != issue.status:
                items.append(self._printer.status(issue.status, to_status))
                issue.status = to_status
            if not items:
                return None
            author = None if cause_author_absent else actor
            entry = self._enter(issue, author, moment, items, history_metadata)
            detail = {
                "fields": values,
                "to_status": to_status,
                "entry": entry.id,
                "history_metadata": history_metadata,
            }
            what = "edit" if to_status is None else "transition"
            self._done(issue, moment, actor, what, detail, entry=entry)
            return entry

    def comment(
        self,
        issue_id: str,
        author: str,
        text: str | dict[str, Any],
        *,
        public: bool = True,
        when: datetime | None = None,
        properties: Mapping[str, Any] | None = None,
        visibility: dict[str, Any] | None = None,
    ) -> Comment:
        """Add a comment; it leaves no trace in the changelog but moves `updated`."""
        with self._writing(issue_id, when) as (issue, moment):
            stored = dict(properties or {})
            if not public:
                stored.setdefault("sd.public.comment", {"internal": True})
            made = Comment(
                self._next("comment"),
                author,
                text,
                moment,
                moment,
                author,
                public,
                stored,
                visibility,
            )
            self.comment_homes[made.id] = issue.id
            insort(issue.comments, made, key=lambda one: (one.created, int(one.id)))
            detail = {"comment": made.id, "body": text, "public": public, "properties": stored}
            self._done(issue, moment, author, "comment", detail, comment=made)
            return made

    def edit_comment(
        self,
        issue_id: str,
        comment_id: str,
        actor: str,
        text: str | dict[str, Any] | None = None,
        *,
        public: bool | None = None,
        when: datetime | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> Comment:
        """Change a comment's text, its visibility to the customer, or its properties."""
        with self._writing(issue_id, when) as (issue, moment):
            found = next(one for one in issue.comments if one.id == comment_id)
            if text is not None:
                found.body = text
            if properties is not None:
                found.properties.update(properties)
            if public is not None:
                found.public = public
                found.properties["sd.public.comment"] = {"internal": not public}
            found.updated, found.update_author = moment, actor
            self._done(
                issue,
                moment,
                actor,
                "edit comment",
                {"comment": comment_id, "body": text, "public": public},
                comment=found,
            )
            return found

    def delete_comment(
        self, issue_id: str, comment_id: str, actor: str, when: datetime | None = None
    ) -> None:
        """Take a comment away without a trace."""
        with self._writing(issue_id, when) as (issue, moment):
            gone = next((one for one in issue.comments if one.id == comment_id), None)
            issue.comments = [one for one in issue.comments if one.id != comment_id]
            detail = {"comment": comment_id}
            self._done(issue, moment, actor, "delete comment", detail, comment=gone)

    def delete(self, issue_id: str, when: datetime | None = None, actor: str | None = None) -> None:
        """Delete a ticket for good."""
        with self._writing(issue_id, when) as (issue, moment):
            issue.deleted = moment
            self._done(issue, moment, actor, "delete", {"key": issue.key})

    def move(
        self, issue_id: str, project: str, when: datetime | None = None, actor: str | None = None
    ) -> Issue:
        """Move a ticket to another project; it keeps its id, gets a new key, and its old key still finds it."""
        with self._writing(issue_id, when) as (issue, moment):
            home = self.projects[project]
            new_key = f"{project}-{home.next_number}"
            home.next_number += 1
            items = self._printer.move(issue, home, new_key)
            if issue.type not in home.issue_types:
                items.append(self._printer.issue_type(issue.type, home.issue_types[0]))
                issue.type = home.issue_types[0]
            old_key = issue.key
            issue.project, issue.key = project, new_key
            self.keys[new_key] = issue.id
            entry = self._enter(issue, actor, moment, items, None)
            detail = {"from": old_key, "to": new_key}
            self._done(issue, moment, actor, "move", detail, entry=entry)
            return issue

    def printed(self, name: str, value: Any) -> Item:
        """Return a field's first value as a changelog prints it."""
        return self._printer.field(name, None, value)

    def told(self, moment: datetime) -> datetime:
        """Return an instant as the helpdesk will tell it."""
        return moment

    def link(
        self,
        a: str,
        b: str,
        type: str = "Relates",
        when: datetime | None = None,
        actor: str | None = None,
    ) -> str:
        """Link two tickets and return the link's id."""
        with self.lock:
            number = self._next("link")
            for this, other, outward in ((a, b, True), (b, a, False)):
                with self._writing(this, when) as (issue, moment):
                    issue.links.append(Link(number, type, outward, other))
                    item = self._printer.link(type, self.issues[other].key)
                    entry = self._enter(issue, actor, moment, [item], None)
                    detail = {"link": number, "other": other, "type": type}
                    self._done(issue, moment, actor, "link", detail, entry=entry)
            return number

    def unlink(self, number: str, when: datetime | None = None, actor: str | None = None) -> None:
        """Take a link away, from both tickets."""
        with self.lock:
            for ident in [
                i.id for i in self.issues.values() if any(x.id == number for x in i.links)
            ]:
                with self._writing(ident, when) as (issue, moment):
                    gone = next(each for each in issue.links if each.id == number)
                    issue.links.remove(gone)
                    other = self.issues[gone.other].key
                    item = self._printer.unlink(gone.type, other)
                    entry = self._enter(issue, actor, moment, [item], None)
                    detail = {"link": number, "other": gone.other}
                    self._done(issue, moment, actor, "unlink", detail, entry=entry)

    def set_property(self, issue_id: str, key: str, value: Any, actor: str | None = None) -> None:
        """Set an issue property, or take it away with None; neither changelog nor `updated` tell of it."""
        with self.lock:
            issue = self._existing(issue_id)
            self.index.before(issue, lagging=self.live)
            if value is None:
                issue.properties.pop(key, None)
            else:
                issue.properties[key] = value
            self._done(issue, issue.updated, actor, "property", {"key": key, "value": value})

    def tick(self) -> None:
        """Let automations do what has become due by the clock; every request over the wire does so first."""
        with self.lock:
            self.automations.tick()

    def deactivate(self, account: str) -> None:
        """Take an account out of service; what is assigned to it stays so."""
        with self.lock:
            self.people[account].active = False

    def visible(self) -> Iterable[Issue]:
        """Return the tickets that exist, in no promised order."""
        return (issue for issue in self.issues.values() if issue.deleted is None)

    @contextmanager
    def _writing(self, issue_id: str, when: datetime | None) -> Iterator[tuple[Issue, datetime]]:
        with self.lock:
            issue = self._existing(issue_id)
            self.index.before(issue, lagging=self.live)
            yield issue, self._moment(when, issue)

    def _existing(self, issue_id: str) -> Issue:
        issue = self.find(issue_id)
        if issue is None:
            message = f"no ticket {issue_id}"
            raise KeyError(message)
        return issue

    def _enter(
        self,
        issue: Issue,
        author: str | None,
        moment: datetime,
        items: list[Item],
        metadata: dict[str, Any] | None,
    ) -> Entry:
        entry = Entry(int(self._next("entry")), author, moment, tuple(items), metadata)
        insort(issue.entries, entry, key=lambda one: (one.created, one.id))
        return entry

    def _done(
        self,
        issue: Issue,
        moment: datetime,
        actor: str | None,
        what: str,
        detail: Any,
        *,
        entry: Entry | None = None,
        comment: Comment | None = None,
    ) -> None:
        issue.updated = max(issue.updated, moment)
        now = self.clock.now()
        self.index.written(issue, now, lagging=self.live)
        if self.live:
            self.journal.append(now, actor, what, issue.id, detail, self.request)
            act = Act(what, issue, moment, actor, entry, comment)
            for tell in (*self.listeners, *self.reactions):
                tell(act)

    def _moment(self, when: datetime | None, issue: Issue | None = None) -> datetime:
        """Return when a write happens: on a standing clock one ticket's writes are a millisecond apart."""
        if when is not None:
            return instant(when)
        now = self.clock.now()
        if self.live and issue is not None and timedelta(0) <= issue.updated - now < _TOGETHER:
            return issue.updated + timedelta(milliseconds=1)
        return now

    def _next(self, kind: str) -> str:
        self._numbers[kind] += 1
        return str(self._numbers[kind])

    def _type_id(self, named: str) -> str:
        if named in self.issue_types:
            return named
        return next(kind.id for kind in self.issue_types.values() if kind.name == named)
