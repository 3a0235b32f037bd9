"""Problem tickets that complaints stem from: which complaints, and at which revision each problem was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Index, Table, bindparam, delete, exists, select, update

from ombud.model.event import Ref
from ombud.store.statements import Change, Clash, Put
from ombud.store.tables import String, metadata, ticket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

#: From a complaint to the problem it stems from.
problem: Final = Table(
    "problem",
    metadata,
    Column("account", String, primary_key=True),
    Column("ticket", String, primary_key=True),
    Column("stem", String, primary_key=True),
    Column("vendor", String, nullable=False),
    #: The problem's, when it was read last.
    Column("revision", String, nullable=False),
    Index("problem_stem", "account", "stem"),
    sqlite_with_rowid=False,
)
_PUT: Final = Put(problem, Clash.replace)
_DROP: Final = Change(
    delete(problem).where(
        problem.c.account == bindparam("of"), problem.c.ticket == bindparam("which")
    ),
    ("of", "which"),
)
_AT_ONCE: Final = 0


def stems(db: Connection, account: str) -> dict[Ref, str]:
    """Give the problems that complaints of an account stem from, each with its revision when it was read last."""
    query = select(problem.c.vendor, problem.c.stem, problem.c.revision).where(
        problem.c.account == account
    )
    return {Ref(account, row.vendor, row.stem): row.revision for row in db.execute(query)}


def put_stems(db: Connection, ref: Ref, told: Iterable[tuple[Ref, str]]) -> None:
    """Keep which problems a complaint stems from, in place of those kept before, each with its revision."""
    _DROP.rows(db, [(ref.account, ref.id)])
    _PUT.rows(db, [(ref.account, ref.id, stem.id, ref.vendor, revision) for stem, revision in told])


def stem_changed(db: Connection, stem: Ref, revision: str) -> None:
    """Note that a problem was read at a revision; what stems from it is settled afresh at once."""
    of = (problem.c.account == stem.account) & (problem.c.stem == stem.id)
    its = exists().where(
        of, problem.c.account == ticket.c.account, problem.c.ticket == ticket.c.ticket
    )
    db.execute(update(ticket).where(its).values(settled=None, recheck=_AT_ONCE))
    db.execute(update(problem).where(of).values(revision=revision))
