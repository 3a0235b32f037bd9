"""One small chart for each part, on the same axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ombud.web.dash.charts.control import aim, bounds, calendar, limits_of, means, points
from ombud.web.dash.charts.plot import (
    Margins,
    cut,
    day_axis,
    framed,
    nothing,
    padded,
    percent_axis,
    percents,
)
from sync.palette import SMALL, configured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.web.dash.charts.control import Rates
    from ombud.web.dash.charts.plot import Look, Spec


def multiples(parts: Sequence[tuple[str, Rates]], look: Look) -> Spec:
    """Draw one small chart for each part on the same axes: points, mean and objective, worst mean first as given."""
    kept = [(name, rates, limits_of(rates)) for name, rates in parts]
    kept = [(name, rates, limits) for name, rates, limits in kept if limits]
    if not kept:
        return nothing(look)
    across = max(1, min(4, len(kept), look.width // 240))
    gap = 24
    wide = (look.width - 62 - gap * (across - 1)) // across
    every = [each for _, _, limits in kept for each in limits]
    objective = next((rates.objective for _, rates, _ in kept if rates.objective is not None), None)
    bare = [replace(each, lower=each.sample.share, upper=each.sample.share) for each in every]
    low, high = bounds(bare, objective)
    begin, end = min(each.sample.day for each in every), max(each.sample.day for each in every)
    charts = []
    for place, (name, rates, limits) in enumerate(kept):
        small = replace(look, width=wide + 140)
        x, y = day_axis(begin, end, small, beyond=gap - 8), percent_axis(low, high, count=3)
        y["axis"]["labels"] = place % across == 0
        held = replace(rates, objective=objective)
        of, total = sum(e.sample.of for e in limits), sum(e.sample.total for e in limits)
        told = percents(of / total) if total >= SMALL else f"{of} of {total}"
        layers = [
            *calendar(held, limits, look, x, 90, named=False),
            *aim(held, look, y),
            *means(limits, held, look, x, y),
            *points(limits, held, look, x, y, (low, high), 90, named=False),
        ]
        title = {"text": cut(name, wide // 7), "subtitle": told, "fontSize": 12, "subtitleFontSize": 12,
                 "subtitleColor": look.palette.ink_2, "offset": 8, "frame": "group"}  # fmt: skip
        charts.append({"width": wide, "height": 90, "layer": layers, "title": title})
    return {
        "$schema": framed(look, Margins(), 1, [])["$schema"],
        "background": look.palette.paper,
        "config": configured(look.palette),
        "padding": padded(Margins(left=4, right=12, top=4, bottom=4)),
        "autosize": {"type": "pad", "contains": "padding"},
        "bounds": "flush",
        "columns": across,
        "spacing": {"row": 92, "column": gap},
        "concat": charts,
    }
