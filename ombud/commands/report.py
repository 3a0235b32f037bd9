"""`ombud report`: the management review, a month's frozen figures, files, surveys, and what is sent by the clock."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import FOUND, HELPDESK, USAGE, Form, Format, err, out
from ombud.commands.asked import By, complain, refusals
from ombud.commands.backtest import opened
from ombud.model.instant import iso
from sync.reports.make import basis_of, freeze_month, make_review

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.book import Bookkeeper
    from sync.export.source import Source
    from sync.service import Service

report = typer.Typer(
    help="Report to management: review, figures by month, files, surveys, what is sent by the clock.",
    no_args_is_help=True,
)
schedule = typer.Typer(help="What is sent by the clock, to whom.", no_args_is_help=True)
report.add_typer(schedule, name="schedule")

Where = Annotated[
    Path | None, typer.Option("--out", help="The file to write; standard output without.")
]
Query = Annotated[
    str, typer.Option("--filter", help="As in the dashboard's addresses: period=2026-q3&team=Billing.")
]  # fmt: skip
#: The command line is whoever runs Ombud: no complaint is kept from them.
_EVERY = frozenset({"*"})


class ReviewForm(StrEnum):
    """How the review is written."""

    pdf = "pdf"
    json = "json"


class FileForm(StrEnum):
    """Kinds of files."""

    csv = "csv"
    xlsx = "xlsx"
    json = "json"
    xes = "xes"
    ics = "ics"


class Every(StrEnum):
    """How often something is sent."""

    weekly = "weekly"
    monthly = "monthly"


@report.command("review")
def report_review(
    context: typer.Context,
    query: Query = "period=last-quarter",
    form: Annotated[ReviewForm, typer.Option("--format", help="pdf or json.")] = ReviewForm.pdf,
    where: Where = None,
    *,
    goals: Annotated[
        bool, typer.Option("--goals", help="Relate figures to the Sustainable Development Goals.")
    ] = False,
) -> None:
    """Write the management review of a period: seven inputs, and what is to be decided."""
    from sync.reports.said import asking_of

    with opened(context) as service, _book(service) as keeper, refusals():
        now = service.now()
        asking = asking_of(service, keeper.book, query, "last-quarter", _EVERY, now)
        basis = basis_of(service, keeper.about)
        made = make_review(service, keeper.book, basis, asking, now=now, with_goals=goals)
    if form is ReviewForm.json:
        told = json.dumps(made.as_json(), ensure_ascii=False, indent=2).encode() + b"\n"
    else:
        from ombud.web.paper import review_pdf

        told = review_pdf(made)
    _write(iter([told]), where, binary=form is ReviewForm.pdf)
    if made.lacking:
        lacking = ", ".join(each.title for each in made.lacking)
        err.print(terminal.plain(f"Nothing is known yet of: {lacking}."), soft_wrap=True)


@report.command("kpi")
def report_kpi(
    context: typer.Context,
    month: Annotated[
        str | None, typer.Argument(help="As 2026-10; it has to be over. All that are frozen without.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who you are; needed to freeze.")] = None,
    form: Format = Form.table,
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check what is frozen; ends with 1 where it was changed.")
    ] = False,
) -> None:  # fmt: skip
    """Freeze a month's figures, or list and verify those that are frozen."""
    from sync.reports.snapshot import verify as verified

    with opened(context) as service, refusals():
        reports = service.store.reports
        if month is not None and not verify:
            if by is None:
                complain("Say who freezes it, with --by")
                raise typer.Exit(USAGE)
            with _book(service) as keeper:
                person, now = service.persons.named(by), service.now()
                row, new = freeze_month(
                    service, keeper.book, keeper.about, month, by=person, now=now
                )
            changed = json.loads(row.differences) if new else []
            said = "frozen" if row.number == 1 else f"restated, number {row.number}"
            err.print(terminal.plain(f"{month}: {said if new else 'nothing is otherwise than when it was frozen'}."))  # fmt: skip
            for each in changed:
                err.print(terminal.plain(f"  {each}"), soft_wrap=True)
            figures = json.loads(row.content)["figures"]
            columns = ("figure", "of which", "number", "of", "unknown", "pending")
            terminal.print_rows(
                out,
                columns,
                [
                    (f["title"], f["cohort"], f["count"], f.get("total"), f.get("unknown"), f.get("pending"))
                    for f in figures
                ],
                form=form,
            )  # fmt: skip
            return
        rows = reports.snapshots(month)
        wrong = [each for row in rows for each in verified(reports, row)] if verify else []
        terminal.print_rows(
            out,
            ("month", "number", "data to", "frozen", "by", "sha256"),
            [
                (r.month, r.number, iso(r.cutoff), iso(r.taken), r.taken_by or "ombud", r.sha256)
                for r in rows
            ],
            form=form,
        )
    for each in wrong:
        complain(each)
    if wrong:
        raise typer.Exit(FOUND)


