"""The completeness ledger by day and binding, with its holes: what was known of each day, and how late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sync.completeness import ledger_days, percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ombud.store import LedgerRow
    from sync.service import Service

#: Days that are shown.
DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class Day:
    """Hold one day of a binding's ledger; without a line it is a hole: nothing is known of it."""

    day: date
    row: LedgerRow | None

    @property
    def share(self) -> float | None:
        """Give the share that was read, in percent, rounded down; `None` where nothing says."""
        return None if self.row is None else percent(self.row.read, self.row.expected)

    @property
    def unread(self) -> int:
        """Give how many were shown and not read yet."""
        row = self.row
        if row is None:
            return 0
        return row.expected - row.read - row.missing - row.unreadable - row.quarantined

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        told: dict[str, object] = {"day": self.day.isoformat(), "census": self.row is not None}
        if self.row is not None:
            row = self.row
            told |= {"expected": row.expected, "read": row.read, "missing": row.missing, "unreadable": row.unreadable}  # fmt: skip
            told |= {"quarantined": row.quarantined, "unread": self.unread, "lag_microseconds": row.lag}  # fmt: skip
        return told


@dataclass(frozen=True, slots=True)
class Ledger:
    """Hold the last days of one binding, the newest first; no days mean that no census was due yet."""

    account: str
    binding: str
    days: Sequence[Day]

    @property
    def holes(self) -> int:
        """Give how many of the days have no line."""
        return sum(each.row is None for each in self.days)

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "account": self.account,
            "binding": self.binding,
            "holes": self.holes,
            "days": [each.as_json() for each in self.days],
        }


def ledgers(service: Service, account: str, most: int = DAYS) -> list[Ledger]:
    """Give the ledger of each binding of an account; none for one that is read from a file."""
    if not service.asks(account):
        return []
    return [
        Ledger(
            account,
            bound.name,
            [Day(day, row) for day, row in reversed(ledger_days(service, bound, most))],
        )
        for bound in service.bounds
        if bound.account == account
    ]
