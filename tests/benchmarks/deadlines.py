"""Deadlines a second: our calendar against pandas' CustomBusinessHour, which gets every advantage.

The rival has one window a day and whole hours, since it knows no others; wall-clock times laid out
beforehand, so that it converts no zone (which it does at half the speed); its offsets ready made; and with
pauses it is told how many open hours they hold, where our calendar finds that out. It says 09:00 of the next
business day where we say 17:00, the close: an equal instant of open time, so ours is moved to its next
opening before the two are compared. A day walk on the wall clock judges exactly.
"""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from statistics import median
from zoneinfo import ZoneInfo

import holidays
import pandas as pd

from ombud.model.calendar import Calendar, Pause, Term, Unit, parse_week
from ombud.model.instant import SECOND, instant, moment
from tests import day_walk
from tests.benchmarks.runs import Figure, at_least, at_most, in_turn

SPAN = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC))
DESKS = (
    ("America/New_York", "US", None, 9, 17),
    ("Europe/Berlin", "DE", "BE", 8, 18),
    ("Australia/Sydney", "AU", "NSW", 9, 17),
)
HOURS = (4, 8, 20, 40)
BATCH_HOURS = 20
BATCH = Term(BATCH_HOURS, Unit.business_hours)


@dataclass
class Load:
    """One desk, one term, and the same starts for everybody."""

    calendar: Calendar
    desk: day_walk.Desk
    hours: int
    term: Term
    offset: Callable[[int], pd.offsets.CustomBusinessHour]
    starts: list[int]
    pauses: list[list[Pause]] = field(default_factory=list)
    paused: list[int] = field(default_factory=list)

    def wall(self, count: int) -> list[pd.Timestamp]:
        """Give the first starts as the rival likes them best: naive, on the desk's own clock."""
        return [
            pd.Timestamp(moment(at, self.desk.zone).replace(tzinfo=None))
            for at in self.starts[:count]
        ]

    def instants(self, told: Sequence[pd.Timestamp]) -> list[int]:
        """Give the rival's naive answers as instants."""
        return [instant(at.to_pydatetime().replace(tzinfo=self.desk.zone)) for at in told]


