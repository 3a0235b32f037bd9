"""Open a PostgreSQL database: its address, its locks, its errors in words, and how it is told from a restored one."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from ombud.store.errors import Busy, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

SCHEME: Final = "postgresql://"
#: Backups are the server's own affair there.
BY_DUMP: Final = (
    "the database is PostgreSQL's, which is backed up with pg_dump and restored with pg_restore; "
    "see docs/howto/use-postgresql.md"
)
#: How long a lease is waited for: the server needs a moment to notice that the process before was killed.
_LEASE_PATIENCE: Final = "1s"
#: Longer than any refresh of a token takes, whoever holds the tokens meanwhile.
_SIGNING_PATIENCE: Final = "3min"
_CONNECT_SECONDS: Final = 10
#: A machine that vanished holding a lease is given up after some ninety seconds.
_KEEPALIVE: Final = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 3}
_LOST: Final = "the connection was lost; what was not committed yet was not written. Run it again"
_DENIED: Final = "our user may not do that there. Make it the owner of the database"
#: SQLSTATE, or the class that begins it -> what that means and what to do.
_MEANINGS: Final = {
    "53100": "the server's disk is full; nothing was written. Free some space there and run it again",
    "53200": "the server is out of memory; nothing was written. Run it again later",
    "53300": "the server has too many connections open. Run it again later, or raise max_connections there",
    "25006": "is read-only, a standby perhaps; nothing was written. Name the primary server",
    "42501": _DENIED,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": "the server is starting or stopping. Run it again later",
    "58030": "the server's disk fails; nothing was written. Check it, then run it again",
    "28": "the user or the password is wrong. Set OMBUD_DATABASE_PASSWORD",
    "3D000": "there is no such database. Make it with: createdb",
    "08": _LOST,
    "TLS": "the server's certificate was not accepted, or it speaks no TLS. Check sslmode and sslrootcert in `database`",
    "XX": "is damaged. Restore the last dump with pg_restore",
}
#: Serialization, deadlock, and a lock not given in time.
_BUSY: Final = frozenset({"40001", "40P01", "55P03"})
#: What the server says where no connection comes about: then there is no SQLSTATE.
_REFUSALS: Final = (
    ("password", "28"),
    ("role", "28"),
    ("pg_hba", "28"),
    ("does not exist", "3D000"),
    ("certificate", "TLS"),
    ("ssl", "TLS"),
    ("too many", "53300"),
    ("remaining connection", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
)
#: What the driver says where a connection ended that there was.
_BROKEN_OFF: Final = (
    "closed the connection",
    "connection is closed",
    "the connection is lost",
    "terminating connection",
    "consuming input failed",
    "sending ",
    "could not send data",
    "could not receive data",
)


def make(url: str, password: str | None, *, busy_seconds: float) -> Engine:
    """Make an engine whose transactions are explicit.

    Args:
        url: postgresql://user@host/name, with libpq's own parameters behind a question mark.
        password: takes the place of the one in the address; without either libpq looks for PGPASSWORD and pgpass.
        busy_seconds: how long a lock is waited for.

    Raises:
        StoreError: the address cannot be read, or the driver is not installed.

    """
    try:
        told = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        # Nothing of the address is repeated: a password may stand in it.
        raise StoreError(
            "`database` is no address of a PostgreSQL database. Write postgresql://user@host/name"
        ) from None
    if password is not None:
        told = told.set(password=password)
    settings = {
        "lock_timeout": f"{max(int(busy_seconds * 1000), 1)}ms",
        "client_min_messages": "warning",
        # A plan made for a table while it was empty would be kept as it fills.
        "plan_cache_mode": "force_custom_plan",
        **{f"tcp_{name}": str(value) for name, value in _KEEPALIVE.items()},
    }
    try:
        return create_engine(
            told,
            # The driver's own transaction handling is off: BEGIN is ours to say.
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
            # A server that was started anew must not cost an idle process its next sync.
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                "application_name": "ombud",
                "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
                **_KEEPALIVE,
            },
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL needs a driver. Install it with: pipx install 'ombud[postgresql]'"
        ) from error


def begin(connection: Connection, *, alone: bool) -> None:
    """Begin to write: beside others, or alone, as migrations do."""
    way = "" if alone else "_shared"
    # One message to the server.
    connection.exec_driver_sql(f"BEGIN; SELECT pg_advisory_xact_lock{way}({_lock_key('tables')})")


def lock_log(connection: Connection) -> None:
    """Keep the end of the decision log from other writers until the transaction ends."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_lock_key('log')})")


