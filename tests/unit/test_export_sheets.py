from __future__ import annotations

import csv
import io
import json
import tracemalloc
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import DAY
from sync.export import sheets
from sync.export.sheets import CELL, csv_chunks, json_chunks, write, xlsx_chunks
from sync.export.table import Column, Kind, Table, harmless, shown

LONDON = ZoneInfo("Europe/London")
COLUMNS = (
    Column("key", "Complaint"),
    Column("count", "Findings", Kind.number),
    Column("received", "Received", Kind.instant),
    Column("passed", "Passed", Kind.share),
)
#: 2026-07-01T12:00:00Z, in London one hour later by the clock.
NOON = 20_635 * DAY + DAY // 2
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def table(*rows, about=(), total=None, most=1_000_000):
    return Table("Complaints", COLUMNS, rows, about, total, most, NOON)


def csv_of(told, **options):
    text = b"".join(csv_chunks(told, LONDON, **options)).decode("utf-8")
    return list(csv.reader(io.StringIO(text, newline="")))


def sheets_of(told):
    """Give each sheet's cells by name: text, number or boolean as stored, with its type and formula."""
    with zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks(told, LONDON)))) as book:
        found = []
        for number in (1, 2):
            root = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            cells = {}
            for cell in root.iter(f"{MAIN}c"):
                assert cell.find(f"{MAIN}f") is None, "a formula was written"
                inline = cell.find(f"{MAIN}is/{MAIN}t")
                value = cell.find(f"{MAIN}v")
                cells[cell.get("r")] = (inline if inline is not None else value).text
            found.append(cells)
        return found


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "＝1+1", "-"],
)
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(text):
    told = table((text, 1, NOON, 0.5))
    assert csv_of(told)[1][0].startswith("'")
    assert sheets_of(told)[0]["A2"].startswith("'")


def test_a_number_below_nothing_stays_a_number():
    told = table(("A-1", -5, NOON, -0.25))
    assert csv_of(told)[1] == ["A-1", "-5", "2026-07-01T12:00:00Z", "-0.25"]
    assert sheets_of(told)[0]["B2"] == "-5"


def test_a_text_in_a_column_of_numbers_is_no_formula_either():
    assert csv_of(table(("A-1", "=1+1", NOON, 0)))[1][1] == "'=1+1"


