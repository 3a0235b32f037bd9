"""The figures of clocks: in time by when they were due, how long they took, what an objective still allows, what is due."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from ombud.model.instant import MINUTE, moment
from ombud.store.book.clocks import (
    Opened,
    by_due,
    reach,
    shares_used,
    took,
    undated,
)
from ombud.store.book.counts import verdicts_by_rule
from sync.figures.clock_terms import pauses_of, terms_of
from sync.figures.limits import Lasting, Spent, lasting_of, left_by_day
from sync.figures.overview import Share, share_of
from sync.periods import midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store.book import Book, Filter, RuleInfo
    from ombud.store.book.clocks import Longest, Took
    from sync.binding import Bound
    from sync.figures.clock_terms import Paused

#: An error budget is of so many days, up to the end of yesterday: days that are over.
BUDGET_DAYS: Final = 90
BURN_DAYS: Final = (7, 30)
WEEKS: Final = 52
#: What is due is told for so many days, one by one.
AHEAD: Final = 10
#: Tenths of the time allowed that are drawn one by one; the last holds all that took longer.
TENTHS: Final = 20
#: What is late now, by days since the day it was due: from, to.
_AGES: Final = ((0, 1), (2, 5), (6, 10), (11, 30), (31, None))
_FIRST: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Tab:
    """Hold one clock among all: its rules (the same rule of every pack), and the share in time of those due.

    Attributes:
        rule: the rule.
        ordinals: its numbers in the book.
        share: in time, of those due in the period.
        spent: its error budget.
        burns: days with the budget of these days, the shorter stretch first.

    """

    rule: RuleInfo
    ordinals: tuple[int, ...]
    share: Share
    spent: Spent
    burns: tuple[tuple[int, Spent], ...]

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "rule": self.rule.id,
            "title": self.rule.title,
            "on_time": self.share.as_json(),
            "budget": self.spent.as_json(),
            "burn": {f"{days}d": spent.burn for days, spent in self.burns},
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """Count clocks due from the first day to the last; `None` where there is no such end."""

    first: date | None
    last: date | None
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """Hold what one severity took.

    Attributes:
        severity: the severity; `None` where none is told.
        passed: clocks in time.
        failed: clocks that were late.
        wall: how long they took, by the wall clock.
        working: the same in open time of the desk.

    """

    severity: str | None
    passed: int
    failed: int
    wall: Lasting
    working: Lasting


@dataclass(frozen=True, slots=True)
class ClockFigures:
    """Hold the figures of one clock.

    Attributes:
        tab: the clock with its share in time.
        undated: those that cannot be told and have no due, of complaints received in the period.
        wall: how long those due took, in minutes by the wall clock.
        working: the same in open time of the desk; pauses are not taken off.
        day: open minutes of a working day; `None` where desks differ.
        longest: the one that took longest.
        parts: what each severity took.
        used: tenths of the time allowed that stopped clocks took, with how many.
        in_time: stopped clocks that were in time.
        late: stopped clocks that were late.
        forecast: what is due on the days to come.
        late_now: what is late and still runs, by when it was due.
        terms: terms in words: the condition, and how long.
        pauses: what stops the clock.

    """

    tab: Tab
    undated: int
    wall: Lasting
    working: Lasting
    day: float | None
    longest: Longest | None
    parts: Sequence[Part]
    used: Sequence[tuple[int, int]]
    in_time: int
    late: int
    forecast: Sequence[Stretch]
    late_now: Sequence[Stretch]
    terms: Sequence[tuple[str, str]]
    pauses: Sequence[Paused]

    def as_json(self) -> dict[str, object]:
        """Give it for programs; times in minutes."""
        return {
            **self.tab.as_json(),
            "unknown_without_due": self.undated,
            "median_minutes": self.wall.within(0.5),
            "p90_minutes": self.wall.within(0.9),
            "median_working_minutes": self.working.within(0.5),
            "p90_working_minutes": self.working.within(0.9),
            "longest_minutes": self.longest.wall // MINUTE if self.longest else None,
            "still_running": self.wall.running,
            "due": [{"from": _day(each.first), "to": _day(each.last), "clocks": each.count} for each in self.forecast],
            "late_now": [{"due_from": _day(each.first), "due_to": _day(each.last), "clocks": each.count} for each in self.late_now],
            "terms": [{"if": when, "term": term} for when, term in self.terms],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class DueWeek:
    """Count the clocks due in one week, which begins on a Monday."""

    monday: date
    passed: int
    failed: int
    unknown: int

    @property
    def total(self) -> int:
        """Give how many were in time or late."""
        return self.passed + self.failed


def tabs_of(
    book: Book, asked: Filter, objective: float, *, now: Instant, zone: ZoneInfo
) -> list[Tab]:
    """Give every clock that has findings or is in a pack, the most important first.

    Args:
        book: the book.
        asked: which complaints; its period is that of the clocks' dues.
        objective: the share that is to be in time, of one.
        now: what "now" is.
        zone: where days begin.

    """
    today = moment(now, zone).date()
    # Pictures ask for what their page has asked for.
    return book.remembered(
        ("clocks", asked, objective, today, zone.key),
        lambda: _tabs(book, asked, objective, today, zone),
    )


def _tabs(book: Book, asked: Filter, objective: float, today: date, zone: ZoneInfo) -> list[Tab]:
    rules: dict[str, list[RuleInfo]] = {}
    for info in book.rules.values():
        if info.kind == "deadline":
            rules.setdefault(info.id, []).append(info)
    if not rules:
        return []
    every = tuple(info.ordinal for each in rules.values() for info in each)
    told = verdicts_by_rule(book, asked.but(rules=every), by_due=True)
    begins = [midnight(today - timedelta(days=each), zone) for each in (BUDGET_DAYS, *BURN_DAYS[::-1])]  # fmt: skip
    spans = by_due(book, asked.but(rules=every), begins, midnight(today, zone))
    tabs = []
    for infos in rules.values():
        ordinals = tuple(each.ordinal for each in infos)
        counts: dict[Verdict, int] = {}
        for number in ordinals:
            for verdict, count in told.get(number, {}).items():
                counts[verdict] = counts.get(verdict, 0) + count
        sums = [_spent(spans, ordinals, begins[place:], objective) for place in range(len(begins))]
        burns = tuple(zip(BURN_DAYS, (sums[2], sums[1]), strict=True))
        tabs.append(Tab(infos[0], ordinals, share_of(counts), sums[0], burns))
    return sorted(tabs, key=_importance)


def chosen(tabs: Sequence[Tab], name: str) -> Tab | None:
    """Give the clock that is asked for by its rule's id; without one, the most important."""
    return next((each for each in tabs if each.rule.id == name), tabs[0] if tabs else None)


