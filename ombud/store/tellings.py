"""Where people were told of notices, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, func, select, update

from ombud.model.event import Ref
from ombud.store.live_tables import notice, telling
from ombud.store.statements import Change, Clash, Put, Query, among
from ombud.store.tables import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Select

    from ombud.model.facts import Instant

_PUT: Final = Put(telling, Clash.keep)
_DONE: Final = Change(
    update(notice).where(notice.c.seq == bindparam("which")).values(sent=bindparam("now")),
    ("now", "which"),
)
_LATER: Final = Change(
    update(notice)
    .where(notice.c.seq == bindparam("which"), notice.c.sent.is_(None))
    .values(next_try=bindparam("then")),
    ("then", "which"),
)
_STANDING: Final = Query(
    lambda kind: select(finding.c.key, finding.c.standing, finding.c.due).where(
        among(kind, finding.c.kase, "cases"), finding.c.until.is_(None)
    ),
    ("cases",),
)
_KNOWN: Final = Query(
    lambda kind: select(notice.c.key).where(among(kind, notice.c.key, "keys")), ("keys",)
)
_CHUNK: Final = 500


class Notice(NamedTuple):
    """Hold something that people are to be told, once.

    Attributes:
        key: names the occasion; a second notice of the same key is none.
        kind: "breach", "warning", "block", "insists", "blindness", "breaker", "hook".
        ref: the ticket; of an account's own notices the id is "".
        binding: the binding, or "".
        rule: the rule, or "".
        severity: major, minor, observation, or "".
        due: the deadline's due instant.
        made: when there was something to tell.
        told: JSON for the message: ticket key, address, sentences; no personal data.
        seq: number in the database; 0 before it is stored.
        tries: times it was tried in vain.

    """

    key: str
    kind: str
    ref: Ref
    binding: str
    rule: str
    severity: str
    due: Instant | None
    made: Instant
    told: str
    seq: int = 0
    tries: int = 0


class Telling(NamedTuple):
    """Say that people were told of a notice.

    Attributes:
        notice: its number.
        channel: where, by its name in ombud.toml.
        sent: when it went.
        message: the name of the message that it stood in.

    """

    notice: int
    channel: str
    sent: Instant
    message: str


def notices_of(db: Connection, query: Select[Any]) -> list[Notice]:
    """Read notices."""
    return [
        Notice(
            row.key,
            row.kind,
            Ref(row.account, row.vendor, row.ticket),
            row.binding,
            row.rule,
            row.severity,
            row.due,
            row.made,
            row.told,
            row.seq,
            row.tries,
        )
        for row in db.execute(query)
    ]


def tellings_of(db: Connection, seqs: Sequence[int]) -> list[Telling]:
    """Give where people were told of some notices."""
    return [
        Telling(*row)
        for part in _parts(seqs)
        for row in db.execute(select(telling).where(telling.c.notice.in_(part)))
    ]


def put_tellings(
    db: Connection, told: Sequence[Telling], done: Sequence[int], now: Instant
) -> None:
    """Keep where people were told of notices, and which are done with."""
    _PUT.rows(db, [tuple(each) for each in told])
    _DONE.rows(db, [(now, seq) for seq in done])


def put_off(db: Connection, later: Sequence[tuple[int, Instant]]) -> None:
    """Have notices looked at again at an instant each, not before."""
    _LATER.rows(db, [(then, seq) for seq, then in later])


def next_telling(db: Connection) -> Instant | None:
    """Give when the next notice that waits is to be looked at; 0 for at once."""
    told = func.min(func.coalesce(notice.c.next_try, 0))
    return db.execute(select(told).where(notice.c.sent.is_(None))).scalar()


def stands_of(db: Connection, cases: Sequence[str]) -> dict[str, tuple[str, Instant | None]]:
    """Give how the findings of some cases stand by what is stored, and when each is due."""
    return {key: (standing, due) for key, standing, due in _STANDING.all(db, sorted(set(cases)))}


def blocking(db: Connection, ref: Ref, transition: str) -> list[tuple[str, str, str]]:
    """Give binding, rule and severity of each failure that asks for a way back from a transition."""
    query = select(finding.c.binding, finding.c.rule, finding.c.severity).where(
        finding.c.account == ref.account,
        finding.c.ticket == ref.id,
        finding.c.occurrence == transition,
        finding.c.verdict == "fail",
        finding.c.mode == "block",
        finding.c.until.is_(None),
    )
    return [(row.binding, row.rule, row.severity) for row in db.execute(query)]


def known_notices(db: Connection, keys: Sequence[str]) -> set[str]:
    """Give which notices are known already, by their keys."""
    return {row[0] for row in _KNOWN.all(db, list(keys))}


def _parts(seqs: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(seqs), _CHUNK):
        yield seqs[start : start + _CHUNK]
