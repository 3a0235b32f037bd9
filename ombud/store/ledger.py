"""How complete what is stored of a binding is, and how late it came: what a census counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import case, func, select

from ombud.model.connector import Gone
from ombud.model.event import Cause, Kind
from ombud.model.scope import Decision
from ombud.store.tables import event, ticket
from ombud.store.values import QUARANTINE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ombud.model.facts import Instant

#: What no helpdesk recorded: we saw it, or another ticket lent it.
_OURS: Final = (Kind.observed.value, Kind.lent.value)
_COMPLAINT: Final = Decision.complaint.value
_ENDED: Final = (Gone.deleted.value, Gone.merged.value)


class Standing(NamedTuple):
    """Count how the complaints of a binding stand with us.

    Attributes:
        read: read, and judged as they stood when they were read.
        missing: known, but not shown any more: deleted or hidden, the vendor answers both the same.
        unreadable: shown, but the last reading failed.
        quarantined: failed so often that they are tried only now and then.
        unread: shown, and not read yet.
        deleted: deleted by the vendor's own word.
        merged: merged into another.
        left: no complaints any more: moved to where the scope does not reach, or sorted otherwise.

    """

    read: int = 0
    missing: int = 0
    unreadable: int = 0
    quarantined: int = 0
    unread: int = 0
    deleted: int = 0
    merged: int = 0
    left: int = 0

    @property
    def expected(self) -> int:
        """Give how many there are, so far as anybody told us."""
        return self.read + self.missing + self.unreadable + self.quarantined + self.unread


def count_standing(db: Connection, account: str, binding: str) -> Standing:
    """Count how the complaints of a binding stand."""
    failed = case((ticket.c.failures >= QUARANTINE, 2), (ticket.c.failures > 0, 1), else_=0)
    known = ticket.c.kase.is_not(None)
    columns = (ticket.c.decision, ticket.c.gone, failed.label("failed"), known.label("known"))
    query = (
        select(*columns, func.count())
        .where(ticket.c.account == account, ticket.c.binding == binding)
        .group_by(*columns)
    )
    found: dict[str, int] = {}
    for decided, gone, failures, cased, count in db.execute(query):
        name = _name(decided, gone, failures, known=bool(cased))
        if name is not None:
            found[name] = found.get(name, 0) + count
    return Standing(**found)


def _name(decided: str, gone: str | None, failures: int, *, known: bool) -> str | None:
    if not known and decided != _COMPLAINT:
        return None
    if gone in _ENDED:
        return gone
    if decided != _COMPLAINT:
        return "left"
    if gone is not None:
        return "missing"
    if failures:
        return "quarantined" if failures == 2 else "unreadable"
    return "read" if known else "unread"


class Lacking(NamedTuple):
    """Name a complaint that we know of and cannot read as it stands.

    Attributes:
        ticket: its id.
        key: what people call it.
        url: where people open it.
        binding: its binding.
        case: its case; `None` where it was never read.
        state: missing, unreadable, quarantined or unread.
        trouble: what failed last.

    """

    ticket: str
    key: str
    url: str
    binding: str
    case: str | None
    state: str
    trouble: str


def list_lacking(db: Connection, account: str, most: int) -> list[Lacking]:
    """Give the complaints of an account that are not read as they stand, by key, at most so many."""
    query = (
        select(ticket)
        .where(
            ticket.c.account == account,
            ticket.c.decision == _COMPLAINT,
            ticket.c.gone.is_(None) | ticket.c.gone.not_in(_ENDED),
            ticket.c.gone.is_not(None) | (ticket.c.failures > 0) | ticket.c.kase.is_(None),
        )
        .order_by(ticket.c.key)
        .limit(most)
    )
    found = []
    for row in db.execute(query):
        failed = 2 if row.failures >= QUARANTINE else int(row.failures > 0)
        state = _name(row.decision, row.gone, failed, known=row.kase is not None)
        told = (row.ticket, row.key, row.url, row.binding, row.kase, state or "", row.trouble or "")
        found.append(Lacking(*told))
    return found


def count_hidden(db: Connection, account: str, binding: str) -> dict[str, tuple[int, int]]:
    """Count by project, where keys name one ("CMP-12"), how many complaints are not shown any more, and how many there are."""
    query = select(ticket.c.key, ticket.c.gone).where(
        ticket.c.account == account,
        ticket.c.binding == binding,
        ticket.c.decision == _COMPLAINT,
        ticket.c.kase.is_not(None),
        ticket.c.gone.is_(None) | ticket.c.gone.not_in(_ENDED),
    )
    found: dict[str, tuple[int, int]] = {}
    for key, gone in db.execution_options(yield_per=1_000).execute(query):
        project = key.rpartition("-")[0]
        hidden, there = found.get(project, (0, 0))
        found[project] = (hidden + (gone is not None), there + 1)
    return found


def longest_lag(
    db: Connection, account: str, begin: Instant, end: Instant, binding: str | None = None
) -> int | None:
    """Give the longest time from a change within a span to our knowing it, in microseconds; `None` where nothing changed.

    Our own changes are none. Of a ticket that was new to us the last change counts: those before may be from when it
    was no complaint. A helpdesk whose clock is ahead makes no lag less than none.
    """
    batch = (
        select(
            event.c.ticket,
            event.c.known,
            func.min(event.c.recorded).label("oldest"),
            func.max(event.c.recorded).label("newest"),
        )
        .where(
            event.c.account == account,
            event.c.recorded >= begin,
            event.c.recorded < end,
            event.c.kind.not_in(_OURS),
            event.c.cause != Cause.ourselves.value,
        )
        .group_by(event.c.ticket, event.c.known)
    )
    if binding is not None:
        batch = batch.join(
            ticket, (ticket.c.account == event.c.account) & (ticket.c.ticket == event.c.ticket)
        ).where(ticket.c.binding == binding)
    told = batch.subquery()
    first = (
        select(event.c.ticket, func.min(event.c.known).label("met"))
        .where(event.c.account == account)
        .group_by(event.c.ticket)
        .subquery()
    )
    since = case((told.c.known == first.c.met, told.c.newest), else_=told.c.oldest)
    query = select(func.max(told.c.known - since)).join_from(
        told, first, told.c.ticket == first.c.ticket
    )
    longest = db.execute(query).scalar()
    return None if longest is None else max(0, int(longest))
