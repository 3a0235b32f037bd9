"""What goes into the database comes out as it was."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ombud.model.connector import Gone
from ombud.model.event import Cause, Kind, Message, Nature, Side
from ombud.model.facts import UNKNOWN
from ombud.model.scope import Decision
from tests.stores import event, put, ref, settled, state, store_at

pytestmark = pytest.mark.usefixtures("either")


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


@pytest.mark.parametrize(
    "value",
    [None, UNKNOWN, "", "?", "=x", "[]", "2", "Ünïcode \u202e '; --", (), ("a", "b"), ("?",)],
)
def test_native_values_come_back_as_they_were(store, value):
    put(store, settled(events=[event(before=value, after=value)]))
    [back] = store.events([ref()])[ref()]
    assert back == event(before=value, after=value)


def test_every_part_of_an_event_comes_back(store):
    told = event(
        kind=Kind.message,
        field="owner",
        nature=Nature.person,
        cause=Cause.mail,
        actor=None,
        seq=7,
        recorded=2_000,
        source="row 12",
        message=Message(
            public=None,
            by=Side.agent,
            to=Side.representative,
            automatic=True,
            kinds=frozenset({"response", "decision"}),
            key="ours",
        ),
    )
    put(store, settled(events=[told]))
    assert store.events([ref()]) == {ref(): [told]}


def test_an_event_that_arrives_twice_is_kept_as_it_was_first_known(store):
    put(store, settled(events=[event(after="2")]), known_at=10)
    put(store, settled(events=[event(after="3"), event(which="e2")]), known_at=20)
    assert [(each.id, each.after) for each in store.events([ref()])[ref()]] == [
        ("e1", "2"),
        ("e2", "2"),
    ]
    assert [each.id for each in store.events([ref()], known_by=19)[ref()]] == ["e1"]
    assert store.events([ref()], known_by=9) == {}


def test_the_same_event_id_on_two_tickets_and_accounts_is_two_events(store):
    other = ref("1", account="other")
    put(store, settled("1", events=[event("1")]), settled("2", events=[event("2")]))
    put(store, settled(left=state(ref=other), events=[event(ref=other)]), account="other")
    assert {
        each: len(events) for each, events in store.events([ref("1"), ref("2"), other]).items()
    } == {
        ref("1"): 1,
        ref("2"): 1,
        other: 1,
    }


def test_events_come_in_the_order_in_which_they_happened(store):
    late = event(which="a", happened=3)
    tied = [event(which="c", happened=2, seq=1), event(which="b", happened=2, seq=2)]
    put(store, settled(events=[late, *reversed(tied)]))
    assert store.events([ref()])[ref()] == [*tied, late]


@pytest.mark.parametrize(
    "left",
    [
        state(),
        state(
            decision=Decision.undecided,
            settled=None,
            recheck=5,
            failures=3,
            trouble="cut",
            complete=False,
        ),
        state(gone=Gone.merged, refused="e9"),
    ],
)
def test_a_ticket_is_found_as_it_was_left(store, left):
    put(store, settled(left=left))
    assert store.states([left.ref, ref("unseen")]) == {left.ref: left}
    assert (
        store.find_ticket("acme:1")
        == store.find_ticket("CMP-1")
        == store.find_ticket("acme:CMP-1")
        == left
    )
    assert store.find_ticket("CMP-2") is None


def test_more_tickets_than_one_query_takes_are_all_found(store):
    put(store, *(settled(str(number), events=[event(str(number))]) for number in range(1_203)))
    refs = [ref(str(number)) for number in range(1_203)]
    assert set(store.states(refs)) == set(store.events(refs)) == set(refs)


def test_complaints_come_in_pages_that_never_part_a_case(store):
    put(store, *(settled(str(number), case=f"case-{number // 3:04}") for number in range(1_500)))
    pages = list(store.complaints("complaints"))
    assert len(pages) > 1
    assert sum(len(page) for page in pages) == 1_500
    cases = [{left.case for left in page} for page in pages]
    assert not any(first & second for first, second in pairwise(cases))
    assert {left.ref.id for left in store.case_of(ref("4"))} == {"3", "4", "5"}


def test_deleted_tickets_are_no_complaints_any_more(store):
    put(
        store,
        settled(left=state(gone=Gone.deleted)),
        settled("2", left=state("2", gone=Gone.unreachable)),
    )
    assert [left.ref for page in store.complaints("complaints") for left in page] == [ref("2")]


def test_tickets_fall_due_by_their_own_recheck(store):
    put(
        store,
        settled("1", left=state("1", recheck=30)),
        settled("2", left=state("2", recheck=20)),
        settled("3", left=state("3")),
        settled("4", left=state("4", recheck=20, binding="other")),
    )
    assert store.due("acme", "complaints", 19) == []
    assert store.due("acme", "complaints", 30) == [ref("2"), ref("1")]


def test_triage_lists_what_is_undecided(store):
    put(store, settled("1"), settled("2", left=state("2", decision=Decision.undecided)))
    assert [(each.ref, each.key) for each in store.triage()] == [("acme:2", "CMP-2")]


def test_a_cursor_moves_with_its_page_or_not_at_all(store):
    def fail():
        with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
            tx.put_settled([settled(events=[event()])], known_at=10)
            tx.set_cursor("acme", "complaints", "page 2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.cursor("acme", "complaints") is None
    assert store.events([ref()]) == {}
    with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
        tx.set_cursor("acme", "complaints", "page 2")
    assert store.cursor("acme", "complaints") == "page 2"
    assert store.cursor("acme", "other") is None
