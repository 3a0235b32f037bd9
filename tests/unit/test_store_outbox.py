"""One waiting plan a ticket, and none replaced while its outcome is open."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.stores import posting, put, ref, settled, state, store_at

pytestmark = pytest.mark.usefixtures("either")


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


@contextmanager
def writing(store):
    with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
        yield tx


def waiting(store, now=1_000):
    return [
        (each.ref.id, each.key, each.state, each.attempts) for each in store.posted("acme", now)
    ]


def test_a_newer_plan_takes_the_place_of_one_not_sent(store):
    put(store, settled(posting=posting("k1")))
    put(store, settled(posting=posting("k2")))
    assert waiting(store) == [("1", "k2", "pending", 0)]
    put(store, settled())
    assert waiting(store) == []


@pytest.mark.parametrize("mark", ["mark_sending", "mark_uncertain"])
def test_nothing_replaces_or_drops_a_plan_whose_outcome_is_open(store, mark):
    put(store, settled(posting=posting("k1")))
    with writing(store) as tx:
        getattr(tx, mark)(ref(), "k1", 20)
    put(store, settled(posting=posting("k2")))
    put(store, settled())
    [held] = store.posted("acme", 1_000)
    assert (held.key, held.uncertain_since) == ("k1", 20)


def test_an_equal_plan_keeps_its_attempts_and_its_wait(store):
    put(store, settled(posting=posting("k1")))
    with writing(store) as tx:
        tx.book_refused(store.posted("acme", 10)[0], "no", transition=None, next_try=500)
    put(store, settled(posting=posting("k1")))
    assert waiting(store, now=499) == []
    assert waiting(store, now=500) == [("1", "k1", "pending", 1)]


def test_open_outcomes_go_first_then_what_enforces(store):
    put(
        store,
        settled("1", posting=posting("k1")),
        settled("2", posting=posting("k2", urgent=True)),
        settled("3", posting=posting("k3")),
    )
    with writing(store) as tx:
        tx.mark_uncertain(ref("3"), "k3", 20)
    assert [name for name, *_ in waiting(store)] == ["3", "2", "1"]


def test_a_plan_in_place_is_booked_for_budgets_and_for_taking_it_away(store):
    put(store, settled("1", posting=posting("k1")), settled("2", posting=posting("k2")))
    first, second = store.posted("acme", 100)
    with writing(store) as tx:
        tx.book_done(first, moved_back="e1", now=50)
        tx.book_done(second, moved_back=None, now=60)
    assert waiting(store) == []
    assert (store.moves_since("acme", 49), store.moves_since("acme", 50)) == (1, 0)
    assert store.moves_since("other", 0) == 0
    assert sorted(store.written("acme")) == [ref("1"), ref("2")]


def test_a_refused_way_back_is_remembered_and_the_ticket_settled_afresh(store):
    put(store, settled(posting=posting("k1")))
    with writing(store) as tx:
        tx.book_refused(
            store.posted("acme", 100)[0], "screen field missing", transition="e7", next_try=200
        )
    left = store.states([ref()])[ref()]
    assert (left.refused, left.trouble, left.settled) == ("e7", "screen field missing", None)
    assert waiting(store) == []
    assert store.due("acme", "complaints", 200) == [ref()]


def test_a_plan_that_no_longer_fits_leaves_a_ticket_that_is_due_at_once(store):
    # A process killed right after this must not forget the ticket, though its page is behind the cursor.
    put(store, settled(posting=posting("k1")))
    with writing(store) as tx:
        tx.void_plan(ref(), "k1")
    assert store.due("acme", "complaints", 0) == [ref()]
    assert waiting(store) == []


def test_only_the_plan_that_was_meant_is_dropped(store):
    put(store, settled(posting=posting("k2")))
    with writing(store) as tx:
        tx.drop_plan(ref(), "k1")
        tx.mark_sending(ref(), "k1", 20)
    assert waiting(store) == [("1", "k2", "pending", 0)]


def test_voiding_an_account_leaves_the_others(store):
    put(store, settled(posting=posting("k1")))
    other = ref("1", account="other")
    put(store, settled(left=state(ref=other), posting=posting("k2")), account="other")
    with writing(store) as tx:
        tx.void_outbox("acme")
    assert waiting(store) == []
    assert [each.ref for each in store.posted("other", 100)] == [other]
