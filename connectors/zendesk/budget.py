"""How often Zendesk lets one user update: kept here too, so that what is dearest is not spent on being refused."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.errors import HelpdeskError, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from ombud.model.clock import Clock

#: Updates of one ticket by one user, and of the account: developer.zendesk.com, rate limits of Update Ticket.
PER_TICKET: Final = (30, timedelta(minutes=10))
PER_ACCOUNT: Final = (100, timedelta(minutes=1))


@dataclass(slots=True)
class Budget:
    """Count one account's updates; people's own count against the account's limit too, which only Zendesk knows."""

    account: str
    clock: Clock
    _spent: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, ticket: str) -> None:
        """Count an update of a ticket in; raises `HelpdeskError` (busy) with the seconds to wait where none is left."""
        with self._lock:
            self._take(ticket)

    def _take(self, ticket: str) -> None:
        now = self.clock.now()
        for name, (most, span) in ((ticket, PER_TICKET), ("", PER_ACCOUNT)):
            spent = self._spent.setdefault(name, deque())
            while spent and now - spent[0] >= span:
                spent.popleft()
            if len(spent) >= most:
                wait = (spent[0] + span - now).total_seconds()
                raise HelpdeskError(
                    Kind.busy,
                    self.account,
                    "PUT /api/v2/tickets/{id}",
                    detail=f"{most} updates {'of the account' if not name else 'of one ticket'} are spent",
                    remedy="The rest is sent later, enforcement first",
                    retry_after=wait,
                )
        for name in (ticket, ""):
            self._spent[name].append(now)