def count_clock(
    book: Book, bounds: Sequence[Bound], asked: Filter, tab: Tab, *, now: Instant, zone: ZoneInfo
) -> ClockFigures:
    """Count one clock.

    Args:
        book: the book.
        bounds: bindings, for calendars, terms and pauses.
        asked: which complaints; its period is that of the clock's due.
        tab: the clock.
        now: what "now" is.
        zone: where days begin.

    """
    of = asked.but(rules=tab.ordinals)
    laid, day = opened(book, of, bounds, now)
    wall, working, longest = took(book, of, laid, now)
    used = shares_used(book, of, TENTHS + 1)
    return ClockFigures(
        tab,
        sum(undated(book, of).values()) if asked.begin is not None or asked.end is not None else 0,
        lasting_of(wall),
        lasting_of(working),
        day,
        longest,
        _parts(wall, working),
        used,
        sum(count for tenth, count in used if tenth < TENTHS // 2),
        sum(count for tenth, count in used if tenth >= TENTHS // 2),
        _forecast(book, of, now, zone),
        _late_now(book, of, now, zone),
        terms_of(bounds, tab.rule.id),
        pauses_of(book, of, bounds, tab.rule.id, now),
    )


def weeks_of(book: Book, asked: Filter, tab: Tab, *, now: Instant, zone: ZoneInfo) -> list[DueWeek]:
    """Give the weeks of the last year by when clocks were due, the oldest first, up to the end of yesterday."""
    today = moment(now, zone).date()
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=each) for each in range(WEEKS, -1, -1)]
    begins = [midnight(each, zone) for each in mondays]
    told = _summed(by_due(book, asked.but(rules=tab.ordinals), begins, midnight(today, zone)))
    found = [
        DueWeek(day, counts.get(Verdict.passed, 0), counts.get(Verdict.failed, 0), counts.get(Verdict.unknown, 0))
        for day, begin in zip(mondays, begins, strict=True)
        for counts in [told.get(begin, {})]
    ]  # fmt: skip
    first = next((place for place, each in enumerate(found) if each.total or each.unknown), len(found))  # fmt: skip
    last = next((place for place in range(len(found), 0, -1) if found[place - 1].total or found[place - 1].unknown), 0)  # fmt: skip
    return found[first:last]


