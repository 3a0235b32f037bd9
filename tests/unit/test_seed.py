"""The seeded desk: the same for a seed, rich enough for every rule, and true to its own truth."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime

import pytest

from ombud.sandbox.patterns import PATTERNS
from ombud.sandbox.seed import CONFORMING, seed, seed_into
from ombud.sandbox.seed_life import FIELD, STATUS, moment
from ombud.sandbox.world import World

STANDARD = {
    "receipt.complete",
    "receipt.category",
    "receipt.complainant_known",
    "receipt.recorded_in_time",
    "track.owner",
    "acknowledge.in_time",
    "acknowledge.before_work",
    "assess.severity",
    "assess.safety",
    "assess.safety_is_critical",
    "assess.in_time",
    "investigate.recorded",
    "investigate.in_time",
    "respond.in_time",
    "respond.remedy_offered",
    "decide.told_in_time",
    "decide.told_before_close",
    "close.after_response",
    "close.outcome",
    "close.four_eyes",
    "close.with_root_cause",
    "objectivity.handler_not_subject",
}


@pytest.fixture(scope="module", params=[1, 2, 77])
def seeded(request):
    world = World()
    return world, seed(world, seed=request.param)


def test_the_same_seed_gives_the_same_world_and_another_gives_another():
    first, second, third = World(), World(), World()
    truth = seed(first, seed=5)
    assert seed(second, seed=5) == truth
    assert first.issues == second.issues
    assert seed(third, seed=6) != truth


def test_every_standard_rule_has_five_failures_and_five_near_misses(seeded):
    _, truth = seeded
    for planted in (truth.failures, truth.near_misses):
        counted = Counter(one.rule for one in planted)
        assert set(counted) == STANDARD
        assert min(counted.values()) >= 5


def test_nothing_is_planted_twice_nor_both_ways(seeded):
    _, truth = seeded
    entries = [(one.ref, one.rule, one.occurrence) for one in (*truth.failures, *truth.near_misses)]
    assert len(set(entries)) == len(entries)


def test_every_instant_of_the_truth_happened_to_its_ticket(seeded):
    world, truth = seeded
    for one in (*truth.failures, *truth.near_misses):
        issue = world.find(one.ref)
        assert issue is not None
        assert issue.key == one.key
        if one.occurrence == "-":
            continue
        happened = {issue.created, *(entry.created for entry in issue.entries)}
        happened |= {comment.created for comment in issue.comments}
        received = issue.fields.get(FIELD["received"])
        if received:
            happened.add(datetime.fromisoformat(received))
        assert datetime.fromisoformat(one.occurrence) in happened


def test_the_horizon_ends_where_the_truth_says(seeded):
    world, truth = seeded
    assert datetime.fromisoformat(truth.until) == world.clock.now()
    assert truth.tickets == len(world.issues) == 400
    assert all(issue.updated <= world.clock.now() for issue in world.issues.values())


def test_histories_begin_with_creation_and_are_in_order(seeded):
    world, _ = seeded
    for issue in world.issues.values():
        instants = [entry.created for entry in issue.entries]
        assert instants == sorted(instants)
        assert all(issue.created <= instant for instant in instants)


def test_the_desk_holds_what_real_desks_hold(seeded):
    world, _ = seeded
    issues = list(world.issues.values())
    assert {issue.project for issue in issues} == {"CMP", "SUP"}
    assert any(issue.project == "CMP" and issue.type == "10002" for issue in issues)
    assert any(issue.deleted for issue in issues)
    lengths = sorted(len(issue.entries) for issue in issues)
    assert lengths[-1] > 100
    assert sum(length > 40 for length in lengths) >= 3
    assert max(len(issue.comments) for issue in issues) > 100
    assert any(issue.links for issue in issues)
    at_once = Counter(entry.created for issue in issues for entry in issue.entries)
    assert max(at_once.values()) >= 40
    assert any(entry.author is None for issue in issues for entry in issue.entries)
    assert any(not comment.public for issue in issues for comment in issue.comments)
    text = " ".join(str(issue.fields.get("description")) for issue in issues)
    assert "<img" in text
    assert "=cmd" in text


def test_no_step_of_a_pattern_lies_beyond_the_horizon():
    end = World().clock.now()
    for pattern in PATTERNS:
        for monday in pattern.mondays:
            assert all(moment(monday, step.at) < end for step in pattern.life.steps), pattern.name


def test_pattern_names_are_unique_and_name_steps_that_exist():
    names = [pattern.name for pattern in PATTERNS]
    assert len(set(names)) == len(names)
    for pattern in PATTERNS:
        steps = {step.name for step in pattern.life.steps} | {"receipt", "-"}
        assert {step for _, step in (*pattern.breaks, *pattern.nearly)} <= steps, pattern.name
        assert {rule for rule, _ in (*pattern.breaks, *pattern.nearly)} <= STANDARD, pattern.name


def test_conforming_lives_hold_every_step_in_order():
    order = ("acknowledged", "assessed", "investigating", "responded", "decided", "done")
    needed = {"channel", "product", "remedy", "complainant", "severity", "owner", "category"}
    needed |= {"safety", "summary", "offer", "outcome", "root_cause", "action", "approver"}
    for life in CONFORMING:
        assert {name for step in life.steps for name in step.fields} >= needed
        said = " ".join(step.text or "" for step in life.steps)
        assert "#response" in said
        assert "#decision" in said
        first = {}
        for step in sorted(life.steps, key=lambda one: moment(PATTERNS[0].mondays[0], one.at)):
            if step.to in STATUS:
                first.setdefault(step.to, len(first))
        assert [stage for stage in first if stage in order] == list(order)


def test_wall_clock_times_keep_across_the_night_the_clock_goes_back():
    monday = datetime(2026, 10, 19).date()
    assert moment(monday, "Fri 17:00").hour == 15
    assert moment(monday, "1:Mon 17:00").hour == 16


def test_a_small_desk_holds_some_patterns_and_a_short_one_is_refused():
    world = World()
    truth = seed(world, seed=3, tickets=30)
    assert len(world.issues) == 30
    assert truth.failures
    with pytest.raises(ValueError, match="90 days"):
        seed(World(), seed=3, days=30)


def test_the_truth_is_written_as_json(tmp_path):
    truth = seed(World(), seed=4)
    truth.write(tmp_path / "truth.json")
    written = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert written == seed_into(World(), seed=4)
    assert written["failures"][0]["verdict"] == "fail"
