"""Open a database for durability; SQLite with WAL, full synchronisation, writers that begin as writers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError

from ombud.store import postgresql
from ombud.store.errors import Busy, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

#: Seconds a writer waits for another before it gives up.
BUSY_SECONDS = 20
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-32000",
    # What is forgotten is overwritten, not only unlinked.
    "secure_delete=ON",
)
#: What SQLite says -> what that means and what to do.
_MEANINGS = (
    ("full", "the disk is full; nothing was written. Free some space and run it again"),
    ("readonly", "cannot be written to. Check the file's, the folder's and the disk's permissions"),
    ("unable to open", "cannot be opened. Check that the folder is there and may be written to"),
    (
        "disk i/o",
        "the disk fails or is full; nothing was written. Check the disk, then run it again",
    ),
    ("malformed", "is damaged. Restore the last backup with: ombud restore FILE"),
    (
        "not a database",
        "is damaged, or no database. Restore the last backup with: ombud restore FILE",
    ),
)


def make_engine(
    url: str, *, password: str | None = None, busy_seconds: float = BUSY_SECONDS
) -> Engine:
    """Make an engine whose connections are durable and whose transactions are explicit."""
    if url.startswith(postgresql.SCHEME):
        return postgresql.make(url, password, busy_seconds=busy_seconds)
    if not url.startswith("sqlite:///"):
        raise StoreError(
            f"database {url.split(':', 1)[0]!r} is not known. Write sqlite:///ombud.db or postgresql://user@host/name"
        )
    # Values stay out of error messages: they may be personal.
    engine = create_engine(url, connect_args={"timeout": busy_seconds}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _: object) -> None:
        # The driver's own transaction handling is off: BEGIN is ours to say.
        raw.isolation_level = None
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}").close()

    return engine


@contextmanager
def writing(engine: Engine, *, alone: bool = False) -> Iterator[Connection]:
    """Write in one transaction; `alone` keeps out every other writer.

    SQLite knows one writer at a time in any case: the transaction holds the write lock from its beginning.
    """
    with explained(engine), engine.connect() as connection:
        if is_server(engine):
            postgresql.begin(connection, alone=alone)
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            # The driver's own rollback does nothing where SQLite has rolled back already, on a full disk.
            connection.rollback()
            raise


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read outside any transaction of ours."""
    with explained(engine), engine.connect() as connection:
        yield connection


@contextmanager
def streaming(engine: Engine) -> Iterator[Connection]:
    """Read much, bit by bit, as it stood at the beginning."""
    with reading(engine) as connection:
        if not is_server(engine):
            yield connection
            return
        # Cursors of the server live in a transaction only.
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield connection
        finally:
            connection.rollback()


def is_server(engine: Engine) -> bool:
    """Tell whether the database is a server's, and not a file of ours."""
    return engine.dialect.name == "postgresql"


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into words that say what to do."""
    try:
        yield
    except DBAPIError as error:
        if is_server(engine):
            # What the driver says repeats whole rows.
            raise postgresql.explanation(engine.url, error.orig) from None
        raise explanation(engine.url.database or "the database", error.orig or error) from error
    except engine.dialect.loaded_dbapi.Error as error:
        # From a statement that ran on the driver's own cursor.
        if is_server(engine):
            raise postgresql.explanation(engine.url, error) from None
        raise explanation(engine.url.database or "the database", error) from error


def explanation(where: object, error: BaseException) -> StoreError:
    """Say what a driver's error means for a file, and what to do."""
    said = str(error).lower()
    if "locked" in said or "busy" in said:
        return Busy(f"{where}: is in use by another process. Wait for it to end, or stop it")
    for word, meaning in _MEANINGS:
        if word in said:
            return StoreError(f"{where}: {meaning} ({error})")
    return StoreError(f"{where}: {error}. See: ombud doctor")
