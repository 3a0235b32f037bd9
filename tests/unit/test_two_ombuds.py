"""Which of two installations writes to a ticket: never both, and never neither."""

from __future__ import annotations

from itertools import product

import pytest

from sync.others import Identity
from tests.stores import store_at

KEYS = ("old", "aa.1", "aa.2", "bb.1", "cc.1")


@pytest.mark.parametrize("mask", list(product([False, True], repeat=len(KEYS))))
def test_of_all_that_wrote_to_a_ticket_one_goes_on(mask):
    keys = [key for key, there in zip(KEYS, mask, strict=True) if there]
    wrote = {key.partition(".")[0] for key in keys if "." in key}
    acting = [name for name in sorted(wrote) if not Identity(name).yields_to(keys)]
    assert acting == sorted(wrote)[:1]
    # Whoever never wrote leaves it to those who did.
    assert Identity("00").yields_to(keys) == wrote


def test_former_selves_are_ourselves():
    now = Identity("cc", frozenset({"bb"}))
    assert not now.yields_to(["bb.1"])
    assert now.yields_to(["aa.1", "bb.1"]) == {"aa"}
    assert not now.yields_to(["bb.1", "dd.1"])


def test_a_key_tells_whose_it_is_and_an_installation_is_named_once(tmp_path):
    store = store_at(tmp_path)
    name = store.installation()
    assert (len(name), int(name, 16) >= 0, store.installation()) == (8, True, name)
    assert Identity(name).key("d") == f"{name}.d"
    assert Identity().key("d") == "d"
    store.close()
