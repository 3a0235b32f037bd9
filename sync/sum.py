"""Say in words how a due came about: which days counted, which did not, and why."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ombud.model.instant import HOUR, MINUTE, moment
from ombud.model.term import HOURLY, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from ombud.model.calendar import Calendar, DayLine
    from ombud.model.facts import Instant
    from ombud.model.term import Pause, Term

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Stretches of days that are written out; more are only counted.
_MOST = 6


def due_words(at: Instant, calendar: Calendar, *, start: bool = False) -> str:
    """Write an instant at the desk: "Tue 7 Apr 2026, 17:00"; midnight as a day's end, or as its start."""
    here = moment(at, calendar.tzinfo)
    if not start and (here.hour, here.minute, here.second, here.microsecond) == (0, 0, 0, 0):
        before = moment(at - 1, calendar.tzinfo)
        return f"end of {day_words(before.date())} {before.year}"
    return f"{day_words(here.date())} {here.year}, {here:%H:%M}"


def day_words(day: date) -> str:
    """Write a day: "Tue 7 Apr"."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def sum_words(
    calendar: Calendar, start: Instant, due: Instant, pauses: Sequence[Pause], term: Term
) -> Iterator[str]:
    """Say how a due came about, a sentence each."""
    lines = calendar.explain(start, due, pauses, term)
    if not lines:
        return
    if term.unit is Unit.hours:
        yield from _elapsed(calendar, start, due, pauses)
    elif term.unit in HOURLY:
        yield f"open hours counted: {_listed([f'{day_words(each.day)} {_length(each.counted)}' for each in lines if each.counted])}"
        yield from _left_out([each for each in lines if not each.counted and not each.open])
    else:
        yield from _counted(lines, term)


def _elapsed(
    calendar: Calendar, start: Instant, due: Instant, pauses: Sequence[Pause]
) -> Iterator[str]:
    yield "elapsed hours, nights and closed days included"
    begin, end = moment(start, calendar.tzinfo), moment(due, calendar.tzinfo)
    if begin.utcoffset() != end.utcoffset():
        yield "the clocks change in between"
    if pauses:
        yield "time while the clock was paused not counted"


def _counted(lines: Sequence[DayLine], term: Term) -> Iterator[str]:
    first = lines[0]
    held = first.note.removeprefix("receipt").strip(", ")
    why = f" ({held})" if held else ""
    if first.number is None:
        yield f"{day_words(first.day)} is the day it starts and does not count{why}"
    else:
        yield f"{day_words(first.day)} is the day it starts and counts as day 1"
    numbered = [each for each in lines if each.number is not None]
    if not numbered:
        return
    last = numbered[-1]
    yield f"counted: {_listed(_stretches(numbered))}"
    between = [each for each in lines[1:] if each.number is None and each.day < last.day]
    yield from _left_out(between)
    if term.roll and lines[-1].day > last.day and term.unit is not Unit.business_days:
        yield f"{day_words(last.day)} is no business day, so it rolls over to {day_words(lines[-1].day)}"
    yield "ends with the close of business" if term.to_close else "ends with the day"


def _left_out(lines: Sequence[DayLine]) -> Iterator[str]:
    """Say which days did not count; closed days, of which there are many, together."""
    told = [
        f"{day_words(each.day)} ({each.note})" for each in lines if each.note not in {"", "closed"}
    ]
    closed = sum(each.note in {"", "closed"} for each in lines)
    if closed:
        told.append(f"{closed} closed {'day' if closed == 1 else 'days'}")
    if told:
        yield f"not counted: {', '.join(told)}"


def _stretches(lines: Sequence[DayLine]) -> list[str]:
    """Give days that follow one another as one stretch: "Tue 7 to Thu 9 Apr (1 to 3)"."""
    found = []
    keyed = groupby(enumerate(lines), key=lambda each: each[1].day.toordinal() - each[0])
    for _, group in keyed:
        days = [line for _, line in group]
        first, last = days[0], days[-1]
        if first is last:
            found.append(f"{day_words(first.day)} ({first.number})")
        else:
            found.append(f"{day_words(first.day)} to {day_words(last.day)} ({first.number} to {last.number})")  # fmt: skip
    return found


def _listed(parts: Sequence[str]) -> str:
    if len(parts) <= _MOST:
        return ", ".join(parts)
    return f"{', '.join(parts[: _MOST - 1])}, ... {parts[-1]}"


def _length(micros: int) -> str:
    return f"{micros // HOUR}:{micros % HOUR // MINUTE:02d} h"
