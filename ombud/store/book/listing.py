"""A page of complaints in an order, how many there are, and what they could be narrowed down to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ombud.model.facts import Verdict
from ombud.store.book.filter import COLUMNS, NONE
from ombud.store.book.layout import CODES, WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book.book import Book
    from ombud.store.book.filter import Filter

Order = Literal["received", "due", "severity", "key"]
#: Rows that are left out on the way to a page, at most; who wants more takes a file.
DEEPEST: Final = 1_000_000
#: From the gravest to the least; words that a pack has besides stand between them and none at all.
GRAVE: Final = ("critical", "high", "major", "medium", "normal", "low", "minor")
_GRAVITY: Final = (
    f"CASE c.severity {' '.join(f'WHEN {word!r} THEN {place}' for place, word in enumerate(GRAVE))} "
    f"ELSE CASE WHEN c.severity IS NULL THEN {len(GRAVE) + 1} ELSE {len(GRAVE)} END END"
)
#: What is due next: what was missed and still runs goes before what is to come.
_NEXT: Final = "coalesce(c.late_since, c.due)"
_ORDERS: Final[Mapping[str, str]] = {
    "received": "c.received {way} NULLS LAST",
    "due": f"{_NEXT} {{way}} NULLS LAST",
    "severity": f"{_GRAVITY} {{way}}, c.received DESC NULLS LAST",
    # Within a project, a longer number is a larger one.
    "key": "c.project {way}, length(c.key) {way}, c.key {way}",
}
#: Complaints that no period can name, by the word that asks for them.
ASIDE: Final[Mapping[str, str]] = {"undated": "c.received IS NULL", "before": "c.before"}
_FACETS: Final = ("helpdesks", "teams", "severities", "stages", "channels")
_TOLD: Final = (Verdict.failed, Verdict.unknown, Verdict.pending, Verdict.waived)


class Row(NamedTuple):
    """Hold what the table shows of a complaint; instants in microseconds UTC.

    Attributes:
        n: its number in the book.
        account: the account of the ticket that leads it.
        ticket: that ticket's id.
        key: what people call it.
        stage: its stage now; `None` where that is unknown.
        received: when it was received.
        due: the next deadline that runs.
        late_since: the earliest missed deadline that still runs.
        severity: how grave it is.
        team: whose it is.
        channel: how it came.
        open: whether it is open.
        before: whether it was received before the policy.
        failing: rules that fail as they stand.
        failed: findings that failed when they were judged.
        unknown: findings that cannot be told.
        pending: findings that are not due yet.
        waived: findings that are waived.

    """

    n: int
    account: str
    ticket: str
    key: str
    stage: str | None
    received: Instant | None
    due: Instant | None
    late_since: Instant | None
    severity: str | None
    team: str | None
    channel: str | None
    open: bool
    before: bool
    failing: int
    failed: int
    unknown: int
    pending: int
    waived: int


class Found(NamedTuple):
    """Hold a finding of a complaint: its rule's number and both verdicts."""

    rule: int
    verdict: Verdict
    standing: Verdict


class Facets(NamedTuple):
    """Say what a list could be narrowed down to.

    Attributes:
        columns: word of the filter's field -> values with how many complaints have them, the most first; "-" is none.
        verdicts: verdict -> complaints with such a finding, whatever verdict the filter asks for.
        rules: number of a rule -> complaints that failed it, whatever rule and verdict the filter asks for.

    """

    columns: Mapping[str, Sequence[tuple[str, int]]]
    verdicts: Mapping[Verdict, int]
    rules: Mapping[int, int]


def aside(asked: Filter, word: str) -> Filter:
    """Give the filter for what its period leaves out: "undated" complaints, or those from "before" the policy."""
    found = asked.but(steps=(*asked.steps, (ASIDE[word], ())), before=True)
    return found.but(begin=None, end=None, days=None) if word == "undated" else found


def count(book: Book, asked: Filter) -> int:
    """Count complaints."""

    def found() -> int:
        where, values = asked.where()
        return int(book.one(f"SELECT count(*) FROM complaint c WHERE {where}", values)[0])

    return book.remembered(("count", asked), found)


def checks(book: Book, asked: Filter) -> int:
    """Count the findings that a filter asks for: a complaint can have several of one rule."""

    def found() -> int:
        where, values = asked.findings()
        told = f"SELECT count(*) FROM verdict v JOIN complaint c USING (n) WHERE {where}"
        return int(book.one(told, values)[0])

    return book.remembered(("checks", asked), found)


