"""Deadlines that authorities' rules give for real dates, worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Calendar, Term, Unit, parse_week
from policies.calendars import holiday_dates

DESKS = {
    "Europe/London": [
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 4),
        date(2026, 5, 25),
        date(2026, 8, 31),
        date(2026, 12, 25),
        date(2026, 12, 28),
    ],
    "Australia/Sydney": [date(2026, 10, 5)],
    "America/New_York": [date(2026, 11, 26), date(2026, 12, 25)],
}
#: Where the days above stand: country and part.
PUBLIC = {
    "Europe/London": ("GB", "ENG"),
    "Australia/Sydney": ("AU", "NSW"),
    "America/New_York": ("US", None),
}
CALENDARS = {
    zone: Calendar(
        name=zone,
        zone=zone,
        week=parse_week({"mon-fri": ["09:00-17:00"]}),
        holidays=holidays,
        first_year=2026,
        last_year=2027,
    )
    for zone, holidays in DESKS.items()
}
LONDON, SYDNEY, NEW_YORK = CALENDARS


@pytest.mark.parametrize(
    "zone, received, amount, unit, last_day",
    [
        (LONDON, "2026-04-02", 1, Unit.business_days, "2026-04-07"),
        (LONDON, "2026-04-02", 3, Unit.business_days, "2026-04-09"),
        (LONDON, "2026-04-02", 15, Unit.business_days, "2026-04-27"),
        (LONDON, "2026-04-02", 35, Unit.business_days, "2026-05-27"),
        (LONDON, "2026-04-02", 6, Unit.weeks, "2026-05-14"),
        (LONDON, "2026-04-02", 8, Unit.weeks, "2026-05-28"),
        (LONDON, "2026-04-04", 3, Unit.business_days, "2026-04-09"),
        (LONDON, "2026-04-04", 8, Unit.weeks, "2026-05-30"),  # a Saturday; nothing rolls over
        (LONDON, "2026-10-23", 3, Unit.business_days, "2026-10-28"),
        (LONDON, "2026-04-08", 6, Unit.weeks, "2026-05-20"),  # Ofcom's new term from its first day
        (LONDON, "2026-04-07", 8, Unit.weeks, "2026-06-02"),  # and the old one on the last
        (SYDNEY, "2026-10-04", 1, Unit.business_days, "2026-10-06"),
        (SYDNEY, "2026-10-04", 5, Unit.business_days, "2026-10-12"),
        (SYDNEY, "2026-10-04", 21, Unit.calendar_days, "2026-10-25"),
        (SYDNEY, "2026-10-04", 30, Unit.calendar_days, "2026-11-03"),
        (SYDNEY, "2026-10-04", 45, Unit.calendar_days, "2026-11-18"),
        (NEW_YORK, "2026-11-20", 15, Unit.calendar_days, "2026-12-05"),
        (NEW_YORK, "2026-11-20", 60, Unit.calendar_days, "2027-01-19"),
        (NEW_YORK, "2026-11-25", 5, Unit.business_days, "2026-12-03"),
        (NEW_YORK, "2026-11-25", 30, Unit.calendar_days, "2026-12-25"),
    ],
)
@pytest.mark.parametrize("hour", ["00:00", "10:30", "23:59:59.999999"])
def test_golden_dates(zone, received, hour, amount, unit, last_day):
    tz = ZoneInfo(zone)
    start = datetime.fromisoformat(f"{received}T{hour}").replace(tzinfo=tz)
    last = date.fromisoformat(last_day)
    if unit is Unit.business_days:
        due = datetime(last.year, last.month, last.day, 17, tzinfo=tz)
    else:
        after = last + timedelta(days=1)
        due = datetime(after.year, after.month, after.day, tzinfo=tz)
    assert CALENDARS[zone].due(start, Term(amount, unit)) == due


@pytest.mark.parametrize("zone", DESKS)
def test_the_holidays_looked_up_are_those_of_the_golden_dates(zone):
    """What an authority's desk would get without writing a holiday down, as far as the dates reach."""
    country, part = PUBLIC[zone]
    found = holiday_dates(country, part, 2026, 2026)
    working = {day for day in found if day.weekday() < 5}
    assert set(DESKS[zone]) <= working
    if zone == LONDON:
        assert working - set(DESKS[zone]) == {date(2026, 1, 1)}


