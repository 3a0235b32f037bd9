"""ASIC RG 271: maximum times by kind of complaint, and the days of a desk in New South Wales."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Calendar, Unit, parse_week
from ombud.model.instant import instant, moment
from policies.calendars import holiday_dates
from policies.load import in_force, load_editions, load_pack
from policies.rule import AnyOf, Deadline

PACK = load_pack("au-asic-rg271")
EDITIONS = load_editions("au-asic-rg271")
SYDNEY = ZoneInfo("Australia/Sydney")
DESK = Calendar(
    name="sydney",
    zone="Australia/Sydney",
    week=parse_week({"mon-fri": ["09:00-17:00"]}),
    holidays=holiday_dates("AU", "NSW", 2026, 2027),
    first_year=2026,
    last_year=2027,
)
#: A Sunday: the clocks go forward, and the Monday after it is a holiday in New South Wales.
SUNDAY = "2026-10-04T12:00"
#: What was confirmed in a primary text.
CONFIRMED = {
    "record.kind",
    "idr_data.complete",
    "respond.standard",
    "respond.trustee",
    "respond.hardship",
}


def deadline(rule):
    """Give a rule's deadline."""
    body = next(each.body for each in PACK.rules if each.id == rule)
    assert isinstance(body, Deadline)
    return body


def due(term, received):
    """Say when a term is over, in Sydney."""
    start = datetime.fromisoformat(received).replace(tzinfo=SYDNEY)
    return moment(DESK.due_at(instant(start), term), SYDNEY)


def last_day(term, received):
    """Give the day at whose end a term is over."""
    over = due(term, received)
    assert (over.hour, over.minute) == (0, 0)
    return str((over - timedelta(days=1)).date())


@pytest.mark.parametrize(
    "rule, until",
    [
        ("respond.standard", "2026-11-03"),
        ("respond.trustee", "2026-11-18"),
        ("respond.trustee_and_court", "2026-11-18"),
        ("respond.hardship", "2026-10-25"),
        ("respond.default_notice", "2026-10-25"),
        ("fast_lane.in_time", "2026-10-12"),
    ],
)
def test_the_golden_sunday(rule, until) -> None:
    ((when, term),) = deadline(rule).terms
    assert when is None
    assert last_day(term, SUNDAY) == until


def test_a_day_to_acknowledge_is_24_hours_or_a_business_day() -> None:
    ((_, term),) = deadline("acknowledge.in_time").terms
    assert isinstance(term, AnyOf)
    hours, days = term.terms
    assert (hours.unit, days.unit) == (Unit.hours, Unit.business_days)
    assert due(hours, "2026-10-03T10:00") == datetime(2026, 10, 4, 11, tzinfo=SYDNEY)
    assert due(days, SUNDAY) == datetime(2026, 10, 6, 17, tzinfo=SYDNEY)


def test_a_death_benefit_counts_from_the_end_of_the_objection_period() -> None:
    clock = deadline("respond.death_benefit")
    ((_, term),) = clock.terms
    assert clock.start == "objection_period_end"
    assert last_day(term, "2026-09-01T00:00") == "2026-11-30"


def test_only_what_the_guide_lists_stops_a_clock() -> None:
    stopped = {
        rule.id: [(pause.kind, pause.name, pause.source) for pause in rule.body.pauses]
        for rule in PACK.rules
        if isinstance(rule.body, Deadline) and rule.body.pauses
    }
    assert stopped == {
        "respond.trustee_and_court": [("while", "court_hold", "RG 271.77")],
        "advocate.standard": [("while", "advocate_pause", "RG 271.110")],
        "advocate.trustee": [("while", "advocate_pause", "RG 271.110")],
        "advocate.urgent": [("while", "advocate_pause", "RG 271.110")],
    }


@pytest.mark.parametrize(
    "received, version",
    [("2021-10-04", None), ("2021-10-05", "2021.10.0"), ("2026-10-04", "2021.10.0")],
)
def test_it_holds_for_complaints_received_from_the_fifth_of_october_2021(received, version) -> None:
    pack = in_force(EDITIONS, date.fromisoformat(received))
    assert (pack and pack.version) == version


def test_what_is_not_confirmed_is_off_and_nothing_may_be_waived() -> None:
    assert {rule.id for rule in PACK.rules if rule.mode != "off"} == CONFIRMED
    for rule in PACK.rules:
        confirmed = bool(rule.sources) and all(s.status == "confirmed" for s in rule.sources)
        assert confirmed is (rule.id in CONFIRMED), rule.id
        assert all(each.verified == date(2026, 11, 23) for each in rule.sources), rule.id
        assert not rule.waivable, rule.id
