"""Periods as people name them: a month, a quarter, a year, the last so many days, or from one day to another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.instant import instant, moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant

#: What is asked for where nothing is said.
DEFAULT: Final = "last-90d"
#: What people are offered, besides months and quarters by name.
OFFERED: Final = (
    "last-30d", "last-90d", "last-12m", "this-month", "last-month", "this-quarter", "last-quarter", "this-year", "all",
)  # fmt: skip
#: Years that can be asked for.
_YEARS: Final = (1900, 2199)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LAST: Final = re.compile(r"last-(\d{1,4})([dwm])")
_FORMS: Final = "Write 2026-10, 2026-q3, 2026, last-90d, this-month, 2026-10-01..2026-10-31, or all"


@dataclass(frozen=True, slots=True)
class Period:
    """Name a stretch of time.

    Attributes:
        key: as it stands in an address.
        label: as people read it.
        begin: its first instant; `None` from the beginning.
        end: the first instant after it; `None` for ever.

    """

    key: str
    label: str
    begin: Instant | None
    end: Instant | None

    @property
    def spoken(self) -> str:
        """Give it as it stands in a sentence: "in October 2026", "from 1 Oct 2026 to 9 Oct 2026", "at any time"."""
        if self.key == "all":
            return "at any time"
        if self.label in {"today", "this week"}:
            return self.label
        if " to " in self.label:
            return f"from {self.label}"
        return (
            f"on {self.label}"
            if self.label[0].isdecimal() and " " in self.label
            else f"in {self.label}"
        )


def read_period(text: str, now: Instant, zone: ZoneInfo) -> Period:
    """Read a period; raises `ValueError` with what can be written."""
    text = text.strip().lower()
    if text == "all":
        return Period("all", "all time", None, None)
    today = moment(now, zone).date()
    days = _days(text, today)
    if days is None:
        raise ValueError(f"{text!r} is no period. {_FORMS}")
    first, last, label = days
    if last < first:
        raise ValueError(f"{text!r} ends before it begins. {_FORMS}")
    if first.year < _YEARS[0] or last.year > _YEARS[1]:
        raise ValueError(f"{text!r} lies before {_YEARS[0]} or after {_YEARS[1]}. {_FORMS}")
    return Period(text, label, midnight(first, zone), midnight(last + timedelta(days=1), zone))


def before(period: Period, zone: ZoneInfo, now: Instant) -> Period | None:
    """Give the period of the same kind and length before one; `None` for all time, and for the earliest years."""
    if period.begin is None or period.end is None:
        return None
    first = moment(period.begin, zone).date()
    last = moment(period.end, zone).date() - timedelta(days=1)
    match = re.fullmatch(r"\d{4}(-q[1-4]|-\d\d)?", period.key)
    whole = match is not None or period.key.startswith(("this-", "last-month", "last-quarter"))
    if whole:
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        begin = _months_back(first, months)
        key = {1: f"{begin:%Y-%m}", 3: f"{begin.year}-q{(begin.month + 2) // 3}", 12: str(begin.year)}.get(months)  # fmt: skip
        if key is not None:
            return _readable(key, now, zone)
    length = (last - first).days + 1
    begin = first - timedelta(days=length)
    return _readable(f"{begin}..{first - timedelta(days=1)}", now, zone)


def _readable(text: str, now: Instant, zone: ZoneInfo) -> Period | None:
    try:
        return read_period(text, now, zone)
    except ValueError:
        return None


def days_of(period: Period, zone: ZoneInfo) -> tuple[int, int] | None:
    """Give a period's first day and the day after it, in days since 1970-01-01; `None` for one without bounds."""
    if period.begin is None or period.end is None:
        return None
    first, last = (moment(each, zone).date().toordinal() for each in (period.begin, period.end))
    return first - _EPOCH, last - _EPOCH


def _days(text: str, today: date) -> tuple[date, date, str] | None:
    for reads in (_named, _last, _whole, _between):
        found = reads(text, today)
        if found is not None:
            return found
    return None


def _named(text: str, today: date) -> tuple[date, date, str] | None:
    month = today.replace(day=1)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    made: dict[str, Callable[[], tuple[date, date, str]]] = {
        "today": lambda: (today, today, "today"),
        "this-week": lambda: (
            today - timedelta(days=today.weekday()),
            today + timedelta(days=6 - today.weekday()),
            "this week",
        ),
        "this-month": lambda: (month, _last_day(month, 1), f"{month:%B %Y} so far"),
        "last-month": lambda: _month(_months_back(month, 1)),
        "this-quarter": lambda: (quarter, _last_day(quarter, 3), f"{_quarter(quarter)} so far"),
        "last-quarter": lambda: (
            _months_back(quarter, 3),
            quarter - timedelta(days=1),
            _quarter(_months_back(quarter, 3)),
        ),
        "this-year": lambda: (
            date(today.year, 1, 1),
            date(today.year, 12, 31),
            f"{today.year} so far",
        ),
    }
    return made[text]() if text in made else None


def _last(text: str, today: date) -> tuple[date, date, str] | None:
    match = _LAST.fullmatch(text)
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    if count == 0:
        return None
    if unit == "m":
        begin = _months_back(today.replace(day=1), count - 1)
        return begin, today, f"the last {count} months"
    length = count * (7 if unit == "w" else 1)
    try:
        begin = today - timedelta(days=length - 1)
    except OverflowError:
        return None
    return begin, today, f"the last {count} {'weeks' if unit == 'w' else 'days'}"


def _whole(text: str, _today: date) -> tuple[date, date, str] | None:
    match = re.fullmatch(r"(\d{4})(?:-(?:q([1-4])|(\d\d)))?", text)
    if match is None:
        return None
    year = int(match[1])
    try:
        if match[2] is not None:
            begin = date(year, int(match[2]) * 3 - 2, 1)
            return begin, _last_day(begin, 3), _quarter(begin)
        if match[3] is not None:
            return _month(date(year, int(match[3]), 1))
        return date(year, 1, 1), date(year, 12, 31), str(year)
    except ValueError:
        return None


def _between(text: str, _today: date) -> tuple[date, date, str] | None:
    first, dots, last = text.partition("..")
    try:
        begin = date.fromisoformat(first)
        end = date.fromisoformat(last) if dots else begin
    except ValueError:
        return None
    label = f"{begin:%-d %b %Y}" if begin == end else f"{begin:%-d %b %Y} to {end:%-d %b %Y}"
    return begin, end, label


def _month(first: date) -> tuple[date, date, str]:
    return first, _last_day(first, 1), f"{first:%B %Y}"


def _quarter(first: date) -> str:
    return f"Q{(first.month + 2) // 3} {first.year}"


def _last_day(first: date, months: int) -> date:
    return _months_back(first, -months) - timedelta(days=1)


def _months_back(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def midnight(day: date, zone: ZoneInfo) -> Instant:
    """Give the instant at which a day begins in a zone."""
    return instant(datetime.combine(day, time(), tzinfo=zone))
