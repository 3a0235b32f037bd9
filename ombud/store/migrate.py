"""Bring a database to this version's tables; a copy of a file is taken before anything is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import column, inspect, select, table

from ombud.store import postgresql
from ombud.store.backup import copy_database
from ombud.store.engine import is_server, streaming, writing
from ombud.store.errors import StoreError
from ombud.store.restored import HOME, PUT_META
from ombud.store.statements import Query
from ombud.store.tables import VERSION

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_FOLDER: Final = Path(__file__).parent / "migrations"
_VERSION_OF: Final = Query(select(column("version_num")).select_from(table("alembic_version")), ())


def version_of(connection: Connection) -> str | None:
    """Give the database's version; `None` for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    told = _VERSION_OF.scalar(connection)
    return str(told) if told is not None else None


def check_version(connection: Connection) -> None:
    """Refuse to write to a database of another version."""
    told = _VERSION_OF.scalar(connection)
    if told != VERSION:
        do = (
            "Stop this program and run the newer one"
            if told is not None and told > VERSION
            else "Start this program again"
        )
        raise StoreError(
            f"the database is of version {told} by now, this program of {VERSION}; nothing was written. {do}"
        )


def migrate(engine: Engine) -> None:
    """Bring the database to `VERSION`.

    Raises:
        StoreError: the database is newer than this program, or is none of ours.

    """
    # Both questions about one moment: another process may be making the tables.
    with streaming(engine) as connection:
        version = version_of(connection)
        foreign = version is None and bool(inspect(connection).get_table_names())
    if version == VERSION:
        return
    if foreign:
        raise StoreError(
            f"{engine.url.database}: holds tables that are not Ombud's. Name another one as `database`"
        )
    if version is not None and version > VERSION:
        raise StoreError(
            f"{engine.url.database}: is of version {version}, this program knows {VERSION}. Run the newer program"
        )
    if version is not None and not is_server(engine):
        path = Path(engine.url.database or "")
        before = path.with_name(f"{path.name}.before-{VERSION}")
        before.unlink(missing_ok=True)
        copy_database(path, before)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with writing(engine, alone=True) as connection:
        new = version_of(connection) is None
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if new and is_server(engine):
            PUT_META.rows(connection, [(HOME, postgresql.home(connection))])
