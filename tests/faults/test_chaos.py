"""A day of agents on two worlds, one disturbed by faults drawn from a seed: after quiet both are alike."""

from __future__ import annotations

import json

import pytest

from ombud.chaos.kinds import FAULTS, VENDORS
from ombud.chaos.play import TICKETS, play


def alike(seed, vendors):
    result = play(seed, vendors=vendors)
    print(json.dumps(result.as_json()))
    assert result.wrong == []
    assert result.silent == [], "ordered, and never struck"


@pytest.mark.parametrize("seed", range(1, 11))
def test_a_disturbed_day_ends_as_an_undisturbed_one(seed):
    alike(seed, VENDORS[seed % 2 : seed % 2 + 1])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(11, 211))
def test_two_hundred_disturbed_days_end_as_undisturbed_ones(seed):
    alike(seed, VENDORS)


def test_a_fault_between_the_vendors_commit_and_its_reply_strikes_and_changes_nothing():
    between = [name for name, fault in FAULTS.items() if fault.between]
    result = play(1, vendors=["zendesk"], only=between)
    assert result.wrong == []
    assert all(result.fired[name] for name in between)


#: Safeguard -> a seed and a helpdesk that show that it is needed. Others cover for these three here: that one thread at a
#: time holds a ticket (test_live_desk.py), that a cursor moves with its page (test_safeguards.py), and that a hint is
#: durable before it is answered (test_hooks_survive_kill.py).
NEEDED = {
    "find": (1, "zendesk"),
    "outbox": (1, "zendesk"),
    "dedupe": (1, "jira"),
    "read_back": (1, "zendesk"),
    "fresh_look": (1, "zendesk"),
    "lease": (1, "zendesk"),
    "fencing": (1, "zendesk"),
    "overlap": (1, "jira"),
    "sweep": (1, "zendesk"),
    "recheck": (3, "zendesk"),
}
#: Safeguard -> tickets that its day has, where the usual ones are too few. What the search shows late is lost for good
#: only where nothing else changes the ticket afterwards, and another ticket's later change is seen before.
TICKETS_OF = {"overlap": 24}


@pytest.mark.parametrize("name", NEEDED)
def test_a_safeguard_taken_away_alone_makes_a_run_fail(name):
    seed, vendor = NEEDED[name]
    tickets = TICKETS_OF.get(name, TICKETS)
    assert play(seed, vendors=[vendor], tickets=tickets, without=name).wrong != []
