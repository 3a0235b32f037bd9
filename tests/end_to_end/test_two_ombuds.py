"""Two Ombuds on one helpdesk: the second leaves the first one's tickets alone, says so, and may take them over."""

from __future__ import annotations

import pytest

from ombud.sandbox.zendesk.server import ZendeskServer
from tests.conformity.benches import RtBench, ZendeskBench
from tests.desks import jira_service, rt_service
from tests.faults.stage import AGENT, DONE, RESPONDED, Stage
from tests.zendesk_desk import zendesk_service


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    stage = Stage(tmp_path / "first")
    stage.sync()
    yield stage
    stage.stop()


def second(stage, tmp_path):
    return jira_service(tmp_path / "second", stage.server, profile='"starter"')


def acts(stage):
    """Count everything of ours that the issues' own histories hold."""
    return sum(
        bool((entry.history_metadata or {}).get("type") == "ombud")
        for name in stage.issues.values()
        for entry in stage.world.find(name).entries
    )


def test_a_second_ombud_judges_and_leaves_the_first_one_s_tickets_alone(stage, tmp_path):
    stage.agents_act()
    stage.sync()
    shown, before = stage.end(), acts(stage)
    with second(stage, tmp_path) as service:
        report = service.sync("sandbox")
        assert report.findings
        theirs = set(stage.issues.values()) - {r.partition(":")[2] for r in report.tagged}
        assert {stage.issues["late"], stage.issues["early"]} <= theirs
        assert any("Another Ombud" in each for each in report.notices)
        (found,) = [each for each in service.checks("sandbox") if each.name == "Another Ombud"]
        assert found.ok is False
    after = stage.end()
    assert {name: after[name]["notes"] for name in ("late", "early")} == {
        name: shown[name]["notes"] for name in ("late", "early")
    }
    for _ in range(3):
        stage.world.clock.advance(600)
        stage.sync()
        with second(stage, tmp_path) as service:
            service.sync("sandbox")
    assert acts(stage) - before <= len(stage.issues)
    quiet = acts(stage)
    stage.world.clock.advance(600)
    stage.sync()
    with second(stage, tmp_path) as service:
        service.sync("sandbox")
    assert acts(stage) == quiet


def test_a_premature_closing_is_moved_back_by_the_one_whose_ticket_it_is(stage, tmp_path):
    stage.agents_act()
    stage.sync()
    issue = stage.issues["early"]
    with second(stage, tmp_path) as service:
        service.sync("sandbox")
        stage.world.clock.advance(60)
        stage.world.edit(issue, {}, AGENT, to_status=DONE)
        stage.world.clock.advance(60)
        assert f"sandbox:{issue}" not in [e["ref"] for e in service.sync("sandbox").moved_back]
    assert stage.world.find(issue).status == DONE
    stage.sync()
    assert stage.world.find(issue).status == RESPONDED


def test_what_we_were_before_the_database_was_lost_is_adopted(stage, tmp_path):
    stage.agents_act()
    stage.sync()
    issue = stage.issues["late"]
    with second(stage, tmp_path) as service:
        service.sync("sandbox")
        (former,) = service.adopt("sandbox")
        assert len(former) == 8
        stage.world.clock.advance(60)
        stage.world.edit(issue, {"labels": []}, AGENT)
        stage.world.clock.advance(60)
        report = service.sync("sandbox")
        assert f"sandbox:{issue}" in report.tagged
        assert not any("Another Ombud" in each for each in report.notices)
        assert service.adopt("sandbox") == []


def test_zendesk_remembers_whose_writes_they_are_whoever_signed_in(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with ZendeskServer().start() as server:
        desk = ZendeskBench(server)
        name = desk.create()
        desk.walk_to_answer(name)
        with zendesk_service(tmp_path / "first", server, profile="starter") as service:
            service.sync("zendesk")
            desk.move(name, desk.closed)
            assert service.sync("zendesk").moved_back
            desk.pass_time()
        # The second one signs in as somebody else: the same person's name, and another number.
        for audit in desk.world.tickets[int(name)].audits:
            if audit.custom.get("ombud"):
                audit.author = desk.anna
        with zendesk_service(tmp_path / "second", server, profile="starter") as service:
            report = service.sync("zendesk")
            assert f"zendesk:{name}" not in report.tagged
            assert any("1 ticket of zendesk" in each for each in report.notices)


def test_request_tracker_remembers_whose_writes_they_are(tmp_path, rt_server):
    bench = RtBench(rt_server)
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with rt_service(tmp_path / "first", rt_server, bench.ids) as service:
        service.sync("rt")
        name = bench.create()
        bench.walk_to_answer(name)
        bench.move(name, "resolved")
        assert service.sync("rt").moved_back
    with rt_service(tmp_path / "second", rt_server, bench.ids) as service:
        report = service.sync("rt")
        assert f"rt:{name}" not in report.tagged
        assert any("Another Ombud" in each for each in report.notices)