def budget_of(
    book: Book, asked: Filter, tab: Tab, objective: float, *, now: Instant, zone: ZoneInfo
) -> list[tuple[date, float]]:
    """Give what is left of a clock's error budget at the end of each of its days."""
    today = moment(now, zone).date()
    days = [today - timedelta(days=each) for each in range(BUDGET_DAYS, 0, -1)]
    begins = [midnight(each, zone) for each in days]
    told = _summed(by_due(book, asked.but(rules=tab.ordinals), begins, midnight(today, zone)))
    late = [
        (counts.get(Verdict.failed, 0), counts.get(Verdict.failed, 0) + counts.get(Verdict.passed, 0))
        for begin in begins
        for counts in [told.get(begin, {})]
    ]  # fmt: skip
    return list(zip(days, left_by_day(late, objective), strict=False))


def opened(
    book: Book, asked: Filter, bounds: Sequence[Bound], now: Instant
) -> tuple[list[Opened], float | None]:
    """Give when the desks are open as far as clocks due in the period reach, and the open minutes of a working day."""
    ends = reach(book, asked)
    if ends is None:
        return [], None
    first, last = ends[0], max(ends[1], now)
    laid, days = [], set[float]()
    for bound in bounds:
        openings = bound.calendar.openings
        begin = max(bisect_right(openings.opens, first) - 1, 0)
        end = bisect_left(openings.opens, last) + 1
        part = slice(begin, end)
        laid.append(
            Opened(bound.name, openings.opens[part], openings.closes[part], openings.before[part])
        )
        lengths = [sum((until - since) % 1440 or 1440 for since, until in day) for day in bound.calendar.week if day]  # fmt: skip
        if lengths:
            days.add(sum(lengths) / len(lengths))
    return laid, days.pop() if len(days) == 1 else None


def _importance(tab: Tab) -> tuple[object, ...]:
    info = tab.rule
    answer = info.start == "received" and "responded" in info.stops
    return (
        not answer,
        ("major", "minor", "observation").index(info.severity),
        info.ordinal,
    )


def _spent(
    spans: Mapping[int, Mapping[Instant, Mapping[Verdict, int]]],
    ordinals: Sequence[int],
    begins: Sequence[Instant],
    objective: float,
) -> Spent:
    counts = [spans.get(number, {}).get(begin, {}) for number in ordinals for begin in begins]
    late = sum(each.get(Verdict.failed, 0) for each in counts)
    passed = sum(each.get(Verdict.passed, 0) for each in counts)
    return Spent(late + passed, late, objective)


def _parts(wall: Sequence[Took], working: Sequence[Took]) -> list[Part]:
    """Give what each severity took, the most frequent first."""
    found = []
    for severity in {each.severity for each in wall}:
        its = [each for each in wall if each.severity == severity]
        passed, failed = sum(each.passed for each in its), sum(each.failed for each in its)
        if passed + failed:
            open_time = lasting_of(each for each in working if each.severity == severity)
            found.append(Part(severity, passed, failed, lasting_of(its), open_time))
    return sorted(found, key=lambda each: (-each.passed - each.failed, each.severity or ""))


def _forecast(book: Book, asked: Filter, now: Instant, zone: ZoneInfo) -> list[Stretch]:
    today = moment(now, zone).date()
    days = [today + timedelta(days=each) for each in range(AHEAD + 1)]
    begins = [midnight(each, zone) for each in days]
    pending = asked.but(verdicts=(Verdict.pending,))
    told = _summed(by_due(book, pending, begins, midnight(today + timedelta(days=3650), zone)))
    found = [
        Stretch(day, day if place < AHEAD else None, sum(told.get(begin, {}).values()))
        for place, (day, begin) in enumerate(zip(days, begins, strict=True))
    ]
    return [each for each in found if each.count or (each.last and each.last.weekday() < 5)]


def _late_now(book: Book, asked: Filter, now: Instant, zone: ZoneInfo) -> list[Stretch]:
    today = moment(now, zone).date()
    late = asked.but(standings=(Verdict.failed,), open=True)
    firsts = [_FIRST if to is None else today - timedelta(days=to) for _, to in _AGES]
    begins = [midnight(each, zone) for each in firsts]
    told = _summed(by_due(book, late, begins[::-1], midnight(today + timedelta(days=1), zone)))
    return [
        Stretch(first if to is not None else None, today - timedelta(days=since), sum(told.get(begin, {}).values()))
        for (since, to), first, begin in zip(_AGES, firsts, begins, strict=True)
    ]  # fmt: skip


def _summed(
    told: Mapping[int, Mapping[Instant, Mapping[Verdict, int]]],
) -> dict[Instant, dict[Verdict, int]]:
    found: dict[Instant, dict[Verdict, int]] = {}
    for spans in told.values():
        for begin, counts in spans.items():
            held = found.setdefault(begin, {})
            for verdict, count in counts.items():
                held[verdict] = held.get(verdict, 0) + count
    return found


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