@pytest.mark.parametrize(
    "received, last_day",
    [
        ("2026-10-23", "2027-04-22"),
        ("2026-04-01", "2026-09-30"),
        ("2026-09-01", "2027-02-28"),
        ("2026-08-28", "2027-02-27"),
        ("2026-08-29", "2027-02-28"),  # February has no 29th
        ("2026-08-31", "2027-02-28"),
        ("2026-05-31", "2026-11-30"),  # November has no 31st
        ("2026-07-31", "2027-01-30"),
    ],
)
@pytest.mark.parametrize("hour", ["00:00", "23:59:59.999999"])
def test_six_months_commencing_on_the_day_of_receipt(received, hour, last_day):
    """The NHS's relevant period: the day of receipt is its first day."""
    tz = ZoneInfo(LONDON)
    start = datetime.fromisoformat(f"{received}T{hour}").replace(tzinfo=tz)
    term = Term(6, Unit.months, count_start_day=True)
    assert CALENDARS[LONDON].due(start, term) == midnight_after(last_day, LONDON)


@pytest.mark.parametrize(
    "received, months, last_day",
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-28", 1, "2026-02-28"),
        ("2026-04-30", 1, "2026-05-30"),
        ("2026-10-23", 6, "2027-04-23"),
        ("2026-08-31", 6, "2027-02-28"),
    ],
)
def test_months_after_the_day_of_receipt_end_on_the_same_date_or_the_months_last(
    received, months, last_day
):
    start = datetime.fromisoformat(f"{received}T12:00").replace(tzinfo=ZoneInfo(LONDON))
    due = CALENDARS[LONDON].due(start, Term(months, Unit.months))
    assert due == midnight_after(last_day, LONDON)


def midnight_after(day, zone):
    after = date.fromisoformat(day) + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    "received, due",
    [
        # Regulation 1182/71, article 3(4): what ends on a Saturday, Sunday or holiday ends on the next working day.
        ("2026-04-04", "2026-06-01"),  # Saturday 30 May
        ("2026-02-06", "2026-04-07"),  # Good Friday, then Easter Monday
        ("2026-04-02", "2026-05-28"),  # a Thursday stays
    ],
)
def test_eight_weeks_that_roll_over_end_on_the_next_working_day(received, due):
    start = datetime.fromisoformat(f"{received}T12:00").replace(tzinfo=ZoneInfo(LONDON))
    calendar = CALENDARS[LONDON]
    assert calendar.due(start, Term(8, Unit.weeks, roll=True)) == midnight_after(due, LONDON)
    assert calendar.due(start, Term(8, Unit.weeks, ends="close", roll=True)) == datetime.fromisoformat(f"{due}T17:00").replace(tzinfo=ZoneInfo(LONDON))  # fmt: skip


@pytest.mark.parametrize(
    "received, due",
    [
        ("2026-04-02T08:00", "2026-04-07T17:00"),  # before opening: Thursday is complete
        ("2026-04-02T09:00", "2026-04-07T17:00"),  # at the opening, too
        ("2026-04-02T09:00:00.000001", "2026-04-08T17:00"),
        ("2026-04-04T12:00", "2026-04-08T17:00"),  # a Saturday, before Easter
    ],
)
def test_two_complete_business_days(received, due):
    tz = ZoneInfo(LONDON)
    start, end = (datetime.fromisoformat(text).replace(tzinfo=tz) for text in (received, due))
    assert CALENDARS[LONDON].due(start, Term(2, Unit.complete_business_days)) == end


@pytest.mark.parametrize(
    "zone, change, hours",
    [
        (LONDON, "2026-03-29T01:00", 23),
        (LONDON, "2026-10-25T01:00", 25),
        (SYDNEY, "2026-04-04T16:00", 25),
        (SYDNEY, "2026-10-03T16:00", 23),
        (NEW_YORK, "2026-03-08T07:00", 23),
        (NEW_YORK, "2026-11-01T06:00", 25),
    ],
)
def test_the_day_of_a_change_is_shorter_or_longer(zone, change, hours):
    tz = ZoneInfo(zone)
    at = datetime.fromisoformat(change).replace(tzinfo=UTC)
    before = (at - timedelta(microseconds=1)).astimezone(tz).utcoffset()
    assert before != at.astimezone(tz).utcoffset(), "the clocks change at this instant"
    day = at.astimezone(tz).replace(hour=0, minute=0, fold=0)
    due = CALENDARS[zone].due(day, Term(1, Unit.calendar_days, count_start_day=True))
    assert due is not None
    assert due - day.astimezone(UTC) == timedelta(hours=hours)
    noon = day.replace(hour=12)
    tomorrow = CALENDARS[zone].due(noon - timedelta(days=1), Term(1, Unit.calendar_days))
    assert tomorrow == due, "the end of the day is midnight, whatever the clocks do"


@pytest.mark.parametrize(
    "zone, start, due",
    [
        (SYDNEY, "2026-10-03T10:00", "2026-10-04T11:00"),
        (LONDON, "2026-10-24T18:00", "2026-10-25T17:00"),
    ],
)
def test_a_day_and_24_hours_differ_when_the_clocks_change(zone, start, due):
    tz = ZoneInfo(zone)
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=tz) for text in (start, due))
    assert CALENDARS[zone].due(begin, Term(24, Unit.hours)) == end
