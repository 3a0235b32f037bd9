"""A database is brought to this version, and never to a mixture of two."""

from __future__ import annotations

import shutil
import textwrap

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from ombud.store import StoreError, backup, migrate
from ombud.store.engine import make_engine
from ombud.store.tables import VERSION, metadata
from tests.stores import put, ref, run_on, settled, store_at, url_at

pytestmark = pytest.mark.usefixtures("either")
#: A version after this program's.
NEXT = f"{int(VERSION) + 1:04d}"
#: Tables of the first version.
FIRST = frozenset(
    [
        "meta",
        "cursor",
        "epoch",
        "ticket",
        "event",
        "link",
        "casekey",
        "person",
        "finding",
        "decision",
        "token",
        "outbox",
        "sent",
    ]
)


@pytest.fixture
def database(tmp_path):
    store = store_at(tmp_path)
    put(store, settled())
    store.close()
    return tmp_path


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """Make this program one that knows a further migration; its text is to be set."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate._FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    monkeypatch.setattr(migrate, "VERSION", NEXT)
    monkeypatch.setattr(backup, "VERSION", NEXT)

    def further(body):
        head = f'from alembic import op\nrevision = "{NEXT}"\ndown_revision = "{VERSION}"\ndef upgrade():\n'
        (folder / "versions" / f"{NEXT}_further.py").write_text(
            head + textwrap.indent(body, "    "), encoding="utf-8"
        )

    return further


@pytest.fixture
def first(tmp_path, monkeypatch):
    """Give a database as the first version left it, with a ticket in it."""
    store = store_at(tmp_path)
    put(store, settled())
    store.close()
    made_later = [name for name in metadata.tables if name not in FIRST]
    run_on(
        tmp_path,
        *(f'DROP TABLE "{name}"' for name in made_later),
        "DROP INDEX ticket_changed",
        "DROP INDEX decision_case",
        "ALTER TABLE ticket DROP COLUMN changed",
        "UPDATE alembic_version SET version_num = '0001'",
    )
    return tmp_path


def test_migrations_end_in_the_tables_of_the_program(database):
    engine = make_engine(url_at(database))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_file_is_laid_out_for_short_rows(tmp_path, database, either):
    if either == "sqlite":
        query = "SELECT name, sql FROM sqlite_master"
        made = {name: sql for name, sql in run_on(database, query) if sql}
        assert "WITHOUT ROWID" in made["event"]
        assert "until IS NULL" in made["finding_open"]
        return
    [(made,)] = run_on(database, "SELECT indexdef FROM pg_indexes WHERE indexname = 'finding_open'")
    assert "until IS NULL" in made


def test_text_is_compared_byte_by_byte_on_a_server(postgresql, tmp_path):
    store_at(tmp_path).close()
    query = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE collation_name IS DISTINCT FROM 'C'"
        " AND data_type IN ('text', 'character varying') AND table_name IN ({})"
    )
    named = ", ".join(f"'{name}'" for name in metadata.tables)
    assert run_on(tmp_path, query.format(named)) == []


def test_an_older_database_is_migrated_and_a_copy_of_a_file_taken_first(
    tmp_path, database, newer, either
):
    newer('op.execute("ALTER TABLE cursor ADD COLUMN note TEXT")')
    store = store_at(tmp_path)
    assert ref() in store.states([ref()])
    put(store, settled("2"))
    assert not store.observe_only("acme", "complaints")
    store.close()
    assert run_on(database, "SELECT version_num FROM alembic_version") == [(NEXT,)]
    before = f"ombud.db.before-{NEXT}"
    assert (tmp_path / before).exists() == (either == "sqlite")
    if either == "sqlite":
        assert run_on(tmp_path, "SELECT version_num FROM alembic_version", name=before) == [
            (VERSION,)
        ]
        assert run_on(tmp_path, "SELECT ticket FROM ticket", name=before) == [("1",)]


def test_a_database_of_the_first_version_is_brought_to_this_one(first):
    store = store_at(first)
    assert ref() in store.states([ref()])
    put(store, settled("2"))
    with store.acts() as acts:
        assert acts.waivers() == []
    assert store.verify_log() == 0
    store.close()
    engine = make_engine(url_at(first))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, database, newer):
    newer(
        'op.execute("ALTER TABLE cursor ADD COLUMN note TEXT")\nop.execute("SELECT * FROM nothing_of_the_kind")'
    )
    with pytest.raises(StoreError, match="nothing_of_the_kind"):
        store_at(tmp_path)
    assert run_on(database, "SELECT version_num FROM alembic_version") == [(VERSION,)]
    with pytest.raises(Exception, match="note"):
        run_on(database, "SELECT note FROM cursor")


def test_a_newer_database_is_refused(tmp_path, database):
    run_on(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        StoreError,
        match=rf"is of version 9999, this program knows {VERSION}\. Run the newer program",
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
        run_on(database, f"UPDATE alembic_version SET version_num = '{version}'")
        with pytest.raises(StoreError, match=remedy), store.begin("acme", epoch) as tx:
            tx.put_settled([settled("2")], known_at=20)
        assert store.states([ref("2")]) == {}
    with pytest.raises(StoreError, match=remedy), store.lease("acme"):
        pass
    store.close()


def test_a_database_of_another_program_is_left_alone(tmp_path):
    run_on(tmp_path, "CREATE TABLE theirs (x integer)")
    with pytest.raises(StoreError, match="not Ombud's"):
        store_at(tmp_path)
    assert tables(tmp_path) == ["theirs"]


def test_opening_twice_changes_nothing(tmp_path, database):
    before = tables(database)
    store_at(tmp_path).close()
    assert tables(database) == before
    assert run_on(database, "SELECT version_num FROM alembic_version") == [(VERSION,)]


def tables(folder):
    engine = make_engine(url_at(folder))
    with engine.connect() as connection:
        told = sorted(inspect(connection).get_table_names())
    engine.dispose()
    return told
