"""Settle tickets: read, append, fold, judge, decide, plan. A webhook is a nightly sync of one ticket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ombud.model.connector import Gone
from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, MINUTE
from ombud.model.scope import Decision
from ombud.store import Settled, TicketState
from policies.waiver import waive
from sync.decide import ACCOUNT_SPAN, decide
from sync.findings import find, scope_left
from sync.ingest import Privacy, ingest
from sync.reconcile import key_of, plan, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.connector import Connector, Reading, Seen
    from ombud.model.event import Event, Ref
    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Finding
    from ombud.model.mark import Plan
    from ombud.store import Store
    from policies.waiver import Waiver
    from sync.binding import Bound

#: Waits before a ticket that could not be read or judged is tried again, by number of failures.
_BACK_OFF = (0, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY)


@dataclass(slots=True)
class Tally:
    """Count what a settle did, for reports and progress."""

    seen: int = 0
    unchanged: int = 0
    read: int = 0
    complaints: int = 0
    undecided: int = 0
    outside: int = 0
    unreadable: int = 0
    quarantined: int = 0
    planned: int = 0
    findings: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, findings: Iterable[Finding]) -> None:
        """Count verdicts per rule."""
        for finding in findings:
            rule = self.findings.setdefault(finding.rule, {})
            rule[finding.verdict.value] = rule.get(finding.verdict.value, 0) + 1


@dataclass(frozen=True, slots=True)
class Settling:
    """Hold what settling one account's tickets under one binding takes.

    Attributes:
        bound: the binding.
        connector: the account's connector.
        store: the database.
        privacy: pseudonyms for persons and words.
        waivers: those in force.
        acting: whether plans may be made at all; after a restore everything is only observed.

    """

    bound: Bound
    connector: Connector
    store: Store
    privacy: Privacy
    waivers: Sequence[Waiver]
    acting: bool


def settle(  # noqa: PLR0913 (each is a different thing)
    at: Settling,
    seen: Sequence[Seen],
    *,
    now: Instant,
    block_from: Instant,
    epoch: int,
    cursor: str | None = None,
    tally: Tally,
) -> None:
    """Settle a page of tickets in one transaction, its cursor with it; no network call inside.

    Args:
        at: binding, connector, store.
        seen: the page.
        now: the present instant.
        block_from: transitions before it are flagged and not moved back.
        epoch: fencing epoch of the lease held.
        cursor: where the sweep stands after this page.
        tally: counts to add to.

    """
    tally.seen += len(seen)
    states = at.store.states([each.ref for each in seen])
    wanted: list[Seen] = []
    outside: list[TicketState] = []
    for each in seen:
        state = states.get(each.ref)
        decision = at.bound.scope.decide(each.facets)
        if decision is not Decision.complaint and (state is None or state.decision is not Decision.complaint):
            _count_outside(tally, decision)
            if state is None or state.decision is not decision or state.revision != each.revision:
                outside.append(TicketState.outside(each, decision, at.bound.name))
        elif state is not None and state.rests(each.revision, at.bound.digest, now):
            tally.unchanged += 1
            tally.complaints += 1
        else:
            wanted.append(each)
    readings = list(at.connector.read(wanted, at.bound.schema)) if wanted else []
    known = at.store.events([each.ref for each in wanted if each.ref in states])
    moves = at.store.moves_since(at.bound.account, now - ACCOUNT_SPAN)
    settled: list[Settled] = []
    for reading in readings:
        one = _settle_one(
            at, reading, known, states.get(reading.ref), now=now, block_from=block_from, moves=moves, tally=tally
        )
        settled.append(one)
        if one.plan is not None and one.plan.move_back is not None:
            moves += 1
    with at.store.begin(at.bound.account, epoch) as tx:
        tx.put_tickets(outside)
        tx.put_settled(settled, known_at=now)
        if cursor is not None:
            tx.set_cursor(at.bound.account, at.bound.name, cursor)


def _count_outside(tally: Tally, decision: Decision) -> None:
    if decision is Decision.undecided:
        tally.undecided += 1
    else:
        tally.outside += 1
