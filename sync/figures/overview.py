"""The figures of the first page: how complaints are handled, where not, since when, and whose move it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from ombud.model.instant import iso, moment
from ombud.store.book import WORDS
from ombud.store.book.counts import (
    DueDay,
    Standing,
    Week,
    by_columns,
    by_week,
    due_by_day,
    standing,
    verdicts_by_rule,
)
from sync.figures.clauses import Group, group_of, order
from sync.periods import midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store.book import Book, Filter, RuleInfo

#: Of fewer there is no rate.
FEW: Final = 30
#: Right, by the grades of the book.
RIGHT: Final = ("first", "after")


@dataclass(frozen=True, slots=True)
class Share:
    """Hold a share with everything that has to stand beside it.

    Attributes:
        of: how many.
        total: of how many that can be told.
        unknown: of how many it cannot be told.
        pending: how many are not over yet.
        waived: how many are waived.

    """

    of: int
    total: int
    unknown: int = 0
    pending: int = 0
    waived: int = 0

    @property
    def value(self) -> float | None:
        """Give the share of one; `None` of nothing."""
        return self.of / self.total if self.total else None

    @property
    def few(self) -> bool:
        """Tell whether it is of too few for a rate."""
        return self.total < FEW

    def as_json(self) -> dict[str, object]:
        """Give it for programs; of fewer than thirty the share is left out."""
        return {
            "of": self.of,
            "total": self.total,
            "share": None if self.few else self.value,
            "unknown": self.unknown,
            "pending": self.pending,
            "waived": self.waived,
        }


def share_of(counts: Mapping[Verdict, int]) -> Share:
    """Give the share that passed of what passed or failed."""
    passed, failed = counts.get(Verdict.passed, 0), counts.get(Verdict.failed, 0)
    return Share(
        passed,
        passed + failed,
        counts.get(Verdict.unknown, 0),
        counts.get(Verdict.pending, 0),
        counts.get(Verdict.waived, 0),
    )


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """Hold a rule with its verdicts."""

    rule: RuleInfo
    counts: Mapping[Verdict, int]

    @property
    def share(self) -> Share:
        """Give the share that passed."""
        return share_of(self.counts)

    @property
    def failed(self) -> int:
        """Give how many failed."""
        return self.counts.get(Verdict.failed, 0)


@dataclass(frozen=True, slots=True)
class ClauseCounts:
    """Hold a group of clauses with its verdicts and its weakest rule."""

    group: Group
    counts: Mapping[Verdict, int]
    weakest: RuleCounts | None

    @property
    def share(self) -> Share:
        """Give the share of checks that passed."""
        return share_of(self.counts)


@dataclass(frozen=True, slots=True)
class Changed:
    """Tell one thing that is otherwise than in the period before.

    Attributes:
        amount: by how much, in `unit`; `None` where it is no number.
        unit: "pt" for points of a percentage, "" for a number.
        what: the sentence.
        words: filter words that lead to what it is about.
        better: whether that is good; `None` where neither.

    """

    amount: float | None
    unit: str
    what: str
    words: Mapping[str, str] = field(default_factory=dict)
    better: bool | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Hold the figures of the first page.

    Attributes:
        standing: how the complaints of the period stand.
        right: those without a major failure.
        before_right: the same in the period before; `None` without one.
        on_time: answers due in the period.
        before_on_time: the same in the period before.
        acknowledged: acknowledgements due in the period.
        late: complaints that are late now, whenever they were received.
        clauses: verdicts by group of clauses.
        before_clauses: share of checks that passed in the period before, by group of clauses.
        weakest: the rule that passes least often.
        due: what is due this week, day by day.
        late_moves: whose move the late ones are, the most first.
        move_by: what `due` names whose move it is by.
        weeks: weeks of receipt, the oldest first.
        changes: what is otherwise than before.

    """

    standing: Standing
    right: Share
    before_right: Share | None
    on_time: Share
    before_on_time: Share | None
    acknowledged: Share
    late: Standing
    clauses: Sequence[ClauseCounts]
    before_clauses: Mapping[str, Share]
    weakest: RuleCounts | None
    due: Sequence[DueDay]
    late_moves: Sequence[tuple[str | None, int]]
    move_by: str
    weeks: Sequence[Week]
    changes: Sequence[Changed]

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "complaints": self.standing.complaints,
            "grades": dict(self.standing.grades),
            "without_major_failure": self.right.as_json(),
            "answered_on_time": self.on_time.as_json(),
            "acknowledged_on_time": self.acknowledged.as_json(),
            "late_now": self.late.late,
            "open_now": self.late.open,
            "clauses": [
                {
                    "clause": each.group.key,
                    "title": each.group.title,
                    **{verdict.value: each.counts.get(verdict, 0) for verdict in Verdict},
                    "weakest_rule": each.weakest.rule.id if each.weakest is not None else None,
                }
                for each in self.clauses
            ],
            "due": [{"from": iso(each.begin), "answers": each.due} for each in self.due],
            "weeks": [
                {"monday": each.begin, "right": each.right, "told": each.told, "unknown": each.unknown}
                for each in self.weeks
            ],
        }  # fmt: skip


