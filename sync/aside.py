"""Keep what is known of tickets that could not be read or judged: put aside and tried again, not shown, deleted, merged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ombud.model.complaint import case_of
from ombud.model.connector import Gone
from ombud.model.instant import DAY, HOUR, MINUTE
from ombud.store import QUARANTINE, Settled, TicketState

if TYPE_CHECKING:
    from ombud.model.connector import Reading
    from ombud.model.scope import Decision
    from sync.settle import Settling

#: Waits before a ticket that could not be read or judged is tried again, by failures in a row.
_BACK_OFF = (MINUTE, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY)


def unread(
    at: Settling, reading: Reading, state: TicketState | None, decision: Decision
) -> Settled:
    """Note a ticket that cannot be read; only the vendor's own word makes it deleted."""
    at.tally.unreadable += 1
    if state is None or reading.gone in {Gone.malformed, None}:
        return put_aside(at, reading, state, decision, reading.detail or "cannot be read")
    if reading.gone is Gone.unreachable:
        return unseen(at, state)
    left = replace(
        state, gone=reading.gone, recheck=None, failures=0, trouble=reading.detail or None
    )
    if reading.into is None:
        return Settled(left, findings=(), withdrawn="deleted in the helpdesk")
    # The earliest of the two survives as the case, whichever ticket the helpdesk kept.
    told = at.store.events([reading.ref, reading.into])
    births = {ref: min(event.happened for event in events) for ref, events in told.items()}
    case = case_of(min(births, key=lambda ref: (births[ref], ref))) if births else state.case
    former = state.case if case != state.case else None
    return Settled(
        replace(left, case=case), withdrawn=f"merged into {case}" if former else None, former=former
    )


def unseen(at: Settling, state: TicketState) -> Settled:
    """Keep a ticket that the helpdesk no longer shows: deleted or hidden, nobody can tell; its findings stay."""
    at.tally.vanished += state.gone is not Gone.unreachable
    return Settled(
        replace(
            state,
            gone=Gone.unreachable,
            trouble="not shown any more: deleted, or hidden from us",
            recheck=at.now + DAY,
        )
    )


def put_aside(
    at: Settling, reading: Reading, state: TicketState | None, decision: Decision, trouble: str
) -> Settled:
    """Put a ticket aside to be tried again, ever more seldom."""
    failures = (state.failures if state is not None else 0) + 1
    at.tally.quarantined += failures >= QUARANTINE
    actual = reading.actual
    held = state or TicketState(
        ref=reading.ref,
        key=actual.key if actual is not None else reading.ref.id,
        url=actual.url if actual is not None else "",
        revision="",
        decision=decision,
        binding=at.bound.name,
    )
    wait = _BACK_OFF[min(failures, len(_BACK_OFF) - 1)]
    return Settled(
        replace(held, failures=failures, trouble=trouble, settled=None, recheck=at.now + wait)
    )
