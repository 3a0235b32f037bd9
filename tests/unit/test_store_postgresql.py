"""What only a server's database knows: dumps restored under us, lost connections, refusals in words."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ombud.store import Busy, StaleLease, Store, StoreError, engine, open_store
from ombud.store.personal import Vault
from ombud.store.postgresql import explanation
from tests import postgresql_server as server
from tests.stores import KEY, event, finding, posting, put, ref, run_on, settled, store_at, url_at

OTHER = "other.db"


@pytest.fixture
def store(postgresql, tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


def _run(program, *arguments):
    done = subprocess.run(
        [str(server.programs() / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def dumped(store, tmp_path):
    """Give the file of a dump of one ticket with a waiting plan; the database has gone on since."""
    put(store, settled("1", findings=[finding()], posting=posting()))
    with store.lease("acme") as epoch:
        store.full_sync_ended("acme", "complaints", epoch)
    assert not store.observe_only("acme", "complaints")
    file = tmp_path / "kept.dump"
    _run("pg_dump", "-Fc", "-f", str(file), "-d", url_at(tmp_path))
    put(store, settled("2"))
    return file


def only_observing(store):
    """Take the account, and tell whether nothing waits and nothing is acted upon until a full sync has ended."""
    with store.lease("acme") as epoch:
        assert store.observe_only("acme", "complaints")
        assert store.posted("acme", 10**6) == []
        store.full_sync_ended("acme", "complaints", epoch)
        assert not store.observe_only("acme", "complaints")
        assert store.due("acme", "complaints", 0) == [ref("1")]
    with store.lease("acme"):
        assert not store.observe_only("acme", "complaints"), "it is at home now"
    return True


def test_nothing_is_taken_for_a_restore_that_is_none(store, tmp_path):
    put(store, settled("1", posting=posting()))
    again = store_at(tmp_path)
    with again.lease("acme"):
        assert not again.observe_only("acme", "complaints")
        assert len(again.posted("acme", 10**6)) == 1
    again.close()


def test_a_dump_restored_into_another_database_is_noticed(dumped, tmp_path):
    _run("pg_restore", "-d", url_at(tmp_path, OTHER), str(dumped))
    store = store_at(tmp_path, OTHER)
    assert set(store.states([ref("1"), ref("2")])) == {ref("1")}
    assert only_observing(store)
    assert store.verify_log() == 1
    store.close()


def test_a_dump_restored_into_the_same_database_is_noticed_by_a_process_that_runs_on(
    store, dumped, tmp_path
):
    _run("pg_restore", "--clean", "-d", url_at(tmp_path), str(dumped))
    assert set(store.states([ref("1"), ref("2")])) == {ref("1")}
    assert only_observing(store)


def test_whoever_drops_the_note_of_its_place_has_it_taken_for_restored(store, tmp_path):
    put(store, settled("1", posting=posting()))
    run_on(tmp_path, "DELETE FROM meta WHERE name = 'home'")
    assert only_observing(store)


def test_a_backup_is_left_to_pg_dump(store, tmp_path):
    with pytest.raises(StoreError, match=r"No backup was made.*pg_dump.*pg_restore"):
        store.backup(tmp_path / "kept.db")
    assert not (tmp_path / "kept.db").exists()


def end_connections(folder):
    run_on(
        folder,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_a_process_whose_connections_were_lost_is_fenced_off_once_another_took_over(
    store, tmp_path
):
    other = store_at(tmp_path)
    with store.lease("acme") as old:
        with pytest.raises(Busy, match="acme is being synced"), other.lease("acme"):
            pass
        end_connections(tmp_path)
        with other.lease("acme"), pytest.raises(StaleLease), store.begin("acme", old) as tx:
            tx.put_settled([settled("1")], known_at=1)
    assert store.states([ref("1")]) == {}
    other.close()


def test_whoever_takes_over_waits_for_the_page_that_is_being_written(store, tmp_path):
    hasty = Store(engine.make_engine(url_at(tmp_path), busy_seconds=0.05), Vault(KEY))
    with store.lease("acme") as old:
        with store.begin("acme", old) as tx:
            tx.set_cursor("acme", "complaints", "here")
            run_on(
                tmp_path,
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'",
            )
            with pytest.raises(Busy, match="in use by another process"), hasty.lease("acme"):
                pass
        with hasty.lease("acme") as new:
            assert new == old + 1
            with pytest.raises(StaleLease), store.begin("acme", old):
                pass
    assert store.cursor("acme", "complaints") == "here"
    hasty.close()


def cut_off(store, epoch, tmp_path):
    with store.begin("acme", epoch) as tx:
        tx.put_settled([settled("2")], known_at=20)
        end_connections(tmp_path)
        tx.put_settled([settled("3")], known_at=20)


def test_a_connection_lost_in_the_midst_of_a_page_loses_the_page_and_no_more(store, tmp_path):
    put(store, settled("1", findings=[finding("1")]))
    with store.lease("acme") as epoch:
        with pytest.raises(StoreError, match=r"connection was lost.*Run it again"):
            cut_off(store, epoch, tmp_path)
        assert set(store.states([ref("1"), ref("2"), ref("3")])) == {ref("1")}
        with store.begin("acme", epoch) as tx:
            tx.put_settled([settled("2")], known_at=20)
    assert store.verify_log() == 1


def test_an_idle_process_outlives_a_server_started_anew(store, tmp_path):
    put(store, settled("1"))
    end_connections(tmp_path)
    put(store, settled("2"))
    assert len(store.states([ref("1"), ref("2")])) == 2


@pytest.mark.parametrize(
    "state, said",
    [
        ("53100", "the server's disk is full; nothing was written"),
        ("53200", "out of memory"),
        ("58030", "the server's disk fails"),
        ("XX001", "is damaged. Restore the last dump"),
        ("42501", "Make it the owner"),
        ("40P01", "is in use by another process"),
        ("22P02", ": SQLSTATE 22P02"),
    ],
)
def test_what_the_server_refuses_is_told_without_values(store, tmp_path, state, said):
    put(store, settled("1"))
    run_on(
        tmp_path,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$BEGIN RAISE EXCEPTION 'a value: %', NEW.ticket USING ERRCODE = '{state}'; END$$",
        "CREATE TRIGGER refuse BEFORE INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    with pytest.raises(StoreError, match=said) as caught:
        put(store, settled("jo@example.org"))
    assert "jo@example.org" not in str(caught.value)
    assert isinstance(caught.value, Busy) == (state == "40P01")
    assert set(store.states([ref("1"), ref("jo@example.org")])) == {ref("1")}


def test_a_server_that_is_read_only_is_named(store, tmp_path):
    name = server.name_of(tmp_path / "ombud.db")
    run_on(tmp_path, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    end_connections(tmp_path)
    with pytest.raises(StoreError, match=r"is read-only.*Name the primary"):
        put(store, settled())


def test_no_row_stands_in_an_error_or_its_traceback(store):
    import traceback

    left = settled().state
    broken = {name: getattr(left, name) for name in left.__slots__}
    broken |= {"trouble": "jo@example.org", "url": None}
    with pytest.raises(StoreError) as caught:
        put(store, settled(left=type(left)(**broken)))
    assert "url" in str(caught.value)
    told = "".join(traceback.format_exception(caught.value))
    assert "jo@example.org" not in told


def test_a_writer_that_waits_too_long_is_told_to_wait(store, tmp_path):
    hasty = Store(engine.make_engine(url_at(tmp_path), busy_seconds=0.05), Vault(KEY))
    with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
        tx.put_settled([settled("1", findings=[finding("1")])], known_at=1)
        with pytest.raises(Busy, match="is in use by another process"):
            put(hasty, settled("2", findings=[finding("2")]), account="other")
    hasty.close()
    assert store.verify_log() == 1


def refused(url, **named):
    with pytest.raises(StoreError) as caught:
        open_store(url, key=KEY, **named)
    assert server.PASSWORD not in str(caught.value)
    assert "wr0ng" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_reached_is_named(tmp_path):
    assert "cannot be reached" in refused(f"postgresql://u:wr0ng@/name?host={tmp_path}")
    assert "127.0.0.1: cannot be reached" in refused("postgresql://u:wr0ng@127.0.0.1:1/name")


def test_a_server_gone_meanwhile_is_named(postgresql, tmp_path):
    gone = store_at(tmp_path)
    gone._engine.dispose()
    # Nobody listens in that folder.
    gone._engine = engine.make_engine(f"postgresql://u:wr0ng@/name?host={tmp_path}")
    for attempt in (gone.lease("acme"), gone.begin("acme", 1)):
        with pytest.raises(StoreError, match="cannot be reached"), attempt:
            pass
    gone.close()


def test_a_server_without_tls_is_named_where_tls_is_asked_for(postgresql):
    # Sockets carry no TLS, so that the message is all there is to try.
    url = make_url("postgresql://u@h/name")
    said = OSError("server does not support SSL, but SSL was required")
    assert "Check sslmode" in str(explanation(url, said))


@pytest.mark.parametrize(
    "said",
    [
        "consuming input failed: server closed the connection unexpectedly",
        "the connection is lost",
        "the connection is closed",
        "could not send data to server: Broken pipe",
    ],
)
def test_a_connection_that_broke_off_is_not_taken_for_one_that_never_was(said):
    told = str(explanation(make_url("postgresql://u@h/name"), OSError(said)))
    assert "the connection was lost" in told
    assert "Run it again" in told


def test_a_database_that_is_not_there_is_named(postgresql):
    told = refused(server.address(postgresql, "nothing_of_the_kind"))
    assert "nothing_of_the_kind" in told
    assert "createdb" in told


@pytest.mark.parametrize("url", ["postgresql://u:wr0ng@h:port/name", "postgresql://u:wr0ng@[::/x"])
def test_an_address_that_cannot_be_read_is_not_repeated(url):
    assert "postgresql://user@host/name" in refused(url)


@pytest.fixture
def guarded(postgresql, tmp_path):
    """Give the address of a database whose owner signs in with a password."""
    url_at(tmp_path)
    return server.guard(postgresql, server.name_of(tmp_path / "ombud.db"))


def test_a_password_may_come_from_several_places(guarded, monkeypatch):
    assert "OMBUD_DATABASE_PASSWORD" in refused(guarded)
    assert "OMBUD_DATABASE_PASSWORD" in refused(guarded, password="wr0ng")
    open_store(guarded, key=KEY, password=server.PASSWORD).close()
    within = guarded.replace("@", f":{server.PASSWORD}@", 1)
    open_store(within, key=KEY).close()
    monkeypatch.setenv("PGPASSWORD", server.PASSWORD)
    open_store(guarded, key=KEY).close()


def test_an_ordinary_owner_needs_no_special_rights(guarded, tmp_path):
    store = open_store(guarded, key=KEY, password=server.PASSWORD)
    put(store, settled(people={"p:jo": {"name": "Jo"}}, findings=[finding()]))
    with store.lease("acme") as epoch:
        store.forget("acme", epoch, "case-1")
    assert store.recall("case-1") == {}
    assert store.quick_check() == "ok"
    assert store.about().startswith("PostgreSQL ")
    assert not store.observe_only("acme", "complaints")
    store.close()


def test_a_key_is_forgotten_though_an_older_transaction_looks_on(store, tmp_path):
    put(store, *(settled(str(n), people={f"p:{n}": {"name": "Jo"}}) for n in range(3)))
    [(wrapped,)] = run_on(tmp_path, "SELECT wrapped FROM casekey WHERE kase = 'case-1'")
    with engine.streaming(store._engine) as older:
        older.exec_driver_sql("SELECT count(*) FROM ticket")
        with store.lease("acme") as epoch:
            store.forget("acme", epoch, "case-1")
        [(path,)] = run_on(tmp_path, "CHECKPOINT", "SELECT pg_relation_filepath('casekey')")
        held = Path(os.environ[server.VARIABLE], "data", path).read_bytes()
    assert wrapped.encode() not in held
    assert store.recall("case-1") == {}
    assert store.recall("case-2") == {"p:2": {"name": "Jo"}}


def test_many_rows_at_once_are_stored_as_few_are(store):
    rows = [event("1", which=f"e{n}", source="tab\t, slash \\ and \\N") for n in range(60)]
    twice = [settled(str(n % 50), events=rows if n == 1 else ()) for n in range(100)]
    put(store, *twice, known_at=10)
    put(store, settled("1", events=rows), known_at=99)
    [held] = store.events([ref("1")], known_by=50).values()
    assert sorted(each.id for each in held) == sorted(each.id for each in rows)
    assert {each.source for each in held} == {"tab\t, slash \\ and \\N"}
    assert len(store.states([ref(str(n)) for n in range(50)])) == 50


def test_the_last_of_equal_keys_stays(store):
    from dataclasses import replace

    first = [settled(str(n)) for n in range(50)]
    again = [settled(left=replace(one.state, url="https://later.example")) for one in first]
    put(store, *first, *again)
    assert {each.url for each in store.states([one.state.ref for one in first]).values()} == {
        "https://later.example"
    }
