"""Faults of delivery that a test may order: hooks lost, doubled, late, forged, and hooks that nobody meant."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

HookKind = Literal[
    "lost",
    "doubled",
    "reordered",
    "late",
    "ancient",
    "future",
    "forged",
    "foreign",
    "unknown_ticket",
    "oversize",
]
#: What befalls a delivery itself; the others are deliveries beside it.
BEFALL: Final = frozenset({"lost", "doubled", "reordered", "late", "ancient", "future"})


@dataclass(slots=True)
class HookFault:
    """One ordered fault of delivery.

    Attributes:
        kind: lost never goes out; doubled goes out twice; reordered goes out after the next one to the same address;
            late goes out `seconds` of the world's clock afterwards; ancient and future bear a true signature and an
            instant that is `seconds` off; beside the true delivery go out: forged (a wrong signature), foreign (for
            another account: its address and its ids), unknown_ticket (well signed, of a ticket that never was) and
            oversize (well signed, `size` bytes).
        match: a regular expression looked for in "event ticket".
        nth: the first matching delivery it strikes, from 1.
        times: how many matching deliveries it may strike from there on.
        share: strikes one so likely, by chance that `seed` fixes.
        struck: how many it was meant for.
        fired: how many of these took effect: went out as ordered, or were dropped.
    """

    kind: HookKind
    match: str = ""
    nth: int = 1
    times: int = 1
    share: float = 1.0
    seed: int = 0
    seconds: float = 3600.0
    size: int = 20 * 1024 * 1024
    seen: int = 0
    struck: int = 0
    fired: int = 0
    _chance: random.Random | None = field(default=None, repr=False)

    def meets(self, words: str) -> bool:
        """Count a delivery, and tell whether this fault strikes it."""
        if re.search(self.match, words) is None:
            return False
        self.seen += 1
        if not self.nth <= self.seen < self.nth + self.times:
            return False
        if self._chance is None:
            self._chance = random.Random(self.seed)
        if self._chance.random() >= self.share:
            return False
        self.struck += 1
        return True


class HookFaults:
    """The faults of delivery in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._list: list[HookFault] = []

    def order(self, orders: list[dict[str, Any]]) -> None:
        """Replace every fault by the ordered ones; an unknown word is refused."""
        made = [HookFault(**order) for order in orders]
        for fault in made:
            if fault.kind not in get_args(HookKind):
                message = f"no such fault of delivery: {fault.kind}"
                raise ValueError(message)
            re.compile(fault.match)
        with self._lock:
            self._list = made

    def strike(self, words: str) -> list[HookFault]:
        """Return the faults that strike a delivery: at most one that befalls it, and those beside it."""
        with self._lock:
            struck: list[HookFault] = []
            for fault in self._list:
                taken = fault.kind in BEFALL and any(each.kind in BEFALL for each in struck)
                if not taken and fault.meets(words):
                    struck.append(fault)
            return struck

    def fire(self, fault: HookFault) -> None:
        """Count that a fault took effect."""
        with self._lock:
            fault.fired += 1

    def report(self) -> list[dict[str, Any]]:
        """Tell what was ordered, how many deliveries it was meant for, and how often it took effect."""
        with self._lock:
            names = ("kind", "match", "seen", "struck", "fired")
            return [{name: getattr(fault, name) for name in names} for fault in self._list]
