"""What the decision log says of one case, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, select

from ombud.store.statements import Query
from ombud.store.tables import decision

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ombud.model.facts import Instant

_EVER: Final = 2**62


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
