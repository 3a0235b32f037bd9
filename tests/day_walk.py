"""An oracle for deadlines: it walks from day to day on the wall clock, slowly, and shares no code with the calendar.

Datetimes are aware throughout. A running pause ends at `FOREVER`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")
FOREVER = datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)
Interval = tuple[datetime, datetime]
#: From, to; `None` while it runs.
Pauses = Sequence[tuple[datetime, datetime | None]]


@dataclass(frozen=True)
class Desk:
    zone: ZoneInfo
    week: Sequence[Sequence[tuple[int, int]]]
    holidays: frozenset[date] = field(default_factory=frozenset)
    _seen: dict[tuple[str, date], Any] = field(default_factory=dict, compare=False, repr=False)

    def _once(self, name: str, day: date, find: Callable[[], T]) -> T:
        """Days are walked again and again, and never change."""
        key = (name, day)
        if key not in self._seen:
            self._seen[key] = find()
        return self._seen[key]

    def midnight(self, day: date) -> datetime:
        """The local midnight at which a day begins."""
        return self._once("midnight", day, lambda: self.wall(day, 0))

    def wall(self, day: date, minute: int) -> datetime:
        naive = datetime.combine(day, time()) + timedelta(minutes=minute)
        return naive.replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def windows(self, day: date) -> list[Interval]:
        """What opens on a day; nothing on a holiday, nor on a day the zone skips."""
        return self._once("windows", day, lambda: self._windows(day))

    def _windows(self, day: date) -> list[Interval]:
        if day in self.holidays or self.midnight(day) >= self.midnight(day + DAY):
            return []
        found = []
        for start, end in self.week[day.weekday()]:
            opens, closes = (
                self.wall(day, start),
                self.wall(day, end if end > start else end + 24 * 60),
            )
            if opens < closes:
                found.append((opens, closes))
        return sorted(found)

    def open_time(self, since: datetime) -> Iterator[Interval]:
        """Every stretch of open time from an instant on, none twice, in order, without end."""
        cursor, pending = since, []
        day = self.local_day(since) - 2 * DAY
        while True:
            pending = sorted(pending + self.windows(day)) if pending else list(self.windows(day))
            # What opens on a later day opens no earlier than this.
            settled = self.midnight(day + DAY)
            while pending and pending[0][0] < settled:
                opens, closes = pending.pop(0)
                if max(opens, cursor) < closes:
                    yield max(opens, cursor), closes
                    cursor = closes
            day += DAY

    def close_of_business(self, day: date) -> datetime:
        """The last close of what opens on a day, never before an earlier day's."""
        return self._once("close", day, lambda: self._close_of_business(day))

    def _close_of_business(self, day: date) -> datetime:
        return max(closes for back in range(4) for _, closes in self.windows(day - back * DAY))


def due(
    desk: Desk,
    start: datetime,
    amount: float,
    unit: str,
    pauses: Pauses = (),
    *,
    count_start_day: bool = False,
    ends: str | None = None,
    roll: bool = False,
) -> datetime | None:
    """The due, by the words of the units and options; `None` while a running pause holds it up."""
    held = [(begin, FOREVER if end is None else end) for begin, end in pauses]
    if unit == "hours":
        return _spent(iter([(start, FOREVER)]), timedelta(hours=amount), held)
    if unit == "business_hours":
        return _spent(desk.open_time(start), timedelta(hours=amount), held)
    business = unit in {"business_days", "complete_business_days"}
    to_close = ends == "close" or (ends is None and business)
    day = desk.local_day(start)
    if unit == "complete_business_days" and not count_start_day:
        # Complete means that none of its opening was over when the complaint came.
        count_start_day = all(opens >= start for opens, _ in desk.windows(day))
    if unit == "months":
        left = (_months_on(day, int(amount), count_start_day) - day).days + count_start_day
    else:
        left = int(amount) * (7 if unit == "weeks" else 1)
    if not count_start_day:
        day += DAY
    while True:
        if not business or desk.windows(day):
            close = business and to_close
            end = desk.close_of_business(day) if close else desk.midnight(day + DAY)
            covering = [until for begin, until in held if begin < end <= until]
            if end <= start:
                covering = [start]  # over before it began
            if FOREVER in covering:
                return None
            left -= not covering
            if not left:
                break
        day += DAY
    if not roll or business:
        return end
    while True:
        if desk.windows(day):
            end = desk.close_of_business(day) if to_close else desk.midnight(day + DAY)
            if end > start:
                return end
        day += DAY


def _months_on(day: date, months: int, inclusive: bool) -> date:
    """The day with the same number so many months on, or the day before it; a short month's last day."""
    month = day.replace(day=1)
    for _ in range(months):
        month = (month + 31 * DAY).replace(day=1)
    same = month + (day.day - 1) * DAY
    if same.month != month.month:
        return (month + 31 * DAY).replace(day=1) - DAY
    return same - DAY if inclusive else same


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
    if all(until <= stretch[0] or since >= stretch[1] for since, until in held):
        return left
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
