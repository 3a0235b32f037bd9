"""DISP 1: golden dates, and the edition that the day of receipt chooses."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import instant, moment
from policies.calendars import build_calendar
from policies.load import in_force, load_editions, load_pack
from policies.rule import Deadline

PACK = load_pack("uk-fca-disp")
EDITIONS = load_editions("uk-fca-disp")
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
    "received, version",
    [
        ("2021-09-23", "2021.9.0"),
        ("2026-05-31", "2021.9.0"),
        ("2026-06-01", "2026.6.0"),  # the acknowledgement names what comes by when
        ("2026-12-31", "2026.6.0"),
        ("2027-01-01", "2027.1.0"),  # the return of PS25/19
    ],
)
def test_the_day_of_receipt_chooses_the_edition(received, version) -> None:
    pack = in_force(EDITIONS, date.fromisoformat(received))
    assert pack is not None
    assert pack.version == version


def test_no_edition_holds_before_the_oldest_text_looked_at() -> None:
    assert in_force(EDITIONS, date(2021, 9, 22)) is None


def test_the_acknowledgement_has_content_from_june_2026_on() -> None:
    old, june, new = ({rule.id: rule.body for rule in pack.rules} for pack in EDITIONS)
    assert june.keys() == new.keys()
    assert june.keys() - old.keys() == {
        "acknowledge.reassures",
        "acknowledge.term_payment",
        "acknowledge.term_other",
    }
    assert {each for each in june if june[each] != new[each]} == {
        "return.vulnerability",
        "return.partly_is_upheld",
        "return.rejected_is_rejected",
    }


@pytest.mark.parametrize("pack", EDITIONS, ids=lambda each: each.version)
def test_golden_dates_of_every_edition(pack) -> None:
    ((_, summary),) = deadline(pack, "summary.accepted_in_time").terms
    ((_, weeks),) = deadline(pack, "respond.eight_weeks").terms
    payment = deadline(pack, "respond.payment")
    ((_, base),) = payment.terms
    assert payment.extension is not None
    assert last_day(pack, weeks, "2026-04-02T10:00") == "2026-05-28"
    assert last_day(pack, weeks, "2026-04-04T10:00") == "2026-05-30"  # a Saturday
    assert last_day(pack, base, "2026-04-02T10:00") == "2026-04-27"
    assert last_day(pack, payment.extension.term, "2026-04-02T10:00") == "2026-05-27"
    for received in ("2026-04-02T10:00", "2026-04-02T23:00", "2026-04-04T10:00"):
        close = last_moment(pack, summary, received)
        assert close == datetime(2026, 4, 9, 17, tzinfo=LONDON)
    assert last_moment(pack, summary, "2026-10-23T15:00") == datetime(
        2026, 10, 28, 17, tzinfo=LONDON
    )
