"""Lay calendars out: public holidays looked up, the desk's own on top; every error names key and remedy."""

from __future__ import annotations

import warnings
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import holidays

from ombud.model.calendar import Calendar, parse_week
from policies.vocabulary import PackError, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.pack import PackCalendar

#: Years whose holidays are looked up, around the years a desk can still care about.
FIRST_YEAR, LAST_YEAR = 2005, 2040


def build_calendar(
    name: str, told: PackCalendar, *, file: str = "ombud.toml", last_year: int = LAST_YEAR
) -> Calendar:
    """Lay a calendar out; raises `PackError` for an unknown zone, week or set of holidays.

    It begins and ends with the years of which the country's holidays are known.
    """
    problems: list[Problem] = []
    days: dict[date, str] = {}
    first_year = FIRST_YEAR
    try:
        if told.country is not None:
            first_year, last_year = known_years(told.country, first_year, last_year)
        days = holiday_dates(
            told.country, told.subdivision, first_year, last_year, own=told.own, file=file
        )
    except PackError as error:
        problems += error.problems
    try:
        calendar = Calendar(
            name=name,
            zone=told.zone,
            week=parse_week(told.week),
            holidays=days,
            first_year=first_year,
            last_year=last_year,
        )
    except ValueError as error:
        problems.append(
            Problem(file, 0, 0, f"calendars.{name}", str(error), "Mend the calendar there")
        )
    if problems:
        raise PackError(problems)
    return calendar


@cache
def known_years(country: str, first_year: int, last_year: int) -> tuple[int, int]:
    """Give the years of which a country's public holidays are known; what lies outside is unknown."""
    known = getattr(holidays, country, None)
    first = max(first_year, int(getattr(known, "start_year", first_year)))
    last = min(last_year, int(getattr(known, "end_year", last_year)))
    while known is not None and last > first and not _is_known(country, last):
        last -= 1
    return first, last


def _is_known(country: str, year: int) -> bool:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        holidays.country_holidays(country, years=year)
    return not told


def holiday_dates(
    country: str | None,
    subdivision: str | None,
    first_year: int,
    last_year: int,
    *,
    own: Mapping[str, str] | None = None,
    file: str = "ombud.toml",
) -> dict[date, str]:
    """Look public holidays up, both years included, and lay the desk's own on top.

    Args:
        country: ISO 3166 code; `None` looks nothing up.
        subdivision: its part's code; `None` takes what holds in all of it.
        first_year: first year.
        last_year: last year.
        own: ISO dates and names of the desk's own.
        file: where the request stands, for errors.

    Raises:
        PackError: for an unknown country or part, or a date that is none.

    """
    problems: list[Problem] = []
    found: dict[date, str] = {}
    if country is not None:
        known = _countries()
        if country not in known:
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "holidays.country",
                    f'"{country}" is no country',
                    nearest(country, known),
                )
            )
        elif subdivision is not None and subdivision not in known[country]:
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "holidays.subdivision",
                    f'"{subdivision}" is no part of {country}',
                    nearest(subdivision, known[country]),
                )
            )
        else:
            found |= _public(country, subdivision, first_year, last_year)
    for text, name in (own or {}).items():
        try:
            found[date.fromisoformat(text)] = name
        except ValueError:
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "holidays.own",
                    f'"{text}" is no date',
                    "Write for instance 2026-12-24",
                )
            )
    if problems:
        raise PackError(problems)
    return dict(sorted(found.items()))


@cache
def _countries() -> dict[str, list[str]]:
    return {
        country: list(parts)
        for country, parts in holidays.list_supported_countries(include_aliases=True).items()
    }


@cache
def _public(
    country: str, subdivision: str | None, first_year: int, last_year: int
) -> dict[date, str]:
    return dict(
        holidays.country_holidays(
            country, subdiv=subdivision, years=range(first_year, last_year + 1)
        )
    )
