"""Deadlines that authorities' rules give for real dates, worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Calendar, Term, Unit, parse_week

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
