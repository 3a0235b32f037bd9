"""Write a table as CSV, XLSX or JSON, row by row: however long it is, little of it is in memory.

A text that a spreadsheet would take for a formula gets an apostrophe before it, in CSV and XLSX; characters that
nobody sees are written as their numbers. JSON keeps every text as it is, with such characters escaped.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from typing import IO, TYPE_CHECKING, Any, Final

from ombud.model.instant import iso, moment
from sync.export.table import Kind, Written, harmless, shown, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from sync.export.table import Cell, Column, Table

#: Rows and characters that a sheet of Excel's holds; the heading takes one row.
SHEET_ROWS: Final = 1_048_576
CELL: Final = 32_767
_CUT: Final = "… [cut]"
#: Bytes given at a time, about.
_CHUNK: Final = 64 * 1024
#: Excel knows no days before the first, Python no years before the second and after the third.
_FIRST_DAY: Final = -2_208_988_800_000_000
_FIRST_YEAR: Final = -62_135_596_800_000_000
_LAST_DAY: Final = 253_402_300_800_000_000
_ENDLESS: Final = 2**62
_NOT_IN_SHEET_NAMES: Final = re.compile(r"[\[\]:*?/\\']")


def csv_chunks(
    table: Table, zone: ZoneInfo, *, bom: bool = False, about: bool = True
) -> Iterator[bytes]:
    """Give a table as CSV (RFC 4180) in UTF-8, its times in UTC.

    Args:
        table: the table.
        zone: not used: a file for programs has one zone.
        bom: whether Excel is told that it is UTF-8.
        about: whether rows that begin with "# " follow at the end and say what has to be known of it. That rows
            were left out is said in any case.

    """
    del zone
    written = Written()
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\r\n")
    if bom:
        yield b"\xef\xbb\xbf"
    writer.writerow([harmless(each.name) for each in table.columns])
    kinds = [each.kind for each in table.columns]
    for row in written.taken(table, _ENDLESS):
        writer.writerow([_csv(kind, cell) for kind, cell in zip(kinds, row, strict=True)])
        if held.tell() > _CHUNK:
            yield _taken(held)
    said = written.about(table)
    blanks = [""] * (len(kinds) - 1)
    if about:
        for name, told in said:
            writer.writerow([shown(f"# {name}: {told}").replace("\n", " "), *blanks])
    elif written.cut:
        writer.writerow([f"# Left out: {written.left_out(table)}", *blanks])
    yield _taken(held)


def json_chunks(table: Table, zone: ZoneInfo) -> Iterator[bytes]:
    """Give a table as one JSON object: title, columns, rows as objects, and what has to be known of it at its end."""
    del zone
    written = Written()
    columns = [
        {"name": each.name, "label": each.label, "kind": each.kind.value} for each in table.columns
    ]
    parts = [f'{{"title":{_json(table.title)},"columns":{_json(columns)},"rows":[']
    length = 0
    for row in written.taken(table, _ENDLESS):
        told = {
            each.name: _written(cell) if each.kind is Kind.instant else value(cell)
            for each, cell in zip(table.columns, row, strict=True)
        }
        parts.append(f"{',' if written.rows > 1 else ''}\n{_json(told)}")
        length += len(parts[-1])
        if length > _CHUNK:
            yield "".join(parts).encode()
            parts, length = [], 0
    end: dict[str, object] = {
        "about": [{"name": name, "told": told} for name, told in written.about(table)],
        "count": written.rows,
        "total": table.total if written.cut else written.rows,
        "left_out": written.left_out(table) or None,
    }
    parts.append(f"\n],{_json(end)[1:]}\n")
    yield "".join(parts).encode()


def xlsx_chunks(table: Table, zone: ZoneInfo) -> Iterator[bytes]:
    """Give a table as a workbook: the table, and a second sheet that says what has to be known of it.

    Args:
        table: the table.
        zone: where its times are read, for Excel knows no zones; the headings name it.

    """
    with tempfile.TemporaryFile(prefix="ombud-") as file:
        _workbook(table, zone, file)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


#: Kind of file -> what gives its bytes, and what it is called in an answer's header.
FORMS: Final[Mapping[str, tuple[Callable[[Table, ZoneInfo], Iterator[bytes]], str]]] = {
    "csv": (csv_chunks, "text/csv; charset=utf-8; header=present"),
    "json": (json_chunks, "application/json"),
    "xlsx": (xlsx_chunks, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def write(chunks: Iterator[bytes], into: IO[bytes]) -> int:
    """Write a file's bytes; give how many there were."""
    return sum(into.write(chunk) for chunk in chunks)


