"""The rules with their figures, and one rule: what it asks, where it stands, who it fails, how it came along."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from ombud.store.book.counts import failing_by
from ombud.web.dash.frame import framed
from ombud.web.shield import nothing
from sync.figures.overview import by_rule, share_of
from sync.figures.rules import (
    Disputes,
    count_rules,
    disputes_of,
    modes_of,
    months_of,
    steps_of,
)
from sync.filters import within
from sync.periods import before

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from policies.rule import Rule
    from sync.figures.rules import Line

FILTERS: Final = (
    "period", "date", "helpdesk", "product", "team", "pack", "channel", "category", "severity", "project", "binding", "stage", "waived",
    "before", "against", "known",
)  # fmt: skip
_EPOCH: Final = date(1970, 1, 1).toordinal()
#: What failures are broken down by, with the word an address has for it.
BY: Final = (("severity", "severity"), ("channel", "channel"), ("category", "category"), ("account", "helpdesk"))  # fmt: skip


def show(ask: Ask) -> Response:
    """Show every rule."""
    compared = ask.asking.against or before(ask.asking.period, ask.zone, ask.now)
    former = None if compared is None else within(ask.asking, compared).filter
    groups = count_rules(ask.service, ask.book, ask.filter, former)
    lines = [line for _, each in groups for line in each]
    failed = sum(1 for line in lines if line.counts.get(Verdict.failed))
    return framed(
        ask,
        "rules.html",
        title="Rules",
        filters=FILTERS,
        export="rules",
        groups=groups,
        rules=len(lines),
        failed=failed,
        compared=compared,
        points=_points,
        gaps=[(name, gap) for name, gap in ask.service.gaps()],
    )


def show_one(ask: Ask) -> Response:
    """Show one rule."""
    pack, rule = ask.request.path_params["pack"], ask.request.path_params["rule"]
    info = next((each for each in ask.rules.values() if (each.pack, each.id) == (pack, rule)), None)
    if info is None:
        # A past day may have no finding of a rule that there is now.
        known = next((each for each in ask.keeper.book.rules.values() if (each.pack, each.id) == (pack, rule)), None)  # fmt: skip
        if known is None:
            return nothing()
        info = replace(known, ordinal=-1)
    asked = ask.filter.but(rules=(info.ordinal,))
    counts = next((each.counts for each in by_rule(ask.book, asked)), {})
    written = _written(ask, pack, rule)
    return framed(
        ask,
        "rule.html",
        title=info.title,
        filters=[each for each in FILTERS if each != "against"],
        info=info,
        counts=counts,
        share=share_of(counts),
        rule=written,
        modes=modes_of(ask.service.bounds, info),
        disputes=disputes_of(ask.service, ask.book, ask.filter.groups).get(rule, Disputes()),
        months=[(_month(each.begin), _of_month(ask, info.id, each.begin), each.counts, share_of(each.counts)) for each in months_of(ask.book, ask.filter, info)],
        steps=steps_of(ask.service, rule),
        breakdowns=[
            (word, rows)
            for column, word in BY
            if len(rows := [row for row in failing_by(ask.book, asked, column) if row[2]]) > 1
        ],
    )  # fmt: skip


def _written(ask: Ask, pack: str, rule: str) -> Rule | None:
    """Give the rule as its pack has it; `None` for one that every binding has."""
    for bound in ask.service.bounds:
        if bound.pack.id == pack:
            for edition in reversed(bound.judge.editions):
                for each in edition.pack.rules:
                    if each.id == rule:
                        return each
    return None


def _of_month(ask: Ask, rule: str, begin: int) -> Callable[..., str]:
    """Lead to a rule's findings of one month of receipt, as far as it lies in the period."""
    first = date.fromordinal(_EPOCH + begin)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if ask.filter.days is not None:
        first = max(first, date.fromordinal(_EPOCH + ask.filter.days[0]))
        last = min(last, date.fromordinal(_EPOCH + ask.filter.days[1] - 1))

    def lead(*verdicts: str) -> str:
        # Of a period of something else than receipt, no address names a month of receipt.
        if ask.filter.date != "received":
            return ""
        return ask.link("/complaints", rule=rule, verdict=verdicts, period=f"{first}..{last}")

    return lead


def _month(begin: int) -> str:
    return f"{date.fromordinal(_EPOCH + begin):%b %Y}"


def _points(line: Line) -> str:
    """Say by how much a rule moved since the period before."""
    share, was = line.share, line.before
    if was is None or share.few or was.few:
        return ""
    points = round(100 * ((share.value or 0) - (was.value or 0)), 1)
    return f"{points:+.1f} pt".replace("-", "\u2212") if points else "same"
