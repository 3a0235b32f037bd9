"""The findings of a seeded desk are exactly what was planted in it."""

from __future__ import annotations

import pytest

from tests.replay.truth_compare import compare
from tests.truth import DESKS, compared, judged

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
