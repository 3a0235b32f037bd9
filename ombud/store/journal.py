"""What the decision log says: of one case, and page by page, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, func, select

from ombud.store.statements import Query
from ombud.store.tables import decision

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ombud.model.facts import Instant

_EVER: Final = 2**62
#: Lines that are looked through for what can be chosen from.
_LATELY: Final = 20_000


class Logged(NamedTuple):
    """Hold one line of the decision log, with its number and the hash it is chained by."""

    seq: int
    known: Instant
    rule: str
    occurrence: str
    verdict: str
    standing: str
    action: str
    digests: str
    hash: str


_OF: Final = Query(
    select(*(decision.c[name] for name in Logged._fields))
    .where(decision.c.kase == bindparam("which"), decision.c.known <= bindparam("by"))
    .order_by(decision.c.seq),
    ("which", "by"),
)


def logged(db: Connection, case: str, known_by: Instant | None = None) -> list[Logged]:
    """Give the lines about a case, the oldest first; those only that were written by an instant."""
    return [Logged(*row) for row in _OF.all(db, case, _EVER if known_by is None else known_by)]


class Entry(NamedTuple):
    """Hold one line of the decision log with the case it is about; "-" where it is about none."""

    seq: int
    known: Instant
    kase: str
    rule: str
    occurrence: str
    verdict: str
    standing: str
    action: str
    digests: str
    previous: str
    hash: str


def entries(
    db: Connection,
    *,
    case: str | None = None,
    rule: str | None = None,
    action: str | None = None,
    begin: Instant | None = None,
    end: Instant | None = None,
    below: int | None = None,
    most: int,
) -> list[Entry]:
    """Give lines of the log, the newest first.

    Args:
        db: the connection.
        case: only those about this case.
        rule: only those about this rule.
        action: only those that say this was done.
        begin: only those written at or after this instant.
        end: only those written before this one.
        below: only those with a lower number, for the next page.
        most: how many.

    """
    query = select(*(decision.c[name] for name in Entry._fields))
    for column, wanted in (
        (decision.c.kase, case),
        (decision.c.rule, rule),
        (decision.c.action, action),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if begin is not None:
        query = query.where(decision.c.known >= begin)
    if end is not None:
        query = query.where(decision.c.known < end)
    if below is not None:
        query = query.where(decision.c.seq < below)
    query = query.order_by(decision.c.seq.desc()).limit(most)
    return [Entry(*row) for row in db.execute(query)]


def log_words(db: Connection) -> tuple[int, list[str]]:
    """Give the number of lines, and what the last of them say was done, by name."""
    lines = db.execute(select(func.max(decision.c.seq))).scalar() or 0
    query = select(decision.c.action).where(decision.c.seq > lines - _LATELY).distinct()
    return lines, sorted(db.execute(query).scalars())
