"""The sandbox's own time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class SteppableClock:
    """Tell the world's time, which stands still until stepped or runs along with real time.

    Every instant is UTC with millisecond precision, as the vendors print it.
    """

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        self._lock = threading.Lock()
        self._base = instant(start)
        self._running = running
        self._since = time.monotonic()

    @property
    def running(self) -> bool:
        """Whether real time moves this clock."""
        return self._running

    def now(self) -> datetime:
        """Return the world's present, in UTC."""
        with self._lock:
            return self._now()

    def advance(self, seconds: float) -> datetime:
        """Move the present by so many seconds and return it; a negative step is a clock set back."""
        with self._lock:
            self._base = instant(self._now() + timedelta(seconds=seconds))
            self._since = time.monotonic()
            return self._base

    def set(self, moment: datetime) -> datetime:
        """Put the present at an aware datetime and return it in UTC."""
        with self._lock:
            self._base = instant(moment)
            self._since = time.monotonic()
            return self._base

    def run(self) -> None:
        """Let real time move the clock from here on."""
        with self._lock:
            self._base, self._since, self._running = self._now(), time.monotonic(), True

    def stand(self) -> None:
        """Stop the clock where it is."""
        with self._lock:
            self._base, self._running = self._now(), False

    def _now(self) -> datetime:
        if not self._running:
            return self._base
        return instant(self._base + timedelta(seconds=time.monotonic() - self._since))


def present() -> datetime:
    """Return the real present, for a world that shall open now."""
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> datetime:
    """Return an aware datetime in UTC, cut to the millisecond; refuse a naive one."""
    if moment.tzinfo is None:
        message = f"a datetime without a zone is no instant: {moment.isoformat()}"
        raise ValueError(message)
    in_utc = moment.astimezone(UTC)
    return in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)
