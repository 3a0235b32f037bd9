"""An oracle for deadlines: it walks from day to day on the wall clock, slowly, and shares no code with the calendar.

Datetimes are aware throughout. A running pause ends at `FOREVER`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FOREVER = datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)
Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Desk:
    zone: ZoneInfo
    week: Sequence[Sequence[tuple[int, int]]]
    holidays: frozenset[date] = field(default_factory=frozenset)

    def wall(self, day: date, minute: int) -> datetime:
        naive = datetime.combine(day, time()) + timedelta(minutes=minute)
        return naive.replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def windows(self, day: date) -> list[Interval]:
        """What opens on a day; nothing on a holiday, nor on a day the zone skips."""
        if day in self.holidays or self.wall(day, 0) >= self.wall(day + DAY, 0):
            return []
        found = []
        for start, end in self.week[day.weekday()]:
            opens, closes = (
                self.wall(day, start),
                self.wall(day, end if end > start else end + 24 * 60),
            )
            if opens < closes:
                found.append((opens, closes))
        return found

    def open_time(self, since: datetime) -> Iterator[Interval]:
        """Every stretch of open time from an instant on, none twice, in order, without end."""
        cursor, pending = since, []
        day = self.local_day(since) - 2 * DAY
        while True:
            pending = sorted([*pending, *self.windows(day)])
            # What opens on a later day opens no earlier than this.
            settled = self.wall(day + DAY, 0)
            while pending and pending[0][0] < settled:
                opens, closes = pending.pop(0)
                if max(opens, cursor) < closes:
                    yield max(opens, cursor), closes
                    cursor = closes
            day += DAY

    def closes_of_business(self, day: date) -> datetime | None:
        """The last close of what opens on a day, never before an earlier day's."""
        if not self.windows(day):
            return None
        return max(closes for back in range(4) for _, closes in self.windows(day - back * DAY))


def due(
    desk: Desk,
    start: datetime,
    amount: float,
    unit: str,
    pauses: Sequence[tuple[datetime, datetime | None]] = (),
) -> datetime | None:
    held = [(begin, FOREVER if end is None else end) for begin, end in pauses]
    if unit == "hours":
        return _spent(iter([(start, FOREVER)]), timedelta(hours=amount), held)
    if unit == "business_hours":
        return _spent(desk.open_time(start), timedelta(hours=amount), held)
    left = int(amount) * (7 if unit == "weeks" else 1)
    day = desk.local_day(start)
    while left:
        day += DAY
        end = desk.closes_of_business(day) if unit == "business_days" else desk.wall(day + DAY, 0)
        if end is None:
            continue
        covering = [pause for pause in held if pause[0] < end <= pause[1]]
        if any(until == FOREVER for _, until in covering):
            return None
        left -= not covering
    return end


def open_between(desk: Desk, begin: datetime, end: datetime) -> timedelta:
    total = timedelta()
    for opens, closes in desk.open_time(begin):
        if opens >= end:
            return total
        total += min(closes, end) - opens
    raise AssertionError("open time has no end")


def _spent(
    stretches: Iterator[Interval], length: timedelta, held: Sequence[Interval]
) -> datetime | None:
    for stretch in stretches:
        for begin, end in _outside(stretch, held):
            if length <= end - begin:
                return begin + length
            length -= end - begin
        if any(pause[0] <= stretch[1] and pause[1] == FOREVER for pause in held):
            return None
    return None


def _outside(stretch: Interval, held: Sequence[Interval]) -> list[Interval]:
    left = [stretch]
    for since, until in held:
        cut = []
        for begin, end in left:
            cut += [(begin, min(end, since)), (max(begin, until), end)]
        left = [(begin, end) for begin, end in cut if begin < end]
        if since >= until:  # holds no time
            left = _joined(left)
    return sorted(left)


def _joined(pieces: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for begin, end in sorted(pieces):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
