"""What people decide, as rows, and the transaction that keeps it: no lease, for no helpdesk is touched.

Every act is a line of the decision log as well, in the same transaction: its identifier, who did it (keyed), and
a digest of its row, so that a row changed behind the log's back shows.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from sqlalchemy import bindparam, delete, exists, func, or_, select, update

from ombud.model.event import Ref, digest
from ombud.store.act_tables import (
    dispute,
    explanation,
    force,
    moved,
    review,
    rollout,
    run,
    switch,
    waiver,
    word,
)
from ombud.store.log import append_lines
from ombud.store.postgresql import lock_log
from ombud.store.statements import Clash, Put, Query
from ombud.store.tables import finding, outbox, ticket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select, Table

    from ombud.model.facts import Instant
    from ombud.store.personal import Vault

#: Stands in the decision log where an act is about no single case, rule or occurrence.
NOTHING: Final = "-"
_AT_ONCE: Final = 0


class WaiverRow(NamedTuple):
    """Hold a waiver as kept; its fields are the columns of `waiver`."""

    id: str
    binding: str
    rule: str
    case: str | None
    predicate: str | None
    why: str
    requested_by: str
    requested_name: str | None
    requested: Instant
    until: Instant
    approved_by: str | None = None
    approved_name: str | None = None
    approved: Instant | None = None
    ended_by: str | None = None
    ended_name: str | None = None
    ended: Instant | None = None
    ended_why: str | None = None
    event: str | None = None


class ExplanationRow(NamedTuple):
    """Hold an explanation as kept; its fields are the columns of `explanation`."""

    id: str
    binding: str
    rule: str
    case: str
    why: str
    told_by: str
    told_name: str | None
    told: Instant
    event: str | None = None


class DisputeRow(NamedTuple):
    """Hold a dispute as kept; its fields are the columns of `dispute`."""

    id: str
    binding: str
    rule: str
    case: str
    why: str
    disputed_by: str
    disputed_name: str | None
    disputed: Instant
    event: str | None = None
    outcome: str | None = None
    decided_by: str | None = None
    decided_name: str | None = None
    decided: Instant | None = None
    decided_why: str | None = None


class StepRow(NamedTuple):
    """Hold a step of a rollout as kept; its fields are the columns of `rollout`, its number left out."""

    binding: str
    rule: str
    mode: str
    former: str
    since: Instant
    approved_by: str | None
    approved_name: str | None
    why: str
    gates: str = "[]"
    despite: str | None = None
    backtest: str | None = None
    backtest_digest: str | None = None


class ReviewRow(NamedTuple):
    """Hold a reviewed sample as kept; its fields are the columns of `review`, its number left out."""

    binding: str
    rule: str
    reviewed: Instant
    sample: int
    mistaken: int
    reviewed_by: str
    reviewed_name: str | None


class StopRow(NamedTuple):
    """Hold a stop of a helpdesk as kept; its fields are the columns of `switch`."""

    id: str
    account: str
    stopped_by: str
    stopped_name: str | None
    stopped: Instant
    stopped_why: str
    resumed_by: str | None = None
    resumed_name: str | None = None
    resumed: Instant | None = None
    resumed_why: str | None = None


class ForceRow(NamedTuple):
    """Hold what was put in force as kept; its fields are the columns of `force`, its number left out."""

    binding: str
    digest: str
    content: str
    since: Instant
    approved_by: str | None
    approved_name: str | None
    why: str


class RunRow(NamedTuple):
    """Hold a run as kept; its fields are the columns of `run`."""

    id: str
    binding: str
    label: str
    begun: Instant
    ended: Instant | None = None
    reads: bool = False
    cursor: str | None = None
    counts: str = "{}"


class WordRow(NamedTuple):
    """Hold an agent's word as kept; its fields are the columns of `word`."""

    account: str
    ticket: str
    event: str
    vendor: str
    verb: str
    argument: str | None
    actor: str | None
    happened: Instant
    state: str
    answer: str


