"""What the store asks often, compiled once for each kind of database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, literal_column, select, union

from ombud.store.statements import Query, among
from ombud.store.tables import epoch, event, link, meta, sent, ticket

EPOCH: Final = Query(
    # Whoever takes the account over waits for the writer before to end; SQLite has one writer at a time.
    select(epoch.c.number).where(epoch.c.account == bindparam("of")).with_for_update(),
    ("of",),
)
STATES: Final = Query(
    lambda kind: select(ticket).where(
        ticket.c.account == bindparam("of"), among(kind, ticket.c.ticket, "which")
    ),
    ("of", "which"),
)
_ENDS = (
    link.c.account, link.c.vendor, link.c.ticket, link.c.to_account, link.c.to_vendor, link.c.to_ticket,
)  # fmt: skip
_IN_ORDER = (event.c.happened, event.c.seq, event.c.id)
EVENTS: Final = Query(
    lambda kind: (
        select(event)
        .where(
            event.c.account == bindparam("of"),
            among(kind, event.c.ticket, "which"),
            event.c.known <= bindparam("by"),
        )
        .order_by(*_IN_ORDER)
    ),
    ("of", "which", "by"),
)
LINKS: Final = Query(
    lambda kind: union(
        *(
            select(*_ENDS).where(account == bindparam("of"), among(kind, column, "which"))
            for account, column in (
                (link.c.account, link.c.ticket),
                (link.c.to_account, link.c.to_ticket),
            )
        )
    ),
    ("of", "which", "of", "which"),
)
MEMBERS: Final = Query(
    lambda kind: select(ticket.c.account, ticket.c.vendor, ticket.c.ticket).where(
        among(kind, ticket.c.kase, "which")
    ),
    ("which",),
)
MOVES: Final = Query(
    select(func.count()).where(
        sent.c.account == bindparam("of"),
        sent.c.kind == literal_column("'move_back'"),
        sent.c.done > bindparam("since"),
    ),
    ("of", "since"),
)
META: Final = Query(select(meta.c.told).where(meta.c.name == bindparam("which")), ("which",))