@pytest.mark.parametrize(
    "text, safe",
    [
        ("pay\u202egnp.exe", "pay[U+202E]gnp.exe"),
        ("a\x00b", "a[U+0000]b"),
        ("\ufeff=1", "[U+FEFF]=1"),
        ("half \ud83d", "half [U+D83D]"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("naïve 日本 مرحبا", "naïve 日本 مرحبا"),
        ("not known: \ufffd", "not known: \ufffd"),
    ],
)
def test_what_nobody_sees_is_written_as_its_number(text, safe):
    assert shown(text) == safe
    assert csv_of(table((text, 1, NOON, 0.5)))[1][0] == safe


def test_json_keeps_a_text_exactly_with_nothing_unseen_in_the_file():
    text = "=1+1 \u202e\x00 Zürich"
    raw = b"".join(json_chunks(table((text, 1, NOON, None)), LONDON))
    assert raw.isascii()
    assert json.loads(raw)["rows"] == [
        {"key": text, "count": 1, "received": "2026-07-01T12:00:00Z", "passed": None}
    ]


def test_all_kinds_of_file_say_what_has_to_be_known():
    told = (("Filter", "product: Fibre"), ("Cohort", "received in October 2026"))
    in_json = json.loads(
        b"".join(json_chunks(table(("A-1", 1, NOON, 1.0), about=told), LONDON))
    )["about"]  # fmt: skip
    in_csv = [row[0] for row in csv_of(table(("A-1", 1, NOON, 1.0), about=told))[2:]]
    about = sheets_of(table(("A-1", 1, NOON, 1.0), about=told))[1]
    assert [each["name"] for each in in_json] == ["Filter", "Cohort", "Rows"]
    assert in_csv == ["# Filter: product: Fibre", "# Cohort: received in October 2026", "# Rows: 1"]
    assert about["B2"] == "product: Fibre"


def test_rows_of_csv_are_of_one_width_and_end_as_the_standard_says():
    raw = b"".join(
        csv_chunks(table(('say "hi", twice\n', 1, None, None), about=[("a", "b")]), LONDON)
    )
    assert raw.endswith(b"\r\n")
    assert raw.startswith(b"key,count,received,passed\r\n")
    assert {len(row) for row in csv.reader(io.StringIO(raw.decode(), newline=""))} == {4}


def test_a_byte_order_mark_is_written_where_excel_asks_for_it():
    assert b"".join(csv_chunks(table(), LONDON, bom=True)).startswith(b"\xef\xbb\xbfkey")


@pytest.mark.parametrize("about", [True, False])
def test_rows_that_were_left_out_are_told_even_where_nothing_else_is(about):
    rows = csv_of(table(*[("A", 1, NOON, 1)] * 5, most=3, total=5), about=about)
    assert rows[-1][0].startswith("# Left out: 2 rows after the first 3")
    told = json.loads(b"".join(json_chunks(table(*[("A", 1, NOON, 1)] * 5, most=3), LONDON)))
    assert (len(told["rows"]), told["count"], told["total"]) == (3, 3, None)
    assert told["left_out"].startswith("more rows after the first 3")


def test_a_sheet_has_no_more_rows_than_excel_reads_and_says_so(monkeypatch):
    monkeypatch.setattr(sheets, "SHEET_ROWS", 4)
    first, about = sheets_of(table(*[("A", 1, NOON, 1)] * 9, total=9))
    assert [name for name in first if name.startswith("A")] == ["A1", "A2", "A3", "A4"]
    assert any(told.startswith("6 rows after the first 3") for told in about.values())


@pytest.mark.parametrize("letter", ["x", "é", "𝕏"])
def test_a_text_longer_than_a_cell_is_cut_with_a_mark(letter):
    first, about = sheets_of(table((letter * (CELL + 1), 1, NOON, 1)))
    told = first["A2"]
    assert len(told.encode("utf-16-le")) // 2 <= CELL
    assert told.endswith("… [cut]")
    assert any(each.startswith("1 texts") for each in about.values())
    whole = letter * (CELL // len(letter.encode("utf-16-le")) * 2)
    assert sheets_of(table((whole, 1, NOON, 1)))[0]["A2"] == whole


def test_excel_reads_times_in_the_zone_its_heading_names():
    first = sheets_of(table(("A", 1, NOON, 1)))[0]
    assert first["C1"] == "Received (Europe/London)"
    # Days since 1900 as Excel counts them, at 13:00.
    assert float(first["C2"]) == pytest.approx(46204 + 13 / 24)


def test_a_text_that_looks_like_an_escape_of_excels_stays_itself():
    first = sheets_of(table(("_x0041_ http://example.org", 1, NOON, 1)))[0]
    assert first["A2"] == "_x005F_x0041_ http://example.org"


@pytest.mark.parametrize(
    "chunks, many", [(csv_chunks, 40_000), (json_chunks, 40_000), (xlsx_chunks, 12_000)]
)
def test_a_long_table_is_never_in_memory_as_a_whole(chunks, many):
    rows = ((f"A-{n} {'x' * 60}", n, NOON, 0.5) for n in range(many))
    told = Table("Complaints", COLUMNS, rows)
    tracemalloc.start()
    with Path("/dev/null").open("wb") as nowhere:
        size = write(chunks(told, LONDON), nowhere)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 20 * many
    assert peak < 1_000_000


def test_who_reads_a_database_lets_go_of_it_where_rows_are_left_out():
    closed = []

    def rows():
        try:
            while True:
                yield ("A", 1, NOON, 1)
        finally:
            closed.append(True)

    b"".join(csv_chunks(Table("Complaints", COLUMNS, rows(), most=2), LONDON))
    assert closed == [True]


def test_what_is_no_number_is_left_empty():
    told = table(("A", float("nan"), None, float("inf")))
    assert csv_of(told)[1] == ["A", "", "", ""]
    assert json.loads(b"".join(json_chunks(told, LONDON)))["rows"][0]["passed"] is None
    assert "D2" not in sheets_of(told)[0]


def test_an_apostrophe_of_ours_is_not_doubled():
    assert harmless("'=1") == "'=1"
