"""Counts of complaints by who handles them, or how they come: teams, channels, helpdesks, projects, products, owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.store.book.counts import by_columns

if TYPE_CHECKING:
    from ombud.store.book.book import Book
    from ombud.store.book.filter import Filter

#: Word in an address -> column of the complaint.
GROUPED: Final = {
    "team": "team",
    "channel": "channel",
    "helpdesk": "account",
    "project": "project",
    "product": "product",
    "owner": "owner",
}
_MEASURES: Final = {
    "right": "count(*) FILTER (c.grade IN ('first', 'after'))",
    "failing": "count(*) FILTER (c.grade = 'failing')",
    "unknown": "count(*) FILTER (c.grade = 'unknown')",
    "pending": "count(*) FILTER (c.grade = 'pending')",
    "open": "count(*) FILTER (c.open)",
    "late": "count(*) FILTER (c.late_since IS NOT NULL)",
    "moved_back": "count(*) FILTER (c.moved_back > 0)",
}


class Grouped(NamedTuple):
    """Count the complaints of one group.

    Attributes:
        name: its canonical name; `None` for complaints that are in none.
        complaints: all of them.
        right: without a major failure.
        failing: with one.
        unknown: of which that cannot be told.
        pending: which are not over yet.
        open: open ones.
        late: with a missed deadline that still runs.
        moved_back: moved back by Ombud at least once.

    """

    name: str | None
    complaints: int
    right: int
    failing: int
    unknown: int
    pending: int
    open: int
    late: int
    moved_back: int


def grouped(book: Book, asked: Filter, by: str) -> list[Grouped]:
    """Count complaints by one of `GROUPED`, in one pass."""
    column = GROUPED[by]
    rows = by_columns(book, asked, [column], _MEASURES)
    return [Grouped(row[column], row["complaints"], *(row[name] for name in _MEASURES)) for row in rows]  # fmt: skip
