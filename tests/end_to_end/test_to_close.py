"""What closing will need is shown before it happens, in place and without a note, and goes when it is there."""

from __future__ import annotations

import pytest

from ombud.sandbox.zendesk.server import ZendeskServer
from sync.service import open_service
from tests.conformity.benches import ZendeskBench
from tests.desks import Stepped
from tests.faults.stage import AGENT, CAUSE, INVESTIGATING, RESPONDED, Stage
from tests.zendesk_desk import zendesk_folder, zendesk_service

CAUSE_FIELDS = {360000010042: "root_cause_billing", 360000010043: "checked twice"}


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.stop()


def synced(stage, seconds=3600):
    stage.world.clock.advance(seconds)
    stage.sync()
    return stage.end()


def test_jira_shows_what_closing_needs_once_it_is_answered_and_no_more_when_it_is_there(stage):
    shown = synced(stage)
    (note,) = shown["early"]["notes"]
    assert "before you close it" in note
    assert "Root cause" in note
    assert shown["early"]["labels"] == []
    # Under investigation nobody thinks of closing yet.
    assert not any("before you close" in each for each in shown["hops"]["notes"])
    entries = len(stage.world.find(stage.issues["early"]).entries)
    assert synced(stage)["early"]["notes"] == [note]
    assert len(stage.world.find(stage.issues["early"]).entries) == entries
    stage.world.edit(stage.issues["early"], CAUSE, AGENT)
    assert synced(stage)["early"]["notes"] == []


def test_whoever_is_at_work_is_not_told_before_ten_quiet_minutes(stage):
    for status in (INVESTIGATING, RESPONDED):
        stage.world.edit(stage.issues["early"], {}, AGENT, to_status=status)
    assert synced(stage, 60)["early"]["notes"] == []
    assert "before you close it" in synced(stage, 700)["early"]["notes"][0]


@pytest.fixture
def desk():
    with ZendeskServer().start() as server:
        yield ZendeskBench(server)


def answered(desk):
    ticket = desk.create()
    desk.world.update(int(ticket), {"assignee_id": desk.anna}, desk.anna)
    desk.walk_to_answer(ticket)
    desk.world.clock.advance(1200)
    return ticket


def test_zendesk_shows_it_in_its_field_and_adds_no_note(desk, tmp_path):
    with zendesk_service(tmp_path, desk.server, profile="starter") as service:
        ticket = answered(desk)
        notes = desk.shown(ticket).notes
        service.sync("zendesk")
        assert "before you close it" in desk.shown(ticket).text
        desk.pass_time()
        desk.world.update(int(ticket), {"custom_fields": CAUSE_FIELDS}, desk.anna)
        desk.pass_time()
        service.sync("zendesk")
        assert "Root cause" not in desk.shown(ticket).text
        assert desk.shown(ticket).notes == notes


def test_a_zendesk_without_our_field_is_not_written_to_for_that(desk, tmp_path):
    config = zendesk_folder(tmp_path, desk.server, profile="starter")
    lines = config.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "note_field" not in line]
    config.write_text("\n".join(kept), encoding="utf-8")
    clock = Stepped(desk.world.clock.now)
    with open_service(config, clock, sleep=clock.sleep) as service:
        ticket = answered(desk)
        before = len(desk.world.tickets[int(ticket)].audits)
        service.sync("zendesk")
        assert len(desk.world.tickets[int(ticket)].audits) == before
