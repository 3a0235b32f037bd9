"""One budget of requests for an account, whoever asks: enforcement goes first, and leaves nobody to be refused."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from ombud.model.clock import Clock

#: Requests of one account under way at a time, and how many of these are kept for enforcement.
MOST: Final = 8
KEPT: Final = 2
#: Below this part of what the vendor lets us ask, everything but enforcement waits for the next window.
RESERVE: Final = 0.1
#: Where the vendor does not say when its window ends.
WINDOW: Final = timedelta(seconds=10)
_LIMITS: Final = ("X-Rate-Limit", "X-RateLimit-Limit", "RateLimit-Limit")
_LEFT: Final = ("X-Rate-Limit-Remaining", "X-RateLimit-Remaining", "RateLimit-Remaining")
_RESET: Final = ("RateLimit-Reset", "X-RateLimit-Reset")


class Gate:
    """Let requests through; shared by everything that asks one account's server."""

    def __init__(self, clock: Clock, sleep: Callable[[float], None], *, most: int = MOST) -> None:
        """Open the gate."""
        self._clock = clock
        self._sleep = sleep
        self._most = most
        self._kept = min(KEPT, most - 1)
        self._under_way = 0
        self._turn = threading.Condition()
        self._waiting = 0
        self._closed: dict[str, datetime] = {}
        self._reserved: datetime | None = None
        #: By how much the helpdesk's clock is ahead of ours, in microseconds, to the second; `None` until it told.
        self.skew: int | None = None
        self._here = threading.local()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Let what this thread asks within the block go first: it enforces something."""
        former = getattr(self._here, "urgent", False)
        self._here.urgent = True
        try:
            yield
        finally:
            self._here.urgent = former

    @contextmanager
    def turn(self, operation: str) -> Iterator[None]:
        """Wait for a turn to ask something, and hold it while the answer comes."""
        urgent = getattr(self._here, "urgent", False)
        while (wait := self._wait(operation, urgent=urgent)) > 0:
            self._sleep(wait)
        with self._turn:
            if urgent:
                self._waiting += 1
                try:
                    self._turn.wait_for(lambda: self._under_way < self._most)
                finally:
                    self._waiting -= 1
            else:
                self._turn.wait_for(
                    lambda: not self._waiting and self._under_way < self._most - self._kept
                )
            self._under_way += 1
        try:
            yield
        finally:
            with self._turn:
                self._under_way -= 1
                self._turn.notify_all()

    def close(self, operation: str, seconds: float) -> None:
        """Let nobody ask for an operation for so many seconds: the vendor said so."""
        until = self._clock.now() + timedelta(seconds=seconds)
        with self._turn:
            self._closed[operation] = max(until, self._closed.get(operation, until))

    def closed(self, operation: str) -> float:
        """Give the seconds for which an operation must not be asked for."""
        with self._turn:
            until = self._closed.get(operation)
        return 0.0 if until is None else max(0.0, (until - self._clock.now()).total_seconds())

    def note(self, headers: Mapping[str, str]) -> None:
        """Read from an answer how much is left, and the helpdesk's time; where little is left, it is kept for enforcement.

        Source: RFC 9110, 6.6.1 (Date).
        """
        told = headers.get("Date")
        if told is not None:
            self._compare(told)
        most, left = _number(headers, _LIMITS), _number(headers, _LEFT)
        if most is None or left is None or most <= 0 or left >= RESERVE * most:
            return
        reset = _number(headers, _RESET)
        span = WINDOW if reset is None or reset > 3600 else timedelta(seconds=reset)
        with self._turn:
            self._reserved = self._clock.now() + span

    def _compare(self, told: str) -> None:
        try:
            there = parsedate_to_datetime(told)
        except ValueError:
            return
        if there.tzinfo is not None:
            self.skew = (there - self._clock.now()) // timedelta(microseconds=1)

    def _wait(self, operation: str, *, urgent: bool) -> float:
        wait = self.closed(operation)
        reserved = self._reserved
        if not urgent and reserved is not None:
            wait = max(wait, (reserved - self._clock.now()).total_seconds())
        return wait


def _number(headers: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    for name in names:
        told = headers.get(name)
        if told is not None:
            try:
                return float(told)
            except ValueError:
                return None
    return None
