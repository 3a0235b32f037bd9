"""Rates over time: the p-chart with its limits, many of them side by side, and the run chart of before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from ombud.web.dash.charts.plot import (
    LETTER,
    READ,
    Margins,
    at,
    change_rules,
    cut,
    day_axis,
    day_words,
    framed,
    marks,
    nothing,
    percent_axis,
    right_labels,
    text,
)
from sync.palette import SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ombud.web.dash.charts.plot import Look, Spec

#: Limits stand so many standard errors from the mean.
_ERRORS: Final = 3
#: A telephone has room for so many weeks.
_LAST: Final = 26
#: So many signals have their words; every one has its ring.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """Count one week or month: the day it begins, how many are good, of how many; `named` tells why it stands out."""

    day: date
    of: int
    total: int
    named: str = ""

    @property
    def share(self) -> float:
        """Give the share in percent."""
        return 100 * self.of / self.total


@dataclass(frozen=True, slots=True)
class PackChange:
    """Tell from which day on a version of a pack, or anything else that changed, was in force."""

    day: date
    version: str


@dataclass(frozen=True, slots=True)
class Holiday:
    """Name days on which the desk was closed; `end` is the first day after them."""

    begin: date
    end: date
    name: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Hold rates over time.

    Attributes:
        samples: in the order of their days; one that counts nothing is a gap.
        packs: changes of the pack; the mean begins anew at each.
        holidays: days that are shaded.
        objective: the share aimed at, of one; `None` for none.
        weekly: whether a sample is a week, and not a month.

    """

    samples: tuple[Sample, ...]
    packs: tuple[PackChange, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    objective: float | None = None
    weekly: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """Hold what a sample is held against, in percent; `signal` where it lies outside.

    A sample of fewer than thirty is no signal, whatever it shows.
    """

    sample: Sample
    part: int
    mean: float
    lower: float
    upper: float
    signal: bool

    @property
    def few(self) -> bool:
        """Tell whether it counts too few for a rate."""
        return self.sample.total < SMALL


def limits_of(rates: Rates) -> list[Limit]:
    """Reckon mean and limits: p ± 3·√(p(1-p)/n), with p the share of all samples under the same version (Shewhart)."""
    days = sorted(each.day for each in rates.packs)
    counted = [each for each in rates.samples if each.total]
    parts = [sum(day <= each.day for day in days) for each in counted]
    found = []
    for sample, part in zip(counted, parts, strict=True):
        among = [each for each, its in zip(counted, parts, strict=True) if its == part]
        mean = sum(each.of for each in among) / sum(each.total for each in among)
        error = _ERRORS * math.sqrt(mean * (1 - mean) / sample.total)
        lower, upper = 100 * max(0.0, mean - error), 100 * min(1.0, mean + error)
        outside = not lower - 1e-9 <= sample.share <= upper + 1e-9
        found.append(
            Limit(sample, part, 100 * mean, lower, upper, outside and sample.total >= SMALL)
        )
    return found


def pchart(rates: Rates, look: Look) -> Spec:
    """Draw rates with mean, limits at three standard errors, objective, pack changes, holidays and signals."""
    limits = limits_of(rates)[-_LAST if look.narrow else 0 :]
    if not limits:
        return nothing(look)
    height = 130 if look.narrow else 180
    margins = Margins(right=92 if look.narrow else 104)
    low, high = bounds(limits, rates.objective)
    x = day_axis(limits[0].sample.day, limits[-1].sample.day, look)
    y = percent_axis(low, high)
    layers = [
        *calendar(rates, limits, look, x, height),
        _lines(limits, look, x, y),
        *aim(rates, look, y),
        *means(limits, rates, look, x, y),
        *points(limits, rates, look, x, y, (low, high), height),
        *_right(
            limits, rates, look, look.width - margins.left - margins.right, height, (low, high)
        ),
    ]
    return framed(look, margins, height, layers)


def bounds(limits: Sequence[Limit], objective: float | None) -> tuple[float, float]:
    """Give the axis's ends in whole tens, with room under the lowest for its words."""
    # Limits of small samples are far apart and would flatten everything else.
    large = [each for each in limits if not each.few]
    seen = [each.sample.share for each in limits] + [each.lower for each in large]
    top = [each.sample.share for each in limits] + [each.upper for each in large]
    if objective is not None:
        seen.append(100 * objective)
        top.append(100 * objective)
    signals = any(each.signal for each in limits)
    low = max(0.0, 10 * math.floor((min(seen) - (3 if signals else 0)) / 10))
    high = min(100.0, 10 * math.ceil((max(top) + 1) / 10))
    return (low, high) if high - low >= 20 else (max(0.0, high - 20), high)


def calendar(
    rates: Rates, limits: Sequence[Limit], look: Look, x: Spec, height: int, *, named: bool = True
) -> list[Spec]:
    """Shade holidays and rule pack changes, whose versions stand on top where they are `named`."""
    begin, end = limits[0].sample.day, limits[-1].sample.day
    shaded = [
        {
            "x": max(each.begin, begin).isoformat(),
            "x2": min(each.end, end).isoformat(),
            "told": f"{cut(each.name, READ)}, {day_words(each.begin)}",
        }
        for each in rates.holidays
        if each.end > begin and each.begin < end
    ]
    layers = []
    if shaded:
        layers.append(marks(
            "rect", shaded, {"x": x, "x2": {"field": "x2"}, "y": at(0), "y2": at(height)},
            color=look.palette.grid, opacity=1,
        ))  # fmt: skip
    changes = [(each.day, each.version if named else "") for each in rates.packs if begin < each.day <= end]  # fmt: skip
    return [*layers, *change_rules(changes, look, x, height)]


def _lines(limits: Sequence[Limit], look: Look, x: Spec, y: Spec) -> Spec:
    values = [
        {"x": each.sample.day.isoformat(), "y": value, "of": f"{each.part} {which}"}
        for each in limits
        if not each.few
        for which, value in (("upper", each.upper), ("lower", each.lower))
    ]
    return marks(
        "line", values, {"x": x, "y": y, "detail": {"field": "of"}},
        interpolate="step", color=look.palette.edge, strokeWidth=1, strokeDash=[1.5, 2], clip=True,
    )  # fmt: skip


def aim(rates: Rates, look: Look, y: Spec) -> list[Spec]:
    """Draw the objective, dashed."""
    if rates.objective is None:
        return []
    value = {"y": 100 * rates.objective, "told": f"Objective {100 * rates.objective:g} %"}
    return [marks("rule", [value], {"y": y}, color=look.palette.ink, strokeWidth=1.2, strokeDash=[5, 3])]  # fmt: skip


def means(limits: Sequence[Limit], rates: Rates, look: Look, x: Spec, y: Spec) -> list[Spec]:
    """Draw the mean under each version of the pack."""
    values = []
    starts = {sum(day.day <= each.day for day in rates.packs): each.day for each in rates.packs}
    last = limits[-1].sample.day
    for part in sorted({each.part for each in limits}):
        among = [each for each in limits if each.part == part]
        since = max(starts.get(part, among[0].sample.day), limits[0].sample.day)
        until = min((day for its, day in starts.items() if its > part), default=last)
        values.append({
            "x": since.isoformat(), "x2": min(until, last).isoformat(), "y": among[0].mean,
            "told": f"Mean {among[0].mean:.1f} % from {day_words(since)}",
        })  # fmt: skip
    return [marks("rule", values, {"x": x, "x2": {"field": "x2"}, "y": y}, color=look.palette.ink, strokeWidth=1)]  # fmt: skip


def points(
    limits: Sequence[Limit], rates: Rates, look: Look, x: Spec, y: Spec,
    bounds: tuple[float, float], height: int, *, named: bool = True,
) -> list[Spec]:  # fmt: skip
    """Draw samples, small ones hollow, with a ring about each signal and, where they are `named`, its words."""
    ink, (low, high) = look.palette, bounds
    week = "w/c " if rates.weekly else ""
    values = [
        {
            "x": each.sample.day.isoformat(),
            "y": each.sample.share,
            "told": f"{week}{day_words(each.sample.day)}: "
            + (f"{each.sample.share:.1f} %, " if not each.few else "")
            + f"{each.sample.of:,} of {each.sample.total:,}",
            "few": each.few,
        }
        for each in limits
    ]
    gaps = _runs(rates, limits)
    line = [{"x": v["x"], "y": v["y"], "run": run} for v, run in zip(values, gaps, strict=True)]
    layers = [
        marks("line", line, {"x": x, "y": y, "detail": {"field": "run"}}, color=ink.ink_2, strokeWidth=1),
        marks(
            "point", values,
            {"x": x, "y": y, "fill": {"condition": {"test": "datum.few", "value": ink.paper}, "value": ink.ink}},
            stroke=ink.ink, strokeWidth=1, size=16 if named else 8, opacity=1,
        ),
    ]  # fmt: skip
    signals = [(value, each) for value, each in zip(values, limits, strict=True) if each.signal]
    if signals:
        rings = [{"x": value["x"], "y": value["y"]} for value, _ in signals]
        layers.append(marks("point", rings, {"x": x, "y": y}, filled=False, stroke=ink.ink, strokeWidth=1.2, size=80, opacity=1))  # fmt: skip
    if not named:
        return layers
    begin, end = limits[0].sample.day, limits[-1].sample.day
    wide = look.width - 140
    for value, each in sorted(signals, key=lambda one: one[1].sample.share)[:_NAMED]:
        words = f"{week}{day_words(each.sample.day)}: {each.sample.share:.0f} %"
        words += f", {cut(each.sample.named, 40)}" if each.sample.named else ""
        px = wide * (each.sample.day - begin).days / max(1, (end - begin).days)
        room = LETTER * len(words)
        py = height * (high - each.sample.share) / (high - low)
        below = each.sample.share < each.mean
        place: dict[str, Any] = {"align": "center", "dy": 16 if below else -16}
        if px < room / 2 or px > wide - room / 2:
            place["align"] = "left" if px < room / 2 else "right"
        if (below and py > height - 24) or (not below and py < 24):
            place = (
                {"align": "left", "dx": 11} if px < wide - room else {"align": "right", "dx": -11}
            )
        layers.append(text(words, {"x": value["x"], "y": value["y"]}, ink.ink, x=x, y=y, **place))
    return layers


def _runs(rates: Rates, limits: Sequence[Limit]) -> list[int]:
    """Tell the stretch of each sample; a week that counts nothing ends one, and no line is drawn over it."""
    empty = [each.day for each in rates.samples if not each.total]
    runs = [0]
    for one, next_ in pairwise(limits):
        runs.append(runs[-1] + any(one.sample.day < day < next_.sample.day for day in empty))
    return runs


def _right(
    limits: Sequence[Limit], rates: Rates, look: Look, wide: int, height: int, bounds: tuple[float, float]
) -> list[Spec]:  # fmt: skip
    """Name the lines at their right ends."""
    ink, last = look.palette, next((e for e in reversed(limits) if not e.few), limits[-1])
    named = [
        ("Upper limit", last.upper, ink.ink_3),
        (f"Mean {last.mean:.1f} %", last.mean, ink.ink_2),
        ("Lower limit", last.lower, ink.ink_3),
    ]
    if rates.objective is not None:
        aim = "Obj." if look.narrow else "Objective"
        named.append((f"{aim} {100 * rates.objective:g} %", 100 * rates.objective, ink.ink))
    return right_labels(named, *bounds, height, wide, ink.ink_3)
