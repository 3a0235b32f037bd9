"""Hold a file lock of the kernel: it goes with the process, whatever the wall clock says."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from ombud.store.errors import Busy, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lock(path: Path, busy: str, *, shared: bool = False, patient: bool = False) -> int:
    """Lock a file, made where it is missing; closing the descriptor given back unlocks it.

    Args:
        path: the file.
        busy: what to say where another process holds it.
        shared: hold it beside others who share it.
        patient: wait for whoever holds it.

    Raises:
        Busy: another process holds it.
        StoreError: the file cannot be written.

    """
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}. Check the folder and its permissions"
        ) from error
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(held, kind if patient else kind | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise Busy(busy) from error
    return held


@contextmanager
def locked(path: Path, busy: str, *, patient: bool = False) -> Iterator[None]:
    """Hold a lock for as long as the block runs."""
    held = lock(path, busy, patient=patient)
    try:
        yield
    finally:
        os.close(held)


def opened(database: Path) -> int:
    """Note that a database is in use, so that nobody puts a backup in its place meanwhile."""
    return lock(
        _beside(database, ""), f"{database}: is being restored. Wait for it to end", shared=True
    )


def replacing(database: Path) -> int:
    """Make sure that nobody has a database open."""
    return lock(
        _beside(database, ""),
        f"{database}: is in use by another process. Stop it, then run it again",
    )


def account_lock(database: Path, account: str) -> Path:
    """Give the lock file of one account."""
    return _beside(database, f".{quote(account, safe='')}")


def token_lock(database: Path, account: str) -> Path:
    """Give the lock file of one account's tokens; no account's name holds a dot."""
    return _beside(database, f".{quote(account, safe='')}.token")


def _beside(database: Path, name: str) -> Path:
    return database.with_name(f"{database.name}{name}.lock")
