"""A hundred thousand random deadlines over ten zones equal those of an oracle that walks from day to day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Term, Unit
from ombud.model.instant import instant, moment
from tests import day_walk
from tests.calendar_strategies import HOURLY, OPEN_DAYS, calendar, walked
from tests.day_walk import Desk

#: Zones, and a year in which something happens there.
ZONES = {
    "Australia/Sydney": 2026,
    "Europe/London": 2026,
    "America/New_York": 2026,
    "Asia/Kathmandu": 2026,  # three quarters of an hour beside the hour
    "Pacific/Apia": 2011,  # leaves 30 December out
    "Australia/Lord_Howe": 2026,  # changes by half an hour
    "America/Sao_Paulo": 2018,  # changes at midnight
    "Asia/Tehran": 2022,  # changes at midnight, for the last time
    "Pacific/Chatham": 2026,  # changes at a quarter to three
    "Africa/Casablanca": 2026,  # changes for Ramadan
}
#: Desks in each zone.
DESKS = 20
WEEKS = (
    # Office hours, with lunch, through the night, around the clock, odd hours at a weekend, one day a week.
    ([(540, 1020)],) * 5 + ([], []),
    ([(540, 750), (810, 1020)],) * 4 + ([(540, 720)], [], []),
    ([(1320, 360)],) * 7,
    ([(0, 1440)],) * 7,
    ([(525, 1110)],) * 5 + ([(135, 195), (600, 785)], [(0, 59), (1380, 1439)]),
    ([], [], [(480, 1200)], [], [], [], []),
)
LONGEST = {Unit.weeks: 8, Unit.months: 7}


@pytest.mark.parametrize("zone", ZONES)
def test_ten_thousand_dues_are_those_of_the_day_walk(zone):
    """Ten thousand a zone, ten zones: each due by itself, and every desk's starts in one batch."""
    year, random = ZONES[zone], Random(zone)
    turns = changes(zone, year)
    for _ in range(DESKS):
        desk = drawn_desk(random, zone, year, turns)
        built = calendar(desk, year, year + 3)
        starts = []
        for _ in range(10_000 // DESKS):
            start, term = drawn_start(random, desk, year, turns), drawn_term(random)
            held = drawn_pauses(random, start)
            told = built.due(start, term, held)
            assert told == walked(desk, start, term, held), (desk, start.isoformat(), term, held)
            starts.append(instant(start))
        one_by_one = [built.due_at(start, term) for start in starts]
        assert built.due_many(starts, term) == one_by_one


def changes(zone: str, year: int) -> list[datetime]:
    """The hours from which on a zone has another offset."""
    tz, hour = ZoneInfo(zone), timedelta(hours=1)
    hours = [datetime(year, 1, 1, tzinfo=UTC) + n * hour for n in range(24 * 365)]
    offsets = [moment(instant(at), tz).utcoffset() for at in hours]
    return [at for at, one, two in zip(hours, offsets, offsets[1:], strict=False) if one != two]


def drawn_desk(random: Random, zone: str, year: int, turns: list[datetime]) -> Desk:
    first = date(year, 1, 1)
    days = {first + timedelta(days=random.randrange(730)) for _ in range(random.randrange(25))}
    days |= {
        turn.date() + timedelta(days=random.choice((-1, 0, 1)))
        for turn in turns
        if random.random() < 0.3
    }
    return Desk(ZoneInfo(zone), random.choice(WEEKS), frozenset(days))


def drawn_start(random: Random, desk: Desk, year: int, turns: list[datetime]) -> datetime:
    """Any instant, and about every third one near a change of the clocks or at an edge of the day."""
    kind = random.randrange(3)
    microseconds = random.randrange(361 * 86_400 * 10**6)
    at = datetime(year, 1, 3, tzinfo=UTC) + timedelta(microseconds=microseconds)
    if kind == 0 and turns:
        at = random.choice(turns) + timedelta(minutes=random.randint(-4000, 2000))
    if kind == 1:
        day = desk.local_day(at)
        edges = [desk.midnight(day), *(edge for window in desk.windows(day) for edge in window)]
        at = random.choice(edges) + timedelta(microseconds=random.randint(-1, 1))
    return at


def drawn_term(random: Random) -> Term:
    unit = random.choice(list(Unit))
    if unit in HOURLY:
        return Term(random.choice((random.randint(1, 100), random.randint(1, 400) / 4)), unit)
    amount = random.randint(1, LONGEST.get(unit, 40))
    ends = random.choice((None, "day", "close"))
    roll = ends == "close" or random.random() < 0.3
    if unit in OPEN_DAYS:
        roll = False
    return Term(amount, unit, count_start_day=random.random() < 0.3, ends=ends, roll=roll)


def drawn_pauses(random: Random, start: datetime) -> day_walk.Pauses:
    """None for every second one, else up to three that may overlap, run backwards or run on."""
    found: list[tuple[datetime, datetime | None]] = []
    for _ in range(random.choice((0, 0, 0, 1, 2, 3))):
        begin = start + timedelta(minutes=random.randint(-3 * 1440, 14 * 1440))
        length = random.choice((1440, random.randint(-60, 8 * 1440), random.randint(0, 600)))
        running = random.random() < 0.1
        found.append((begin, None if running else begin + timedelta(minutes=length)))
    return found
