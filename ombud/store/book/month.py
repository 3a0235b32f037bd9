"""Counts of a month as it was when it ended: what came, what went, what was open, and how old it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant
    from ombud.store.book.book import Book
    from ombud.store.book.filter import Filter

#: A complaint of the same complainant within so many days is a repeat.
REPEAT_DAYS: Final = 90
_DAY: Final = 86_400_000_000
_UPHELD: Final = "('upheld', 'partly')"


class Flow(NamedTuple):
    """Count what came and went: those open at the beginning and received and reopened, less those closed, are open at the end.

    Attributes:
        before: open when the month began.
        received: received in it.
        reopened: times a closed complaint was opened again in it.
        closed: times a complaint was closed in it.
        after: open when it ended.
        undated: complaints of which nobody knows when they were received: they are in none of these.

    """

    before: int
    received: int
    reopened: int
    closed: int
    after: int
    undated: int

    @property
    def gap(self) -> int:
        """Give how many are unaccounted for; 0 where the sum comes out even."""
        return self.before + self.received + self.reopened - self.closed - self.after


class Closed(NamedTuple):
    """Count complaints closed in a month by how they were decided.

    Attributes:
        closed: all of them.
        decided: with a decision for or against who complained.
        upheld: for them, in whole or in part.
        caused: upheld ones with a root cause.
        other: of these, those whose root cause is "other" or "unknown".

    """

    closed: int
    decided: int
    upheld: int
    caused: int
    other: int


def flow(book: Book, asked: Filter, begin: Instant, end: Instant) -> Flow:
    """Count what came and went between two instants.

    Args:
        book: the book.
        asked: which complaints, of any time.
        begin: the first instant.
        end: the first instant after.

    """
    where, values = asked.but(begin=None, end=None).where()
    open_at = (
        "c.received < ? AND NOT EXISTS (SELECT 1 FROM step s WHERE s.n = c.n AND s.stage = 'closed' "
        "AND s.entered < ? AND (s.ended IS NULL OR s.ended >= ?))"
    )
    before, received, after, undated = book.one(
        f"SELECT count(*) FILTER ({open_at}), count(*) FILTER (c.received >= ? AND c.received < ?), "
        f"count(*) FILTER ({open_at}), count(*) FILTER (c.received IS NULL) FROM complaint c WHERE {where}",
        [begin, begin, begin, begin, end, end, end, end, *values],
    )
    # A status that changes while it stays closed is no closing.
    closed = (
        "s.entered >= greatest(?, c.received) AND s.entered < ? AND NOT EXISTS (SELECT 1 FROM step p WHERE p.n = s.n "
        "AND p.stage = 'closed' AND p.place < s.place AND p.ended = s.entered)"
    )
    reopened = (
        "s.ended >= greatest(?, c.received) AND s.ended < ? AND NOT EXISTS (SELECT 1 FROM step p WHERE p.n = s.n "
        "AND p.stage = 'closed' AND p.place > s.place AND p.entered = s.ended)"
    )
    closings, openings = book.one(
        f"SELECT count(*) FILTER ({closed}), count(*) FILTER ({reopened}) FROM step s JOIN complaint c USING (n) "
        f"WHERE s.stage = 'closed' AND c.received IS NOT NULL AND {where}",
        [begin, end, begin, end, *values],
    )
    return Flow(before, received, openings, closings, after, undated)


def ages(
    book: Book, asked: Filter, at: Instant, day: int, bands: Sequence[int]
) -> list[int]:  # fmt: skip
    """Count the complaints open at an instant by their age in days of the desk.

    Args:
        book: the book.
        asked: which complaints, of any time.
        at: the instant.
        day: its day at the desk, in days since 1970-01-01.
        bands: the longest age of each band; one more band is of all that are older.

    """
    where, values = asked.but(begin=None, end=None).where()
    age = "? - c.day"
    told, bound = _banded(age, bands, [day])
    row = book.one(
        f"SELECT {told} FROM complaint c WHERE c.received < ? AND NOT EXISTS (SELECT 1 FROM step s WHERE s.n = c.n "
        f"AND s.stage = 'closed' AND s.entered < ? AND (s.ended IS NULL OR s.ended >= ?)) AND {where}",
        [*bound, at, at, at, *values],
    )
    return list(row)


def closed_within(book: Book, asked: Filter, bands: Sequence[int]) -> list[int]:
    """Count the closed complaints of a filter by how many days, of 24 hours, lie between receipt and closing."""
    where, values = asked.where()
    told, bound = _banded(
        "c.closed - c.received", [each * _DAY for each in bands], []
    )  # fmt: skip
    row = book.one(
        f"SELECT {told} FROM complaint c WHERE c.closed IS NOT NULL AND c.received IS NOT NULL AND {where}",
        [*bound, *values],
    )
    return list(row)


def closed_as(book: Book, asked: Filter) -> Closed:
    """Count the closed complaints of a filter by how they were decided."""
    where, values = asked.where()
    row = book.one(
        f"SELECT count(*), count(*) FILTER (c.outcome IN {_UPHELD} OR c.outcome = 'not_upheld'), "
        f"count(*) FILTER (c.outcome IN {_UPHELD}), count(*) FILTER (c.outcome IN {_UPHELD} AND c.root_cause IS NOT NULL), "
        f"count(*) FILTER (c.outcome IN {_UPHELD} AND lower(c.root_cause) IN ('other', 'unknown')) "
        f"FROM complaint c WHERE c.closed IS NOT NULL AND {where}",
        values,
    )
    return Closed(*row)


def repeats(book: Book, asked: Filter) -> tuple[int, int]:
    """Count the complaints of a filter whose complainant had complained within the 90 days before, and of how many that is known."""
    where, values = asked.where()
    earlier = asked.but(begin=None, end=None, days=None)
    their, bound = earlier.where()
    row = book.one(
        "SELECT count(*) FILTER (c.former >= c.received - ?), count(*) FROM (SELECT c.*, "
        "lag(c.received) OVER (PARTITION BY c.complainant ORDER BY c.received, c.n) AS former "
        f"FROM complaint c WHERE c.complainant IS NOT NULL AND c.received IS NOT NULL AND {their}) c WHERE {where}",
        [REPEAT_DAYS * _DAY, *bound, *values],
    )
    return row[0], row[1]


def _banded(of: str, bands: Sequence[int], bound: Sequence[object]) -> tuple[str, list[object]]:
    parts, values = [], list[object]()
    for place in range(len(bands) + 1):
        told, taken = [], list[object]()
        if place:
            told.append(f"{of} > ?")
            taken += [*bound, bands[place - 1]]
        if place < len(bands):
            told.append(f"{of} <= ?")
            taken += [*bound, bands[place]]
        parts.append(f"count(*) FILTER ({' AND '.join(told)})")
        values += taken
    return ", ".join(parts), values