Row = TypeVar("Row", bound=tuple[Any, ...])

_TABLES: Final[Mapping[type, Table]] = {
    WaiverRow: waiver,
    ExplanationRow: explanation,
    DisputeRow: dispute,
    StepRow: rollout,
    ReviewRow: review,
    StopRow: switch,
    ForceRow: force,
    RunRow: run,
    WordRow: word,
}
#: Rows that are written once and never again.
_ONCE: Final = frozenset({ExplanationRow, StepRow, ReviewRow, ForceRow})
_PUTS: Final = {
    of: Put(table, Clash.refuse if of in _ONCE else Clash.replace) for of, table in _TABLES.items()
}
_PUT_MOVED: Final = Put(moved, Clash.refuse)
#: Asked before every write to a helpdesk.
_STOPPED: Final = Query(
    select(*switch.c)
    .where(switch.c.account == bindparam("of"), switch.c.resumed.is_(None))
    .order_by(switch.c.stopped),
    ("of",),
)


def name_of(*parts: object) -> str:
    """Give a short name that people can type, the same for the same parts."""
    return digest(*map(str, parts))[:10]


def stop_of(db: Connection, account: str) -> StopRow | None:
    """Give the stop that an account is under now."""
    row = _STOPPED.first(db, account)
    return None if row is None else StopRow(*row)


def blame(
    db: Connection, ref: Ref, transition: str, done: Instant | None = None
) -> list[tuple[str, str]]:
    """Give the binding and rule of each failure that asks for a way back from a transition; with `done`, note them."""
    query = select(finding.c.binding, finding.c.rule).where(
        finding.c.account == ref.account,
        finding.c.ticket == ref.id,
        finding.c.occurrence == transition,
        finding.c.verdict == "fail",
        finding.c.mode == "block",
        finding.c.until.is_(None),
    )
    found = [(row.binding, row.rule) for row in db.execute(query)]
    if done is not None:
        _PUT_MOVED.rows(db, [(ref.account, ref.id, *each, done) for each in found])
    return found


