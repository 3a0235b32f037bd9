"""Clocks: what is in time by when it was due, how long it took, what the objective still allows, and what is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.instant import MINUTE, moment
from ombud.store.book.clocks import shares_used, took
from ombud.store.book.filter import NONE
from ombud.web.dash.axis import holidays_on, packs_on
from ombud.web.dash.charts import (
    Budget,
    Curve,
    Rates,
    Sample,
    Times,
    budget,
    histogram,
    pchart,
    survival,
)
from ombud.web.dash.charts.plot import nothing
from ombud.web.dash.frame import framed
from ombud.web.dash.told import lasting
from sync.figures.clocks import (
    BUDGET_DAYS,
    TENTHS,
    budget_of,
    chosen,
    count_clock,
    tabs_of,
    weeks_of,
)
from sync.figures.limits import lasting_of
from sync.figures.overview import FEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from ombud.web.dash.charts import Look, Spec
    from sync.figures.clocks import ClockFigures, DueWeek, Part, Stretch, Tab
    from sync.figures.limits import Lasting, Spent

FILTERS: Final = (
    "period", "helpdesk", "product", "team", "pack", "channel", "category", "severity", "project", "binding", "stage", "outcome",
    "waived", "enforced", "before", "known",
)  # fmt: skip
_DAY_MINUTES: Final = 1440
_HOUR_MINUTES: Final = 60


def show(ask: Ask) -> Response:
    """Show one clock, with a tab for each."""
    ask, tabs, tab = _asked(ask)
    if tab is None:
        return framed(ask, "clocks.html", title="Clocks", filters=FILTERS, tab=None)
    told = count_clock(ask.book, ask.service.bounds, ask.filter, tab, now=ask.as_of, zone=ask.zone)
    weeks = weeks_of(ask.book, ask.filter, tab, now=ask.as_of, zone=ask.zone)
    left = budget_of(
        ask.book, ask.filter, tab, _objective(ask), now=ask.as_of, zone=ask.zone
    )  # fmt: skip
    return framed(
        ask,
        "clocks.html",
        title="Clocks",
        filters=FILTERS,
        tab=tab,
        told=told,
        tabs=[
            (ask.link("/clocks", clock=each.rule.id), _named(each), _short(each), each is tab)
            for each in tabs
        ],
        clocks=[(_named(each), each) for each in tabs],
        objective=_objective(ask),
        query=ask.asking.query,
        link=_Links(ask),
        within=_within(told),
        parts=[(each, [_span(told, each, share) for share in (0.5, 0.9)]) for each in told.parts],
        used_sentence=_used_in_words(told),
        used_rows=[[_tenth(tenth), count, "late" if tenth >= TENTHS // 2 else "in time"] for tenth, count in told.used if count],
        open_sentence=_open_in_words(told),
        open_rows=[[f"{minutes / _DAY_MINUTES:.1f}", f"{100 * share:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %"] for minutes, share, low, high in told.wall.thinned()],
        week_sentence=_weeks_in_words(weeks, _objective(ask)),
        weeks=[_week(each) for each in weeks],
        budget_sentence=_budget_in_words(tab.spent),
        budget_rows=[[_date(day), f"{100 * share:.0f} %"] for day, share in left],
        forecast=[(_stretch(each), each) for each in told.forecast],
        late_now=[(_age(ask, each), each) for each in told.late_now],
        late_sum=sum(each.count for each in told.late_now),
    )  # fmt: skip


def used_chart(ask: Ask, look: Look) -> Spec:
    """Draw how much of the time allowed was taken."""
    ask, _, tab = _asked(ask)
    if tab is None:
        return nothing(look)
    used = shares_used(ask.book, ask.filter.but(rules=tab.ordinals), TENTHS + 1)
    bins = tuple((10.0 * tenth, 10.0 * (tenth + 1), count) for tenth, count in used)
    half = TENTHS // 2
    in_time = sum(count for tenth, count in used if tenth < half)
    late = sum(count for tenth, count in used if tenth >= half)
    return histogram(
        Times(
            bins,
            "% of the time allowed, from start to stop",
            100,
            "%",
            in_time=in_time,
            late=late,
            beyond=True,
        ),
        look,
    )


def open_chart(ask: Ask, look: Look) -> Spec:
    """Draw which share still ran after so many days."""
    ask, _, tab = _asked(ask)
    if tab is None:
        return nothing(look)
    wall, _, _ = took(ask.book, ask.filter.but(rules=tab.ordinals), (), ask.as_of)
    told = lasting_of(wall)
    half = told.within(0.5)
    steps = tuple(
        (round(minutes / _DAY_MINUTES, 2), share, low, high)
        for minutes, share, low, high in told.thinned()
    )
    curve = Curve("", steps, told.total, None if half is None else round(half / _DAY_MINUTES, 1))
    return survival([curve], "days since the start, by the wall clock", None, look)


def weeks_chart(ask: Ask, look: Look) -> Spec:
    """Draw the share in time by week due."""
    ask, _, tab = _asked(ask)
    weeks = [] if tab is None else weeks_of(ask.book, ask.filter, tab, now=ask.as_of, zone=ask.zone)
    if not weeks:
        return nothing(look)
    samples = tuple(Sample(each.monday, each.passed, each.total) for each in weeks)
    first, last = samples[0].day, samples[-1].day
    return pchart(
        Rates(samples, packs_on(ask, first, last), holidays_on(ask, first, last), _objective(ask)),
        look,
    )


def budget_chart(ask: Ask, look: Look) -> Spec:
    """Draw what is left of the error budget."""
    ask, _, tab = _asked(ask)
    if tab is None:
        return nothing(look)
    left = budget_of(ask.book, ask.filter, tab, _objective(ask), now=ask.as_of, zone=ask.zone)
    if not left:
        return nothing(look)
    return budget(
        Budget(tuple(left), _over(tab.spent), packs_on(ask, left[0][0], left[-1][0])), look
    )


class _Links:
    """Lead from a number to its complaints."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def due(self, tab: Tab, *verdicts: str) -> str:
        """Lead to those due in the period."""
        return self._to(tab.rule.id, self._ask.asking.period.key, verdict=verdicts)

    def undated(self, tab: Tab) -> str:
        """Lead to those received in the period that have no due."""
        words = {"rule": tab.rule.id, "due-in": NONE, "verdict": "unknown"}
        return self._ask.link("/complaints", date=None, clock=None, **words)

    def part(self, tab: Tab, severity: str | None, *verdicts: str) -> str:
        """Lead to those of one severity due in the period."""
        return self._to(
            tab.rule.id, self._ask.asking.period.key, verdict=verdicts, severity=severity or NONE
        )

    def past(self, tab: Tab, days: int, *verdicts: str) -> str:
        """Lead to those due on the last so many days that are over."""
        today = self._today
        return self._to(tab.rule.id, _key(today - timedelta(days=days), today - timedelta(days=1)), verdict=verdicts)  # fmt: skip

    def ahead(self, tab: Tab, told: Stretch) -> str:
        """Lead to those that are due then."""
        first = told.first or self._today
        last = told.last or self._today + timedelta(days=3649)
        return self._to(tab.rule.id, _key(first, last), verdict="pending")

    def late(self, tab: Tab, told: Stretch) -> str:
        """Lead to those that were due then, and still run."""
        key = _key(told.first or date(1970, 1, 1), told.last or self._today)
        return self._to(tab.rule.id, key, standing="fail", open="yes")

    def all_late(self, tab: Tab) -> str:
        """Lead to all that were due, and still run."""
        return self._to(tab.rule.id, _key(date(1970, 1, 1), self._today), standing="fail", open="yes")  # fmt: skip

    @property
    def _today(self) -> date:
        return moment(self._ask.as_of, self._ask.zone).date()

    def _to(self, rule: str, due: str, **words: str | Sequence[str]) -> str:
        return self._ask.link("/complaints", period="all", date=None, clock=None, rule=rule, due_in=due, **words)  # fmt: skip


