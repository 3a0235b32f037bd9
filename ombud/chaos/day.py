"""When a run's acts happen: the seed's day, its rounds set apart so that every fault has passed before the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ombud.sandbox.shift import Deed, plan

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS: Final = 3
AGENTS: Final = 5
#: In which proportion tickets are complaints.
_ORDINARY: Final = 6
#: A round lasts so long, and in the sandbox's own day begins so long after the one before.
ROUND: Final = timedelta(hours=3)
_APART: Final = timedelta(hours=4)
#: A Monday like any other, and two Fridays before a night on which the desk's clocks change.
ORDINARY: Final = datetime(2027, 1, 11, 8, tzinfo=UTC)
DST: Final = (datetime(2027, 3, 26, 8, tzinfo=UTC), datetime(2027, 10, 29, 8, tzinfo=UTC))
#: How long after each of these the clocks change.
TURN: Final = timedelta(hours=41)


@dataclass(frozen=True, slots=True)
class Day:
    """Hold when everything of a run happens.

    Attributes:
        start: when the helpdesks open; the first round begins an hour later.
        period: from the beginning of a round to that of the next.
        calm: how long after a round faults may go on; from then to the next round nothing is disturbed.
        deeds: what agents do, and when.
        mended: tickets that an agent mends once a note is shown, and with which fields.

    """

    start: datetime
    period: timedelta
    calm: timedelta
    deeds: Sequence[tuple[datetime, Deed]]
    mended: dict[int, Deed]

    def begins(self, number: int) -> datetime:
        """Give the instant at which a round begins; of the one after the last, when there would be another."""
        return self.start + timedelta(hours=1) + number * self.period


def draw(seed: int, *, tickets: int, start: datetime, wide: bool) -> Day:
    """Draw a day.

    Args:
        seed: of everything that chance decides.
        tickets: how many, a few of them no complaints.
        start: when the helpdesks open.
        wide: whether two days lie between rounds, so that a fault may last for one; else eight hours.

    """
    ordinary = max(1, tickets // _ORDINARY)
    drawn = plan(
        seed, agents=AGENTS, complaints=tickets - ordinary, ordinary=ordinary, rounds=ROUNDS
    )
    period = timedelta(hours=48 if wide else 8)
    day = Day(
        start,
        period,
        timedelta(hours=28 if wide else 2),
        [],
        {each.ticket: each for each in drawn if each.do == "mend"},
    )
    deeds = [(day.begins(each.round) + each.at - each.round * _APART, each) for each in drawn]
    return Day(day.start, day.period, day.calm, deeds, day.mended)
