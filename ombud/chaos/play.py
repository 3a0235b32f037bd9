"""One seed: the same day on two worlds, one of them disturbed, and what came of it."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ombud.chaos import kinds
from ombud.chaos.day import AGENTS, DST, ORDINARY, draw
from ombud.chaos.judge import acknowledged, judge
from ombud.chaos.mischief import Mischief
from ombud.chaos.place import Place
from ombud.chaos.run import Run
from ombud.chaos.safeguards import SAFEGUARDS, taken_away
from policies.load import load_editions
from sync import binding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.chaos.day import Day
    from ombud.chaos.run import Ended

#: Tickets of a run.
TICKETS: Final = 12
#: How likely a run orders a kind of fault.
_LIKELY: Final = 0.45


@dataclass(slots=True)
class Result:
    """Say what one seed showed.

    Attributes:
        seed: the seed.
        vendors: the helpdesks that it was played on.
        fired: kinds of faults that were ordered -> how often they struck.
        wrong: what differs, or must not be; nothing where all is well.
        counts: what it took.

    """

    seed: int
    vendors: tuple[str, ...]
    fired: dict[str, int]
    wrong: list[str]
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def silent(self) -> list[str]:
        """Name the kinds that were ordered and never struck: such a run shows nothing of them."""
        return [name for name, times in self.fired.items() if not times]

    @property
    def good(self) -> bool:
        """Tell whether it converged, and everything that was ordered struck."""
        return not self.wrong and not self.silent

    def as_json(self) -> dict[str, Any]:
        """Give it as an object."""
        return {
            "seed": self.seed,
            "vendors": list(self.vendors),
            "good": self.good,
            "fired": self.fired,
            "between_commit_and_reply": sum(
                times for name, times in self.fired.items() if kinds.FAULTS[name].between
            ),
            "never_fired": self.silent,
            "wrong": self.wrong,
            "counts": dict(self.counts),
        }


def play(
    seed: int,
    *,
    vendors: Sequence[str],
    tickets: int = TICKETS,
    only: Sequence[str] | None = None,
    without: str | None = None,
) -> Result:
    """Play one seed.

    Args:
        seed: of everything that chance decides.
        vendors: jira, zendesk, or both.
        tickets: of the day, at each helpdesk.
        only: order these kinds of faults instead of what the seed draws.
        without: take this safeguard away from the disturbed world's processes; what it guards against is ordered.

    """
    _warm()
    if only is None and without is not None:
        only = SAFEGUARDS[without].faults
    ordered = list(only) if only is not None else drawn(seed, vendors)
    start = DST[seed % 2] if "dst_night" in ordered else ORDINARY
    wide = "down_for_a_day" in ordered or "dst_night" in ordered
    day = draw(seed, tickets=tickets, start=start, wide=wide)
    mischief = Mischief(seed, ordered, often=without is not None)
    calm, _ = _world(vendors, day)
    wild, taken = _world(vendors, day, mischief, without)
    ordinary = {each.ticket for _, each in day.deeds if each.project != "CMP"}
    wrong = judge(calm, wild, touched=mischief.touched, mended=mischief.mended, ordinary=ordinary)
    if "dst_night" in ordered:
        mischief.fired["dst_night"] += wild.counts["beats around a change of clocks"]
    fired = {name: mischief.fired[name] for name in ordered}
    return Result(seed, tuple(vendors), fired, [*wrong, *taken], wild.counts)


def drawn(seed: int, vendors: Sequence[str]) -> list[str]:
    """Draw the kinds of faults that a seed orders."""
    chance = random.Random(f"kinds of {seed}")  # noqa: S311 (repeatable chance, not secrecy)
    possible = [each for each in kinds.FAULTS.values() if each.vendors & set(vendors)]
    return [each.name for each in possible if chance.random() < _LIKELY]


def _warm() -> None:
    """Have packs read once for all processes to come: each of them would take a second over it."""
    held = vars(binding)
    if not hasattr(held["load_editions"], "cache_info"):
        held["load_editions"] = cache(load_editions)
    held["load_editions"]("iso10002")


def _world(
    vendors: Sequence[str], day: Day, mischief: Mischief | None = None, without: str | None = None
) -> tuple[Ended, list[str]]:
    with tempfile.TemporaryDirectory(prefix="ombud-chaos-") as folder:
        place = Place(Path(folder), vendors, day.start, AGENTS)
        try:
            run = Run(place, day, mischief, lambda: taken_away(without))
            if mischief is not None:
                mischief.begin(run)
            ended = run.play()
            return ended, [each for one in place.helpdesks for each in acknowledged(one)]
        finally:
            place.close()