def _asked(ask: Ask) -> tuple[Ask, list[Tab], Tab | None]:
    """Give the question by due, with the clock kept among its words, every clock, and the one asked for."""
    asking = ask.asking
    tabs = tabs_of(ask.book, asking.filter, _objective(ask), now=ask.as_of, zone=ask.zone)
    tab = chosen(tabs, ask.view("clock"))
    words = tuple(each for each in asking.words if each[0] != "date")
    if tab is not None and ask.view("clock"):
        words = (*words, ("clock", tab.rule.id))
    asking = replace(asking, filter=asking.filter.but(date="due"), words=words)
    return replace(ask, asking=asking), tabs, tab


def _objective(ask: Ask) -> float:
    return ask.service.settings.dashboard.on_time / 100


def _named(tab: Tab) -> str:
    """Name a clock in few words."""
    title = tab.rule.title.removeprefix("The complaint is ")
    return title[:1].upper() + title[1:]


def _short(tab: Tab) -> str:
    share = tab.share
    if not share.total:
        return "none due"
    return f"{share.of} of {share.total}" if share.few else f"{100 * (share.value or 0):.1f} %"


def _within(told: ClockFigures) -> list[tuple[str, str, str]]:
    """Give median and 90th percentile in working time, with its unit, and by the wall clock."""
    return [
        (*_working(told, told.working.within(share)), _wall(told.wall.within(share)))
        for share in (0.5, 0.9)
    ]


