"""What signs an account's requests is sealed, bound to its account, and held by one at a time."""

from __future__ import annotations

import threading

import pytest

from ombud.store import StoreError
from tests.stores import run_on, store_at

pytestmark = pytest.mark.usefixtures("either")


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


def test_a_token_is_kept_and_the_next_one_takes_its_place(store, tmp_path):
    assert store.token("acme") is None
    store.keep_token("acme", "first", 5)
    store.keep_token("acme", "second", None)
    store.keep_token("other", "third", 7)
    assert store.token("acme") == "second"
    assert run_on(tmp_path, "SELECT account, until FROM token ORDER BY account") == [
        ("acme", None),
        ("other", 7),
    ]


def test_it_stands_sealed_and_opens_for_its_own_account_alone(store, tmp_path):
    store.keep_token("acme", "s3cret-word", None)
    store.keep_token("other", "s3cret-word", None)
    rows = run_on(tmp_path, "SELECT sealed FROM token ORDER BY account")
    assert rows[0] != rows[1]
    assert not [row for row in rows if "s3cret" in row[0]]
    run_on(tmp_path, f"UPDATE token SET sealed = '{rows[0][0]}' WHERE account = 'other'")
    with pytest.raises(StoreError, match="the account's tokens cannot be opened"):
        store.token("other")


def test_whoever_comes_second_waits_and_a_sync_does_not_stand_in_the_way(store, tmp_path):
    other, order, inside = store_at(tmp_path), [], threading.Event()

    def second():
        inside.set()
        with other.signing("acme"):
            order.append("second")

    thread = threading.Thread(target=second)
    with store.lease("acme"), store.signing("acme"):
        thread.start()
        inside.wait(10)
        with other.signing("elsewhere"):
            order.append("elsewhere")
        order.append("first")
    thread.join(30)
    other.close()
    assert order == ["elsewhere", "first", "second"]
