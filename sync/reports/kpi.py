"""The figures of one month, counted so that counting them again later gives the same, unless something was restated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from ombud.model.facts import Verdict
from ombud.model.instant import moment
from ombud.store.book import Filter
from ombud.store.book.counts import by_columns, standing, verdicts_by_rule
from ombud.store.book.month import ages, closed_as, closed_within, flow, repeats
from sync.figures.overview import (
    acknowledged_of,
    answers_of,
    by_clause,
    by_rule,
    right_of,
    share_of,
)
from sync.periods import read_period
from sync.persons import Refused
from sync.reports.survey import satisfaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store import AnswerRow
    from ombud.store.book import Book
    from sync.figures.overview import Share
    from sync.periods import Period
    from sync.reports.survey import About

#: Longest age of each band of open complaints, in days.
_AGES: Final = (3, 14, 28, 56)
#: Longest time of each band of closed complaints, in days.
_TIMES: Final = (3, 28, 56)
_MONTH: Final = re.compile(r"\d{4}-\d\d")
_ORIGIN: Final = 719_163
RECEIVED: Final = "received in the month"
CLOSED: Final = "closed in the month"
DUE: Final = "due in the month"
ASKED: Final = "asked in the month"


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one figure of a month.

    Attributes:
        id: names it for good.
        title: what it is.
        cohort: of which complaints.
        count: how many, of a count; of a share, how many of `total`.
        total: of how many that can be told; `None` for a count.
        unknown: of how many it cannot be told.
        pending: how many are not over yet.
        waived: how many are waived.
        mean: a mean, where it is one.
        parts: the count by something.

    """

    id: str
    title: str
    cohort: str
    count: int
    total: int | None = None
    unknown: int = 0
    pending: int = 0
    waived: int = 0
    mean: float | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """Give the share of one; `None` for a count, and of nothing."""
        return self.count / self.total if self.total else None

    def as_json(self) -> dict[str, Any]:
        """Give it for a frozen content: whole numbers, and what does not apply left out."""
        told: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "cohort": self.cohort,
            "count": self.count,
        }
        if self.total is not None:
            told |= {"total": self.total, "unknown": self.unknown, "pending": self.pending, "waived": self.waived}  # fmt: skip
        if self.mean is not None:
            told["mean"] = round(self.mean, 4)
        if self.parts:
            # A list, for their order means something.
            told["parts"] = [[name, count] for name, count in self.parts.items()]
        return told


def month_of(text: str, now: Instant, zone: ZoneInfo) -> Period:
    """Read a month that is over.

    Raises:
        Refused: it is no month, or is not over yet.

    """
    try:
        period = read_period(text, now, zone) if _MONTH.fullmatch(text) else None
    except ValueError:
        period = None
    if period is None or period.end is None:
        raise Refused(f"{text!r} is no month. Write it as 2026-10")
    if period.end > now:
        raise Refused(
            f"{text} is not over yet: its figures cannot be frozen. Take the month before"
        )
    return period


def figures_of(
    book: Book, month: Period, zone: ZoneInfo, answers: Sequence[AnswerRow]
) -> list[Figure]:
    """Count the figures of a month; complaints that only some groups may see are left out.

    Args:
        book: the book.
        month: a whole month.
        zone: the desk's.
        answers: to the survey, of people asked in the month.

    """
    assert month.begin is not None
    assert month.end is not None
    begin, end = month.begin, month.end
    first, last = _day(begin, zone), _day(end, zone)
    everything = Filter()
    received = everything.but(begin=begin, end=end, days=(first, last))
    closed = everything.but(begin=begin, end=end, date="closed")
    return [
        *_came_and_went(book, everything, received, begin, end, last),
        *_handled(book, received, everything.but(begin=begin, end=end)),
        *_ended(book, closed, received),
        *_said(answers),
    ]


