"""The first page: in one look whether complaints are handled as the policy says, where not, and whose move it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from ombud.model.instant import moment
from ombud.web.dash.axis import holidays_on, packs_on
from ombud.web.dash.charts import Rates, Sample, pchart
from ombud.web.dash.frame import framed
from sync.figures.health import healths
from sync.figures.overview import FEW, count_overview, weeks_of
from sync.filters import within
from sync.periods import before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from ombud.store.book.counts import DueDay, Week
    from ombud.web.dash.ask import Ask
    from ombud.web.dash.charts import Look, Spec
    from sync.figures.overview import Overview, Share

_EPOCH: Final = date(1970, 1, 1).toordinal()
#: Filters that the page offers, in their order.
FILTERS = (
    "period", "date", "helpdesk", "product", "team", "pack", "channel", "category", "severity", "project", "binding", "stage", "outcome",
    "waived", "enforced", "before", "against", "known",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """Hold a piece of the sentence that stands on top: words, or a number that leads somewhere."""

    words: str
    href: str = ""


def show(ask: Ask) -> Response:
    """Show the overview."""
    compared = ask.asking.against or before(ask.asking.period, ask.zone, ask.now)
    former = None if compared is None else within(ask.asking, compared).filter
    told = count_overview(ask.book, ask.filter, former, now=ask.as_of, zone=ask.zone)
    return framed(
        ask,
        "overview.html",
        title="Overview",
        filters=FILTERS,
        export="overview",
        told=told,
        lead=list(_sentence(ask, told)),
        compared=compared,
        settings=ask.service.settings.dashboard,
        healths=healths(ask.service, ask.pulses, ask.now),
        period_before="" if compared is None else compared.label,
        stretch_before=compared is not None and " to " in compared.label,
        change=_change,
        answers=lambda *verdicts: _answers(ask, *verdicts),
        until=_until(ask, told),
        late_moves=_moves(told.late_moves),
        due=[_day(ask, each, first=place == 0) for place, each in enumerate(told.due)],
        weeks=[_week(each) for each in told.weeks],
        week_sentence=_weeks_in_words(told.weeks),
    )


def chart(ask: Ask, look: Look) -> Spec:
    """Draw the complaints without a major failure by week received."""
    weeks = weeks_of(ask.book, ask.filter, now=ask.as_of)
    samples = tuple(
        Sample(date.fromordinal(_EPOCH + each.begin), each.right, each.told) for each in weeks
    )
    if not samples:
        return pchart(Rates(()), look)
    first, last = samples[0].day, samples[-1].day
    objective = ask.service.settings.dashboard.objective / 100
    return pchart(
        Rates(samples, packs_on(ask, first, last), holidays_on(ask, first, last), objective), look
    )


def _sentence(ask: Ask, told: Overview) -> list[Said]:
    """Say the state of things in words."""
    if not told.standing.complaints:
        return []
    said: list[Said] = []
    share = told.acknowledged
    period = ask.asking.period
    spoken = "over all time" if period.key == "all" else period.spoken
    if share.total:
        number = (
            f"{100 * (share.value or 0):.0f}\u00a0%"
            if not share.few
            else f"{share.of} of {share.total}"
        )
        said += [
            Said(f"{spoken[0].upper()}{spoken[1:]}, "),
            Said(number, _acknowledged(ask)),
            Said(" of complaints were acknowledged in time. "),
        ]
    else:
        said.append(Said(f"No acknowledgement was due {period.spoken}. "))
    due = sum(each.due for each in told.due)
    said += [
        Said(_number(due, "complaint"), _open(ask, _stretch(ask, told))) if due else Said("No complaint"),
        Said(f" {'is' if due <= 1 else 'are'} due by {_until(ask, told)} and "),
        Said(f"{told.late.late:,} {'is' if told.late.late == 1 else 'are'} late", ask.link("/complaints", period="all", late="yes", date=None)),
        Said(". "),
    ]  # fmt: skip
    worst = told.weakest
    if worst is not None:
        failed = ask.link("/complaints", rule=worst.rule.id, verdict="fail")
        said += [
            Said("The weakest rule: "),
            Said(f"{worst.rule.title}", f"/rules/{worst.rule.pack}/{worst.rule.id}"),
            Said("; "),
            Said(f"{worst.failed:,}", failed),
            Said(f" of {worst.share.total:,} checks failed."),
        ]
    else:
        said.append(Said("No rule failed."))
    return said


def _stretch(ask: Ask, told: Overview) -> str:
    """Name the days of what is due, as a period."""
    first, last = (moment(told.due[place].begin, ask.zone).date() for place in (0, -1))
    return f"{first}..{last}"


def _until(ask: Ask, told: Overview) -> str:
    last = moment(told.due[-1].begin, ask.zone).date()
    return f"{last:%A}, {last.day} {last:%B}"


def _answers(ask: Ask, *verdicts: str) -> str:
    """Lead to the complaints whose answer was due in the period, by what became of it."""
    rules = {each.id for each in ask.rules.values() if each.start == "received" and "responded" in each.stops}  # fmt: skip
    return _due(ask, rules, *verdicts)


def _acknowledged(ask: Ask) -> str:
    """Lead to the complaints whose acknowledgement was due in the period and came in time."""
    rules = {each.id for each in ask.rules.values() if each.kind == "deadline" and "acknowledged" in each.stops}  # fmt: skip
    return _due(ask, rules, "pass")


def _due(ask: Ask, rules: set[str], *verdicts: str) -> str:
    """Lead to the complaints with findings of some rules that were due in the period; "" of no rule."""
    if not rules:
        return ""
    return ask.link("/complaints", period="all", date=None, rule=sorted(rules), due_in=ask.asking.period.key, verdict=verdicts)  # fmt: skip


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _open(ask: Ask, due: str) -> str:
    return ask.link("/complaints", period="all", date=None, open="yes", due=due)


def _change(now: Share, then: Share | None, period: str) -> str:
    """Say by how much a share moved since the period before; "" where that cannot be said."""
    if then is None or now.few or then.few or now.value is None or then.value is None:
        return ""
    points = round(100 * (now.value - then.value), 1)
    if " to " in period:
        period = "the period before"
    if not points:
        return f"as in {period}"
    return f"{abs(points):.1f} points {'up' if points > 0 else 'down'} on {period}"


@dataclass(frozen=True, slots=True)
class Day:
    """Hold a line of what is due: its label, where it leads, how many, and whose move it is."""

    label: str
    href: str
    due: int
    moves: str


def _day(ask: Ask, told: DueDay, *, first: bool) -> Day:
    day = moment(told.begin, ask.zone).date()
    label = f"{day:%a} {day.day} {day:%b}{', today' if first else ''}"
    moves = _moves(told.moves)
    return Day(label, _open(ask, day.isoformat()) if told.due else "", told.due, moves)


def _moves(told: Sequence[tuple[str | None, int]]) -> str:
    return " · ".join(f"{whose or 'nobody named'} {count}" for whose, count in told[:3])


def _week(told: Week) -> list[object]:
    share = f"{100 * told.right / told.told:.1f} %" if told.told >= FEW else "few"
    return [_monday(told), told.right, told.told, share, told.unknown]


def _monday(told: Week) -> str:
    day = date.fromordinal(_EPOCH + told.begin)
    return f"{day.day} {day:%b %Y}"


def _weeks_in_words(weeks: Sequence[Week]) -> str:
    """Say what the chart shows."""
    told = [each for each in weeks if each.told >= FEW]
    if not told:
        return f"No week has {FEW} complaints that can be judged, so there is no rate; the table has the counts."
    worst = min(told, key=lambda each: each.right / each.told)
    best = max(told, key=lambda each: each.right / each.told)
    few = len(weeks) - len(told)
    said = (
        f"From {100 * worst.right / worst.told:.0f} % (week of {_monday(worst)}) "
        f"to {100 * best.right / best.told:.0f} % (week of {_monday(best)})."
    )
    return said + (
        f" Hollow: {few} weeks of fewer than {FEW} complaints, too few for a rate." if few else ""
    )