def right_of(told: Standing) -> Share:
    """Give the share without a major failure."""
    right = sum(told.grades.get(each, 0) for each in RIGHT)
    return Share(
        right,
        right + told.grades.get("failing", 0),
        told.grades.get("unknown", 0),
        told.grades.get("pending", 0),
    )


def answers_of(book: Book, asked: Filter) -> Share:
    """Give the share of answers in time, of those due in the period."""
    rows = by_columns(book, asked.but(date="due"), ["answer"], {})
    counts: dict[Verdict, int] = {}
    for row in rows:
        if row["answer"] is not None:
            counts[WORDS[row["answer"]]] = row["complaints"]
    return share_of(counts)


def acknowledged_of(book: Book, asked: Filter) -> Share:
    """Give the share of acknowledgements in time, of those due in the period."""
    rules = tuple(
        each.ordinal
        for each in book.rules.values()
        if each.kind == "deadline" and "acknowledged" in each.stops
    )
    told = verdicts_by_rule(book, asked.but(rules=rules), by_due=True)
    counts: dict[Verdict, int] = {}
    for each in told.values():
        for verdict, count in each.items():
            counts[verdict] = counts.get(verdict, 0) + count
    return share_of(counts)


def by_rule(book: Book, asked: Filter) -> list[RuleCounts]:
    """Give every rule that has findings, with its verdicts."""
    told = verdicts_by_rule(book, asked)
    return [RuleCounts(book.rules[number], counts) for number, counts in sorted(told.items())]


def by_clause(rules: Sequence[RuleCounts]) -> list[ClauseCounts]:
    """Sum rules up by groups of clauses."""
    grouped: dict[Group, list[RuleCounts]] = {}
    for each in rules:
        grouped.setdefault(group_of(each.rule), []).append(each)
    return [
        ClauseCounts(
            group,
            {v: sum(each.counts.get(v, 0) for each in grouped[group]) for v in Verdict},
            weakest(grouped[group]),
        )
        for group in order(grouped)
    ]


def weakest(rules: Sequence[RuleCounts]) -> RuleCounts | None:
    """Give the rule that passes least often, of those with enough cases; else the one that failed most."""
    failed = [each for each in rules if each.failed]
    told = [each for each in failed if not each.share.few]
    if told:
        return min(told, key=lambda each: (each.share.value or 0, each.rule.id))
    return max(failed, key=lambda each: (each.failed, each.rule.id), default=None)


def count_overview(
    book: Book, asked: Filter, former: Filter | None, *, now: Instant, zone: ZoneInfo
) -> Overview:
    """Count what the first page shows.

    Args:
        book: the book.
        asked: the complaints, with their period.
        former: the same complaints of the period before.
        now: what "now" is.
        zone: where days begin.

    """
    told = standing(book, asked)
    always = asked.but(begin=None, end=None, days=None, date="received")
    late = standing(book, always.but(open=True))
    rules = by_rule(book, asked)
    begins, end = _days(now, zone)
    move_by = "team" if any(row["team"] for row in by_columns(book, always, ["team"], {})) else "project"  # fmt: skip
    right, on_time = right_of(told), answers_of(book, asked)
    before = standing(book, former) if former is not None else None
    before_right = right_of(before) if before is not None else None
    before_on_time = answers_of(book, former) if former is not None else None
    changes: list[Changed] = []
    earlier = [] if former is None else by_rule(book, former)
    # Against a period without complaints everything would seem new.
    if former is not None and before is not None and before_right is not None and before.complaints:
        changes = _changes(
            told, before, right, before_right, on_time, before_on_time, rules, earlier
        )
    return Overview(
        told,
        right,
        before_right,
        on_time,
        before_on_time,
        acknowledged_of(book, asked),
        late,
        by_clause(rules),
        {each.group.key: each.share for each in by_clause(earlier)},
        weakest(rules),
        due_by_day(book, always, begins, end, move_by),
        _late_moves(book, always, move_by),
        move_by,
        weeks_of(book, asked, now=now),
        changes,
    )


