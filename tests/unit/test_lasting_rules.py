"""Invariants, integrity, sequence and tracks: what lasts, what is not rewritten, what comes in order."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from tests.pack_bench import at, judged

PASS, FAIL, PENDING = Verdict.passed, Verdict.failed, Verdict.pending
SPARED, UNKNOWN = Verdict.not_applicable, Verdict.unknown
MONDAY = "2026-03-02T10:00"


def one(tmp_path, rules, events, as_of):
    found = judged(tmp_path, rules, events, as_of)
    assert len(found) == 1
    return found[0]


class TestInvariant:
    RULES = """
- id: owned
  title: Owned
  severity: major
  invariant: {from: received, until: closed, must: {present: owner}, allow: {business_hours: 4}}
"""
    SUBJECT = """
- id: not.subject
  title: Not the subject
  severity: major
  invariant: {when: {present: subject_person}, must: {owner: {differs_from: subject_person}}}
"""

    def test_a_gap_shorter_than_allowed_passes_and_is_pending_while_it_lasts(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"owner": "a"}},
            {"when": "2026-03-03T09:00", "set": {"owner": ""}},
        ]
        told = one(tmp_path, self.RULES, events, "2026-03-03T13:00")
        assert (told.verdict, told.recheck) == (PENDING, at("2026-03-03T13:00") + 1)
        events.append({"when": "2026-03-03T12:59", "set": {"owner": "b"}})
        assert one(tmp_path, self.RULES, events, "2026-03-05T09:00").verdict is PASS

    def test_a_longer_one_stays_a_failure_and_stands_mended(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"owner": "a"}},
            {"when": "2026-03-03T09:00", "set": {"owner": ""}},
            {"when": "2026-03-03T13:01", "set": {"owner": "b"}},
        ]
        told = one(tmp_path, self.RULES, events, "2026-03-05T09:00")
        assert (told.verdict, told.standing) == (FAIL, PASS)
        assert told.entered == at("2026-03-03T09:00")

    def test_what_comes_after_the_end_does_not_count(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"owner": "a"}},
            {"when": "2026-03-03T09:00", "stage": "closed"},
            {"when": "2026-03-03T10:00", "set": {"owner": ""}},
        ]
        assert one(tmp_path, self.RULES, events, "2026-03-20T09:00").verdict is PASS

    def test_holds_at_every_moment_not_only_now(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"owner": "a", "subject_person": "b"}},
            {"when": "2026-03-03T09:00", "set": {"owner": "b"}},
            {"when": "2026-03-03T09:01", "set": {"owner": "c"}},
        ]
        told = one(tmp_path, self.SUBJECT, events, "2026-03-05T09:00")
        assert (told.verdict, told.standing) == (FAIL, PASS)
        assert one(tmp_path, self.SUBJECT, events[:1], "2026-03-05T09:00").verdict is PASS

    def test_what_changes_at_the_moment_of_judging_counts_and_what_changes_with_the_end_does_not(
        self, tmp_path
    ):
        events = [
            {"when": MONDAY, "set": {"owner": "a", "subject_person": "b"}},
            {"when": "2026-03-03T09:00", "set": {"owner": "b"}},
        ]
        told = one(tmp_path, self.SUBJECT, events, "2026-03-03T09:00")
        assert (told.verdict, told.standing) == (FAIL, FAIL)
        events.append({"when": "2026-03-03T09:01", "set": {"owner": "c"}})
        told = one(tmp_path, self.SUBJECT, events, "2026-03-03T09:01")
        assert (told.verdict, told.standing) == (FAIL, PASS)
        ended = self.RULES.replace(", allow: {business_hours: 4}", "")
        events = [
            {"when": MONDAY, "set": {"owner": "a"}},
            {"when": "2026-03-03T09:00", "set": {"owner": ""}, "stage": "closed"},
        ]
        assert one(tmp_path, ended, events, "2026-03-03T09:00").verdict is PASS
        assert one(tmp_path, ended, events, "2026-03-05T09:00").verdict is PASS

    def test_never_applicable_is_not_applicable(self, tmp_path):
        events = [{"when": MONDAY, "set": {"owner": "a"}}]
        assert one(tmp_path, self.SUBJECT, events, "2026-03-05T09:00").verdict is SPARED


class TestIntegrity:
    RULES = """
- id: kept
  title: Kept
  severity: major
  integrity: {fields: [reference, received_at], reason: change_reason}
