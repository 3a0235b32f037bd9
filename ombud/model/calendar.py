"""Business time: a desk's open hours as a table of exact instants, and the only calendar arithmetic there is."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ombud.model.instant import HOUR, instant, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ombud.model.facts import Instant

    Pause = tuple[Instant, Instant | None]

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES: Final = 24 * 60
#: Years whose days are laid out unless told otherwise; what lies outside is refused by name.
FIRST_YEAR, LAST_YEAR = 2005, 2040

Window = tuple[int, int]
Week = tuple[tuple[Window, ...], ...]


class Unit(StrEnum):
    """Name what a term is counted in."""

    hours = "hours"
    """Elapsed hours; an hour is an hour in the night the clocks change, too."""
    business_hours = "business_hours"
    """Hours in which the desk is open."""
    business_days = "business_days"
    """Due at the close of business of the n-th business day after the local day of receipt, which is day 0."""
    calendar_days = "calendar_days"
    """Due at the end of the local day n days after the local day of receipt; nothing rolls over."""
    weeks = "weeks"
    """Seven calendar days each."""


@dataclass(frozen=True, slots=True)
class Term:
    """State how long something may take.

    Attributes:
        amount: above zero; whole for days and weeks.
        unit: what it is counted in.

    """

    amount: int | float
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse amounts that are none."""
        if self.amount <= 0:
            raise ValueError(f"a term is longer than nothing, not {self.amount} {self.unit}")
        if self.unit not in {Unit.hours, Unit.business_hours} and self.amount != int(self.amount):
            raise ValueError(f"{self.unit} are counted whole, not {self.amount}")

    def __str__(self) -> str:
        words = self.unit.value.replace("_", " ")
        return f"1 {words.removesuffix('s')}" if self.amount == 1 else f"{self.amount:g} {words}"


@dataclass(frozen=True, slots=True)
class DayLine:
    """Show what one local day adds to a deadline's sum.

    Attributes:
        day: the local day.
        note: "receipt", a holiday's name, "closed", or "".
        open: when the desk was open that day, within the sum.
        counted: time counted, in microseconds.
        paused: open time not counted because the clock was paused, in microseconds.

    """

    day: date
    note: str
    open: tuple[tuple[Instant, Instant], ...]
    counted: int
    paused: int


class Horizon(ValueError):
    """Say that a time lies outside the days a calendar lays out."""