def _csv(kind: Kind, cell: object) -> str:
    told = _written(cell) if kind is Kind.instant else value(cell)
    if told is None:
        return ""
    if isinstance(told, bool):
        return "true" if told else "false"
    return harmless(told) if isinstance(told, str) else str(told)


def _whole(cell: object) -> int | None:
    return cell if isinstance(cell, int) else None


def _written(cell: object) -> str | None:
    """Write an instant in UTC; one outside the calendar as its number."""
    at = _whole(cell)
    return iso(at) if at is None or _FIRST_YEAR <= at < _LAST_DAY else str(at)


def _taken(held: io.StringIO) -> bytes:
    told = held.getvalue()
    held.seek(0)
    held.truncate()
    return told.encode()


def _json(told: object) -> str:
    # Escaped to ASCII, nothing in it can be unseen, and half characters are no error.
    return json.dumps(told, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _workbook(table: Table, zone: ZoneInfo, file: IO[bytes]) -> None:
    import xlsxwriter  # type: ignore[import-untyped]

    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    properties: dict[str, object] = {"title": shown(table.title), "author": "Ombud"}
    if table.made is not None:
        properties["created"] = moment(table.made).replace(tzinfo=None)
    book.set_properties(properties)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    forms = {
        Kind.text: None,
        Kind.number: book.add_format({"num_format": "#,##0.###"}),
        Kind.share: book.add_format({"num_format": "0.0%"}),
        Kind.instant: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    written = Written()
    sheet = book.add_worksheet(_sheet_name(table.title))
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, _width(column))
        sheet.write_string(0, place, _short(_heading(column, zone), written), bold)
    sheet.freeze_panes(1, 0)
    kinds = [each.kind for each in table.columns]
    for row in written.taken(table, SHEET_ROWS - 1):
        for place, (kind, cell) in enumerate(zip(kinds, row, strict=True)):
            _write(sheet, written.rows, place, _sheet_value(kind, cell, zone), forms[kind], written)
    if kinds:
        sheet.autofilter(0, 0, written.rows, len(kinds) - 1)
    said = book.add_worksheet("About")
    said.set_column(0, 0, 22)
    said.set_column(1, 1, 90)
    for place, (name, told) in enumerate(
        [("Title", table.title), *written.about(table), ("Times", f"in {zone.key}")]
    ):
        said.write_string(place, 0, _short(harmless(name), written), bold)
        said.write_string(place, 1, _short(harmless(told), written), wrapped)
    book.close()


def _heading(column: Column, zone: ZoneInfo) -> str:
    label = harmless(column.label)
    return f"{label} ({zone.key})" if column.kind is Kind.instant else label


def _width(column: Column) -> int:
    widths = {Kind.text: 24, Kind.number: 12, Kind.share: 10, Kind.instant: 18}
    return max(widths[column.kind], min(len(column.label), 40))


def _sheet_value(kind: Kind, cell: object, zone: ZoneInfo) -> Any:
    if kind is not Kind.instant:
        told = value(cell)
        return harmless(told) if isinstance(told, str) else told
    at = _whole(cell)
    if at is None:
        return None
    if not _FIRST_DAY <= at < _LAST_DAY:
        return _written(at)
    return moment(at, zone).replace(tzinfo=None)


def _write(
    sheet: Any, row: int, place: int, told: Cell | Any, form: Any, written: Written
) -> None:  # fmt: skip
    if told is None:
        return
    if isinstance(told, str):
        sheet.write_string(row, place, _short(told, written))
    elif isinstance(told, bool):
        sheet.write_boolean(row, place, told)
    elif isinstance(told, (int, float)):
        # A double holds no more digits than these.
        if isinstance(told, int) and abs(told) >= 10**15:
            sheet.write_string(row, place, str(told))
        else:
            sheet.write_number(row, place, told, form)
    else:
        sheet.write_datetime(row, place, told, form)


def _short(text: str, written: Written) -> str:
    """Cut a text to what a cell holds, which is counted in units of UTF-16."""
    if _units(text) <= CELL:
        return text
    written.cells += 1
    room = CELL - len(_CUT)
    cut = text[:room]
    while _units(cut) > room:
        cut = cut[: -max(1, (_units(cut) - room) // 2)]
    return cut + _CUT


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _sheet_name(title: str) -> str:
    told = _NOT_IN_SHEET_NAMES.sub(" ", shown(title)).strip()[:31]
    return "Table" if told.casefold() in {"", "about", "history"} else told
