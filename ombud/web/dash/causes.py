"""Root causes: which are named how often, where none is, what comes again, and what corrective actions did."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from ombud.store.book import Filter
from ombud.store.book.causes import UPHELD, decided, outcomes_of
from ombud.store.book.counts import by_columns
from ombud.store.book.filter import NONE
from ombud.web.dash.axis import holidays_on, packs_on
from ombud.web.dash.charts import Bar, Rates, Sample, multiples, pareto, pchart
from ombud.web.dash.charts.plot import nothing as nothing_drawn
from ombud.web.dash.frame import framed, shown_value
from ombud.web.shield import nothing
from sync.figures.causes import count_causes, effects_of, months_of
from sync.figures.overview import FEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from ombud.web.dash.charts import Look, Spec
    from sync.figures.causes import CauseFigures, CauseMonth, Named

FILTERS: Final = (
    "period", "helpdesk", "product", "team", "pack", "channel", "category", "severity", "project", "binding", "before", "known",
)  # fmt: skip
#: Causes that have a small chart of their own.
_DRAWN: Final = 4
_BY: Final = (("product", "product"), ("channel", "channel"), ("category", "category"), ("severity", "severity"), ("account", "helpdesk"))  # fmt: skip
_LISTED: Final = 8
#: An address holds so many values of a filter.
_MOST_VALUES: Final = 200
_UNNAMED: Final = "no cause named"
_LEVELS: Final = 4
#: What most of it is, by custom.
_MOST_OF_IT: Final = 0.8


def show(ask: Ask) -> Response:
    """Show every cause."""
    ask = _asked(ask)
    told = count_causes(ask.book, ask.filter)
    months = months_of(ask.book, ask.filter, now=ask.as_of, zone=ask.zone)
    return framed(
        ask,
        "causes.html",
        title="Root causes",
        filters=FILTERS,
        told=told,
        link=_Links(ask),
        words=cause_words,
        product=_product_words,
        level=partial(_level, told.heat.most),
        pareto_sentence=_pareto_in_words(told),
        trend_sentence=_trend_in_words(months),
        months=months,
        drawn=_drawn(told),
        effects=effects_of(ask.service, ask.book, ask.filter, None, now=ask.as_of, zone=ask.zone),
        heights=_heights(told),
    )


def show_one(ask: Ask) -> Response:
    """Show one cause."""
    named = str(ask.request.path_params["cause"])
    cause = None if named == NONE else named
    ask = _asked(ask)
    told = count_causes(ask.book, ask.filter)
    found = next((each for each in told.named if each.cause == cause), None)
    months = months_of(ask.book, ask.filter, now=ask.as_of, zone=ask.zone)
    if found is None and not any(each.counts.get(cause) for each in months):
        # Filters may leave nothing of a cause; a page of a cause that nobody ever named is none.
        everything = count_causes(ask.keeper.book, Filter(groups=ask.filter.groups, date="closed"))
        if not any(each.cause == cause for each in everything.named):
            return nothing()
    of = decided(ask.filter).but(causes=(named,))
    parts = []
    for column, word in _BY:
        rows = by_columns(ask.book, of, [column], {})
        ordered = sorted(rows, key=lambda row: (-row["complaints"], row[column] or ""))
        if len(ordered) > 1:
            parts.append((word, [(row[column], row["complaints"]) for row in ordered[:_LISTED]], len(ordered) - _LISTED))  # fmt: skip
    return framed(
        ask,
        "cause.html",
        title=cause_words(cause),
        filters=FILTERS,
        told=told,
        found=found,
        cause=cause,
        again=next((each for each in told.again if each.cause == cause), None),
        link=_Links(ask),
        product=_product_words,
        parts=parts,
        chart_query=urlencode([*ask.asking.words, ("show", named)]),
        months=months,
        months_sentence=_months_in_words(months, cause),
        effects=effects_of(ask.service, ask.book, ask.filter, cause, now=ask.as_of, zone=ask.zone) if cause is not None else [],
        words=cause_words,
    )  # fmt: skip


def pareto_chart(ask: Ask, look: Look) -> Spec:
    """Draw the causes, the largest first."""
    ask = _asked(ask)
    told = count_causes(ask.book, ask.filter)
    return pareto([Bar(cause_words(each.cause), each.complaints) for each in told.named], look)


def trend_chart(ask: Ask, look: Look) -> Spec:
    """Draw the share of the most frequent causes by month."""
    ask = _asked(ask)
    months = months_of(ask.book, ask.filter, now=ask.as_of, zone=ask.zone)
    named = _drawn(count_causes(ask.book, ask.filter))
    return multiples(
        [(cause_words(each.cause), _rates(ask, months, each.cause)) for each in named], look
    )


def month_chart(ask: Ask, look: Look) -> Spec:
    """Draw the share of one cause by month."""
    named = ask.view("show")
    ask = _asked(ask)
    months = months_of(ask.book, ask.filter, now=ask.as_of, zone=ask.zone)
    if not months:
        return nothing_drawn(look)
    return pchart(_rates(ask, months, None if named == NONE else named), look)


def cause_words(cause: str | None) -> str:
    """Say a cause to people."""
    return _UNNAMED if cause is None else shown_value(cause)


class _Links:
    """Lead from a number to its complaints."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def of(self, cause: str | None, **words: str | Sequence[str]) -> str:
        """Lead to the decided and closed complaints of a cause."""
        return self.all(cause=cause if cause is not None else NONE, **words)

    def all(self, **words: str | Sequence[str]) -> str:
        """Lead to the decided and closed complaints."""
        told: dict[str, str | Sequence[str]] = {"date": "closed", "open": "no", "outcome": outcomes_of(self._ask.filter)}  # fmt: skip
        return self._ask.link("/complaints", **(told | words))

    def upheld(self, cause: str | None) -> str:
        """Lead to those of a cause that were upheld, in whole or in part."""
        return self.of(cause, outcome=self._upheld)

    def caused(self, told: CauseFigures) -> str:
        """Lead to the upheld ones with a cause; "" where there are too many causes for an address."""
        names = [each.cause for each in told.named if each.cause is not None]
        if len(names) > _MOST_VALUES:
            return ""
        return self.all(outcome=self._upheld, cause=names)

    def evasive(self, told: CauseFigures) -> str:
        """Lead to those that say "other" or "unknown"."""
        return self.all(cause=[each.cause for each in told.named if each.evasive and each.cause is not None])  # fmt: skip

    def every_upheld(self) -> str:
        """Lead to all upheld ones."""
        return self.all(outcome=self._upheld)

    def cell(self, cause: str | None, products: Sequence[str | None]) -> str:
        """Lead to those of a cause and some products; "" where there are too many for an address."""
        if len(products) > _MOST_VALUES:
            return ""
        return self.of(cause, product=[each if each is not None else NONE for each in products])

    def month(self, cause: str | None, month: CauseMonth) -> str:
        """Lead to those of a cause that were closed in a month."""
        return self.of(cause, period=f"{month.day:%Y-%m}")

    def page(self, cause: str | None) -> str:
        """Lead to the cause's own page."""
        return self._ask.link(f"/causes/{quote(cause if cause is not None else NONE, safe='')}")

    def again(self, cause: str, same: str) -> str:
        """Lead to those that came again."""
        return self.of(cause, repeat=same)

    def received(self, cause: str, period: str) -> str:
        """Lead to the complaints of a cause received in a period, whatever became of them."""
        return self._ask.link("/complaints", period=period, date="received", cause=cause)

    @property
    def _upheld(self) -> list[str]:
        return [each for each in outcomes_of(self._ask.filter) if each in UPHELD]


