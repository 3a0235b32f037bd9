"""Copy the database while it is in use, and put a copy back; OMBUD_KEY is in neither."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ombud.store.errors import StoreError
from ombud.store.migrate import HEAD

_SUFFIX = ".digest.json"


def back_up(database: Path, file: Path) -> str:
    """Copy a database with SQLite's own online backup; a digest is written beside the copy.

    Raises:
        StoreError: the copy cannot be written, or exists already.

    """
    if file.exists():
        raise StoreError(f"{file}: exists already. Name another file")
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        file.unlink(missing_ok=True)
        raise StoreError(f"{file}: cannot be written: {error}. Check the folder and its free space") from error
    told = _digest(file)
    Path(f"{file}{_SUFFIX}").write_text(json.dumps({"sha256": told, "version": HEAD}) + "\n", encoding="utf-8")
    return told


def restore_backup(database: Path, file: Path) -> None:
    """Put a copy in the place of a database; waiting writes are dropped, and until a full sync we only observe.

    Raises:
        StoreError: the copy is not there, was changed, or is of a newer version.

    """
    beside = Path(f"{file}{_SUFFIX}")
    if not file.exists() or not beside.exists():
        raise StoreError(f"{file}: is no backup with its {beside.name} beside it. Name the file that `ombud backup` wrote")
    told = json.loads(beside.read_text(encoding="utf-8"))
    if told["sha256"] != _digest(file):
        raise StoreError(f"{file}: is not what was backed up: its digest differs. Take another backup")
    if told["version"] > HEAD:
        raise StoreError(f"{file}: is of version {told['version']}, this program knows {HEAD}. Run the newer program")
    fresh = database.with_name(f"{database.name}.restoring")
    fresh.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(fresh)) as copy:
            source.backup(copy)
            copy.execute("DELETE FROM outbox")
            copy.execute("INSERT OR REPLACE INTO meta (name, told) VALUES ('restored', ?)", (told["sha256"],))
            copy.execute("DELETE FROM meta WHERE name LIKE 'observe:%'")
            copy.commit()
    except sqlite3.Error as error:
        fresh.unlink(missing_ok=True)
        raise StoreError(f"{database}: cannot be written: {error}. Check the folder and its free space") from error
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    os.replace(fresh, database)  # noqa: PTH105 (says that it replaces)


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
