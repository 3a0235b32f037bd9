"""The closure over a row: empty, unknown and missing values in both contexts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.model.facts import UNKNOWN, Verdict
from policies.expression import All, Any, Compare, Not, Operator, Present, Type
from policies.row import compile_guard, compile_row

IN_FIELD = Compare("severity", Operator.one_of, ("high", "critical"), None, Type.choice)
NOT_IN = Compare("severity", Operator.none_of, ("high", "critical"), None, Type.choice)
IS = Compare("cause", Operator.equals, ("billing",))
IS_NOT = Compare("cause", Operator.equals_not, ("unknown",))
AT_LEAST = Compare("attempts", Operator.at_least, (2,), None, Type.number)
DIFFERS = Compare("approver", Operator.differs_from, (), "owner", Type.person)
SAME = Compare("approver", Operator.same_as, (), "owner", Type.person)
ORDER = ("low", "medium", "high")
RANKED = Compare("severity", Operator.at_least, ("medium",), None, Type.choice, ORDER)


@pytest.mark.parametrize("leaf", [IN_FIELD, NOT_IN, IS, IS_NOT, AT_LEAST, RANKED])
def test_a_comparison_with_an_empty_field_applies_and_does_not_hold(leaf) -> None:
    row = {leaf.name: None}
    assert compile_row(leaf, "when")(row) is True
    assert compile_row(leaf, "must")(row) is False
    assert compile_row(Not(leaf), "when")(row) is True
    assert compile_row(Not(leaf), "must")(row) is False


@pytest.mark.parametrize(
    "leaf", [IN_FIELD, NOT_IN, IS, IS_NOT, AT_LEAST, RANKED, DIFFERS, SAME, Present("cause")]
)
@pytest.mark.parametrize("context", ["when", "must"])
def test_what_is_unknown_or_missing_is_unknown(leaf, context) -> None:
    closure = compile_row(leaf, context)
    assert closure({}) is None
    assert closure({leaf.name: UNKNOWN}) is None


@pytest.mark.parametrize("context", ["when", "must"])
def test_presence_is_exact_in_both_contexts(context) -> None:
    closure = compile_row(Present("cause"), context)
    assert (closure({"cause": None}), closure({"cause": "x"})) == (False, True)
    absent = compile_row(Not(Present("cause")), context)
    assert (absent({"cause": None}), absent({"cause": "x"})) == (True, False)


@pytest.mark.parametrize(
    "leaf, value, expected",
    [
        (IN_FIELD, "high", True),
        (IN_FIELD, "low", False),
        (NOT_IN, "high", False),
        (NOT_IN, "low", True),
        (IS, "billing", True),
        (IS, "Billing", False),
        (IS_NOT, "unknown", False),
        (IS_NOT, "billing", True),
        (AT_LEAST, 2, True),
        (AT_LEAST, 2.0, True),
        (AT_LEAST, 1.99, False),
        (RANKED, "medium", True),
        (RANKED, "high", True),
        (RANKED, "low", False),
        (RANKED, "unheard of", None),
    ],
)
def test_a_comparison_with_a_value(leaf, value, expected) -> None:
    for context in ("when", "must"):
        assert compile_row(leaf, context)({leaf.name: value}) is expected


@pytest.mark.parametrize(
    "approver, owner, differs",
    [
        ("ann", "bob", True),
        ("ann", "ann", False),
        (None, "ann", False),
        ("ann", None, False),
        (None, None, False),
        (None, UNKNOWN, False),
        ("ann", UNKNOWN, None),
    ],
)
def test_two_fields_differ_only_if_both_are_filled_in(approver, owner, differs) -> None:
    row = {"approver": approver, "owner": owner}
    assert compile_row(DIFFERS, "must")(row) is differs
    if None in (approver, owner):
        assert compile_row(SAME, "must")(row) is False
        assert compile_row(DIFFERS, "when")(row) is True


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_conjunction_is_false_as_soon_as_one_part_is(count) -> None:
    parts = (*tuple(Present(f"f{i}") for i in range(count)), IS)
    closure = compile_row(All(parts), "must")
    row = {f"f{i}": "x" for i in range(count)} | {"cause": "billing"}
    assert closure(row) is True
    assert closure({**row, "f1": UNKNOWN}) is None
    assert closure({**row, "f0": UNKNOWN, "f1": None}) is False
    assert closure({**row, "f0": UNKNOWN, "cause": "other"}) is False


def test_an_alternative_is_true_as_soon_as_one_part_is() -> None:
    closure = compile_row(Any((Present("a"), Present("b"))), "must")
    assert closure({"a": UNKNOWN, "b": "x"}) is True
    assert closure({"a": UNKNOWN, "b": None}) is None
    assert closure({"a": None, "b": None}) is False


@pytest.mark.parametrize(
    "row, expected",
    [
        ({"severity": "high", "cause": "billing"}, Verdict.passed),
        ({"severity": "high", "cause": None}, Verdict.failed),
        ({"severity": None, "cause": None}, Verdict.failed),
        ({"severity": "low", "cause": None}, Verdict.not_applicable),
        ({"severity": "high", "cause": UNKNOWN}, Verdict.unknown),
        ({"severity": UNKNOWN, "cause": None}, Verdict.unknown),
        ({"severity": UNKNOWN, "cause": "billing"}, Verdict.passed),
    ],
)
def test_a_guard_gives_its_verdict(row, expected) -> None:
    assert compile_guard(IN_FIELD, Present("cause"))(row) is expected


def test_a_guard_without_condition_always_applies() -> None:
    guard = compile_guard(None, Present("cause"))
    assert [guard({"cause": value}) for value in ("x", None, UNKNOWN)] == [
        Verdict.passed,
        Verdict.failed,
        Verdict.unknown,
    ]


LEAVES = (Present("cause"), Present("cause", negated=True), Present("severity"), RANKED, IN_FIELD, IS, SAME)  # fmt: skip
TREES = st.recursive(
    st.sampled_from([*LEAVES, All(()), Any(())]),
    lambda parts: st.builds(
        lambda kind, told: kind(tuple(told)),
        st.sampled_from([All, Any]),
        st.lists(parts, min_size=1, max_size=4),
    ),
    max_leaves=10,
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "cause": st.sampled_from(["billing", "other", None, UNKNOWN]),
        "severity": st.sampled_from(["high", "low", "odd", None, UNKNOWN]),
        "approver": st.sampled_from(["ann", None, UNKNOWN]),
        "owner": st.sampled_from(["ann", "ben", None, UNKNOWN]),
    },
)


def walked(tree, context, row):
    """Answer as the words say: every part is asked, one after the other."""
    if not isinstance(tree, All | Any):
        return compile_row(tree, context)(row)
    told = [walked(part, context, row) for part in tree.parts]
    settles = isinstance(tree, Any)
    return settles if settles in told else None if None in told else not settles


@given(TREES, ROWS, st.sampled_from(["when", "must"]))
def test_however_much_is_left_out_the_answer_is_that_of_the_whole(tree, row, context) -> None:
    assert compile_row(tree, context)(row) is walked(tree, context, row)
