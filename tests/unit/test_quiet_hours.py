"""Quiet hours and digests on the wall of one zone, through nights in which its clock changes; routes in their order."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ombud.model.event import Ref
from ombud.model.instant import MINUTE, instant, moment
from ombud.notify_settings import NotifySettings
from ombud.settings import CalendarSettings
from ombud.store import Notice
from sync.binding import desk_calendar
from sync.live.routes import Hours, route_of

BERLIN = ZoneInfo("Europe/Berlin")
#: The clocks go on in the night to 29 March 2026, and back in the night to 25 October.
NIGHT = {"from": "18:00", "until": "08:00"}


def hours(calendar=None, zone=BERLIN, **told):
    return Hours(NotifySettings.model_validate(told), zone, calendar)


def at(text, zone=BERLIN):
    return instant(datetime.fromisoformat(text).replace(tzinfo=zone))


def wall(of, zone=BERLIN):
    return moment(of, zone).strftime("%Y-%m-%d %H:%M %z")


@pytest.mark.parametrize(
    "when, free",
    [
        ("2026-11-24T17:59", "2026-11-24 17:59 +0100"),
        ("2026-11-24T18:00", "2026-11-25 08:00 +0100"),
        ("2026-11-25T07:59", "2026-11-25 08:00 +0100"),
        ("2026-11-25T08:00", "2026-11-25 08:00 +0100"),
        # Friday evening and the weekend: one after the other.
        ("2026-11-27T18:30", "2026-11-30 08:00 +0100"),
        ("2026-11-28T12:00", "2026-11-30 08:00 +0100"),
        # The weekend in which the clocks go back, and the one in which they go on.
        ("2026-10-23T19:00", "2026-10-26 08:00 +0100"),
        ("2026-03-27T19:00", "2026-03-30 08:00 +0200"),
    ],
)
def test_a_quiet_night_and_weekend_end_on_the_wall_clock(when, free):
    told = hours(quiet={**NIGHT, "days": ["sat", "sun"]})
    assert wall(told.after_quiet(at(when))) == free


@pytest.mark.parametrize(
    "when, free",
    [
        # 02:30 is left out: it is over when the clocks go on to 03:00.
        ("2026-03-28T23:00", "2026-03-29 03:00 +0200"),
        # 02:30 comes twice: it is over the first time.
        ("2026-10-24T23:00", "2026-10-25 02:30 +0200"),
    ],
)
def test_quiet_hours_that_end_within_a_change_of_the_clock(when, free):
    assert wall(hours(quiet={"from": "22:00", "until": "02:30"}).after_quiet(at(when))) == free


def test_a_short_rest_at_noon():
    told = hours(quiet={"from": "12:00", "until": "13:00"})
    assert wall(told.after_quiet(at("2026-11-24T12:30"))) == "2026-11-24 13:00 +0100"
    assert told.quiet_until(at("2026-11-24T11:59")) is None
    assert told.quiet_until(at("2026-11-24T23:00")) is None


def test_days_on_which_the_desk_is_closed_are_quiet():
    office = CalendarSettings(
        zone="Europe/Berlin",
        week={"mon-fri": ("09:00-17:00",)},
        holidays={"own": {"2026-12-24": "Christmas Eve"}},
    )
    told = hours(desk_calendar("office", office), quiet={**NIGHT, "calendar": "office"})
    assert wall(told.after_quiet(at("2026-12-23T19:00"))) == "2026-12-25 08:00 +0100"
    assert wall(told.after_quiet(at("2026-12-26T10:00"))) == "2026-12-28 08:00 +0100"


def test_a_day_that_no_calendar_reaches_is_not_quiet():
    office = CalendarSettings(zone="Europe/Berlin", week={"mon-fri": ("09:00-17:00",)})
    told = hours(desk_calendar("office", office), quiet={"calendar": "office"})
    assert told.quiet_until(at("2500-01-02T10:00")) is None


@pytest.mark.parametrize(
    "rhythm, after, goes",
    [
        ("hourly", "2026-11-24T10:00", "2026-11-24 11:00 +0100"),
        ("hourly", "2026-11-24T10:59", "2026-11-24 11:00 +0100"),
        ("daily", "2026-11-24T07:59", "2026-11-24 08:00 +0100"),
        ("daily", "2026-11-24T08:00", "2026-11-25 08:00 +0100"),
        # What falls into quiet hours goes with the first digest after them.
        ("hourly", "2026-11-27T17:30", "2026-11-30 08:00 +0100"),
        ("daily", "2026-11-27T09:00", "2026-11-30 08:00 +0100"),
        ("daily", "2026-10-24T12:00", "2026-10-26 08:00 +0100"),
    ],
)
def test_digests_go_on_the_hour_and_once_a_day(rhythm, after, goes):
    told = hours(quiet={**NIGHT, "days": ["sat", "sun"]})
    assert wall(told.window(rhythm, at(after), quiet=True)) == goes


def test_hours_of_the_night_in_which_the_clocks_go_back_are_all_counted():
    told, last = hours(), at("2026-10-25T00:30")
    found = []
    for _ in range(5):
        last = told.window("hourly", last, quiet=False)
        found.append(wall(last)[11:])
    assert found == ["01:00 +0200", "02:00 +0200", "02:00 +0100", "03:00 +0100", "04:00 +0100"]


def test_a_daily_digest_is_once_a_day_though_its_time_comes_twice_or_not_at_all():
    told = hours(daily="02:30")
    first = told.window("daily", at("2026-10-24T12:00"), quiet=False)
    assert wall(first) == "2026-10-25 02:30 +0200"
    assert wall(told.window("daily", first, quiet=False)) == "2026-10-26 02:30 +0100"
    assert (
        wall(told.window("daily", at("2026-03-28T12:00"), quiet=False)) == "2026-03-29 03:00 +0200"
    )


def test_a_daily_digest_that_always_falls_into_quiet_hours_goes_when_they_end():
    told = hours(daily="07:00", quiet=NIGHT)
    goes = told.window("daily", at("2026-11-24T12:00"), quiet=True)
    assert wall(goes) == "2026-11-25 08:00 +0100"


def test_an_hour_in_a_zone_of_half_hours_begins_on_its_own_wall():
    india = ZoneInfo("Asia/Kolkata")
    goes = hours(zone=india).window("hourly", at("2026-11-24T10:10", india), quiet=False)
    assert goes - at("2026-11-24T10:10", india) == 50 * MINUTE


def notice(kind="breach", rule="acknowledge.in_time", severity="major", account="acme"):
    ref = Ref(account, "jira", "1")
    return Notice("k", kind, ref, "complaints", rule, severity, None, 1, "{}")


ROUTES = NotifySettings.model_validate(
    {
        "routes": [
            {"when": {"rule": "acknowledge.*", "severity": "major"}, "to": "leads"},
            {"when": {"kind": ["blindness", "breaker", "hook"]}, "to": ["operators"]},
            {"when": {"account": "other"}, "to": []},
            {"when": {"binding": ["complaints"]}, "to": ["desk"], "digest": "daily"},
        ]
    }
).routes


@pytest.mark.parametrize(
    "of, to",
    [
        (notice(), ("leads",)),
        (notice(severity="minor"), ("desk",)),
        (notice(rule="close.with_root_cause"), ("desk",)),
        (notice(kind="breaker", rule=""), ("operators",)),
        (notice(rule="x", account="other"), ()),
    ],
)
def test_the_first_route_that_fits_counts(of, to):
    assert route_of(ROUTES, of).to == to


def test_a_notice_about_several_rules_fits_by_any_and_one_without_a_route_is_told_to_nobody():
    told = notice(kind="block", rule="close.a")
    assert route_of(ROUTES, told, ["close.a", "acknowledge.b"]).to == ("leads",)
    assert route_of(ROUTES[:2], notice(rule="x")) is None
