"""The decision log: append-only lines of identifiers, each chained to the one before it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import func, select

from ombud.store import postgresql
from ombud.store.errors import StoreError
from ombud.store.statements import Clash, Put, Query
from ombud.store.tables import decision, meta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from ombud.model.facts import Instant
    from ombud.store.personal import Vault

#: Case, rule, occurrence, verdict, standing, action, digests.
Line: TypeAlias = "tuple[str, str, str, str, str, str, str]"

_GENESIS = "0" * 64
_SEAL = "log"
_PUT = Put(decision, Clash.refuse)
_PUT_META = Put(meta, Clash.replace)
_LAST = Query(
    select(decision.c.seq, decision.c.hash).where(
        decision.c.seq == select(func.max(decision.c.seq)).scalar_subquery()
    ),
    (),
)


def append_lines(db: Connection, vault: Vault, lines: Sequence[Line], known_at: Instant) -> None:
    """Append to the log, and seal its new end under OMBUD_KEY."""
    if not lines:
        return
    if db.dialect.name == "postgresql":
        postgresql.lock_log(db)
    seq, previous = _LAST.first(db) or (0, _GENESIS)
    rows = []
    for line in lines:
        seq += 1
        told = _chained(previous, seq, known_at, *line)
        rows.append((seq, known_at, *line, previous, told))
        previous = told
    _PUT.rows(db, rows)
    _PUT_META.rows(db, [(_SEAL, vault.seal_end(seq, previous))])


def verify_lines(db: Connection, vault: Vault) -> int:
    """Check every line against the one before it, and the last one against its seal; give their number.

    The chain shows a line that was changed, put in or taken out; the seal shows lines cut off the end,
    and a chain made anew by somebody without OMBUD_KEY.

    Raises:
        StoreError: something was changed.

    """
    previous, seq = _GENESIS, 0
    query = select(decision).order_by(decision.c.seq)
    with db.execution_options(yield_per=1000).execute(query) as rows:
        for row in rows:
            seq += 1
            number, known, *line, told_previous, told = row
            if (
                number != seq
                or told_previous != previous
                or told != _chained(previous, seq, known, *line)
            ):
                raise StoreError(
                    f"the decision log was changed at line {seq}. Restore a backup, and find out by whom"
                )
            previous = told
    seal = db.execute(select(meta.c.told).where(meta.c.name == _SEAL)).scalar()
    if seal != (vault.seal_end(seq, previous) if seq else None):
        raise StoreError(
            f"the decision log ends at line {seq}, which is not where it was left. Restore a backup, and find out by whom"
        )
    return seq


def _chained(previous: str, *parts: object) -> str:
    """Give a line's hash: over the line before it and its own parts, told apart by their lengths."""
    told = "".join([f"{len(text)}:{text}," for text in map(str, (previous, *parts))])
    return hashlib.sha256(told.encode()).hexdigest()