@report.command("export")
def report_export(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(help="complaints, findings, overview or rules; deadlines; log.")
    ] = "complaints",
    form: Annotated[
        FileForm, typer.Option("--format", help="csv, xlsx or json; ics of deadlines; xes of the log.")
    ] = FileForm.csv,
    query: Query = "",
    where: Where = None,
    *,
    bom: Annotated[
        bool, typer.Option("--excel", help="Begin a CSV file as Excel wants it.")
    ] = False,
    bare: Annotated[
        bool, typer.Option("--bare", help="End a CSV file without the rows that say what it is.")
    ] = False,
) -> None:  # fmt: skip
    """Write complaints, findings or figures to a file: exactly what a filter gives."""
    from sync.export.calendar import ics_chunks
    from sync.export.sheets import FORMS, csv_chunks
    from sync.export.source import MAKES, deadlines, histories
    from sync.export.xes import xes_chunks

    what = {"ics": "deadlines", "xes": "log"}.get(form.value, what)
    form = {"deadlines": FileForm.ics, "log": FileForm.xes}.get(what, form)
    with opened(context) as service, _book(service) as keeper, refusals():
        source = _source(service, keeper, query)
        if what == "deadlines":
            stamp = keeper.book.cutoff or source.now
            told = ics_chunks(deadlines(source), name="Deadlines of complaints", stamp=stamp)
        elif what == "log":
            found, about, _ = histories(source)
            told = xes_chunks(found, name="Complaints", about=about)
        elif what in MAKES:
            table, zone = MAKES[what](source), source.asking.zone
            told = (
                csv_chunks(table, zone, bom=bom, about=not bare)
                if form is FileForm.csv
                else FORMS[form.value][0](table, zone)
            )
        else:
            complain(f"There is no {what!r}. Known: {', '.join(MAKES)}, deadlines, log")
            raise typer.Exit(USAGE)
        # Bit by bit, while the book is open.
        _write(told, where, binary=form is FileForm.xlsx)


@report.command("survey")
def report_survey(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="CSV: ticket, date, process, outcome; shows what is there without.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who you are; needed to import.")] = None,
    scale: Annotated[int, typer.Option(help="The best score where the file names none.", min=3, max=100)] = 5,
    period: Annotated[str, typer.Option(help="The period that is shown.")] = "last-12m",
    form: Format = Form.table,
) -> None:  # fmt: skip
    """Import answers of people who complained, or show what they say; handling apart from outcome."""
    from sync.periods import read_period
    from sync.reports.known import import_survey
    from sync.reports.survey import BadSurvey, by_decision, satisfaction

    with opened(context) as service, refusals():
        now = service.now()
        if file is not None:
            if by is None:
                complain("Say who imports it, with --by")
                raise typer.Exit(USAGE)
            person = service.persons.named(by)
            try:
                with _book(service) as keeper, terminal.progress(err, f"Reading {file.name}") as tell:  # fmt: skip
                    done = import_survey(
                        service, keeper.book, file, by=person, now=now, scale=scale, tell=tell
                    )
            except BadSurvey as error:
                complain(str(error))
                err.print("Nothing was kept.")
                raise typer.Exit(USAGE) from error
            err.print(terminal.plain(done.sentence()), soft_wrap=True)
        try:
            asked = read_period(period, now, service.zone)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--period") from error
        answers = service.store.reports.answers(asked.begin, asked.end)
    rows = []
    for about in ("process", "outcome"):
        parts = {"all": satisfaction(answers, about), **by_decision(answers, about)}
        rows += [
            (about, name, told.share, told.low, told.high, told.mean, told.answered, told.asked)
            for name, told in parts.items()
        ]
    columns = ("of", "decision", "best two", "low", "high", "mean", "answers", "asked")
    terminal.print_rows(
        out, columns, [tuple(_short(each) for each in row) for row in rows], form=form
    )  # fmt: skip


