"""A helpdesk that limits, breaks off, lies or forgets: nothing is lost, nothing is doubled, and the error says why."""

from __future__ import annotations

import pytest

from connectors.errors import HelpdeskError, Kind
from ombud.sandbox.serve import start_in_thread
from tests.desks import jira_service
from tests.faults.stage import AGENT, DONE, PATIENCE, Stage

pytestmark = pytest.mark.usefixtures("either")
COMMENT = r"POST /rest/api/3/issue/\d+/comment"
MOVE = r"POST /rest/api/3/issue/\d+/transitions"
SEARCH = r"POST /rest/api/3/search/jql"


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.stop()


@pytest.fixture
def closed_early(stage):
    stage.sync()
    stage.world.clock.advance(3600)
    stage.world.edit(stage.issues["early"], {}, AGENT, to_status=DONE)
    return stage


def order(stage, **fault):
    stage.server.faults.order([fault])


@pytest.mark.parametrize(
    "fault",
    [
        {
            "kind": "status",
            "status": 429,
            "headers": {"Retry-After": "7", "RateLimit-Reason": "jira-burst-based"},
        },
        {"kind": "status", "status": 503},
        {"kind": "cut_body"},
        {"kind": "lost_reply"},
    ],
    ids=["limited", "unavailable", "cut", "lost"],
)
def test_reading_is_tried_again_until_it_works(stage, fault):
    order(stage, match=SEARCH, **fault)
    assert stage.sync().tally.complaints == 10


def test_what_is_no_json_is_refused_and_nothing_is_stored(stage):
    order(stage, match=SEARCH, kind="non_json", times=99)
    with pytest.raises(HelpdeskError) as told:
        stage.sync()
    assert told.value.kind is Kind.broken
    assert "no JSON" in str(told.value)
    order(stage, match="nothing", kind="drop")
    assert stage.sync().tally.complaints == 10


def test_a_limit_that_lasts_is_handed_on_and_the_cursor_stays(stage):
    order(stage, match=SEARCH, kind="status", status=429, headers={"Retry-After": "1800"}, times=99)
    with pytest.raises(HelpdeskError) as told:
        stage.sync()
    assert (told.value.kind, told.value.retry_after) == (Kind.busy, 1800)
    order(stage, match="nothing", kind="drop")
    assert stage.sync().tally.complaints == 10


@pytest.mark.parametrize("match", [COMMENT, MOVE], ids=["note", "move"])
@pytest.mark.parametrize("kind", ["lost_reply", "cut_body", "drop"])
def test_a_write_without_an_answer_is_looked_up_and_never_doubled(closed_early, match, kind):
    stage = closed_early
    order(stage, match=match, kind=kind)
    stage.sync()
    for _ in range(3):
        stage.world.clock.advance(PATIENCE)
        stage.sync()
    shown = stage.end()["early"]
    assert (shown["status"], shown["moves"], len(shown["notes"])) == ("10006", 1, 1)


def test_a_conflict_has_the_ticket_looked_at_afresh(closed_early):
    stage = closed_early
    order(stage, match=MOVE, kind="conflict_409")
    stage.sync()
    shown = stage.end()["early"]
    assert (shown["status"], shown["moves"], len(shown["notes"])) == ("10006", 1, 1)


def test_whoever_reopens_meanwhile_is_not_fought(closed_early):
    stage = closed_early
    look = stage.world.edit

    def meanwhile():
        look(stage.issues["early"], {}, AGENT, to_status="10004")

    from connectors.jira.writer import Writer

    labels = Writer._labels

    def slow(self, plan, seen, key):
        if plan.move_back is not None:
            meanwhile()
        labels(self, plan, seen, key)

    Writer._labels = slow
    try:
        stage.sync()
    finally:
        Writer._labels = labels
    assert stage.world.find(stage.issues["early"]).status != DONE


def test_a_wrong_token_stores_nothing(tmp_path):
    with start_in_thread() as server:
        server.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
        with jira_service(tmp_path, server) as service:
            (tmp_path / ".env").write_text(
                (tmp_path / ".env").read_text().replace(server.token, "wrong")
            )
            with pytest.raises(HelpdeskError) as told:
                service.sync("sandbox")
            assert told.value.kind is Kind.signin
            assert service.store.counts()["ticket"] == 0
            assert service.store.cursor("sandbox", "complaints") is None


def test_a_ticket_that_cannot_be_judged_does_not_hold_up_the_others(stage, monkeypatch):
    from ombud.model.complaint import Fold

    fold, poison = Fold.fold, stage.issues["fine"]

    def broken(self, events, **named):
        told = list(events)
        if told[0].ref.id == poison:
            raise ValueError("what is this?")
        return fold(self, told, **named)

    monkeypatch.setattr(Fold, "fold", broken)
    report = stage.sync()
    assert report.tally.read == 10
    assert report.tally.complaints == 9
    monkeypatch.undo()
    stage.world.clock.advance(3600)
    assert stage.sync().tally.complaints >= 1


def test_a_ticket_that_is_hidden_keeps_its_findings(closed_early):
    stage = closed_early
    stage.sync()
    stage.world.delete(stage.issues["early"])
    stage.world.clock.advance(3600)
    stage.sync()
    from sync.service import open_service
    from tests.desks import Stepped

    clock = Stepped(stage.world.clock.now)
    with open_service(stage.config, clock, sleep=clock.sleep) as service:
        rules = {
            finding.rule
            for finding, _, _ in service.check()
            if finding.ref.id == stage.issues["early"]
        }
    assert "close.with_root_cause" in rules
