"""Rate limits as the vendor describes them, counted on the world's clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ombud.sandbox.jira.http import RefusedError

_WRITES = ("POST", "PUT", "DELETE")
#: Search-like calls that only read, though they are posted.
_READING = ("/search/", "/bulkfetch", "/workflows")


@dataclass(slots=True)
class Limits:
    """Three limits: bursts per second and endpoint, writes per ticket, and points per hour.

    Off unless `enabled`. On a clock that stands still nothing refills until the clock is stepped.
    """

    enabled: bool = False
    burst: dict[str, int] = field(
        default_factory=lambda: {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
    )
    bursts: dict[str, int] = field(
        default_factory=lambda: {"GET /issue/{issue}": 150, "GET /issue/{issue}/changelog": 200}
    )
    writes_per_2_seconds: int = 20
    writes_per_30_seconds: int = 100
    points_per_hour: int = 65_000
    _calls: dict[str, deque[datetime]] = field(default_factory=dict)
    _writes: dict[str, deque[datetime]] = field(default_factory=dict)
    _hour: datetime | None = None
    _points: int = 0

    def admit(self, method: str, template: str, issue: str | None, now: datetime) -> dict[str, str]:
        """Count a call in and return its headers; a call too many is a 429 with its reason."""
        name = f"{method} {template}"
        most = self.bursts.get(name, self.burst.get(method, 100))
        if not self.enabled:
            return _headers(most, most, now + timedelta(seconds=1))
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._hour != hour:
            self._hour, self._points = hour, 0
        next_hour = hour + timedelta(hours=1)
        if self._points >= self.points_per_hour:
            wait = max(1, int((next_hour - now).total_seconds()) + 1)
            self._refuse(
                "jira-quota-global-based", wait, _headers(self.points_per_hour, 0, next_hour)
            )
        calls = self._recent(self._calls, name, now, 1)
        if len(calls) >= most:
            self._refuse("jira-burst-based", 1, _headers(most, 0, now + timedelta(seconds=1)))
        if (
            issue is not None
            and method in _WRITES
            and not any(part in template for part in _READING)
        ):
            writes = self._recent(self._writes, issue, now, 30)
            short = [at for at in writes if now - at < timedelta(seconds=2)]
            if len(short) >= self.writes_per_2_seconds:
                self._refuse(
                    "jira-per-issue-on-write", 2, _headers(self.writes_per_2_seconds, 0, now)
                )
            if len(writes) >= self.writes_per_30_seconds:
                self._refuse(
                    "jira-per-issue-on-write", 30, _headers(self.writes_per_30_seconds, 0, now)
                )
            writes.append(now)
        calls.append(now)
        self._points += 1
        return _headers(most, most - len(calls), now + timedelta(seconds=1))

    def charge(self, objects: int) -> None:
        """Add a point for every object an answer carried."""
        self._points += objects

    @staticmethod
    def _recent(
        store: dict[str, deque[datetime]], key: str, now: datetime, seconds: int
    ) -> deque[datetime]:
        calls = store.setdefault(key, deque())
        while calls and now - calls[0] >= timedelta(seconds=seconds):
            calls.popleft()
        return calls

    @staticmethod
    def _refuse(reason: str, wait: int, headers: dict[str, str]) -> None:
        raise RefusedError(
            429,
            ["Rate limit exceeded."],
            headers=headers | {"Retry-After": str(wait), "RateLimit-Reason": reason},
        )


def _headers(most: int, left: int, reset: datetime) -> dict[str, str]:
    near = str(left * 5 < most).lower()
    return {
        "X-RateLimit-Limit": str(most),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
        "X-RateLimit-NearLimit": near,
    }
