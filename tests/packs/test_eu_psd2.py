"""PSD2 article 101: golden dates by the calendar of two member states."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Calendar, parse_week
from ombud.model.instant import instant, moment
from policies.calendars import holiday_dates
from policies.load import in_force, load_editions, load_pack
from policies.rule import Deadline

PACK = load_pack("eu-psd2")
EDITIONS = load_editions("eu-psd2")


def deadline(pack, rule):
    """Give a rule's deadline."""
    body = next(each.body for each in pack.rules if each.id == rule)
    assert isinstance(body, Deadline)
    return body


@pytest.mark.parametrize(
    "country, part, zone, base, extended",
    [
        ("DE", "BE", "Europe/Berlin", "2026-04-27", "2026-05-28"),
        (
            "IE",
            None,
            "Europe/Dublin",
            "2026-04-24",
            "2026-05-25",
        ),  # Good Friday is no holiday there
    ],
)
def test_fifteen_and_thirty_five_business_days(country, part, zone, base, extended) -> None:
    body = deadline(PACK, "respond.in_time")
    ((_, term),) = body.terms
    assert body.extension is not None
    calendar = Calendar(
        name="desk",
        zone=zone,
        week=parse_week({"mon-fri": ["09:00-17:00"]}),
        holidays=holiday_dates(country, part, 2026, 2026),
        first_year=2026,
        last_year=2026,
    )
    received = instant(datetime(2026, 4, 2, 10, tzinfo=ZoneInfo(zone)))
    for each, until in ((term, base), (body.extension.term, extended)):
        over = moment(calendar.due_at(received, each), ZoneInfo(zone))
        assert (over.hour, over.minute) == (0, 0)
        assert str((over - timedelta(days=1)).date()) == until


def test_the_pack_takes_the_calendar_of_the_member_state() -> None:
    assert PACK.calendar == "office"
    assert PACK.calendars == {}


def test_the_joint_guidelines_bring_no_number_and_are_off() -> None:
    joint = [r for r in PACK.rules if any(s.ref.startswith("JC") for s in r.sources)]
    assert len(joint) == 8
    assert all(rule.mode == "off" for rule in joint)
    assert not any(isinstance(rule.body, Deadline) for rule in joint)


def test_the_pack_holds_from_the_day_of_the_guidelines() -> None:
    assert in_force(EDITIONS, date(2018, 7, 31)) == PACK
    assert in_force(EDITIONS, date(2018, 7, 30)) is None