def _wall(minutes: int | None) -> str:
    return "not reached" if minutes is None else lasting(minutes * MINUTE)


def _working(told: ClockFigures, minutes: float | None) -> tuple[str, str]:
    """Say working time: in days of the desk where they are equally long, else in hours."""
    if minutes is None:
        return ("not reached" if told.working.total else "unknown"), ""
    if told.day is not None and minutes >= told.day:
        return f"{minutes / told.day:.1f}", "working days"
    if minutes >= _HOUR_MINUTES:
        return f"{minutes / _HOUR_MINUTES:.1f}", "working hours"
    return f"{minutes:.0f}", "working minutes"


def _span(told: ClockFigures, part: Part, share: float) -> str:
    """Say within which working time a share of a severity's clocks stopped; by the wall clock where no calendar is known."""
    if not part.working.total:
        return _wall(part.wall.within(share))
    minutes = part.working.within(share)
    if minutes is None:
        return "not reached"
    if told.day is not None and minutes >= told.day:
        return f"{minutes / told.day:.1f}\u00a0d"
    return f"{minutes / _HOUR_MINUTES:.1f}\u00a0h"


def _tenth(tenth: int) -> str:
    return f"{10 * tenth} % or more" if tenth == TENTHS else f"{10 * tenth} to {10 * (tenth + 1)} %"


def _used_in_words(told: ClockFigures) -> str:
    stopped = told.in_time + told.late
    if not stopped:
        return "None of these clocks has stopped yet."
    early = sum(count for tenth, count in told.used if tenth < TENTHS // 4)
    words = f"{early:,} of {stopped:,} took less than half of the time allowed"
    words += f"; {told.late:,} came after the term." if told.late else "; none came after the term."
    running = told.tab.share.total - stopped
    if running > 0:
        words += f" {running:,} {'was' if running == 1 else 'were'} never stopped, {'is' if running == 1 else 'are'} late, and not drawn."  # fmt: skip
    return words


def _open_in_words(told: ClockFigures) -> str:
    wall: Lasting = told.wall
    if wall.total < FEW:
        return f"Fewer than {FEW} clocks are due in this period, so no curve is drawn."
    half = wall.within(0.5)
    words = f"Half of these {wall.total:,} stopped within {_wall(half)}." if half is not None else f"Less than half of these {wall.total:,} have stopped."  # fmt: skip
    return words + (f" {wall.running:,} without a stop count for as long as they ran." if wall.running else "")  # fmt: skip


def _weeks_in_words(weeks: Sequence[DueWeek], objective: float) -> str:
    told = [each for each in weeks if each.total >= FEW]
    if not told:
        return f"No week has {FEW} clocks due, so there is no rate; the table has the counts."
    below = sum(each.passed / each.total < objective for each in told)
    worst = min(told, key=lambda each: each.passed / each.total)
    few = len(weeks) - len(told)
    words = (
        f"{below} of {len(told)} weeks lie below the objective of {100 * objective:g} %; "
        f"the lowest is the week of {_date(worst.monday)} with {100 * worst.passed / worst.total:.0f} %."
    )
    return words + (f" Hollow: {few} weeks of fewer than {FEW}, too few for a rate." if few else "")


def _week(told: DueWeek) -> list[object]:
    share = f"{100 * told.passed / told.total:.1f} %" if told.total >= FEW else "few"
    return [_date(told.monday), told.passed, told.total, share, told.unknown]


def _over(spent: Spent) -> str:
    over = spent.late - int(spent.allowed)
    if spent.left is not None and spent.left < 0:
        return f"{over:,} more late than allowed"
    return ""


def _budget_in_words(spent: Spent) -> str:
    if spent.left is None:
        return "Nothing was due, or the objective allows nothing to be late, so there is no budget."
    return f"Of {spent.total:,} due in {BUDGET_DAYS} days, the objective allows {int(spent.allowed):,} to be late; {spent.late:,} were."  # fmt: skip


def _stretch(told: Stretch) -> str:
    if told.first is None:
        return ""
    return f"{told.first:%a} {told.first.day} {told.first:%b}" + ("" if told.last else " and later")


def _age(ask: Ask, told: Stretch) -> str:
    today = moment(ask.as_of, ask.zone).date()
    last = (today - told.last).days if told.last is not None else 0
    if told.first is None:
        return f"more than {last - 1} days ago"
    first = (today - told.first).days
    return "today or yesterday" if last == 0 else f"{last} to {first} days ago"


def _key(first: date, last: date) -> str:
    return f"{first.isoformat()}..{last.isoformat()}"


def _date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
