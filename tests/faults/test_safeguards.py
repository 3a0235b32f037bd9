"""Each safeguard against loss, taken away alone, loses something: it is needed, and the tests would see it go."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from connectors.jira import reader
from connectors.jira.writer import Writer
from ombud.model.connector import Outcome, Receipt
from ombud.model.event import CREATED, Ref
from ombud.store import StaleLease, engine
from ombud.store.store import Store
from ombud.store.transaction import Transaction
from sync import sweep as sweep_module
from tests.faults.stage import AGENT, Stage

pytestmark = pytest.mark.usefixtures("either")
OUTCOME = "customfield_10046"


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    stage.sync()
    yield stage
    stage.stop()


def found_late(stage):
    """Change two tickets, of which the search shows the later one first; tell whether both come in."""
    world, (first, second) = stage.world, (stage.issues["fine"], stage.issues["early"])
    world.clock.advance(3600)
    world.index.lag_seconds = 200
    world.edit(first, {OUTCOME: "Voucher"}, AGENT)
    world.index.lag_seconds = 0
    world.clock.advance(150)
    world.edit(second, {OUTCOME: "Voucher"}, AGENT)
    stage.sync()
    world.clock.advance(3600)
    with stage.service() as service:
        service.sync("sandbox")
        told = service.store.events([Ref("sandbox", "jira", first)])
    return any(
        event.field == OUTCOME and event.change != CREATED
        for events in told.values()
        for event in events
    )


def test_what_the_search_shows_late_is_found_by_the_overlap(stage):
    assert found_late(stage)


def test_without_the_overlap_it_would_be_lost(stage, monkeypatch):
    monkeypatch.setattr(reader, "OVERLAP", 0)
    assert not found_late(stage)


def after_a_swallowed_write(stage):
    """Have the helpdesk say yes once and do nothing; give what the sync says of it, and whether a later one mends it."""
    assert "ombud-due" in stage.end()["late"]["labels"]
    stage.server.faults.order(
        [{"match": r"PUT /rest/api/3/issue/\d+$", "kind": "status", "status": 204, "body": ""}]
    )
    stage.world.clock.advance(20 * 3600)
    report = stage.sync()
    assert stage.server.faults.report()[0]["struck"] == 1
    return report.refused


def test_a_yes_that_did_nothing_is_found_by_reading_back_and_done_again(stage):
    assert after_a_swallowed_write(stage)
    stage.world.clock.advance(600)
    assert stage.sync().refused == {}
    assert "ombud-due" not in stage.end()["late"]["labels"]


def test_without_reading_back_it_would_be_believed(stage, monkeypatch):
    def believe(_self, plan, _detail, _owner):
        return Receipt(Outcome.done, plan.revision)

    monkeypatch.setattr(Writer, "_read_back", believe)
    assert not after_a_swallowed_write(stage)


def cut_off_between_pages(stage, monkeypatch):
    """Break a sync off once its first page was read, then sync again; give the tickets that are known."""
    put, cut = Transaction.put_settled, []

    def broken(self, settled, *, known_at):
        if settled and not cut:
            cut.append(True)
            raise KeyboardInterrupt
        put(self, settled, known_at=known_at)

    monkeypatch.setattr(Transaction, "put_settled", broken)
    with stage.service() as service:
        with pytest.raises(KeyboardInterrupt):
            service.sync("sandbox")
        stage.world.clock.advance(3600)
        service.sync("sandbox")
        return {state.ref.id for page in service.store.complaints("complaints") for state in page}


@pytest.fixture
def fresh(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.stop()


def test_a_page_that_was_not_stored_is_asked_for_again(fresh, monkeypatch):
    complaints = set(fresh.issues.values()) - {fresh.issues["question"]}
    assert cut_off_between_pages(fresh, monkeypatch) == complaints


def test_a_cursor_that_moves_before_its_page_is_stored_would_lose_it(fresh, monkeypatch):
    settle = sweep_module.settle

    def hasty(at, connector, seen, *, missing=(), cursor=None, open_first=False, hinted=()):
        with at.store.begin(at.bound.account, at.epoch) as tx:
            tx.set_cursor(at.bound.account, at.bound.name, cursor or "")
        settle(at, connector, seen, missing=missing, open_first=open_first)

    monkeypatch.setattr(sweep_module, "settle", hasty)
    complaints = set(fresh.issues.values()) - {fresh.issues["question"]}
    assert cut_off_between_pages(fresh, monkeypatch) < complaints


def overtaken(stage):
    """Let a process that lost its lease go on writing."""
    with stage.service() as service:
        with service.store.lease("sandbox") as old:
            pass
        with service.store.lease("sandbox") as new:
            with service.store.begin("sandbox", new) as tx:
                tx.set_cursor("sandbox", "complaints", "newer")
            with service.store.begin("sandbox", old) as tx:
                tx.set_cursor("sandbox", "complaints", "older")
        return service.store.cursor("sandbox", "complaints")


def test_whoever_lost_the_lease_writes_nothing(stage):
    with pytest.raises(StaleLease):
        overtaken(stage)


def test_without_fencing_it_would_turn_the_clock_back(stage, monkeypatch):
    @contextmanager
    def unfenced(self, account, held):
        with engine.writing(self._engine) as db:
            yield Transaction(db, self._vault)

    monkeypatch.setattr(Store, "begin", unfenced)
    assert overtaken(stage) == "older"