def rewrite_keys(connection: Connection) -> None:
    """Write the table of keys anew within the transaction, so that no replaced row is left in its file.

    A vacuum leaves those rows that any older transaction might still look at.
    """
    for statement in (
        "LOCK TABLE casekey",
        "CREATE TEMPORARY TABLE kept_casekey ON COMMIT DROP AS SELECT kase, wrapped FROM casekey",
        "TRUNCATE casekey",
        "INSERT INTO casekey (kase, wrapped) SELECT kase, wrapped FROM kept_casekey",
    ):
        connection.exec_driver_sql(statement)


@contextmanager
def held(engine: Engine, account: str, busy: str, *, patient: bool = False) -> Iterator[None]:
    """Hold an account alone, by an advisory lock that goes with its connection; `patient` waits for others.

    Raises:
        Busy: another process holds it.
        StoreError: the server cannot be reached.

    """
    connection = None
    try:
        connection = engine.connect()
        # Closed with the lease, and not handed on with the lock in it.
        connection.detach()
        connection.exec_driver_sql(
            f"SET lock_timeout = '{_SIGNING_PATIENCE if patient else _LEASE_PATIENCE}'"
        )
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_lock_key(f'account {account}')})")
    except DBAPIError as error:
        if connection is not None:
            connection.close()
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise Busy(busy) from None
        raise explanation(engine.url, error.orig) from None
    with connection:
        yield


def home(connection: Connection) -> str:
    """Give a digest of where this database stands: another server, timeline, database or dump gives another.

    A restored dump has made its tables anew, whose object ids then differ.
    """
    told = [
        *_rows(connection, "SELECT oid FROM pg_database WHERE datname = current_database()"),
        *_rows(connection, "SELECT 'meta'::regclass::oid"),
    ]
    for asked in (
        "system_identifier FROM pg_control_system()",
        "timeline_id FROM pg_control_checkpoint()",
    ):
        function = asked.rpartition(" ")[2]
        [(allowed,)] = _rows(connection, f"SELECT has_function_privilege('{function}', 'execute')")
        if allowed:
            told += _rows(connection, f"SELECT {asked}")
    return hashlib.sha256(repr(told).encode()).hexdigest()


def about(connection: Connection) -> str:
    """Say of what version the server is, and how large the database."""
    [(version,)] = _rows(connection, "SHOW server_version")
    [(size,)] = _rows(connection, "SELECT pg_database_size(current_database())")
    [(sums,)] = _rows(connection, "SHOW data_checksums")
    return f"PostgreSQL {version}, {size >> 20:,} MB, page checksums {sums}"


def check(connection: Connection) -> str:
    """Give "ok", or how many pages failed their checksums."""
    [(failed,)] = _rows(
        connection,
        "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()",
    )
    return f"{failed} pages failed their checksums" if failed else "ok"


def explanation(url: URL, error: BaseException | None) -> StoreError:
    """Say what a driver's error means, and what to do; values and passwords stay out of it."""
    where = f"{url.database or 'the database'} on {_host(url)}"
    state = getattr(error, "sqlstate", None) or _refusal(error)
    if state in _BUSY:
        return Busy(f"{where}: is in use by another process. Wait for it to end, or stop it")
    if state is None:
        return StoreError(
            f"{where}: cannot be reached. Check `database`, and that the server runs and lets us in"
        )
    meaning = _MEANINGS.get(state) or _MEANINGS.get(state[:2])
    if meaning is not None:
        return StoreError(f"{where}: {meaning}")
    told = f"SQLSTATE {state}"
    # Rows are repeated in a message's details; a value that cannot be read in the message itself.
    if not state.startswith("22"):
        told = f"{getattr(getattr(error, 'diag', None), 'message_primary', None)}; {told}"
    return StoreError(f"{where}: {told}. See: ombud doctor")


def _refusal(error: BaseException | None) -> str | None:
    said = str(error).lower()
    if any(word in said for word in _BROKEN_OFF):
        return "08"
    return next((state for word, state in _REFUSALS if word in said), None)


def _host(url: URL) -> str:
    named = url.host or url.query.get("host") or "this machine"
    return named if isinstance(named, str) else ", ".join(named)


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def _lock_key(name: str) -> int:
    """Give the number of an advisory lock, 64 bits with a sign; locks of other programs are unlikely to meet it."""
    digest = hashlib.sha256(f"ombud {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
