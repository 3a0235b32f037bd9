"""Make a management review and a month's figures of what is stored: the book, what people wrote, what surveys say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.event import digest
from ombud.model.facts import Verdict
from ombud.model.instant import iso, moment
from ombud.store.book.counts import by_columns
from ombud.store.book.month import closed_as
from sync.figures.overview import FEW, count_overview
from sync.filters import within
from sync.periods import before, read_period
from sync.persons import Refused
from sync.reports.kpi import figures_of, month_of
from sync.reports.review import (
    OUTPUTS,
    Decision,
    Listing,
    Measured,
    Number,
    Review,
    Section,
    Verdicts,
    goals,
)
from sync.reports.snapshot import content_of, freeze
from sync.reports.survey import by_decision, satisfaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant
    from ombud.store import AnswerRow, EntryRow, SnapshotRow
    from ombud.store.book import Book, Filter
    from sync.book import About
    from sync.figures.overview import ClauseCounts, Overview, Share
    from sync.filters import Asking
    from sync.persons import Person
    from sync.reports.review import Picture
    from sync.reports.survey import Satisfaction
    from sync.service import Service

#: Root causes told one by one.
_CAUSES: Final = 8
_NBSP: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class Basis:
    """Say what a report rests on.

    Attributes:
        organisation: whose it is.
        completeness: how complete the data are, in words.
        packs: versions of packs in force.
        digest: over packs, parameters, mappings, scopes and calendars.

    """

    organisation: str
    completeness: str
    packs: tuple[str, ...]
    digest: str


def basis_of(service: Service, about: About) -> Basis:
    """Say what a report rests on now."""
    digests = [text for bound in service.bounds for text in bound.digests.values()]
    share = "completeness unknown" if about.share is None else f"{about.share:.1f}{_NBSP}% complete"
    return Basis(
        service.settings.dashboard.organisation,
        share,
        about.packs,
        digest(*digests) if digests else "",
    )


def settled(asking: Asking, now: Instant) -> Asking:
    """Give a question whose period is named by the calendar, and not by when it is asked: "last-quarter" is 2026-q3."""
    period = asking.period
    if period.begin is None or period.end is None:
        return asking
    first = moment(period.begin, asking.zone).date()
    last = moment(period.end, asking.zone).date() - timedelta(days=1)
    names = (
        f"{first:%Y-%m}",
        f"{first.year}-q{(first.month + 2) // 3}",
        str(first.year),
        f"{first}..{last}",
    )
    for name in names:
        found = read_period(name, now, asking.zone)
        if (found.begin, found.end) == (period.begin, period.end):
            return within(asking, found)
    return asking


def make_review(
    service: Service,
    book: Book,
    basis: Basis,
    asking: Asking,
    *,
    now: Instant,
    pictures: Sequence[Picture] = (),
    with_goals: bool = False,
) -> Review:
    """Make the management review of a period.

    Args:
        service: what people wrote is asked of.
        book: the book.
        basis: what it rests on.
        asking: the period and the complaints.
        now: what "now" is.
        pictures: charts of the performance of the process.
        with_goals: whether figures are related to the Sustainable Development Goals.

    """
    reports = service.store.reports
    entries = reports.entries()
    asking = settled(asking, now)
    period = asking.period
    former = before(period, asking.zone, now)
    told = count_overview(
        book,
        asking.filter,
        None if former is None else within(asking, former).filter,
        now=now,
        zone=asking.zone,
    )
    closed = asking.filter.but(date="closed", days=None)
    answers = reports.answers(period.begin, period.end)
    beside = "" if former is None else former.label
    sections = (
        _written("inside", period.key, entries),
        _written("outside", period.key, entries),
        _performance(book, asking, told, closed, answers, beside, pictures),
        _written("audits", period.key, entries),
        _actions(book, closed, period.key, entries),
        _earlier(asking, entries, now),
        _written("ideas", period.key, entries),
    )
    return Review(
        basis.organisation,
        period.key,
        period.label,
        asking.zone.key,
        book.cutoff,
        basis.completeness,
        basis.packs,
        basis.digest,
        tuple(_restated(reports.snapshots(), period.begin, period.end)),
        sections,
        tuple(
            _decision(each)
            for each in entries
            if each.period == period.key and each.part in OUTPUTS and each.ended is None
        ),
        goals(_measured(told, book, closed, answers)) if with_goals else (),
    )


def freeze_month(
    service: Service, book: Book, about: About, month: str, *, by: Person | None, now: Instant
) -> tuple[SnapshotRow, bool]:
    """Count a month's figures and keep them; give what is kept, and whether it is new.

    Raises:
        Refused: it is no month, is not over, or the book does not know it to its end yet.

    """
    zone = service.zone
    period = month_of(month, now, zone)
    cutoff = book.cutoff
    if cutoff is None or period.end is None or cutoff < period.end:
        known = (
            "nothing was counted"
            if cutoff is None
            else f"complaints are judged up to {iso(cutoff)}"
        )
        raise Refused(
            f"{month} cannot be frozen: {known}. Wait until all are judged, then do it again"
        )
    answers = service.store.reports.answers(period.begin, period.end)
    content = content_of(month, zone.key, figures_of(book, period, zone, answers))
    return freeze(
        service.store.reports,
        month,
        content,
        judged_by={bound.name: dict(bound.digests) for bound in service.bounds},
        cutoff=cutoff,
        completeness=about.sentences,
        by=by,
        now=now,
    )


def percent(share: float | None) -> str:
    """Write a share of one in percent; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f}{_NBSP}%"  # noqa: RUF001 (a dash stands for no figure)


