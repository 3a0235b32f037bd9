"""Counts of root causes: of complaints that were decided and closed, by product, by month, and those that came again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ombud.model.instant import DAY
from ombud.store.book.filter import Filter
from ombud.store.book.month import REPEAT_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant
    from ombud.store.book.book import Book

#: Decisions for or against who complained, and those of them that are for them, in whole or in part.
DECIDED: Final = ("upheld", "partly", "not_upheld")
UPHELD: Final = ("upheld", "partly")
#: A complaint repeats another of the same cause if this is the same, too.
Same = Literal["complainant", "product"]


class Counted(NamedTuple):
    """Count decided and closed complaints that are alike; `None` is empty or unknown."""

    cause: str | None
    product: str | None
    outcome: str
    complaints: int


class Again(NamedTuple):
    """Count the decided and closed complaints of a cause that repeat another within 90 days.

    Attributes:
        cause: the cause.
        complaints: all of them.
        known: those of which the complainant and the receipt are known.
        complainant: those whose complainant had complained of it before.
        placed: those of which the product and the receipt are known.
        product: those whose product had the cause before.

    """

    cause: str
    complaints: int
    known: int
    complainant: int
    placed: int
    product: int


def causes(book: Book, asked: Filter) -> list[Counted]:
    """Count decided and closed complaints by cause, product and outcome."""
    where, values = decided(asked).where()
    rows = book.ask(
        f"SELECT c.root_cause, c.product, c.outcome, count(*) FROM complaint c WHERE {where} GROUP BY ALL",
        values,
    )
    return [Counted(*row) for row in rows]


def causes_by_time(
    book: Book, asked: Filter, begins: Sequence[Instant], end: Instant
) -> list[tuple[Instant, str | None, int]]:
    """Count decided complaints by the stretch of time in which they were closed, and by cause.

    Args:
        book: the book.
        asked: which complaints; its period is not asked for.
        begins: the first instants of the stretches, in order.
        end: the first instant after the last.

    """
    where, values = decided(asked).but(begin=begins[0], end=end, days=None).where()
    rows = book.ask(
        "SELECT s.begin, k.root_cause, count(*) FROM "
        f"(SELECT c.closed, c.root_cause FROM complaint c WHERE {where}) k "
        "ASOF JOIN (SELECT unnest(?::BIGINT[]) AS begin) s ON k.closed >= s.begin GROUP BY ALL",
        [*values, list(begins)],
    )
    return [(row[0], row[1], row[2]) for row in rows]


def came_again(book: Book, asked: Filter) -> list[Again]:
    """Count those that repeat another, by cause, the most frequent cause first; complaints without a cause repeat none."""
    where, values = decided(asked).where()
    told, bound = [], list[object]()
    for same in ("complainant", "product"):
        told.append(f"count(*) FILTER (c.{same} IS NOT NULL AND c.received IS NOT NULL)")
        condition, taken = repeating(same, asked.groups)
        told.append(f"count(*) FILTER ({condition})")
        bound += taken
    rows = book.ask(
        f"SELECT c.root_cause, count(*), {', '.join(told)} FROM complaint c WHERE c.root_cause IS NOT NULL AND {where} "
        "GROUP BY c.root_cause ORDER BY count(*) DESC, c.root_cause",
        [*bound, *values],
    )
    return [Again(*row) for row in rows]


def repeating(same: Same, groups: frozenset[str]) -> tuple[str, tuple[object, ...]]:
    """Give the condition on complaints `c` that another of the same cause came in the 90 days before, and its values.

    Earlier complaints are those of any time that these groups may see.
    """
    where, values = Filter(groups=groups).where()
    earlier = (
        f"SELECT c.n, c.received - lag(c.received) OVER (PARTITION BY c.root_cause, c.{same} ORDER BY c.received, c.n) AS gap "
        f"FROM complaint c WHERE c.root_cause IS NOT NULL AND c.{same} IS NOT NULL AND c.received IS NOT NULL AND {where}"
    )
    return f"c.n IN (SELECT r.n FROM ({earlier}) r WHERE r.gap <= {REPEAT_DAYS * DAY})", tuple(values)  # fmt: skip


def decided(asked: Filter) -> Filter:
    """Give the filter of those among complaints that were decided, and closed in the period."""
    outcomes = outcomes_of(asked)
    # A decision that is none of these leaves nothing.
    return asked.but(date="closed", open=False, outcomes=outcomes or ("",))


def outcomes_of(asked: Filter) -> tuple[str, ...]:
    """Give the decisions that are asked for, of those for or against who complained."""
    return tuple(each for each in DECIDED if not asked.outcomes or each in asked.outcomes)
