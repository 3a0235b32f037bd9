"""Full disks, locked, damaged and unwritable files: a clear word, nothing lost, nothing half written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event as listening

from ombud.store import (
    Busy,
    Store,
    StoreError,
    engine,
    open_store,
    restore_backup,
    statements,
)
from ombud.store.personal import Vault
from tests.stores import KEY, event, finding, put, ref, settled, store_at

CHECKOUT = Path(__file__).resolve().parent.parent.parent
EITHER = pytest.mark.usefixtures("either")


def page(first, count=100):
    return [
        settled(
            str(number),
            events=[event(str(number), which=f"e{each}", source="x" * 200) for each in range(8)],
            findings=[finding(str(number))],
            people={f"p:{number}": {"name": "Jo"}},
        )
        for number in range(first, first + count)
    ]


def write(tx, settled, first=lambda: None):
    first()
    tx.put_settled(settled, known_at=20)
    tx.set_cursor("acme", "complaints", "further")


@pytest.fixture
def full(tmp_path):
    """Give a store whose disk has room for a few pages and no more."""
    made = store_at(tmp_path)
    put(made, *page(0))
    made.close()
    short = engine.make_engine(f"sqlite:///{tmp_path / 'ombud.db'}")

    @listening.listens_for(short, "connect")
    def _fill(raw, _):
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages + 10}").close()

    store = Store(short, Vault(KEY))
    yield store
    store.close()


def test_a_full_disk_is_named_and_leaves_the_page_before_whole(full, tmp_path):
    lines = full.verify_log()
    with full.lease("acme") as epoch:
        with (
            pytest.raises(StoreError, match="the disk is full; nothing was written"),
            full.begin("acme", epoch) as tx,
        ):
            write(tx, page(1_000))
        assert full.states([ref("1000")]) == {}
        assert full.cursor("acme", "complaints") is None
        assert full.verify_log() == lines
        # What fits is written by the same process, which has not lost its footing.
        with full.begin("acme", epoch) as tx:
            tx.set_cursor("acme", "complaints", "here")
    assert full.cursor("acme", "complaints") == "here"
    assert full.quick_check() == "ok"


def test_a_disk_full_in_the_midst_of_a_backup_leaves_no_half_copy(tmp_path, monkeypatch):
    store = store_at(tmp_path)
    put(store, *page(0))

    def refuse(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(StoreError, match="No space left on device"):
        store.backup(tmp_path / "kept.db")
    assert not (tmp_path / "kept.db").exists()
    store.close()


def test_a_locked_database_is_said_to_be_in_use(tmp_path):
    store_at(tmp_path).close()
    store = Store(
        engine.make_engine(f"sqlite:///{tmp_path / 'ombud.db'}", busy_seconds=0.05), Vault(KEY)
    )
    with closing(sqlite3.connect(tmp_path / "ombud.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="is in use by another process"), store.lease("acme"):
            pass
        assert store.states([ref()]) == {}, "reading goes on"
        other.execute("ROLLBACK")
    put(store, settled())
    assert ref() in store.states([ref()])
    store.close()


@EITHER
def test_a_writer_waits_for_another(tmp_path):
    first, second = store_at(tmp_path), store_at(tmp_path)
    program = (
        "import sys; from pathlib import Path; from tests.stores import *;"
        "store = store_at(Path(sys.argv[1]));\n"
        "for number in range(40):\n"
        "  put(store, settled(f'{sys.argv[2]}-{number}', findings=[finding(f'{sys.argv[2]}-{number}')]), account=sys.argv[2])\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name], cwd=CHECKOUT)
        for name in ("a", "b")
    ]
    assert [each.wait() for each in running] == [0, 0]
    assert first.verify_log() == 80
    assert len(list(second.findings())) == 80
    for store in (first, second):
        store.close()


@EITHER
def test_several_processes_make_one_database(tmp_path):
    program = "import sys; from pathlib import Path; from tests.stores import store_at; store_at(Path(sys.argv[1])).close()"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=CHECKOUT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [each.communicate()[1] for each in running]
    assert [each.returncode for each in running] == [0, 0, 0, 0], said
    store = store_at(tmp_path)
    put(store, settled())
    store.close()


@pytest.mark.parametrize(
    "content", [b"not a database, only text " * 100, b"SQLite format 3\0" + b"\xff" * 8_000]
)
def test_a_file_that_is_no_database_is_named_with_its_remedy(tmp_path, content):
    (tmp_path / "ombud.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"ombud\.db: is damaged.*ombud restore FILE"):
        store_at(tmp_path)
    assert (tmp_path / "ombud.db").read_bytes() == content


@pytest.fixture
def damaged(tmp_path):
    """Give the folder of a database with a good backup, and a page of events overwritten since."""
    store = store_at(tmp_path)
    put(store, *page(0))
    store.backup(tmp_path / "kept.db")
    store.close()
    with closing(sqlite3.connect(tmp_path / "ombud.db")) as raw:
        [(root,)] = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'")
        [(size,)] = raw.execute("PRAGMA page_size")
    with (tmp_path / "ombud.db").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)
    return tmp_path


def test_damage_is_found_named_and_mended_by_a_restore(damaged):
    store = store_at(damaged)
    with pytest.raises(StoreError, match=r"is damaged.*ombud restore FILE"):
        store.events([ref(str(number)) for number in range(100)])
    assert store.quick_check() != "ok"
    store.close()
    restore_backup(damaged / "ombud.db", damaged / "kept.db")
    store = store_at(damaged)
    assert len(store.events([ref(str(number)) for number in range(100)])) == 100
    assert store.quick_check() == "ok"
    store.close()


def test_a_damaged_database_is_not_backed_up(damaged):
    store = store_at(damaged)
    with pytest.raises(StoreError, match="is damaged"):
        store.backup(damaged / "second.db")
    assert not (damaged / "second.db").exists()
    store.close()


def test_damage_that_reading_does_not_stumble_over_is_not_backed_up_either(tmp_path):
    store = store_at(tmp_path)
    put(store, settled())
    store.close()
    with closing(sqlite3.connect(tmp_path / "ombud.db")) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'trouble VARCHAR', 'trouble VARCHAR NOT NULL')"
        )
        raw.commit()
    store = store_at(tmp_path)
    assert "trouble" in store.quick_check()
    with pytest.raises(StoreError, match=r"is damaged \(NULL value in ticket.trouble\)"):
        store.backup(tmp_path / "kept.db")
    assert not (tmp_path / "kept.db").exists()
    store.close()


@contextmanager
def unprivileged():
    """Run as somebody whom permissions bind: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def foreign():
    """Give a folder whose files can be read and not written."""
    folder = Path(tempfile.mkdtemp(prefix="ombud-"))
    store = store_at(folder)
    put(store, settled())
    store.close()
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_file_that_cannot_be_written_is_named(foreign):
    with unprivileged(), pytest.raises(StoreError, match=r"ombud\.db.*(permission|may be written)"):
        store_at(foreign)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"cannot be opened\. Check that the folder is there"):
        store_at(tmp_path / "missing")


