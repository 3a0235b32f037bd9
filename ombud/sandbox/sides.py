"""A helpdesk as agents see it: what they may do, and what a ticket shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.records import Person
from ombud.sandbox.seed_life import STATUS
from ombud.sandbox.world import World
from ombud.sandbox.zendesk import desk as zendesk
from ombud.sandbox.zendesk.laying import Laying
from ombud.sandbox.zendesk.world import ZendeskWorld

_TYPES = {"CMP": "10001", "SUP": "10003"}


class Side(Protocol):
    """What people do at a helpdesk, in the names and ids of Jira's desk, at the world's present."""

    def hire(self, person: Person) -> None:
        """Give somebody an account."""
        ...

    def create(self, project: str, fields: Mapping[str, Any], by: str) -> str:
        """Create a ticket and return its id."""
        ...

    def edit(self, ticket: str, fields: Mapping[str, Any], by: str, to: str | None) -> None:
        """Change fields and status together."""
        ...

    def say(self, ticket: str, by: str, text: str, *, public: bool) -> None:
        """Write a comment."""
        ...

    def writable(self, ticket: str) -> bool:
        """Tell whether the helpdesk lets people change it."""
        ...

    def is_open(self, ticket: str) -> bool:
        """Tell whether it is neither done nor solved."""
        ...

    def is_empty(self, ticket: str, field: str) -> bool:
        """Tell whether a field of it is empty."""
        ...

    def shows_note(self, ticket: str) -> bool:
        """Tell whether a note of the watching account is shown on it."""
        ...


class JiraSide:
    """A Jira world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def hire(self, person: Person) -> None:
        """Give somebody an account."""
        self.world.people.setdefault(person.account_id, person)

    def create(self, project: str, fields: Mapping[str, Any], by: str) -> str:
        """Create a ticket and return its id."""
        return self.world.create(project, _TYPES[project], fields, by).id

    def edit(self, ticket: str, fields: Mapping[str, Any], by: str, to: str | None) -> None:
        """Change fields and status together."""
        self.world.edit(ticket, fields, by, to_status=to)

    def say(self, ticket: str, by: str, text: str, *, public: bool) -> None:
        """Write a comment."""
        self.world.comment(ticket, by, text, public=public)

    def writable(self, ticket: str) -> bool:
        """Tell whether it is there."""
        return self.world.find(ticket) is not None

    def is_open(self, ticket: str) -> bool:
        """Tell whether it is not done."""
        issue = self.world.find(ticket)
        return issue is not None and self.world.statuses[issue.status].category != "done"

    def is_empty(self, ticket: str, field: str) -> bool:
        """Tell whether a field of it is empty."""
        issue = self.world.find(ticket)
        return issue is None or not issue.fields.get(field)

    def shows_note(self, ticket: str) -> bool:
        """Tell whether the API account has commented on it."""
        issue = self.world.find(ticket)
        found = [] if issue is None else issue.comments
        return any(each.author == API_ACCOUNT.account_id for each in found)


class ZendeskSide:
    """A Zendesk world."""

    def __init__(self, world: ZendeskWorld) -> None:
        self.world = world
        self.laying = Laying(world)

    def hire(self, person: Person) -> None:
        """Give somebody an account."""
        if person.account_id not in self.laying.people:
            self.laying.people[person.account_id] = person

    def create(self, project: str, fields: Mapping[str, Any], by: str) -> str:
        """Create a ticket and return its id."""
        return self.laying.create(project, _TYPES[project], fields, by).id

    def edit(self, ticket: str, fields: Mapping[str, Any], by: str, to: str | None) -> None:
        """Change fields and status together; who solves what nobody has takes it."""
        told = dict(fields)
        found = self.world.tickets[int(ticket)]
        if to == STATUS["done"] and found.assignee is None:
            told.setdefault("assignee", by)
        self.laying.edit(ticket, told, by, to_status=to)

    def say(self, ticket: str, by: str, text: str, *, public: bool) -> None:
        """Write a comment."""
        self.laying.comment(ticket, by, text, public=public)

    def writable(self, ticket: str) -> bool:
        """Tell whether it is neither closed nor deleted."""
        return self.world.tickets[int(ticket)].status not in {"closed", "deleted"}

    def is_open(self, ticket: str) -> bool:
        """Tell whether it is neither solved nor closed."""
        return self.world.tickets[int(ticket)].status not in {"solved", "closed", "deleted"}

    def is_empty(self, ticket: str, field: str) -> bool:
        """Tell whether a field of it is empty."""
        return not self.world.tickets[int(ticket)].fields.get(zendesk.number_of(field))

    def shows_note(self, ticket: str) -> bool:
        """Tell whether something stands in the field that agents cannot edit."""
        return bool(self.world.tickets[int(ticket)].fields.get(zendesk.NOTE_FIELD))


def side_of(world: World | ZendeskWorld) -> Side:
    """Return a world as agents see it."""
    return JiraSide(world) if isinstance(world, World) else ZendeskSide(world)