"""

    def test_the_first_value_is_no_rewriting(self, tmp_path):
        events = [{"when": MONDAY}, {"when": "2026-03-03T09:00", "set": {"reference": "C-1"}}]
        assert judged(tmp_path, self.RULES, events, "2026-03-05T09:00") == []

    @pytest.mark.parametrize(
        "change, verdict",
        [
            ({"reference": "C-2"}, FAIL),
            ({"reference": ""}, FAIL),
            ({"reference": "C-2", "change_reason": "typing error"}, PASS),
        ],
    )
    def test_a_rewriting_gives_its_reason_in_the_same_change(self, tmp_path, change, verdict):
        events = [
            {"when": MONDAY, "set": {"reference": "C-1"}},
            {"when": "2026-03-03T09:00", "set": change},
        ]
        told = one(tmp_path, self.RULES, events, "2026-03-05T09:00")
        assert (told.verdict, told.entered) == (verdict, at("2026-03-03T09:00"))

    def test_a_reason_given_later_mends_and_does_not_undo(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"reference": "C-1"}},
            {"when": "2026-03-03T09:00", "set": {"reference": "C-2"}},
            {"when": "2026-03-03T09:05", "set": {"change_reason": "typing error"}},
        ]
        told = one(tmp_path, self.RULES, events, "2026-03-05T09:00")
        assert (told.verdict, told.standing) == (FAIL, PASS)

    def test_every_rewriting_is_judged(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"reference": "C-1"}},
            {"when": "2026-03-03T09:00", "set": {"reference": "C-2"}},
            {"when": "2026-03-04T09:00", "set": {"reference": "C-3", "change_reason": "merged"}},
        ]
        found = judged(tmp_path, self.RULES, events, "2026-03-05T09:00")
        assert [each.verdict for each in found] == [FAIL, PASS]


class TestSequence:
    RULES = """
- id: steps
  title: Steps
  severity: major
  sequence: {entering: closed, stages: [acknowledged, assessed, responded], ordered: true}
"""

    def walked(self, *steps):
        return [{"when": MONDAY}] + [
            {"when": f"2026-03-{3 + day:02}T10:00", "set": {step: "yes"}}
            if step != "closed"
            else {"when": f"2026-03-{3 + day:02}T10:00", "stage": step}
            for day, step in enumerate(steps)
        ]

    @pytest.mark.parametrize(
        "steps, verdict",
        [
            (("acknowledged", "assessed", "responded", "closed"), PASS),
            (("acknowledged", "responded", "closed"), FAIL),
            (("assessed", "acknowledged", "responded", "closed"), FAIL),
        ],
    )
    def test_none_is_skipped_and_none_comes_before_its_turn(self, tmp_path, steps, verdict):
        told = one(tmp_path, self.RULES, self.walked(*steps), "2026-03-20T10:00")
        assert told.verdict is verdict

    def test_out_of_order_is_no_failure_where_order_is_not_asked(self, tmp_path):
        rules = self.RULES.replace(", ordered: true", "")
        steps = ("assessed", "acknowledged", "responded", "closed")
        assert one(tmp_path, rules, self.walked(*steps), "2026-03-20T10:00").verdict is PASS


class TestTracks:
    RULES = """
- id: own.words
  title: Own words
  severity: major
  tracks: [serious]
  guard: {must: {present: product}}
"""
    HEAD_TRACKS = """tracks:
  exit: {all: [{present: exit}, {exit: {in: [duplicate, spam]}}]}
  serious: {severity: {in: [high, critical]}}
  standard: otherwise
"""

    @pytest.mark.parametrize(
        "fields, verdict",
        [
            ({"severity": "high"}, FAIL),
            ({"severity": "high", "product": "x"}, PASS),
            ({"severity": "low"}, SPARED),
            ({"severity": "high", "exit": "spam"}, SPARED),
            ({}, FAIL),  # leaving severity blank evades nothing
        ],
    )
    def test_a_complaint_is_on_the_first_that_applies(self, tmp_path, monkeypatch, fields, verdict):
        from tests import pack_bench

        head = pack_bench.HEAD + self.HEAD_TRACKS
        original = pack_bench.pack_of
        monkeypatch.setattr(
            pack_bench, "pack_of", lambda folder, rules: original(folder, rules, head)
        )
        told = one(tmp_path, self.RULES, [{"when": MONDAY, "set": fields}], "2026-03-05T10:00")
        assert told.verdict is verdict
