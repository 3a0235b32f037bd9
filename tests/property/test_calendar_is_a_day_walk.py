"""Deadlines equal those of an oracle that walks from day to day, exactly, through nights the clocks change."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.model.calendar import Calendar, Horizon, Term, Unit
from ombud.model.instant import instant, moment
from tests import day_walk
from tests.day_walk import Desk

ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "Australia/Sydney",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Cairo",  # at midnight
    "America/Havana",  # the first hour of the day comes twice
    "Asia/Kathmandu",
    "UTC",
)
HOURLY = (Unit.hours, Unit.business_hours)
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@cache
def changes(zone: str) -> list[datetime]:
    """The hours of 2026 in which a zone changes its offset."""
    tz, hour = ZoneInfo(zone), timedelta(hours=1)
    hours = [BEGIN + n * hour for n in range(24 * 365)]
    return [
        at
        for at in hours
        if at.astimezone(tz).utcoffset() != (at + hour).astimezone(tz).utcoffset()
    ]


@st.composite
def weeks(draw):
    """Weeks of windows, several a day and over midnight, that may even overlap."""
    minutes = st.one_of(
        st.sampled_from([0, 60, 120, 150, 180, 360, 540, 750, 810, 1020, 1320]),
        st.integers(0, 24 * 60 - 1),
    )
    window = st.tuples(minutes, minutes)
    office = ((540, 750), (810, 1020))
    day = st.one_of(
        st.just(office), st.just(((1320, 360),)), st.lists(window, max_size=3).map(tuple)
    )
    week = draw(st.tuples(*[day] * 7))
    # One day is an office's, so that the longest term ends within the days laid out.
    return (office, *week[1:])


@st.composite
def desks(draw):
    zone = draw(st.sampled_from(ZONES))
    near = [at.date() + timedelta(days=n) for at in changes(zone) for n in (-1, 0, 1)]
    days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
    holidays = draw(
        st.frozensets(st.one_of(days, st.sampled_from(near)) if near else days, max_size=5)
    )
    return Desk(ZoneInfo(zone), draw(weeks()), holidays)


@st.composite
def starts(draw, desk):
    """Any instant, mostly about the nights the clocks change, and edges of windows to the microsecond."""
    kind = draw(st.sampled_from(["any", "change", "edge"]))
    turns = changes(desk.zone.key)
    if kind == "change" and turns:
        at = draw(st.sampled_from(turns)) + timedelta(minutes=draw(st.integers(-4000, 2000)))
    else:
        at = draw(st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 1), timezones=st.just(UTC)))
    if kind == "edge":
        edges = [edge for window in desk.windows(desk.local_day(at)) for edge in window]
        at = draw(st.sampled_from([*edges, desk.wall(desk.local_day(at), 0)]))
        at += timedelta(microseconds=draw(st.integers(-1, 1)))
    return at


units = st.sampled_from(list(Unit))
OPEN_DAYS = (Unit.business_days, Unit.complete_business_days)


@st.composite
def terms(draw):
    """Every unit with every option it takes; the longest ends within the days laid out."""
    unit = draw(units)
    if unit in HOURLY:
        amounts = st.one_of(st.integers(1, 60), st.integers(1, 240).map(lambda n: n / 4))
        return Term(draw(amounts), unit)
    amount = draw(st.integers(1, {Unit.weeks: 4, Unit.months: 5}.get(unit, 25)))
    count_start_day = draw(st.booleans())
    if unit in OPEN_DAYS:
        ends, roll = draw(st.sampled_from([None, "close", "day"])), draw(st.booleans())
    else:
        ends, roll = draw(
            st.sampled_from([(None, False), ("day", False), (None, True), ("day", True)])
            | st.just(("close", True))
        )
    return Term(amount, unit, count_start_day=count_start_day, ends=ends, roll=roll)


def walked(desk, start, term, held):
    """What the oracle says."""
    return day_walk.due(
        desk,
        start,
        term.amount,
        term.unit.value,
        held,
        count_start_day=term.count_start_day,
        ends=term.ends,
        roll=term.roll,
    )


@st.composite
def pauses(draw, start, most=3):
    found = []
    for _ in range(draw(st.integers(0, most))):
        begin = start + timedelta(minutes=draw(st.integers(-3 * 1440, 14 * 1440)))
        length = draw(st.one_of(st.none(), st.integers(-60, 8 * 1440), st.just(1440)))
        found.append((begin, None if length is None else begin + timedelta(minutes=length)))
    return found


def calendar(desk: Desk) -> Calendar:
    return Calendar(
        name="desk",
        zone=desk.zone.key,
        week=desk.week,
        holidays=desk.holidays,
        first_year=2026,
        last_year=2027,
    )


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
