"""How long something may take, and the pauses that do not count."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

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
    calendar_days = "calendar_days"
    """Due at the end of the local day n days after the local day of receipt; nothing rolls over."""
    weeks = "weeks"
    """Seven calendar days each."""


_HOURLY = (Unit.hours, Unit.business_hours)


@dataclass(frozen=True, slots=True)
class Term:
    """State how long something may take.

    Attributes:
        amount: above zero; whole for days and weeks.
        unit: what it is counted in.
        length: the same as a whole number: microseconds for a unit of hours, else days.

    """

    amount: int | float
    unit: Unit
    length: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse amounts that are none."""
        if not isfinite(self.amount) or self.amount <= 0:
            raise ValueError(f"a term is longer than nothing, not {self.amount} {self.unit}")
        if self.unit in _HOURLY:
            length = round(self.amount * HOUR)
            if length == 0:
                raise ValueError(f"a term is at least a microsecond, not {self.amount} {self.unit}")
        elif self.amount != int(self.amount):
            raise ValueError(f"{self.unit} are counted whole, not {self.amount}")
        else:
            length = int(self.amount) * (7 if self.unit is Unit.weeks else 1)
        object.__setattr__(self, "length", length)

    def __str__(self) -> str:
        words = self.unit.value.replace("_", " ")
        return f"1 {words.removesuffix('s')}" if self.amount == 1 else f"{self.amount:g} {words}"


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


def _begin(pause: Pause) -> Instant:
    return pause[0]
