"""How healthy the data are that every figure rests on: for each helpdesk how far it is read, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.model.instant import SECOND, iso
from sync.completeness import completeness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.facts import Instant
    from sync.completeness import Completeness
    from sync.live.pulse import Pulse
    from sync.service import Service

#: Sweeps that may be missed before an account counts as left behind.
_MISSED = 3


@dataclass(frozen=True, slots=True)
class Health:
    """Say how an account's data are.

    Attributes:
        account: the account.
        vendor: its vendor.
        state: "fresh", "late", "gap", "unknown", "stopped", "never" (nothing was ever read) or "file".
        complete: how complete they are.
        swept: when it was last looked through; `None` where this process does not know.
        hinted: when it last told of a change by itself; `None` where it never did.
        hints: hints that wait.
        plans: writes that wait.
        why: what is wrong, in words.
        calls: requests it was sent since the start.

    """

    account: str
    vendor: str
    state: str
    complete: Completeness
    swept: Instant | None
    hinted: Instant | None
    hints: int
    plans: int
    why: str
    calls: int

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        told = self.complete
        return {
            "account": self.account,
            "vendor": self.vendor,
            "state": self.state,
            "expected": told.expected,
            "read": told.read,
            "missing": told.missing,
            "unreadable": told.unreadable,
            "quarantined": told.quarantined,
            "share": told.share,
            "last_sweep": iso(self.swept),
            "last_hint": iso(self.hinted),
            "hints_waiting": self.hints,
            "writes_waiting": self.plans,
            "why": self.why or told.sentence(),
        }


def healths(service: Service, pulses: Mapping[str, Pulse], now: Instant) -> list[Health]:
    """Say how the data of every account are."""
    backlog = service.store.live.backlog()
    return [
        _health(service, name, pulses.get(name), now, backlog.hints.get(name, 0), backlog.plans.get(name, 0))
        for name in service.settings.accounts
    ]  # fmt: skip


def _health(
    service: Service, name: str, pulse: Pulse | None, now: Instant, hints: int, plans: int
) -> Health:
    complete = completeness(service, name)
    stop = service.store.stopped(name)
    swept = pulse.last_sweep if pulse is not None else None
    late = (
        swept is not None
        and now - swept > _MISSED * service.settings.serve.sweep_seconds * SECOND
    )  # fmt: skip
    why = (pulse.why or pulse.broken) if pulse is not None else ""
    if stop is not None:
        state, why = "stopped", stop.stopped_why
    elif not complete.listed:
        state = "file"
    elif complete.day is None and not _begun(service, name):
        state, why = "never", why or f"{name} was never read: ombud sync {name}"
    elif complete.day is None or complete.lacking:
        state = "unknown"
    elif late:
        state = "late"
    else:
        state = "fresh" if complete.whole and not why else "gap"
    return Health(
        name,
        service.settings.accounts[name].vendor,
        state,
        complete,
        swept,
        service.store.live.last_hint(name),
        hints,
        plans,
        why,
        sum(service.calls(name).values()),
    )


def _begun(service: Service, account: str) -> bool:
    """Tell whether anything of an account was ever read: one of its bindings has come somewhere."""
    return any(
        service.store.cursor(account, bound.name) is not None
        for bound in service.bounds
        if bound.account == account
    )
