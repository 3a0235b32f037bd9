"""What is left of an error budget day by day, and verdicts month by month."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ombud.web.dash.charts.plot import (
    Margins,
    at,
    change_rules,
    day_axis,
    day_words,
    framed,
    marks,
    nothing,
    percent_axis,
    spread,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ombud.web.dash.charts.control import PackChange
    from ombud.web.dash.charts.plot import Look, Spec


@dataclass(frozen=True, slots=True)
class Budget:
    """Hold what is left of an error budget.

    Attributes:
        left: days with the share of one that is left; below nothing where more was late than allowed.
        words: what stands at the end, such as "14 more late than allowed".
        packs: changes of the pack.

    """

    left: tuple[tuple[date, float], ...]
    words: str = ""
    packs: tuple[PackChange, ...] = ()


def budget(spent: Budget, look: Look) -> Spec:
    """Draw what is left of an error budget against spending it evenly."""
    if len(spent.left) < 2:
        return nothing(look)
    ink = look.palette
    height = 130
    margins = Margins(left=46, right=16, top=24, bottom=28)
    wide = look.width - margins.left - margins.right
    begin, end = spent.left[0][0], spent.left[-1][0]
    lowest = 100 * min(share for _, share in spent.left)
    # Under the last point there is room for its words.
    low = 0.0 if lowest >= 0 else -10.0 * math.ceil((22 - lowest) / 10)
    x = day_axis(begin, end, look)
    x["axis"] |= {
        "values": [begin.isoformat(), end.isoformat()],
        "labelExpr": "utcFormat(datum.value, '%-d %b')",
        "labelAlign": {"expr": "datum.index == 0 ? 'left' : 'right'"},
        "labelOffset": 0,
    }
    y = percent_axis(low, 100, count=3)
    # Vega thins values out where a number of ticks is asked for.
    del y["axis"]["tickCount"]
    y["axis"]["values"] = list(range(-50 * int(-low // 50), 101, 50))
    points = [
        {"x": day.isoformat(), "y": 100 * share, "told": f"{day_words(day)}: {100 * share:.0f} % left"}
        for day, share in spent.left
    ]  # fmt: skip
    even = [{"x": begin.isoformat(), "y": 100}, {"x": end.isoformat(), "y": 0}]
    last = points[-1]
    over = spent.left[-1][1] < 0
    told = f"{100 * spent.left[-1][1]:.0f} %".replace("-", "\u2212")
    words = f"{told}: {spent.words}" if spent.words else f"{told} left"
    changes = [(each.day, each.version) for each in spent.packs if begin < each.day < end]
    layers = [
        marks("rule", [{"y": 0}], {"y": y}, color=ink.edge, strokeWidth=1),
        marks("line", even, {"x": x, "y": y}, color=ink.edge, strokeWidth=1, strokeDash=[3, 3]),
        text("even spending", {}, ink.ink_3, x=at(0.66 * wide), y=at(height * 34 / (100 - low) - 12), align="left"),
        marks("line", [{"x": p["x"], "y": p["y"]} for p in points], {"x": x, "y": y}, color=ink.ink, strokeWidth=1.5),
        marks("point", points, {"x": x, "y": y}, color=ink.ink, filled=True, size=40, opacity=0),
        marks("point", [last], {"x": x, "y": y}, color=ink.ink, filled=True, size=36, opacity=1),
        text(words, {"x": last["x"], "y": last["y"]}, ink.ink, x=x, y=y, align="right", dx=-2, dy=14 if over else -14),
    ]  # fmt: skip
    layers += change_rules(changes, look, x, height)
    return framed(look, margins, height, layers)


@dataclass(frozen=True, slots=True)
class Month:
    """Count a month's findings by verdict."""

    day: date
    counts: Mapping[str, int]


def months(counted: Sequence[Month], look: Look) -> Spec:
    """Draw verdicts month by month, failures at the foot, each named beside the last bar."""
    if not any(sum(each.counts.values()) for each in counted):
        return nothing(look)
    shown = list(counted)[-(6 if look.narrow else 24) :]
    ink = look.palette
    height = 150 if look.narrow else 190
    margins = Margins(left=48, right=96, top=12, bottom=44)
    wide = look.width - margins.left - margins.right
    names = [_month(each.day, first=not place) for place, each in enumerate(shown)]
    order = list(ink.marks)
    most = max(sum(each.counts.get(v, 0) for v in order) for each in shown)
    top = most * 1.02
    values: list[dict[str, Any]] = []
    for name, each in zip(names, shown, strict=True):
        sum_ = 0
        for verdict in order:
            count = each.counts.get(verdict, 0)
            if count:
                values.append({
                    "x": each.day.isoformat(), "y": sum_, "y2": sum_ + count, "verdict": verdict,
                    "told": f"{name}: {verdict} {count:,} of {sum(each.counts.values()):,}",
                })  # fmt: skip
            sum_ += count
    first = shown[0].day.isoformat()
    x: Spec = {
        "field": "x", "type": "ordinal", "sort": None,
        "scale": {"paddingInner": 0.25, "paddingOuter": 0.1},
        "axis": {
            "grid": False, "title": None, "labelAngle": 0, "ticks": False, "labelPadding": 8, "labelOverlap": "greedy",
            # The year stands under its first month.
            "labelExpr": f"utcmonth(toDate(datum.value)) == 0 || datum.value == '{first}' ? [utcFormat(toDate(datum.value), '%b'), utcFormat(toDate(datum.value), '%Y')] : utcFormat(toDate(datum.value), '%b')",
        },
    }  # fmt: skip
    y: Spec = {
        "field": "y", "type": "quantitative", "scale": {"domain": [0, top], "nice": False},
        "axis": {"tickCount": 4, "format": ",d", "domain": False, "ticks": False, "labelPadding": 6, "title": None},
    }  # fmt: skip
    present = [each for each in order if any(value["verdict"] == each for value in values)]
    layers = [
        marks(
            "bar", [each for each in values if each["verdict"] == verdict], {"x": x, "y": y, "y2": {"field": "y2"}},
            fill=ink.marks[verdict].fill, stroke=ink.marks[verdict].edge, strokeWidth=0.8,
        )
        for verdict in present
    ]  # fmt: skip
    sum_, wanted, words = 0, [], []
    last = shown[-1].counts
    for verdict in present:
        count = last.get(verdict, 0)
        wanted.append(height * (1 - (sum_ + count / 2) / top))
        words.append((f"{verdict} {count:,}", ink.marks[verdict].text))
        sum_ += count
    layers += [
        text(told, {}, color, x=at(wide), y=at(pixels), align="left", dx=8, fontWeight=500)
        for (told, color), pixels in zip(words, spread(wanted, 0, height), strict=True)
    ]
    return framed(look, margins, height, layers)


def _month(day: date, *, first: bool) -> str:
    return f"{day:%b %Y}" if first or day.month == 1 else f"{day:%b}"
