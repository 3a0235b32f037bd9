"""Negations reach the leaves, and the leaves say what a condition reads."""

from __future__ import annotations

import pytest

from policies.expression import (
    All,
    Any,
    Compare,
    Not,
    Operator,
    Present,
    Type,
    lean,
    leaves,
    names,
    normal_form,
)

OWNED = Present("owner")
HIGH = Compare("severity", Operator.equals, ("high",), None, Type.choice)


def test_a_negated_conjunction_becomes_a_disjunction_of_negated_leaves() -> None:
    told = normal_form(Not(All((OWNED, HIGH))))
    assert told == Any(
        (
            Present("owner", negated=True),
            Compare("severity", Operator.equals_not, ("high",), None, Type.choice),
        )
    )


def test_two_negations_are_none() -> None:
    assert normal_form(Not(Not(All((OWNED, HIGH))))) == All((OWNED, HIGH))


def test_nested_conjunctions_are_one() -> None:
    assert normal_form(All((All((OWNED,)), All((HIGH, OWNED))))) == All((OWNED, HIGH, OWNED))


def test_a_conjunction_of_one_is_that_one() -> None:
    assert normal_form(Any((All((HIGH,)),))) == HIGH


def test_the_negation_of_nothing_asked_is_nothing_allowed() -> None:
    assert normal_form(Not(All(()))) == Any(())


@pytest.mark.parametrize("operator", list(Operator))
def test_every_comparison_has_a_complement_that_leads_back(operator) -> None:
    assert operator.complement is not operator
    assert operator.complement.complement is operator


def test_names_hold_both_sides_of_a_comparison_of_fields() -> None:
    tree = All((Compare("approver", Operator.differs_from, (), "owner", Type.person), Not(OWNED)))
    assert names(tree) == {"approver", "owner"}
    assert [leaf.name for leaf in leaves(tree)] == ["approver", "owner"]


EMPTY, URGENT = Present("owner", negated=True), Present("urgent")
ALWAYS, NEVER = All(()), Any(())


@pytest.mark.parametrize(
    "tree, least",
    [
        (All((OWNED, ALWAYS, URGENT)), All((OWNED, URGENT))),
        (All((OWNED, Any((NEVER, All((NEVER, URGENT)))))), NEVER),
        (Any((NEVER, OWNED)), OWNED),
        (Any((OWNED, All((ALWAYS, Any((URGENT, ALWAYS)))))), ALWAYS),
        (All((Any((OWNED, HIGH)), OWNED)), OWNED),
        (Any((All((EMPTY, HIGH)), EMPTY, URGENT)), Any((EMPTY, URGENT))),
        (All((OWNED, OWNED)), OWNED),
    ],
)
def test_what_can_not_change_the_answer_is_left_out(tree, least) -> None:
    assert lean(tree, "when") == least


def test_an_alternative_that_is_asked_for_in_another_way_stays() -> None:
    tree = All((Any((OWNED, HIGH)), EMPTY))
    assert lean(tree, "when") == tree
