"""How a period stands in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ombud.model.instant import instant
from sync.periods import read_period

NOW = instant(datetime(2026, 11, 25, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "key, spoken",
    [
        ("all", "at any time"),
        ("2026-10", "in October 2026"),
        ("2026-q3", "in Q3 2026"),
        ("2026", "in 2026"),
        ("last-90d", "in the last 90 days"),
        ("this-month", "in November 2026 so far"),
        ("today", "today"),
        ("this-week", "this week"),
        ("2026-10-03", "on 3 Oct 2026"),
        ("2026-10-03..2026-10-09", "from 3 Oct 2026 to 9 Oct 2026"),
    ],
)
def test_a_period_is_spoken_as_people_would(key, spoken):
    assert read_period(key, NOW, UTC).spoken == spoken
