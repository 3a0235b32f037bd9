"""The dashboard's figures over many complaints: how long the server takes for the first page, a filter, and one complaint."""

from __future__ import annotations

import random
import statistics
from zoneinfo import ZoneInfo

from ombud.model.instant import DAY
from ombud.store.book import Book
from sync.book import Bookkeeper
from sync.figures.complaint import tell
from sync.figures.complaints import list_complaints
from sync.figures.overview import count_overview
from sync.figures.rules import months_of
from sync.filters import Asking, read_filter, within
from sync.periods import before
from sync.settle import settle
from tests.benchmarks.desk import Prepared, readings, scratch, seen_of, service, settling
from tests.benchmarks.large_book import LAST, large_book
from tests.benchmarks.runs import Figure, at_most, timed

_ROUNDS = 12
_ZONE = ZoneInfo("UTC")
#: Milliseconds hoped for at 95 of 100, by complaints: the first page, any filter of it.
_GOALS = {100_000: (150, 150), 1_000_000: (500, 2_000)}


def measure(count: int) -> list[Figure]:
    """Count the first page with and without filters, at a tenth of the complaints and at all of them."""
    found: list[Figure] = []
    middles: dict[int, float] = {}
    for size in (count // 10, count):
        book = large_book(size)
        overview, filtered = _GOALS.get(size, _GOALS[100_000])
        plain = [_overview(book, ("period", "last-90d")) for _ in range(_ROUNDS)]
        middles[size] = statistics.median(plain)
        by_filter = [
            _overview(book, ("period", "last-12m"), chosen)
            for chosen in _FILTERS
            for _ in range(_ROUNDS // len(_FILTERS))
        ]
        rule = [_rule(book) for _ in range(_ROUNDS)]
        listed = [_list(book, chosen) for chosen in _FILTERS for _ in range(_ROUNDS // len(_FILTERS))]  # fmt: skip
        found += [
            at_most(f"{size:,} complaints: overview, ms, p95", _p95(plain), overview),
            at_most(f"{size:,} complaints: overview by a filter, ms, p95", _p95(by_filter), filtered),
            at_most(f"{size:,} complaints: the list by a filter, ms, p95", _p95(listed), filtered),
            at_most(f"{size:,} complaints: one rule by month, ms, p95", _p95(rule), filtered),
        ]  # fmt: skip
        book.close()
    growth = middles[count] / middles[count // 10]
    found.append(Figure("Overview: growth for ten times the complaints", growth, growth, growth, ">= 0", met=True))  # fmt: skip
    return found + _from_the_store(count // 10)


def _from_the_store(count: int) -> list[Figure]:
    """Settle complaints into a database, make the book of it, follow one change, and show single complaints."""
    with service(scratch()) as opened, opened.store.lease("sandbox") as epoch:
        at = settling(opened, epoch)
        seen = [seen_of(each) for each in readings(count)]
        for start in range(0, len(seen), 100):
            settle(at, Prepared(), seen[start : start + 100], cursor=str(start))
        keeper = Bookkeeper(opened, kept=False)
        made = count / timed(keeper.refresh)
        settle(at, Prepared(), [seen_of(each) for each in readings(1, first=count)], cursor="x")
        followed = 1_000 * timed(keeper.refresh)
        chance = random.Random(1)
        chosen = [seen[chance.randrange(count)].ref.id for _ in range(100)]
        shown = []
        for ticket in chosen:
            found: list[object] = []
            shown.append(
                1_000
                * timed(lambda t=ticket, f=found: f.append(tell(opened, "sandbox", t, frozenset())))
            )
            assert found[0] is not None
        keeper.close()
    return [
        Figure(f"The book of {count:,} complaints: complaints a second", made, made, made, ">= 0", met=True),
        Figure("The book follows one changed complaint, ms", followed, followed, followed, ">= 0", met=True),
        at_most(f"{count:,} complaints: one complaint, ms, p95", _p95(shown), 50),
    ]  # fmt: skip


_FILTERS = (
    ("team", "Team 3"),
    ("severity", "high"),
    ("channel", "phone"),
    ("product", "Product 5"),
)


def _asking(book: Book, *words: tuple[str, str]) -> Asking:
    return read_filter(
        words, rules=book.rules, now=(LAST + 1) * DAY - 1, zone=_ZONE, groups=frozenset({"legal"}), desks=frozenset({"UTC"}),
    )  # fmt: skip


def _overview(book: Book, *words: tuple[str, str]) -> float:
    asking = _asking(book, *words)
    now = (LAST + 1) * DAY - 1
    former = before(asking.period, _ZONE, now)
    assert former is not None

    def work() -> None:
        count_overview(book, asking.filter, within(asking, former).filter, now=now, zone=_ZONE)

    return 1_000 * timed(work)


def _list(book: Book, chosen: tuple[str, str]) -> float:
    asking = _asking(book, ("period", "last-12m"), chosen)
    return 1_000 * timed(lambda: list_complaints(book, asking.filter, now=(LAST + 1) * DAY - 1))


def _rule(book: Book) -> float:
    asking = _asking(book, ("period", "last-12m"))
    return 1_000 * timed(lambda: months_of(book, asking.filter, book.rules[7]))


def _p95(values: list[float]) -> list[float]:
    return [sorted(values)[int(0.95 * (len(values) - 1))]]
