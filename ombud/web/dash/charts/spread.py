"""Groups compared by rate against what chance allows for their size (funnel plot)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.web.dash.charts.plot import (
    LETTER,
    READ,
    Margins,
    at,
    cut,
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

    from ombud.web.dash.charts.plot import Look, Spec

#: Standard errors of the inner and the outer limit: 95 % and 99.8 % of groups lie within by chance.
_LIMITS: Final = ((1.96, "95 %"), (3.09, "99.8 %"))
_STEPS: Final = 80
_LONGEST: Final = 24
#: Where words may stand about their point: how they are aligned, and how far they are moved.
_PLACES: Final = (("left", 9, 0), ("right", -9, 0), ("center", 0, -13), ("center", 0, 13))


@dataclass(frozen=True, slots=True)
class Group:
    """Count one group: how many are good, of how many."""

    name: str
    of: int
    total: int


def funnel(groups: Sequence[Group], what: str, look: Look) -> Spec:
    """Draw groups by size and rate; those outside the outer limit are ringed, those below thirty stand in words alone.

    The mean is of all groups, small ones included. `what` names the size, such as "complaints of a team".
    """
    large = [each for each in groups if each.total >= SMALL]
    small = [each for each in groups if 0 < each.total < SMALL]
    if not large:
        return nothing(look)
    mean = sum(each.of for each in groups) / sum(each.total for each in groups)
    ink = look.palette
    height = 170 if look.narrow else 230
    margins = Margins(left=44, right=96, top=12, bottom=44 + (18 if small else 0))
    wide = look.width - margins.left - margins.right
    end = 1.08 * max(each.total for each in large)
    begin = 0.0
    shares = [100 * each.of / each.total for each in large]
    lowest = 100 * (mean - _LIMITS[1][0] * _error(mean, min(each.total for each in large)))
    low = max(0.0, 10 * math.floor((min(*shares, lowest) - 1) / 10))
    x: Spec = {
        "field": "x", "type": "quantitative", "scale": {"domain": [begin, end], "nice": False, "zero": False},
        "axis": {"grid": False, "tickCount": 4, "format": ",d", "title": what, "titleAnchor": "end", "titleAlign": "right", "titlePadding": 4},
    }  # fmt: skip
    y = percent_axis(low, 100)
    first = max(10.0, end / _STEPS)
    sizes = [first + (end - first) * (each / _STEPS) ** 2 for each in range(_STEPS + 1)]
    layers: list[Spec] = []
    named = [(f"Mean {100 * mean:.1f} %", 100 * mean, ink.ink_2)]
    curves: list[tuple[float, ...]] = []
    for errors, words in _LIMITS:
        for sign in (-1, 1):
            curve = [
                {"x": n, "y": min(100.0, max(low, 100 * (mean + sign * errors * _error(mean, n))))}
                for n in sizes
            ]
            curves += [(wide * each["x"] / end - 2, height * (100 - each["y"]) / (100 - low) - 2, 4.0, 4.0) for each in curve]  # fmt: skip
            dash = [1.5, 2] if errors > 2 else [4, 3]
            layers.append(marks("line", curve, {"x": x, "y": y}, color=ink.edge, strokeWidth=1, strokeDash=dash))  # fmt: skip
        edge = 100 * (mean - errors * _error(mean, end))
        named.append((words, edge, ink.ink_3))
    layers.append(marks("rule", [{"y": 100 * mean, "told": f"Mean {100 * mean:.1f} %"}], {"y": y}, color=ink.ink, strokeWidth=1))  # fmt: skip
    layers += right_labels(named, low, 100, height, wide, ink.ink_3)
    values = [
        {"x": each.total, "y": 100 * each.of / each.total,
         "told": f"{cut(each.name, READ)}: {100 * each.of / each.total:.1f} %, {each.of:,} of {each.total:,}"}
        for each in large
    ]  # fmt: skip
    layers.append(marks("point", values, {"x": x, "y": y}, filled=True, color=ink.ink, size=30, opacity=1))  # fmt: skip
    outside = [each for each in large if outlies(each, mean)]
    rings = [{"x": each.total, "y": 100 * each.of / each.total} for each in outside]
    if rings:
        layers.append(marks("point", rings, {"x": x, "y": y}, filled=False, stroke=ink.ink, strokeWidth=1.2, size=90, opacity=1))  # fmt: skip
    layers += _names(large, outside, curves, look, x, y, (wide, height), (end, low))
    if small:
        told = " · ".join(f"{cut(each.name, _LONGEST)} {each.of} of {each.total}" for each in small)
        room = int(look.width / LETTER) - 20
        told = told if len(told) <= room else f"{len(small)} groups"
        layers.append(text(f"Fewer than {SMALL}: {told}", {}, ink.ink_3, x=at(0), y=at(height + 54), align="left"))  # fmt: skip
    return framed(look, margins, height, layers)


def _names(
    large: Sequence[Group], outside: Sequence[Group], curves: Sequence[tuple[float, ...]], look: Look, x: Spec, y: Spec,
    room: tuple[int, int], ends: tuple[float, float],
) -> list[Spec]:  # fmt: skip
    """Write names beside points where there is room, over a limit's curve where there is no other; whoever stands out first."""
    ink, (wide, height), (end, low) = look.palette, room, ends

    def pixels(group: Group) -> tuple[float, float]:
        return wide * group.total / end, height * (100 - 100 * group.of / group.total) / (100 - low)

    layers = []
    taken = [(px - 5, py - 5, 10.0, 10.0) for px, py in map(pixels, large)]
    for each in sorted(large, key=lambda one: one not in outside):
        px, py = pixels(each)
        name = cut(each.name, _LONGEST)
        size = LETTER * len(name)
        boxes = [
            (align, dx, dy, (px + dx - {"left": 0, "right": size, "center": size / 2}[align], py + dy - 7, size, 14.0))
            for align, dx, dy in _PLACES
        ]  # fmt: skip
        free = [
            one for one in boxes
            if one[3][0] >= 0 and one[3][0] + size <= wide and 0 <= py + one[2] <= height - 6
            and not any(_meet(one[3], other) for other in taken)
        ]  # fmt: skip
        clear = [one for one in free if not any(_meet(one[3], other) for other in curves)]
        for align, dx, dy, box in (clear or free)[:1]:
            taken.append(box)
            place = {"x": each.total, "y": 100 * each.of / each.total}
            color = ink.ink if each in outside else ink.ink_2
            layers.append(text(name, place, color, x=x, y=y, align=align, dx=dx, dy=dy))
    return layers


def outlies(group: Group, mean: float) -> bool:
    """Tell whether a group lies outside the outer limit; `mean` is a share of one."""
    gap = abs(group.of / group.total - mean)
    return gap > _LIMITS[1][0] * _error(mean, group.total) + 1e-9


def _error(mean: float, n: float) -> float:
    return math.sqrt(mean * (1 - mean) / n)


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return (
        one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]
    )  # fmt: skip