def page_of(
    book: Book, asked: Filter, order: Order, *, down: bool, skip: int, size: int
) -> list[Row]:
    """Give one page of complaints.

    Args:
        book: the book.
        asked: which complaints.
        order: what they are ordered by; equal ones by receipt and number, so that pages never overlap.
        down: the largest first.
        skip: rows to leave out; no more than `DEEPEST` are.
        size: rows to give.

    """
    where, values = asked.where()
    told = ", ".join(f"c.{name}" for name in Row._fields)
    by = _ORDERS[order].format(way="DESC" if down else "ASC")
    rows = book.ask(
        f"SELECT {told} FROM complaint c WHERE {where} ORDER BY {by}, c.received DESC NULLS LAST, c.n LIMIT ? OFFSET ?",
        [*values, size, min(skip, DEEPEST)],
    )
    return [Row(*row) for row in rows]


def findings_of(book: Book, numbers: Sequence[int]) -> dict[int, list[Found]]:
    """Give the findings of some complaints that are not simply passed, by their numbers in the book."""
    found: dict[int, list[Found]] = {number: [] for number in numbers}
    if not numbers:
        return found
    marks = ", ".join("?" * len(numbers))
    # The bounds spare most of the table: complaints lie in the order of their numbers.
    for number, rule, verdict, standing in book.ask(
        f"SELECT n, rule, verdict, standing FROM verdict WHERE n BETWEEN ? AND ? AND n IN ({marks}) "
        "AND (verdict <> ? OR standing <> ?) ORDER BY n, rule, entered",
        [min(numbers), max(numbers), *numbers, CODES[Verdict.passed], CODES[Verdict.passed]],
    ):
        found[number].append(Found(rule, WORDS[verdict], WORDS[standing]))
    return found


def facets(book: Book, asked: Filter) -> Facets:
    """Count what a list could be narrowed down to."""
    return book.remembered(
        ("facets", asked),
        lambda: Facets(_columns(book, asked), _verdicts(book, asked), _rules(book, asked)),
    )


def _columns(book: Book, asked: Filter) -> dict[str, list[tuple[str, int]]]:
    where, values = asked.where()
    names = [COLUMNS[field] for field in _FACETS]
    sets = ", ".join(f"({name})" for name in names)
    rows = book.ask(
        f"SELECT {', '.join(names)}, grouping_id({', '.join(names)}), count(*) FROM complaint c "
        f"WHERE {where} GROUP BY GROUPING SETS ({sets})",
        values,
    )
    told: dict[str, list[tuple[str, int]]] = {field: [] for field in _FACETS}
    last = len(names) - 1
    for row in rows:
        place = next(i for i in range(len(names)) if not row[-2] >> (last - i) & 1)
        value = row[place]
        told[_FACETS[place]].append((NONE if value is None else value, row[-1]))
    for each in told.values():
        each.sort(key=lambda one: (-one[1], one[0]))
    return told


def _verdicts(book: Book, asked: Filter) -> dict[Verdict, int]:
    base = asked.but(verdicts=())
    if not base.judged:
        # The complaints' own counts tell, without a look at the findings.
        where, values = base.where()
        sums = ", ".join(f"count(*) FILTER (c.{_COUNTS[each]} > 0)" for each in _TOLD)
        row = book.one(f"SELECT {sums} FROM complaint c WHERE {where}", values)
        return dict(zip(_TOLD, map(int, row), strict=True))
    where, values = base.findings()
    rows = book.ask(
        f"SELECT v.verdict, count(DISTINCT v.n) FROM verdict v JOIN complaint c USING (n) WHERE {where} GROUP BY v.verdict",
        values,
    )
    return {WORDS[code]: int(number) for code, number in rows}


_COUNTS: Final = {
    Verdict.failed: "failed",
    Verdict.unknown: "unknown",
    Verdict.pending: "pending",
    Verdict.waived: "waived",
}


def _rules(book: Book, asked: Filter) -> dict[int, int]:
    where, values = asked.but(rules=None, verdicts=(Verdict.failed,)).findings()
    rows = book.ask(
        f"SELECT v.rule, count(DISTINCT v.n) FROM verdict v JOIN complaint c USING (n) WHERE {where} GROUP BY v.rule",
        values,
    )
    return {rule: int(number) for rule, number in rows}
