"""Where people were told of notices is kept, and how findings stand is found, on every kind of database."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.store import Notice, Telling
from tests.stores import ACCOUNT, finding, put, ref, settled, store_at

pytestmark = pytest.mark.usefixtures("either")


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


def notice(key, made=1):
    return Notice(key, "block", ref(), "complaints", "r", "major", None, made, "{}")


def book(store, told=(), done=(), later=(), now=10):
    with store.lease(ACCOUNT) as epoch, store.begin(ACCOUNT, epoch) as tx:
        tx.put_tellings(told, done, now)
        tx.put_off(later)


def keys(notices):
    return [each.key for each in notices]


def test_an_occasion_is_kept_once_and_waits_until_it_is_done_with(store):
    live = store.live
    live.put_notices([notice("a"), notice("b"), notice("a", made=2)])
    assert [(each.key, each.made) for each in live.notices(5)] == [("a", 1), ("b", 1)]
    assert live.known_notices(["a", "x"]) == {"a"}
    first, second = live.notices(5)
    book(store, [Telling(first.seq, "leads", 10, "m1")], [first.seq], [(second.seq, 20)])
    assert live.notices(19) == []
    assert live.next_telling() == 20
    assert keys(live.notices(20)) == ["b"]
    assert live.tellings([first.seq, second.seq]) == [Telling(first.seq, "leads", 10, "m1")]
    assert [(each.key, when) for each, when in live.told_lately()] == [("a", 10)]
    live.notices_afresh()
    assert live.next_telling() == 0


def test_told_twice_by_one_channel_is_booked_once(store):
    store.live.put_notices([notice("a")])
    (each,) = store.live.notices(5)
    book(store, [Telling(each.seq, "leads", 10, "m1")])
    book(store, [Telling(each.seq, "leads", 20, "m2"), Telling(each.seq, "desk", 20, "m3")])
    found = {(told.channel, told.sent) for told in store.live.tellings([each.seq])}
    assert found == {("leads", 10), ("desk", 20)}


def test_what_was_told_long_ago_is_dropped_with_where_it_was_told(store):
    live = store.live
    live.put_notices([notice("a"), notice("b")])
    a, _ = live.notices(5)
    book(store, [Telling(a.seq, "leads", 10, "m")], [a.seq], now=10)
    live.prune(hints=0, notices=11)
    assert live.tellings([a.seq]) == []
    assert live.known_notices(["a", "b"]) == {"b"}
    assert keys(live.notices(5)) == ["b"]


def test_hundreds_of_notices_are_booked_at_once(store):
    live = store.live
    live.put_notices([notice(str(number)) for number in range(1_200)])
    seqs = [each.seq for each in live.notices(5, most=2_000)]
    book(store, [Telling(seq, "leads", 10, "m") for seq in seqs], seqs)
    assert len(live.tellings(seqs)) == 1_200
    assert live.next_telling() is None


def test_how_findings_stand_is_told_by_what_is_stored(store):
    late = finding(rule="ack", due=5)
    put(store, settled(findings=[late]))
    assert store.live.stands_of(["case-1", "case-2"]) == {late.key: ("fail", 5)}
    put(store, settled(findings=[late._replace(standing=Verdict.pending, due=9)]), known_at=20)
    assert store.live.stands_of(["case-1"]) == {late.key: ("pending", 9)}


def test_what_asked_for_a_way_back_is_found_by_the_closing(store):
    blocks = finding(rule="close.a", mode="block", occurrence="e9")
    flags = finding(rule="close.b", mode="flag", occurrence="e9")
    put(store, settled(findings=[blocks, flags]))
    assert store.live.blocking(ref(), "e9") == [("complaints", "close.a", "major")]
    assert store.live.blocking(ref(), "e1") == []