def _performance(
    book: Book,
    asking: Asking,
    told: Overview,
    closed: Filter,
    answers: Sequence[AnswerRow],
    former: str,
    pictures: Sequence[Picture],
) -> Section:
    complaints = told.standing.complaints
    about = f"Complaints {' · '.join(asking.in_words())}; answers by the date they were due"
    if not complaints and not told.on_time.total and not answers:
        return Section("performance", about)
    said = [_sentence(told)]
    numbers = (
        _number("Without a major failure", told.right, told.before_right, former, asking, "grade"),
        _number("Answered on time", told.on_time, told.before_on_time, former, asking, "due"),
        Number(
            "Late at the cut-off",
            f"{told.late.late:,}",
            "",
            (f"of {told.late.open:,} open complaints",),
            "?late=yes&period=all",
        ),
    )
    listings = [_clauses(told.clauses), *_causes(book, closed), *_satisfied(answers)]
    return Section(
        "performance",
        about,
        tuple(said),
        numbers,
        tuple(each for each in listings if each.rows),
        tuple(pictures),
    )


def _sentence(told: Overview) -> str:
    right, on_time = told.right, told.on_time
    said = f"{told.standing.complaints:,} complaints. Of {right.total:,} that can be judged, {right.of:,} were handled without a major failure"
    if on_time.total:
        said += f"; {on_time.of:,} of {on_time.total:,} answers came on time"
    weak = told.weakest
    if weak is not None and weak.failed:
        said += f". The weakest rule: {weak.rule.title}, which failed {weak.failed:,} of {weak.share.total:,} times"
    return f"{said}."


def _number(
    label: str, share: Share, former: Share | None, when: str, asking: Asking, how: str
) -> Number:
    value = percent(share.value) if not share.few else f"{share.of:,} of {share.total:,}"
    beside = ""
    if former is not None and not former.few:
        beside = f"{when} {percent(former.value)}"
    lines = [
        f"{share.of:,} of {share.total:,} · {share.unknown:,} unknown · {share.pending:,} pending"
    ]
    if share.few:
        lines.append(f"fewer than {FEW}: no rate")
    link = asking.link("", grade=("first", "after")) if how == "grade" else asking.link("", date="due")  # fmt: skip
    return Number(label, value, beside, tuple(lines), link)


def _clauses(clauses: Sequence[ClauseCounts]) -> Listing:
    rows = []
    for each in clauses:
        counts = {verdict: each.counts.get(verdict, 0) for verdict in Verdict}
        bar = Verdicts(
            counts[Verdict.failed],
            counts[Verdict.unknown],
            counts[Verdict.pending],
            counts[Verdict.waived],
            counts[Verdict.passed],
        )
        share = "–" if each.share.few else percent(each.share.value)  # noqa: RUF001 (as above)
        rows.append(
            (
                each.group.number,
                each.group.title,
                bar,
                share,
                f"{bar.passed:,}",
                f"{bar.fail:,}",
                f"{bar.unknown:,}",
                f"{bar.waived:,}",
            )
        )
    return Listing(
        "Verdicts by clause group",
        ("Clause", "Group", "Checks by verdict", "Passed", "Pass", "Fail", "Unknown", "Waived"),
        tuple(rows),
        frozenset({3, 4, 5, 6, 7}),
        f"As judged at each step, before mending. Passed is pass of pass and fail; of fewer than {FEW} there is no rate. "
        "Pending checks are in the bars and not in the rate.",
    )


