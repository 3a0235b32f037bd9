"""Rules and the reasons of their failures in plain words."""

from __future__ import annotations

import pytest

from ombud.model.facts import UNKNOWN
from policies.english import allowed, condition, reasons
from policies.expression import All, Any, Compare, Not, Operator, Present, Type
from policies.load import load_pack

PACK = load_pack("iso10002")
RULES = {rule.id: rule for rule in PACK.rules}
VOCABULARY = PACK.vocabulary


def told(rule: str, row: dict) -> list[str]:
    body = RULES[rule].body
    return [reason.sentence for reason in reasons(body.must, row, VOCABULARY)]


@pytest.mark.parametrize(
    "rule, sentence",
    [
        ("track.owner", "Before a complaint is investigated: owner is filled in."),
        (
            "close.with_root_cause",
            (
                "Track serious or standard: Before a complaint is closed, if severity is high or critical: root cause is filled in, "
                "root cause is not unknown and corrective action is filled in."
            ),
        ),
        (
            "objectivity.handler_not_subject",
            "At any time, if person complained about is filled in: owner differs from person complained about.",
        ),
        (
            "close.after_response",
            "Track serious or standard: Before a complaint is closed: the complaint has been answered.",
        ),
        (
            "respond.in_time",
            (
                "Track serious or standard: From receipt to response: 2 business days if severity is critical, 5 business days if severity "
                "is high, 10 business days otherwise; 20 business days once a holding notice went out before that."
            ),
        ),
        (
            "investigate.in_time",
            "Track serious or standard: From receipt to end of the investigation: 8 business days; waiting for the complainant does not count.",
        ),
    ],
)
def test_a_rule_is_one_sentence(rule, sentence) -> None:
    assert RULES[rule].sentence(VOCABULARY) == sentence


@pytest.mark.parametrize(
    "row, expected",
    [
        ({"root_cause": None, "corrective_action": "x"}, ["Root cause is empty."]),
        (
            {"root_cause": None, "corrective_action": None},
            ["Root cause is empty.", "Corrective action is empty."],
        ),
        ({"root_cause": "unknown", "corrective_action": "x"}, ["Root cause must not be unknown."]),
        ({"root_cause": UNKNOWN, "corrective_action": None}, ["Corrective action is empty."]),
        ({"root_cause": UNKNOWN, "corrective_action": "x"}, ["Root cause is not known."]),
        ({"root_cause": "billing", "corrective_action": "x"}, []),
    ],
)
def test_the_smallest_reason_of_a_failure(row, expected) -> None:
    assert told("close.with_root_cause", row) == expected


@pytest.mark.parametrize(
    "row, expected",
    [
        ({"approver": "ann", "owner": "ann"}, ["Approver of the closing must differ from owner."]),
        ({"approver": "ann", "owner": None}, ["Owner is empty."]),
        ({"approver": None, "owner": "ann"}, ["Approver of the closing is empty."]),
        ({"approver": "ann", "owner": UNKNOWN}, ["Owner is not known."]),
    ],
)
def test_reasons_of_two_fields_compared(row, expected) -> None:
    assert told("close.four_eyes", row) == expected


def test_a_milestone_not_reached_is_told_as_an_event() -> None:
    assert told("decide.told_before_close", {"decision_told": None}) == [
        "The complainant has not been told the decision."
    ]
    assert told("decide.told_before_close", {}) == [
        "Whether the complainant has been told the decision is not known."
    ]


def test_a_number_too_small_says_how_many() -> None:
    assert told("close.silence_is_not_consent", {"contact_attempts": 1.0}) == [
        "Contact attempts must be at least 2."
    ]


def test_of_alternatives_the_one_that_takes_least_is_told() -> None:
    tree = Any((All((Present("channel"), Present("product"))), Present("category")))
    found = reasons(tree, {"channel": None, "product": None, "category": None}, VOCABULARY)
    assert [reason.sentence for reason in found] == ["Complaint category is empty."]


def test_alternatives_that_take_one_thing_each_are_told_together() -> None:
    tree = Any((Present("channel"), Present("product")))
    (found,) = reasons(tree, {"channel": None, "product": None}, VOCABULARY)
    assert found.sentence == "One of these must be mended: Channel is empty, or product is empty."


def test_the_helpdesks_own_name_goes_before_the_packs() -> None:
    (found,) = reasons(
        Present("root_cause"), {"root_cause": None}, VOCABULARY, {"root_cause": "Ursache"}
    )
    assert (found.sentence, found.field, found.wrong) == (
        "Ursache is empty.",
        "root_cause",
        "empty",
    )


def test_a_reason_never_repeats_what_the_complaint_says() -> None:
    tree = Compare("owner", Operator.equals, ("ann",), None, Type.person)
    (found,) = reasons(tree, {"owner": "secret name"}, VOCABULARY)
    assert "secret" not in repr(found)


def test_values_that_would_do_leave_out_those_that_would_not() -> None:
    must = RULES["close.with_root_cause"].body.must
    assert allowed(must, "root_cause", ["billing", "unknown", "other"]) == ("billing", "other")


def test_nested_conditions_are_bracketed_and_negations_said_at_the_leaf() -> None:
    high = Compare("severity", Operator.equals, ("high",), None, Type.choice)
    tree = All((Any((high, Present("owner"))), Not(Present("channel"))))
    assert (
        condition(tree, VOCABULARY)
        == "(severity is high or owner is filled in) and channel is empty"
    )
