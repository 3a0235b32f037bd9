"""What every chart is built from: its place on the page, layers, axes, and labels that do not cover each other."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from sync.palette import DARK, LIGHT, configured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.palette import Palette

Spec = dict[str, Any]
_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
#: Narrower is a telephone.
_NARROW: Final = 480
#: Lines of labels keep so many pixels between them.
_LINE: Final = 15
#: Width of a letter of a label, in pixels, about.
_LETTER: Final = 7
#: Up to so many days are named by day, and not by month.
_DAYS: Final = 45
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Words that are read and hovered have at most so many letters of a name.
READ: Final = 120
#: How wide a letter is, about, at 12 px.
LETTER: Final = 6.6


@dataclass(frozen=True, slots=True)
class Look:
    """Say where a chart stands: the page's theme, and its width in pixels."""

    theme: Literal["light", "dark"] = "light"
    width: int = 1032

    @property
    def palette(self) -> Palette:
        """Give the theme's colours."""
        return DARK if self.theme == "dark" else LIGHT

    @property
    def narrow(self) -> bool:
        """Tell whether there is room for little."""
        return self.width < _NARROW


@dataclass(frozen=True, slots=True)
class Margins:
    """Hold the room around the plot, in pixels."""

    left: int = 40
    right: int = 100
    top: int = 24
    bottom: int = 28


def framed(look: Look, margins: Margins, height: int, layers: Sequence[Spec]) -> Spec:
    """Give a chart of layers, as wide as it is asked for whatever stands in it."""
    return {
        "$schema": _SCHEMA,
        "width": look.width - margins.left - margins.right,
        "height": height,
        "autosize": "none",
        "padding": padded(margins),
        "background": look.palette.paper,
        "config": configured(look.palette),
        "layer": list(layers),
    }


def padded(margins: Margins) -> dict[str, int]:
    """Give margins as Vega-Lite has them."""
    return {
        "left": margins.left, "right": margins.right, "top": margins.top, "bottom": margins.bottom
    }  # fmt: skip


def marks(
    kind: str, values: Sequence[Mapping[str, Any]], encoding: Mapping[str, Any], **mark: Any
) -> Spec:
    """Give one layer. Where values have `told`, that is what is read and hovered; else it is hidden from readers."""
    said = all("told" in each for each in values)
    told: Mapping[str, Any] = {"description": {"field": "told"}} if said else {}
    return {
        "data": {"values": list(values)},
        "mark": {"type": kind, **mark} | ({} if said else {"aria": False}),
        "encoding": {**encoding, **told},
    }


def text(
    words: str, place: Mapping[str, Any], color: str, *, x: Any = None, y: Any = None, **mark: Any
) -> Spec:
    """Write words at a place: `x` and `y` are encodings, `place` the values they read."""
    encoding: dict[str, Any] = {"text": {"value": words}}
    if x is not None:
        encoding["x"] = x
    if y is not None:
        encoding["y"] = y
    return {
        "data": {"values": [dict(place)]},
        "mark": {"type": "text", "color": color, "baseline": "middle", "aria": False, **mark},
        "encoding": encoding,
    }


def at(pixels: float) -> dict[str, float]:
    """Place by pixels instead of by data."""
    return {"value": pixels}


