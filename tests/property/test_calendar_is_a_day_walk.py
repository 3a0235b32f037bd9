"""Deadlines equal those of an oracle that walks from day to day, exactly, through nights the clocks change."""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.model.calendar import Horizon, Unit
from ombud.model.instant import instant, moment
from tests import day_walk
from tests.calendar_strategies import HOURLY, calendar, desks, pauses, starts, terms, walked


@given(st.data())
def test_due_is_that_of_the_day_walk(data):
    desk = data.draw(desks())
    built = calendar(desk)
    for _ in range(4):
        start, term = data.draw(starts(desk)), data.draw(terms())
        held = data.draw(pauses(start))
        assert built.due(start, term, held) == walked(desk, start, term, held), (start, term, held)


@given(st.data())
def test_nothing_is_due_before_it_has_started(data):
    desk = data.draw(desks())
    start, term = data.draw(starts(desk)), data.draw(terms())
    due = calendar(desk).due(start, term, data.draw(pauses(start)))
    assert due is None or due > start


@given(st.data())
def test_a_later_start_is_never_due_earlier(data):
    desk = data.draw(desks())
    built, term = calendar(desk), data.draw(terms())
    start = data.draw(starts(desk))
    # Months are as long as they are: a day paused in a long one may be none of a short one.
    held = [] if term.unit is Unit.months else data.draw(pauses(start))
    later = start + timedelta(minutes=data.draw(st.integers(0, 3000)))
    sooner, after = built.due(start, term, held), built.due(later, term, held)
    assert after is None or (sooner is not None and sooner <= after)


@given(st.data())
def test_a_table_looked_up_by_bisection_and_a_batch_are_the_same(data):
    desk = data.draw(desks())
    built, term = calendar(desk), data.draw(terms())
    batch = [instant(data.draw(starts(desk))) for _ in range(8)]
    one_by_one = [built.due_at(start, term) for start in batch]
    edges, slopes, offsets = built.tabulate(term)
    places = [bisect_left(edges, start) for start in batch]
    looked_up = [offsets[i] + slopes[i] * start for i, start in zip(places, batch, strict=True)]
    assert looked_up == one_by_one
    assert built.due_many(batch, term) == one_by_one
    assert built.due_many(sorted(batch), term) == sorted(one_by_one)


@given(st.data())
def test_the_last_edge_of_a_table_is_the_last_start_that_has_a_due(data):
    built, term = calendar(data.draw(desks())), data.draw(terms())
    edge = built.tabulate(term)[0][-1]
    assert built.due_at(edge, term) is not None
    with pytest.raises(Horizon):
        built.due_at(edge + 1, term)


@given(st.data())
def test_open_time_is_that_of_the_day_walk_and_adds_up(data):
    desk = data.draw(desks())
    built = calendar(desk)
    a, b = sorted([data.draw(starts(desk)), data.draw(starts(desk))])
    b = min(b, a + timedelta(days=20))
    middle = a + (b - a) / 3
    whole = built.open_between(instant(a), instant(b))
    assert timedelta(microseconds=whole) == day_walk.open_between(desk, a, b)
    parts = [built.open_between(instant(p), instant(q)) for p, q in ((a, middle), (middle, b))]
    assert sum(parts) == whole
    assert moment(built.next_open(instant(a))) == next(desk.open_time(a))[0]
    assert built.is_open(instant(a)) == (next(desk.open_time(a))[0] == a)


@given(st.data())
def test_the_lines_of_an_explanation_add_up_to_the_term(data):
    desk = data.draw(desks())
    built, term, start = calendar(desk), data.draw(terms()), data.draw(starts(desk))
    held = [
        (instant(begin), None if end is None else instant(end))
        for begin, end in data.draw(pauses(start))
    ]
    due = built.due_at(instant(start), term, held)
    if due is None:
        return
    lines = built.explain(instant(start), due, held, term)
    assert [line.day for line in lines] == [
        desk.local_day(start) + timedelta(days=n) for n in range(len(lines))
    ]
    if term.unit in HOURLY:
        assert sum(line.counted for line in lines) == term.length
        return
    numbers = [line.number for line in lines if line.number]
    assert numbers == list(range(1, len(numbers) + 1))
    if term.unit is not Unit.months:
        assert len(numbers) == term.length
    if not term.roll:
        assert due in {*ends_of(desk, next(line.day for line in reversed(lines) if line.number))}


def ends_of(desk, day):
    """Both ends a day may have."""
    yield instant(desk.midnight(day + timedelta(days=1)))
    if desk.windows(day):
        yield instant(desk.close_of_business(day))
