"""What a change did: counts or times by day, before it and after it (run chart)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from ombud.web.dash.charts.plot import (
    Margins,
    at,
    change_rules,
    day_axis,
    day_words,
    framed,
    marks,
    nothing,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ombud.web.dash.charts.plot import Look, Spec


@dataclass(frozen=True, slots=True)
class Change:
    """Say what was changed, and from which day on."""

    day: date
    words: str


def before_after(
    values: Sequence[tuple[date, float]], change: Change, unit: str, look: Look
) -> Spec:
    """Draw a run chart: counts or times by day, with the median before a change and after it."""
    if not values:
        return nothing(look)
    ink = look.palette
    height = 130 if look.narrow else 180
    margins = Margins(left=44, right=108)
    begin, end = values[0][0], values[-1][0]
    x = day_axis(begin, end, look)
    most = max(value for _, value in values) or 1
    y: Spec = {
        "field": "y", "type": "quantitative", "scale": {"domain": [0, most * 1.1], "nice": True},
        "axis": {"tickCount": 4, "domain": False, "ticks": False, "labelPadding": 6, "title": None},
    }  # fmt: skip
    points = [
        {"x": day.isoformat(), "y": value, "told": f"{day_words(day)}: {value:g} {unit}"}
        for day, value in values
    ]
    parts = (
        ("before", [each for each in values if each[0] < change.day], begin, change.day),
        ("after", [each for each in values if each[0] >= change.day], change.day, end),
    )
    lines, labels = [], []
    for word, among, since, until in parts:
        if not among:
            continue
        middle = median(value for _, value in among)
        lines.append({"x": since.isoformat(), "x2": until.isoformat(), "y": middle})
        labels.append((f"{middle:g} {unit} {word}", middle, until))
    layers = [
        *change_rules([(change.day, change.words)], look, x, height),
        marks("line", [{**p, "told": ""} for p in points], {"x": x, "y": y}, color=ink.ink_2, strokeWidth=1, aria=False),
        marks("rule", lines, {"x": x, "x2": {"field": "x2"}, "y": y}, color=ink.ink, strokeWidth=1),
        marks("point", points, {"x": x, "y": y}, color=ink.ink, filled=True, size=18, opacity=1),
    ]  # fmt: skip
    wide = look.width - margins.left - margins.right
    for words, middle, until in labels:
        if until == end:
            layers.append(text(words, {"y": middle}, ink.ink, x=at(wide), y=y, align="left", dx=8))
        else:
            # What was before stands left of what was changed, over both.
            layers.append(text(words, {"x": until.isoformat()}, ink.ink, x=x, y=at(-11), align="right", dx=-6))  # fmt: skip
    return framed(look, margins, height, layers)