def test_another_kind_of_database_is_refused():
    with pytest.raises(StoreError, match="'mysql' is not known"):
        open_store("mysql://host/name", key=KEY)


@EITHER
@pytest.mark.parametrize("writes", range(1, 9))
def test_a_page_cut_off_at_any_write_leaves_nothing_of_it(tmp_path, monkeypatch, writes):
    """The n-th statement of a page's transaction is the last: the database is as before, and the page can be repeated."""
    store = store_at(tmp_path)
    put(store, settled("1", findings=[finding("1")]), known_at=10)
    done = 0

    def cut(db, cursor=statements._cursor):
        nonlocal done
        done += 1
        if done == writes:
            raise KeyboardInterrupt
        return cursor(db)

    whole = settled(
        "2", events=[event("2")], findings=[finding("2")], people={"p:jo": {"name": "Jo"}}
    )
    with store.lease("acme") as epoch:
        with pytest.raises(KeyboardInterrupt), store.begin("acme", epoch) as tx:
            write(tx, [whole], lambda: monkeypatch.setattr(statements, "_cursor", cut))
        monkeypatch.undo()
        assert done == writes
        assert store.states([ref("2")]) == {}
        assert store.events([ref("2")]) == {}
        assert store.recall("case-2") == {}
        assert len(list(store.findings())) == store.verify_log() == 1
        with store.begin("acme", epoch) as tx:
            tx.put_settled([whole], known_at=30)
    assert len(list(store.findings())) == store.verify_log() == 2
    store.close()


@EITHER
def test_a_process_killed_between_statements_leaves_nothing_of_its_page(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.stores import *;"
        "store = store_at(Path(sys.argv[1])); put(store, settled('1', findings=[finding('1')]));\n"
        "with store.lease('acme') as epoch, store.begin('acme', epoch) as tx:\n"
        "  tx.put_settled([settled('2', events=[event('2')], findings=[finding('2')])], known_at=20)\n"
        "  os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=CHECKOUT, check=False)
    assert done.returncode == -9
    store = store_at(tmp_path)
    assert set(store.states([ref("1"), ref("2")])) == {ref("1")}
    assert store.verify_log() == 1
    store.close()


def test_the_journal_of_a_killed_process_is_not_taken_for_the_restored_one(tmp_path):
    store = store_at(tmp_path)
    put(store, settled("1"))
    store.backup(tmp_path / "kept.db")
    store.close()
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.stores import *;"
        "put(store_at(Path(sys.argv[1])), settled('2', findings=[finding('2')]));"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=CHECKOUT, check=False)
    assert (tmp_path / "ombud.db-wal").stat().st_size > 0
    restore_backup(tmp_path / "ombud.db", tmp_path / "kept.db")
    store = store_at(tmp_path)
    assert set(store.states([ref("1"), ref("2")])) == {ref("1")}
    assert store.quick_check() == "ok"
    assert store.verify_log() == 0
    store.close()


@EITHER
def test_no_value_of_a_row_stands_in_an_error(tmp_path):
    store = store_at(tmp_path)
    with (
        store.lease("acme") as epoch,
        pytest.raises(StoreError) as caught,
        store.begin("acme", epoch) as tx,
    ):
        tx.put_settled(
            [settled(left=settled().state.__class__(**(_parts() | {"url": None})))], known_at=10
        )
    told = "".join(str(each) for each in (caught.value, caught.value.__cause__))
    assert "jo@example.org" not in told
    store.close()


def _parts():
    left = settled().state
    return {name: getattr(left, name) for name in left.__slots__} | {"trouble": "jo@example.org"}
