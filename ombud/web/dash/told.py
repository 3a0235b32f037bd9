"""Numbers, shares, instants and durations in words, as every page, chart and report writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ombud.model.instant import DAY, HOUR, MINUTE, SECOND, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ombud.model.facts import Instant

#: A number and its unit stay on one line.
_NBSP: Final = "\u00a0"
_MINUS: Final = "\u2212"
_DASH: Final = "\u2013"
_FORMS: Final[Mapping[str, str]] = {
    "day": "%-d %b",
    "date": "%-d %b %Y",
    "time": "%-d %b, %H:%M",
    "wall": "%a %-d %b, %H:%M",
    "full": "%a %-d %b %Y, %H:%M",
    "month": "%b %Y",
}


def number(value: float | None, digits: int = 0) -> str:
    """Write a number with commas between thousands; a dash where there is none."""
    return _DASH if value is None else f"{value:,.{digits}f}".replace("-", _MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share of one in percent; what is nearly all or nearly nothing is never rounded to it."""
    if share is None:
        return _DASH
    least = 10.0**-digits
    if 0 < share < 1:
        if 100 * share >= 100 - least / 2:
            return f">{_NBSP}{100 - least:.{digits}f}{_NBSP}%"
        if 100 * share < least / 2:
            return f"<{_NBSP}{least:.{digits}f}{_NBSP}%"
    return f"{100 * share:.{digits}f}{_NBSP}%".replace("-", _MINUS)


def signed(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Write a change with its sign, such as "+1.9 pt", with a true minus sign; "0" has none."""
    if value is None:
        return _DASH
    size = f"{abs(value):,.{digits}f}"
    sign = "" if not float(size.replace(",", "")) else "+" if value > 0 else _MINUS
    return f"{sign}{size}{_NBSP}{unit}" if unit else f"{sign}{size}"


def clocked(at: Instant | None, form: str, zone: ZoneInfo | str) -> str:
    """Write an instant in a zone; forms: day, date, time, wall, full, month. "unknown" where there is none."""
    if at is None:
        return "unknown"
    told = moment(at, ZoneInfo(zone) if isinstance(zone, str) else zone)
    # Not every platform knows "%-d".
    return told.strftime(_FORMS[form].replace("%-d", str(told.day)))


def lasting(span: int | None) -> str:
    """Write a span of microseconds by its two largest units: "8 d 21 h", "9 h 50 min", "2 min", "41 s"."""
    if span is None:
        return _DASH
    sign, left = (_MINUS, -span) if span < 0 else ("", span)
    if left >= DAY:
        return sign + _two(left, DAY, "d", HOUR, "h")
    if left >= HOUR:
        return sign + _two(left, HOUR, "h", MINUTE, "min")
    if left >= MINUTE:
        return f"{sign}{left // MINUTE}{_NBSP}min"
    return f"{sign}{left // SECOND}{_NBSP}s"


def hours(span: int | None) -> str:
    """Write a span of microseconds of working time as hours and minutes: "62:18"."""
    if span is None:
        return _DASH
    sign, left = (_MINUS, -span) if span < 0 else ("", span)
    return f"{sign}{left // HOUR}:{left % HOUR // MINUTE:02d}"


def _two(left: int, large: int, word: str, small: int, less: str) -> str:
    first, second = left // large, left % large // small
    head = f"{first}{_NBSP}{word}"
    return f"{head} {second}{_NBSP}{less}" if second else head


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "number": number,
    "percent": percent,
    "signed": signed,
    "clocked": clocked,
    "lasting": lasting,
    "hours": hours,
}
