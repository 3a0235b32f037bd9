"""A backup is whole, checked, and put back only when nobody is at work."""

from __future__ import annotations

import json

import pytest

from ombud.store import Busy, StoreError, restore_backup
from tests.stores import finding, posting, put, ref, settled, store_at

PEOPLE = {"p:jo": {"name": "Jo Bloggs"}}


@pytest.fixture
def database(tmp_path):
    return tmp_path / "ombud.db"


@pytest.fixture
def backup(tmp_path, database):
    """Give a backup of one ticket with a waiting plan; the database has gone on since."""
    store = store_at(tmp_path)
    put(store, settled("1", people=PEOPLE, findings=[finding()], posting=posting()))
    with store.lease("acme") as epoch:
        store.full_sync_ended("acme", "complaints", epoch)
    store.backup(tmp_path / "kept.db")
    put(store, settled("2"))
    store.close()
    return tmp_path / "kept.db"


def test_what_was_backed_up_comes_back_and_the_later_is_gone(tmp_path, database, backup):
    restore_backup(database, backup)
    store = store_at(tmp_path)
    assert set(store.states([ref("1"), ref("2")])) == {ref("1")}
    assert store.recall("case-1") == PEOPLE
    assert store.verify_log() == 1
    store.close()


def test_after_a_restore_nothing_waits_and_everything_is_only_observed(tmp_path, database, backup):
    restore_backup(database, backup)
    store = store_at(tmp_path)
    assert store.posted("acme", 10**6) == []
    assert store.observe_only("acme", "complaints")
    with store.lease("acme") as epoch:
        store.full_sync_ended("acme", "complaints", epoch)
    assert not store.observe_only("acme", "complaints")
    assert store.observe_only("acme", "other")
    store.close()


def test_what_was_only_observed_is_settled_afresh_when_acting_begins_again(
    tmp_path, database, backup
):
    # Its plan was dropped, and an unchanged ticket would never get another.
    restore_backup(database, backup)
    store = store_at(tmp_path)
    assert store.due("acme", "complaints", 0) == []
    with store.lease("acme") as epoch:
        store.full_sync_ended("acme", "complaints", epoch)
        assert store.due("acme", "complaints", 0) == [ref("1")]
    store.close()


def test_a_full_sync_without_a_restore_has_nothing_settled_afresh(tmp_path):
    store = store_at(tmp_path)
    put(store, settled())
    with store.lease("acme") as epoch:
        store.full_sync_ended("acme", "complaints", epoch)
    assert store.due("acme", "complaints", 0) == []
    store.close()


def test_a_second_restore_observes_again(tmp_path, database, backup):
    restore_backup(database, backup)
    store = store_at(tmp_path)
    with store.lease("acme") as epoch:
        store.full_sync_ended("acme", "complaints", epoch)
    store.close()
    restore_backup(database, backup)
    store = store_at(tmp_path)
    assert store.observe_only("acme", "complaints")
    store.close()


def test_a_database_in_use_is_not_replaced(tmp_path, database, backup):
    store = store_at(tmp_path)
    with pytest.raises(Busy, match="in use by another process"):
        restore_backup(database, backup)
    assert ref("2") in store.states([ref("2")])
    store.close()
    restore_backup(database, backup)


def test_a_changed_backup_is_refused(tmp_path, database, backup):
    with backup.open("ab") as file:
        file.write(b"x")
    with pytest.raises(StoreError, match="digest differs"):
        restore_backup(database, backup)
    store = store_at(tmp_path)
    assert ref("2") in store.states([ref("2")])
    store.close()


@pytest.mark.parametrize("told", ["", "[]", "{}", "not json", '{"sha256": "x"}'])
def test_a_digest_that_cannot_be_read_is_refused(database, backup, told):
    backup.with_name("kept.db.digest.json").write_text(told, encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read"):
        restore_backup(database, backup)


def test_a_file_without_its_digest_is_no_backup(database, backup):
    backup.with_name("kept.db.digest.json").unlink()
    with pytest.raises(StoreError, match="is no backup"):
        restore_backup(database, backup)
    with pytest.raises(StoreError, match="is no backup"):
        restore_backup(database, database.with_name("missing.db"))


def test_a_backup_of_a_newer_program_is_refused(database, backup):
    beside = backup.with_name("kept.db.digest.json")
    told = json.loads(beside.read_text(encoding="utf-8")) | {"version": "9999"}
    beside.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(StoreError, match="Run the newer program"):
        restore_backup(database, backup)


def test_a_backup_never_overwrites(tmp_path, backup):
    store = store_at(tmp_path)
    with pytest.raises(StoreError, match="exists already"):
        store.backup(backup)
    store.close()


def test_a_backup_is_taken_while_another_process_writes(tmp_path):
    store, writer = store_at(tmp_path), store_at(tmp_path)
    put(store, settled("1"))
    with writer.lease("acme") as epoch, writer.begin("acme", epoch) as tx:
        tx.put_settled([settled("2")], known_at=20)
        store.backup(tmp_path / "kept.db")
    for each in (store, writer):
        each.close()
    restore_backup(tmp_path / "ombud.db", tmp_path / "kept.db")
    store = store_at(tmp_path)
    assert set(store.states([ref("1"), ref("2")])) == {ref("1")}
    store.close()


def test_a_backup_holds_no_key(tmp_path, backup):
    from tests.stores import KEY

    assert KEY not in backup.read_bytes()
    assert b"Bloggs" not in backup.read_bytes()


def test_a_backup_is_one_file_and_its_digest(tmp_path, backup):
    assert {path.name for path in tmp_path.glob("kept.db*")} == {"kept.db", "kept.db.digest.json"}


def test_a_backup_is_restored_where_no_database_is_left(tmp_path, database, backup):
    for path in tmp_path.glob("ombud.db*"):
        path.unlink()
    restore_backup(database, backup)
    store = store_at(tmp_path)
    assert ref("1") in store.states([ref("1")])
    store.close()
