"""Files of what a page shows: exactly what the same address filters, as CSV, Excel or JSON; deadlines and histories."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from ombud.web.shield import nothing
from sync.export import calendar, xes
from sync.export.calendar import ics_chunks
from sync.export.sheets import FORMS as FILES
from sync.export.sheets import csv_chunks
from sync.export.source import MAKES, Source, complaints_table, deadlines, histories
from sync.export.xes import xes_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from ombud.web.dash.ask import Ask


def show(ask: Ask) -> Response:
    """Give a file: /export/<page>.<csv, xlsx or json>."""
    name, _, kind = ask.request.path_params["file"].rpartition(".")
    make = MAKES.get(name)
    if make is None and any(each.path == f"/{name}" for each in ask.pages):
        # A page without a table of its own gives the complaints that it counts.
        make = complaints_table
    if make is None or kind not in FILES:
        return nothing()
    table = make(source_of(ask))
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
    found = deadlines(source_of(ask))
    _count(ask, len(found))
    name = " ".join(filter(None, ["Deadlines of complaints", source_of(ask).organisation]))
    told = ics_chunks(found, name=name, stamp=ask.book.cutoff or ask.now)
    return _file(told, calendar.MEDIA, "ombud-deadlines.ics")


def show_log(ask: Ask) -> Response:
    """Give the ways complaints took as an event log."""
    found, about, total = histories(source_of(ask))
    _count(ask, total)
    told = xes_chunks(found, name="Complaints", about=about)
    return _file(told, xes.MEDIA, "ombud-log.xes")


def source_of(ask: Ask) -> Source:
    """Give what a file is made of."""
    settings = ask.service.settings
    return Source(
        ask.asking,
        ask.book,
        ask.keeper.about,
        ask.now,
        ask.as_of,
        settings.dashboard.organisation,
        settings.dashboard.export_rows,
        settings.serve.url or "",
        ask.keeper.building is not None,
    )


def _count(ask: Ask, rows: int | None) -> None:
    """Have the audit trail say how many rows were taken out."""
    if rows is not None:
        ask.request.state.rows = min(rows, ask.service.settings.dashboard.export_rows)


def _file(chunks: Iterator[bytes], media: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chunks, media_type=media, headers=headers)
