"""Causes by how often they are named, with the share that the largest make up together (Pareto)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.web.dash.charts.plot import LETTER, READ, Margins, at, cut, framed, marks, nothing, text
from sync.palette import SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.web.dash.charts.plot import Look, Spec

_ROW: Final = 24
_MOST: Final = 12
#: What most of it is, by custom.
_MOST_OF_IT: Final = 80


@dataclass(frozen=True, slots=True)
class Bar:
    """Count one cause."""

    name: str
    count: int


def pareto(bars: Sequence[Bar], look: Look) -> Spec:
    """Draw causes, the largest first, and beside them the line of what they make up together."""
    found = sorted((each for each in bars if each.count), key=lambda each: -each.count)
    if not found:
        return nothing(look)
    total = sum(each.count for each in found)
    shown = found if len(found) <= _MOST else found[: _MOST - 1]
    if len(shown) < len(found):
        rest = found[len(shown) :]
        shown = [*shown, Bar(f"{len(rest)} more", sum(each.count for each in rest))]
    ink = look.palette
    longest = 16 if look.narrow else 28
    names = [cut(each.name, longest) for each in shown]
    left = int(LETTER * max(len(each) for each in names)) + 12
    margins = Margins(left=left, right=48 if total >= SMALL else 12, top=24, bottom=8)
    wide = look.width - margins.left - margins.right
    height = _ROW * len(shown)
    # Bars have the left three fifths, the line the rest.
    bars_to, line_from = (0.5 * wide, 0.64 * wide) if total >= SMALL else (0.88 * wide, wide)
    rows, sum_ = [], 0
    for place, (name, each) in enumerate(zip(names, shown, strict=True)):
        sum_ += each.count
        rows.append({
            "row": place, "name": name, "count": each.count, "number": f"{each.count:,}", "zero": 0,
            "together": 100 * sum_ / total,
            "together_words": f"{100 * sum_ / total:.0f} %",
            "told": f"{cut(each.name, READ)}: {each.count:,} of {total:,}" + (f", {100 * sum_ / total:.1f} % together" if total >= SMALL else ""),
        })  # fmt: skip
    y: Spec = {
        "field": "row", "type": "quantitative", "axis": None,
        "scale": {"domain": [-0.5, len(shown) - 0.5], "range": [0, height], "nice": False, "zero": False},
    }  # fmt: skip
    most = max(each.count for each in shown)
    count: Spec = {
        "field": "count", "type": "quantitative", "axis": None,
        "scale": {"domain": [0, most], "range": [0, bars_to], "nice": False},
    }  # fmt: skip
    silent = [{key: value for key, value in row.items() if key != "told"} for row in rows]
    layers: list[Spec] = [
        marks("bar", rows, {"x": count, "y": y}, color=ink.ink_3, height=10, orient="horizontal"),
        _words(silent, {"x": at(0), "y": y, "text": {"field": "name"}}, ink.ink, align="right", dx=-8),
        _words(silent, {"x": count, "y": y, "text": {"field": "number"}}, ink.ink_2, align="left", dx=6),
    ]  # fmt: skip
    if total >= SMALL:
        together: Spec = {
            "field": "together", "type": "quantitative", "axis": None,
            "scale": {"domain": [0, 100], "range": [line_from, wide], "nice": False},
        }  # fmt: skip
        layers += [
            marks("rule", [{"together": _MOST_OF_IT, "told": "80 % together"}], {"x": together, "y": at(-8), "y2": at(height)}, color=ink.edge, strokeDash=[1.5, 2]),
            marks("line", silent, {"x": together, "y": y, "order": {"field": "row", "type": "quantitative"}}, color=ink.ink_2, strokeWidth=1),
            marks("point", rows, {"x": together, "y": y}, filled=True, color=ink.ink, size=18, opacity=1),
            _words(silent, {"x": together, "y": y, "text": {"field": "together_words"}}, ink.ink_2, align="left", dx=7),
            text("80 % together" if not look.narrow else "80 %", {"together": _MOST_OF_IT}, ink.ink_3, x=together, y=at(-15), align="center"),
        ]  # fmt: skip
    spec = framed(look, margins, height, layers)
    return spec | {"resolve": {"scale": {"x": "independent"}}}


def _words(values: Sequence[dict[str, object]], encoding: Spec, color: str, **mark: object) -> Spec:
    return {
        "data": {"values": list(values)},
        "mark": {"type": "text", "baseline": "middle", "color": color, "aria": False, **mark},
        "encoding": encoding,
    }
