"""Findings are intervals: what was known on any day can be shown again."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from tests.stores import finding, put, ref, settled, state, store_at

pytestmark = pytest.mark.usefixtures("either")

FAILED, PASSED, PENDING = Verdict.failed, Verdict.passed, Verdict.pending


@pytest.fixture
def store(tmp_path):
    store = store_at(tmp_path)
    yield store
    store.close()


def verdicts(store, **asked):
    return [(each.rule, each.verdict, each.standing) for each in store.findings(**asked)]


def test_a_pass_costs_no_row_until_it_was_ever_otherwise(store):
    put(
        store,
        settled(
            findings=[
                finding(verdict=PASSED),
                finding(rule="other", verdict=Verdict.not_applicable),
            ]
        ),
    )
    assert verdicts(store) == []
    put(store, settled(findings=[finding(verdict=PENDING)]), known_at=20)
    put(store, settled(findings=[finding(verdict=PASSED)]), known_at=30)
    assert verdicts(store) == [("close.root_cause", PASSED, PASSED)]


def test_what_was_known_then_can_be_shown_now(store):
    put(store, settled(findings=[finding(verdict=PENDING)]), known_at=10)
    put(store, settled(findings=[finding(verdict=FAILED)]), known_at=20)
    put(store, settled(findings=[finding(verdict=FAILED, standing=PASSED)]), known_at=30)
    shown = {known: verdicts(store, known_at=known) for known in (9, 10, 19, 20, 29, 30, 99)}
    name = "close.root_cause"
    assert shown == {
        9: [],
        10: [(name, PENDING, PENDING)],
        19: [(name, PENDING, PENDING)],
        20: [(name, FAILED, FAILED)],
        29: [(name, FAILED, FAILED)],
        30: [(name, FAILED, PASSED)],
        99: [(name, FAILED, PASSED)],
    }
    assert verdicts(store) == shown[99]


def test_settling_the_same_again_writes_nothing(store):
    page = settled(findings=[finding(), finding(rule="other", verdict=PENDING, due=50)])
    put(store, page, known_at=10)
    before = (list(store.findings()), store.verify_log())
    put(store, page, known_at=20)
    assert (list(store.findings()), store.verify_log()) == before


@pytest.mark.parametrize(
    "change",
    [
        {"due": 9},
        {"stop": 9},
        {"recheck": 9},
        {"mode": "block"},
        {"pack_digest": "d2"},
        {"reasons": ("more",)},
    ],
)
def test_a_change_beside_the_verdict_begins_an_interval_and_no_log_line(store, change):
    put(store, settled(findings=[finding()]), known_at=10)
    lines = store.verify_log()
    put(store, settled(findings=[finding()._replace(**change)]), known_at=20)
    assert [each.since for each in store.findings()] == [20]
    assert [each.since for each in store.findings(known_at=19)] == [10]
    assert store.verify_log() == lines


def test_a_finding_that_is_no_longer_judged_is_withdrawn_and_not_deleted(store):
    put(store, settled(findings=[finding(), finding(rule="other")]), known_at=10)
    put(store, settled(findings=[finding(rule="other")], withdrawn="left the scope"), known_at=20)
    assert [each.rule for each in store.findings()] == ["other"]
    [gone] = store.findings(known_at=19, rule="close.root_cause")
    assert (gone.until, gone.withdrawn) == (20, "left the scope")


def test_findings_none_leaves_those_stored_as_they_are(store):
    put(store, settled(findings=[finding()]), known_at=10)
    put(store, settled(findings=None), known_at=20)
    assert len(list(store.findings())) == 1


def test_a_merge_withdraws_what_was_found_of_the_former_case(store):
    put(
        store,
        settled("1", findings=[finding("1")]),
        settled("2", findings=[finding("2")]),
        known_at=10,
    )
    into = settled(
        "2",
        left=state("2", case="case-1"),
        findings=None,
        former="case-2",
        withdrawn="merged into case-1",
    )
    put(store, into, known_at=20)
    assert [each.case for each in store.findings()] == ["case-1"]
    assert [each.withdrawn for each in store.findings(known_at=19)] == [None, "merged into case-1"]


def test_two_tickets_of_one_case_in_one_page_leave_one_interval_a_key(store):
    # Both members bring the case's findings; the one settled last saw the other's events too.
    first = settled("1", case="one", findings=[finding("1", case="one", verdict=PENDING)])
    second = settled(
        "2", case="one", findings=[finding("1", case="one"), finding("1", rule="other", case="one")]
    )
    put(store, first, second, known_at=10)
    assert verdicts(store) == [("close.root_cause", FAILED, FAILED), ("other", FAILED, FAILED)]
    put(store, first, second, known_at=20)
    assert [each.since for each in store.findings()] == [10, 10]


def test_a_former_case_that_another_ticket_still_carries_is_judged_by_that_ticket(store):
    put(store, settled("1", case="old", findings=[finding("1", case="old")]), known_at=10)
    split = settled("1", case="new", findings=[finding("1", case="new")], former="old")
    stays = settled("2", case="old", findings=[finding("2", case="old", rule="other")])
    put(store, split, stays, known_at=20)
    assert [(each.case, each.rule) for each in store.findings()] == [
        ("new", "close.root_cause"),
        ("old", "other"),
    ]


def test_findings_are_asked_for_by_account_rule_and_verdict(store):
    put(store, settled(findings=[finding(), finding(rule="other", verdict=PENDING)]))
    elsewhere = finding("9")._replace(ref=ref("9", account="elsewhere"))
    put(
        store,
        settled("9", left=state("9", ref=elsewhere.ref), findings=[elsewhere]),
        account="elsewhere",
    )
    assert [each.ref.account for each in store.findings(account="acme")] == ["acme", "acme"]
    assert [each.rule for each in store.findings(rule="other")] == ["other"]
    assert [each.ref.id for each in store.findings(verdict=FAILED, account="elsewhere")] == ["9"]


def test_every_changed_verdict_is_a_line_of_the_log(store):
    put(store, settled(findings=[finding(verdict=PENDING)]), known_at=10)
    put(store, settled(findings=[finding(verdict=FAILED)], why="move_back"), known_at=20)
    put(store, settled(findings=[]), known_at=30)
    # pending; failed and the move back; withdrawn
    assert store.verify_log() == 4
