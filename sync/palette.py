"""Colours and type that every chart shares with the pages: ink, lines, and one colour for each verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Inter, Roboto, sans-serif"
#: Below so many a share says more of chance than of the desk: counts stand, and no rate.
SMALL: Final = 30


@dataclass(frozen=True, slots=True)
class Mark:
    """Hold how one verdict is drawn: its surface, its outline, and its words."""

    fill: str
    edge: str
    text: str


@dataclass(frozen=True, slots=True)
class Palette:
    """Hold one theme's colours.

    Attributes:
        paper: behind everything.
        ink: text, points, rules that matter.
        ink_2: what is secondary.
        ink_3: labels.
        edge: axes and limits.
        grid: gridlines and holidays.
        marks: verdict -> how it is drawn, from the baseline upward.

    """

    paper: str
    ink: str
    ink_2: str
    ink_3: str
    edge: str
    grid: str
    marks: Mapping[str, Mark]


LIGHT: Final = Palette(
    "#ffffff", "#1b1f24", "#4a535d", "#666f79", "#858e98", "#e8ebee",
    {
        "fail": Mark("#d4521a", "#d4521a", "#b23608"),
        "unknown": Mark("#c3c8cd", "#858e98", "#59626c"),
        "pending": Mark("#458fd4", "#458fd4", "#1a5ca3"),
        "waived": Mark("#733c9f", "#733c9f", "#74459c"),
        "pass": Mark("#c9e6e2", "#2a9185", "#0a6a5f"),
    },
)  # fmt: skip
DARK: Final = Palette(
    "#15181b", "#e7eaed", "#b5bdc5", "#929ca6", "#6f7983", "#23282d",
    {
        "fail": Mark("#ee6c38", "#ee6c38", "#ff946b"),
        "unknown": Mark("#3c444c", "#87919b", "#a6afb8"),
        "pending": Mark("#62a6ea", "#62a6ea", "#8abff5"),
        "waived": Mark("#8b54be", "#8b54be", "#caa8eb"),
        "pass": Mark("#1f4d47", "#3ba697", "#5cc4b5"),
    },
)  # fmt: skip


def configured(palette: Palette) -> dict[str, Any]:
    """Give what Vega-Lite calls the config: type and lines of every chart."""
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "gridColor": palette.grid,
            "domainColor": palette.edge,
            "tickColor": palette.edge,
            "labelColor": palette.ink_3,
            "labelFontSize": 12,
            "titleColor": palette.ink_3,
            "titleFontSize": 12,
            "titleFontWeight": 400,
        },
        "title": {"color": palette.ink, "fontSize": 14, "fontWeight": 600, "anchor": "start"},
        "text": {"color": palette.ink, "fontSize": 12},
    }
