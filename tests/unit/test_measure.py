"""Population measures: every complaint of a cohort is counted in exactly one place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ombud.model.event import Ref
from ombud.model.facts import UNKNOWN, Change, Complaint
from ombud.model.instant import DAY
from policies.expression import Compare, Operator, Present
from policies.measure import OPEN, Changed, Measure, Per, Recurrence, Repeat, Share, measure

NOW = 1000 * DAY
OTHER = Compare("root_cause", Operator.equals, ("other",))


def complaint(case, received=1, *, stage="received", changes=None, **row):
    ref = Ref("desk", "file", str(case))
    at = received if received is UNKNOWN or received is None else received * DAY
    return Complaint(
        case=f"{case:03}",
        refs=(ref,),
        lead=ref,
        row={"received": at, "closed": None, **row},
        evidence={},
        transitions=(),
        waits=(),
        stage=stage,
        status=None,
        last_event=None,
        changes=changes or {},
    )


def counted(body, complaints, *, cohort="received", since=None, now=NOW):
    (found,) = measure([Measure("m", "M", cohort, body)], complaints, now, since)
    places = found.denominator if not isinstance(body, Per) else found.numerator
    assert places + found.unknown + found.left_out + found.pending == found.cohort
    return found


def test_a_share_counts_empty_and_unknown_apart() -> None:
    found = counted(
        Share(OTHER, Present("root_cause")),
        [
            complaint(1, root_cause="other"),
            complaint(2, root_cause="people"),
            complaint(3, root_cause=None),
            complaint(4, root_cause=UNKNOWN),
            complaint(5),
        ],
    )
    assert (found.numerator, found.denominator, found.left_out, found.unknown) == (1, 2, 1, 2)
    assert found.value == 0.5
    assert found.small


def test_thirty_cases_are_enough_for_a_rate() -> None:
    few = [complaint(n, root_cause="other") for n in range(29)]
    assert counted(Share(OTHER), few).small
    assert not counted(Share(OTHER), [*few, complaint(29, root_cause="people")]).small


def test_nothing_to_divide_by_is_no_rate() -> None:
    assert counted(Share(OTHER), []).value is None


def test_a_cohort_is_what_reached_its_milestone_within_the_period() -> None:
    closed = [complaint(n, closed=n * DAY, root_cause="other") for n in (10, 20, 30)]
    found = counted(Share(OTHER), [*closed, complaint(4, root_cause="other")], cohort="closed", since=20 * DAY)  # fmt: skip
    assert found.cohort == 2
    assert counted(Share(OTHER), closed, cohort="closed", now=25 * DAY).cohort == 2
    unknown = complaint(5, closed=UNKNOWN, root_cause="other")
    assert counted(Share(OTHER), [unknown], cohort="closed").unknown == 1


def test_open_per_handler_counts_those_that_are_not_closed() -> None:
    found = counted(
        Per("owner"),
        [
            complaint(1, owner="p:a"),
            complaint(2, owner="p:a", stage="investigating"),
            complaint(3, owner="p:b"),
            complaint(4, owner=None),
            complaint(5, owner="p:c", stage="closed"),
            complaint(6, owner="p:c", stage=UNKNOWN),
        ],
        cohort=OPEN,
    )
    assert (found.numerator, found.denominator, found.left_out, found.unknown) == (3, 2, 1, 1)
    assert found.groups == (("p:a", 2), ("p:b", 1))
    assert found.value == 1.5


def test_a_repeat_has_a_forerunner_that_may_lie_before_the_period() -> None:
    body = Repeat(("complainant", "root_cause"), 90)
    told = [
        complaint(1, received=10, complainant="p:x", root_cause="delay"),
        complaint(2, received=100, complainant="p:x", root_cause="delay"),
        complaint(3, received=191, complainant="p:x", root_cause="delay"),
        complaint(4, received=101, complainant="p:x", root_cause="billing"),
        complaint(5, received=102, complainant="p:y", root_cause="delay"),
        complaint(6, received=103, complainant=None, root_cause="delay"),
    ]
    found = counted(body, told, since=50 * DAY)
    assert (found.numerator, found.denominator, found.left_out) == (1, 4, 1)
    assert counted(body, reversed(told), since=50 * DAY) == found
    # The same instant makes one of two a repeat, not both.
    twins = [complaint(n, received=10, complainant="p:x", root_cause="delay") for n in (1, 2)]
    assert counted(body, twins).numerator == 1


def test_recurrence_waits_until_its_days_have_passed() -> None:
    body = Recurrence(("root_cause",), 30)
    told = [
        complaint(1, received=1, closed=100 * DAY, root_cause="delay"),
        complaint(2, received=130, closed=None, root_cause="delay"),
        complaint(3, received=1, closed=200 * DAY, root_cause="delay"),
        complaint(4, received=1, closed=980 * DAY, root_cause="delay"),
    ]
    found = counted(body, told, cohort="closed")
    assert (found.numerator, found.denominator, found.pending) == (1, 2, 1)
    late = [told[0], replace(told[1], row={**told[1].row, "received": 130 * DAY + 1})]
    assert counted(body, late, cohort="closed").numerator == 0


@pytest.mark.parametrize(
    "values, place",
    [
        ([(1, "low"), (5, "high")], "counted"),
        ([(1, "low"), (5, "low")], "kept"),
        ([(1, "low")], "kept"),
        ([(1, "low"), (5, None)], "kept"),
        ([(5, "high")], "left_out"),
        ([], "left_out"),
        ([(1, UNKNOWN), (5, "high")], "unknown"),
        ([(1, "low"), (5, UNKNOWN)], "unknown"),
    ],
)
def test_a_change_after_a_milestone_is_from_one_value_to_another(values, place) -> None:
    changes = {"severity": tuple(Change(at * DAY, value, "e", "c") for at, value in values)}
    found = counted(
        Changed("severity", "assessed"),
        [complaint(1, assessed=3 * DAY, severity="x", changes=changes)],
        cohort="assessed",
    )
    told = {
        "counted": found.numerator,
        "kept": found.denominator - found.numerator,
        "left_out": found.left_out,
        "unknown": found.unknown,
    }
    assert told == {**dict.fromkeys(told, 0), place: 1}


@pytest.mark.parametrize(
    "measured, said",
    [
        (
            Measure("a", "A", "closed", Share(OTHER, Present("root_cause"))),
            (
                "Of the complaints whose closing lies in the period and where root cause is filled in: "
                "those where root cause is other."
            ),
        ),
        (
            Measure("b", "B", "received", Repeat(("complainant", "root_cause"), 90)),
            (
                "Of the complaints whose receipt lies in the period: those received at most 90 days after "
                "another with the same complainant and root cause."
            ),
        ),
        (
            Measure("c", "C", OPEN, Per("owner")),
            "The complaints that are open, divided by how many different values of owner they have.",
        ),
    ],
)
def test_a_formula_is_a_sentence(measured, said) -> None:
    assert measured.formula({}) == said


def test_a_measure_names_what_it_reads() -> None:
    assert Measure("a", "A", OPEN, Per("owner")).names == {"owner"}
    assert Measure("b", "B", "closed", Recurrence(("root_cause",), 30)).names == {
        "closed",
        "received",
        "root_cause",
    }
    assert Measure("c", "C", "received", Changed("severity", "assessed")).names == {
        "received",
        "severity",
        "assessed",
    }
