"""A working week, as it is written in ombud.toml."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY: Final = 24 * 60

#: Opening and close in minutes of the day that opens it; a close at or before the opening is on the next day.
Window = tuple[int, int]
#: The windows of Monday to Sunday.
Week = tuple[tuple[Window, ...], ...]

_WINDOW: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", re.ASCII)


def parse_week(told: Mapping[str, Sequence[str]]) -> Week:
    """Read {"mon-fri": ["09:00-12:30", "13:30-17:00"]}; `ValueError` names the key and the remedy.

    A window that ends at or before its start ends on the next day; "24:00" is the day's end. Windows may
    touch but not overlap: two keys that both speak of Friday are more likely a slip than a wish.
    """
    days: list[list[tuple[Window, str]]] = [[] for _ in DAY_NAMES]
    for key, windows in told.items():
        if isinstance(windows, str):
            raise ValueError(f'week.{key}: is a list; write ["{windows}"]')  # noqa: TRY004 (one kind of error at this door)
        first, dash, last = (part.strip() for part in key.lower().partition("-"))
        last = last if dash else first
        if first not in DAY_NAMES or last not in DAY_NAMES:
            raise ValueError(f"week.{key}: is no day; write mon, tue ... sun, or mon-fri")
        begin, end = DAY_NAMES.index(first), DAY_NAMES.index(last)
        if end < begin:
            raise ValueError(f"week.{key}: runs backwards; write two keys instead")
        read = [(_window(key, window), key) for window in windows]
        for index in range(begin, end + 1):
            days[index].extend(read)
    if not any(days):
        raise ValueError('week: is never open; write for instance mon-fri = ["09:00-17:00"]')
    _refuse_overlap(days)
    return tuple(tuple(sorted(window for window, _ in day)) for day in days)


def length_of(window: Window) -> int:
    """Give the minutes a window is open for on the wall clock."""
    start, end = window
    return end - start if end > start else end - start + MINUTES_A_DAY


def _window(key: str, text: str) -> Window:
    told = _WINDOW.fullmatch(re.sub(r"\s", "", text))
    if told is not None:
        opens, closes = _minute(told[1], told[2]), _minute(told[3], told[4])
        if opens is not None and closes is not None and opens < MINUTES_A_DAY:
            return opens, closes
    raise ValueError(f'week.{key}: {text!r} is no window; write "09:00-17:00"')


def _minute(hour: str, minute: str) -> int | None:
    at = int(hour) * 60 + int(minute)
    return at if int(minute) < 60 and at <= MINUTES_A_DAY else None


def _refuse_overlap(days: Sequence[Sequence[tuple[Window, str]]]) -> None:
    laid = sorted(
        (day * MINUTES_A_DAY + window[0], length_of(window), day, key)
        for day, windows in enumerate(days)
        for window, key in windows
    )
    opens, length, day, key = laid[0]
    laid.append((opens + 7 * MINUTES_A_DAY, length, day, key))
    for (opens, length, day, key), (following, _, _, other) in pairwise(laid):
        if opens + length > following:
            clash = f"one of week.{other}" if other != key else "another of its own"
            raise ValueError(
                f"week.{key}: a window of {DAY_NAMES[day]} overlaps {clash}; let each hour stand once"
            )