def _late_moves(book: Book, asked: Filter, column: str) -> list[tuple[str | None, int]]:
    rows = by_columns(book, asked.but(open=True, late=True), [column], {})
    return sorted(
        ((row[column], row["complaints"]) for row in rows),
        key=lambda each: (-each[1], each[0] or ""),
    )


def weeks_of(book: Book, asked: Filter, *, now: Instant) -> list[Week]:
    """Count the complaints of the last year by week of receipt, up to the end of the period."""
    end = min(now, asked.end) if asked.end is not None else now
    bounds = {"begin": end - 365 * _DAY, "end": end, "days": None, "date": "received"}
    return by_week(book, asked.but(**bounds))


def _changes(
    told: Standing,
    before: Standing,
    right: Share,
    before_right: Share,
    on_time: Share,
    before_on_time: Share | None,
    rules: Sequence[RuleCounts],
    former: Sequence[RuleCounts],
) -> list[Changed]:
    found: list[Changed] = []
    for now, then, what, words in (
        (right, before_right, "complaints without a major failure", {"grade": "failing"}),
        (on_time, before_on_time, "answers in time", {"date": "due", "late": "yes"}),
    ):
        moved = _points(now, then)
        if moved is not None:
            rose = "rose" if moved > 0 else "fell" if moved < 0 else "stayed"
            found.append(
                Changed(
                    moved,
                    "pt",
                    f"{what.capitalize()} {rose} {'at' if moved == 0 else 'to'} {100 * (now.value or 0):.1f} %.",
                    words,
                    moved > 0 if moved else None,
                )
            )
    earlier = {(each.rule.pack, each.rule.id): each for each in former}
    moves = []
    for each in rules:
        was = earlier.get((each.rule.pack, each.rule.id))
        moved = None if was is None else _points(each.share, was.share)
        if moved is not None and was is not None and abs(moved) >= _NOTABLE:
            moves.append((moved, each, was))
    for moved, each, was in sorted(moves, key=lambda one: -abs(one[0]))[:_MOST_RULES]:
        title = f"{each.rule.title}: {each.failed:,} failed, {was.failed:,} before."
        found.append(
            Changed(moved, "pt", title, {"rule": each.rule.id, "verdict": "fail"}, moved > 0)
        )
    unknown = right.unknown - before_right.unknown
    if unknown:
        found.append(
            Changed(unknown, "", f"Unknown: {right.unknown:,} complaints, {before_right.unknown:,} before.", {"grade": "unknown"}, unknown < 0)
        )  # fmt: skip
    reopened = told.reopened - before.reopened
    said = f"Opened again by people: {told.reopened:,} of {told.closed:,} closed."
    found.append(Changed(reopened, "", said, {}, reopened < 0 if reopened else None))
    if told.moved_back or before.moved_back:
        found.append(
            Changed(
                told.moved_back - before.moved_back,
                "",
                f"Moved back by Ombud: {told.moved_back:,} complaints, {before.moved_back:,} before.",
                {"moved": "yes"},
            )
        )
    return found


def _points(now: Share, then: Share | None) -> float | None:
    if then is None or now.few or then.few or now.value is None or then.value is None:
        return None
    return round(100 * (now.value - then.value), 1)


def _days(now: Instant, zone: ZoneInfo) -> tuple[list[Instant], Instant]:
    """Give the beginnings of the days from today to the end of the week, at least five of them."""
    today = moment(now, zone).date()
    length = max(5, 7 - today.weekday())
    begins = [midnight(today + timedelta(days=each), zone) for each in range(length + 1)]
    return begins[:-1], begins[-1]


_DAY: Final = 24 * 3_600_000_000
#: Points by which a rule has to move to be told of.
_NOTABLE: Final = 2.0
_MOST_RULES: Final = 2