def _came_and_went(
    book: Book, everything: Filter, received: Filter, begin: Instant, end: Instant, day: int
) -> list[Figure]:
    told = flow(book, everything, begin, end)
    desks = {
        row["account"]: row["complaints"] for row in by_columns(book, received, ["account"], {})
    }
    old = ages(book, everything, end, day, _AGES)
    rolled = {
        "open at the beginning": told.before,
        "received": told.received,
        "opened again": told.reopened,
        "closed": told.closed,
        "open at the end": told.after,
        "unaccounted for": told.gap,
    }
    return [
        Figure("received", "Complaints received", RECEIVED, told.received, parts=dict(sorted(desks.items()))),
        Figure("undated", "Complaints of unknown receipt, in no figure by month", "all", told.undated),
        Figure("open", "Open complaints, from beginning to end", "the whole month", told.after, parts=rolled),
        Figure("age", "Age of open complaints", "open at the month's end", told.after, parts=_bands(_AGES, old, whole=True)),
    ]  # fmt: skip


def _handled(book: Book, received: Filter, due: Filter) -> list[Figure]:
    stands = standing(book, received)
    counts: dict[Verdict, int] = {}
    for each in verdicts_by_rule(book, received).values():
        for verdict, count in each.items():
            counts[verdict] = counts.get(verdict, 0) + count
    checks = share_of(counts)
    clauses = by_clause(by_rule(book, received))
    judged = sum(counts.values())
    found = [
        _share("right", "Complaints without a major failure", RECEIVED, right_of(stands)),
        _share("checks", "Checks passed", RECEIVED, checks),
        Figure("unproved", "Checks without enough data to judge", RECEIVED, checks.unknown, judged),
        _share("acknowledged", "Acknowledged on time", DUE, acknowledged_of(book, due)),
        _share("answered", "Answered on time", DUE, answers_of(book, due)),
        Figure("moved_back", "Complaints that Ombud moved back", RECEIVED, stands.moved_back, stands.complaints),
    ]  # fmt: skip
    return found + [
        _share(f"clause.{each.group.key}", f"Checks passed: {each.group.number} {each.group.title}".strip(), RECEIVED, each.share)
        for each in clauses
        if each.share.total or each.share.unknown
    ]  # fmt: skip


def _ended(book: Book, closed: Filter, received: Filter) -> list[Figure]:
    told = closed_as(book, closed)
    times = closed_within(book, closed, _TIMES)
    reopened = standing(book, closed).reopened
    again, known = repeats(book, received)
    unknown = standing(book, received).complaints - known
    return [
        Figure("closed", "Complaints closed, and not opened again since", CLOSED, told.closed, parts=_bands(_TIMES, times, whole=False)),
        Figure("upheld", "Upheld in whole or in part", f"{CLOSED}, with a decision", told.upheld, told.decided, told.closed - told.decided),
        Figure("root_cause", "Root cause told", f"{CLOSED} and upheld", told.caused, told.upheld),
        Figure("root_cause_other", "Root cause told as other or unknown", f"{CLOSED}, upheld, with a root cause", told.other, told.caused),
        Figure("reopened", "Opened again at some time", CLOSED, reopened, told.closed),
        Figure("repeat", "Complainants who had complained within 90 days before", RECEIVED, again, known, unknown),
    ]  # fmt: skip


def _said(answers: Sequence[AnswerRow]) -> list[Figure]:
    found = []
    told_of: tuple[tuple[About, str], ...] = (
        ("process", "how the complaint was handled"),
        ("outcome", "the outcome"),
    )
    for about, words in told_of:
        told = satisfaction(answers, about)
        if told.asked:
            found.append(
                Figure(
                    f"satisfied.{about}", f"Satisfied with {words}, best two scores", ASKED, told.top, told.answered,
                    told.asked - told.answered, mean=told.mean,
                )
            )  # fmt: skip
    return found


def _share(name: str, title: str, cohort: str, told: Share) -> Figure:
    return Figure(name, title, cohort, told.of, told.total, told.unknown, told.pending, told.waived)


def _bands(bands: Sequence[int], counts: Sequence[int], *, whole: bool) -> dict[str, int]:
    names = [f"up to {bands[0]} days"]
    for before, each in pairwise(bands):
        names.append(f"{before + 1} to {each} days" if whole else f"over {before} to {each} days")
    names.append(f"over {bands[-1]} days")
    return dict(zip(names, counts, strict=True))


def _day(at: Instant, zone: ZoneInfo) -> int:
    """Give the local day of a midnight, in days since 1970-01-01."""
    return moment(at, zone).date().toordinal() - _ORIGIN
