"""Personal data stands apart, sealed, and can be forgotten for good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ombud.store import StoreError
from tests.postgresql_server import VARIABLE
from tests.stores import KEY, finding, put, run_on, settled, store_at

pytestmark = pytest.mark.usefixtures("either")

PEOPLE = {"p:jo": {"name": "Jo Bloggs", "email": "jo@example.org"}}


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


def bytes_of(folder):
    """Give everything that stands in a database's files."""
    if VARIABLE in os.environ:
        [(oid,)] = run_on(
            folder,
            "CHECKPOINT",
            "SELECT oid FROM pg_database WHERE datname = current_database()",
        )
        folder = Path(os.environ[VARIABLE]) / "data" / "base" / str(oid)
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def forget(store, case):
    with store.lease("acme") as epoch:
        store.forget("acme", epoch, case)


def test_persons_are_recalled_and_never_stand_in_the_file(store, tmp_path):
    put(store, settled(people=PEOPLE))
    assert store.recall("case-1") == PEOPLE
    assert store.recall("case-2") == {}
    assert b"Bloggs" not in bytes_of(tmp_path)
    assert b"jo@example.org" not in bytes_of(tmp_path)


def test_several_tickets_of_a_case_add_up(store):
    other = {"p:al": {"name": "Al"}}
    put(store, settled("1", case="one", people=PEOPLE), settled("2", case="one", people=other))
    assert store.recall("one") == PEOPLE | other
    put(store, settled("1", case="one", people=PEOPLE))
    assert store.recall("one") == PEOPLE | other


def test_forgetting_leaves_findings_and_no_trace_of_the_key(store, tmp_path, either):
    put(store, settled(people=PEOPLE, findings=[finding()]))
    [(wrapped,)] = run_on(tmp_path, "SELECT wrapped FROM casekey")
    [(secret,)] = run_on(tmp_path, "SELECT secret FROM person")
    assert wrapped.encode() in bytes_of(tmp_path)
    forget(store, "case-1")
    assert store.recall("case-1") == {}
    assert len(list(store.findings())) == 1
    assert wrapped.encode() not in bytes_of(tmp_path)
    # A server removes it when nobody can look at it any more; it opens for nobody by now.
    assert either == "postgresql" or secret.encode() not in bytes_of(tmp_path)


def test_what_was_forgotten_is_not_learned_again(store):
    put(store, settled(people=PEOPLE))
    forget(store, "case-1")
    put(store, settled("1", people=PEOPLE), settled("2", people=PEOPLE))
    assert store.recall("case-1") == {}
    assert store.recall("case-2") == PEOPLE


def test_a_secret_moved_to_another_case_or_person_does_not_open(store, tmp_path):
    put(store, settled(people=PEOPLE | {"p:al": {"name": "Al"}}))
    run_on(
        tmp_path,
        "UPDATE person SET secret = (SELECT secret FROM person WHERE who = 'p:al') WHERE who = 'p:jo'",
    )
    with pytest.raises(StoreError, match="cannot be opened"):
        store.recall("case-1")


def test_another_key_is_refused_and_changes_nothing(store, tmp_path):
    put(store, settled(people=PEOPLE))
    with pytest.raises(StoreError, match="OMBUD_KEY is not the key of this database"):
        store_at(tmp_path, key=KEY[::-1])
    again = store_at(tmp_path)
    assert again.recall("case-1") == PEOPLE
    again.close()


def test_a_key_of_the_wrong_length_is_refused(tmp_path):
    with pytest.raises(StoreError, match="32 bytes"):
        store_at(tmp_path, key=b"short")


def test_pseudonyms_are_equal_for_equals_and_keyed(store, tmp_path):
    told = store.pseudonym("jo@example.org")
    assert told == store.pseudonym("jo@example.org") != store.pseudonym("al@example.org")
    assert "jo" not in told
    other = store_at(tmp_path, name="other.db", key=KEY[::-1])
    assert other.pseudonym("jo@example.org") != told
    other.close()
