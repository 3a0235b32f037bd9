"""The findings of a seeded desk are exactly what was planted in it."""

from __future__ import annotations

import pytest

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.seed import seed
from ombud.sandbox.serve import start_in_thread, start_zendesk_in_thread
from ombud.sandbox.shared import share
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.sandbox.zendesk.laying import Laying
from ombud.sandbox.zendesk.world import ZendeskWorld
from tests.replay.truth_compare import compare
from tests.truth import DESKS, compared, judged
from tests.zendesk_desk import both_services

LONG = [(number, 400) for number in range(4, 21)] + [(1, 2000)]


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_nothing_is_missed_and_nothing_is_false(desk, number, tmp_path):
    outcome, planted = compared(desk, number, 400, tmp_path)
    assert planted >= 110
    assert (outcome.missed, outcome.false) == ([], [])


@pytest.mark.long
@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("number, tickets", LONG)
def test_nothing_is_missed_and_nothing_is_false_at_other_seeds_and_sizes(
    desk, number, tickets, tmp_path
):
    outcome, _ = compared(desk, number, tickets, tmp_path)
    assert (outcome.missed, outcome.false) == ([], [])


def test_an_altered_truth_is_noticed(tmp_path):
    found, truth = judged(1, 400, tmp_path)
    planted = truth["failures"]
    left_out = compare(found, {"failures": planted[1:]})
    assert (len(left_out.missed), len(left_out.false)) == (0, 1)
    invented = {**planted[0], "occurrence": "2026-01-01T00:00:00.000+00:00"}
    made_up = compare(found, {"failures": [*planted, invented]})
    assert (len(made_up.missed), len(made_up.false)) == (1, 0)


def test_every_rule_of_the_standard_profile_is_broken_and_nearly_broken_often_enough(tmp_path):
    found, truth = judged(1, 400, tmp_path)
    rules = {finding["rule"] for finding in found}
    assert len(rules) == 22
    for rule in rules:
        for kind in ("failures", "near_misses"):
            assert sum(one["rule"] == rule for one in truth[kind]) >= 5, (rule, kind)


def test_complaints_that_come_by_both_helpdesks_are_one_case_and_break_no_rule(tmp_path):
    clock = SteppableClock(DEFAULT_NOW)
    world, other = World(clock), ZendeskWorld(clock)
    laying = Laying(other)
    truths = {
        "sandbox": seed(world, seed=1, tickets=400).as_dict(),
        "zendesk": seed(laying, seed=2, tickets=400).as_dict(),
    }
    shared = share(world, laying)
    with start_in_thread(world) as jira, start_zendesk_in_thread(other) as zendesk:
        clock.advance(61)
        with both_services(tmp_path, jira, zendesk) as service:
            for account in ("sandbox", "zendesk", "sandbox"):
                service.sync(account)
            found = [finding.as_json(url=url) for finding, _, url in service.check()]
            states = [service.store.find_ticket(each.zendesk) for each in shared]
            cases = [service.store.find_ticket(each.jira).case for each in shared]
    assert [state.case for state in states] == cases
    for account, truth in truths.items():
        outcome = compare([one for one in found if one["account"] == account], truth)
        assert (outcome.missed, outcome.false) == ([], [])
    both = [one for one in found if one["rule"] == "case.closed_on_one_side"]
    assert [one["verdict"] for one in both] == ["pass"] * len(shared)