def _causes(book: Book, closed: Filter) -> list[Listing]:
    upheld = closed.but(outcomes=("upheld", "partly"))
    rows = by_columns(book, upheld, ["root_cause"], {})
    rows.sort(key=lambda each: (-each["complaints"], each["root_cause"] or ""))
    shown = rows[:_CAUSES]
    told = [((each["root_cause"] or "not told"), f"{each['complaints']:,}") for each in shown]
    if len(rows) > _CAUSES:
        told.append((f"{len(rows) - _CAUSES:,} others", f"{sum(each['complaints'] for each in rows[_CAUSES:]):,}"))  # fmt: skip
    return [
        Listing(
            "Root causes of complaints that were upheld",
            ("Root cause", "Complaints"),
            tuple(told),
            frozenset({1}),
            "Of complaints closed in the period and upheld in whole or in part.",
        )
    ]


def _satisfied(answers: Sequence[AnswerRow]) -> list[Listing]:
    rows = [
        *_said_of("How it was handled, all", satisfaction(answers, "process")),
        *_said_of("The outcome, all", satisfaction(answers, "outcome")),
    ]
    for name, told in by_decision(answers, "process").items():
        rows += _said_of(f"How it was handled, {name.replace('_', ' ')}", told)
    return [
        Listing(
            "What people who complained say",
            ("Of what", "Best two scores", "95 % between", "Answers", "Asked"),
            tuple(rows),
            frozenset({1, 2, 3, 4}),
            "How a complaint was handled is asked apart from its outcome. The bounds are Wilson's.",
        )
    ]


def _said_of(name: str, told: Satisfaction) -> list[tuple[str, ...]]:
    if not told.answered:
        return []
    few = told.answered < FEW
    return [
        (
            name,
            f"{told.top:,} of {told.answered:,}" if few else percent(told.share),
            f"{percent(told.low)} and {percent(told.high)}",
            f"{told.answered:,}",
            f"{told.asked:,}",
        )
    ]


def _actions(book: Book, closed: Filter, period: str, entries: Sequence[EntryRow]) -> Section:
    written = _written("actions", period, entries)
    upheld = closed.but(outcomes=("upheld", "partly"))
    row = by_columns(book, upheld, [], {"acted": "count(c.corrective_action)"})[0]
    if not row["acted"]:
        return written
    said = f"{row['acted']:,} of {row['complaints']:,} complaints closed and upheld have a corrective action."
    return Section("actions", "", (said, *written.said))


def _written(part: str, period: str, entries: Sequence[EntryRow]) -> Section:
    said = [
        json.loads(each.told)["text"]
        for each in entries
        if each.part == part and each.period == period and each.ended is None
    ]
    return Section(part, said=tuple(said))


def _earlier(asking: Asking, entries: Sequence[EntryRow], now: Instant) -> Section:
    today = moment(now, asking.zone).date().isoformat()
    last = asking.period.end
    rows = []
    for each in entries:
        end = read_period(each.period, now, asking.zone).end
        if each.part not in OUTPUTS or end is None or (last is not None and end >= last):
            continue
        told = json.loads(each.told)
        state = f"done: {each.result}" if each.result else "done"
        if each.ended is None:
            state = "overdue" if each.due and each.due < today else "open"
        rows.append(
            (each.period, told["proposed"], each.owner or "nobody", each.due or "no date", state)
        )
    listing = Listing(
        "Decisions of earlier reviews", ("Review", "Decided", "Owner", "By", "State"), tuple(rows)
    )
    return Section("earlier", listings=(listing,) if rows else ())


def _decision(entry: EntryRow) -> Decision:
    told = json.loads(entry.told)
    return Decision(
        entry.part, told["finding"], told["proposed"], entry.owner or "", entry.due or ""
    )


def _restated(
    rows: Sequence[SnapshotRow], begin: Instant | None, end: Instant | None
) -> list[str]:  # fmt: skip
    """Give what is otherwise in the months of a period than it was when they were first frozen."""
    last = {each.month: each for each in rows if each.number > 1}
    first = "" if begin is None else f"{moment(begin + 86_400_000_000):%Y-%m}"
    final = "9999" if end is None else f"{moment(end - 86_400_000_000):%Y-%m}"
    return [
        f"{month}: {said}"
        for month, each in sorted(last.items())
        if first <= month <= final
        for said in json.loads(each.differences)
    ]


def _measured(
    told: Overview, book: Book, closed: Filter, answers: Sequence[AnswerRow]
) -> tuple[Measured, ...]:  # fmt: skip
    causes = closed_as(book, closed)
    process = satisfaction(answers, "process")
    return (
        Measured("right", "Complaints without a major failure", percent(told.right.value), told=not told.right.few),
        Measured("answered", "Complaints answered on time", percent(told.on_time.value), told=not told.on_time.few),
        Measured("root_cause", "Upheld complaints with a root cause", f"{causes.caused:,} of {causes.upheld:,}", told=causes.upheld > 0),
        Measured("satisfaction", "Satisfied with how they were handled", f"{process.top:,} of {process.answered:,}", told=process.answered > 0),
    )  # fmt: skip
