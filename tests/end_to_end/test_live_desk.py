"""An account that is live: a hint wakes it, the state decides, and the sweep heals what no hint told."""

from __future__ import annotations

import threading

import pytest

from ombud.model.event import Ref
from ombud.model.instant import MINUTE, SECOND, instant
from ombud.store import Hint
from sync.live.desk import MOST_UNKNOWN, Desk
from tests.faults.stage import AGENT as ANNA
from tests.faults.stage import CAUSE, DONE, FIELDS, Stage

pytestmark = pytest.mark.usefixtures("either")


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.stop()


@pytest.fixture
def desk(stage):
    with stage.service() as service, service.store.lease("sandbox") as epoch:
        desk = Desk(service, "sandbox", epoch)
        desk.tick()
        stage.world.clock.advance(60)
        yield desk


def hint(desk, *names, delivery=None):
    now = desk.service.now()
    hints = [
        Hint(Ref("sandbox", "jira", name), delivery or f"d{name}/{now}", now) for name in names
    ]
    desk.service.store.live.put_hints(hints)


def settled_calls(stage):
    return len(stage.server.calls)


def test_a_hint_has_a_premature_closure_moved_back_at_once(stage, desk):
    issue = stage.issues["early"]
    before = stage.world.find(issue).status
    stage.world.edit(issue, {}, ANNA, to_status=DONE)
    hint(desk, issue)
    desk.tick()
    assert stage.world.find(issue).status == before
    assert "Root cause" in stage.end()["early"]["notes"][0]
    assert desk.service.store.live.waiting("sandbox") == []


def test_without_a_hint_the_sweep_finds_it(stage, desk):
    issue = stage.issues["early"]
    stage.world.edit(issue, {}, ANNA, to_status=DONE)
    desk.tick()
    assert stage.world.find(issue).status == DONE
    stage.world.clock.advance(desk.service.settings.serve.sweep_seconds)
    desk.tick()
    assert stage.world.find(issue).status != DONE


def test_many_hints_of_one_ticket_are_one_look(stage, desk):
    issue = stage.issues["fine"]
    hint(desk, issue, delivery="once")
    desk.tick()
    calls = settled_calls(stage)
    stage.world.clock.advance(1)
    hint(desk, issue, delivery="again")
    hint(desk, issue, delivery="and-again")
    hint(desk, issue, delivery="and-again")
    assert [each.hints for each in desk.service.store.live.waiting("sandbox")] == [2]
    desk.tick()
    assert settled_calls(stage) - calls <= 2
    assert desk.service.store.live.waiting("sandbox") == []


def test_a_hint_that_comes_while_its_ticket_is_settled_is_not_lost(stage, desk, monkeypatch):
    issue = stage.issues["fine"]
    hint(desk, issue, delivery="first")
    read = desk.connector.look

    def looked(refs, schema):
        found = list(read(refs, schema))
        hint(desk, issue, delivery="meanwhile")
        return found

    monkeypatch.setattr(desk.connector, "look", looked)
    desk.hear(desk.waiting())
    assert [each.hints for each in desk.service.store.live.waiting("sandbox")] == [1]


def test_a_ticket_that_nobody_knows_comes_in_by_its_hint(stage, desk):
    new = stage.world.create("CMP", "Complaint", FIELDS, "acc-c01").id
    hint(desk, new)
    desk.tick()
    states = desk.service.store.states([Ref("sandbox", "jira", new)])
    assert states[Ref("sandbox", "jira", new)].case is not None


def test_a_flood_of_unknown_tickets_does_not_hold_up_the_known(stage, desk):
    issue = stage.issues["early"]
    hint(desk, *(str(9_000_000 + number) for number in range(3 * MOST_UNKNOWN)))
    stage.world.edit(issue, {}, ANNA, to_status=DONE)
    hint(desk, issue)
    taken = desk.waiting()
    assert len(taken) == MOST_UNKNOWN + 1
    assert taken[0].ref.id == issue
    desk.hear(taken[:1])
    assert stage.world.find(issue).status != DONE


