"""Bring a database to this version's tables; a copy is taken before anything is changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from ombud.store.engine import reading, writing
from ombud.store.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

#: The newest migration there is.
HEAD: Final = "0001"
_FOLDER: Final = Path(__file__).parent / "migrations"


def version_of(connection: Connection) -> str | None:
    """Give the database's version; `None` for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    told = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(told) if told is not None else None


def check_version(connection: Connection) -> None:
    """Refuse to write to a database of another version."""
    told = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if told != HEAD:
        raise StoreError(f"the database is of version {told}, this program of {HEAD}. Run the newer program")


def migrate(engine: Engine) -> None:
    """Bring the database to `HEAD`.

    Raises:
        StoreError: the database is newer than this program, or is none of ours.

    """
    with reading(engine) as connection:
        version = version_of(connection)
        foreign = version is None and bool(inspect(connection).get_table_names())
    if version == HEAD:
        return
    if foreign:
        raise StoreError(f"{engine.url.database}: holds tables that are not Ombud's. Name another file as `database`")
    if version is not None and version > HEAD:
        raise StoreError(
            f"{engine.url.database}: is of version {version}, this program knows {HEAD}. Run the newer program"
        )
    path = Path(engine.url.database or "")
    if version is not None and path.exists():
        with reading(engine) as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy2(path, path.with_name(f"{path.name}.before-{HEAD}"))
    from alembic import command  # noqa: PLC0415 (slow to import, seldom needed)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
