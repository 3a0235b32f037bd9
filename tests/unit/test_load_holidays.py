"""Public holidays become dates, and the desk's own are laid on top."""

from __future__ import annotations

from datetime import date

import pytest

from policies.calendars import holiday_dates
from policies.vocabulary import PackError


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    women = date(2026, 3, 8)
    assert women in holiday_dates("DE", "BE", 2026, 2026)
    assert women not in holiday_dates("DE", "BW", 2026, 2026)
    assert women not in holiday_dates("DE", None, 2026, 2026)


def test_both_years_are_included() -> None:
    years = {day.year for day in holiday_dates("DE", None, 2025, 2027)}
    assert years == {2025, 2026, 2027}


def test_the_desks_own_days_are_added_and_renamed() -> None:
    found = holiday_dates(
        "DE", "BE", 2026, 2026, own={"2026-12-24": "closed", "2026-12-25": "Christmas"}
    )
    assert found[date(2026, 12, 24)] == "closed"
    assert found[date(2026, 12, 25)] == "Christmas"
    assert list(found) == sorted(found)


def test_without_a_country_there_are_only_the_desks_own() -> None:
    assert holiday_dates(None, None, 2026, 2026, own={"2026-12-24": "closed"}) == {
        date(2026, 12, 24): "closed"
    }
    assert holiday_dates(None, None, 2026, 2026) == {}


@pytest.mark.parametrize(
    "country, subdivision, own, problem",
    [
        ("XX", None, {}, 'holidays.country: "XX" is no country'),
        ("DE", "ZZ", {}, 'holidays.subdivision: "ZZ" is no part of DE'),
        (
            "DE",
            "BE",
            {"24.12.2026": "x"},
            'holidays.own: "24.12.2026" is no date. Write for instance 2026-12-24',
        ),
    ],
)
def test_what_is_unknown_is_refused_by_name(country, subdivision, own, problem) -> None:
    with pytest.raises(PackError) as caught:
        holiday_dates(country, subdivision, 2026, 2026, own=own, file="ombud.toml")
    assert str(caught.value).startswith("ombud.toml: ")
    assert problem in str(caught.value)
