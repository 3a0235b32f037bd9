"""The way a complaint took, as one row: its stages and native statuses in order, and what is odd about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.facts import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book.layout import Case, Step

#: Stands between the activities of a way; no helpdesk allows it in a name.
BETWEEN: Final = "\x1f"
#: Stage -> its bit in a mask.
BITS: Final = {stage: 1 << place for place, stage in enumerate(STAGES)}
_SHOWN: Final = tuple(stage for stage in STAGES if stage != "investigating")


class Move(NamedTuple):
    """Hold one change of the native status: the status entered, and when."""

    status: str
    at: Instant


class Way(NamedTuple):
    """Hold the way of one complaint; masks have a bit for each of `BITS`.

    Attributes:
        stages: the stages entered, in order, with `BETWEEN` between them.
        statuses: the native statuses entered, likewise.
        entered: when each stage was entered.
        moved: when each status was.
        seen: stages entered.
        shown: stages whose milestone is reached, entered or not.
        again: stages entered more than once.
        turned: stages entered for the first time after a later one.

    """

    stages: str
    statuses: str
    entered: list[Instant]
    moved: list[Instant]
    seen: int
    shown: int
    again: int
    turned: int


def way_of(case: Case, steps: Sequence[Step], moves: Sequence[Move]) -> Way:
    """Give the way that a complaint's enterings and changes of status make."""
    stages = [each.stage for each in steps]
    entered = [each.entered for each in steps]
    seen, again, turned = masks_of(stages)
    return Way(
        BETWEEN.join(stages),
        BETWEEN.join(each.status for each in moves),
        entered,
        [each.at for each in moves],
        seen,
        sum(BITS[stage] for stage in _SHOWN if getattr(case, stage) is not None),
        again,
        turned,
    )


def masks_of(stages: Iterable[str]) -> tuple[int, int, int]:
    """Give which stages a way enters, which more than once, and which for the first time after a later one."""
    seen = again = turned = 0
    for stage in stages:
        bit = BITS.get(stage, 0)
        if seen & bit:
            again |= bit
        elif seen >= bit << 1:
            turned |= bit
        seen |= bit
    return seen, again, turned
