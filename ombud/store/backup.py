"""Copy the database while it is in use, and put a copy back; OMBUD_KEY is in neither."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from ombud.store.engine import explanation
from ombud.store.errors import StoreError
from ombud.store.lease import replacing
from ombud.store.tables import VERSION

_SUFFIX = ".digest.json"


def back_up(database: Path, file: Path) -> str:
    """Copy a database with SQLite's own online backup; a digest is written beside the copy.

    Raises:
        StoreError: the database is damaged, or the copy cannot be written, or exists already.

    """
    if file.exists():
        raise StoreError(f"{file}: exists already. Name another file")
    try:
        copy_database(database, file)
        told = _digest(file)
        _beside(file).write_text(
            json.dumps({"sha256": told, "version": VERSION}) + "\n", encoding="utf-8"
        )
    except OSError as error:
        file.unlink(missing_ok=True)
        raise StoreError(
            f"{file}: {error.strerror}. Check the folder and its free space"
        ) from error
    return told


def copy_database(database: Path, file: Path) -> None:
    """Copy a database that may be in use into one whole file.

    Raises:
        StoreError: the database is damaged, or the copy cannot be written.

    """
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
            # One file without helpers beside it, so that its digest is the digest of everything.
            copy.execute("PRAGMA journal_mode=DELETE")
            said = copy.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        file.unlink(missing_ok=True)
        raise explanation(file, error) from error
    if said != "ok":
        file.unlink(missing_ok=True)
        raise StoreError(
            f"{database}: is damaged ({said}); no copy was made. Restore the last backup with: ombud restore FILE"
        )


def restore_backup(database: Path, file: Path) -> None:
    """Put a copy in the place of a database; waiting writes are dropped, and until a full sync we only observe.

    Raises:
        Busy: another process has the database open.
        StoreError: the copy is not there, was changed, or is of a newer version.

    """
    told = _told(file)
    if told["sha256"] != _digest(file):
        raise StoreError(
            f"{file}: is not what was backed up: its digest differs. Take another backup"
        )
    if told["version"] > VERSION:
        raise StoreError(
            f"{file}: is of version {told['version']}, this program knows {VERSION}. Run the newer program"
        )
    held = replacing(database)
    fresh = database.with_name(f"{database.name}.restoring")
    try:
        fresh.unlink(missing_ok=True)
        copy_database(file, fresh)
        _void(fresh, told["sha256"])
        # The old journal goes first: beside the new file it would be taken for the new file's own.
        for suffix in ("-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        fresh.replace(database)
    except sqlite3.Error as error:
        raise explanation(fresh, error) from error
    except OSError as error:
        raise StoreError(
            f"{database}: {error.strerror}. Check the folder and its free space"
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
        os.close(held)


def _void(file: Path, digest: str) -> None:
    """Drop what waits to be sent, and note that nothing is known of what happened since."""
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("DELETE FROM outbox")
        copy.execute("DELETE FROM meta WHERE name = 'restored' OR name LIKE 'observe:%'")
        copy.execute("INSERT INTO meta (name, told) VALUES ('restored', ?)", (digest,))
        copy.commit()


def _told(file: Path) -> dict[str, Any]:
    beside = _beside(file)
    if not file.exists() or not beside.exists():
        raise StoreError(
            f"{file}: is no backup with its {beside.name} beside it. Name the file that `ombud backup` wrote"
        )
    try:
        told = json.loads(beside.read_text(encoding="utf-8"))
        return {"sha256": str(told["sha256"]), "version": str(told["version"])}
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{beside}: cannot be read. Take another backup") from error


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}{_SUFFIX}")


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
