"""Acts of several people at once: each is told what another did meanwhile, and nothing is done twice.

Whoever acts says what they were shown: the digest of the row. Where it is another by now, nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.store.acts import fingerprint
from sync.note import wall
from sync.persons import Refused
from sync.waivers import approve, decide_dispute, found_waiver, refuse, revoke

if TYPE_CHECKING:
    from typing import Any
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store import DisputeRow, WaiverRow
    from sync.persons import Person
    from sync.service import Service


class Overtaken(Refused):
    """Say that somebody else acted after the page was shown: who, when and what."""


def shown_as(row: tuple[Any, ...]) -> str:
    """Give what a page says a row was when it was shown."""
    return fingerprint(row)[:16]


def check_shown(row: tuple[Any, ...], shown: str | None, last: str) -> None:
    """Refuse to act on a row that is another than was shown; `last` says what was done last, `None` does not ask."""
    if shown is not None and shown != shown_as(row):
        raise overtaken(last)


def overtaken(last: str) -> Overtaken:
    """Give the refusal that says what was done last."""
    return Overtaken(f"{last}, after your page was shown. Nothing was changed by you")


def approve_waiver(service: Service, name: str, *, by: Person, shown: str | None) -> WaiverRow:
    """Approve a waiver; raises `Refused`."""
    with service.store.book() as acts:
        acts.in_turn()
        row = found_waiver(acts, name)
        check_shown(row, shown, last_of_waiver(row, service.zone))
        return approve(acts, name, by=by, persons=service.persons, now=service.now())


def end_waiver(
    service: Service, name: str, *, by: Person, why: str, shown: str | None, approved: bool
) -> WaiverRow:
    """Refuse a waiver that waits, or revoke one that was approved; raises `Refused`."""
    end = revoke if approved else refuse
    with service.store.book() as acts:
        acts.in_turn()
        row = found_waiver(acts, name)
        check_shown(row, shown, last_of_waiver(row, service.zone))
        return end(acts, name, by=by, why=why, now=service.now())


def decide(
    service: Service, name: str, *, upheld: bool, by: Person, why: str, shown: str | None
) -> DisputeRow:
    """Decide a dispute; raises `Refused`."""
    with service.store.book() as acts:
        acts.in_turn()
        row = acts.dispute(name)
        if row is not None:
            check_shown(row, shown, last_of_dispute(row, service.zone))
        return decide_dispute(
            acts, name, upheld=upheld, by=by, why=why, persons=service.persons, now=service.now()
        )


def last_of_waiver(row: WaiverRow, zone: ZoneInfo) -> str:
    """Say what was done last about a waiver, by whom and when, without a full stop."""
    if row.ended is not None:
        told = "refused" if row.approved is None else "revoked"
        return _did(f"Waiver {row.id}", told, row.ended_name, row.ended, zone)
    if row.approved is not None:
        return _did(f"Waiver {row.id}", "approved", row.approved_name, row.approved, zone)
    return _did(f"Waiver {row.id}", "asked for", row.requested_name, row.requested, zone)


def last_of_dispute(row: DisputeRow, zone: ZoneInfo) -> str:
    """Say what was done last about a dispute, by whom and when, without a full stop."""
    if row.outcome is not None and row.decided is not None:
        return _did(f"Dispute {row.id}", row.outcome, row.decided_name, row.decided, zone)
    return _did(f"Dispute {row.id}", "raised", row.disputed_name, row.disputed, zone)


def _did(what: str, did: str, who: str | None, when: Instant, zone: ZoneInfo) -> str:
    return f"{what} was {did} by {who or 'an account of the helpdesk'} on {wall(when, zone)}"