def _asked(ask: Ask) -> Ask:
    """Give the question by when complaints were closed."""
    asking = ask.asking
    words = tuple(each for each in asking.words if each[0] != "date")
    asking = replace(asking, filter=asking.filter.but(date="closed"), words=words)
    return replace(ask, asking=asking)


def _drawn(told: CauseFigures) -> list[Named]:
    return list(told.named[:_DRAWN])


def _rates(ask: Ask, months: Sequence[CauseMonth], cause: str | None) -> Rates:
    samples = tuple(Sample(each.day, each.counts.get(cause, 0), each.total) for each in months)
    if not samples:
        return Rates(())
    first, last = samples[0].day, samples[-1].day
    return Rates(samples, packs_on(ask, first, last), holidays_on(ask, first, last), weekly=False)


def _heights(told: CauseFigures) -> tuple[int, int]:
    """Give the height that the picture of causes has: one row each, twelve at most."""
    rows = 24 * min(12, max(1, len(told.named))) + 32
    return rows, rows


def _product_words(name: str | None) -> str:
    return shown_value(name) if name else "no product"


def _pareto_in_words(told: CauseFigures) -> str:
    named = [each for each in told.named if each.cause is not None]
    if not named:
        return "No cause is named in these complaints."
    total = told.total
    if total < FEW:
        return f"Fewer than {FEW} complaints were decided and closed, so there is no share; the bars are counts."
    first = named[0]
    words = f"{cause_words(first.cause).capitalize()} is named most often: {first.complaints:,} of {total:,}, {100 * first.complaints / total:.0f} %."
    most = next(place for place, each in enumerate(told.named, 1) if each.together >= _MOST_OF_IT * total)  # fmt: skip
    return words + (f" The first {most} lines make up four fifths." if most > 1 else "")


def _level(most: int, count: int) -> int:
    """Give how dark a count stands: 0 for none, else 1 to 4."""
    return min(_LEVELS, -(-_LEVELS * count // most)) if most else 0


def _trend_in_words(months: Sequence[CauseMonth]) -> str:
    told = [each for each in months if each.total >= FEW]
    if not told:
        return f"No month has {FEW} complaints decided and closed, so there is no rate; the table has the counts."
    return f"Share of each cause among all that were decided and closed in a month; {len(told)} of {len(months)} months have {FEW} or more."


def _months_in_words(months: Sequence[CauseMonth], cause: str | None) -> str:
    told = [each for each in months if each.total >= FEW]
    if not told:
        return _trend_in_words(months)
    shares = [(100 * each.counts.get(cause, 0) / each.total, each) for each in told]
    low, high = min(shares, key=lambda one: one[0]), max(shares, key=lambda one: one[0])
    return f"From {low[0]:.0f} % ({low[1].day:%b %Y}) to {high[0]:.0f} % ({high[1].day:%b %Y}) of complaints decided and closed in a month."
