"""RBI's internal ombudsman: twenty and thirty days, and the scheme that a day of receipt chooses."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import instant, moment
from policies.calendars import build_calendar
from policies.load import in_force, load_editions, load_pack
from policies.rule import Deadline

PACK = load_pack("in-rbi-internal-ombudsman")
EDITIONS = load_editions("in-rbi-internal-ombudsman")
INDIA = ZoneInfo("Asia/Kolkata")


def last_day(pack, rule, received):
    """Give the day at whose end a rule's only term is over, by the calendar that the pack brings along."""
    body = next(each.body for each in pack.rules if each.id == rule)
    assert isinstance(body, Deadline)
    ((_, term),) = body.terms
    calendar = build_calendar(pack.calendar, pack.calendars[pack.calendar])
    start = datetime.fromisoformat(received)
    over = moment(calendar.due_at(instant(start), term), INDIA)
    assert (over.hour, over.minute) == (0, 0)
    return str((over - timedelta(days=1)).date())


@pytest.mark.parametrize("pack", EDITIONS, ids=lambda each: each.version)
@pytest.mark.parametrize(
    "received, twenty, thirty",
    [
        ("2026-09-10T12:00:00+05:30", "2026-09-30", "2026-10-10"),
        ("2026-10-02T12:00:00+05:30", "2026-10-22", "2026-11-01"),  # a holiday; a Sunday
        ("2026-09-10T20:00:00+00:00", "2026-10-01", "2026-10-11"),  # the 11th in India
        ("2026-02-10T12:00:00+05:30", "2026-03-02", "2026-03-12"),
    ],
)
def test_days_are_counted_in_india(pack, received, twenty, thirty) -> None:
    assert last_day(pack, "escalate.in_time", received) == twenty
    assert last_day(pack, "decision.told_in_time", received) == thirty


@pytest.mark.parametrize(
    "received, version",
    [
        ("2026-01-13", None),
        ("2026-01-14", "2026.1.0"),
        ("2026-06-30", "2026.1.0"),
        ("2026-07-01", "2026.7.0"),
    ],
)
def test_the_day_of_receipt_chooses_the_scheme(received, version) -> None:
    pack = in_force(EDITIONS, date.fromisoformat(received))
    assert (pack and pack.version) == version


def test_the_editions_differ_in_the_scheme_alone() -> None:
    old, new = ({rule.id: rule.body for rule in pack.rules} for pack in EDITIONS)
    assert old.keys() == new.keys()
    assert {rule for rule in new if old[rule] != new[rule]} == {"recourse.scheme"}


@pytest.mark.parametrize("pack", EDITIONS, ids=lambda each: each.version)
def test_every_rule_names_its_source_and_none_is_confirmed_in_full(pack) -> None:
    for rule in pack.rules:
        assert "unverified" in {each.status for each in rule.sources}, rule.id
        assert {each.verified for each in rule.sources} == {date(2026, 11, 23)}, rule.id
        assert rule.mode == "off", rule.id
        assert not rule.waivable, rule.id
