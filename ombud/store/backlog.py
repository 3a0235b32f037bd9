"""What waits, and since when: for whoever watches, and for whoever asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import case, func, select

from ombud.store.live_tables import hint, notice
from ombud.store.tables import outbox

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ombud.model.event import Ref
    from ombud.model.facts import Instant


class Backlog(NamedTuple):
    """Count what waits, by account.

    Attributes:
        hints: that no settle has looked at yet.
        plans: to be sent to the helpdesk.
        notices: that nobody was told yet.

    """

    hints: dict[str, int]
    plans: dict[str, int]
    notices: dict[str, int]


def count_backlog(db: Connection) -> Backlog:
    """Count what waits."""
    hints = select(hint.c.account, func.count()).where(hint.c.done.is_(None))
    plans = select(outbox.c.account, func.count())
    notices = select(notice.c.account, func.count()).where(notice.c.sent.is_(None))
    return Backlog(
        {row[0]: row[1] for row in db.execute(hints.group_by(hint.c.account))},
        {row[0]: row[1] for row in db.execute(plans.group_by(outbox.c.account))},
        {row[0]: row[1] for row in db.execute(notices.group_by(notice.c.account))},
    )


def last_look(db: Connection, ref: Ref) -> tuple[Instant | None, Instant | None]:
    """Give since when a ticket waits to be looked at for a hint, and when it was last looked at for one."""
    waits = func.min(case((hint.c.done.is_(None), hint.c.arrived)))
    query = select(waits, func.max(hint.c.done)).where(
        hint.c.account == ref.account, hint.c.ticket == ref.id
    )
    row = db.execute(query).one()
    return row[0], row[1]