def spread(wanted: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels apart, in pixels from the top, each as near to where it wants to be as the others let it."""
    order = sorted(range(len(wanted)), key=lambda each: wanted[each])
    placed = [min(max(wanted[each], low), high) for each in order]
    for here in range(1, len(placed)):
        placed[here] = max(placed[here], placed[here - 1] + _LINE)
    over = placed[-1] - high if placed else 0.0
    if over > 0:
        placed[-1] -= over
        for here in range(len(placed) - 2, -1, -1):
            placed[here] = min(placed[here], placed[here + 1] - _LINE)
    found = [0.0] * len(wanted)
    for each, y in zip(order, placed, strict=True):
        found[each] = y
    return found


def day_axis(begin: date, end: date, look: Look, *, beyond: int | None = None) -> Spec:
    """Give a time axis from one day to another, with months by name and the year where it begins.

    Args:
        begin: the first day.
        end: the last day.
        look: its picture, which is 140 pixels wider than the axis.
        beyond: pixels by which a label may stand out over the end; `None` where there is room.

    """
    wide = look.width - 140
    room = max(1, wide // 62)
    labels = _months(begin, end, room) if (end - begin).days > _DAYS else _days(begin, end, min(5, room))  # fmt: skip
    if beyond is not None and end > begin:
        labels = {
            day: label
            for day, label in labels.items()
            if wide * (day - begin).days / (end - begin).days + _LETTER * len(label)
            <= wide + beyond
        }
    words = ", ".join(f"'{day.isoformat()}': '{label}'" for day, label in labels.items())
    return {
        "field": "x",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [begin.isoformat(), end.isoformat()]},
        "axis": {
            "grid": False, "title": None, "labelAlign": "left", "labelOffset": 3, "labelPadding": 4, "tickSize": 6,
            "labelFlush": False, "labelOverlap": False, "values": [day.isoformat() for day in labels],
            "labelExpr": f"{{{words}}}[utcFormat(datum.value, '%Y-%m-%d')]",
        },
    }  # fmt: skip


def _months(begin: date, end: date, room: int) -> dict[date, str]:
    firsts = [
        date(number // 12, number % 12 + 1, 1)
        for number in range(begin.year * 12 + begin.month, end.year * 12 + end.month)
    ]
    steps = (1, 2, 3, 6, 12, 24, 60, 120)
    step = next((each for each in steps if len(firsts) / each <= room), steps[-1])
    ticks = [each for each in firsts if (each.year * 12 + each.month - 1) % step == 0]
    # The month it begins in has its name where that fits before the next one.
    if not ticks or (ticks[0] - begin).days > (end - begin).days / room:
        ticks.insert(0, begin)
    new_year = any(each.month == 1 and each != begin for each in ticks)
    return {
        each: f"{each:%b %Y}" if (each.month == 1 if new_year else not place) else f"{each:%b}"
        for place, each in enumerate(ticks)
    }


def _days(begin: date, end: date, most: int) -> dict[date, str]:
    length = (end - begin).days
    step = max(1, -(-length // most))
    return {
        day: day_words(day) for day in (begin + timedelta(each) for each in range(0, length, step))
    } or {begin: day_words(begin)}


def percent_axis(low: float, high: float, *, count: int = 5) -> Spec:
    """Give an axis of shares in percent; the unit stands at the top alone."""
    return {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [low, high], "zero": False, "nice": False},
        "axis": {
            "tickCount": count, "domain": False, "ticks": False, "labelPadding": 6, "title": None,
            "labelOverlap": False,
            # The formatter of Vega writes a true minus sign.
            "labelExpr": f"format(datum.value, '.12~g') + (datum.value == {high:g} ? ' %' : '')",
        },
    }  # fmt: skip


def right_labels(
    named: Sequence[tuple[str, float, str]], low: float, high: float, height: int, wide: int, faint: str
) -> list[Spec]:  # fmt: skip
    """Name lines at the plot's right end: words, value on the axis, colour. An axis that is cut says where it begins."""
    labels = list(named)
    if low:
        labels.append((f"axis from {low:g} %", low, faint))
    wanted = [height * (high - value) / (high - low) for _, value, _ in labels]
    return [
        text(words, {}, color, x=at(wide), y=at(pixels), align="left", dx=8)
        for (words, _, color), pixels in zip(labels, spread(wanted, 0, height), strict=True)
    ]


def day_words(day: date) -> str:
    """Write a day as charts do: "2 Mar"."""
    return f"{day.day} {day:%b}"


def cut(words: str, most: int) -> str:
    """Shorten words that come from a helpdesk, where they may be of any length; the chart's table has them whole.

    What no picture can hold is left out: control characters, halves of pairs, and marks that turn the direction of text.
    """
    kept = "".join(
        each
        for each in words[: 4 * most]
        if unicodedata.category(each) not in {"Cc", "Cs", "Cn"} and each not in _TURNS
    )
    return kept if len(kept) <= most and len(words) <= 4 * most else f"{kept[: most - 1]}…"


def percents(share: float) -> str:
    """Write a share of one in percent, with one digit."""
    return f"{100 * share:.1f} %"


def change_rules(changes: Sequence[tuple[date, str]], look: Look, x: Spec, height: int) -> list[Spec]:  # fmt: skip
    """Rule days on which something changed, with its words on top."""
    values = [
        {"x": day.isoformat(), "version": version, "told": f"{version or 'Pack changed'} from {day_words(day)}"}
        for day, version in ((each, cut(words, 40)) for each, words in changes)
    ]  # fmt: skip
    if not values:
        return []
    rule = marks("rule", values, {"x": x, "y": at(-16), "y2": at(height)}, color=look.palette.edge, strokeWidth=1)  # fmt: skip
    words = {
        "data": {"values": values},
        "mark": {"type": "text", "align": "left", "baseline": "top", "dx": 4, "dy": -18, "color": look.palette.ink_2, "aria": False},
        "encoding": {"x": x, "y": at(0), "text": {"field": "version"}},
    }  # fmt: skip
    return [rule, words]


def nothing(look: Look) -> Spec:
    """Say that there is nothing to draw."""
    said = text("Nothing to show for this filter.", {}, look.palette.ink_3, x=at(0), y=at(12), align="left")  # fmt: skip
    return framed(look, Margins(left=0, right=0, top=8, bottom=8), 24, [said])
