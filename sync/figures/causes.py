"""The figures of root causes: which are named how often, where none is, what comes again, and what actions did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.instant import moment
from ombud.store.book.causes import UPHELD, came_again, causes, causes_by_time
from sync.figures.actions import list_actions, recurrence
from sync.figures.overview import Share
from sync.periods import midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store.book import Book, Filter
    from ombud.store.book.causes import Again
    from sync.figures.actions import Line, Recurrence
    from sync.service import Service

#: Causes that name none.
EVASIVE: Final = frozenset({"other", "unknown"})
MONTHS: Final = 12
#: Products that have a column of their own.
_PRODUCTS: Final = 7


@dataclass(frozen=True, slots=True)
class Named:
    """Count one cause.

    Attributes:
        cause: its canonical value; `None` where none is named.
        complaints: decided and closed complaints with it.
        upheld: those of them decided for who complained.
        together: complaints of this and all more frequent causes.

    """

    cause: str | None
    complaints: int
    upheld: int
    together: int

    @property
    def evasive(self) -> bool:
        """Tell whether it says nothing of the cause."""
        return self.cause is None or self.cause.lower() in EVASIVE


@dataclass(frozen=True, slots=True)
class Heat:
    """Count causes by product.

    Attributes:
        columns: the products of each column with what it is called; `None` is no product; the last may hold several.
        rows: causes with their counts, column by column.

    """

    columns: tuple[tuple[str, tuple[str | None, ...]], ...]
    rows: tuple[tuple[str | None, tuple[int, ...]], ...]

    @property
    def most(self) -> int:
        """Give the largest count of one cause and one product."""
        alone = [place for place, (_, held) in enumerate(self.columns) if len(held) == 1]
        return max((counts[place] for _, counts in self.rows for place in alone), default=0)


@dataclass(frozen=True, slots=True)
class CauseFigures:
    """Hold the figures of root causes.

    Attributes:
        total: complaints that were decided, and closed in the period.
        named: causes, the most frequent first, no cause among them.
        caused: upheld ones with a cause, of the upheld.
        heat: causes by product.
        again: those that came again, by cause.

    """

    total: int
    named: tuple[Named, ...]
    caused: Share
    heat: Heat
    again: tuple[Again, ...]

    @property
    def empty(self) -> int:
        """Give how many name no cause."""
        return sum(each.complaints for each in self.named if each.cause is None)

    @property
    def evasive(self) -> int:
        """Give how many say "other" or "unknown"."""
        return sum(each.complaints for each in self.named if each.evasive and each.cause is not None)  # fmt: skip

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "complaints": self.total,
            "causes": [{"cause": each.cause, "complaints": each.complaints, "upheld": each.upheld} for each in self.named],
            "without_cause": self.empty,
            "other_or_unknown": self.evasive,
            "upheld_with_cause": self.caused.as_json(),
            "repeats": [
                {"cause": each.cause, "complaints": each.complaints, "same_complainant": each.complainant, "same_product": each.product}
                for each in self.again
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CauseMonth:
    """Count the complaints closed in one month, which begins at `day`, by cause."""

    day: date
    last: date
    counts: Mapping[str | None, int]

    @property
    def total(self) -> int:
        """Give all of them."""
        return sum(self.counts.values())


def count_causes(book: Book, asked: Filter) -> CauseFigures:
    """Count causes of complaints that were decided, and closed in the period."""
    # Pictures ask for what their page has asked for.
    return book.remembered(("causes", asked), lambda: _counted(book, asked))


def _counted(book: Book, asked: Filter) -> CauseFigures:
    rows = causes(book, asked)
    counts: dict[str | None, list[int]] = {}
    for row in rows:
        held = counts.setdefault(row.cause, [0, 0])
        held[0] += row.complaints
        held[1] += row.complaints if row.outcome in UPHELD else 0
    ordered = sorted(counts, key=lambda each: (-counts[each][0], each is None, each or ""))
    named, together = [], 0
    for cause in ordered:
        together += counts[cause][0]
        complaints, upheld = counts[cause]
        named.append(Named(cause, complaints, upheld, together))
    favoured = sum(each.upheld for each in named)
    caused = sum(each.upheld for each in named if each.cause is not None)
    matrix: dict[tuple[str | None, str | None], int] = {}
    for row in rows:
        matrix[row.cause, row.product] = matrix.get((row.cause, row.product), 0) + row.complaints
    return CauseFigures(
        together,
        tuple(named),
        Share(caused, favoured),
        _heat(ordered, matrix),
        tuple(came_again(book, asked)),
    )


def months_of(book: Book, asked: Filter, *, now: Instant, zone: ZoneInfo) -> list[CauseMonth]:
    """Give the last twelve months by when complaints were closed, the oldest first; the last is not over."""
    today = moment(now, zone).date()
    number = today.year * 12 + today.month - 1
    firsts = [_month(number - each) for each in range(MONTHS - 1, -2, -1)]
    begins = [midnight(each, zone) for each in firsts]
    counts: dict[Instant, dict[str | None, int]] = {}
    for begin, cause, count in causes_by_time(book, asked, begins[:-1], begins[-1]):
        counts.setdefault(begin, {})[cause] = count
    found = [
        CauseMonth(first, after - timedelta(days=1), counts.get(begin, {}))
        for first, after, begin in zip(firsts, firsts[1:], begins, strict=False)
    ]
    begun = next((place for place, each in enumerate(found) if each.total), len(found))
    return found[begun:]


def effects_of(
    service: Service, book: Book, asked: Filter, cause: str | None, *, now: Instant, zone: ZoneInfo
) -> list[tuple[Line, Recurrence | None]]:
    """Give corrective actions against a cause, or against any, with how often it came before they were done and after."""
    lines = [
        each
        for each in list_actions(service, now=now, zone=zone, cause=cause)
        if each.row.root_cause is not None and each.state != "given_up"
    ]
    of = asked.but(begin=None, end=None, days=None, date="received")
    return [(each, recurrence(book, of, each.row, now=now, zone=zone)) for each in lines]


def _heat(
    ordered: Sequence[str | None], matrix: Mapping[tuple[str | None, str | None], int]
) -> Heat:
    sums: dict[str | None, int] = {}
    for (_, product), count in matrix.items():
        sums[product] = sums.get(product, 0) + count
    products = sorted(sums, key=lambda each: (each is None, -sums[each], each or ""))
    shown = products if len(products) <= _PRODUCTS + 1 else products[:_PRODUCTS]
    columns: list[tuple[str, tuple[str | None, ...]]] = [(each or "", (each,)) for each in shown]
    rest = tuple(products[len(shown) :])
    if rest:
        columns.append((f"{len(rest)} more", rest))
    rows = tuple(
        (cause, tuple(sum(matrix.get((cause, each), 0) for each in held) for _, held in columns))
        for cause in ordered
    )
    return Heat(tuple(columns), rows)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