class Calendar:
    """Know when a desk is open; immutable.

    A window belongs to the day on which it opens, also where it ends after midnight: on a holiday
    nothing opens, and a window that opened the evening before stays open into it. A wall-clock edge
    that the zone skips is taken with the offset before the change, one that comes twice is the first.
    """

    def __init__(
        self,
        *,
        name: str,
        zone: str,
        week: Week,
        holidays: Mapping[date, str] | Iterable[date] = (),
        first_year: int = FIRST_YEAR,
        last_year: int = LAST_YEAR,
    ) -> None:
        """Lay the days out; `week` holds the windows of Monday to Sunday in minutes of the day."""
        self.name = name
        self.zone = zone
        self.week = week
        self.holidays: dict[date, str] = (
            dict(holidays) if hasattr(holidays, "items") else dict.fromkeys(holidays, "holiday")  # type: ignore[arg-type]
        )
        self._tz = ZoneInfo(zone)
        first, last = date(first_year, 1, 1), date(last_year, 12, 31)
        self._first = first.toordinal()
        #: Local midnights, one more than there are days.
        self._midnights: list[Instant] = []
        #: Before each day: how many business days there were until its end.
        self._business_until: list[int] = []
        #: Closes of business, one for each business day.
        self._closes_of_business: list[Instant] = []
        spans: list[tuple[Instant, Instant]] = []
        for ordinal in range(first.toordinal(), last.toordinal() + 2):
            day = date.fromordinal(ordinal)
            midnight = self._edge(day, 0)
            self._midnights.append(midnight)
            windows = () if day in self.holidays else week[day.weekday()]
            ends: list[Instant] = []
            for start, end in windows:
                opens = self._edge(day, start)
                closes = self._edge(day, end if end > start else end + _MINUTES)
                if closes > opens:
                    spans.append((opens, closes))
                    ends.append(closes)
            if ends:
                self._closes_of_business.append(max(ends))
            self._business_until.append(len(self._closes_of_business))
        self._opens, self._closes = _merged(spans)
        self._before = [0]
        for opens, closes in zip(self._opens, self._closes, strict=True):
            self._before.append(self._before[-1] + closes - opens)
        self._tables: dict[Term, tuple[list[Instant], list[int], list[int]]] = {}

    def _edge(self, day: date, minute: int) -> Instant:
        local = datetime.combine(day, time()) + timedelta(minutes=minute)
        return instant(local.replace(tzinfo=self._tz).astimezone(UTC))

    @cached_property
    def digest(self) -> str:
        """Give the digest of the laid-out table: zone, windows, holidays and time-zone rules in one."""
        told = hashlib.sha256(self.zone.encode())
        for table in (self._midnights, self._opens, self._closes, self._closes_of_business):
            told.update(repr(table).encode())
        return told.hexdigest()

    def due(
        self, start: datetime, term: Term, pauses: Sequence[tuple[datetime, datetime | None]] = ()
    ) -> datetime | None:
        """Say when something is due that started at `start`; see `due_at`."""
        at = self.due_at(
            instant(start),
            term,
            [(instant(a), None if b is None else instant(b)) for a, b in pauses],
        )
        return None if at is None else moment(at)

    def due_at(self, start: Instant, term: Term, pauses: Sequence[Pause] = ()) -> Instant | None:
        """Say when something is due that started at `start`.

        Pauses that overlap count once. In a term of hours, time inside a pause does not count; in one of
        days, a day whose end (close of business, or local midnight) lies inside a pause does not count.

        Args:
            start: when the clock started.
            term: how long it may take.
            pauses: intervals from, to; the last may still run.

        Returns:
            The due instant; late is after it. `None` while a running pause holds the clock.

        Raises:
            Horizon: the time lies outside the days laid out.

        """
        unit = term.unit
        try:
            if unit is Unit.business_hours:
                target = self._open_before(start) + int(term.amount * HOUR)
                return (
                    self._at_open(target)
                    if not pauses
                    else self._paused_hours(start, target, pauses)
                )
            if unit is Unit.hours:
                due = start + int(term.amount * HOUR)
                return due if not pauses else _paused_elapsed(start, due, pauses)
            day = bisect_right(self._midnights, start) - 1
            if day < 0:
                raise IndexError  # noqa: TRY301 (one way out for every time outside)
            if unit is Unit.business_days:
                ends, index = (
                    self._closes_of_business,
                    self._business_until[day] + int(term.amount) - 1,
                )
            else:
                days = int(term.amount) * (7 if unit is Unit.weeks else 1)
                ends, index = self._midnights, day + days + 1
            return ends[index] if not pauses else _paused_days(start, ends, index, pauses)
        except IndexError:
            raise Horizon(
                f"calendar {self.name!r} lays out {moment(self._midnights[0], self._tz).year} to "
                f"{moment(self._midnights[-2], self._tz).year}; {moment(start).isoformat()} and {term} lead outside"
            ) from None

    def due_many(self, starts: Sequence[Instant], term: Term) -> list[Instant]:
        """Say when many things are due, without pauses; equal to `due_at` one by one, and faster."""
        edges, slopes, offsets = self.tabulate(term)
        found = map(bisect_left, repeat(edges), starts)
        if not any(slopes):
            return [offsets[index] for index in found]
        return [
            offsets[index] + start * slopes[index]
            for index, start in zip(found, starts, strict=True)
        ]

    def tabulate(self, term: Term) -> tuple[list[Instant], list[int], list[int]]:
        """Lay a term out as pieces: for a start up to `edges[i]`, due is `offsets[i] + start * slopes[i]`.

        The last edge is the last start whose due instant lies within the days laid out.
        """
        held = self._tables.get(term)
        if held is None:
            self._tables[term] = held = self._tabulated(term)
        return held

    def _tabulated(self, term: Term) -> tuple[list[Instant], list[int], list[int]]:
        unit = term.unit
        if unit is Unit.hours:
            return [self._midnights[-1]], [1], [int(term.amount * HOUR)]
        if unit is not Unit.business_hours:
            edges = [midnight - 1 for midnight in self._midnights]
            dues = []
            for edge in edges[1:]:
                try:
                    dues.append(self.due_at(edge, term))
                except Horizon:
                    break
            told = [due for due in dues if due is not None]
            return edges[1 : len(told) + 1], [0] * len(told), told
        length = int(term.amount * HOUR)
        last = self._before[-1] - length
        marks = {*self._opens, *self._closes}
        marks |= {
            self._at_open(before - length) for before in self._before[1:] if before - length > 0
        }
        edges = sorted(mark for mark in marks if self._open_before(mark) <= last)
        slopes = [1 if self.is_open(edge - 1) else 0 for edge in edges]
        offsets = [
            (self.due_at(edge, term) or 0) - slope * edge
            for edge, slope in zip(edges, slopes, strict=True)
        ]
        return edges, slopes, offsets

    def open_between(self, begin: Instant, end: Instant) -> int:
        """Give the open time between two instants, in microseconds."""
        return self._open_before(end) - self._open_before(begin)

    def is_open(self, at: Instant) -> bool:
        """Tell whether the desk is open; the closing instant itself is not."""
        index = bisect_right(self._opens, at) - 1
        return index >= 0 and at < self._closes[index]

    def next_open(self, at: Instant) -> Instant:
        """Give the first instant from `at` on at which the desk is open."""
        return at if self.is_open(at) else self._opens[bisect_left(self._opens, at)]

    def explain(self, start: Instant, due: Instant, pauses: Sequence[Pause] = ()) -> list[DayLine]:
        """Give the sum of a deadline, day by day, from the day of receipt to the due day."""
        lines: list[DayLine] = []
        first = bisect_right(self._midnights, start) - 1
        for index in range(first, bisect_left(self._midnights, due)):
            begin, end = max(self._midnights[index], start), min(self._midnights[index + 1], due)
            day = date.fromordinal(self._first + index)
            note = "receipt" if index == first else self.holidays.get(day, "")
            spans = tuple(self._spans(begin, end))
            if not spans and not note:
                note = "closed"
            paused = sum(
                self.open_between(max(a, begin), min(end if b is None else b, end))
                for a, b in _joined(pauses)
                if a < end and (b is None or b > begin)
            )
            counted = sum(b - a for a, b in spans) - paused
            lines.append(DayLine(day, note, spans, counted, paused))
        return lines

    def _spans(self, begin: Instant, end: Instant) -> Iterable[tuple[Instant, Instant]]:
        index = max(bisect_right(self._opens, begin) - 1, 0)
        while index < len(self._opens) and self._opens[index] < end:
            a, b = max(self._opens[index], begin), min(self._closes[index], end)
            if a < b:
                yield a, b
            index += 1

    def _open_before(self, at: Instant) -> int:
        """Give the open time from the first day laid out until `at`."""
        index = bisect_right(self._opens, at) - 1
        if index < 0:
            if at < self._midnights[0]:
                raise IndexError
            return 0
        closes = self._closes[index]
        return (
            self._before[index + 1]
            if at >= closes
            else self._before[index] + at - self._opens[index]
        )

    def _at_open(self, target: int) -> Instant:
        """Give the instant at which so much open time has passed: the close, where both close and opening fit."""
        index = bisect_left(self._before, target) - 1
        return self._opens[index] + target - self._before[index]

    def _paused_hours(self, start: Instant, target: int, pauses: Sequence[Pause]) -> Instant | None:
        for begin, end in _joined(pauses):
            if begin >= self._at_open(target):
                break
            if end is None:
                return None
            if end > start:
                target += self.open_between(max(begin, start), end)
        return self._at_open(target)


