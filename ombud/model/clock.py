"""The only place that knows what time it is; everywhere else a `Clock` is passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tell the present time."""

    def now(self) -> datetime:
        """Give the present time, aware, in UTC."""
        ...


class SystemClock:
    """Tell the machine's time."""

    def now(self) -> datetime:
        """Give the present time, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """Stand still until told otherwise, for tests and demonstrations."""

    def __init__(self, start: datetime) -> None:
        """Stand at `start`, which must be aware."""
        self.set(start)

    def now(self) -> datetime:
        """Give the time set, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Go forward."""
        self._now += by

    def set(self, moment: datetime) -> None:
        """Go to a moment, which must be aware."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no time zone")
        self._now = moment.astimezone(UTC)


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 time with its zone; `ValueError` says what is missing."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no time; write 2026-03-31T17:00:00+02:00") from error
    if moment.tzinfo is None:
        raise ValueError(
            f"{text!r} has no time zone; write 2026-03-31T17:00:00+02:00, or Z for UTC"
        )
    return moment
