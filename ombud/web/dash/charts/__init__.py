"""Charts as Vega-Lite: each a pure function from figures and a look to a specification, drawn without a network."""

from __future__ import annotations

from ombud.web.dash.charts.causes import Bar, pareto
from ombud.web.dash.charts.control import (
    Holiday,
    PackChange,
    Rates,
    Sample,
    limits_of,
    pchart,
)
from ombud.web.dash.charts.draw import to_png, to_svg
from ombud.web.dash.charts.multiples import multiples
from ombud.web.dash.charts.plot import Look, Spec
from ombud.web.dash.charts.runs import Change, before_after
from ombud.web.dash.charts.spread import Group, funnel
from ombud.web.dash.charts.times import Curve, Times, histogram, survival
from ombud.web.dash.charts.trend import Budget, Month, budget, months

__all__ = [
    "Bar",
    "Budget",
    "Change",
    "Curve",
    "Group",
    "Holiday",
    "Look",
    "Month",
    "PackChange",
    "Rates",
    "Sample",
    "Spec",
    "Times",
    "before_after",
    "budget",
    "funnel",
    "histogram",
    "limits_of",
    "months",
    "multiples",
    "pareto",
    "pchart",
    "survival",
    "to_png",
    "to_svg",
]
