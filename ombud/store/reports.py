"""Keep what is reported: frozen figures, answers to surveys, what a review asks, and what is sent by the clock."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from sqlalchemy import bindparam, delete, func, select, update

from ombud.store.acts import Acts, fingerprint
from ombud.store.engine import reading, writing
from ombud.store.migrate import check_version
from ombud.store.report_tables import kpi_snapshot, report_schedule, review_entry, survey_answer
from ombud.store.statements import Change, Clash, Put
from ombud.store.tables import decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Select

    from ombud.model.facts import Instant
    from ombud.store.personal import Vault


class SnapshotRow(NamedTuple):
    """Hold the frozen figures of a month; its fields are the columns of `kpi_snapshot`."""

    month: str
    number: int
    content: str
    sha256: str
    digests: str
    cutoff: Instant
    completeness: str
    taken: Instant
    taken_by: str | None
    differences: str


class AnswerRow(NamedTuple):
    """Hold an answer to a survey; its fields are the columns of `survey_answer`."""

    id: str
    account: str | None
    ticket: str
    kase: str | None
    asked: Instant
    process: float | None
    outcome: float | None
    best: int
    weight: float
    decision: str | None
    imported: Instant
    imported_by: str | None


class EntryRow(NamedTuple):
    """Hold what somebody wrote for a review; its fields are the columns of `review_entry`."""

    id: str
    period: str
    part: str
    told: str
    owner: str | None
    due: str | None
    made: Instant
    made_by: str | None
    ended: Instant | None = None
    result: str | None = None


class ScheduleRow(NamedTuple):
    """Hold what is sent by the clock; its fields are the columns of `report_schedule`."""

    id: str
    what: str
    query: str
    every: str
    day: int
    hour: int
    channels: str
    groups: str
    made: Instant
    made_by: str | None
    sent: Instant | None = None
    tries: int = 0
    next_try: Instant | None = None
    why: str | None = None


Row = TypeVar("Row", bound=tuple[Any, ...])
Told = TypeVar("Told")

_PUT_SNAPSHOT: Final = Put(kpi_snapshot, Clash.refuse)
_PUT_ANSWER: Final = Put(survey_answer, Clash.replace)
_PUT_ENTRY: Final = Put(review_entry, Clash.replace)
_PUT_SCHEDULE: Final = Put(report_schedule, Clash.replace)
_FARED: Final = Change(
    update(report_schedule)
    .where(report_schedule.c.id == bindparam("which"))
    .values(
        sent=bindparam("slot"),
        tries=bindparam("times"),
        next_try=bindparam("then"),
        why=bindparam("reason"),
    ),
    ("slot", "times", "then", "reason", "which"),
)


class Reports:
    """Read and write what is reported; no lease is needed, for no helpdesk is touched."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Take over the store's engine."""
        self._engine = engine
        self._vault = vault

    def snapshots(self, month: str | None = None) -> list[SnapshotRow]:
        """Give every frozen month, or all that were taken of one, the oldest first."""
        query = select(*kpi_snapshot.c).order_by(kpi_snapshot.c.month, kpi_snapshot.c.number)
        if month is not None:
            query = query.where(kpi_snapshot.c.month == month)
        return self._read(lambda db: _rows(db, SnapshotRow, query))

    def freeze(
        self, month: str, make: Callable[[SnapshotRow | None], SnapshotRow], *, by: str | None
    ) -> SnapshotRow:
        """Keep a month's figures, with a line in the decision log.

        Args:
            month: the month.
            by: keyed identifier of who asked for it; `None` for Ombud itself.
            make: given the last of that month's, gives the next; where it gives the last one back, nothing is
                written.

        """
        query = (
            select(*kpi_snapshot.c)
            .where(kpi_snapshot.c.month == month)
            .order_by(kpi_snapshot.c.number.desc())
        )
        with self._writing(alone=True) as db:
            last = _one(db, SnapshotRow, query)
            row = make(last)
            if row == last:
                return row
            _PUT_SNAPSHOT.rows(db, [row])
            Acts(db, self._vault).log(
                "snapshot", f"{row.month}/{row.number}", row, by=by, known_at=row.taken
            )
            return row

    def vouched(self, row: SnapshotRow) -> bool:
        """Tell whether the decision log holds this very row's digest."""
        query = select(decision.c.digests).where(
            decision.c.action == "snapshot", decision.c.occurrence == f"{row.month}/{row.number}"
        )
        told = self._read(lambda db: [json.loads(each[0]) for each in db.execute(query)])
        return [each["row"] for each in told] == [fingerprint(row)]

    def put_answers(self, rows: Sequence[AnswerRow]) -> int:
        """Keep answers, each in place of the one of the same ticket and day; give how many are new."""
        with self._writing() as db:
            before = _count(db, survey_answer)
            _PUT_ANSWER.rows(db, list(rows))
            return _count(db, survey_answer) - before

    def answers(
        self, begin: Instant | None = None, end: Instant | None = None
    ) -> list[AnswerRow]:  # fmt: skip
        """Give the answers of people who were asked in a period, the oldest first."""
        query = select(*survey_answer.c).order_by(survey_answer.c.asked, survey_answer.c.id)
        if begin is not None:
            query = query.where(survey_answer.c.asked >= begin)
        if end is not None:
            query = query.where(survey_answer.c.asked < end)
        return self._read(lambda db: _rows(db, AnswerRow, query))

    def put_entry(self, row: EntryRow, *, by: str | None, now: Instant) -> None:
        """Keep what somebody wrote for a review, in place of what stood under its id; the decision log has a line."""
        with self._writing() as db:
            _PUT_ENTRY.rows(db, [row])
            Acts(db, self._vault).log("review", row.id, row, by=by, known_at=now)

    def entries(self, period: str | None = None) -> list[EntryRow]:
        """Give what people wrote for reviews, or for one of them, the oldest first."""
        query = select(*review_entry.c).order_by(review_entry.c.made, review_entry.c.id)
        if period is not None:
            query = query.where(review_entry.c.period == period)
        return self._read(lambda db: _rows(db, EntryRow, query))

    def put_schedule(self, row: ScheduleRow, *, by: str | None, now: Instant) -> None:
        """Keep what is to be sent by the clock; the decision log has a line."""
        with self._writing() as db:
            _PUT_SCHEDULE.rows(db, [row])
            Acts(db, self._vault).log("schedule", row.id, row, by=by, known_at=now)

    def drop_schedule(self, name: str, *, by: str | None, now: Instant) -> bool:
        """Send something no more; tell whether there was such a thing."""
        with self._writing() as db:
            row = _one(
                db, ScheduleRow, select(*report_schedule.c).where(report_schedule.c.id == name)
            )
            if row is None:
                return False
            db.execute(delete(report_schedule).where(report_schedule.c.id == name))
            Acts(db, self._vault).log("unschedule", name, row, by=by, known_at=now)
            return True

    def schedules(self) -> list[ScheduleRow]:
        """Give what is sent by the clock, the oldest first."""
        query = select(*report_schedule.c).order_by(report_schedule.c.made, report_schedule.c.id)
        return self._read(lambda db: _rows(db, ScheduleRow, query))

    def fared(
        self, name: str, *, sent: Instant | None, tries: int, next_try: Instant | None, why: str | None
    ) -> None:  # fmt: skip
        """Note how sending something went."""
        with self._writing() as db:
            _FARED.rows(db, [(sent, tries, next_try, why, name)])

    @contextmanager
    def _writing(self, *, alone: bool = False) -> Iterator[Connection]:
        with writing(self._engine, alone=alone) as db:
            check_version(db)
            yield db

    def _read(self, ask: Callable[[Connection], Told]) -> Told:
        with reading(self._engine) as db:
            return ask(db)


def _rows(db: Connection, of: type[Row], query: Select[Any]) -> list[Row]:
    return [of(*row) for row in db.execute(query)]


def _one(db: Connection, of: type[Row], query: Select[Any]) -> Row | None:
    row = db.execute(query.limit(1)).first()
    return None if row is None else of(*row)


def _count(db: Connection, of: Any) -> int:
    return db.execute(select(func.count()).select_from(of)).scalar() or 0
