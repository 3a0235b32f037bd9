"""The list of complaints: one page of it, how many there are of how many, what is left out, and what it could be narrowed to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from ombud.model.instant import iso
from ombud.store.book import Filter
from ombud.store.book.listing import (
    ASIDE,
    DEEPEST,
    aside,
    checks,
    count,
    facets,
    findings_of,
    page_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book import Book, RuleInfo
    from ombud.store.book.listing import Facets, Found, Order, Row

#: Rows of a page.
SIZE: Final = 50
#: The last page there is.
LAST_PAGE: Final = DEEPEST // SIZE
_WEIGHTS: Final = {"major": 0, "minor": 1, "observation": 2}
#: The order in which a row says what it has.
_FIRST: Final = (Verdict.failed, Verdict.unknown, Verdict.pending, Verdict.waived)


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one complaint of the list.

    Attributes:
        row: as the book has it.
        verdict: the gravest of what was asked for: failed before unknown, pending, waived, passed.
        rule: the rule that it is about; `None` where all is well.
        more: other rules of the same verdict.
        late: how long the earliest missed deadline has run out, in microseconds; `None` for none.

    """

    row: Row
    verdict: Verdict
    rule: RuleInfo | None
    more: int
    late: int | None

    def as_json(self) -> dict[str, object]:
        """Give it for programs; instants as ISO 8601 in UTC."""
        row = self.row
        return {
            "account": row.account,
            "ticket": row.ticket,
            "key": row.key,
            "stage": row.stage,
            "received": iso(row.received),
            "due": iso(row.due),
            "late_since": iso(row.late_since),
            "severity": row.severity,
            "team": row.team,
            "channel": row.channel,
            "failing": row.failing,
            "verdict": self.verdict.value,
            "rule": None if self.rule is None else self.rule.id,
            "more": self.more,
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """Hold one page of the list with what stands around it.

    Attributes:
        lines: the page.
        total: complaints of the list.
        of: complaints of the period, whatever else is asked.
        page: its number, from 1.
        pages: how many there are; no more than `LAST_PAGE`.
        facets: what it could be narrowed down to.
        undated: complaints that no period names, because nobody knows when they were received.
        before: complaints of the period that are left out because they were received before the policy.
        checks: findings of these complaints that the filter asks for; `None` where it asks for none.

    """

    lines: Sequence[Line]
    total: int
    of: int
    page: int
    pages: int
    facets: Facets
    undated: int
    before: int
    checks: int | None = None

    @property
    def first(self) -> int:
        """Give the number of the first row, from 1."""
        return (self.page - 1) * SIZE + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Give the number of the last row."""
        return min(self.total, self.page * SIZE)

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "complaints": [each.as_json() for each in self.lines],
            "total": self.total,
            "of": self.of,
            "page": self.page,
            "pages": self.pages,
            "undated": self.undated,
            "before_policy": self.before,
        }


def list_complaints(
    book: Book,
    asked: Filter,
    *,
    order: Order = "received",
    down: bool = True,
    page: int = 1,
    now: Instant,
    show: str = "",
) -> Listed:
    """Give a page of the list.

    Args:
        book: the book.
        asked: which complaints.
        order: what they are ordered by.
        down: the largest first.
        page: which page, from 1; one beyond the last is the last.
        now: the instant by which something is late.
        show: "undated" or "before" lists what the period leaves out instead.

    """
    within = aside(asked, show) if show in ASIDE else asked
    total = count(book, within)
    pages = min(max(1, -(-total // SIZE)), LAST_PAGE)
    page = min(max(1, page), pages)
    rows = page_of(book, within, order, down=down, skip=(page - 1) * SIZE, size=SIZE)
    told = findings_of(book, [row.n for row in rows])
    rules = book.rules
    unasked = _period_alone(asked)
    bounded = asked.begin is not None or asked.end is not None
    return Listed(
        [_line(row, told[row.n], rules, asked, now) for row in rows],
        total,
        count(book, unasked),
        page,
        pages,
        facets(book, within),
        count(book, aside(asked, "undated")) if bounded and not show else 0,
        count(book, aside(asked, "before")) if not asked.before and not show else 0,
        checks(book, within) if within.judged else None,
    )


def _period_alone(asked: Filter) -> Filter:
    return Filter(
        begin=asked.begin, end=asked.end, days=asked.days, date=asked.date, groups=asked.groups
    )


def _line(
    row: Row, found: Sequence[Found], rules: Mapping[int, RuleInfo], asked: Filter, now: Instant
) -> Line:
    """Say the gravest thing of a complaint; what the filter asks for goes before anything else."""
    wanted = [each for each in found if _asked(each, asked)] or list(found)
    late = None if row.late_since is None else max(0, now - row.late_since)
    for verdict in _FIRST:
        told = {each.rule for each in wanted if each.verdict is verdict}
        if told:
            infos = sorted(
                (rules[each] for each in told), key=lambda one: (_WEIGHTS.get(one.severity, 3), one.id)
            )  # fmt: skip
            return Line(row, verdict, infos[0], len(told) - 1, late)
    verdict = Verdict.not_applicable if row.before else Verdict.passed
    return Line(row, verdict, None, 0, late)


def _asked(each: Found, asked: Filter) -> bool:
    return (
        (asked.rules is None or each.rule in asked.rules)
        and (not asked.verdicts or each.verdict in asked.verdicts)
        and (not asked.standings or each.standing in asked.standings)
    )
