"""Flow counts the public event logs as their references do, and each of its links gives exactly its complaints."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from itertools import groupby

import pytest

from ombud.model.clock import FixedClock, parse_instant
from ombud.store.book import Filter
from ombud.store.book.flow import asked_of_ways, edge_of, step_of
from sync.book import Bookkeeper
from sync.figures.flow import flow
from sync.service import open_service
from tests.desks import EXAMPLES, KEY

#: Long after the logs' last rows.
AFTER = parse_instant("2027-01-08T16:00:00Z")
ALL = Filter(groups=frozenset({"*"}))


def book_of(folder, example, log, mapping):
    shutil.copytree(EXAMPLES / example, folder)
    (folder / ".env").write_text(f"OMBUD_KEY={KEY}\n", encoding="utf-8")
    with open_service(folder / "ombud.toml", FixedClock(AFTER)) as service:
        service.import_log(log, folder / mapping)
        keeper = Bookkeeper(service, kept=False)
        keeper.refresh()
        return keeper.book


@pytest.fixture(scope="module")
def helpdesk(tmp_path_factory, shared):
    log = shared / "data/helpdesk/helpdesk_full_attributes_lmu.csv.gz"
    book = book_of(tmp_path_factory.mktemp("flow") / "log", "helpdesk", log, "helpdesk.mapping.toml")  # fmt: skip
    yield book
    book.close()


@pytest.fixture(scope="module")
def reference(shared):
    return json.loads((shared / "data/helpdesk/reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def told(helpdesk):
    return flow(helpdesk, ALL, "status")


def linked(book, **words):
    steps, problems = asked_of_ways({name: [value] for name, value in words.items()}, book.rules)
    assert not problems
    where, values = ALL.but(steps=tuple(steps)).where()
    return book.one(f"SELECT count(*) FROM complaint c WHERE {where}", values)[0]


def test_variants_and_the_happy_path_are_the_references(helpdesk, told, reference):
    closed = Counter({" > ".join(each.way): each.complaints for each in told.variants})
    rows = helpdesk.ask("SELECT statuses FROM way w JOIN complaint c USING (n)")
    every = Counter(" > ".join(row[0].split("\x1f")) for row in rows)
    assert sum(every.values()) == reference["cases"] == 4580
    assert len(every) == reference["variants"] == 226
    for each in reference["top10_variants"]:
        assert every[each["v"]] == closed[each["v"]] == each["n"]
    assert told.happy.complaints == reference["strict_happy_path"]["count"] == 2366


def test_activities_beginnings_and_ends_are_the_references(told, reference):
    assert {each.name: each.times for each in told.nodes} == reference["activities"]
    assert {each.name: each.begun for each in told.nodes if each.begun} == reference["start_activities"]  # fmt: skip
    assert {each.name: each.ended for each in told.nodes if each.ended} == reference["end_activities"]  # fmt: skip


def test_the_directly_follows_graph_is_the_references(helpdesk, told, reference):
    edges = {f"{each.before} -> {each.after}": each.times for each in told.edges}
    assert len(edges) == reference["dfg_edges"] == 55
    assert {name: edges[name] for name in reference["dfg_top15"]} == reference["dfg_top15"]
    loops = {f"{e.before} -> {e.after}": e.times for e in told.edges if e.kind == "again"}
    assert loops == reference["self_loops"]
    nodes = {each.name: each.complaints for each in told.nodes}
    assert nodes["Wait"] == reference["has_Wait"]["count"]
    assert nodes["Create SW anomaly"] == reference["has_SW_anomaly"]["count"]
    assert nodes["Closed"] == reference["closed_cases"]
    assert nodes["Resolve ticket"] == reference["open_to_first_resolve"]["n"]


def test_what_never_came_before_closing_is_the_references(helpdesk, reference):
    missing = {
        each.about: each.complaints
        for each in flow(helpdesk, ALL).deviations
        if each.kind == "missing"
    }
    assert "responded" not in missing
    # A stage can be entered by more than one status, and one way came back after closing.
    assert missing["assessed"] <= reference["closed_without_any_Assign_seriousness"]["count"]
    assert missing["investigating"] <= reference["closed_without_any_Take_in_charge_ticket"]["count"]  # fmt: skip


@pytest.mark.parametrize("activity", ["stage", "status"])
def test_every_link_gives_exactly_its_complaints(helpdesk, activity):
    told = flow(helpdesk, ALL, activity)
    for each in told.edges:
        assert linked(helpdesk, edge=each.key) == each.complaints
    for each in told.nodes:
        assert linked(helpdesk, step=step_of(each.name, activity)) == each.complaints
        assert linked(helpdesk, edge=edge_of("", each.name, activity)) == each.begun
        assert linked(helpdesk, edge=edge_of(each.name, "", activity)) == each.ended
    for each in told.variants[:40]:
        closed = helpdesk.one(
            "SELECT count(*) FROM complaint c WHERE NOT c.open AND c.n IN (SELECT n FROM way WHERE "
            f"{'stages' if activity == 'stage' else 'statuses'} = ?)",
            ["\x1f".join(each.way)],
        )[0]
        where, values = ALL.but(
            open=False,
            steps=tuple(asked_of_ways({"variant": [each.key]}, helpdesk.rules)[0]),
        ).where()
        found = helpdesk.one(f"SELECT count(*) FROM complaint c WHERE {where}", values)[0]
        assert found == closed == each.complaints
    for each in told.deviations:
        if each.kind != "late":
            assert linked(helpdesk, deviation=f"{each.kind}:{each.about}") == each.complaints
    assert linked(helpdesk, deviation="none") == told.path.of
    assert linked(helpdesk, deviation="any") == told.off
    assert linked(helpdesk, deviation="unknown") == told.path.unknown
    assert linked(helpdesk, deviation="unasked") == told.unasked


def test_the_incident_log_is_counted_as_its_rows_stand(tmp_path, shared):
    log = shared / "data/uci_incident/dev_slice_incident_event_log.csv.gz"
    book = book_of(tmp_path / "log", "incidents", log, "incidents.mapping.toml")
    reference = json.loads(
        (shared / "data/uci_incident/reference_dev_slice.json").read_text(encoding="utf-8")
    )["dev_slice_md5(number)%10==0"]
    told = flow(book, ALL, "status")
    assert told.complaints == reference["incidents"] == 2504
    rows = book.ask("SELECT statuses FROM way")
    every = Counter(row[0].replace("\x1f", " > ") for row in rows)
    # One incident's rows stand out of their times in the file; the reference keeps the file's order, the book keeps time.
    assert reference["order_traps"]["file_order_time_inversions"] == 1
    turned = "New > Resolved > New > Closed"
    assert every[turned] == 1
    every.subtract([turned, "New > New > Resolved > Closed"])
    every["New > New > Resolved > Closed"] += 2
    assert len(+every) == reference["variants_raw_state_sequence"] == 433
    for each in reference["top5_variants_raw"]:
        assert every[each["v"]] == each["n"]
    collapsed: Counter[tuple[str, ...]] = Counter()
    for way, count in every.items():
        short = tuple(name for name, _ in groupby(way.split(" > ")))
        collapsed[short] += count
    assert len(+collapsed) == reference["variants_collapsed_repeats"] == 62
    for each in reference["top5_variants_collapsed"]:
        assert collapsed[tuple(each["v"].split(" > "))] == each["n"]
    edges = Counter({f"{e.before} -> {e.after}": e.times for e in told.edges if e.kind != "again"})
    edges.subtract(["New -> Resolved", "Resolved -> New", "New -> Closed"])
    edges.update(["New -> Resolved", "Resolved -> Closed"])
    assert {name: edges[name] for name in reference["top_transitions_collapsed"]} == reference[
        "top_transitions_collapsed"
    ]
    assert told.happy.complaints == reference["top5_variants_raw"][0]["n"]
    assert {each.name: each.times for each in told.nodes} == reference["events_by_state"]
    nodes = {each.name: each.complaints for each in told.nodes}
    assert nodes["Awaiting User Info"] == reference["has_Awaiting_User_Info_count"]
    assert {each.name: each.ended for each in told.nodes if each.ended} == {
        "Closed": reference["last_row_state_is_Closed_count"]
    }
    book.close()