@report.command("send")
def report_send(
    context: typer.Context,
    *,
    due: Annotated[bool, typer.Option("--due", help="What is due now; ombud serve does so too.")] = False,
) -> None:  # fmt: skip
    """Send what is due by the clock. Ends with 3 where a channel did not take it."""
    from sync.reports.said import saying
    from sync.reports.schedule import send_due

    if not due:
        complain("Say --due: what is not due yet is not sent")
        raise typer.Exit(USAGE)
    with opened(context) as service, _book(service) as keeper:
        say = saying(service, keeper.book, keeper.about)
        done = send_due(service, say, service.now())
    for each in done:
        if each.why:
            complain(f"{each.id} was not sent: {each.why}")
        else:
            out.print(f"{each.id} was sent.")
    if not done:
        out.print("Nothing is due.")
    if any(each.why for each in done):
        raise typer.Exit(HELPDESK)


@schedule.command("list")
def schedule_list(context: typer.Context, form: Format = Form.table) -> None:
    """List what is sent by the clock."""
    from sync.reports.schedule import slot_after, trouble, words

    with opened(context) as service:
        now, zone = service.now(), service.zone
        rows = [
            (
                row.id,
                row.what,
                words(row),
                iso(slot_after(row, now, zone)),
                ", ".join(json.loads(row.channels)),
                row.query,
                trouble(row).why,
            )
            for row in service.store.reports.schedules()
        ]
    columns = ("id", "what", "when", "next", "to", "filter", "not sent because")
    terminal.print_rows(out, columns, rows, form=form)


@schedule.command("add")
def schedule_add(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="review, kpi or overview.")],
    by: By,
    to: Annotated[list[str], typer.Option("--to", help="A channel of ombud.toml; may be repeated.")],
    every: Annotated[Every, typer.Option(help="weekly or monthly.")] = Every.monthly,
    day: Annotated[str, typer.Option(help="mon to sun; of a month 1 to 28, or last.")] = "1",
    hour: Annotated[int, typer.Option(help="By the desk's clock.", min=0, max=23)] = 8,
    query: Query = "",
) -> None:  # fmt: skip
    """Have something sent from now on."""
    from sync.reports.schedule import add_schedule

    with opened(context) as service, refusals():
        name = add_schedule(
            service, what=what, query=query, every=every.value, day=day, hour=hour, channels=to, groups=frozenset(),
            by=service.persons.named(by), now=service.now(),
        )  # fmt: skip
    out.print(name)


@schedule.command("drop")
def schedule_drop(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its id, from the list.")],
    by: By,
) -> None:
    """Send something no more."""
    with opened(context) as service, refusals():
        key = service.persons.named(by).key
        done = service.store.reports.drop_schedule(name, by=key, now=service.now())
    if not done:
        complain(f"There is no schedule {name!r}. See: ombud report schedule list")
        raise typer.Exit(USAGE)


@contextmanager
def _book(service: Service) -> Iterator[Bookkeeper]:
    """Open the book and bring it in step; where ombud serve keeps it, one in memory takes its place."""
    from sync.book import Bookkeeper

    keeper = Bookkeeper(service)
    try:
        with terminal.progress(err, "Judging complaints") as tell:
            keeper.refresh(tell=tell)
        yield keeper
    finally:
        keeper.close()


def _source(service: Service, keeper: Bookkeeper, query: str) -> Source:
    from sync.export.source import Source
    from sync.reports.said import asking_of

    now, settings = service.now(), service.settings
    return Source(
        asking_of(service, keeper.book, query, "all", _EVERY, now),
        keeper.book,
        keeper.about,
        now,
        now,
        settings.dashboard.organisation,
        settings.dashboard.export_rows,
        settings.serve.url or "",
    )


def _write(chunks: Iterator[bytes], where: Path | None, *, binary: bool) -> None:
    """Write a file, or to standard output; a terminal is not written bytes to."""
    from sync.export.sheets import write

    if where is None:
        if binary and sys.stdout.isatty():
            complain("That is no text. Name a file with --out")
            raise typer.Exit(USAGE)
        write(chunks, sys.stdout.buffer)
        return
    try:
        with where.open("wb") as into:
            write(chunks, into)
    except OSError as error:
        complain(f"{where}: cannot be written: {error.strerror}. Choose another file")
        raise typer.Exit(USAGE) from error
    err.print(terminal.plain(f"Wrote {where}"), soft_wrap=True)


def _short(cell: object) -> object:
    return round(cell, 4) if isinstance(cell, float) else cell
