"""The decision log shows every change made to it behind our back."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.store import StoreError
from tests.stores import finding, put, run_on, settled, store_at

pytestmark = pytest.mark.usefixtures("either")

LINES = 5


@pytest.fixture
def database(tmp_path):
    """Give the folder of a database whose log has five lines."""
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
    return tmp_path


def tamper(folder, statement):
    before = run_on(folder, _EVERYTHING)
    run_on(folder, statement)
    assert run_on(folder, _EVERYTHING) != before


_EVERYTHING = "SELECT seq, known, verdict, digests, previous, hash, 0 FROM decision UNION ALL SELECT 0, 0, name, told, '', '', 1 FROM meta ORDER BY 7, 1, 3"


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
    store = store_at(database)
    with pytest.raises(StoreError, match=line):
        store.verify_log()
    store.close()


def test_a_chain_made_anew_without_the_key_does_not_hold(database):
    # Whoever rewrites a line and every hash after it still cannot seal the end.
    from ombud.store.log import _GENESIS, _chained

    rows = run_on(database, "SELECT * FROM decision ORDER BY seq")
    previous, changes = _GENESIS, []
    for seq, known, *line, _, _ in rows:
        line[3] = "pass"
        told = _chained(previous, seq, known, *line)
        changes.append(
            f"UPDATE decision SET verdict = 'pass', previous = '{previous}', hash = '{told}' WHERE seq = {seq}"
        )
        previous = told
    run_on(database, *changes)
    store = store_at(database)
    with pytest.raises(StoreError, match="ends at line 5"):
        store.verify_log()
    store.close()


def test_an_empty_log_holds(tmp_path):
    store = store_at(tmp_path)
    assert store.verify_log() == 0
    store.close()
