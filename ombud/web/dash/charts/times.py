"""How long things take: the histogram with its term, and the share still open (Kaplan and Meier)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
    spread,
    text,
)
from sync.palette import SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.web.dash.charts.plot import Look, Spec

#: Drawn as a path about the origin, half a pixel wide each way at size 1: a tick, and a square with its cross cut out.
_TICK: Final = "M-0.42,0.04L-0.14,0.32L0.44,-0.34"
_CROSS: Final = (
    "M-.4,-.46H.4Q.46,-.46 .46,-.4V.4Q.46,.46 .4,.46H-.4Q-.46,.46 -.46,.4V-.4Q-.46,-.46 -.4,-.46Z"
    "M0,-.09L-.15,-.24L-.24,-.15L-.09,0L-.24,.15L-.15,.24L0,.09L.15,.24L.24,.15L.09,0L.24,-.15L.15,-.24Z"
)
_ICON: Final = 800


@dataclass(frozen=True, slots=True)
class Times:
    """Hold how long something took.

    Attributes:
        bins: from, to and how many, side by side; the last may be all that is longer.
        unit: what a time is told in, such as "working days from receipt to answer".
        term: what was allowed; `None` where it is not one and the same.
        term_unit: what stands behind it, such as "working days".
        percentiles: names with their times, such as ("median", 6.4).
        in_time: how many were in time; `None` where there is no term.
        late: how many were late.
        beyond: whether the last bin holds everything longer.

    """

    bins: tuple[tuple[float, float, int], ...]
    unit: str
    term: float | None = None
    term_unit: str = ""
    percentiles: tuple[tuple[str, float], ...] = ()
    in_time: int | None = None
    late: int = 0
    beyond: bool = False


def histogram(times: Times, look: Look) -> Spec:
    """Draw how long things took, what was in time apart from what was late, with term and percentiles."""
    if not any(count for _, _, count in times.bins):
        return nothing(look)
    ink = look.palette
    height = 150 if look.narrow else 200
    margins = Margins(left=40, right=12, top=24, bottom=54)
    wide = look.width - margins.left - margins.right
    low, high = times.bins[0][0], times.bins[-1][1]
    x: Spec = {
        "field": "x", "type": "quantitative", "scale": {"domain": [low, high], "nice": False, "padding": 0},
        "axis": {"grid": False, "tickCount": 5, "title": None, "labelFlush": True},
    }  # fmt: skip
    most = max(count for _, _, count in times.bins)
    y: Spec = {
        "field": "y", "type": "quantitative", "scale": {"domain": [0, most * (1.4 if look.narrow else 1.25)], "nice": True, "padding": 0},
        "axis": {"tickCount": 4, "domain": False, "ticks": False, "labelPadding": 6, "title": None, "format": ",d"},
    }  # fmt: skip
    bars: list[dict[str, Any]] = []
    for since, until, count in times.bins:
        if not count:
            continue
        late = times.term is not None and since >= times.term
        more = " or more" if times.beyond and until == high else f" to {until:g}"
        bars.append({
            "x": since, "x2": until, "y": count, "late": late,
            "told": f"{since:g}{more}: {count:,}" + ("" if times.term is None else ", late" if late else ", in time"),
        })  # fmt: skip
    passed, failed = ink.marks["pass"], ink.marks["fail"]
    plain = times.term is None
    layers = [
        marks("bar", [each for each in bars if each["late"] is late], {"x": x, "x2": {"field": "x2"}, "y": y, "y2": {"datum": 0}},
              fill=ink.grid if plain else failed.fill if late else passed.fill,
              stroke=ink.edge if plain else failed.edge if late else passed.edge, strokeWidth=1, binSpacing=1)
        for late in (False, True) if any(each["late"] is late for each in bars)
    ]  # fmt: skip
    one = wide / max(1, len(times.bins))
    if one >= 22:
        counts = [{"x": (b["x"] + b["x2"]) / 2, "y": b["y"], "count": f"{b['y']:,}"} for b in bars]
        layers.append({
            "data": {"values": counts},
            "mark": {"type": "text", "dy": -8, "color": ink.ink_2, "aria": False},
            "encoding": {"x": x, "y": y, "text": {"field": "count"}},
        })  # fmt: skip
    layers += _term(times, look, x, height, wide, (low, high))
    layers += _percentiles(times, look, x, height, wide, (low, high))
    layers.append(text(times.unit, {}, ink.ink_3, x=at(wide), y=at(height + 46), align="right"))
    return framed(look, margins, height, layers)


def _term(
    times: Times, look: Look, x: Spec, height: int, wide: int, ends: tuple[float, float]
) -> list[Spec]:
    if times.term is None or not ends[0] <= times.term <= ends[1]:
        return []
    ink = look.palette
    here = wide * (times.term - ends[0]) / (ends[1] - ends[0])
    right = wide - here > 140
    place = {"x": times.term}
    layers = [
        marks("rule", [{**place, "told": f"Term {times.term:g}"}], {"x": x, "y": at(-16), "y2": at(height)}, color=ink.ink, strokeWidth=2),
        text(f"Term: {times.term:g} {times.term_unit}".strip(), place, ink.ink, x=x, y=at(-10), align="left" if right else "right", dx=8 if right else -8, fontWeight=600),
    ]  # fmt: skip
    if times.in_time is None:
        return layers
    # Counts alone: a share would leave out what never came to its end, and differ from the page's.
    # In time stands left of the term, late right of it; where one has no room, both stand on the other's side.
    words = [f"{times.in_time:,} in time", f"{times.late:,} late"]
    fits = here > LETTER * len(words[0]) + 30
    starts = (8.0 if fits else here + 16, here + 16 if right else 8.0)
    for told, verdict, start, y in zip(
        words, ("pass", "fail"), starts, (14, 14 if fits and right else 32), strict=True
    ):
        mark = ink.marks[verdict]
        shape: Spec = {"shape": _CROSS, "fill": mark.text, "stroke": None}
        if verdict == "pass":
            shape = {"shape": _TICK, "stroke": mark.text, "strokeWidth": 2, "fill": None}
        layers += [
            marks("point", [{}], {"x": at(start), "y": at(y)}, size=_ICON, opacity=1, **shape),
            text(told, {}, mark.text, x=at(start + 12), y=at(y), align="left", fontWeight=500),
        ]
    return layers


def _percentiles(
    times: Times, look: Look, x: Spec, height: int, wide: int, ends: tuple[float, float]
) -> list[Spec]:
    inside = [(name, value) for name, value in times.percentiles if ends[0] <= value <= ends[1]]
    if not inside:
        return []
    values = [{"x": value, "told": f"{name} {value:g}"} for name, value in inside]
    ink = look.palette
    layers = [
        marks("point", values, {"x": x, "y": at(height + 6)}, shape="triangle-up", filled=True, color=ink.ink, size=40, opacity=1)
    ]  # fmt: skip
    # Words of two that are near stand left and right of their marks.
    placed = -1e9
    for name, value in sorted(inside, key=lambda each: each[1]):
        told = f"{name} {value:g}"
        here = wide * (value - ends[0]) / (ends[1] - ends[0])
        half = 3.3 * len(told)
        middle = max(here, placed + half + 8, half)
        placed = middle + half
        layers.append(text(told, {}, ink.ink, x=at(middle), y=at(height + 30)))
    return layers


@dataclass(frozen=True, slots=True)
class Curve:
    """Hold the share that is still open after a time.

    Attributes:
        name: what it is of; "" where there is one.
        steps: times with the share of one still open from then on, and the ends of its interval.
        total: how many began.
        median: when half were closed; `None` where it has not come to that.

    """

    name: str
    steps: tuple[tuple[float, float, float, float], ...]
    total: int
    median: float | None = None


def survival(curves: Sequence[Curve], unit: str, term: float | None, look: Look) -> Spec:
    """Draw which share is still open after a time; open complaints count for as long as they are known."""
    curves = [each for each in curves if each.steps and each.total >= SMALL]
    if not curves:
        return nothing(look)
    ink = look.palette
    height = 150 if look.narrow else 190
    margins = Margins(left=44, right=110, top=24, bottom=40)
    wide = look.width - margins.left - margins.right
    last = max(each.steps[-1][0] for each in curves)
    x: Spec = {
        "field": "x", "type": "quantitative", "scale": {"domain": [0, last], "nice": False},
        "axis": {"grid": False, "tickCount": 5, "title": unit, "titleAnchor": "end", "titleAlign": "right", "titlePadding": 4},
    }  # fmt: skip
    y = percent_axis(0, 100)
    layers: list[Spec] = []
    ends, words = [], []
    for place, each in enumerate(curves):
        steps = each.steps if each.steps[0][0] == 0 else ((0.0, 1.0, 1.0, 1.0), *each.steps)
        band = [{"x": t, "y": 100 * low, "y2": 100 * high} for t, _, low, high in steps]
        line = [{"x": t, "y": 100 * share, "told": ""} for t, share, _, _ in steps]
        points = [
            {"x": t, "y": 100 * share, "told": f"{cut(each.name, READ)} {t:g}: {100 * share:.1f} % still open".strip()}
            for t, share, _, _ in steps
        ]  # fmt: skip
        if len(curves) == 1:
            layers.append(marks("area", band, {"x": x, "y": y, "y2": {"field": "y2"}}, interpolate="step-after", color=ink.grid, opacity=1))  # fmt: skip
        dashed = {"strokeDash": [[], [5, 3], [2, 2]][place % 3]} if place else {}
        layers.append(marks("line", line, {"x": x, "y": y}, interpolate="step-after", color=ink.ink, strokeWidth=1.4, aria=False, **dashed))  # fmt: skip
        layers.append(marks("point", points, {"x": x, "y": y}, filled=True, color=ink.ink, size=60, opacity=0))  # fmt: skip
        ends.append(height * (1 - steps[-1][1]))
        left = f"{100 * steps[-1][1]:.0f} % open"
        words.append(f"{cut(each.name, 12)}: {left}" if each.name else left)
    first = curves[0]
    if len(curves) == 1 and first.median is not None and first.median <= last:
        half = {"x": first.median, "x2": last, "y": 50, "told": f"Half within {first.median:g}"}
        layers += [
            marks("rule", [half], {"x": x, "x2": {"field": "x2"}, "y": y}, color=ink.edge, strokeDash=[1.5, 2]),
            marks("point", [half], {"x": x, "y": y}, filled=True, color=ink.ink, size=36, opacity=1),
        ]  # fmt: skip
        ends.append(0.5 * height)
        words.append(f"half within {first.median:g}")
    for told, pixels in zip(words, spread(ends, 0, height), strict=True):
        layers.append(text(told, {}, ink.ink, x=at(wide), y=at(pixels), align="left", dx=8))
    if term is not None and term <= last:
        layers += [
            marks("rule", [{"x": term, "told": f"Term {term:g}"}], {"x": x, "y": at(-16), "y2": at(height)}, color=ink.ink, strokeWidth=2),
            text(f"Term: {term:g}", {"x": term}, ink.ink, x=x, y=at(-10), align="left", dx=8, fontWeight=600),
        ]  # fmt: skip
    return framed(look, margins, height, layers)
