"""A real Request Tracker: complaints synced, marked, noted; a premature closure moved back and left alone once mended."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from tests.desks import rt_service
from tests.end_to_end.test_request_tracker_desk import Desk


@pytest.fixture
def desk(rt_server):
    return Desk(rt_server)


@pytest.fixture
def service(tmp_path, rt_server, desk):
    sample = desk.read(desk.create())
    ids = {field["name"]: f"cf.{field['id']}" for field in sample["CustomFields"]}
    with rt_service(tmp_path, rt_server, ids) as opened:
        opened.sync("rt")
        yield opened


def values(ticket, name):
    (held,) = [field["values"] for field in ticket["CustomFields"] if field["name"] == name]
    return [value for value in held if value]


def closed_early(desk):
    ticket = desk.create(CustomFields={"Severity": "High"})
    desk.change(ticket, Owner="agent1")
    desk.walk(ticket, "acknowledged", "assessed", "investigating", "responded", "resolved")
    return ticket


def findings(service, ticket):
    return {
        f.rule: f for f, key, _ in service.check() if key == ticket and f.verdict is Verdict.failed
    }


def test_a_closure_without_root_cause_is_moved_back_and_left_alone_once_mended(desk, service):
    ticket = closed_early(desk)
    report = service.sync("rt")
    assert f"rt:{ticket}" in [each["ref"] for each in report.moved_back]
    after = desk.read(ticket)
    assert after["Status"] == "responded"
    assert "ombud-blocked" in values(after, "Ombud flags")
    (note,) = values(after, "Ombud note")
    assert "Root cause is empty" in note
    assert "is open again" in note

    assert service.sync("rt").moved_back == []
    desk.change(
        ticket,
        CustomFields={
            "Root cause": "wrong label",
            "Corrective action": "new label",
            "Outcome": "Upheld",
        },
    )
    desk.walk(ticket, "resolved")
    assert service.sync("rt").moved_back == []
    mended = desk.read(ticket)
    assert mended["Status"] == "resolved"
    assert "ombud-blocked" not in values(mended, "Ombud flags")
    assert "close.with_root_cause" in findings(service, ticket)


def test_nothing_of_ours_is_mailed(desk, service, rt_server):
    before = rt_server.mail
    ticket = closed_early(desk)
    told = rt_server.mail
    service.sync("rt")
    assert desk.read(ticket)["Status"] == "responded"
    assert "Complaint policy" not in rt_server.mail[len(before) :]
    assert len(told) >= len(before)


def test_the_bypass_by_another_queue_is_found_and_flagged(desk, service):
    ticket = desk.create(queue="General", person="root")
    for status in ("open", "resolved"):
        desk.change(ticket, person="root", Status=status)
    desk.change(ticket, person="root", Queue="Complaints")
    report = service.sync("rt")
    assert "close.with_root_cause" in findings(service, ticket)
    assert report.moved_back == []
    assert desk.read(ticket)["Status"] == "resolved"


def test_an_undisturbed_second_sync_changes_nothing(desk, service):
    ticket = closed_early(desk)
    service.sync("rt")
    service.sync("rt")
    state = desk.read(ticket)
    report = service.sync("rt")
    assert report.tagged == {}
    assert desk.read(ticket)["LastUpdated"] == state["LastUpdated"]


def test_a_merged_ticket_is_one_case_with_the_survivor(desk, service, rt_server):
    first, second = desk.create(), desk.create()
    service.sync("rt")
    desk.change(second, person="root", MergeInto=first)
    service.sync("rt")
    cases = {
        state.case
        for page in service.store.complaints("complaints")
        for state in page
        if state.key in {first, second}
    }
    assert len(cases) == 1


def test_uninstalling_takes_our_fields_away(desk, service):
    ticket = closed_early(desk)
    service.sync("rt")
    refs = [ref for ref in service.list_ours("rt") if ref.id == ticket]
    assert service.uninstall("rt", refs) == {}
    after = desk.read(ticket)
    assert [values(after, name) for name in ("Ombud flags", "Ombud note", "Ombud key")] == [
        [],
        [],
        [],
    ]
