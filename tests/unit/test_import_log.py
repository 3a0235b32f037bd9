"""Event logs: what is read, what is refused, and how the refusal helps."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from connectors.file import LogError, LogShape, read_log
from ombud.model.event import Kind
from ombud.model.facts import UNKNOWN

SHAPE = LogShape(case="case", activity="activity", time="time", attributes=("seriousness",))


def written(folder: Path, *lines: str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(("case,activity,time,seriousness", *lines)) + "\n", encoding="utf-8")
    return path


def test_rows_become_tickets_in_file_order_even_on_ties(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "1,Open,2026-03-02T09:00:00Z,low",
        "1,Work,2026-03-02T09:00:00Z,high",
        "2,Open,2026-03-02T08:00:00Z,low",
        "1,Closed,2026-03-02T10:00:00Z,high",
    )
    report, readings = read_log(path, SHAPE, "desk")
    first, second = readings
    assert (report.rows, report.cases, report.ties) == (4, 2, 1)
    assert [e.after for e in first.events if e.field == "status"] == ["Open", "Work", "Closed"]
    assert [(e.before, e.after) for e in first.events if e.field == "seriousness"] == [
        (None, "low"),
        ("low", "high"),
    ]
    assert second.ref.id == "2"
    assert first.events[0].kind is Kind.created


def test_identical_rows_stay_two_events(tmp_path: Path) -> None:
    path = written(tmp_path, "1,Open,2026-03-02T09:00:00Z,low", "1,Wait,2026-03-02T10:00:00Z,low", "1,Wait,2026-03-02T10:00:00Z,low")  # fmt: skip
    report, readings = read_log(path, SHAPE, "desk")
    (reading,) = readings
    assert report.identical == 1
    assert len({e.id for e in reading.events}) == len(reading.events)
    assert sum(e.field == "status" for e in reading.events) == 3


def test_a_gzipped_log_reads_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, "1,Open,2026-03-02T09:00:00Z,low")
    zipped = tmp_path / "log.csv.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert [r.events for r in read_log(path, SHAPE, "d")[1]] == [
        r.events for r in read_log(zipped, SHAPE, "d")[1]
    ]


def test_a_cut_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    rows = b"1,Wait,2026-03-02T09:00:00Z,low\n" * 2000
    path.write_bytes(gzip.compress(b"case,activity,time,seriousness\n" + rows)[:-20])
    with pytest.raises(LogError, match="cannot be read to its end"):
        read_log(path, SHAPE, "d")


@pytest.mark.parametrize(
    "line, said",
    [
        ("1,Open,yesterday,low", r"row 1: time: 'yesterday' is no time"),
        ("1,Open,2026-03-02T09:00:00Z", r"log.csv:2: has 3 cells where the header has 4"),
        (
            "1,Open,2026-03-29 02:30:00,low",
            r"is no time of the form ISO 8601 that exists in Europe/Berlin",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, line: str, said: str) -> None:
    shape = LogShape(case="case", activity="activity", time="time", zone="Europe/Berlin")
    with pytest.raises(LogError, match=said):
        read_log(written(tmp_path, line), shape, "d")


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = written(tmp_path, "1,Open,2026-03-02T09:00:00Z,low")
    with pytest.raises(
        LogError, match=r"no column 'Ticket'. It has: activity, case, seriousness, time"
    ):
        read_log(path, LogShape(case="Ticket", activity="activity", time="time"), "d")


def test_disorder_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "1,Open,2026-03-02T09:00:00Z,low", "1,Closed,2026-03-01T09:00:00Z,low")
    with pytest.raises(LogError, match="1 of 2 rows are earlier than the row before them"):
        read_log(path, SHAPE, "d")


def test_swapped_days_and_months_are_refused(shared: Path) -> None:
    shape = LogShape(
        case="case_id",
        activity="activity",
        time="timestamp",
        time_format="%Y-%m-%d %H:%M:%S",
        delimiter=";",
    )
    with pytest.raises(LogError, match="day and month look swapped"):
        read_log(shared / "data/helpdesk/helpdesk_fauis_coded.csv.gz", shape, "d")


def test_values_of_the_end_are_known_at_the_end_only(tmp_path: Path) -> None:
    shape = LogShape(case="case", activity="activity", time="time", final=("seriousness",))
    path = written(tmp_path, "1,Open,2026-03-02T09:00:00Z,low", "1,Closed,2026-03-02T10:00:00Z,low")
    (reading,) = read_log(path, shape, "d")[1]
    assert [e.kind for e in reading.events if e.field == "seriousness"] == [Kind.observed]


def test_a_log_that_begins_late_leaves_what_came_before_unknown(tmp_path: Path) -> None:
    shape = LogShape(case="case", activity="activity", time="time", first={"seriousness": "0"})
    path = written(tmp_path, "1,Active,2026-03-02T09:00:00Z,3", "1,Closed,2026-03-02T10:00:00Z,4")
    (reading,) = read_log(path, shape, "d")[1]
    assert not reading.complete
    assert next(e.before for e in reading.events if e.field == "status") is UNKNOWN


def test_both_forms_of_the_helpdesk_log_hold_the_same_history(shared: Path) -> None:
    csv_shape = LogShape(
        case="Case ID",
        activity="Activity",
        time="Complete Timestamp",
        time_format="%Y/%m/%d %H:%M:%S.%f",
    )
    xes_shape = LogShape(case="case:concept:name", activity="concept:name", time="time:timestamp")
    stories = []
    for name, shape in (
        ("helpdesk_full_attributes_lmu.csv.gz", csv_shape),
        ("helpdesk_pm4py.xes.gz", xes_shape),
    ):
        readings = read_log(shared / "data/helpdesk" / name, shape, "d")[1]
        stories.append(
            sorted(
                tuple((e.happened, e.after) for e in r.events if e.field == "status")
                for r in readings
            )
        )
    assert stories[0] == stories[1]
