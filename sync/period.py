"""Read how far back somebody wants to look."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.clock import parse_instant
from ombud.model.instant import instant, moment

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant

_SPAN: Final = re.compile(r"([1-9][0-9]{0,3})([dwmy])")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def begin_of(text: str, now: Instant, zone: ZoneInfo) -> Instant:
    """Read `12m`, `52w`, `90d`, `1y`, a date or a time: the beginning of a period that ends now.

    A span and a date begin at that day's local midnight.

    Raises:
        ValueError: it is none of these; the message says what to write.

    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        return _read(text, zone, "12m, 52w, 90d, 1y, 2026-01-31 or a time with its zone", days=0)
    number, unit = int(found[1]), found[2]
    day = moment(now, zone).date()
    try:
        if unit in "dw":
            day -= timedelta(days=number * (7 if unit == "w" else 1))
        else:
            months = day.year * 12 + day.month - 1 - number * (12 if unit == "y" else 1)
            year, month = divmod(months, 12)
            day = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
        return instant(datetime.combine(day, time(), tzinfo=zone))
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{text!r} reaches back before the calendar begins") from error


def end_of(text: str, now: Instant, zone: ZoneInfo) -> Instant:
    """Read a date, whose end is meant, or a time; `ValueError` where it is neither, or lies ahead."""
    end = _read(text, zone, "2026-01-31 or a time with its zone", days=1)
    if end > now:
        raise ValueError(f"{text!r} lies ahead; only what has happened can be judged again")
    return end


def _read(text: str, zone: ZoneInfo, forms: str, *, days: int) -> Instant:
    try:
        if _DAY.fullmatch(text.strip()):
            day = date.fromisoformat(text.strip()) + timedelta(days=days)
            return instant(datetime.combine(day, time(), tzinfo=zone)) - days
        return instant(parse_instant(text))
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{text!r} is no such time; write {forms}") from error
