"""Rate limits as the vendor describes them, counted on the world's clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ombud.sandbox.zendesk.http import RefusedError

_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Limits:
    """The plan's calls, exports, updates of one ticket by one user, and updates of the account.

    Off unless `enabled`. On a clock that stands still nothing refills until the clock is stepped.
    """

    enabled: bool = False
    per_minute: int = 400
    exports: int = 10
    updates: int = 100
    ticket_updates: int = 30
    _calls: dict[str, deque[datetime]] = field(default_factory=dict)

    def admit(
        self, now: datetime, *, export: bool, update: tuple[int, str] | None
    ) -> dict[str, str]:
        """Count a call in and return its headers; a call too many is a 429 that says when to come back.

        Args:
            now: the present.
            export: whether it is an incremental export.
            update: user and ticket, where it updates one.

        """
        if not self.enabled:
            return _plan(self.per_minute, self.per_minute, 60)
        buckets = [("plan", self.per_minute, _MINUTE)]
        if export:
            buckets.append(("incremental-exports", self.exports, _MINUTE))
        if update is not None:
            buckets.append(("account-updates", self.updates, _MINUTE))
            name = f"ticket-updates-{update[0]}-{update[1]}"
            buckets.append((name, self.ticket_updates, timedelta(minutes=10)))
        headers: dict[str, str] = {}
        for name, most, span in buckets:
            calls = self._calls.setdefault(name, deque())
            while calls and now - calls[0] >= span:
                calls.popleft()
            resets = int((calls[0] + span - now).total_seconds()) + 1 if calls else 0
            left = most - len(calls)
            if left <= 0:
                told = {"Retry-After": str(resets)} | _bucket(name, most, 0, resets)
                raise RefusedError(
                    429,
                    {
                        "error": "APIRateLimitExceeded",
                        "description": "Number of allowed API requests per minute exceeded",
                    },
                    told,
                )
            headers |= _bucket(name, most, left - 1, resets)
        for name, _, _ in buckets:
            self._calls[name].append(now)
        return headers


def _bucket(name: str, most: int, left: int, resets: int) -> dict[str, str]:
    if name == "plan":
        return _plan(most, left, resets)
    plain = "ticket-updates" if name.startswith("ticket-updates") else name
    return {f"zendesk-ratelimit-{plain}": f"total={most}; remaining={left}; resets={resets}"}


def _plan(most: int, left: int, resets: int) -> dict[str, str]:
    return {
        "x-rate-limit": str(most),
        "x-rate-limit-remaining": str(left),
        "ratelimit-limit": str(most),
        "ratelimit-remaining": str(left),
        "ratelimit-reset": str(resets),
    }
