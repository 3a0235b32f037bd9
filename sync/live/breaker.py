"""A circuit breaker for what we write: where our own writes fail or go round in circles, nothing is written for a while.

It is kept in the database, so that a restart does not forget it: `breaker:<account>`.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from ombud.model.connector import Check, Outcome
from ombud.model.event import Cause, Ref
from ombud.model.instant import MINUTE, iso
from ombud.store import Notice

if TYPE_CHECKING:
    from ombud.model.connector import Receipt
    from ombud.model.facts import Complaint, Instant
    from ombud.model.mark import Plan
    from ombud.store import Store

#: It opens when so many of the last so many writes failed.
FAILED, OF = 5, 10
#: How long nothing is written: after the first opening, the second in a row, and every later one.
SPANS: Final = (5 * MINUTE, 15 * MINUTE, 60 * MINUTE)
#: A machine that closes a ticket so often, though we opened it again, within so long: it would go on for ever.
LOOPS, LOOP_SPAN = 3, 10 * MINUTE
_MACHINES: Final = frozenset({Cause.automation, Cause.rule})
_META: Final = "breaker:"


@dataclass(slots=True)
class _State:
    """Hold what is kept.

    Attributes:
        last: how the last writes ended, the newest last: whether each failed.
        until: until when nothing is written; 0 while it is closed. Past it one write is tried.
        opened: how often it opened since it was last closed.
        why: why it opened.

    """

    last: list[bool] = field(default_factory=list)
    until: Instant = 0
    opened: int = 0
    why: str = ""


class Breaker:
    """Guard one account's helpdesk from writes of ours that do no good."""

    def __init__(self, store: Store, account: str, vendor: str) -> None:
        """Take up what is kept of an account.

        Args:
            store: the database.
            account: the account.
            vendor: its connector's name.

        """
        self._store = store
        self._of = Ref(account, vendor, "")
        self._lock = threading.Lock()
        self._trying = False
        self._kept = store.meta(_META + account) or _told(_State())
        self._state = _State(**json.loads(self._kept))

    @property
    def why(self) -> str:
        """Say why it is open; "" while it is closed."""
        return self._state.why if self._state.until else ""

    def lets(self, now: Instant) -> bool:
        """Tell whether a write may be made now; where it is half open, one at a time, each to be followed by `ended`."""
        with self._lock:
            state = self._state
            if not state.until:
                return True
            if now < state.until or self._trying:
                return False
            self._trying = True
            return True

    def ended(self, plan: Plan, receipt: Receipt | None, epoch: int, now: Instant) -> None:
        """Count how a write ended; `None` where it says nothing of whether our writes take.

        A way back that is refused says nothing: it is told to people, and not tried again.
        """
        failed: bool | None = None
        if receipt is not None and receipt.outcome is Outcome.done:
            failed = False
        elif receipt is not None and receipt.outcome is not Outcome.stale:
            failed = receipt.outcome is Outcome.uncertain or plan.move_back is None
        with self._lock:
            trying, self._trying = self._trying, False
            if failed is None:
                return
            state = self._state
            state.last = [*state.last, failed][-OF:] if any(state.last) or failed else []
            if not failed and trying:
                self._state = _State()
            elif failed and (trying or (not state.until and sum(state.last) >= FAILED)):
                said = (receipt.detail if receipt is not None else "") or "no answer came"
                what = (
                    "the first write afterwards failed"
                    if trying
                    else f"{sum(state.last)} of the last {len(state.last)} writes failed"
                )
                self._open(f"{what}, the last one: {said}", now)
            self._keep(epoch, now)

    def looped(self, ref: Ref, epoch: int, now: Instant) -> None:
        """Open because a machine closed a ticket again and again that we moved back."""
        with self._lock:
            if not self._state.until:
                self._open(
                    f"something in the helpdesk closed {ref} again each time it was moved back", now
                )
                self._keep(epoch, now)

    def sentence(self, now: Instant) -> str:
        """Say that nothing is written, until when and why; "" while it is closed."""
        state = self._state
        if not state.until:
            return ""
        until = f"until {iso(state.until)}" if now < state.until else "but for one try"
        return f"Nothing is written to {self._of.account} {until}: {state.why}"

    def check(self, now: Instant) -> Check | None:
        """Report it, for `ombud accounts check`; `None` while it is closed."""
        said = self.sentence(now)
        remedy = "Mend the cause; it is tried again by itself, and sooner with nothing to be done"
        return Check("Writing", ok=False, why=said, remedy=remedy) if said else None

    def _open(self, why: str, now: Instant) -> None:
        state = self._state
        span = SPANS[min(state.opened, len(SPANS) - 1)]
        self._state = _State([], now + span, state.opened + 1, why)

    def _keep(self, epoch: int, now: Instant) -> None:
        told = _told(self._state)
        if told == self._kept:
            return
        state = self._state
        opened = state.until > now and json.loads(self._kept)["until"] != state.until
        with self._store.begin(self._of.account, epoch) as tx:
            tx.set_meta(_META + self._of.account, told)
            if opened:
                tx.put_notices([self._notice(now)])
        self._kept = told

    def _notice(self, now: Instant) -> Notice:
        account = self._of.account
        return Notice(
            key=f"breaker/{account}/{now}",
            kind="breaker",
            ref=self._of,
            binding="",
            rule="",
            severity="major",
            due=None,
            made=now,
            told=json.dumps({"key": "", "url": "", "sentences": [self.sentence(now)]}),
        )


def _told(state: _State) -> str:
    return json.dumps(asdict(state), sort_keys=True)


def loops(complaint: Complaint) -> bool:
    """Tell whether the same machine closed a complaint again and again within minutes."""
    closings = [each for each in complaint.transitions if each.entering == "closed"][-LOOPS:]
    last = closings[-1] if closings else None
    return (
        last is not None
        and len(closings) == LOOPS
        and last.at - closings[0].at <= LOOP_SPAN
        and all(
            each.cause in _MACHINES and each.actor == last.actor for each in closings[1 - LOOPS :]
        )
    )
