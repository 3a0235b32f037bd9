"""The breaker of our own writes: when it opens, for how long, when it closes, and that a restart does not forget it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ombud.model.connector import Outcome, Receipt
from ombud.model.event import Cause, Ref
from ombud.model.facts import Complaint, Transition
from ombud.model.instant import HOUR, MINUTE
from ombud.model.mark import MoveBack, Plan
from ombud.store import StoreError, Transaction
from sync.live.breaker import FAILED, LOOPS, OF, SPANS, Breaker, loops
from sync.outbox import send
from sync.reconcile import to_json
from tests.stores import posting, settled, store_at

REF = Ref("acme", "jira", "1")
PLAN = Plan(REF, "r", None)
BACK = replace(PLAN, move_back=MoveBack("9", ("4",), "t", "c"))
NOW = 1_000 * HOUR


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


@pytest.fixture
def epoch(store):
    with store.lease("acme") as held:
        yield held


def made(store):
    return Breaker(store, "acme", "jira")


def write(breaker, epoch, outcome, now=NOW, plan=PLAN):
    assert breaker.lets(now)
    breaker.ended(plan, None if outcome is None else Receipt(outcome, detail="no"), epoch, now)


def fail(breaker, epoch, times=FAILED, now=NOW):
    for _ in range(times):
        write(breaker, epoch, Outcome.refused, now)


@pytest.mark.parametrize("outcome", [Outcome.refused, Outcome.uncertain])
def test_it_opens_when_too_many_of_the_last_writes_failed(store, epoch, outcome):
    breaker = made(store)
    for _ in range(FAILED - 1):
        write(breaker, epoch, outcome)
        write(breaker, epoch, Outcome.done)
    assert breaker.lets(NOW)
    write(breaker, epoch, outcome)
    assert not breaker.lets(NOW)
    assert f"{FAILED} of the last" in breaker.sentence(NOW)


def test_failures_long_ago_do_not_count(store, epoch):
    breaker = made(store)
    fail(breaker, epoch, FAILED - 1)
    for _ in range(OF):
        write(breaker, epoch, Outcome.done)
    fail(breaker, epoch, FAILED - 1)
    assert breaker.lets(NOW)


def test_a_race_a_limit_and_a_way_back_that_is_barred_are_no_failures(store, epoch):
    breaker = made(store)
    for _ in range(3 * OF):
        write(breaker, epoch, Outcome.stale)
        write(breaker, epoch, None)
        write(breaker, epoch, Outcome.refused, plan=BACK)
    assert breaker.lets(NOW)


def test_it_waits_ever_longer_and_tries_one_write_each_time(store, epoch):
    breaker, now = made(store), NOW
    fail(breaker, epoch)
    for span in (*SPANS, SPANS[-1]):
        assert not breaker.lets(now + span - 1)
        now += span
        assert breaker.lets(now)
        assert not breaker.lets(now)
        breaker.ended(PLAN, Receipt(Outcome.uncertain), epoch, now)
    now += SPANS[-1]
    write(breaker, epoch, Outcome.stale, now)
    write(breaker, epoch, Outcome.done, now)
    assert breaker.lets(now)
    assert breaker.lets(now)
    assert breaker.sentence(now) == ""
    # It begins anew: what was before is forgiven.
    fail(breaker, epoch, now=now)
    assert breaker.lets(now + SPANS[0])


def test_a_restart_does_not_forget_it(store, epoch):
    fail(made(store), epoch)
    again = made(store)
    assert not again.lets(NOW + SPANS[0] - 1)
    assert again.check(NOW).ok is False
    fail(again, epoch, 1, NOW + SPANS[0])
    assert not made(store).lets(NOW + SPANS[0] + SPANS[1] - 1)
    write(again, epoch, Outcome.done, NOW + SPANS[0] + SPANS[1])
    assert made(store).lets(NOW)
    assert made(store).check(NOW) is None


def test_people_are_told_once_each_time_it_opens(store, epoch):
    breaker = made(store)
    fail(breaker, epoch)
    (notice,) = store.live.notices(NOW)
    assert (notice.kind, notice.ref.account, notice.ref.id) == ("breaker", "acme", "")
    fail(breaker, epoch, 1, NOW + SPANS[0])
    write(breaker, epoch, Outcome.done, NOW + SPANS[0] + SPANS[1])
    assert len(store.live.notices(NOW + HOUR)) == 2


def test_while_all_is_well_nothing_is_kept(store, epoch):
    breaker = made(store)
    for _ in range(OF):
        write(breaker, epoch, Outcome.done)
    assert store.meta("breaker:acme") is None


def closings(*causes, apart=MINUTE, actors=None):
    told = tuple(
        Transition(
            event=str(number),
            change=str(number),
            ref=REF,
            leaving="responded",
            entering="closed",
            from_status="4",
            to_status="9",
            at=NOW + number * apart,
            actor=(actors or ["robot"] * len(causes))[number],
            cause=cause,
            row={},
            until=None,
            stay=None,
        )
        for number, cause in enumerate(causes)
    )
    return Complaint("c", (REF,), REF, {}, {}, told, (), "closed", "9", None)


PERSON, ROBOT, RULE = Cause.person, Cause.automation, Cause.rule


@pytest.mark.parametrize(
    "told, looped",
    [
        (closings(PERSON, ROBOT, ROBOT), True),
        (closings(RULE, RULE, RULE), True),
        (closings(ROBOT, ROBOT), False),
        (closings(PERSON, PERSON, PERSON), False),
        (closings(PERSON, PERSON, ROBOT), False),
        (closings(PERSON, ROBOT, ROBOT, apart=HOUR), False),
        (closings(PERSON, ROBOT, ROBOT, actors=["a", "b", "c"]), False),
    ],
)
def test_a_machine_that_closes_again_at_once_goes_round_in_circles(told, looped):
    assert LOOPS == 3
    assert loops(told) is looped


def test_the_one_try_is_not_lost_where_the_database_fails_before_it(store, epoch, monkeypatch):
    breaker = made(store)
    fail(breaker, epoch)
    with store.begin("acme", epoch) as tx:
        tx.put_settled([settled(posting=posting(plan=to_json(PLAN)))], known_at=NOW)

    def full(*_):
        raise StoreError("the disk is full")

    monkeypatch.setattr(Transaction, "mark_sending", full)
    later = NOW + SPANS[0]
    with pytest.raises(StoreError, match="full"):
        send(store, SimpleNamespace(account="acme"), epoch, lambda: later, breaker=breaker)
    assert breaker.lets(later)
