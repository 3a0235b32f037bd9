"""Files of what a page shows: exactly what the same address filters, as CSV, Excel or JSON; deadlines and histories."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

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
from ombud.web.shield import nothing
from sync.export import calendar, xes
from sync.export.calendar import Due, ics_chunks
from sync.export.sheets import FORMS as FILES
from sync.export.sheets import csv_chunks
from sync.export.table import Column, Kind, Table
from sync.export.xes import Happened, Trace, xes_chunks
from sync.figures.overview import Share, by_rule, count_overview
from sync.filters import within
from sync.periods import before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from starlette.responses import Response

    from ombud.store.book.exports import DueRow
    from ombud.web.dash.ask import Ask

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


def show(ask: Ask) -> Response:
    """Give a file: /export/<page>.<csv, xlsx or json>."""
    name, _, kind = ask.request.path_params["file"].rpartition(".")
    make = _MAKES.get(name)
    if make is None or kind not in FILES:
        return nothing()
    table = make(ask)
    chunks, media = FILES[kind]
    # What Excel opens wrongly without a mark at its beginning, programs trip over with one.
    chosen = partial(
        csv_chunks, bom=ask.view("format") == "excel", about=ask.view("show") != "bare"
    )
    told = chosen(table, ask.zone) if kind == "csv" else chunks(table, ask.zone)
    _count(ask, table.total)
    return _file(told, media, f"ombud-{name}.{kind}")


def show_calendar(ask: Ask) -> Response:
    """Give the deadlines of open complaints as a calendar."""
    found = dues(ask.book, ask.filter, MOST_DUES)
    _count(ask, len(found))
    name = " ".join(filter(None, ["Deadlines of complaints", _organisation(ask)]))
    told = ics_chunks(
        (_due(ask, each) for each in found), name=name, stamp=ask.book.cutoff or ask.now
    )
    return _file(told, calendar.MEDIA, "ombud-deadlines.ics")


def show_log(ask: Ask) -> Response:
    """Give the ways complaints took as an event log."""
    total, most = count_complaints(ask.book, ask.filter), _most(ask)
    _count(ask, total)
    about = list(about_of(ask, "Complaints", _cohort(ask)))
    if total > most:
        about.append(("Left out", f"{total - most:,} complaints after the first {most:,}"))
    found = (_trace(each.values, each.steps) for each in ways(ask.book, ask.filter, _TRACE, most))
    return _file(xes_chunks(found, name="Complaints", about=about), xes.MEDIA, "ombud-log.xes")


def about_of(ask: Ask, title: str, cohort: str) -> Iterator[tuple[str, str]]:
    """Say what has to be known of a file: filter, cohort, packs, cut-off, completeness, what is left out."""
    about = ask.keeper.about
    yield "What", " · ".join(filter(None, [title, _organisation(ask)]))
    yield "Filter", "; ".join(ask.asking.in_words())
    yield "Period", ask.asking.period.label
    yield "Cohort", cohort
    yield "Judged by", ", ".join(about.packs) or "no pack"
    yield "Data to", iso(ask.book.cutoff) or "nothing was counted yet"
    if ask.asking.known is not None:
        yield "As known on", iso(ask.asking.known) or ""
    for each in about.sentences:
        yield "Completeness", each
    if ask.keeper.building is not None:
        yield "Not in step", "complaints were being judged anew while this was written"
    if ALL_GROUPS not in ask.viewer.groups:
        yield "Not shown", "complaints that only groups may see which you are not in"


def complaints_table(ask: Ask) -> Table:
    """Give the complaints of the filter."""
    names = [each.name for each in COLUMNS]
    about = [
        *about_of(ask, "Complaints", _cohort(ask)),
        ("Not in the file", "identifiers of owners and of people who complained"),
    ]
    return Table(
        "Complaints",
        COLUMNS,
        complaints(ask.book, ask.filter, names),
        about,
        count_complaints(ask.book, ask.filter),
        _most(ask),
        ask.now,
    )


def findings_table(ask: Ask) -> Table:
    """Give the findings of the filter."""
    rows = (_finding(ask, row) for row in findings(ask.book, ask.filter))
    return Table(
        "Findings",
        _FINDINGS,
        rows,
        tuple(about_of(ask, "Findings", f"findings of {_cohort(ask)}")),
        count_findings(ask.book, ask.filter),
        _most(ask),
        ask.now,
    )


def overview_table(ask: Ask) -> Table:
    """Give the figures of the overview."""
    compared = ask.asking.against or before(ask.asking.period, ask.zone, ask.now)
    former = None if compared is None else within(ask.asking, compared).filter
    told = count_overview(ask.book, ask.filter, former, now=ask.as_of, zone=ask.zone)
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


def rules_table(ask: Ask) -> Table:
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
        for each in by_rule(ask.book, ask.filter)
    ]  # fmt: skip
    return _figures(ask, "Rules", columns, rows)


_MAKES: Final[Mapping[str, Callable[[Ask], Table]]] = {
    "complaints": complaints_table,
    "findings": findings_table,
    "overview": overview_table,
    "rules": rules_table,
}


def _figures(
    ask: Ask, title: str, columns: Sequence[Column], rows: Sequence[Sequence[object]]
) -> Table:  # fmt: skip
    about = tuple(about_of(ask, title, _cohort(ask)))
    return Table(title, columns, rows, about, len(rows), _most(ask), ask.now)


def _share(words: str, share: Share) -> tuple[object, ...]:
    return words, share.of, share.total, share.value, share.unknown, share.pending, share.waived


def _part(of: int, total: int) -> float | None:
    return of / total if total else None


def _finding(ask: Ask, row: tuple[object, ...]) -> tuple[object, ...]:
    key, account, ticket, number, *rest = row
    assert isinstance(number, int)
    rule = ask.rules[number]
    return (
        key, account, ticket, rule.id, rule.title, list(rule.clauses), rule.severity, *rest,
    )  # fmt: skip


def _due(ask: Ask, row: DueRow) -> Due:
    rule = ask.rules[row.rule]
    base = ask.service.settings.serve.url
    page = f"{base.rstrip('/')}/complaint/{row.account}/{row.ticket}" if base else row.url
    return Due(
        f"{digest(row.kase, rule.pack, rule.id, str(row.entered))}@ombud",
        row.due,
        f"{'Late: ' if row.late else ''}{row.key}: {rule.title}",
        f"{rule.sentence}\nIn the helpdesk: {row.url}",
        page,
        row.late,
    )


def _trace(
    values: tuple[object, ...], steps: Sequence[tuple[str, str | None, int, str, bool]]
) -> Trace:
    told = dict(zip(_TRACE, values, strict=True))
    name = str(told.pop("key"))
    return Trace(
        name,
        [
            Happened(stage, entered, told={"ombud:status": status, "ombud:cause": cause, "ombud:ours": ours})
            for stage, status, entered, cause, ours in steps
        ],
        {f"ombud:{key}": value for key, value in told.items() if isinstance(value, (str, bool))},
    )  # fmt: skip


def _cohort(ask: Ask) -> str:
    said = {"received": "received", "due": "whose answer was due", "closed": "closed"}
    return f"complaints {said[ask.filter.date]} in the period"


def _organisation(ask: Ask) -> str:
    return ask.service.settings.dashboard.organisation


def _most(ask: Ask) -> int:
    return ask.service.settings.dashboard.export_rows


def _count(ask: Ask, rows: int | None) -> None:
    """Have the audit trail say how many rows were taken out."""
    if rows is not None:
        ask.request.state.rows = min(rows, _most(ask))


def _file(chunks: Iterator[bytes], media: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chunks, media_type=media, headers=headers)
