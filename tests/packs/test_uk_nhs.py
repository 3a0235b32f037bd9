"""SI 2009/309: working days after the day of receipt, and months that begin with it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import instant, moment
from policies.calendars import build_calendar
from policies.load import in_force, load_editions, load_pack
from policies.rule import Deadline

PACK = load_pack("uk-nhs")
EDITIONS = load_editions("uk-nhs")
LONDON = ZoneInfo("Europe/London")


def deadline(pack, rule):
    """Give a rule's deadline."""
    body = next(each.body for each in pack.rules if each.id == rule)
    assert isinstance(body, Deadline)
    return body


def last_moment(pack, term, received):
    """Say when a term is over by the calendar that the pack brings along, in London."""
    calendar = build_calendar(pack.calendar, pack.calendars[pack.calendar])
    start = datetime.fromisoformat(received).replace(tzinfo=LONDON)
    return moment(calendar.due_at(instant(start), term), LONDON)


def last_day(pack, term, received):
    """Give the day at whose end a term is over."""
    over = last_moment(pack, term, received)
    assert (over.hour, over.minute) == (0, 0)
    return str((over - timedelta(days=1)).date())


def test_the_golden_friday_is_acknowledged_by_wednesday() -> None:
    ((_, term),) = deadline(PACK, "acknowledge.in_time").terms
    assert last_day(PACK, term, "2026-10-23T15:00") == "2026-10-28"
    assert last_day(PACK, term, "2026-04-02T10:00") == "2026-04-09"  # over Easter


@pytest.mark.parametrize(
    "received, until",
    [
        ("2026-10-23T15:00", "2027-04-22"),
        ("2026-03-01T00:00", "2026-08-31"),  # the first of a month
        ("2026-08-31T12:00", "2027-02-28"),  # February has no 31st
        ("2026-10-31T12:00", "2027-04-30"),
        ("2025-09-30T12:00", "2026-03-29"),  # the day the clocks go forward
    ],
)
@pytest.mark.parametrize("rule", ["respond.in_six_months", "respond.in_planned_period"])
def test_six_months_begin_with_the_day_of_receipt(rule, received, until) -> None:
    term = deadline(PACK, rule).terms[-1][1]
    assert last_day(PACK, term, received) == until


def test_an_oral_complaint_has_until_the_next_working_day() -> None:
    ((_, term),) = deadline(PACK, "oral.settled_next_day").terms
    assert last_day(PACK, term, "2026-04-02T10:00") == "2026-04-07"


def test_the_pack_holds_from_april_2009() -> None:
    assert in_force(EDITIONS, date(2009, 4, 1)) == PACK
    assert in_force(EDITIONS, date(2009, 3, 31)) is None


def test_an_exit_that_is_not_confirmed_takes_nothing_out_of_the_procedure() -> None:
    asked = {rule.id for rule in PACK.rules if "standard" in rule.tracks}
    assert asked == {rule.id for rule in PACK.rules if "oral" in rule.tracks} - {
        "oral.settled_next_day"
    }
