"""Turn a log's rows into tickets with history, file order kept; disorder is told, never mended in silence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from connectors.file.log import LogError, Row, read_rows
from ombud.model.connector import Actual, Ours, Reading
from ombud.model.event import Cause, Event, Kind, Nature, Ref
from ombud.model.facts import UNKNOWN
from ombud.model.instant import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from connectors.file.log import LogShape
    from ombud.model.event import Native

#: A log in which more than this share of rows goes back in time within its case is refused.
_MOST_DISORDER = 0.002
#: Days that could be months, and so could have been swapped with them.
_MONTHS = 12
#: Fewer rows than this on either side of the twelfth say nothing about weekdays.
_ENOUGH_ROWS = 300
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class LogReport:
    """Tell what a log holds.

    Attributes:
        rows: rows read.
        cases: tickets in it.
        backwards: rows earlier than the row before them in the same case.
        ties: rows at the same instant as the row before them in the same case.
        identical: rows equal in every cell to an earlier one of the same case.
        swapped: rows whose day and month look swapped: of days up to the 12th suspiciously many fall on weekends,
            and with day and month swapped they would not.

    """

    rows: int
    cases: int
    backwards: int
    ties: int
    identical: int
    swapped: int


def read_log(path: Path, shape: LogShape, account: str) -> tuple[LogReport, Iterator[Reading]]:
    """Read a whole log: a report of its order, and its tickets, as they first appear in the file.

    Raises:
        LogError: a row that cannot be read, or rows out of order (days and months swapped, say).

    """
    cases: dict[str, list[Row]] = {}
    for row in read_rows(path, shape):
        cases.setdefault(row.cells[shape.case], []).append(row)
    report = _report(cases)
    if report.swapped:
        raise LogError(
            f"{path}: day and month look swapped in about {report.swapped:,} of {report.rows:,} rows: days up to the "
            "12th fall on weekends far more often than later days, and would not the other way round. "
            "Check [log] time_format against the source, or export the log again"
        )
    if report.backwards > report.rows * _MOST_DISORDER:
        raise LogError(
            f"{path}: {report.backwards:,} of {report.rows:,} rows are earlier than the row before them in the same "
            "case. Check [log] time_format against the source, or export the log again in order"
        )
    return report, (_reading(account, case, rows, shape) for case, rows in cases.items())


def _report(cases: dict[str, list[Row]]) -> LogReport:
    backwards = ties = identical = 0
    for rows in cases.values():
        seen: set[tuple[str, ...]] = set()
        for row in rows:
            cells = tuple(row.cells.values())
            identical += cells in seen
            seen.add(cells)
        for before, row in pairwise(rows):
            ties += row.at == before.at
            backwards += row.at < before.at
    return LogReport(
        sum(map(len, cases.values())), len(cases), backwards, ties, identical, _swapped(cases)
    )


def _swapped(cases: dict[str, list[Row]]) -> int:
    """Estimate how many rows have day and month swapped, from the weekdays they fall on."""
    days = [moment(row.at).date() for rows in cases.values() for row in rows]
    early = [day for day in days if day.day <= _MONTHS and day.day != day.month]
    late = [day for day in days if day.day > _MONTHS]
    if min(len(early), len(late)) < _ENOUGH_ROWS:
        return 0
    usual = _weekends(late)
    told = _weekends(early)
    turned = _weekends([day.replace(month=day.day, day=day.month) for day in early])
    return len(early) if told > 2 * usual + 0.05 and turned < (told + usual) / 2 else 0


def _weekends(days: Sequence[date]) -> float:
    return sum(day.weekday() >= _SATURDAY for day in days) / len(days)


def _reading(account: str, case: str, rows: Sequence[Row], shape: LogShape) -> Reading:
    ref = Ref(account, "file", case)
    complete = all(rows[0].cells.get(column) == value for column, value in shape.first.items())
    events = list(_events(ref, rows, shape, complete=complete))
    last = rows[-1].cells
    columns = (*shape.attributes, *shape.final)
    actual = Actual(
        ref=ref,
        key=case,
        url="",
        revision=str(rows[-1].ordinal),
        head=str(rows[-1].ordinal),
        theirs=str(rows[-1].ordinal),
        status=last[shape.activity],
        facets={"project": (account,)},
        fields={name: _cell(last.get(name, ""), shape) for name in columns},
        natures=dict.fromkeys(columns, Nature.choice),
        edges=(),
        ours=Ours(),
    )
    return Reading(ref=ref, actual=actual, events=tuple(events), complete=complete)


def _events(ref: Ref, rows: Sequence[Row], shape: LogShape, *, complete: bool) -> Iterator[Event]:
    first = rows[0]
    born = shape.instant(first.cells[shape.created]) if shape.created is not None else first.at
    if born is None:
        raise LogError(
            f"row {first.ordinal}: {shape.created}: {first.cells[shape.created or '']!r} is no time. Mend the row"
        )
    values: dict[str, Native] = {}
    status: str | None = None

    def event(
        row: Row,
        name: str,
        kind: Kind,
        *,
        change: str,
        field: str | None,
        before: Native,
        after: Native,
    ) -> Event:
        return Event(
            id=name,
            ref=ref,
            change=change,
            seq=row.ordinal,
            happened=row.at,
            recorded=row.at,
            actor=_cell(row.cells.get(shape.actor, ""), shape) if shape.actor else None,
            cause=Cause.person,
            kind=kind,
            field=field,
            before=before,
            after=after,
            source=str(row.ordinal),
        )

    birth = Row(first.ordinal, min(born, first.at), first.cells)
    yield event(
        birth, "created", Kind.created, change="created", field=None, before=None, after=None
    )
    for row in rows:
        # A row at the ticket's creation is part of it; a later first row leaves what came before unknown.
        change = "created" if row is first and birth.at == first.at else str(row.ordinal)
        told = _cell(row.cells[shape.activity], shape)
        for index, name in enumerate(shape.attributes):
            after = _cell(row.cells.get(name, ""), shape)
            if (row is first and after is not None) or (
                row is not first and after != values.get(name)
            ):
                kind = Kind.field if complete or row is not first else Kind.observed
                yield event(
                    row,
                    f"{row.ordinal}.{index}",
                    kind,
                    change=change,
                    field=name,
                    before=values.get(name),
                    after=after,
                )
            values[name] = after
        before: Native = status if row is not first or complete else UNKNOWN
        yield event(
            row,
            str(row.ordinal),
            Kind.field,
            change=change,
            field="status",
            before=before,
            after=told,
        )
        status = told
    last = rows[-1]
    for index, name in enumerate(shape.final):
        after = _cell(last.cells.get(name, ""), shape)
        yield event(
            last,
            f"{last.ordinal}.f{index}",
            Kind.observed,
            change=f"{last.ordinal}.f",
            field=name,
            before=None,
            after=after,
        )


def _cell(text: str, shape: LogShape) -> str | None:
    return None if text in shape.missing or not text.strip() else text
