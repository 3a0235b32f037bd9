"""Counts of complaints and of findings, by whatever they are grouped by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ombud.store.book.layout import TABLES, WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant, Verdict
    from ombud.store.book.book import Book
    from ombud.store.book.filter import Filter


class Standing(NamedTuple):
    """Count complaints by how they stand.

    Attributes:
        complaints: all of them.
        grades: grade -> complaints.
        late: with a missed deadline that still runs.
        open: open ones.
        before: received before the policy.
        oldest: account, ticket and key of the one that is late the longest, with the missed due; `None` for none.
        reopened: opened again by a person after closing.
        closed: closed ones.
        moved_back: moved back by Ombud at least once.

    """

    complaints: int
    grades: Mapping[str, int]
    late: int
    open: int
    before: int
    oldest: tuple[str, str, str, Instant] | None
    reopened: int
    closed: int
    moved_back: int


def standing(book: Book, asked: Filter) -> Standing:
    """Count complaints by how they stand."""
    where, values = asked.where()
    rows = book.ask(
        "SELECT c.grade, count(*), count(*) FILTER (c.late_since IS NOT NULL), count(*) FILTER (c.open), "
        "count(*) FILTER (c.before), arg_min([c.account, c.ticket, c.key], c.late_since), min(c.late_since), "
        "count(*) FILTER (c.reopened > 0), count(*) FILTER (c.closed IS NOT NULL), count(*) FILTER (c.moved_back > 0) "
        f"FROM complaint c WHERE {where} GROUP BY c.grade",
        values,
    )
    late = [row for row in rows if row[6] is not None]
    oldest = min(late, key=lambda row: row[6]) if late else None

    def total(place: int) -> int:
        return sum(row[place] for row in rows)

    return Standing(
        total(1),
        {row[0]: row[1] for row in rows},
        total(2),
        total(3),
        total(4),
        None if oldest is None else (*oldest[5], oldest[6]),
        total(7),
        total(8),
        total(9),
    )


def verdicts_by_rule(
    book: Book, asked: Filter, *, by_due: bool = False
) -> dict[int, dict[Verdict, int]]:
    """Count findings by rule and verdict; the rollup answers where it can.

    Args:
        book: the book.
        asked: of which complaints; a period of receipt begins and ends with days of the desk.
        by_due: the period counts for each finding's own due.

    """
    found: dict[int, dict[Verdict, int]] = {}
    for rule, code, count in _verdicts(book, asked, by_due=by_due):
        found.setdefault(rule, {})[WORDS[code]] = count
    return found


def _verdicts(book: Book, asked: Filter, *, by_due: bool) -> list[tuple[Any, ...]]:
    if not by_due and not asked.judged and asked.rolled and _on_days(asked):
        where, values = _rolled(asked)
        return book.ask(
            f"SELECT rule, verdict, sum(count)::BIGINT FROM rollup c WHERE {where} GROUP BY rule, verdict",
            values,
        )
    where, values = asked.findings(by_due=by_due)
    return book.ask(
        f"SELECT v.rule, v.verdict, count(*) FROM verdict v JOIN complaint c USING (n) WHERE {where} "
        "GROUP BY v.rule, v.verdict",
        values,
    )


def _on_days(asked: Filter) -> bool:
    """Tell whether a filter's bounds were made from days: the book keeps days of the desk's zone only."""
    return asked.days is not None or (asked.begin is None and asked.end is None)


def _rolled(asked: Filter) -> tuple[str, list[object]]:
    where, values = asked.but(begin=None, end=None).where()
    if asked.days is not None:
        first, last = asked.days
        where = f"{where} AND c.day >= ? AND c.day < ?"
        values += [first, last]
    return where, values


def by_columns(
    book: Book, asked: Filter, columns: Sequence[str], measures: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Count complaints grouped by columns of theirs.

    Args:
        book: the book.
        asked: which complaints.
        columns: columns of `complaint`.
        measures: name -> SQL aggregate over `c`, written by ourselves.

    """
    known = TABLES["complaint"]
    for column in columns:
        if column not in known:
            raise KeyError(column)
    where, values = asked.where()
    names = [*columns, "complaints", *measures]
    told = ", ".join([*(f"c.{column}" for column in columns), "count(*)", *measures.values()])
    grouped = f" GROUP BY {', '.join(f'c.{column}' for column in columns)}" if columns else ""
    rows = book.ask(f"SELECT {told} FROM complaint c WHERE {where}{grouped}", values)
    return [dict(zip(names, row, strict=True)) for row in rows]


