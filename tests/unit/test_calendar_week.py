"""How a working week is written, and what is said where it is written wrong."""

from __future__ import annotations

import pytest

from ombud.model.calendar import parse_week


def test_a_range_of_days_takes_several_windows_in_order():
    week = parse_week({"mon-wed": ["13:30-17:00", "9:00-12:30"], "Sun": ["22:00 - 06:00"]})
    office = ((540, 750), (810, 1020))
    assert week == (office, office, office, (), (), (), ((1320, 360),))


def test_keys_of_one_day_add_up_and_windows_may_touch():
    assert parse_week({"mon": ["09:00-12:00"], "mon-tue": ["12:00-24:00"]})[:2] == (
        ((540, 720), (720, 1440)),
        ((720, 1440),),
    )


def test_a_window_that_ends_where_it_starts_is_open_around_the_clock():
    assert parse_week({"mon-sun": ["08:00-08:00"]})[0] == ((480, 480),)


@pytest.mark.parametrize(
    "told, message",
    [
        ({"mo": ["09:00-17:00"]}, r"week\.mo: is no day; write mon"),
        ({"mon-": ["09:00-17:00"]}, r"week\.mon-: is no day"),
        ({"fri-mon": ["09:00-17:00"]}, r"week\.fri-mon: runs backwards; write two keys"),
        ({"mon": ["9-17"]}, r'week\.mon: \'9-17\' is no window; write "09:00-17:00"'),
        ({"mon": ["09:00-25:00"]}, r"week\.mon: .* is no window"),
        ({"mon": ["09:60-17:00"]}, r"week\.mon: .* is no window"),
        ({"mon": ["24:00-06:00"]}, r"week\.mon: .* is no window"),
        ({"mon": ["09:00-17:00-18:00"]}, r"week\.mon: .* is no window"),
        ({"mon": "09:00-17:00"}, r'week\.mon: is a list; write \["09:00-17:00"\]'),
        ({"mon": []}, "week: is never open"),
        ({}, "week: is never open"),
        (
            {"mon-fri": ["09:00-17:00"], "fri": ["09:00-14:00"]},
            r"week\.fri: a window of fri overlaps one of week\.mon-fri",
        ),
        ({"mon": ["09:00-12:00", "11:00-17:00"]}, r"week\.mon: a window of mon overlaps another"),
        ({"sun": ["22:00-06:00"], "mon": ["05:00-09:00"]}, r"window of sun overlaps .*week\.mon"),
    ],
)
def test_a_week_written_wrong_names_the_key_and_the_remedy(told, message):
    with pytest.raises(ValueError, match=message):
        parse_week(told)
