"""A sync with actions killed anywhere ends, once run again, where an undisturbed one ends."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.faults.stage import (
    Stage,
    kill_after_commit,
    kill_around_call,
    kill_around_operation,
    kill_before_second_hop,
    killed_at,
)

#: More commits and calls than a sync of the stage makes.
MOST = 400


@contextmanager
def staged(folder):
    stage = Stage(folder)
    try:
        stage.sync()
        stage.agents_act()
        yield stage
    finally:
        stage.stop()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("undisturbed")) as stage:
        stage.sync()
        stage.recover()
        return stage.end()


def ended(folder, prepare, tamper=lambda: None):
    """Give the end state after one kill, or nothing where the sync ended before it."""
    folder.mkdir()
    with staged(folder) as stage:
        if not killed_at(stage, prepare, tamper):
            return None
        stage.recover()
        return stage.end()


def test_the_stage_holds_every_kind_of_action(undisturbed):
    told = undisturbed
    assert told["early"]["status"] == told["early_again"]["status"] == "10006"
    assert told["early"]["moves"] == 1
    assert "ombud-blocked" in told["early"]["labels"]
    assert (told["hops"]["status"], told["hops"]["moves"]) == ("10004", 2)
    assert (told["terminal"]["status"], told["terminal"]["moves"]) == ("10010", 0)
    assert "could not be reopened" in told["terminal"]["notes"][0]
    assert told["fine"] == {**told["fine"], "status": "10010", "notes": [], "moves": 0}
    # What was missing is filled in; what closing will need is told before.
    assert "before you close it" in told["filled"]["notes"][0]
    assert "Channel" not in told["filled"]["notes"][0]
    assert "Investigation summary" in told["worse"]["notes"][0]
    assert "Channel" in told["worse"]["notes"][0]
    assert told["new"]["notes"]
    assert told["late"]["notes"]
    assert told["question"] == {**told["question"], "labels": [], "notes": []}
    assert told["noisy"]["labels"] == ["ombudsman", "vip"]
    assert told["noisy"]["foreign"] == 3
    for each in told.values():
        assert len(each["notes"]) <= 1
        assert each["note_known"]


def numbers(share, shares):
    return range(1 + share, MOST, shares)


@pytest.mark.parametrize("share", range(2))
@pytest.mark.parametrize("way", ["commit", "before a call", "after a call"])
def test_killed_anywhere_it_ends_the_same(way, share, undisturbed, tmp_path):
    assert struck_down(way, numbers(share, 2), undisturbed, tmp_path) >= 10


@pytest.mark.parametrize(
    "way, stride", [("commit", 5), ("before a call", 17), ("after a call", 17)]
)
def test_over_postgresql_it_ends_where_an_undisturbed_sync_over_sqlite_ends(
    way, stride, undisturbed, postgresql, tmp_path
):
    assert struck_down(way, range(3, MOST, stride), undisturbed, tmp_path) >= 3


def struck_down(way, chosen, undisturbed, tmp_path):
    """Kill at each of the numbers chosen; give how many there were before the sync's own end."""
    struck = 0
    for number in chosen:
        prepare = {
            "commit": kill_after_commit(number),
            "before a call": kill_around_call(number, answered=False),
            "after a call": kill_around_call(number, answered=True),
        }[way]
        end = ended(tmp_path / str(number), prepare)
        if end is None:
            break
        struck += 1
        assert end == undisturbed, f"killed at {way} {number}"
    return struck


def test_without_looking_for_our_note_it_would_be_written_twice(undisturbed, tmp_path, monkeypatch):
    prepare = kill_around_operation("POST /rest/api/3/issue/{id}/comment", answered=True)
    assert ended(tmp_path / "with", prepare) == undisturbed
    monkeypatch.setattr("connectors.jira.writer.Writer._find_note", lambda _self, _issue: None)
    doubled = ended(tmp_path / "without", prepare)
    assert doubled != undisturbed
    assert max(len(each["notes"]) for each in doubled.values()) == 2


def test_without_keeping_a_plan_until_its_answer_it_would_be_lost(
    undisturbed, tmp_path, monkeypatch
):
    prepare = kill_around_operation("PUT /rest/api/3/issue/{id}", answered=False)
    assert ended(tmp_path / "with", prepare) == undisturbed

    def forget(self, ref, key, now):
        self.drop_plan(ref, key)

    monkeypatch.setattr("ombud.store.transaction.Transaction.mark_sending", forget)
    assert ended(tmp_path / "without", prepare) != undisturbed


def test_without_finishing_what_was_begun_a_ticket_would_stand_half_way(
    undisturbed, tmp_path, monkeypatch
):
    from ombud.model.connector import Outcome, Receipt
    from sync import outbox

    def adopt(store, connector, posted, plan, epoch, now, sent):
        outbox._book(
            store, connector.account, posted, plan, Receipt(Outcome.done), epoch, now, sent
        )

    resolve = outbox._resolve

    def resolving(*arguments):
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "_act", adopt)
            resolve(*arguments)

    half_way = kill_before_second_hop()
    assert ended(tmp_path / "with", half_way) == undisturbed
    monkeypatch.setattr(outbox, "_resolve", resolving)
    assert ended(tmp_path / "without", half_way)["hops"] != undisturbed["hops"]
