"""What lives are laid into: a helpdesk of any vendor, told in the words and ids of Jira's desk."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sized
from datetime import datetime
from typing import Any, Protocol

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.records import Person


class Ticket(Protocol):
    """A ticket that was laid."""

    @property
    def id(self) -> str:
        """Return the vendor's id."""
        ...

    @property
    def key(self) -> str:
        """Return what people call it."""
        ...

    @property
    def created(self) -> datetime:
        """Return when it was created."""
        ...

    @property
    def fields(self) -> dict[str, Any]:
        """Return its fields by the names of Jira's desk."""
        ...


class Bed(Protocol):
    """A helpdesk that lives are laid into: a Jira world, or another vendor's that does the same in its own way."""

    @property
    def clock(self) -> SteppableClock:
        """Return the world's clock."""
        ...

    @property
    def people(self) -> MutableMapping[str, Person]:
        """Return people by account."""
        ...

    @property
    def issues(self) -> Sized:
        """Return the tickets there are."""
        ...

    def told(self, moment: datetime) -> datetime:
        """Return an instant as the helpdesk will tell it."""
        ...

    def create(
        self,
        project: str,
        issue_type: str,
        fields: Mapping[str, Any],
        actor: str,
        when: datetime | None = None,
    ) -> Ticket:
        """Create a ticket."""
        ...

    def edit(
        self,
        issue_id: str,
        changes: Mapping[str, Any],
        actor: str,
        when: datetime | None = None,
        *,
        to_status: str | None = None,
        cause_author_absent: bool = False,
    ) -> object:
        """Change fields and status together."""
        ...

    def comment(
        self,
        issue_id: str,
        actor: str,
        text: str,
        *,
        public: bool = True,
        when: datetime | None = None,
    ) -> object:
        """Write a comment."""
        ...

    def move(
        self, issue_id: str, project: str, when: datetime | None = None, actor: str | None = None
    ) -> object:
        """Give a ticket to another part of the desk."""
        ...

    def delete(
        self, issue_id: str, when: datetime | None = None, actor: str | None = None
    ) -> object:
        """Delete a ticket."""
        ...

    def link(
        self,
        a: str,
        b: str,
        type: str = "Relates",
        when: datetime | None = None,
        actor: str | None = None,
    ) -> object:
        """Link two tickets."""
        ...