def test_nothing_is_asked_while_the_helpdesk_is_down_and_nothing_is_lost(stage, desk):
    issue = stage.issues["early"]
    stage.server.faults.order([{"match": "/rest/", "kind": "status", "status": 503, "times": 200}])
    stage.world.edit(issue, {}, ANNA, to_status=DONE)
    hint(desk, issue)
    desk.tick()
    calls = settled_calls(stage)
    desk.tick()
    assert settled_calls(stage) == calls
    assert desk.pulse.why
    stage.server.faults.order([])
    stage.world.clock.advance(600)
    desk.tick()
    assert stage.world.find(issue).status != DONE
    assert desk.pulse.why == ""


def test_a_deadline_that_runs_out_while_the_helpdesk_is_down_is_known_at_its_instant(stage, desk):
    store = desk.service.store
    now = desk.service.now()
    nearest = min(
        (
            each
            for each in store.findings(account="sandbox")
            if each.until is None and each.verdict == "pending" and (each.due or 0) > now
        ),
        key=lambda each: each.due,
    )

    def stands():
        return [
            f.standing
            for f in store.findings(account="sandbox")
            if f.key == nearest.key and f.until is None
        ]

    def at(instant_):
        """Let the clock of everybody stand there, and have judged what is due then."""
        stage.world.clock.advance((instant_ - instant(stage.world.clock.now())) / SECOND)
        for bound in desk.bounds:
            desk.judge(bound, store.due("sandbox", bound.name, desk.service.now(), read=True))

    stage.server.faults.order([{"match": "/rest/", "kind": "status", "status": 503, "times": 999}])
    calls = settled_calls(stage)
    at(nearest.due)
    assert stands() == ["pending"]
    at(nearest.due + MINUTE)
    assert stands() == ["fail"]
    assert settled_calls(stage) == calls


def test_a_closing_that_was_mended_before_its_hint_was_looked_at_stays(stage, desk):
    issue = stage.issues["early"]
    stage.world.edit(issue, {}, ANNA, to_status=DONE)
    stage.world.edit(issue, CAUSE, ANNA)
    hint(desk, issue)
    desk.tick()
    shown = stage.end()["early"]
    assert (shown["status"], shown["moves"]) == (DONE, 0)


def test_the_night_comes_by_itself_and_writes_its_line(stage, desk):
    live = desk.service.store.live
    stage.world.clock.advance(86400)
    desk.tick()
    assert [(each.expected, each.missing) for each in live.ledger("sandbox")] == [(10, 0)]
    desk.tick()
    assert len(live.ledger("sandbox")) == 1


def test_a_sign_in_that_is_lost_is_told_to_people_at_once(stage, desk):
    stage.server.faults.order([{"match": "/rest/", "kind": "status", "status": 401, "times": 99}])
    stage.world.clock.advance(desk.service.settings.serve.sweep_seconds)
    desk.tick()
    told = desk.service.store.live.notices(desk.service.now())
    assert "blindness" in {each.kind for each in told}


def test_a_ticket_that_is_being_settled_is_settled_by_nobody_else(stage, desk):
    one, other = stage.issues["fine"], stage.issues["early"]
    ref = Ref("sandbox", "jira", one)
    settled, done = [], threading.Event()

    def hear():
        desk.hear(desk.waiting())
        settled.append(one)
        done.set()

    hint(desk, one)
    with desk.hold([ref]):
        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        # Who asks for another is not held up.
        with desk.hold([Ref("sandbox", "jira", other)]):
            assert not done.wait(0.2)
    assert done.wait(30)
    thread.join()
    assert settled == [one]


def test_hints_before_the_first_reading_wait_for_it_and_are_not_counted(stage):
    with stage.service() as service, service.store.lease("sandbox") as epoch:
        desk = Desk(service, "sandbox", epoch)
        hint(desk, stage.issues["fine"])
        desk.hear(desk.waiting())
        assert desk.pulse.settled == 0
        assert len(service.store.live.waiting("sandbox")) == 1
        desk.tick()
        assert desk.pulse.settled == 1
        assert service.store.live.waiting("sandbox") == []
