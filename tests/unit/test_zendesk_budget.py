"""Updates are counted before they are sent: thirty of one ticket in ten minutes, a hundred of the account in one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import HelpdeskError, Kind
from connectors.zendesk.budget import Budget

START = datetime(2027, 1, 8, 16, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.at = START

    def now(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(clock):
    return Budget("desk", clock)


def test_one_ticket_is_updated_thirty_times_in_ten_minutes(budget, clock):
    for _ in range(30):
        budget.take("1")
        clock.at += timedelta(seconds=1)
    with pytest.raises(HelpdeskError) as told:
        budget.take("1")
    assert (told.value.kind, told.value.uncertain) == (Kind.busy, False)
    assert told.value.retry_after == 570
    budget.take("2")
    clock.at += timedelta(seconds=570)
    budget.take("1")


def test_an_account_is_updated_a_hundred_times_a_minute(budget, clock):
    for number in range(100):
        budget.take(str(number))
    with pytest.raises(HelpdeskError, match="of the account"):
        budget.take("100")
    clock.at += timedelta(minutes=1)
    budget.take("100")


def test_what_was_refused_is_not_counted(budget, clock):
    for number in range(100):
        budget.take(str(number))
    for _ in range(40):
        with pytest.raises(HelpdeskError):
            budget.take("100")
    clock.at += timedelta(minutes=1)
    budget.take("100")
