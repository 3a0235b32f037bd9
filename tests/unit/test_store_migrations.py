"""A database is brought to this version, and never to a mixture of two."""

from __future__ import annotations

import sqlite3
import textwrap
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ombud.store import StoreError, backup, migrate
from ombud.store.engine import make_engine
from ombud.store.tables import VERSION, metadata
from tests.stores import put, ref, settled, store_at


@pytest.fixture
def database(tmp_path):
    store = store_at(tmp_path)
    put(store, settled())
    store.close()
    return tmp_path / "ombud.db"


def run(database, *statements):
    with closing(sqlite3.connect(database)) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.commit()


def told(database, query):
    with closing(sqlite3.connect(database)) as raw:
        return raw.execute(query).fetchall()


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """Make this program one that knows a second migration; its text is to be set."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(
        (migrate._FOLDER / "env.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    first = migrate._FOLDER / "versions" / "0001_first.py"
    (folder / "versions" / "0001_first.py").write_text(
        first.read_text(encoding="utf-8"), encoding="utf-8"
    )
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    monkeypatch.setattr(migrate, "VERSION", "0002")
    monkeypatch.setattr(backup, "VERSION", "0002")

    def second(body):
        head = 'from alembic import op\nrevision = "0002"\ndown_revision = "0001"\ndef upgrade():\n'
        (folder / "versions" / "0002_second.py").write_text(
            head + textwrap.indent(body, "    "), encoding="utf-8"
        )

    return second


def test_migrations_end_in_the_tables_of_the_program(database):
    engine = make_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    made = {name: sql for name, sql in told(database, "SELECT name, sql FROM sqlite_master") if sql}
    assert "WITHOUT ROWID" in made["event"]
    assert "until IS NULL" in made["finding_open"]


def test_an_older_database_is_migrated_and_a_copy_taken_first(tmp_path, database, newer):
    newer('op.execute("ALTER TABLE cursor ADD COLUMN note TEXT")')
    store = store_at(tmp_path)
    assert ref() in store.states([ref()])
    put(store, settled("2"))
    store.close()
    assert told(database, "SELECT version_num FROM alembic_version") == [("0002",)]
    before = tmp_path / "ombud.db.before-0002"
    assert told(before, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert told(before, "SELECT ticket FROM ticket") == [("1",)]


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, database, newer):
    newer(
        'op.execute("ALTER TABLE cursor ADD COLUMN note TEXT")\nop.execute("SELECT * FROM nothing_of_the_kind")'
    )
    with pytest.raises(StoreError, match="nothing_of_the_kind"):
        store_at(tmp_path)
    assert told(database, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert "note" not in told(database, "SELECT sql FROM sqlite_master WHERE name = 'cursor'")[0][0]


def test_a_newer_database_is_refused(tmp_path, database):
    run(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        StoreError, match=r"is of version 9999, this program knows 0001\. Run the newer program"
    ):
        store_at(tmp_path)


@pytest.mark.parametrize(
    "version, remedy", [("9999", "run the newer one"), ("0000", "Start this program again")]
)
def test_a_database_migrated_under_a_running_program_is_not_written_to(
    tmp_path, database, version, remedy
):
    store = store_at(tmp_path)
    with store.lease("acme") as epoch:
        run(database, f"UPDATE alembic_version SET version_num = '{version}'")
        with pytest.raises(StoreError, match=remedy), store.begin("acme", epoch) as tx:
            tx.put_settled([settled("2")], known_at=20)
        assert store.states([ref("2")]) == {}
    with pytest.raises(StoreError, match=remedy), store.lease("acme"):
        pass
    store.close()


def test_a_database_of_another_program_is_left_alone(tmp_path):
    run(tmp_path / "ombud.db", "CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="not Ombud's"):
        store_at(tmp_path)
    assert told(tmp_path / "ombud.db", "SELECT name FROM sqlite_master") == [("theirs",)]


def test_opening_twice_changes_nothing(tmp_path, database):
    before = told(database, "SELECT sql FROM sqlite_master")
    store_at(tmp_path).close()
    assert told(database, "SELECT sql FROM sqlite_master") == before
    assert told(database, "SELECT version_num FROM alembic_version") == [(VERSION,)]
