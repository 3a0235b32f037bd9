"""Mutants: fixed changes of a rule, killed by the examples that notice; survivors are told or explained."""

from __future__ import annotations

import pytest

from policies.load import load_pack
from policies.mutation import filled, mutants
from policies.trial import try_pack
from policies.vocabulary import PackError

PACK = """\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  severity: {type: choice, values: [low, medium, high], ordered: true, label: Severity}
  owner: {type: person, label: Owner}
  reviewer: {type: person, label: Reviewer}
  reason: {type: text, label: Reason}
params:
  days: {default: 2, minimum: 1, help: days}
tracks:
  grave: {severity: high}
  standard: otherwise
rules:
  - id: r.guard
    title: T
    clauses: [{standard: S, clause: "1"}]
    severity: minor
    tracks: [standard]
    guard: {entering: closed, when: {severity: {at_least: medium}}, must: {all: [{present: owner}, {severity: {in: [low, medium]}}]}}
  - id: r.clock
    title: T
    clauses: [{standard: S, clause: "2"}]
    severity: minor
    deadline:
      from: received
      until: responded
      within: [{when: {severity: high}, hours: 4}, {business_days: {param: days}}]
      pauses: [complainant]
      extension: {by: holding_sent, must: {present: reviewer}, within: {calendar_days: 9}}
  - id: r.kept
    title: T
    clauses: [{standard: S, clause: "3"}]
    severity: minor
    integrity: {fields: [owner, reviewer], reason: reason}
  - id: r.order
    title: T
    clauses: [{standard: S, clause: "4"}]
    severity: minor
    sequence: {entering: closed, stages: [acknowledged, assessed, responded], ordered: true}
  - id: r.lasting
    title: T
    clauses: [{standard: S, clause: "5"}]
    severity: minor
    invariant: {until: closed, must: {present: owner}, allow: {business_hours: 4}}
  - id: r.again
    title: T
    clauses: [{standard: S, clause: "6"}]
    severity: minor
    cadence: {from: received, until: closed, kinds: [update], within: [{calendar_days: 7}]}
"""


@pytest.fixture
def pack(tmp_path):
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    return load_pack(tmp_path)


def ids(pack, rule: str) -> set[str]:
    import json

    (data,) = [each for each in json.loads(pack.content)["rules"] if each["id"] == rule]
    params = {name: param.default for name, param in pack.params.items()}
    return {mutant.id.removeprefix(f"{rule}:") for mutant in mutants(filled(data, params), pack)}


def test_a_guard_is_changed_in_its_conditions_stage_and_tracks(pack) -> None:
    assert ids(pack, "r.guard") == {
        "guard.when:complement",
        "guard.when.severity:boundary",
        "guard.when:no-when",
        "tracks:no-tracks",
        "guard.must.all:any",
        "guard.must.all[0]:drop",
        "guard.must.all[1]:drop",
        "guard.must.all[0]:complement",
        "guard.must.all[0].owner:field",
        "guard.must.all[1]:complement",
        "guard.must.all[1].severity.in:in-low",
        "guard.must.all[1].severity.in:in-medium",
        "guard.entering:to-decided",
    }


def test_a_clock_is_changed_in_its_terms_ends_pauses_and_extension(pack) -> None:
    assert ids(pack, "r.clock") == {
        "deadline.from:to-recorded",
        "deadline.until:to-investigated",
        "deadline.until:to-holding_sent",
        "deadline.within[0].when:complement",
        "deadline.within[0].when:when",
        "deadline.within[0].hours:amount+1",
        "deadline.within[0].hours:amount-1",
        "deadline.within[1].business_days:amount+1",
        "deadline.within[1].business_days:amount-1",
        "deadline.within[1].business_days:unit",
        "deadline.pauses[0]:pause",
        "deadline.extension:no-extension",
        "deadline.extension.must:complement",
        "deadline.extension.must.reviewer:field",
        "deadline.extension.must:no-must",
        "deadline.extension.within.calendar_days:amount+1",
        "deadline.extension.within.calendar_days:amount-1",
        "deadline.extension.within.calendar_days:unit",
    }


