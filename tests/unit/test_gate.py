"""One budget of requests for an account: enforcement goes first, what the vendor closed stays closed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from connectors.gate import KEPT, MOST, Gate

ASK = "GET /rest/api/3/issue/{id}"
_LONG = 30


class Stepped:
    def __init__(self):
        self.time = datetime(2026, 11, 25, tzinfo=UTC)
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


def made():
    clock = Stepped()
    return Gate(clock, clock.sleep), clock


def asking(gate, *, urgent=False):
    """Ask in a thread of its own; give what tells that it has its turn, and what ends it."""
    begun, ends = threading.Event(), threading.Event()

    def ask():
        if urgent:
            with gate.urgent(), gate.turn(ASK):
                begun.set()
                ends.wait(_LONG)
        else:
            with gate.turn(ASK):
                begun.set()
                ends.wait(_LONG)

    threading.Thread(target=ask, daemon=True).start()
    return begun, ends


def test_what_the_vendor_closed_is_waited_for_and_nothing_else():
    gate, clock = made()
    gate.close(ASK, 20)
    with gate.turn("GET /rest/api/3/myself"):
        pass
    assert clock.slept == []
    with gate.urgent(), gate.turn(ASK):
        pass
    assert clock.slept == [20]
    assert gate.closed(ASK) == 0


def test_what_is_left_of_a_window_is_kept_for_enforcement():
    gate, clock = made()
    gate.note({"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "20", "RateLimit-Reset": "40"})
    with gate.urgent(), gate.turn(ASK):
        pass
    assert clock.slept == []
    with gate.turn(ASK):
        pass
    assert clock.slept == [40]


def test_where_plenty_is_left_nobody_waits():
    gate, clock = made()
    gate.note({"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "400"})
    gate.note({"X-Rate-Limit": "many", "X-Rate-Limit-Remaining": "few"})
    with gate.turn(ASK):
        pass
    assert clock.slept == []


def test_backfill_leaves_places_that_enforcement_takes_at_once():
    gate, _ = made()
    backfill = [asking(gate) for _ in range(MOST - KEPT)]
    assert all(begun.wait(_LONG) for begun, _ in backfill)
    more, ends = asking(gate)
    assert not more.wait(0.2)
    urgent, ended = asking(gate, urgent=True)
    assert urgent.wait(_LONG)
    for end in (ended, *(each for _, each in backfill)):
        end.set()
    assert more.wait(_LONG)
    ends.set()


def test_a_request_that_is_told_to_wait_closes_its_operation_for_all():
    gate, clock = made()
    gate.close(ASK, 1800)
    gate.close(ASK, 5)
    assert gate.closed(ASK) == 1800
    clock.sleep(1800)
    assert gate.closed(ASK) == 0
