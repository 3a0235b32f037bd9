"""How long things take where some are not over yet, and what an objective allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.store.book.clocks import Took

#: Nineteen of twenty intervals hold the true share.
_ERRORS: Final = 1.96
#: The same exactly: a quantile of the normal distribution.
_Z: Final = 1.959963984540054
#: A curve is drawn by at most so many steps.
_STEPS: Final = 120


@dataclass(frozen=True, slots=True)
class Lasting:
    """Hold how long things take, reckoned so that those which are not over count for as long as they ran.

    The estimate is that of Kaplan and Meier, its interval Greenwood's.

    Attributes:
        steps: minutes, the share of one that is not over after them, and the ends of its interval.
        stopped: how many are over.
        running: how many are not.

    """

    steps: tuple[tuple[int, float, float, float], ...]
    stopped: int
    running: int

    @property
    def total(self) -> int:
        """Give how many began."""
        return self.stopped + self.running

    def within(self, share: float) -> int | None:
        """Give the minutes within which so large a share was over; `None` where it has not come to that."""
        for minutes, left, _, _ in self.steps:
            if left <= 1 - share + 1e-12:
                return minutes
        return None

    def thinned(self) -> tuple[tuple[int, float, float, float], ...]:
        """Give steps enough to draw: at most one for each 120th part of the longest time."""
        if len(self.steps) <= _STEPS:
            return self.steps
        wide = max(1, self.steps[-1][0] // _STEPS)
        kept = {minutes // wide: (minutes, left, low, high) for minutes, left, low, high in self.steps}  # fmt: skip
        return tuple(kept.values())


def lasting_of(told: Iterable[Took]) -> Lasting:
    """Reckon how long things take from how many stopped, or still ran, after so many minutes."""
    ended: dict[int, int] = {}
    watched: dict[int, int] = {}
    for each in told:
        ended[each.minutes] = ended.get(each.minutes, 0) + each.stopped
        watched[each.minutes] = watched.get(each.minutes, 0) + each.running
    stopped, running = sum(ended.values()), sum(watched.values())
    left = stopped + running
    share, spread = 1.0, 0.0
    steps = []
    for minutes in sorted(ended):
        count = ended[minutes]
        if count:
            share *= 1 - count / left
            # Where all that is left stops at once, nothing is open any more, and there is no interval.
            if left > count:
                spread += count / (left * (left - count))
            error = _ERRORS * share * math.sqrt(spread)
            steps.append((minutes, share, max(0.0, share - error), min(1.0, share + error)))
        left -= count + watched[minutes]
    return Lasting(tuple(steps), stopped, running)


@dataclass(frozen=True, slots=True)
class Spent:
    """Hold an error budget: of how many, how many may be late by the objective, and how many were.

    Attributes:
        total: clocks that came to an end, in time or late.
        late: late ones.
        objective: the share that is to be in time, of one.

    """

    total: int
    late: int
    objective: float

    @property
    def allowed(self) -> float:
        """Give how many may be late."""
        return self.total * (1 - self.objective)

    @property
    def left(self) -> float | None:
        """Give the share of one that is left, below nothing where more were late; `None` where none may be."""
        return 1 - self.late / self.allowed if self.allowed > 1e-9 else None

    @property
    def burn(self) -> float | None:
        """Give how many times as fast as allowed it is spent; `None` where nothing is allowed."""
        return self.late / self.allowed if self.allowed > 1e-9 else None

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "total": self.total,
            "late": self.late,
            "allowed": round(self.allowed, 2),
            "left": self.left,
            "burn": self.burn,
        }


def left_by_day(days: Sequence[tuple[int, int]], objective: float) -> list[float]:
    """Give what is left of a budget at the end of each day, of (late, total) day by day; the whole sum is allowed for."""
    allowed = sum(total for _, total in days) * (1 - objective)
    if allowed <= 1e-9:
        return []
    found, late = [], 0
    for each, _ in days:
        late += each
        found.append(1 - late / allowed)
    return found


#: Standard errors from the mean, and how many of a hundred groups chance alone keeps within, the outer limit first.
_FUNNEL: Final = ((3.09, "99.8"), (1.96, "95"))


def beyond(of: int, total: int, mean: float) -> tuple[str, bool] | None:
    """Tell which limit of chance a share lies outside of, the outer one first, and whether above; `None` within both.

    Args:
        of: how many.
        total: of how many, more than none.
        mean: the share of all groups, of one.

    """
    gap = of / total - mean
    error = math.sqrt(mean * (1 - mean) / total)
    for errors, word in _FUNNEL:
        if abs(gap) > errors * error + 1e-9:
            return word, gap > 0
    return None


def score_interval(share: float, size: float) -> tuple[float, float]:
    """Give the bounds between which a share lies in 95 of 100 cases (Wilson's score interval); `size` is above none.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    square = _Z * _Z
    middle = (share + square / (2 * size)) / (1 + square / size)
    reach = (
        _Z
        * math.sqrt(share * (1 - share) / size + square / (4 * size * size))
        / (1 + square / size)
    )
    return max(0.0, middle - reach), min(1.0, middle + reach)
