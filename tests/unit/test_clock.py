"""The clock that stands still, and times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ombud.model.clock import FixedClock, SystemClock, parse_instant


def test_a_fixed_clock_goes_only_where_it_is_told():
    start = datetime(2026, 3, 9, 10, tzinfo=timezone(timedelta(hours=1)))
    clock = FixedClock(start)
    assert clock.now() == clock.now() == start
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(minutes=5))
    assert clock.now() == start + timedelta(minutes=5)
    clock.set(start)
    assert clock.now() == start


def test_a_fixed_clock_refuses_a_naive_time():
    with pytest.raises(ValueError, match="has no time zone"):
        FixedClock(datetime(2026, 3, 9, 10))


def test_the_system_clock_tells_utc():
    assert SystemClock().now().tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-03-31T17:00:00+02:00", " 2026-03-31T15:00:00Z "])
def test_a_time_is_read_with_its_zone(text):
    assert parse_instant(text) == datetime(2026, 3, 31, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text, message",
    [
        ("2026-03-31T17:00:00", "has no time zone; write"),
        ("2026-03-31", "has no time zone; write"),
        ("31.03.2026 17:00", "is no time; write"),
        ("", "is no time; write"),
    ],
)
def test_a_time_without_a_zone_or_of_another_shape_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_instant(text)
