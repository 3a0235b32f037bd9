"""Open SQLite for durability: WAL, full synchronisation, writers that begin as writers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from ombud.store.errors import Busy, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

#: Seconds a writer waits for another before it gives up.
BUSY_SECONDS = 20


def make_engine(url: str) -> Engine:
    """Make an engine whose connections are durable and whose transactions are explicit."""
    if not url.startswith("sqlite:///"):
        raise StoreError(f"database {url.split(':', 1)[0]!r} is not known. Write sqlite:///ombud.db")
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _: object) -> None:  # noqa: ANN401 (the driver's own connection)
        # The driver's own transaction handling is off: BEGIN is ours to say.
        raw.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            raw.execute(f"PRAGMA {pragma}").close()

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction that holds the write lock from its beginning."""
    with explained(engine), engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read outside any transaction of ours."""
    with explained(engine), engine.connect() as connection:
        yield connection


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into words that say what to do."""
    where = engine.url.database or "the database"
    try:
        yield
    except OperationalError as error:
        said = str(error.orig)
        if "locked" in said or "busy" in said:
            raise Busy(f"{where}: is in use by another process. Wait for it to end, or stop it") from error
        if "full" in said:
            raise StoreError(f"{where}: the disk is full; nothing was written. Free some space and run it again") from error
        if "readonly" in said or "unable to open" in said:
            raise StoreError(f"{where}: cannot be opened for writing: {said}. Check the folder and its permissions") from error
        raise StoreError(f"{where}: {said}. See: ombud doctor") from error
    except DatabaseError as error:
        said = str(error.orig)
        if "malformed" in said or "not a database" in said:
            raise StoreError(f"{where}: is damaged: {said}. Restore the last backup with: ombud restore FILE") from error
        raise StoreError(f"{where}: {said}. See: ombud doctor") from error
    except DBAPIError as error:
        raise StoreError(f"{where}: {error.orig}. See: ombud doctor") from error
