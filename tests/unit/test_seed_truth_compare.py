"""The comparer tells every single difference between a report and a truth."""

from __future__ import annotations

import copy

import pytest

from tests.replay.truth_compare import compare

TRUTH = {
    "failures": [
        {"ref": "10101", "rule": "close.outcome", "occurrence": "2026-10-21T08:00:00.000+00:00"},
        {"ref": "10101", "rule": "close.outcome", "occurrence": "2026-10-23T08:00:00.000+00:00"},
        {"ref": "10102", "rule": "objectivity.handler_not_subject", "occurrence": "-"},
    ]
}


def report(truth):
    return [
        {
            "ref": f"sandbox:{one['ref']}",
            "rule": one["rule"],
            "verdict": "fail",
            "entered": None
            if one["occurrence"] == "-"
            else one["occurrence"].replace("+00:00", "Z"),
        }
        for one in truth["failures"]
    ]


def test_a_report_of_exactly_the_truth_differs_in_nothing():
    assert compare(report(TRUTH), TRUTH) == ([], [])


def test_findings_that_do_not_fail_count_for_nothing():
    extra = {"ref": "x:1", "rule": "close.outcome", "verdict": "pass", "entered": None}
    assert compare([*report(TRUTH), extra], TRUTH) == ([], [])


@pytest.mark.parametrize("index", range(3))
def test_a_removed_entry_is_one_false(index):
    altered = copy.deepcopy(TRUTH)
    gone = altered["failures"].pop(index)
    missed, false = compare(report(TRUTH), altered)
    assert missed == []
    assert [(one.issue, one.rule) for one in false] == [(gone["ref"], gone["rule"])]


def test_an_added_entry_is_one_missed():
    altered = copy.deepcopy(TRUTH)
    altered["failures"].append({"ref": "10103", "rule": "track.owner", "occurrence": "-"})
    assert compare(report(TRUTH), altered) == ([("10103", "track.owner", "-")], [])


@pytest.mark.parametrize(
    "name, value",
    [
        ("ref", "10999"),
        ("rule", "close.four_eyes"),
        ("occurrence", "2026-10-21T08:00:00.001+00:00"),
    ],
)
def test_a_changed_entry_is_one_missed_and_one_false(name, value):
    altered = copy.deepcopy(TRUTH)
    altered["failures"][0][name] = value
    missed, false = compare(report(TRUTH), altered)
    assert (len(missed), len(false)) == (1, 1)


def test_the_same_instant_in_another_zone_is_the_same():
    found = report(TRUTH)
    found[0]["entered"] = "2026-10-21T10:00:00+02:00"
    assert compare(found, TRUTH) == ([], [])
