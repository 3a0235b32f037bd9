"""Business time: a desk's open hours as a table of exact instants, and the only calendar arithmetic there is."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice, pairwise, repeat
from operator import le
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ombud.model.instant import DAY, MINUTE, SECOND, instant, moment
from ombud.model.openings import NEVER, Hints, Openings
from ombud.model.term import (
    HOURLY,
    OPEN_DAYS,
    Pause,
    Term,
    Unit,
    joined,
    months_later,
    paused_days,
    paused_elapsed,
)
from ombud.model.week import Week, length_of, parse_week

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Instant

__all__ = ["Calendar", "DayLine", "Horizon", "Pause", "Term", "Unit", "Week", "parse_week"]

#: Years whose days are laid out unless told otherwise; what lies outside is refused by name.
FIRST_YEAR, LAST_YEAR = 2005, 2040

_EPOCH: Final = date(1970, 1, 1).toordinal()
# Looked up on every due.
_HOURS, _BUSINESS_HOURS, _BUSINESS_DAYS = Unit.hours, Unit.business_hours, Unit.business_days
_COMPLETE, _MONTHS = Unit.complete_business_days, Unit.months
#: Number of a day that would count, but that the clock was paused.
_PAUSED: Final = 0


@dataclass(frozen=True, slots=True)
class DayLine:
    """Show what one local day adds to a deadline's sum.

    Attributes:
        day: the local day.
        note: "receipt", a holiday's name, "closed", "paused" for a day that would count otherwise, or "".
        open: what the day offers to the sum: when the desk was open, or all of it for a term of elapsed hours.
        counted: time counted of that, in microseconds.
        paused: time not counted of it because the clock was paused, in microseconds.
        number: in a term of days, which day of it this is; `None` for one that does not count.

    """

    day: date
    note: str
    open: tuple[tuple[Instant, Instant], ...]
    counted: int
    paused: int
    number: int | None = None


class Horizon(ValueError):
    """Say that a time lies outside the days a calendar lays out."""


class Calendar:
    """Know when a desk is open; immutable.

    A window belongs to the day on which it opens, also where it ends after midnight: on a holiday
    nothing opens, and a window that opened the evening before stays open into it. Windows that overlap
    count once. A wall-clock edge that the zone skips is taken with the offset before the change, one that
    comes twice is the first. The close of business is the end of the last window that opened on a day,
    and never before that of the day before. A day that the zone skips as a whole opens nothing.
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
        self.holidays: Mapping[date, str] = (
            dict(holidays) if isinstance(holidays, Mapping) else dict.fromkeys(holidays, "holiday")
        )
        #: First and last year that are laid out.
        self.years = (first_year, last_year)
        self._tz = _zone(zone)
        self._first = date(first_year, 1, 1).toordinal()
        after = date(last_year, 12, 31).toordinal() + 1
        #: Local midnights, one more than there are days.
        self._midnights = [self._edge(day, 0) for day in range(self._first, after + 1)]
        self._begin, self._end = self._midnights[0], self._midnights[-1]
        #: For each day: how many business days there were until its end.
        self._business_until: list[int] = []
        #: First opening, close of business and following midnight, one of each for each business day.
        self._opens_of_business: list[Instant] = []
        self._closes_of_business: list[Instant] = []
        self._ends_of_business: list[Instant] = []
        # The evening before the first day may stay open into it.
        spans = self._windows(self._first - 1)
        close = self._begin
        for day, (midnight, following) in enumerate(pairwise(self._midnights), self._first):
            windows = self._windows(day) if following > midnight else []
            if windows:
                spans += windows
                close = max(close, *(closes for _, closes in windows))
                self._opens_of_business.append(min(windows)[0])
                self._closes_of_business.append(close)
                self._ends_of_business.append(following)
            self._business_until.append(len(self._closes_of_business))
        self._openings = Openings(spans, self._begin, self._end)
        self._hints = Hints(self._midnights, self._end)
        self._tables: dict[Term, tuple[list[Instant], list[int], list[int]]] = {}

    @property
    def tzinfo(self) -> ZoneInfo:
        """Give the desk's zone."""
        return self._tz

    @property
    def begin(self) -> Instant:
        """Give the first instant of the days laid out."""
        return self._begin

    def _edge(self, day: int, minute: int) -> Instant:
        local = datetime.fromordinal(day) + timedelta(minutes=minute)
        offset = self._tz.utcoffset(local)
        return (day - _EPOCH) * DAY + minute * MINUTE - _micros(offset)

    def _windows(self, ordinal: int) -> list[tuple[Instant, Instant]]:
        day = date.fromordinal(ordinal)
        if day in self.holidays:
            return []
        laid = [
            (self._edge(ordinal, window[0]), self._edge(ordinal, window[0] + length_of(window)))
            for window in self.week[day.weekday()]
        ]
        # Nothing is left of a window that lies within an hour the zone skips.
        return [(opens, closes) for opens, closes in laid if closes > opens]

    @cached_property
    def digest(self) -> str:
        """Give the digest of the laid-out table: zone, windows, holidays and time-zone rules in one."""
        told = hashlib.sha256(self.zone.encode())
        tables = (
            self._midnights,
            self._openings.opens,
            self._openings.closes,
            self._closes_of_business,
        )
        for table in tables:
            told.update(repr(table).encode())
        return told.hexdigest()

    def due(
        self, start: datetime, term: Term, pauses: Sequence[tuple[datetime, datetime | None]] = ()
    ) -> datetime | None:
        """Say when something is due that started at `start`, in UTC; see `due_at`. Naive times are refused."""
        held = [(instant(begin), None if end is None else instant(end)) for begin, end in pauses]
        at = self.due_at(instant(start), term, held)
        return None if at is None else moment(at)

    def due_at(self, start: Instant, term: Term, pauses: Sequence[Pause] = ()) -> Instant | None:
        """Say when something is due that started at `start`.

        Day 0 is the local day of the start. Where the term counts that day, it is day 1, unless its end (close
        of business, or local midnight) has passed by then: nothing is due before it started. Hours run
        from the instant itself; where the last of them ends at a close, that close is the due, not the next
        opening. Pauses that overlap count once. In a term of hours, time inside a pause does not count; in
        one of days, a day does not count whose end lies after a pause's begin and no later than its end.
        What rolls over does so last.

        Args:
            start: when the clock started.
            term: how long it may take.
            pauses: intervals from, to; the last may still run.

        Returns:
            The due instant; late is after it. `None` while a running pause holds the clock.

        Raises:
            Horizon: the time lies outside the days laid out.

        """
        if not self._begin <= start < self._end:
            raise self._outside(start, term)
        unit = term.unit
        if unit is _BUSINESS_HOURS:
            openings = self._openings
            due = (
                openings.after_pauses(start, term.length, pauses)
                if pauses
                else openings.after(start, term.length)
            )
            if due == NEVER:
                raise self._outside(start, term)
            return due
        if unit is _HOURS:
            due = start + term.length
            if pauses:
                due = paused_elapsed(start, due, pauses)
            if due is not None and due > self._end:
                raise self._outside(start, term)
            return due
        ends, first, index = self._days(start, term)
        moved = paused_days(ends, first, index, pauses) if pauses else index
        if moved is None:
            return None
        due = self._rolled(start, ends, moved, term)
        if due == NEVER:
            raise self._outside(start, term)
        return due

    def due_many(self, starts: Sequence[Instant], term: Term) -> list[Instant]:
        """Say when many things are due, without pauses.

        Equal to `due_at` one by one, and faster; fastest where the starts come in their order.
        """
        if not starts:
            return []
        edges, slopes, offsets = self.tabulate(term)
        ordered = all(map(le, starts, islice(starts, 1, None)))
        first, last = (starts[0], starts[-1]) if ordered else (min(starts), max(starts))
        if first < self._begin or not edges or last > edges[-1]:
            raise self._outside(first if first < self._begin else last, term)
        if not ordered:
            found = map(bisect_left, repeat(edges), starts)
            return [
                offsets[index] + start * slopes[index]
                for index, start in zip(found, starts, strict=True)
            ]
        pieces = slice(bisect_left(edges, first), bisect_left(edges, last) + 1)
        cuts = map(bisect_right, repeat(starts), edges[pieces])
        dues: list[Instant] = []
        done = 0
        for cut, slope, offset in zip(cuts, slopes[pieces], offsets[pieces], strict=True):
            if cut > done:
                if slope:
                    dues += [start + offset for start in starts[done:cut]]
                else:
                    dues += [offset] * (cut - done)
                done = cut
        return dues

    def tabulate(self, term: Term) -> tuple[list[Instant], list[int], list[int]]:
        """Lay a term out as pieces: edges, slopes of 0 or 1, and offsets.

        For a start after `edges[i - 1]` (or from the first day laid out) and up to `edges[i]`, due is
        `offsets[i] + start * slopes[i]`. The last edge is the last start whose due lies within the days
        laid out; where there is none, the table is empty.
        """
        held = self._tables.get(term)
        if held is None:
            self._tables[term] = held = self._tabulated(term)
        return held

    def _tabulated(self, term: Term) -> tuple[list[Instant], list[int], list[int]]:
        length, last = term.length, self._end - 1
        if term.unit is _HOURS:
            edge = min(last, self._end - length)
            return ([edge], [1], [length]) if edge >= self._begin else ([], [], [])
        if term.unit is not _BUSINESS_HOURS:
            return self._tabulated_days(term)
        openings = self._openings
        marks = {*openings.opens, *openings.closes, last}
        # Where the start passes these, the due leaps from a close to the next opening.
        marks |= {openings.reached(until - length) for until in openings.before if until > length}
        edges, slopes, offsets = [], [], []
        for edge in sorted(marks):
            if edge > last:
                break
            due = openings.after(edge, length)
            if due == NEVER:
                break
            slope = int(edge > self._begin and openings.holds(edge - 1))
            edges.append(edge)
            slopes.append(slope)
            offsets.append(due - slope * edge)
        return edges, slopes, offsets

    def _tabulated_days(self, term: Term) -> tuple[list[Instant], list[int], list[int]]:
        """Lay a term of days out: one piece a local day, two where the hour of the receipt matters."""
        turns: list[Instant] = []
        if term.unit is _COMPLETE and not term.count_start_day:
            turns = [opens + 1 for opens in self._opens_of_business]
        elif term.count_start_day and term.to_close:
            turns = self._closes_of_business
        begins = sorted({*self._midnights, *(turn for turn in turns if turn < self._end)})
        edges: list[Instant] = []
        dues: list[Instant] = []
        for begin, following in pairwise(begins):
            ends, _, index = self._days(begin, term)
            due = self._rolled(begin, ends, index, term)
            if due == NEVER:
                break
            edges.append(following - 1)
            dues.append(due)
        return edges, [0] * len(edges), dues

    @property
    def openings(self) -> Openings:
        """Give the spans in which the desk is open."""
        return self._openings

    def open_between(self, begin: Instant, end: Instant) -> int:
        """Give the open time between two instants, in microseconds; below zero where they come in reverse."""
        self._within(begin)
        self._within(end)
        return self._openings.until(end) - self._openings.until(begin)

    def is_open(self, at: Instant) -> bool:
        """Tell whether the desk is open; the closing instant itself is not."""
        self._within(at)
        return self._openings.holds(at)

    def next_open(self, at: Instant) -> Instant:
        """Give the first instant from `at` on at which the desk is open."""
        self._within(at)
        found = at if self._openings.holds(at) else self._openings.following(at)
        if found == NEVER:
            raise self._outside(at)
        return found

    def explain(
        self,
        start: Instant,
        due: Instant,
        pauses: Sequence[Pause] = (),
        term: Term | None = None,
    ) -> list[DayLine]:
        """Give the sum of a deadline, day by day, from the day of receipt to the due day.

        The time counted of all lines adds up to a term of hours, and the last number is the amount of one
        of days. Without a term it shows the hours in which the desk was open.
        """
        unit = _BUSINESS_HOURS if term is None else term.unit
        self._within(start)
        self._within(due)
        held = joined(pauses)
        numbers = {} if term is None or unit in HOURLY else self._numbers(start, due, term, held)
        lines: list[DayLine] = []
        first = bisect_right(self._midnights, start) - 1
        for index in range(first, bisect_left(self._midnights, due)):
            begin, end = max(self._midnights[index], start), min(self._midnights[index + 1], due)
            day = date.fromordinal(self._first + index)
            spans = ((begin, end),) if unit is _HOURS else tuple(self._openings.within(begin, end))
            notes = ["receipt"] if index == first else []
            if day in self.holidays:
                notes.append(self.holidays[day])
            elif not spans and not notes:
                notes.append("closed")
            number = numbers.get(index)
            if number == _PAUSED:
                notes.append("paused")
            paused = sum(
                max(0, min(closes, closes if until is None else until) - max(opens, since))
                for opens, closes in spans
                for since, until in held
            )
            counted = sum(closes - opens for opens, closes in spans) - paused
            lines.append(DayLine(day, ", ".join(notes), spans, counted, paused, number or None))
        return lines

    def _numbers(
        self, start: Instant, due: Instant, term: Term, held: Sequence[Pause]
    ) -> dict[int, int]:
        """Give the number of each day that counts, by its place; `_PAUSED` where a pause took it."""
        ends, first, index = self._days(start, term)
        last = paused_days(ends, first, index, held)
        found: dict[int, int] = {}
        number = 0
        day = bisect_right(self._midnights, start) - 1
        while day < len(self._business_until) and self._midnights[day] < due:
            place = day + 1
            business = True
            if term.unit in OPEN_DAYS:
                place = self._business_until[day] - 1
                business = place >= 0 and place != (
                    self._business_until[day - 1] - 1 if day else -1
                )
            end = ends[place]
            if business and place >= first and (end <= due if last is None else place <= last):
                if any(since < end and (until is None or end <= until) for since, until in held):
                    found[day] = _PAUSED
                else:
                    number += 1
                    found[day] = number
            day += 1
        return found

    def _counts_start(self, start: Instant, day: int, term: Term) -> bool:
        """Tell whether the day of receipt counts itself."""
        if term.unit is _COMPLETE and not term.count_start_day:
            until = self._business_until[day]
            return until > 0 and start <= self._opens_of_business[until - 1]
        return term.count_start_day

    def _days(self, start: Instant, term: Term) -> tuple[list[Instant], int, int]:
        """Give the ends of days, the index of the first that counts for a start, and that of the last."""
        midnights, hints = self._midnights, self._hints
        day = hints.places[(start - self._begin) >> hints.shift]
        while midnights[day + 1] <= start:
            day += 1
        unit = term.unit
        if unit is _BUSINESS_DAYS and term.plain:
            first = self._business_until[day]
            return self._closes_of_business, first, first + term.length - 1
        counts = self._counts_start(start, day, term)
        if unit in OPEN_DAYS:
            first = self._business_until[day - counts] if day >= counts else 0
            ends = self._closes_of_business if term.to_close else self._ends_of_business
            if counts and first < len(ends) and ends[first] <= start:
                first += 1
            return ends, first, first + term.length - 1
        first = day + 2 - counts
        if unit is not _MONTHS:
            return midnights, first, first + term.length - 1
        last = months_later(date.fromordinal(self._first + day), term.length, inclusive=counts)
        return midnights, first, last - self._first + 1

    def _rolled(self, start: Instant, ends: Sequence[Instant], index: int, term: Term) -> Instant:
        """Give the end of a day, or of the next on which the desk is open; `NEVER` outside the days laid out."""
        if index >= len(ends):
            return NEVER
        if not term.roll or term.unit in OPEN_DAYS:
            return ends[index]
        # The end of a day is the midnight after it.
        number = self._business_until[index - 2] if index > 1 else 0
        table = self._closes_of_business if term.to_close else self._ends_of_business
        if number < len(table) and table[number] <= start:
            number += 1
        return table[number] if number < len(table) else NEVER

    def _within(self, at: Instant) -> None:
        if not self._begin <= at <= self._end:
            raise self._outside(at)

    def _outside(self, at: Instant, term: Term | None = None) -> Horizon:
        years = f"{moment(self._begin, self._tz).year} to {moment(self._end - 1, self._tz).year}"
        told = f"{moment(at).isoformat()}{'' if term is None else f' and {term}'}"
        return Horizon(f"calendar {self.name!r} lays out {years}; {told} lead outside")


def _micros(offset: timedelta | None) -> int:
    if offset is None:
        raise ValueError("a zone tells its offset at any time")
    return (offset.days * 86_400 + offset.seconds) * SECOND


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"zone {name!r} is unknown; write one such as Europe/Berlin") from error