class Week(NamedTuple):
    """Count the complaints received in one week.

    Attributes:
        begin: days since 1970-01-01 of its Monday, at the desk.
        right: without a major failure.
        told: of how many that can be told.
        unknown: of how many it cannot.
        pending: how many are not over yet.

    """

    begin: int
    right: int
    told: int
    unknown: int
    pending: int


def by_week(book: Book, asked: Filter) -> list[Week]:
    """Count complaints without a major failure by week of receipt, the oldest first."""
    where, values = asked.where()
    rows = book.ask(
        # Day 0 was a Thursday.
        "SELECT c.day - (c.day + 3) % 7 AS monday, count(*) FILTER (c.grade IN ('first', 'after')), "
        "count(*) FILTER (c.grade IN ('first', 'after', 'failing')), count(*) FILTER (c.grade = 'unknown'), "
        f"count(*) FILTER (c.grade = 'pending') FROM complaint c WHERE {where} AND c.day IS NOT NULL "
        "GROUP BY monday ORDER BY monday",
        values,
    )
    return [Week(*row) for row in rows]


class DueDay(NamedTuple):
    """Count what is due in one stretch of time, and whose move it is.

    Attributes:
        begin: its first instant.
        due: open complaints whose next deadline lies in it.
        moves: whose move it is, with how many.

    """

    begin: Instant
    due: int
    moves: tuple[tuple[str | None, int], ...]


def due_by_day(
    book: Book, asked: Filter, begins: Sequence[Instant], end: Instant, column: str
) -> list[DueDay]:
    """Count open complaints by the stretch in which their next deadline lies.

    Args:
        book: the book.
        asked: which complaints.
        begins: the first instants of the stretches, in order.
        end: the first instant after the last.
        column: whose move it is: a column of `complaint`.

    """
    if column not in TABLES["complaint"]:
        raise KeyError(column)
    where, values = asked.but(begin=None, end=None).where()
    found: dict[int, dict[str | None, int]] = {}
    cases = " ".join(f"WHEN c.due >= ? THEN {place}" for place in range(len(begins) - 1, -1, -1))
    rows = book.ask(
        f"SELECT CASE {cases} END AS place, c.{column}, count(*) FROM complaint c "
        f"WHERE c.open AND c.due >= ? AND c.due < ? AND {where} GROUP BY ALL",
        [*reversed(begins), begins[0], end, *values],
    )
    for place, whose, count in rows:
        found.setdefault(place, {})[whose] = count
    return [
        DueDay(
            begin,
            sum(found.get(place, {}).values()),
            tuple(sorted(found.get(place, {}).items(), key=lambda each: (-each[1], each[0] or ""))),
        )
        for place, begin in enumerate(begins)
    ]


def verdicts_by_month(book: Book, asked: Filter) -> dict[int, dict[Verdict, int]]:
    """Count findings by the month of receipt, named by its first day in days since 1970-01-01."""
    where, values = asked.findings()
    rows = book.ask(
        "SELECT date_trunc('month', DATE '1970-01-01' + c.day)::DATE - DATE '1970-01-01' AS month, v.verdict, count(*) "
        f"FROM verdict v JOIN complaint c USING (n) WHERE {where} AND c.day IS NOT NULL GROUP BY ALL",
        values,
    )
    found: dict[int, dict[Verdict, int]] = {}
    for month, code, count in rows:
        found.setdefault(month, {})[WORDS[code]] = count
    return found


def failing_by(
    book: Book, asked: Filter, column: str, *, most: int = 12
) -> list[tuple[str | None, int, int]]:
    """Give for each value of a column of complaints how many findings failed, of how many that passed or failed."""
    if column not in TABLES["complaint"]:
        raise KeyError(column)
    where, values = asked.findings()
    return [
        (row[0], row[1], row[2])
        for row in book.ask(
            f"SELECT c.{column}, count(*) FILTER (v.verdict = 1) AS failed, count(*) FILTER (v.verdict IN (0, 1)) "
            f"FROM verdict v JOIN complaint c USING (n) WHERE {where} GROUP BY ALL "
            f"ORDER BY failed DESC, c.{column} LIMIT {int(most)}",
            values,
        )
    ]
