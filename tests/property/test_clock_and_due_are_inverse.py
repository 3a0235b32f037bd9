"""The clock counts up to a due exactly what the term allows: what has passed and what is left add up to it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from ombud.model.calendar import Term, Unit
from ombud.model.instant import instant
from tests.calendar_strategies import OPEN_DAYS, calendar, desks, pauses, starts

hours = st.integers(1, 60 * 60).map(lambda minutes: Term(minutes / 60, Unit.business_hours))


@given(st.data())
def test_open_time_from_start_to_due_is_the_term_and_no_earlier_instant_has_so_much(data):
    desk = data.draw(desks())
    built, term, start = calendar(desk), data.draw(hours), instant(data.draw(starts(desk)))
    due = built.due_at(start, term)
    assert built.open_between(start, due) == term.length
    assert built.open_between(start, due - 1) == term.length - 1


@given(st.data())
def test_open_time_outside_of_pauses_is_the_term(data):
    desk = data.draw(desks())
    built, term, at = calendar(desk), data.draw(hours), data.draw(starts(desk))
    held = data.draw(pauses(at))
    start = instant(at)
    due = built.due_at(start, term, [(instant(a), b and instant(b)) for a, b in held])
    assume(due is not None)
    # Cut the time at every edge of a pause, and measure the pieces that none of them covers.
    edges = {instant(edge) for pause in held for edge in pause if edge is not None}
    marks = sorted({start, due, *(edge for edge in edges if start < edge < due)})
    counted = sum(
        built.open_between(begin, end)
        for begin, end in pairwise(marks)
        if not any(instant(a) <= begin and (b is None or end <= instant(b)) for a, b in held)
    )
    assert counted == term.length


@given(st.data())
def test_what_is_left_at_any_moment_leads_to_the_same_due(data):
    desk = data.draw(desks())
    built, term, start = calendar(desk), data.draw(hours), instant(data.draw(starts(desk)))
    due = built.due_at(start, term)
    between = data.draw(st.integers(start, due - 1))
    left = built.open_between(between, due)
    assert left == term.length - built.open_between(start, between)
    rest = Term(left / 3_600_000_000, Unit.business_hours)
    assert rest.length == left
    assert built.due_at(between, rest) == due


@given(st.data())
def test_two_terms_one_after_the_other_are_one_of_both(data):
    desk = data.draw(desks())
    built, start = calendar(desk), instant(data.draw(starts(desk)))
    unit = data.draw(st.sampled_from([Unit.hours, Unit.business_hours]))
    first, second = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    midway = built.due_at(start, Term(first, unit))
    assert built.due_at(midway, Term(second, unit)) == built.due_at(
        start, Term(first + second, unit)
    )


@given(st.data())
def test_so_many_closes_of_business_lie_between_start_and_due(data):
    """Counted on the wall, day by day: those after the day of receipt, and that day's own where it counts."""
    desk = data.draw(desks())
    built, at = calendar(desk), data.draw(starts(desk))
    unit, first = data.draw(st.sampled_from(OPEN_DAYS)), data.draw(st.booleans())
    term = Term(data.draw(st.integers(1, 20)), unit, count_start_day=first)
    due = built.due(at, term)
    assert due is not None
    received = desk.local_day(at)
    first = first or (
        unit is Unit.complete_business_days
        and all(opens >= at for opens, _ in desk.windows(received))
    )
    days = [received + timedelta(days=n) for n in range(0 if first else 1, 400)]
    closes = [desk.close_of_business(day) for day in days if desk.windows(day)]
    assert sum(at < close <= due for close in closes) >= term.length
    assert sum(at < close < due for close in closes) < term.length


@given(st.data())
def test_so_many_midnights_lie_between_start_and_due(data):
    desk = data.draw(desks())
    built, at = calendar(desk), data.draw(starts(desk))
    term = Term(data.draw(st.integers(1, 60)), Unit.calendar_days)
    due = built.due(at, term)
    received = desk.local_day(at)
    midnights = [desk.midnight(received + timedelta(days=n)) for n in range(1, 100)]
    assert sum(at < midnight <= due for midnight in midnights) == term.length + 1
