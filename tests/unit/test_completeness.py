"""The sentence beside every rate, and how its numbers are rounded: what is unknown is never complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ombud.model.connector import Gone
from ombud.model.event import Cause, Kind
from ombud.model.instant import DAY, HOUR, MINUTE, SECOND
from ombud.model.scope import Decision
from ombud.store import Standing
from sync.completeness import Completeness, percent, span
from tests.stores import event, put, settled, state, store_at

DAY_OF = date(2026, 11, 25)


@pytest.mark.parametrize(
    "told, said",
    [
        (
            Completeness("acme", DAY_OF, 2_000, 1_996, 1, 3, 0),
            "Data 99.8 % complete as of 25 Nov (3 unreadable, 1 missing): ombud accounts check acme",
        ),
        (
            Completeness("acme", DAY_OF, 1_000_000, 999_999, 1),
            "Data 99.9 % complete as of 25 Nov (1 missing): ombud accounts check acme",
        ),
        (
            Completeness("acme", DAY_OF, 10, 9),
            "Data 90 % complete as of 25 Nov (1 not read yet): ombud accounts check acme",
        ),
        (
            Completeness("acme", DAY_OF, 10, 10, late=1),
            "Data 100 % complete as of 25 Nov; no census in 1 night since: ombud accounts check acme",
        ),
        (
            Completeness("acme", DAY_OF, 0, 0),
            "No complaints as of 25 Nov: ombud accounts check acme",
        ),
        (
            Completeness("acme", DAY_OF, 10, 10, lacking=("post",)),
            "No census yet of post, so nobody knows how complete the data are; it comes in the night, or now with: ombud accounts census acme",
        ),
        (
            Completeness("acme", None),
            "No census yet of acme, so nobody knows how complete its data are; it comes in the night, or now with: ombud accounts census acme",
        ),
        (
            Completeness("logs", None, listed=False),
            "logs is read from a file: nothing says whether it holds everything",
        ),
    ],
)
def test_how_complete_the_data_are_in_a_sentence(told, said):
    assert told.sentence() == said
    assert not told.whole


def test_whole_is_only_what_was_counted_last_night_and_all_read():
    assert Completeness("acme", DAY_OF, 10, 10).whole


def test_what_is_not_whole_never_reads_as_if():
    assert (percent(999_999, 1_000_000), percent(2, 3), percent(0, 0)) == (99.9, 66.6, None)


def test_lengths_of_time_are_rounded_up():
    told = [span(lag) for lag in (0, SECOND, 61 * SECOND, 2 * MINUTE + 1, 90 * MINUTE, 5 * DAY)]
    assert told == ["1 s", "1 s", "61 s", "3 min", "90 min", "5 days"]


@pytest.mark.usefixtures("either")
def test_how_complaints_stand_is_counted_by_what_became_of_them(tmp_path):
    outside = Decision.not_a_complaint
    told = [
        state("1"),
        state("2", gone=Gone.unreachable),
        state("3", gone=Gone.deleted),
        state("4", gone=Gone.merged),
        state("5", failures=1),
        state("6", failures=3),
        state("7", decision=outside),
        state("8", binding="others"),
    ]
    store = store_at(tmp_path)
    put(store, *(settled(left=each) for each in told))
    with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
        tx.put_tickets(
            [
                _without_case(state("9")),
                _without_case(state("10", decision=outside)),
                _without_case(state("11", failures=4)),
            ],
            known_at=1,
        )
    found = store.live.standing("acme", "complaints")
    assert found == Standing(
        read=1, missing=1, unreadable=1, quarantined=2, unread=1, deleted=1, merged=1, left=1
    )
    assert found.expected == 6
    store.close()


def _without_case(told):
    return replace(told, case=None, settled=None)


@pytest.mark.usefixtures("either")
def test_lag_is_of_what_others_changed_and_of_a_new_ticket_only_the_last(tmp_path):
    store = store_at(tmp_path)

    def knows(at, *events):
        put(store, settled("1", events=events), known_at=at)

    def lag(begin=0, end=100 * HOUR):
        return store.live.lag("acme", begin, end, binding="complaints")

    assert lag() is None
    knows(10 * HOUR, event("1", "a", happened=HOUR), event("1", "b", happened=9 * HOUR))
    assert lag() == HOUR
    knows(
        20 * HOUR,
        event("1", "c", happened=17 * HOUR),
        event("1", "d", happened=19 * HOUR),
        event("1", "e", happened=11 * HOUR, kind=Kind.observed),
        event("1", "f", happened=11 * HOUR, cause=Cause.ourselves),
    )
    assert lag() == 3 * HOUR
    assert lag(begin=18 * HOUR) == HOUR
    assert store.live.lag("acme", 0, 100 * HOUR, binding="others") is None
    knows(30 * HOUR, event("1", "g", happened=31 * HOUR))
    assert lag(begin=30 * HOUR) == 0, "a clock that is ahead makes no lag less than none"
    store.close()
