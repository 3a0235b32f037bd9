"""The decision log shows every change made to it behind our back."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ombud.model.facts import Verdict
from ombud.store import StoreError
from tests.stores import finding, put, settled, store_at

LINES = 5


@pytest.fixture
def database(tmp_path):
    """Give the file of a database whose log has five lines."""
    store = store_at(tmp_path)
    for known_at in range(LINES):
        put(
            store,
            settled(
                findings=[finding(verdict=Verdict.pending if known_at % 2 else Verdict.failed)]
            ),
            known_at=known_at,
        )
    assert store.verify_log() == LINES
    store.close()
    return tmp_path / "ombud.db"


def tamper(database, statement):
    with closing(sqlite3.connect(database)) as raw:
        changed = raw.execute(statement).rowcount
        raw.commit()
    assert changed > 0


@pytest.mark.parametrize(
    "statement, line",
    [
        ("UPDATE decision SET verdict = 'pass' WHERE seq = 3", "line 3"),
        ("UPDATE decision SET known = known + 1 WHERE seq = 1", "line 1"),
        ("UPDATE decision SET digests = '{}' WHERE seq = 5", "line 5"),
        ("UPDATE decision SET hash = previous WHERE seq = 2", "line 2"),
        ("UPDATE decision SET previous = hash WHERE seq = 4", "line 4"),
        ("DELETE FROM decision WHERE seq = 3", "line 3"),
        ("DELETE FROM decision WHERE seq = 5", "ends at line 4"),
        ("DELETE FROM decision", "ends at line 0"),
        ("DELETE FROM meta WHERE name = 'log'", "ends at line 5"),
        (
            (
                "INSERT INTO decision SELECT 6, known, kase, rule, occurrence, verdict, standing, action, digests, hash, hash"
                " FROM decision WHERE seq = 5"
            ),
            "line 6",
        ),
    ],
)
def test_what_was_changed_is_named(database, statement, line):
    tamper(database, statement)
    store = store_at(database.parent)
    with pytest.raises(StoreError, match=line):
        store.verify_log()
    store.close()


def test_a_chain_made_anew_without_the_key_does_not_hold(database):
    # Whoever rewrites a line and every hash after it still cannot seal the end.
    from ombud.store.log import _GENESIS, _chained

    with closing(sqlite3.connect(database)) as raw:
        rows = raw.execute("SELECT * FROM decision ORDER BY seq").fetchall()
        previous = _GENESIS
        for seq, known, *line, _, _ in rows:
            line[3] = "pass"
            told = _chained(previous, seq, known, *line)
            raw.execute(
                "UPDATE decision SET verdict = 'pass', previous = ?, hash = ? WHERE seq = ?",
                (previous, told, seq),
            )
            previous = told
        raw.commit()
    store = store_at(database.parent)
    with pytest.raises(StoreError, match="ends at line 5"):
        store.verify_log()
    store.close()


def test_an_empty_log_holds(tmp_path):
    store = store_at(tmp_path)
    assert store.verify_log() == 0
    store.close()
