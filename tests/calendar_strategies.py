"""Desks, starts, terms and pauses at random, for the properties of calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from ombud.model.calendar import Calendar, Term, Unit
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


def calendar(desk: Desk, first_year: int = 2026, last_year: int = 2027) -> Calendar:
    """The calendar of a desk."""
    return Calendar(
        name=desk.zone.key,
        zone=desk.zone.key,
        week=tuple(map(tuple, desk.week)),
        holidays=desk.holidays,
        first_year=first_year,
        last_year=last_year,
    )
