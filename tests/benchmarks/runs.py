"""Run things in turn, and say how they compare."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

RUNS = 5


@dataclass(frozen=True)
class Figure:
    """One measured figure: its median over the runs, the least and the most, and what was hoped for."""

    name: str
    median: float
    least: float
    most: float
    goal: str
    met: bool

    def line(self) -> str:
        """Give it as a line of a table."""
        if self.goal == ">= 0":
            return f"{self.name:<64} {self.median:>12,.1f}  ({self.least:,.1f} to {self.most:,.1f})"
        word = "met" if self.met else "MISSED"
        return f"{self.name:<64} {self.median:>12,.1f}  ({self.least:,.1f} to {self.most:,.1f})  goal {self.goal}: {word}"


def timed(work: Callable[[], object]) -> float:
    """Give how long some work takes, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(works: Mapping[str, Callable[[], object]], runs: int = RUNS) -> dict[str, list[float]]:
    """Time several works in turn, so that a machine's moods meet them all alike."""
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            taken[name].append(timed(work))
    return taken


def at_least(name: str, values: list[float], goal: float) -> Figure:
    """Make a figure that should be large."""
    middle = statistics.median(values)
    return Figure(name, middle, min(values), max(values), f">= {goal:,.0f}", middle >= goal)


def at_most(name: str, values: list[float], goal: float) -> Figure:
    """Make a figure that should be small."""
    middle = statistics.median(values)
    return Figure(name, middle, min(values), max(values), f"<= {goal:,.1f}", middle <= goal)