def loads(count: int) -> list[Load]:
    """Make equal shares for every desk and term, starts at random seconds of two years."""
    chance = random.Random(1)
    begin, end = (instant(at) // SECOND for at in SPAN)
    found = []
    for zone, country, subdivision, opens, closes in DESKS:
        days: list[date] = sorted(
            holidays.country_holidays(country, subdivision, years=range(2024, 2027))
        )
        week = parse_week({"mon-fri": [f"{opens:02d}:00-{closes:02d}:00"]})
        calendar = Calendar(name=zone, zone=zone, week=week, holidays=days)
        desk = day_walk.Desk(ZoneInfo(zone), week, frozenset(days))
        made = {
            n: pd.offsets.CustomBusinessHour(
                n, start=f"{opens:02d}:00", end=f"{closes:02d}:00", holidays=days
            )
            for n in range(1, 2 * max(HOURS) + 1)
        }
        for hours in HOURS:
            starts = [
                chance.randrange(begin, end) * SECOND
                for _ in range(count // (len(DESKS) * len(HOURS)))
            ]
            load = Load(
                calendar, desk, hours, Term(hours, Unit.business_hours), made.__getitem__, starts
            )
            for start in starts:
                pauses, paused = _pauses(chance, calendar, start, hours)
                load.pauses.append(pauses)
                load.paused.append(paused)
            found.append(load)
    return found


def _pauses(
    chance: random.Random, calendar: Calendar, start: int, hours: int
) -> tuple[list[Pause], int]:
    """One or two pauses before the due, of whole open hours, so that the rival can be told their sum."""
    pauses: list[Pause] = []
    paused, at = 0, start
    for _ in range(chance.randint(1, 2)):
        begin = calendar.due_at(
            at, Term(chance.randint(1, max(hours // 3, 1)), Unit.business_hours)
        )
        length = chance.randint(1, hours // 2)
        assert begin is not None
        end = calendar.due_at(begin, Term(length, Unit.business_hours))
        assert end is not None
        pauses.append((begin, end))
        paused, at = paused + length, end
    return pauses, paused


def measure(count: int = 100_000) -> list[Figure]:
    """Compare deadlines a second, one by one, with pauses and in batches; the rival answers fewer."""
    work = loads(count)
    share = max(len(work[0].starts) // 20, 20)
    walls = [load.wall(share) for load in work]
    zoned = [
        [
            pd.Timestamp(at, unit="us", tz="UTC").tz_convert(load.calendar.zone)
            for at in load.starts[:share]
        ]
        for load in work
    ]
    indexes = [pd.DatetimeIndex(wall) for wall in walls]
    # A desk's batch holds all its starts under one term, as a sweep of a rule over a store does.
    batches = [
        (calendar, [at for load in work if load.calendar is calendar for at in load.starts])
        for calendar in dict.fromkeys(load.calendar for load in work)
    ]
    ordered = [(calendar, sorted(starts)) for calendar, starts in batches]
    offsets = [[load.offset(load.hours + more) for more in load.paused[:share]] for load in work]

    def one_by_one() -> list[list[int | None]]:
        return [
            [due_at(at, load.term) for at in load.starts]
            for load in work
            if (due_at := load.calendar.due_at)
        ]

    def with_pauses() -> list[list[int | None]]:
        return [
            [due_at(at, load.term, held) for at, held in zip(load.starts, load.pauses, strict=True)]
            for load in work
            if (due_at := load.calendar.due_at)
        ]

    def in_order() -> list[list[int]]:
        return [calendar.due_many(starts, BATCH) for calendar, starts in ordered]

    def unordered() -> list[list[int]]:
        return [calendar.due_many(starts, BATCH) for calendar, starts in batches]

    def rival(times: list[list[pd.Timestamp]], hours: int = 0) -> list[list[pd.Timestamp]]:
        return [
            [at + offset for at in wall]
            for load, wall in zip(work, times, strict=True)
            if (offset := load.offset(hours or load.hours))
        ]

    def rival_with_pauses() -> list[list[pd.Timestamp]]:
        return [
            [at + offset for at, offset in zip(wall, each, strict=True)]
            for wall, each in zip(walls, offsets, strict=True)
        ]

    def rival_in_batches(hours: int = 0) -> list[pd.DatetimeIndex]:
        with warnings.catch_warnings():
            # It says itself that it walks the batch one by one.
            warnings.simplefilter("ignore", pd.errors.PerformanceWarning)
            return [
                index + load.offset(hours or load.hours)
                for load, index in zip(work, indexes, strict=True)
            ]

    alone, held = one_by_one(), with_pauses()
    _same(work, alone, rival(walls), rival_in_batches())
    _same(work, held, rival_with_pauses())
    _walked(work, alone, held, each=min(share, 60))
    dues = [[calendar.due_at(at, BATCH) for at in starts] for calendar, starts in batches]
    assert unordered() == dues
    assert in_order() == [sorted(each) for each in dues]
    _same(
        work,
        [[load.calendar.due_at(at, BATCH) for at in load.starts[:share]] for load in work],
        rival_in_batches(BATCH_HOURS),
    )

    taken = in_turn(
        {
            "one by one": one_by_one,
            "with pauses": with_pauses,
            "batch, in order of time": in_order,
            "batch, in no order": unordered,
            "pandas one by one": lambda: rival(walls),
            "pandas one by one, with zones": lambda: rival(zoned),
            "pandas with pauses": rival_with_pauses,
            "pandas batch": lambda: rival_in_batches(BATCH_HOURS),
            "pandas batch, one by one": lambda: rival(walls, BATCH_HOURS),
        }
    )
    sizes = {
        name: len(work) * (share if name.startswith("pandas") else len(work[0].starts))
        for name in taken
    }
    speed = {name: [sizes[name] / second for second in seconds] for name, seconds in taken.items()}

    def figure(ours: str, rivals: Sequence[str], goal: float) -> Figure:
        best = max(rivals, key=lambda name: median(speed[name]))
        ratios = [a / b for a, b in zip(speed[ours], speed[best], strict=True)]
        return at_least(f"deadlines {ours}, to {best}", ratios, goal)

    alone_names = ("pandas one by one", "pandas one by one, with zones")
    batch_names = ("pandas batch", "pandas batch, one by one")
    found = [
        figure("one by one", alone_names, 100),
        figure("with pauses", ("pandas with pauses",), 50),
        figure("batch, in order of time", batch_names, 500),
        # A sweep reads in order of time; what comes in no order has to be looked up one by one.
        figure("batch, in no order", batch_names, 0),
    ]
    found += [
        at_least(f"  deadlines a second, {name}", values, 0) for name, values in speed.items()
    ]
    return [*found, _laying_out()]


def _same(
    work: Sequence[Load],
    ours: Sequence[Sequence[int | None]],
    *rivals: Sequence[Sequence[pd.Timestamp]],
) -> None:
    """Hold our answers and the rival's equal, at the next opening."""
    for told in rivals:
        for load, mine, theirs in zip(work, ours, told, strict=True):
            opened = [
                load.calendar.next_open(due) for due in mine[: len(theirs)] if due is not None
            ]
            assert opened == load.instants(theirs), load.calendar.zone


def _walked(
    work: Sequence[Load],
    alone: Sequence[Sequence[int | None]],
    held: Sequence[Sequence[int | None]],
    each: int,
) -> None:
    """Hold our answers equal to those of the day walk, exactly."""
    for load, plain, paused in zip(work, alone, held, strict=True):
        for start, pauses, due, later in zip(
            load.starts[:each], load.pauses, plain, paused, strict=False
        ):
            assert due is not None
            assert later is not None
            waits = [(moment(a), None if b is None else moment(b)) for a, b in pauses]
            unit = load.term.unit.value
            assert moment(due) == day_walk.due(load.desk, moment(start), load.hours, unit)
            assert moment(later) == day_walk.due(load.desk, moment(start), load.hours, unit, waits)


def _laying_out() -> Figure:
    """Time what a batch's first call costs beside: a calendar of 36 years, and a term's table."""
    week = parse_week({"mon-fri": ["09:00-17:00"]})

    def lay_out() -> None:
        calendar = Calendar(name="new", zone="America/New_York", week=week, holidays=())
        calendar.tabulate(Term(20, Unit.business_hours))

    seconds = in_turn({"once": lay_out})["once"]
    return at_most(
        "  a calendar and one table laid out, once, ms", [1000 * each for each in seconds], 1000
    )


if __name__ == "__main__":
    for line in measure(5_000 if "--quick" in sys.argv else 100_000):
        print(line.line(), flush=True)
