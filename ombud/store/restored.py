"""Notice that a server's database was restored: nothing of ours ran while pg_restore did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, or_, select

from ombud.store import postgresql
from ombud.store.statements import Clash, Put, Query
from ombud.store.tables import meta, outbox

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Where the database stood when it was last written to.
HOME: Final = "home"
PUT_META: Final = Put(meta, Clash.replace)
_META: Final = Query(select(meta.c.told).where(meta.c.name == bindparam("name")), ("name",))


def notice_restored(connection: Connection) -> None:
    """Where the database stands elsewhere than before, drop what waits to be sent, and only observe until a full sync."""
    home = postgresql.home(connection)
    if _META.scalar(connection, HOME) == home:
        return
    connection.execute(delete(outbox))
    connection.execute(
        delete(meta).where(or_(meta.c.name == "restored", meta.c.name.like("observe:%")))
    )
    PUT_META.rows(connection, [("restored", home), (HOME, home)])
