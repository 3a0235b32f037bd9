"""How long something may take, how that is counted, and the pauses that do not count."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import MAXYEAR, date
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ombud.model.instant import HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant

#: From, to; `None` while it still runs. One that ends where it begins, or before, holds no time.
Pause: TypeAlias = "tuple[Instant, Instant | None]"


class Unit(StrEnum):
    """Name what a term is counted in."""

    hours = "hours"
    """Elapsed hours; an hour is an hour in the night the clocks change, too."""
    business_hours = "business_hours"
    """Hours in which the desk is open."""
    business_days = "business_days"
    """Due at the close of business of the n-th business day after the local day of receipt, which is day 0."""
    complete_business_days = "complete_business_days"
    """As business days, but the day of receipt counts where all its open hours come after the receipt."""
    calendar_days = "calendar_days"
    """Due at the end of the local day n days after the local day of receipt; nothing rolls over."""
    weeks = "weeks"
    """Seven calendar days each."""
    months = "months"
    """Due at the end of the day with the same number n months later, or of that month's last day."""


HOURLY: Final = (Unit.hours, Unit.business_hours)
#: Units that count days on which the desk is open.
OPEN_DAYS: Final = (Unit.business_days, Unit.complete_business_days)
#: When a day ends that is counted: at the close of business, or at local midnight.
Ends: TypeAlias = Literal["close", "day"]


@dataclass(frozen=True, slots=True)
class Term:
    """State how long something may take.

    Attributes:
        amount: above zero; whole for days and weeks.
        unit: what it is counted in.
        count_start_day: whether the day of receipt is day 1; a month then ends the day before the same date.
        ends: when the last day ends; `None` is the unit's own: the close of business of a day that counts
            because the desk is open, else local midnight.
        roll: whether a due on a day on which the desk is closed moves to the next on which it is open.
        length: the amount as a whole number: microseconds for a unit of hours, months, else days.
        plain: whether none of the options is used.
        to_close: whether its last day ends at a close of business, and not at local midnight.

    """

    amount: int | float
    unit: Unit
    count_start_day: bool = False
    ends: Ends | None = None
    roll: bool = False
    length: int = field(init=False, repr=False, compare=False)
    plain: bool = field(init=False, repr=False, compare=False)
    to_close: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse amounts that are none."""
        if not isfinite(self.amount) or self.amount <= 0:
            raise ValueError(f"a term is longer than nothing, not {self.amount} {self.unit}")
        plain = not (self.count_start_day or self.roll or self.ends is not None)
        if self.unit in HOURLY:
            if not plain:
                raise ValueError(f"{self.unit} have no days to count or to roll over")
            length = round(self.amount * HOUR)
            if length == 0:
                raise ValueError(f"a term is at least a microsecond, not {self.amount} {self.unit}")
        elif self.amount != int(self.amount):
            raise ValueError(f"{self.unit} are counted whole, not {self.amount}")
        else:
            length = int(self.amount) * (7 if self.unit is Unit.weeks else 1)
        if self.unit not in OPEN_DAYS and self.ends == "close" and not self.roll:
            raise ValueError("a calendar day may have no close of business; let it roll over")
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "plain", plain)
        to_close = self.ends == "close" or (self.ends is None and self.unit in OPEN_DAYS)
        object.__setattr__(self, "to_close", to_close)

    def __str__(self) -> str:
        words = self.unit.value.replace("_", " ")
        text = f"1 {words.removesuffix('s')}" if self.amount == 1 else f"{self.amount:g} {words}"
        if self.count_start_day:
            text += ", the first day included"
        if self.ends == "day" and self.unit in OPEN_DAYS:
            text += ", to the end of the day"
        if self.ends == "close" and self.unit not in OPEN_DAYS:
            text += ", to the close of business"
        return f"{text}, or the next business day" if self.roll else text


def joined(pauses: Sequence[Pause]) -> Sequence[Pause]:
    """Sort pauses, drop those that hold no time, and join those that overlap or touch."""
    if len(pauses) == 1:
        begin, end = pauses[0]
        return pauses if end is None or end > begin else ()
    whole: list[Pause] = []
    for begin, end in sorted(pauses, key=_begin):
        if end is not None and end <= begin:
            continue
        if whole:
            held, until = whole[-1]
            if until is None:
                break
            if begin <= until:
                whole[-1] = (held, None if end is None else max(end, until))
                continue
        whole.append((begin, end))
    return whole


def paused_elapsed(start: Instant, due: Instant, pauses: Sequence[Pause]) -> Instant | None:
    """Move the end of elapsed time behind the pauses; `None` while one of them holds it up."""
    for begin, end in joined(pauses):
        if begin >= due:
            break
        if end is None:
            return None
        if end > start:
            due += end - max(begin, start)
    return due


def paused_days(
    ends: Sequence[Instant], first: int, index: int, pauses: Sequence[Pause]
) -> int | None:
    """Move the index of a day's end behind the pauses; `None` while one of them holds it up."""
    for begin, end in joined(pauses):
        held = max(first, bisect_right(ends, begin))
        if held > index:
            break
        if end is None:
            return None
        index += max(0, bisect_right(ends, end) - held)
    return index


def months_later(day: date, months: int, *, inclusive: bool) -> int:
    """Give the last day of so many months, as an ordinal; where the month is too short, its own last day.

    With the first day included, that is the day before the one with the same number. Where the years
    that dates have do not reach so far, it is the last of them.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= MAXYEAR:
        return date.max.toordinal()
    length = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - date(year, month + 1, 1)).days
    last = date(year, month + 1, min(day.day, length)).toordinal()
    return last - 1 if inclusive and day.day <= length else last


def _begin(pause: Pause) -> Instant:
    return pause[0]