def _joined(pauses: Sequence[Pause]) -> list[Pause]:
    """Sort pauses and join those that touch."""
    joined: list[Pause] = []
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if joined:
            held, until = joined[-1]
            if until is None:
                break
            if begin <= until:
                joined[-1] = (held, None if end is None else max(end, until))
                continue
        joined.append((begin, end))
    return joined


def _paused_elapsed(start: Instant, due: Instant, pauses: Sequence[Pause]) -> Instant | None:
    for begin, end in _joined(pauses):
        if begin >= due:
            break
        if end is None:
            return None
        if end > start:
            due += end - max(begin, start)
    return due


def _paused_days(
    start: Instant, ends: Sequence[Instant], index: int, pauses: Sequence[Pause]
) -> Instant | None:
    for begin, end in _joined(pauses):
        if begin > ends[index]:
            break
        if end is None:
            return None
        if end > start:
            index += bisect_left(ends, end) - bisect_left(ends, max(begin, start))
    return ends[index]


def _merged(spans: list[tuple[Instant, Instant]]) -> tuple[list[Instant], list[Instant]]:
    opens: list[Instant] = []
    closes: list[Instant] = []
    for begin, end in sorted(spans):
        if closes and begin <= closes[-1]:
            closes[-1] = max(closes[-1], end)
        else:
            opens.append(begin)
            closes.append(end)
    return opens, closes


def parse_week(told: Mapping[str, Sequence[str]]) -> Week:
    """Read {"mon-fri": ["09:00-12:30", "13:30-17:00"]}; `ValueError` names the key and the remedy.

    A window that ends at or before its start ends on the next day; "24:00" is the day's end.
    """
    days: list[list[Window]] = [[] for _ in DAY_NAMES]
    for key, windows in told.items():
        first, _, last = key.strip().lower().partition("-")
        last = last or first
        if first not in DAY_NAMES or last not in DAY_NAMES:
            raise ValueError(f"week.{key}: is no day; write mon, tue ... sun, or mon-fri")
        begin, end = DAY_NAMES.index(first), DAY_NAMES.index(last)
        if end < begin:
            raise ValueError(f"week.{key}: runs backwards; write two keys instead")
        read = [_window(key, window) for window in windows]
        for index in range(begin, end + 1):
            days[index].extend(read)
    if not any(days):
        raise ValueError('week: is never open; write for instance mon-fri = ["09:00-17:00"]')
    return tuple(tuple(sorted(day)) for day in days)


def _window(key: str, text: str) -> Window:
    begin, dash, end = text.partition("-")
    try:
        if not dash:
            raise ValueError  # noqa: TRY301 (one message for every fault)
        return _minute(begin), _minute(end)
    except ValueError:
        raise ValueError(f'week.{key}: {text!r} is no window; write "09:00-17:00"') from None


def _minute(text: str) -> int:
    hours, _, minutes = text.strip().partition(":")
    hour, minute = int(hours), int(minutes)
    if not (0 <= minute < 60 and 0 <= hour < 24) and (hour, minute) != (24, 0):
        raise ValueError
    return hour * 60 + minute
