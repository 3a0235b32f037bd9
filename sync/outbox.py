"""Send what settle planned: fenced, one ticket at a time, uncertain outcomes resolved before anything new."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.errors import HelpdeskError, Kind
from ombud.model.connector import Outcome, Receipt
from ombud.model.instant import HOUR, MINUTE, SECOND
from sync.live.notices import moved_back
from sync.reconcile import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from ombud.model.connector import Connector
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import Plan
    from ombud.store import Notice, Posted, StopRow, Store
    from sync.live.breaker import Breaker

    Hold = Callable[[Sequence[Ref]], AbstractContextManager[object]]

#: Waits before a refused or failed write is tried again, by number of attempts.
_BACK_OFF = (0, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)
#: States of a write of which nobody knows whether it was made.
_UNRESOLVED = frozenset({"sending", "uncertain"})


@dataclass(slots=True)
class Sent:
    """Tell what sending did.

    Attributes:
        done: plans in place, with the plan as sent.
        again: tickets to settle again: they changed meanwhile, an uncertain write turned out not to be there, or a way
            back was refused.
        refused: ticket -> what the helpdesk said.
        waiting: writes whose outcome is not known yet, or that the helpdesk was too busy for.
        limited: whether the helpdesk was too busy, so that the others were not tried.
        stopped: the stop that keeps the account from being written to.
        broken: why nothing is written for a while, where our own writes do no good.

    """

    done: list[tuple[Plan, Receipt]] = field(default_factory=list)
    again: list[Ref] = field(default_factory=list)
    refused: dict[Ref, str] = field(default_factory=dict)
    waiting: int = 0
    limited: bool = False
    stopped: StopRow | None = None
    broken: str = ""


def send(
    store: Store,
    connector: Connector,
    epoch: int,
    now: Callable[[], Instant],
    *,
    urgent: bool = False,
    only: Sequence[Ref] | None = None,
    hold: Hold | None = None,
    breaker: Breaker | None = None,
) -> Sent:
    """Send every plan that is due for an account, enforcement first; with `urgent`, nothing but enforcement.

    With `only`, those of some tickets. `hold` keeps others of this process away from a ticket meanwhile. `breaker`
    lets nothing through where writes of ours fail or go round in circles; what became of earlier ones is looked up.

    A write is marked as under way before it is sent and judged by what came back: a crash between the
    two leaves it uncertain, and it is looked up by its key, never repeated blindly. Whether somebody stopped
    the account is asked of the database right before each write: what waits then goes on waiting.
    """
    sent = Sent()
    account = connector.account
    for waiting in store.posted(account, now(), urgent=urgent, only=only):
        with nullcontext() if hold is None else hold([waiting.ref]):
            # Whoever held the ticket before may have sent it, or planned something else.
            fresh = [waiting] if hold is None else store.posted(account, now(), only=[waiting.ref])
            for posted in fresh:
                if posted.state in _UNRESOLVED:
                    _resolve(store, connector, posted, epoch, now, sent, breaker)
                else:
                    _first(store, connector, posted, epoch, now, sent, breaker)
        if sent.limited or sent.stopped is not None or sent.broken:
            break
    return sent


def _first(
    store: Store,
    connector: Connector,
    posted: Posted,
    epoch: int,
    now: Callable[[], Instant],
    sent: Sent,
    breaker: Breaker | None,
) -> None:
    """Send a plan for the first time."""
    if _stopped(store, connector.account, sent) or not _lets(breaker, now(), sent):
        return
    goes = False
    try:
        with store.begin(connector.account, epoch) as tx:
            tx.mark_sending(posted.ref, posted.key, now())
        goes = not _stopped(store, connector.account, sent)
        if not goes:
            # Nothing was sent: it waits as before, and is not uncertain.
            with store.begin(connector.account, epoch) as tx:
                tx.mark_waiting(posted.ref, posted.key)
            return
    finally:
        if not goes and breaker is not None:
            # The one try that a breaker lets through was not made: the next may be.
            breaker.ended(from_json(posted.plan), None, epoch, now())
    _guarded(store, connector, posted, epoch, now, sent, breaker)


def _stopped(store: Store, account: str, sent: Sent) -> bool:
    sent.stopped = store.stopped(account)
    return sent.stopped is not None


def _lets(breaker: Breaker | None, now: Instant, sent: Sent) -> bool:
    if breaker is None or breaker.lets(now):
        return True
    sent.broken = breaker.why
    return False


def _guarded(
    store: Store,
    connector: Connector,
    posted: Posted,
    epoch: int,
    now: Callable[[], Instant],
    sent: Sent,
    breaker: Breaker | None,
) -> None:
    """Carry a plan out, record how it ended, and have the breaker count it."""
    plan = from_json(posted.plan)
    receipt: Receipt | None = None
    try:
        receipt = _act(store, connector, posted, plan, epoch, now, sent)
    finally:
        if breaker is not None:
            breaker.ended(plan, receipt, epoch, now())


def _act(
    store: Store,
    connector: Connector,
    posted: Posted,
    plan: Plan,
    epoch: int,
    now: Callable[[], Instant],
    sent: Sent,
) -> Receipt | None:
    """Carry a plan out and record how it ended; `None` where the helpdesk had no time for it."""
    try:
        receipt = connector.act(plan, posted.key, now)
    except HelpdeskError as error:
        if error.kind is Kind.signin:
            _postpone(store, connector.account, posted, epoch, now())
            raise
        if error.kind is Kind.busy and not error.uncertain:
            # It was not refused, it has to wait: a way back stays to be taken, and the others wait with it.
            wait = int((error.retry_after or 0) * SECOND)
            _postpone(store, connector.account, posted, epoch, now(), least=wait)
            sent.waiting += 1
            sent.limited = True
            return None
        outcome = Outcome.uncertain if error.uncertain else Outcome.refused
        receipt = Receipt(outcome, detail=error.detail)
    _book(store, connector.account, posted, plan, receipt, epoch, now, sent)
    return receipt


def _book(
    store: Store,
    account: str,
    posted: Posted,
    plan: Plan,
    receipt: Receipt,
    epoch: int,
    now: Callable[[], Instant],
    sent: Sent,
) -> None:
    """Record how a write ended."""
    if receipt.outcome is Outcome.refused:
        _postpone(store, account, posted, epoch, now(), refused=receipt.detail, plan=plan)
        sent.refused[posted.ref] = receipt.detail
        if plan.move_back is not None:
            # The note that went before the way back says that the ticket is open again: it must not stay so.
            sent.again.append(posted.ref)
        return
    done = receipt.outcome is Outcome.done
    back = None if plan.move_back is None else plan.move_back.transition
    mass = plan.move_back is not None and plan.move_back.mass
    # What many have in common is told of once, with the ticket that they stem from.
    notices: list[Notice] = []
    if done and back is not None and not mass:
        notices = moved_back(store, posted.ref, back, now())
    with store.begin(account, epoch) as tx:
        if done:
            tx.book_done(posted, moved_back=back, now=now(), mass=mass)
            tx.put_notices(notices)
            sent.done.append((plan, receipt))
            if posted.state in _UNRESOLVED:
                # What was planned meanwhile gave way to it: the ticket may have to show something else by now.
                tx.void_plan(posted.ref, posted.key)
                sent.again.append(posted.ref)
        elif receipt.outcome is Outcome.stale:
            tx.void_plan(posted.ref, posted.key)
            sent.again.append(posted.ref)
        else:
            tx.mark_uncertain(posted.ref, posted.key, now())
            sent.waiting += 1


def _postpone(
    store: Store,
    account: str,
    posted: Posted,
    epoch: int,
    now: Instant,
    *,
    refused: str | None = None,
    plan: Plan | None = None,
    least: int = 0,
) -> None:
    wait = max(_BACK_OFF[min(posted.attempts + 1, len(_BACK_OFF) - 1)], least)
    transition = (
        plan.move_back.transition if plan is not None and plan.move_back is not None else None
    )
    with store.begin(account, epoch) as tx:
        tx.book_refused(posted, refused or "", transition=transition, next_try=now + wait)


def _resolve(
    store: Store,
    connector: Connector,
    posted: Posted,
    epoch: int,
    now: Callable[[], Instant],
    sent: Sent,
    breaker: Breaker | None,
) -> None:
    """Find out what became of a write without an answer, once it cannot be under way any more."""
    account = connector.account
    patience = int(2 * connector.manifest.request_seconds * SECOND)
    since = posted.uncertain_since
    if posted.state == "sending" or since is None:
        # The process that sent it is gone: counted anew from now.
        with store.begin(account, epoch) as tx:
            tx.mark_uncertain(posted.ref, posted.key, now())
        sent.waiting += 1
        return
    if now() < since + patience:
        sent.waiting += 1
        return
    if connector.find(posted.ref, posted.key) is None:
        with store.begin(account, epoch) as tx:
            tx.void_plan(posted.ref, posted.key)
        sent.again.append(posted.ref)
        return
    if _stopped(store, account, sent) or not _lets(breaker, now(), sent):
        return
    # It arrived, whole or in part: under the same key the rest is finished, and nothing is done twice.
    _guarded(store, connector, posted, epoch, now, sent, breaker)
