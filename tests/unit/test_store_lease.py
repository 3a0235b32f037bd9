"""One process an account, and the one before it is fenced off."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ombud.store import Busy, StaleLease
from tests.stores import put, settled, store_at

pytestmark = pytest.mark.usefixtures("either")

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


def test_an_account_is_held_by_one_at_a_time(store, tmp_path):
    other = store_at(tmp_path)
    with store.lease("acme"):
        with pytest.raises(Busy, match="acme is being synced"), other.lease("acme"):
            pass
        with other.lease("elsewhere"):
            pass
    with other.lease("acme"):
        pass
    other.close()


def test_each_lease_fences_off_the_one_before(store, tmp_path):
    with store.lease("acme") as first:
        pass
    with store.lease("acme") as second:
        assert second > first
        with pytest.raises(StaleLease), store.begin("acme", first) as tx:
            tx.put_settled([settled()], known_at=1)
        assert store.states([settled().state.ref]) == {}


def test_accounts_are_fenced_apart(store):
    with store.lease("acme") as epoch, store.lease("elsewhere"), store.begin("acme", epoch):
        pass


def test_a_name_with_a_slash_makes_no_folder(store, tmp_path):
    put(store, settled(), account="a/../b")
    assert {path.parent for path in tmp_path.rglob("*")} <= {tmp_path}


def test_a_killed_process_leaves_the_account_free(store, tmp_path):
    program = (
        "import sys, os, signal; from tests.stores import store_at; from pathlib import Path;"
        "store = store_at(Path(sys.argv[1]));\n"
        "with store.lease('acme'):\n  print('held', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("held\n", -9), done.stderr
    with store.lease("acme") as epoch:
        assert epoch == 2


def test_first_sync_is_remembered(store):
    with store.lease("acme") as epoch:
        assert store.first_sync("acme", "complaints", 50, epoch) == 50
        assert store.first_sync("acme", "complaints", 60, epoch) == 50
        assert store.first_sync("acme", "other", 60, epoch) == 60
