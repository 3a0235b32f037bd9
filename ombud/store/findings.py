"""Findings as intervals: what changed ends one and begins another; nothing is deleted."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, or_, select, update

from ombud.model.event import Ref
from ombud.model.facts import Verdict
from ombud.store.statements import Change, Clash, Put, Query, among
from ombud.store.tables import finding, ticket
from ombud.store.values import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from ombud.model.facts import Instant
    from ombud.model.finding import Finding
    from ombud.store.log import Line
    from ombud.store.values import Settled

_SILENT: Final = frozenset({Verdict.passed, Verdict.not_applicable})
_PUT: Final = Put(finding, Clash.refuse)
_END: Final = Change(
    update(finding)
    .where(finding.c.seq == bindparam("which"))
    .values(until=bindparam("ended"), withdrawn=bindparam("why")),
    ("ended", "why", "which"),
)
_COMPARED: Final = (
    "verdict",
    "standing",
    "due",
    "stop",
    "recheck",
    "mode",
    "pack_digest",
    "reasons",
    "binding",
    "ticket",
)
_PLACES: Final = tuple(_PUT.columns.index(name) for name in _COMPARED)
_OPEN: Final = Query(
    lambda kind: select(
        finding.c.seq,
        finding.c.kase,
        finding.c.key,
        finding.c.rule,
        finding.c.occurrence,
        *(finding.c[name] for name in _COMPARED),
    ).where(among(kind, finding.c.kase, "cases"), finding.c.until.is_(None)),
    ("cases",),
)
_CHUNK: Final = 500
_CASES = Query(
    lambda kind: select(ticket.c.kase).where(among(kind, ticket.c.kase, "which")).distinct(),
    ("which",),
)


def put_findings(
    db: Connection,
    settled: Sequence[Settled],
    known_at: Instant,
    *,
    apart: frozenset[str] = frozenset(),
    changed: set[str] | None = None,
) -> list[Line]:
    """Store what changed of cases' findings; give the lines that belong into the decision log.

    A pass costs no row unless the same key was ever otherwise. Where several tickets of a page belong to
    one case, the one settled last saw the most of it and speaks for the case.

    Args:
        db: the connection.
        settled: the page.
        known_at: the present instant.
        apart: columns in which a difference alone is none.
        changed: where the cases are put whose findings changed.

    """
    kept = [(i, place) for i, place in enumerate(_PLACES) if _COMPARED[i] not in apart]
    speaking: dict[str, tuple[Settled, Sequence[Finding]]] = {}
    left = {one.former: one for one in settled if one.former is not None}
    if left:
        # Where a case still has tickets, those speak for it when they are settled.
        lived = {row[0] for row in _CASES.all(db, list(left))}
        speaking = {case: (one, ()) for case, one in left.items() if case not in lived}
    for one in settled:
        if one.state.case is not None and one.findings is not None:
            speaking[one.state.case] = (one, one.findings)
    held: dict[str, dict[str, Any]] = {}
    for row in _OPEN.all(db, list(speaking)):
        held.setdefault(row[1], {})[row[2]] = row
    ended: list[tuple[Instant, str | None, int]] = []
    begun: list[tuple[Any, ...]] = []
    lines: list[Line] = []
    for case, (one, findings) in speaking.items():
        before = held.get(case, {})
        for each in findings:
            row = before.pop(each.key, None)
            if row is None and each.verdict in _SILENT:
                continue
            told = _row(each, known_at)
            if row is not None:
                if apart and all(told[place] == row[5 + i] for i, place in kept):
                    continue
                if tuple([told[place] for place in _PLACES]) == row[5:]:
                    continue
                ended.append((known_at, None, row[0]))
            begun.append(told)
            if changed is not None:
                changed.add(case)
            stands = (told[_PLACES[0]], told[_PLACES[1]])
            if row is None or stands != row[5:7]:
                lines.append((case, each.rule, each.occurrence, *stands, one.why, one.digests))
        for row in before.values():
            why = one.withdrawn or "no longer judged"
            ended.append((known_at, why, row[0]))
            if changed is not None:
                changed.add(case)
            lines.append((case, row[3], row[4], "withdrawn", "withdrawn", why, one.digests))
    lines += [
        (one.state.case, "-", "-", "-", "-", one.why, one.digests)
        for one in settled
        if one.why in {"move_back", "insists", "budget", "refused"} and one.state.case is not None
    ]
    _END.rows(db, ended)
    _PUT.rows(db, begun)
    return lines


def read_findings(
    db: Connection,
    *,
    account: str | None = None,
    rule: str | None = None,
    verdict: Verdict | None = None,
    known_at: Instant | None = None,
) -> Iterator[Interval]:
    """Give findings as they stand, or as they stood by what was known at an instant."""
    query = select(finding).order_by(
        finding.c.kase, finding.c.rule, finding.c.occurrence, finding.c.seq
    )
    if known_at is None:
        query = query.where(finding.c.until.is_(None))
    else:
        query = query.where(
            finding.c.since <= known_at, or_(finding.c.until.is_(None), finding.c.until > known_at)
        )
    for column, wanted in (
        (finding.c.account, account),
        (finding.c.rule, rule),
        (finding.c.verdict, verdict),
    ):
        if wanted is not None:
            query = query.where(column == str(wanted))
    with db.execution_options(yield_per=_CHUNK).execute(query) as rows:
        for row in rows:
            yield Interval(
                key=row.key,
                rule=row.rule,
                case=row.kase,
                ref=Ref(row.account, row.vendor, row.ticket),
                binding=row.binding,
                occurrence=row.occurrence,
                entered=row.entered,
                verdict=Verdict(row.verdict),
                standing=Verdict(row.standing),
                severity=row.severity,
                due=row.due,
                reasons=tuple(json.loads(row.reasons)),
                mode=row.mode,
                pack_digest=row.pack_digest,
                since=row.since,
                until=row.until,
                withdrawn=row.withdrawn,
            )


@lru_cache(4096)
def _reasons_text(reasons: tuple[str, ...]) -> str:
    """Write reasons; the same few come again and again."""
    return json.dumps(reasons, ensure_ascii=False)


def _row(each: Finding, known_at: Instant) -> tuple[Any, ...]:
    """Write a finding as a row of `finding`, in the order of its columns."""
    ref = each.ref
    return (
        each.key,
        each.rule,
        each.case,
        ref.account,
        ref.vendor,
        ref.id,
        each.binding,
        each.occurrence,
        each.entered,
        str(each.verdict),
        str(each.standing),
        each.severity,
        each.due,
        each.stop,
        each.recheck,
        _reasons_text(each.reasons),
        each.mode,
        each.pack,
        each.pack_digest,
        known_at,
        None,
        None,
    )
