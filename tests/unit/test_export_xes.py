from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET

from connectors.file.log import LogShape, read_rows
from ombud.model.instant import DAY, HOUR
from sync.export.xes import Happened, Trace, xes_chunks

NOON = 20_635 * DAY + DAY // 2
XES = "{http://www.xes-standard.org/}"
TRACES = [
    Trace(
        f"PAY-{n}",
        [
            # Two at the same time keep their order.
            Happened("received", NOON + n * HOUR, told={"ours": False, "n": n}),
            Happened("acknowledged", NOON + n * HOUR, "complete", {"share": 0.5, "gone": None}),
            Happened("closed", NOON + (n + 5) * HOUR + 1, "complete"),
        ],
        {"product": 'Fibre & "more" <b>\n\u202e\x00 日本'},
    )
    for n in range(120)
]


def log():
    return b"".join(xes_chunks(TRACES, name="Complaints", about=[("cutoff", "now")]))


def test_the_log_has_every_event_in_its_order():
    root = ET.fromstring(log())
    assert root.tag == f"{XES}log"
    found = [
        (
            trace.find(f"{XES}string[@key='concept:name']").get("value"),
            [
                (
                    event.find(f"{XES}string[@key='concept:name']").get("value"),
                    event.find(f"{XES}date[@key='time:timestamp']").get("value"),
                    event.find(f"{XES}string[@key='lifecycle:transition']").get("value"),
                )
                for event in trace.iter(f"{XES}event")
            ],
        )
        for trace in root.iter(f"{XES}trace")
    ]
    assert [name for name, _ in found] == [each.name for each in TRACES]
    assert [[name for name, _, _ in events] for _, events in found] == [
        ["received", "acknowledged", "closed"]
    ] * 120
    assert found[0][1][2] == ("closed", "2026-07-01T17:00:00.000001Z", "complete")


def test_extensions_globals_and_classifiers_come_in_the_order_of_the_standard():
    order = []
    for each in ET.fromstring(log()):
        name = each.tag.removeprefix(XES)
        if not order or order[-1] != name:
            order.append(name)
    assert order == ["extension", "global", "classifier", "string", "trace"]


def test_values_keep_their_kind_and_hostile_text_stays_text():
    trace = ET.fromstring(log()).find(f"{XES}trace")
    product = trace.find(f"{XES}string[@key='product']").get("value")
    assert product == 'Fibre & "more" <b>\n[U+202E][U+0000] 日本'
    event = trace.find(f"{XES}event")
    assert event.find(f"{XES}boolean[@key='ours']").get("value") == "false"
    assert event.find(f"{XES}int[@key='n']").get("value") == "0"
    assert not list(trace.iter(f"{XES}gone"))
    assert trace.find(f".//{XES}*[@key='gone']") is None


def test_ombud_reads_its_own_log_again(tmp_path):
    file = tmp_path / "log.xes"
    file.write_bytes(log())
    shape = LogShape("case:concept:name", "concept:name", "time:timestamp")
    rows = list(read_rows(file, shape))
    assert [
        (row.cells["case:concept:name"], row.cells["concept:name"], row.at) for row in rows
    ] == [(trace.name, event.name, event.at) for trace in TRACES for event in trace.events]


def test_a_log_is_given_bit_by_bit():
    many = (Trace(f"A-{n}", [Happened("received", NOON)]) for n in range(3000))
    chunks = list(xes_chunks(many, name="Complaints"))
    assert len(chunks) > 3
    assert len(list(ET.parse(io.BytesIO(b"".join(chunks))).getroot().iter(f"{XES}event"))) == 3000
    assert sys.getsizeof(max(chunks, key=len)) < 300_000