def test_the_other_kinds_are_changed_in_what_they_have(pack) -> None:
    assert ids(pack, "r.kept") == {
        "integrity.fields:field-owner",
        "integrity.fields:field-reviewer",
    }
    assert {"sequence.stages:stage-assessed", "sequence.entering:to-decided"} <= ids(
        pack, "r.order"
    )
    assert {
        "invariant.allow.business_hours:amount+1",
        "invariant.allow.business_hours:amount-1",
        "invariant.until:to-reopened",
    } <= ids(pack, "r.lasting")
    assert {
        "cadence.within[0].calendar_days:unit",
        "cadence.within[0].calendar_days:amount-1",
        "cadence.from:to-recorded",
    } <= ids(pack, "r.again")


SMALL = """\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  owner: {type: person, label: Owner}
  reviewer: {type: person, label: Reviewer}
rules:
  - id: r.two
    title: T
    clauses: [{standard: S, clause: "1"}]
    severity: minor
    guard:
      entering: closed
      must: {all: [{present: owner}, {present: reviewer}]}
"""
BOTH = "  - {rule: r.two, name: both, expect: pass, row: {owner: ann, reviewer: ben}}\n"
NONE = "  - {rule: r.two, name: none, expect: fail}\n"
NO_REVIEWER = "  - {rule: r.two, name: no reviewer, expect: fail, row: {owner: ann}}\n"
NO_OWNER = "  - {rule: r.two, name: no owner, expect: fail, row: {reviewer: ben}}\n"
DROP = "r.two:guard.must.all[0]:drop"


@pytest.fixture
def small(tmp_path):
    def write(*examples: str, survivors: str | None = None):
        (tmp_path / "pack.yaml").write_text(SMALL, "utf-8")
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "all.yaml").write_text("examples:\n" + "".join(examples), "utf-8")
        if survivors is not None:
            (tmp_path / "tests" / "survivors.yaml").write_text(survivors, "utf-8")
        return try_pack(tmp_path, mutate=True)

    return write


def test_examples_that_leave_nothing_open_kill_every_mutant(small) -> None:
    trial = small(BOTH, NO_REVIEWER, NO_OWNER)
    assert (trial.survivors, trial.score, trial.ok) == ((), 1.0, True)


def test_a_missing_example_lets_mutants_live_and_they_are_told_with_their_place(small) -> None:
    trial = small(BOTH, NONE)
    assert {each.id for each in trial.unexplained} == {
        DROP,
        "r.two:guard.must.all[1]:drop",
        "r.two:guard.must.all:any",
    }
    (drop,) = [each for each in trial.survivors if each.id == DROP]
    assert str(drop).endswith(f"pack.yaml:15:20: {DROP}: {{present: owner}} is no longer asked for")
    assert trial.score == trial.killed / (trial.killed + 3)
    assert not trial.ok


def test_an_explained_survivor_stands_apart_and_leaves_the_score(small) -> None:
    trial = small(
        BOTH, NO_REVIEWER, survivors=f'"{DROP}": "the owner is always there at this desk"\n'
    )
    assert [each.id for each in trial.survivors if each.reason] == [DROP]
    assert (trial.unexplained, trial.score, trial.ok) == ((), 1.0, True)


@pytest.mark.parametrize(
    "told, what",
    [
        (f'"{DROP}": "the owner is always there"', "is killed by an example"),
        (
            '"r.two:guard.must.all[7]:drop": "the owner is always there"',
            "is no mutant of this pack",
        ),
    ],
)
def test_an_explanation_of_what_is_dead_or_gone_is_a_problem(small, told, what) -> None:
    trial = small(BOTH, NO_REVIEWER, NO_OWNER, survivors=told)
    (problem,) = trial.problems
    assert what in problem.what
    assert (problem.line, problem.column) == (1, 1)
    assert not trial.ok


@pytest.mark.parametrize(
    "told", ["- a\n", f'"{DROP}": ""\n', f'"{DROP}": [x]\n', f'"{DROP}": short\n']
)
def test_an_explanation_says_something(small, told) -> None:
    with pytest.raises(PackError):
        small(BOTH, NO_REVIEWER, survivors=told)


def test_an_example_that_does_not_come_out_fails_the_trial(small) -> None:
    trial = small(BOTH.replace("pass", "fail"), NO_REVIEWER, NO_OWNER)
    assert len(trial.failed) == 1
    assert not trial.ok
