"""FDA: work days without federal holidays, and 820.198 until 820.35 took its place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import instant, moment
from policies.calendars import build_calendar
from policies.load import in_force, load_editions, load_pack
from policies.rule import Deadline

PACK = load_pack("us-fda-qmsr")
EDITIONS = load_editions("us-fda-qmsr")
NEW_YORK = ZoneInfo("America/New_York")


def deadline(pack, rule):
    """Give a rule's deadline."""
    body = next(each.body for each in pack.rules if each.id == rule)
    assert isinstance(body, Deadline)
    return body


def last_day(pack, term, aware):
    """Give the day at whose end a term is over, by the calendar that the pack brings along."""
    calendar = build_calendar(pack.calendar, pack.calendars[pack.calendar])
    start = datetime.fromisoformat(aware).replace(tzinfo=NEW_YORK)
    over = moment(calendar.due_at(instant(start), term), NEW_YORK)
    assert (over.hour, over.minute) == (0, 0)
    return str((over - timedelta(days=1)).date())


@pytest.mark.parametrize("pack", EDITIONS, ids=lambda each: each.version)
@pytest.mark.parametrize(
    "rule, aware, until",
    [
        ("mdr.five_day", "2026-11-25T10:00", "2026-12-03"),  # over Thanksgiving
        ("mdr.in_time", "2026-11-25T10:00", "2026-12-25"),
        ("mdr.user_facility", "2026-11-25T10:00", "2026-12-10"),
        ("mdr.five_day", "2026-07-01T10:00", "2026-07-09"),  # 3 July in the place of the 4th
        ("mdr.in_time", "2026-10-30T10:00", "2026-11-29"),  # a Sunday; nothing rolls over
    ],
)
def test_golden_reports(pack, rule, aware, until) -> None:
    ((when, term),) = deadline(pack, rule).terms
    assert when is None
    assert last_day(pack, term, aware) == until


@pytest.mark.parametrize(
    "received, version",
    [
        ("2019-12-31", None),
        ("2020-01-01", "2020.1.0"),
        ("2026-02-01", "2020.1.0"),
        ("2026-02-02", "2026.2.0"),
        ("2026-11-25", "2026.2.0"),
    ],
)
def test_the_day_of_receipt_chooses_the_regulation(received, version) -> None:
    pack = in_force(EDITIONS, date.fromisoformat(received))
    assert (pack and pack.version) == version


def test_the_old_regulation_asks_who_answers_for_not_investigating() -> None:
    old, new = ({rule.id: rule for rule in pack.rules} for pack in EDITIONS)
    assert "no_investigation_by" in old["investigate.or_justify"].names
    assert new["investigate.or_justify"].names == {"investigated", "no_investigation_reason"}
    assert old.keys() - new.keys() == {"record.investigation", "reportable.file"}
    assert new.keys() - old.keys() == {"capa.decided"}


def test_reports_are_asked_for_alike_in_both() -> None:
    old, new = ({rule.id: rule.body for rule in pack.rules} for pack in EDITIONS)
    reports = {rule for rule in new if rule.startswith("mdr.")}
    assert len(reports) == 3
    assert all(old[rule] == new[rule] for rule in reports)
