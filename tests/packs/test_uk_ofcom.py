"""Ofcom's General Condition C4: which weeks count is chosen by the day of receipt."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import instant, moment
from policies.calendars import build_calendar
from policies.load import in_force, load_editions, load_pack
from policies.rule import Deadline

PACK = load_pack("uk-ofcom")
EDITIONS = load_editions("uk-ofcom")
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


@pytest.mark.parametrize(
    "received, version, until",
    [
        ("2018-10-01T09:00", "2018.10.0", "2018-11-26"),
        ("2026-04-02T10:00", "2018.10.0", "2026-05-28"),
        ("2026-04-04T10:00", "2018.10.0", "2026-05-30"),  # a Saturday; nothing rolls over
        ("2026-04-07T23:59", "2018.10.0", "2026-06-02"),
        ("2026-04-08T00:00", "2026.4.0", "2026-05-20"),
        ("2026-10-25T00:30", "2026.4.0", "2026-12-06"),  # the day the clocks go back
    ],
)
def test_the_day_of_receipt_chooses_eight_weeks_or_six(received, version, until) -> None:
    pack = in_force(EDITIONS, date.fromisoformat(received[:10]))
    assert pack is not None
    assert pack.version == version
    ((when, term),) = deadline(pack, "adr.letter_in_time").terms
    assert when is None
    assert last_day(pack, term, received) == until


def test_six_weeks_from_the_second_of_april() -> None:
    ((_, term),) = deadline(PACK, "adr.letter_in_time").terms
    assert last_day(PACK, term, "2026-04-02T10:00") == "2026-05-14"


def test_no_edition_holds_before_october_2018() -> None:
    assert in_force(EDITIONS, date(2018, 9, 30)) is None


def test_the_editions_differ_in_the_weeks_and_in_the_day_of_the_act_of_2024() -> None:
    old, new = ({rule.id: rule.body for rule in pack.rules} for pack in EDITIONS)
    assert old.keys() == new.keys()
    assert {each for each in old if old[each] != new[each]} == {
        "adr.letter_in_time",
        "respond.adr_told",
    }
