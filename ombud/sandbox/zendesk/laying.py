"""Lay what was written for Jira's desk into a Zendesk: the same lives, people and words, in its own ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ombud.sandbox import desk as jira
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.records import Person
from ombud.sandbox.zendesk import desk
from ombud.sandbox.zendesk.records import SYSTEM, Rule, channel, rule_via
from ombud.sandbox.zendesk.world import ZendeskWorld

#: Who acts by themselves: their deeds are a rule's.
_ROBOTS = frozenset({"automation", "app"})
_ROBOT = rule_via(Rule(39100, "Complaints desk rules", (), {}))
_FIRST_USER = 9100


@dataclass(slots=True)
class LaidTicket:
    """A ticket as those who lay it see it: its id, its name, its birth, and the fields it has by now."""

    id: str
    key: str
    created: datetime
    fields: dict[str, Any]


class _People(MutableMapping[str, Person]):
    """People by Jira's account ids, each with a user of this account."""

    def __init__(self, world: ZendeskWorld) -> None:
        self._world = world
        self._held: dict[str, Person] = {}
        self.numbers: dict[str, int] = {}

    def __getitem__(self, name: str) -> Person:
        return self._held[name]

    def __setitem__(self, name: str, person: Person) -> None:
        self._held[name] = person
        if person.role in _ROBOTS:
            self.numbers[name] = SYSTEM
            return
        if person.role == "ombud":
            self.numbers[name] = desk.ADMIN.id
            return
        number = self.numbers.setdefault(name, _FIRST_USER + len(self.numbers))
        self._world.users[number] = desk.user_of(person, number)

    def __delitem__(self, name: str) -> None:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


class Laying:
    """Take what a Jira world would take, and do the same in a Zendesk one.

    Zendesk tells whole seconds: every instant is taken at the next one, so that what comes after another still does.
    """

    def __init__(self, world: ZendeskWorld) -> None:
        self._world = world
        self.people = _People(world)
        for person in jira.PEOPLE:
            self.people[person.account_id] = person
        self.issues: dict[str, LaidTicket] = {}

    @property
    def clock(self) -> SteppableClock:
        """The world's time."""
        return self._world.clock

    def told(self, moment: datetime) -> datetime:
        """Return an instant as the helpdesk will tell it."""
        whole = moment.astimezone(UTC)
        up = timedelta(seconds=1) if whole.microsecond else timedelta()
        return whole.replace(microsecond=0) + up

    def create(
        self,
        project: str,
        issue_type: str,
        fields: Mapping[str, Any],
        actor: str,
        when: datetime | None = None,
    ) -> LaidTicket:
        """Create a ticket; its first message is the customer's, whoever took it down."""
        values = self._values(fields)
        requester = values.setdefault("requester_id", self._number(actor))
        values["ticket_form_id"] = desk.FORM.get((project, issue_type), 37003)
        values["group_id"] = desk.GROUP[0]
        body = str(fields.get("description") or fields.get("summary") or "-")
        values["comment"] = {"body": body, "public": True, "author_id": requester}
        author = self._number(actor)
        way = channel("email" if author == requester else "web")
        born = self.told(when or self.clock.now())
        made = self._world.create(values, author, born, via=_ROBOT if author == SYSTEM else way)
        laid = LaidTicket(str(made.id), f"#{made.id}", born, {"reporter": actor, **fields})
        self.issues[laid.id] = laid
        return laid

    def edit(
        self,
        issue_id: str,
        changes: Mapping[str, Any],
        actor: str,
        when: datetime | None = None,
        *,
        to_status: str | None = None,
        cause_author_absent: bool = False,
        history_metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Change fields and status together."""
        values = self._values(changes)
        if to_status is not None:
            values["custom_status_id"] = desk.STATUS.get(to_status, to_status)
        author = SYSTEM if cause_author_absent else self._number(actor)
        robot = author == SYSTEM
        self._world.update(
            int(issue_id),
            values,
            author,
            self.told(when or self.clock.now()),
            via=_ROBOT if robot else None,
            origin=_ROBOT if robot else None,
            custom=dict((history_metadata or {}).get("extraData", {})),
        )
        self.issues[issue_id].fields.update(changes)

    def comment(
        self,
        issue_id: str,
        actor: str,
        text: str,
        *,
        public: bool = True,
        when: datetime | None = None,
    ) -> None:
        """Write a comment; what a robot says to the customer is a notification."""
        author, at = self._number(actor), self.told(when or self.clock.now())
        if author == SYSTEM and public:
            values: dict[str, Any] = {"notify": {"body": text}}
        else:
            values = {"comment": {"body": text, "public": public}}
        robot = _ROBOT if author == SYSTEM else None
        self._world.update(int(issue_id), values, author, at, via=robot, origin=robot)

    def name(self, issue_id: str, key: str, actor: str, when: datetime | None = None) -> None:
        """Write down which ticket of Jira is about the same complaint."""
        at = self.told(when or self.clock.now())
        values = {"custom_fields": {desk.OTHER_FIELD: key}}
        self._world.update(int(issue_id), values, self._number(actor), at)

    def move(
        self, issue_id: str, project: str, when: datetime | None = None, actor: str | None = None
    ) -> None:
        """Give a ticket the form of another part of the desk."""
        form = next(form for (home, _), form in desk.FORM.items() if home == project)
        at = self.told(when or self.clock.now())
        self._world.update(int(issue_id), {"ticket_form_id": form}, self._number(actor), at)

    def delete(self, issue_id: str, when: datetime | None = None, actor: str | None = None) -> None:
        """Delete a ticket."""
        self._world.delete(int(issue_id), self._number(actor), self.told(when or self.clock.now()))

    def link(
        self,
        a: str,
        b: str,
        type: str = "Relates",
        when: datetime | None = None,
        actor: str | None = None,
    ) -> None:
        """Leave links out: this vendor has none of the kind."""

    def _number(self, account: str | None) -> int:
        return SYSTEM if account is None else self.people.numbers[account]

    def _values(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        held: dict[int, Any] = {}
        for name, value in fields.items():
            if name == "summary":
                values["subject"] = value
            elif name in {"assignee", "reporter"}:
                slot = "assignee_id" if name == "assignee" else "requester_id"
                values[slot] = None if value is None else self._number(value)
            elif name == "labels":
                values["add_tags"] = list(value or ())
            elif name == "priority":
                values["priority"] = desk.PRIORITY[value]
            elif name.startswith("customfield_") and desk.number_of(name) in self._world.fields:
                held[desk.number_of(name)] = self._native(desk.number_of(name), name, value)
        values["custom_fields"] = held
        return values

    def _native(self, number: int, name: str, value: Any) -> Any:
        if value is None:
            return None
        kind = self._world.fields[number].type
        if kind == "tagger":
            return desk.tag_of(name, value)
        return str(self._number(value)) if kind == "lookup" else value
