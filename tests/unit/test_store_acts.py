"""What people decide is kept over both databases: rows, counts, and what of a ticket waits for it."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.store import ForceRow, ReviewRow, RunRow, StepRow, StopRow, WordRow, name_of
from sync.reconcile import to_json
from tests.stores import finding, posting, put, ref, run_on, settled, state, store_at

pytestmark = pytest.mark.usefixtures("either")
RULE, OTHER = "close.root_cause", "close.outcome"


@pytest.fixture
def store(tmp_path):
    opened = store_at(tmp_path)
    yield opened
    opened.close()


def rechecks(folder):
    return dict(run_on(folder, "SELECT ticket, recheck FROM ticket"))


def test_tickets_of_which_a_rule_says_anything_are_looked_at_again(tmp_path, store):
    loud = [
        settled("1", left=state("1", recheck=99), findings=[finding("1")]),
        settled("2", left=state("2", recheck=99), findings=[finding("2", rule=OTHER)]),
        settled("3", left=state("3", recheck=99), findings=[finding("3", verdict=Verdict.waived)]),
        settled("4", left=state("4", recheck=99), findings=[]),
    ]
    put(store, *loud)
    with store.book() as acts:
        assert acts.recheck("complaints", [RULE], "case-3") == 1
        assert acts.recheck("elsewhere", [RULE]) == 0
        assert acts.recheck("complaints", []) == 0
    assert rechecks(tmp_path) == {"1": 99, "2": 99, "3": 0, "4": 99}
    with store.book() as acts:
        assert acts.recheck("complaints", [RULE, OTHER]) == 3


def test_what_waits_to_be_sent_is_dropped_where_other_rules_hold_now(store):
    put(
        store,
        settled("1", findings=[finding("1")], posting=posting("k1")),
        settled("2", findings=[finding("2", rule=OTHER)], posting=posting("k2")),
        settled("3", findings=[finding("3")], posting=posting("k3")),
    )
    with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
        # Under way already: it is resolved, not dropped.
        tx.mark_sending(ref("3"), "k3", 20)
        tx.acts.recheck("complaints", [RULE], drop=True)
    assert sorted(each.key for each in store.posted("acme", 99)) == ["k2", "k3"]


def test_a_way_back_is_booked_to_the_rules_that_asked_for_it(store):
    from ombud.model.mark import MoveBack, Plan

    back = MoveBack("2", ("1",), "e1", "c1")
    told = to_json(Plan(ref(), "r1", None, frozenset(), frozenset(), None, None, move_back=back))
    findings = [
        finding(mode="block"),
        finding(rule=OTHER, mode="flag"),
        finding(rule="close.late", mode="block", occurrence="e0"),
    ]
    put(store, settled(findings=findings, posting=posting("k", told, urgent=True)))
    with store.lease("acme") as epoch:
        with store.begin("acme", epoch) as tx:
            assert [key for _, _, key in tx.acts.plans("acme")] == ["k"]
            assert tx.acts.blamed(ref(), "e1") == [("complaints", RULE)]
        [posted] = store.posted("acme", 99)
        with store.begin("acme", epoch) as tx:
            tx.book_done(posted, moved_back="e1", now=50)
            assert tx.acts.moved("complaints", 49) == [(RULE, 50)]
            assert tx.acts.moved("complaints", 50) == []
            assert tx.acts.plans("acme") == []


def test_counts_for_gates(store):
    put(
        store,
        settled("1", findings=[finding("1"), finding("1", rule=OTHER, verdict=Verdict.unknown)]),
        settled("2", left=state("2", complete=False), findings=[finding("2")]),
        settled("3", left=state("3", failures=1), findings=[]),
    )
    with store.acts() as acts:
        assert acts.open_findings("complaints") == {RULE: 2}
        assert acts.readable("complaints") == (1, 3)
        assert acts.readable("elsewhere") == (0, 0)


def test_a_stop_lasts_until_it_is_resumed(store):
    row = StopRow("s1", "acme", "p:1", "ann", 10, "now")
    with store.book() as acts:
        acts.put(row)
    assert store.stopped("acme") == row
    assert store.stopped("other") is None
    with store.book() as acts:
        acts.put(row._replace(resumed_by="p:2", resumed=20))
    assert store.stopped("acme") is None


def test_the_last_row_put_in_force_is_in_force(store):
    rows = [ForceRow("complaints", f"d{i}", "{}", 50 - i, None, None, "x") for i in range(3)]
    with store.book() as acts:
        for row in rows:
            acts.put(row)
        assert acts.in_force("complaints") == rows[-1]
        assert acts.in_force("elsewhere") is None


def test_rows_come_back_as_they_were_put(store):
    step = StepRow("complaints", RULE, "flag", "observe", 10, "p:1", "ann", "x", backtest="{}")
    review = ReviewRow("complaints", RULE, 10, 20, 1, "p:1", "ann")
    run = RunRow("r1", "complaints", "pack", 10, reads=True)
    word = WordRow("acme", "1", "e1", "jira", "waive", "a", "p:1", 10, "done", "it is so")
    with store.book() as acts:
        for row in (step, review, run, word):
            acts.put(row)
        acts.put(run._replace(ended=20, cursor="case-9"))
    with store.acts() as acts:
        assert acts.steps("complaints", RULE) == [step]
        assert acts.reviews("complaints") == [review]
        assert acts.runs() == [run._replace(ended=20, cursor="case-9")]
        assert acts.word(ref(), "e1") == word
        assert acts.word(ref("2"), "e1") is None


def test_nothing_is_kept_where_the_transaction_fails(store):
    def interrupted():
        with store.book() as acts:
            acts.put(RunRow("r1", "complaints", "pack", 10))
            acts.log("begun", "r1", ("r1",), by=None, known_at=10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with store.acts() as acts:
        assert acts.runs() == []
    assert store.verify_log() == 0


def test_judging_again_writes_what_differs_and_nothing_else(tmp_path, store):
    put(
        store,
        settled("1", left=state("1", recheck=99), findings=[finding("1")]),
        settled("2", left=state("2", recheck=99), findings=[finding("2")]),
    )
    lines = store.verify_log()
    judged = [
        settled("1", findings=[finding("1", pack_digest="d2")], digests='{"run":"r1"}'),
        settled("2", findings=[finding("2", verdict=Verdict.passed)], digests='{"run":"r1"}'),
    ]
    with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
        assert tx.put_judged(judged, known_at=20) == {"case-2"}
    assert store.verify_log() == lines + 1
    assert rechecks(tmp_path) == {"1": 99, "2": 0}
    assert [row[0] for row in run_on(tmp_path, "SELECT digests FROM decision")][
        -1
    ] == '{"run":"r1"}'
    assert [each.verdict for each in store.findings()] == [Verdict.failed, Verdict.passed]


def test_reading_again_begins_the_sweep_anew(tmp_path, store):
    put(store, settled("1", left=state("1", recheck=99)))
    with store.lease("acme") as epoch, store.begin("acme", epoch) as tx:
        tx.set_cursor("acme", "complaints", "c9")
        tx.read_again("acme", "complaints")
    assert store.cursor("acme", "complaints") is None
    assert rechecks(tmp_path) == {"1": 0}


def test_complaints_go_on_behind_a_case(store):
    put(store, *(settled(each) for each in "123"))
    found = [each.case for page in store.complaints("complaints", after="case-1") for each in page]
    assert found == ["case-2", "case-3"]


def test_names_tell_parts_apart():
    assert name_of("a", "bc") != name_of("ab", "c")
    assert len(name_of("a")) == 10
