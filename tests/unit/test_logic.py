"""Lint tells rules that never apply, can not be met, can not fail, or rule one another out; and only those."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.expression import All, Any, Compare, Not, Operator, Present, Type, normal_form
from policies.lint import lint
from policies.load import load_pack
from policies.logic import illogical
from policies.reach import Question, TooMany
from policies.row import compile_row
from policies.vocabulary import Field

HEAD = """\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  severity: {type: choice, values: [low, medium, high], ordered: true, label: Severity}
  exit: {type: choice, values: [spam, withdrawn], label: Exit}
  owner: {type: person, label: Owner}
  reviewer: {type: person, label: Reviewer}
  attempts: {type: number, label: Attempts}
  urgent: {type: flag, label: Urgent}
tracks:
  exit: {all: [{present: exit}, {exit: {in: [spam, withdrawn]}}]}
  grave: {severity: {in: [high]}}
  standard: otherwise
rules:
"""


@pytest.fixture
def told(tmp_path):
    def look(*bodies: str) -> list[tuple[str, str]]:
        rules = [
            f"  - {{id: r.{name}, title: T, severity: minor, {body}}}\n"
            for name, body in zip("abcd", bodies, strict=False)
        ]
        path = tmp_path / "pack.yaml"
        path.write_text(HEAD + "".join(rules), "utf-8")
        pack = load_pack(path)
        return [(rule, what) for rule, _, what, _ in illogical(pack.rules, pack.vocabulary)]

    return look


@pytest.mark.parametrize(
    "body, what",
    [
        ("guard: {when: {all: [{severity: low}, {severity: high}]}, must: {present: owner}}", "never applies"),
        ("guard: {when: {all: [{attempts: {at_least: 3}}, {attempts: {at_most: 2}}]}, must: {present: owner}}", "never applies"),
        ("guard: {when: {all: [{present: owner}, {not: {present: owner}}]}, must: {present: owner}}", "never applies"),
        ("tracks: [grave], guard: {when: {severity: low}, must: {present: owner}}", "never applies"),
        ("tracks: [standard], guard: {when: {exit: spam}, must: {present: owner}}", "never applies"),
        ("guard: {when: {owner: {same_as: reviewer}}, must: {owner: {differs_from: reviewer}}}", "can not be met"),
        ("guard: {when: {severity: low}, must: {severity: {at_least: medium}}}", "can not be met"),
        ("guard: {must: {all: [{owner: {same_as: reviewer}}, {owner: ann}, {reviewer: ben}]}}", "can not be met"),
        ("guard: {must: {any: [{present: owner}, {not: {present: owner}}]}}", "can not fail"),
        ("guard: {when: {present: owner}, must: {present: owner}}", "can not fail"),
        ("guard: {entering: closed, must: {all: [{acknowledged: {not_after: responded}}, {responded: {not_after: closed}}, {acknowledged: {after: closed}}]}}", "can not be met"),
        ("deadline: {from: received, until: closed, within: [{when: {severity: {in: [low, medium]}}, hours: 1}, {when: {severity: medium}, hours: 2}, {hours: 3}]}", "never comes to its term 2"),
        ("deadline: {from: received, until: closed, within: [{when: {severity: {at_least: low}}, hours: 1}, {when: {severity: low}, hours: 2}, {hours: 3}]}", "never comes to its term 2"),
        ("deadline: {from: received, until: closed, when: {severity: low}, within: [{when: {severity: high}, hours: 1}, {hours: 3}]}", "never comes to its term 1"),
        ("cadence: {from: received, until: closed, within: [{when: {present: owner}, hours: 1}, {when: {owner: ann}, hours: 2}, {hours: 3}]}", "never comes to its term 2"),
        ("invariant: {when: {urgent: true}, must: {urgent: false}}", "can not be met"),
    ],
)  # fmt: skip
def test_a_rule_that_can_not_do_what_it_says_is_told(told, body, what) -> None:
    found = told(body)[0]
    assert found[0] == "r.a"
    assert what in found[1]


@pytest.mark.parametrize(
    "body",
    [
        "guard: {when: {severity: low}, must: {present: owner}}",
        "guard: {when: {any: [{severity: low}, {severity: high}]}, must: {present: owner}}",
        "guard: {must: {all: [{owner: {differs_from: reviewer}}, {present: owner}]}}",
        "guard: {when: {attempts: {at_least: 2}}, must: {attempts: {at_most: 2}}}",
        "tracks: [standard], guard: {when: {severity: low}, must: {present: owner}}",
        "guard: {entering: closed, must: {all: [{acknowledged: {not_after: responded}}, {responded: {not_after: closed}}]}}",
        "deadline: {from: received, until: closed, within: [{when: {severity: {at_least: high}}, hours: 1}, {when: {severity: {at_least: medium}}, hours: 2}, {hours: 3}]}",
    ],
)  # fmt: skip
def test_a_sound_rule_is_left_alone(told, body) -> None:
    assert told(body) == []


def test_two_rules_of_a_stage_that_can_not_both_be_met_are_told(told) -> None:
    found = told(
        "guard: {entering: closed, when: {present: exit}, must: {severity: low}}",
        "guard: {entering: closed, must: {severity: {at_least: medium}}}",
    )
    assert found == [("r.b", "r.b and r.a can not both be met when closed is entered")]


@pytest.mark.parametrize(
    "first, second",
    [
        ("guard: {entering: closed, when: {exit: spam}, must: {severity: low}}", "guard: {entering: closed, when: {exit: withdrawn}, must: {severity: high}}"),
        ("guard: {entering: closed, must: {severity: low}}", "guard: {entering: responded, must: {severity: high}}"),
        ("tracks: [exit], guard: {entering: closed, must: {severity: low}}", "tracks: [standard], guard: {entering: closed, must: {severity: medium}}"),
        ("guard: {entering: closed, must: {severity: {at_least: medium}}}", "guard: {entering: closed, must: {severity: {at_most: medium}}}"),
    ],
)  # fmt: skip
def test_rules_that_never_meet_or_that_agree_are_left_alone(told, first, second) -> None:
    assert told(first, second) == []


VOCABULARY = {
    "severity": Field(Type.choice, ("low", "medium", "high"), ordered=True),
    "colour": Field(Type.choice, ("red", "blue")),
    "owner": Field(Type.person),
    "reviewer": Field(Type.person),
    "attempts": Field(Type.number),
}
ORDER = ("low", "medium", "high")
LEAVES = st.one_of(
    st.builds(Present, st.sampled_from(["severity", "colour", "owner", "reviewer"])),
    st.builds(Present, st.just("attempts"), st.just(Type.number)),
    st.builds(
        lambda operator, value: Compare("severity", operator, (value,), None, Type.choice, ORDER),
        st.sampled_from([Operator.at_least, Operator.at_most, Operator.below, Operator.above]),
        st.sampled_from(ORDER),
    ),
    st.builds(
        lambda operator, value: Compare("colour", operator, (value,), None, Type.choice),
        st.sampled_from([Operator.equals, Operator.equals_not]),
        st.sampled_from(["red", "blue"]),
    ),
    st.builds(
        lambda operator: Compare("owner", operator, (), "reviewer", Type.person),
        st.sampled_from([Operator.same_as, Operator.differs_from]),
    ),
    st.builds(
        lambda operator, value: Compare("owner", operator, (value,), None, Type.person),
        st.sampled_from([Operator.equals, Operator.equals_not]),
        st.sampled_from(["ann", "ben"]),
    ),
    st.builds(
        lambda operator, value: Compare("attempts", operator, (value,), None, Type.number),
        st.sampled_from([Operator.at_least, Operator.at_most, Operator.equals]),
        st.sampled_from([1, 2]),
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(lambda each: All(tuple(each)), st.lists(parts, min_size=1, max_size=3)),
        st.builds(lambda each: Any(tuple(each)), st.lists(parts, min_size=1, max_size=3)),
    ),
    max_leaves=6,
).map(normal_form)
ROWS = st.fixed_dictionaries(
    {
        "severity": st.sampled_from([*ORDER, None]),
        "colour": st.sampled_from(["red", "blue", None]),
        "owner": st.sampled_from(["ann", "ben", "cem", "dea", None]),
        "reviewer": st.sampled_from(["ann", "ben", "cem", "dea", None]),
        "attempts": st.sampled_from([0, 1, 1.5, 2, 3, None]),
    }
)


@settings(max_examples=400)
@given(TREES, TREES, ROWS, st.booleans(), st.booleans())
def test_what_some_complaint_shows_is_never_called_impossible(one, other, row, first, second):
    asked = Question(VOCABULARY).wants(one, first, "when").wants(other, second, "must")
    shown = compile_row(one, "when")(row) is first and compile_row(other, "must")(row) is second
    if shown:
        assert asked.possible()


def test_a_question_with_too_many_cases_is_given_up_and_says_so(tmp_path) -> None:
    # Nine persons who all differ, and eight names for them.
    people = [f"p{i}" for i in range(9)]
    fields = "".join(f"  {name}: {{type: person, label: P}}\n" for name in people)
    parts = [f"{{{a}: {{differs_from: {b}}}}}" for a in people for b in people if a < b]
    parts += [f"{{{a}: {{in: [a, b, c, d, e, f, g, h]}}}}" for a in people]
    path = tmp_path / "pack.yaml"
    path.write_text(
        HEAD.replace("tracks:", f"{fields}tracks:")
        + f"  - {{id: r.a, title: T, severity: minor, guard: {{must: {{all: [{', '.join(parts)}]}}}}}}\n"
    )
    pack = load_pack(path)
    (rule,) = pack.rules
    with pytest.raises(TooMany):
        Question(pack.vocabulary).wants(rule.body.must, told=True).possible()
    assert any("whether it can be met and missed was given up" in each.what for each in lint(path))