class Acts:
    """Read and keep what people decide, over one connection: everything or nothing where it writes."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """Work over a connection; one that only reads must not be written to."""
        self._db = connection
        self._vault = vault

    def in_turn(self) -> None:
        """Keep others from acting until the transaction ends, so that what is read here is what is acted on."""
        if self._db.dialect.name == "postgresql":
            lock_log(self._db)

    def one_mailbox(self, case: str | None, one: str, other: str) -> bool:
        """Tell whether two keyed identifiers have the same e-mail address among a case's persons."""
        people = {} if case is None else self._vault.recall(self._db, case)
        mails = [people.get(who, {}).get("email", "").strip().lower() for who in (one, other)]
        return bool(mails[0]) and mails[0] == mails[1]

    def put(self, row: tuple[Any, ...]) -> None:
        """Keep a row, in place of the one with its key."""
        _PUTS[type(row)].rows(self._db, [row])

    def log(
        self,
        act: str,
        of: str,
        row: tuple[Any, ...],
        *,
        by: str | None,
        known_at: Instant,
        case: str | None = None,
        rule: str | None = None,
    ) -> None:
        """Write an act into the decision log: identifiers, and a digest of what was kept."""
        told = {"by": by or "ombud", "row": fingerprint(row)}
        line = (case or NOTHING, rule or NOTHING, of, NOTHING, NOTHING, act, json.dumps(told))
        append_lines(self._db, self._vault, [line], known_at)

    def waivers(self, binding: str | None = None) -> list[WaiverRow]:
        """Give every waiver ever asked for, the oldest first."""
        query = select(*waiver.c).order_by(waiver.c.requested, waiver.c.id)
        return self._rows(WaiverRow, _of(query, waiver.c.binding, binding))

    def waiver(self, name: str) -> WaiverRow | None:
        """Give one waiver."""
        return self._one(WaiverRow, select(*waiver.c).where(waiver.c.id == name))

    def explanations(
        self, *, case: str | None = None, binding: str | None = None
    ) -> list[ExplanationRow]:
        """Give explanations, the oldest first."""
        query = select(*explanation.c).order_by(explanation.c.told, explanation.c.id)
        query = _of(query, explanation.c.kase, case)
        return self._rows(ExplanationRow, _of(query, explanation.c.binding, binding))

    def disputes(
        self, *, binding: str | None = None, case: str | None = None, rule: str | None = None
    ) -> list[DisputeRow]:
        """Give disputes, the oldest first."""
        query = select(*dispute.c).order_by(dispute.c.disputed, dispute.c.id)
        for column, wanted in (
            (dispute.c.binding, binding),
            (dispute.c.kase, case),
            (dispute.c.rule, rule),
        ):
            query = _of(query, column, wanted)
        return self._rows(DisputeRow, query)

    def dispute(self, name: str) -> DisputeRow | None:
        """Give one dispute."""
        return self._one(DisputeRow, select(*dispute.c).where(dispute.c.id == name))

    def steps(self, binding: str | None = None, rule: str | None = None) -> list[StepRow]:
        """Give the steps of rollouts, the oldest first."""
        query = select(*_numberless(rollout)).order_by(rollout.c.seq)
        query = _of(query, rollout.c.binding, binding)
        return self._rows(StepRow, _of(query, rollout.c.rule, rule))

    def reviews(self, binding: str | None = None, rule: str | None = None) -> list[ReviewRow]:
        """Give the samples that were reviewed, the oldest first."""
        query = select(*_numberless(review)).order_by(review.c.seq)
        query = _of(query, review.c.binding, binding)
        return self._rows(ReviewRow, _of(query, review.c.rule, rule))

    def stops(self) -> list[StopRow]:
        """Give every stop of a helpdesk, the oldest first."""
        return self._rows(StopRow, select(*switch.c).order_by(switch.c.stopped, switch.c.id))

    def stopped(self, account: str) -> StopRow | None:
        """Give the stop that an account is under now."""
        return stop_of(self._db, account)

    def in_force(self, binding: str, *, by: Instant | None = None) -> ForceRow | None:
        """Give what is in force for a binding, or was at an instant; `None` before its first sync."""
        query = select(*_numberless(force)).where(force.c.binding == binding)
        if by is not None:
            query = query.where(force.c.since <= by)
        return self._one(ForceRow, query.order_by(force.c.seq.desc()).limit(1))

    def runs(self, binding: str | None = None) -> list[RunRow]:
        """Give the runs, the oldest first."""
        query = select(*run.c).order_by(run.c.begun, run.c.id)
        return [
            each._replace(reads=bool(each.reads))
            for each in self._rows(RunRow, _of(query, run.c.binding, binding))
        ]

    def word(self, ref: Ref, event: str) -> WordRow | None:
        """Give a word that was carried out."""
        query = select(*word.c).where(
            word.c.account == ref.account, word.c.ticket == ref.id, word.c.event == event
        )
        return self._one(WordRow, query)

    def moved(self, binding: str, since: Instant) -> list[tuple[str, Instant]]:
        """Give the move-backs in place since an instant: the rule that asked for one, and when it was done."""
        query = select(moved.c.rule, moved.c.done).where(
            moved.c.binding == binding, moved.c.done > since
        )
        return [(row.rule, row.done) for row in self._db.execute(query)]

    def open_findings(self, binding: str) -> dict[str, int]:
        """Count the failures that stand, by rule."""
        query = (
            select(finding.c.rule, func.count())
            .where(
                finding.c.binding == binding,
                finding.c.standing == "fail",
                finding.c.until.is_(None),
            )
            .group_by(finding.c.rule)
        )
        return {rule: int(number) for rule, number in self._db.execute(query)}

    def readable(self, binding: str) -> tuple[int, int]:
        """Count a binding's complaints whose tickets can be read and whose history is complete, and all of them."""
        of = (ticket.c.binding == binding) & ticket.c.kase.is_not(None)
        whole = of & ticket.c.complete & (ticket.c.failures == 0) & ticket.c.gone.is_(None)
        there = of & or_(ticket.c.gone.is_(None), ticket.c.gone == "unreachable")
        counted = [
            int(self._db.execute(select(func.count()).select_from(ticket).where(each)).scalar_one())
            for each in (whole, there)
        ]
        return counted[0], counted[1]

    def recheck(
        self, binding: str, rules: Sequence[str], case: str | None = None, *, drop: bool = False
    ) -> int:
        """Have the tickets looked at again of which rules say anything that stands; give how many.

        With `drop`, what waits to be sent to them is dropped: it was decided by other rules than hold now. Only
        whoever holds the account may.
        """
        if not rules:
            return 0
        loud = ("fail", "waived", "pending", "unknown")
        said = exists().where(
            finding.c.kase == ticket.c.kase,
            finding.c.until.is_(None),
            finding.c.rule.in_(rules),
            finding.c.binding == binding,
            or_(finding.c.verdict.in_(loud), finding.c.standing.in_(loud)),
        )
        if case is not None:
            said = said.where(finding.c.kase == case)
        if drop:
            its = exists().where(
                ticket.c.account == outbox.c.account, ticket.c.ticket == outbox.c.ticket, said
            )
            self._db.execute(delete(outbox).where(outbox.c.state == "pending", its))
        told = update(ticket).where(ticket.c.gone.is_(None), said).values(recheck=_AT_ONCE)
        return self._db.execute(told).rowcount

    def plans(self, account: str) -> list[tuple[Ref, str, str]]:
        """Give the plans that enforce something and have not been sent: ticket, plan, key."""
        query = select(outbox).where(
            outbox.c.account == account, outbox.c.urgent, outbox.c.state == "pending"
        )
        return [
            (Ref(r.account, r.vendor, r.ticket), r.plan, r.key) for r in self._db.execute(query)
        ]

    def blamed(self, ref: Ref, transition: str) -> list[tuple[str, str]]:
        """Give the binding and rule of each failure that asks for a way back from a transition."""
        return blame(self._db, ref, transition)

    def _rows(self, of: type[Row], query: Select[Any]) -> list[Row]:
        return [of(*row) for row in self._db.execute(query)]

    def _one(self, of: type[Row], query: Select[Any]) -> Row | None:
        row = self._db.execute(query).first()
        return None if row is None else of(*row)


def forget_words(db: Connection, case: str) -> None:
    """Forget what people wrote about a case in their own words: it may name somebody. That they acted stays."""
    for table, column in (
        (waiver, waiver.c.why),
        (waiver, waiver.c.ended_why),
        (explanation, explanation.c.why),
        (dispute, dispute.c.why),
        (dispute, dispute.c.decided_why),
    ):
        of_case = update(table).where(table.c.kase == case, column.is_not(None))
        db.execute(of_case.values({column.name: "(forgotten)"}))
    its = exists().where(
        ticket.c.account == word.c.account, ticket.c.ticket == word.c.ticket, ticket.c.kase == case
    )
    db.execute(update(word).where(its).values(argument=None))


def _of(query: Select[Any], column: ColumnElement[str], wanted: str | None) -> Select[Any]:
    return query if wanted is None else query.where(column == wanted)


def _numberless(table: Table) -> list[ColumnElement[Any]]:
    return [column for column in table.c if column.name != "seq"]


def fingerprint(row: tuple[Any, ...]) -> str:
    """Give the digest of a row that its line in the decision log holds."""
    return sha256(json.dumps(list(row), ensure_ascii=False).encode()).hexdigest()
