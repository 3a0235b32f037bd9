"""Tables, deadlines and histories of the book as files hold them: exactly what a filter gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.model.event import digest
from ombud.model.instant import iso
from ombud.store.book.exports import (
    PERSONAL,
    complaints,
    count_complaints,
    count_findings,
    dues,
    findings,
    ways,
)
from ombud.store.book.filter import ALL_GROUPS
from ombud.store.book.layout import TABLES
from sync.export.calendar import Due
from sync.export.table import Column, Kind, Table
from sync.export.xes import Happened, Trace
from sync.figures.overview import Share, by_rule, count_overview
from sync.filters import within
from sync.periods import before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book import Book
    from ombud.store.book.exports import DueRow
    from sync.book import About
    from sync.filters import Asking


@dataclass(frozen=True, slots=True)
class Source:
    """Hold what a file is made of.

    Attributes:
        asking: the filter with its period.
        book: the book.
        about: what its figures rest on.
        now: the present instant.
        as_of: what "now" means: the present, or the end of the day it was known on.
        organisation: whose complaints they are; "" where nothing says.
        most: rows that a file holds at most.
        url: where the dashboard is; "" where nothing says.
        building: whether complaints are being judged anew.

    """

    asking: Asking
    book: Book
    about: About
    now: Instant
    as_of: Instant
    organisation: str = ""
    most: int = 1_000_000
    url: str = ""
    building: bool = False


#: Deadlines in a calendar: more of them no calendar shows.
MOST_DUES: Final = 10_000
_INSTANTS: Final = frozenset({"received", "recorded", "acknowledged", "assessed", "responded", "decided", "closed", "due", "late_since", "answer_due", "answered"})  # fmt: skip
_NUMBERS: Final = frozenset({"reopened", "moved_back", "major", "failing", "failed", "unknown", "pending", "waived"})  # fmt: skip
#: Not for people: how the book keeps itself.
_INSIDE: Final = frozenset({"n", "kase", "recheck", "day"})
_NAMES: Final[Mapping[str, str]] = {
    "account": "Helpdesk",
    "url": "Address",
    "pack": "Judged by",
    "before": "Received before the policy",
    "restricted": "Restricted to",
    "complete": "History is complete",
    "major": "Major rules failed at some time",
    "failing": "Rules failing now",
    "failed": "Checks failed when judged",
    "unknown": "Checks unknown",
    "pending": "Checks pending",
    "waived": "Checks waived",
    "grade": "By its major rules",
    "due": "Next due",
    "late_since": "Late since",
    "answer": "Verdict on the answer",
}
COLUMNS: Final = tuple(
    Column(
        name,
        _NAMES.get(name, name.replace("_", " ").capitalize()),
        Kind.instant if name in _INSTANTS else Kind.number if name in _NUMBERS else Kind.text,
    )
    for name in TABLES["complaint"]
    if name not in PERSONAL | _INSIDE
)
_FINDINGS: Final = (
    Column("key", "Complaint"),
    Column("helpdesk", "Helpdesk"),
    Column("ticket", "Ticket"),
    Column("rule", "Rule"),
    Column("title", "What it asks"),
    Column("clauses", "Clauses"),
    Column("severity", "Severity"),
    Column("entered", "Asked at", Kind.instant),
    Column("verdict", "Verdict"),
    Column("standing", "Stands as"),
    Column("due", "Due", Kind.instant),
    Column("stop", "Stopped", Kind.instant),
)
_SHARES: Final = (
    Column("what", "What"),
    Column("of", "Passed", Kind.number),
    Column("total", "Passed and failed", Kind.number),
    Column("share", "Share", Kind.share),
    Column("unknown", "Unknown", Kind.number),
    Column("pending", "Pending", Kind.number),
    Column("waived", "Waived", Kind.number),
)
#: What a trace says of its complaint.
_TRACE: Final = ("key", "account", "product", "severity", "channel", "outcome", "pack", "complete")


def deadlines(ask: Source) -> list[Due]:
    """Give the deadlines of open complaints, the earliest first."""
    return [_due(ask, each) for each in dues(ask.book, ask.asking.filter, MOST_DUES)]


def histories(ask: Source) -> tuple[Iterator[Trace], list[tuple[str, str]], int]:
    """Give the ways complaints took, what has to be known of them, and how many complaints there are."""
    total = count_complaints(ask.book, ask.asking.filter)
    about = list(about_of(ask, "Complaints", _cohort(ask)))
    if total > ask.most:
        about.append(("Left out", f"{total - ask.most:,} complaints after the first {ask.most:,}"))
    found = ways(ask.book, ask.asking.filter, _TRACE, ask.most)
    return (_trace(each.values, each.steps) for each in found), about, total


def about_of(ask: Source, title: str, cohort: str) -> Iterator[tuple[str, str]]:
    """Say what has to be known of a file: filter, cohort, packs, cut-off, completeness, what is left out."""
    about = ask.about
    yield "What", " · ".join(filter(None, [title, ask.organisation]))
    yield "Filter", "; ".join(ask.asking.in_words())
    yield "Period", ask.asking.period.label
    yield "Cohort", cohort
    yield "Judged by", ", ".join(about.packs) or "no pack"
    yield "Data to", iso(ask.book.cutoff) or "nothing was counted yet"
    if ask.asking.known is not None:
        yield "As known on", iso(ask.asking.known) or ""
    for each in about.sentences:
        yield "Completeness", each
    if ask.building:
        yield "Not in step", "complaints were being judged anew while this was written"
    if ALL_GROUPS not in ask.asking.filter.groups:
        yield "Not shown", "complaints that only groups may see which you are not in"


def complaints_table(ask: Source) -> Table:
    """Give the complaints of the filter."""
    names = [each.name for each in COLUMNS]
    about = [
        *about_of(ask, "Complaints", _cohort(ask)),
        ("Not in the file", "identifiers of owners and of people who complained"),
    ]
    return Table(
        "Complaints",
        COLUMNS,
        complaints(ask.book, ask.asking.filter, names),
        about,
        count_complaints(ask.book, ask.asking.filter),
        ask.most,
        ask.now,
    )


def findings_table(ask: Source) -> Table:
    """Give the findings of the filter."""
    rows = (_finding(ask, row) for row in findings(ask.book, ask.asking.filter))
    return Table(
        "Findings",
        _FINDINGS,
        rows,
        tuple(about_of(ask, "Findings", f"findings of {_cohort(ask)}")),
        count_findings(ask.book, ask.asking.filter),
        ask.most,
        ask.now,
    )


def overview_table(ask: Source) -> Table:
    """Give the figures of the overview."""
    compared = ask.asking.against or before(ask.asking.period, ask.asking.zone, ask.now)
    former = None if compared is None else within(ask.asking, compared).filter
    told = count_overview(ask.book, ask.asking.filter, former, now=ask.as_of, zone=ask.asking.zone)
    shares = [
        ("Complaints without a major failure", told.right),
        ("Answers on time, of those due in the period", told.on_time),
        ("Acknowledgements on time, of those due in the period", told.acknowledged),
        *((f"Checks: {each.group.number} {each.group.title}", each.share) for each in told.clauses),
    ]
    rows = [_share(words, share) for words, share in shares]
    late = told.late
    rows.append(("Late now, of open complaints", late.late, late.open, _part(late.late, late.open), None, None, None))  # fmt: skip
    return _figures(ask, "Overview", _SHARES, rows)


def rules_table(ask: Source) -> Table:
    """Give the rules with their verdicts."""
    columns = (
        Column("rule", "Rule"),
        Column("severity", "Severity"),
        Column("clauses", "Clauses"),
        *_SHARES,
        Column("failed", "Failed", Kind.number),
    )
    rows = [
        (each.rule.id, each.rule.severity, list(each.rule.clauses), *_share(each.rule.title, each.share), each.failed)
        for each in by_rule(ask.book, ask.asking.filter)
    ]  # fmt: skip
    return _figures(ask, "Rules", columns, rows)


MAKES: Final[Mapping[str, Callable[[Source], Table]]] = {
    "complaints": complaints_table,
    "findings": findings_table,
    "overview": overview_table,
    "rules": rules_table,
}


def _figures(
    ask: Source, title: str, columns: Sequence[Column], rows: Sequence[Sequence[object]]
) -> Table:  # fmt: skip
    about = tuple(about_of(ask, title, _cohort(ask)))
    return Table(title, columns, rows, about, len(rows), ask.most, ask.now)


def _share(words: str, share: Share) -> tuple[object, ...]:
    return words, share.of, share.total, share.value, share.unknown, share.pending, share.waived


def _part(of: int, total: int) -> float | None:
    return of / total if total else None


def _finding(ask: Source, row: tuple[object, ...]) -> tuple[object, ...]:
    key, account, ticket, number, *rest = row
    assert isinstance(number, int)
    rule = ask.book.rules[number]
    return (
        key, account, ticket, rule.id, rule.title, list(rule.clauses), rule.severity, *rest,
    )  # fmt: skip


def _due(ask: Source, row: DueRow) -> Due:
    rule = ask.book.rules[row.rule]
    page = f"{ask.url.rstrip('/')}/complaint/{row.account}/{row.ticket}" if ask.url else row.url
    return Due(
        f"{digest(row.kase, rule.pack, rule.id, str(row.entered))}@ombud",
        row.due,
        f"{'Late: ' if row.late else ''}{row.key}: {rule.title}",
        f"{rule.sentence}\nIn the helpdesk: {row.url}" if row.url else rule.sentence,
        page,
        row.late,
    )


def _trace(values: tuple[object, ...], steps: Sequence[tuple[str, str | None, int, str]]) -> Trace:
    told = dict(zip(_TRACE, values, strict=True))
    name = str(told.pop("key"))
    return Trace(
        name,
        [
            Happened(stage, entered, told={"ombud:status": status, "ombud:cause": cause})
            for stage, status, entered, cause in steps
        ],
        {f"ombud:{key}": value for key, value in told.items() if isinstance(value, (str, bool))},
    )  # fmt: skip


def _cohort(ask: Source) -> str:
    said = {"received": "received", "due": "whose answer was due", "closed": "closed"}
    return f"complaints {said[ask.asking.filter.date]} in the period"
