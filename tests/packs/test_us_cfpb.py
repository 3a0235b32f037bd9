"""The CFPB's portal: days from the sending, and none of it confirmed in a primary text."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Calendar, parse_week
from ombud.model.instant import instant, moment
from policies.load import in_force, load_editions, load_pack
from policies.rule import Deadline

PACK = load_pack("us-cfpb")
EDITIONS = load_editions("us-cfpb")
NEW_YORK = ZoneInfo("America/New_York")
DESK = Calendar(
    name="new york",
    zone="America/New_York",
    week=parse_week({"mon-fri": ["09:00-17:00"]}),
    first_year=2026,
    last_year=2027,
)


def deadline(rule):
    """Give a rule's deadline."""
    body = next(each.body for each in PACK.rules if each.id == rule)
    assert isinstance(body, Deadline)
    return body


def last_day(term, sent):
    """Give the day at whose end a term is over, in New York."""
    start = datetime.fromisoformat(sent).replace(tzinfo=NEW_YORK)
    over = moment(DESK.due_at(instant(start), term), NEW_YORK)
    assert (over.hour, over.minute) == (0, 0)
    return str((over - timedelta(days=1)).date())


@pytest.mark.parametrize("sent", ["2026-11-20T00:00", "2026-11-20T10:00", "2026-11-20T23:59"])
def test_the_golden_sending_of_the_twentieth_of_november(sent) -> None:
    clock = deadline("respond.in_time")
    ((when, term),) = clock.terms
    assert when is None
    assert last_day(term, sent) == "2026-12-05"
    assert clock.extension is not None
    assert last_day(clock.extension.term, sent) == "2027-01-19"


def test_the_time_in_progress_counts_from_the_sending_and_is_not_added() -> None:
    ((_, term),) = deadline("respond.after_progress").terms
    assert last_day(term, "2026-11-20T10:00") == "2027-01-19"


def test_every_clock_starts_with_the_sending_and_stops_for_nothing() -> None:
    clocks = [rule.body for rule in PACK.rules if isinstance(rule.body, Deadline)]
    assert len(clocks) == 3
    assert {clock.start for clock in clocks} == {"sent_to_portal"}
    assert not any(clock.pauses for clock in clocks)


def test_nothing_is_confirmed_and_so_everything_is_off() -> None:
    for rule in PACK.rules:
        assert rule.sources, rule.id
        assert {each.status for each in rule.sources} == {"unverified"}, rule.id
        assert {each.verified for each in rule.sources} == {date(2026, 11, 23)}, rule.id
        assert rule.mode == "off", rule.id
        assert not rule.waivable, rule.id


def test_it_holds_for_complaints_received_from_may_2015() -> None:
    assert in_force(EDITIONS, date(2015, 4, 30)) is None
    assert in_force(EDITIONS, date(2026, 11, 20)) is not None
