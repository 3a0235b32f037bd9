"""Deadlines and cadences: what each option of the pack language does to a clock."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.model.instant import DAY
from policies.deadline import LATE_CLASSIFICATION
from tests.pack_bench import at, judged

PASS, FAIL, PENDING = Verdict.passed, Verdict.failed, Verdict.pending
SPARED, UNKNOWN = Verdict.not_applicable, Verdict.unknown
#: A Monday.
MONDAY = "2026-03-02T10:00"


def respond(terms: str, more: str = "") -> str:
    return f"""
- id: respond
  title: Respond
  severity: major
  deadline: {{from: received, until: responded, within: {terms}{more}}}
"""


def one(tmp_path, rules, events, as_of, **options):
    found = judged(tmp_path, rules, events, as_of, **options)
    assert len(found) == 1
    return found[0]


BY_SEVERITY = "[{when: {severity: {in: [critical]}}, business_days: 2}, {business_days: 10}]"


class TestSeverityThatChanges:
    def test_counts_from_receipt_by_the_value_that_stands(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"severity": "low"}},
            {"when": "2026-03-02T12:00", "set": {"severity": "critical"}},
        ]
        told = one(tmp_path, respond(BY_SEVERITY), events, "2026-03-03T10:00")
        assert (told.verdict, told.due) == (PENDING, at("2026-03-04T17:00"))

    def test_raised_after_the_shorter_term_is_late_classification_and_no_earlier_breach(
        self, tmp_path
    ):
        events = [
            {"when": MONDAY, "set": {"severity": "low"}},
            {"when": "2026-03-06T12:00", "set": {"severity": "critical"}},
        ]
        rules = respond(BY_SEVERITY)
        assert one(tmp_path, rules, events[:1], "2026-03-06T11:59").verdict is PENDING
        told = one(tmp_path, rules, events, "2026-03-06T12:01")
        assert (told.verdict, told.due) == (FAIL, at("2026-03-04T17:00"))
        assert told.timing.cause == LATE_CLASSIFICATION

    ANSWERED_BEFORE = (
        {"when": MONDAY, "set": {"severity": "low"}},
        {"when": "2026-03-06T10:00", "said": ["response"], "by": "agent"},
        {"when": "2026-03-06T12:00", "set": {"severity": "critical"}},
    )

    def test_raised_after_the_answer_was_classified_late(self, tmp_path):
        told = one(tmp_path, respond(BY_SEVERITY), self.ANSWERED_BEFORE, "2026-03-09T10:00")
        assert (told.verdict, told.standing) == (FAIL, PASS)
        assert told.timing.cause == LATE_CLASSIFICATION

    def test_as_of_stop_leaves_the_answer_as_it_was(self, tmp_path):
        rules = respond(BY_SEVERITY, ", as_of: stop")
        assert one(tmp_path, rules, self.ANSWERED_BEFORE, "2026-03-09T10:00").verdict is PASS

    def test_filled_in_after_the_answer_it_counts_all_the_same(self, tmp_path):
        events = [
            {"when": MONDAY},
            {"when": "2026-03-06T10:00", "said": ["response"], "by": "agent"},
            {"when": "2026-03-06T12:00", "set": {"severity": "low"}},
        ]
        assert one(tmp_path, respond(BY_SEVERITY), events, "2026-03-09T10:00").verdict is PASS

    def test_late_by_the_term_before_already_is_plainly_late(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"severity": "low"}},
            {"when": "2026-03-20T12:00", "set": {"severity": "critical"}},
        ]
        told = one(tmp_path, respond(BY_SEVERITY), events, "2026-03-23T10:00")
        assert (told.verdict, told.timing.cause) == (FAIL, None)

    def test_lowered_gives_the_longer_term_from_receipt(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"severity": "critical"}},
            {"when": "2026-03-03T12:00", "set": {"severity": "low"}},
        ]
        told = one(tmp_path, respond(BY_SEVERITY), events, "2026-03-05T10:00")
        assert (told.verdict, told.due) == (PENDING, at("2026-03-16T17:00"))

    def test_as_of_first_keeps_the_first_value(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"severity": "low"}},
            {"when": "2026-03-02T12:00", "set": {"severity": "critical"}},
        ]
        rules = respond(BY_SEVERITY, ", as_of: first")
        assert one(tmp_path, rules, events, "2026-03-06T10:00").due == at("2026-03-16T17:00")

    def test_a_blank_severity_is_judged_by_the_strictest(self, tmp_path):
        told = one(tmp_path, respond(BY_SEVERITY), [{"when": MONDAY}], "2026-03-03T10:00")
        assert told.due == at("2026-03-04T17:00")


class TestTerms:
    @pytest.mark.parametrize(
        "term, due",
        [
            ("{months: 6, count_start_day: true}", "2026-09-02T00:00"),
            ("{months: 6}", "2026-09-03T00:00"),
            ("{complete_business_days: 2}", "2026-03-04T17:00"),
            ("{business_days: 2, ends: day}", "2026-03-05T00:00"),
            ("{calendar_days: 5, roll: next}", "2026-03-10T00:00"),
            ("{calendar_days: 5, roll: next, ends: close}", "2026-03-09T17:00"),
            ("{business_days: 1, count_start_day: true}", "2026-03-02T17:00"),
        ],
    )
    def test_is_due(self, tmp_path, term, due):
        told = one(tmp_path, respond(f"[{term}]"), [{"when": MONDAY}], MONDAY)
        assert told.due == at(due)

    def test_of_several_the_later_is_the_breach_and_the_earlier_the_warning(self, tmp_path):
        friday = "2026-03-06T16:00"
        rules = respond("[{any_of: [{hours: 24}, {business_days: 1}]}]")
        told = one(tmp_path, rules, [{"when": friday}], friday)
        assert (told.due, told.timing.warn) == (at("2026-03-09T17:00"), at("2026-03-07T16:00"))

    def test_complete_days_count_the_day_of_receipt_before_opening(self, tmp_path):
        early = "2026-03-02T08:00"
        rules = respond("[{complete_business_days: 2}]")
        assert one(tmp_path, rules, [{"when": early}], early).due == at("2026-03-03T17:00")


class TestAgreedDates:
    RULES = respond("[{when: {present: agreed_until}, agreed: agreed_until}, {business_days: 5}]")

    def test_hold_in_place_of_the_term(self, tmp_path):
        events = [
            {"when": MONDAY},
            {"when": "2026-03-04T10:00", "set": {"agreed_until": "2026-03-20"}},
        ]
        # A bare date means the end of that day.
        assert (
            one(tmp_path, self.RULES, events, "2026-03-10T10:00").due == at("2026-03-21T00:00") - 1
        )

    def test_agreed_after_the_due_are_void(self, tmp_path):
        events = [
            {"when": MONDAY},
            {"when": "2026-03-10T10:00", "set": {"agreed_until": "2026-03-20"}},
        ]
        told = one(tmp_path, self.RULES, events, "2026-03-11T10:00")
        assert (told.verdict, told.due) == (FAIL, at("2026-03-09T17:00"))

    def test_may_be_agreed_anew_before_they_pass(self, tmp_path):
        events = [
            {"when": MONDAY},
            {"when": "2026-03-04T10:00", "set": {"agreed_until": "2026-03-12"}},
            {"when": "2026-03-12T10:00", "set": {"agreed_until": "2026-03-19"}},
            {"when": "2026-03-25T10:00", "set": {"agreed_until": "2026-03-31"}},
        ]
        assert (
            one(tmp_path, self.RULES, events, "2026-03-26T10:00").due == at("2026-03-20T00:00") - 1
        )


class TestExtension:
    RULES = respond(
        "[{business_days: 5}]",
        ", extension: {by: holding_sent, must: {present: delay_reason}, within: {business_days: 10}}",
    )

    @pytest.mark.parametrize(
        "reason_at, notice_at, due",
        [
            ("2026-03-05T10:00", "2026-03-09T17:00", "2026-03-16T17:00"),
            ("2026-03-05T10:00", "2026-03-09T17:01", "2026-03-09T17:00"),  # late: void
            ("2026-03-06T11:00", "2026-03-06T10:00", "2026-03-09T17:00"),  # the reason came later
        ],
    )
    def test_needs_a_notice_in_time_with_its_content(self, tmp_path, reason_at, notice_at, due):
        events = sorted(
            [
                {"when": MONDAY},
                {"when": reason_at, "set": {"delay_reason": "expert asked"}},
                {"when": notice_at, "said": ["holding"], "by": "agent"},
            ],
            key=lambda each: each["when"],
        )
        assert one(tmp_path, self.RULES, events, "2026-03-09T18:00").due == at(due)

    def test_what_the_notice_needs_is_judged_as_it_went_out(self, tmp_path):
        events = [
            {"when": MONDAY, "set": {"delay_reason": "expert asked"}},
            {"when": "2026-03-05T10:00", "said": ["holding"], "by": "agent"},
            {"when": "2026-03-06T10:00", "set": {"delay_reason": ""}},
        ]
        assert one(tmp_path, self.RULES, events, "2026-03-09T18:00").due == at("2026-03-16T17:00")


class TestPauses:
    WAITING = ", pauses: [{waiting: complainant, cap: {business_days: 3}}]"

    def test_a_running_one_holds_the_clock_until_its_cap(self, tmp_path):
        rules = respond("[{business_days: 5}]", self.WAITING)
        events = [
            {"when": MONDAY},
            {"when": "2026-03-03T10:00", "stage": "investigating", "waiting": "complainant"},
        ]
        told = one(tmp_path, rules, events, "2026-03-05T10:00")
        assert (told.verdict, told.due, told.recheck) == (PENDING, None, at("2026-03-06T17:00"))
        # Until the close of the third business day after it: Tuesday to Friday do not count.
        assert one(tmp_path, rules, events, "2026-03-10T10:00").due == at("2026-03-13T17:00")

    def test_without_a_cap_it_ends_after_twenty_business_days(self, tmp_path):
        rules = respond("[{business_days: 5}]", ", pauses: [complainant]")
        events = [
            {"when": MONDAY},
            {"when": "2026-03-03T10:00", "stage": "investigating", "waiting": "complainant"},
        ]
        assert one(tmp_path, rules, events, "2026-04-03T10:00").due == at("2026-04-07T17:00")

    def test_a_stage_and_a_flag_pause_too_and_overlaps_count_once(self, tmp_path):
        rules = respond(
            "[{calendar_days: 10}]", ", pauses: [{stage: investigating}, {while: court_hold}]"
        )
        events = [
            {"when": MONDAY},
            {"when": "2026-03-03T10:00", "stage": "investigating"},
            {"when": "2026-03-05T10:00", "set": {"court_hold": "yes"}},
            {"when": "2026-03-07T10:00", "stage": "assessed"},
            {"when": "2026-03-09T10:00", "set": {"court_hold": "no"}},
        ]
        # Days 3 to 8 March do not count: six of them.
        assert one(tmp_path, rules, events, "2026-03-10T10:00").due == at("2026-03-19T00:00")

    def test_one_after_a_late_answer_heals_nothing(self, tmp_path):
        rules = respond("[{business_days: 1}]", self.WAITING)
        events = [
            {"when": MONDAY},
            {"when": "2026-03-05T10:00", "said": ["response"], "by": "agent"},
            {"when": "2026-03-05T11:00", "stage": "responded", "waiting": "complainant"},
        ]
        assert one(tmp_path, rules, events, "2026-03-09T10:00").verdict is FAIL

    def test_the_desks_own_clock_runs_beside_the_regulators(self, tmp_path):
        rules = respond("[{business_days: 5}]", ", operational: {pauses: [complainant]}")
        events = [
            {"when": MONDAY},
            {"when": "2026-03-03T10:00", "stage": "investigating", "waiting": "complainant"},
            {"when": "2026-03-04T10:00", "stage": "investigating"},
        ]
        told = one(tmp_path, rules, events, "2026-03-05T10:00")
        assert (told.due, told.timing.operational) == (
            at("2026-03-09T17:00"),
            at("2026-03-10T17:00"),
        )


class TestStartsAndStops:
    def test_the_earliest_of_several_stops_it(self, tmp_path):
        rules = respond("[{business_days: 5}]").replace(
            "until: responded", "until: [responded, adr_told]"
        )
        events = [
            {"when": MONDAY},
            {"when": "2026-03-04T10:00", "set": {"adr_told": "yes"}},
            {"when": "2026-03-20T10:00", "said": ["response"], "by": "agent"},
        ]
        told = one(tmp_path, rules, events, "2026-03-23T10:00")
        assert (told.verdict, told.stop) == (PASS, at("2026-03-04T10:00"))

    def test_a_field_with_a_date_starts_it(self, tmp_path):
        rules = respond("[{calendar_days: 30}]").replace("from: received", "from: aware_at")
        events = [{"when": MONDAY}, {"when": "2026-03-10T10:00", "set": {"aware_at": "2026-03-09"}}]
        assert one(tmp_path, rules, events, "2026-03-11T10:00").due == at("2026-04-09T00:00")
        assert judged(tmp_path, rules, events[:1], "2026-03-11T10:00") == []

    def test_where_it_does_not_apply_nothing_is_due(self, tmp_path):
        rules = respond("[{business_days: 1}]").replace(
            "deadline: {", "deadline: {when: {severity: high}, "
        )
        events = [{"when": MONDAY, "set": {"severity": "low"}}]
        assert one(tmp_path, rules, events, "2026-03-11T10:00").verdict is SPARED

    def test_reopening_restarts_nothing(self, tmp_path):
        events = [
            {"when": MONDAY},
            {"when": "2026-03-03T10:00", "said": ["response"], "by": "agent"},
            {"when": "2026-03-03T11:00", "stage": "closed"},
            {"when": "2026-03-20T10:00", "stage": "investigating"},
            {"when": "2026-03-30T10:00", "said": ["response"], "by": "agent"},
        ]
        told = one(tmp_path, respond("[{business_days: 5}]"), events, "2026-03-31T10:00")
        assert (told.verdict, told.stop) == (PASS, at("2026-03-03T10:00"))

    def test_a_time_outside_the_calendar_is_unknown(self, tmp_path):
        events = [{"when": "2031-03-03T10:00"}]
        assert (
            one(tmp_path, respond("[{business_days: 5}]"), events, "2031-05-01T10:00").verdict
            is UNKNOWN
        )


class TestCadence:
    RULES = """
- id: keep.informed
  title: Informed
  severity: major
  cadence: {from: received, until: closed, kinds: [update, response], within: [{business_days: 5}]}
"""

    def heard(self, *times, closed=None):
        events = [{"when": MONDAY}]
        events += [{"when": when, "said": ["update"], "by": "agent"} for when in times]
        return events + ([{"when": closed, "stage": "closed"}] if closed else [])

    def test_each_word_starts_the_term_anew(self, tmp_path):
        told = one(tmp_path, self.RULES, self.heard("2026-03-06T10:00"), "2026-03-12T10:00")
        assert (told.verdict, told.due) == (PENDING, at("2026-03-13T17:00"))

    def test_a_silence_too_long_stays_a_failure_and_stands_mended(self, tmp_path):
        told = one(tmp_path, self.RULES, self.heard("2026-03-12T10:00"), "2026-03-13T10:00")
        assert (told.verdict, told.standing) == (FAIL, PENDING)
        assert told.timing.silence == 10 * DAY

    def test_the_silence_that_lasts_fails_now(self, tmp_path):
        told = one(tmp_path, self.RULES, self.heard(), "2026-03-09T17:01")
        assert (told.verdict, told.standing) == (FAIL, FAIL)
        assert one(tmp_path, self.RULES, self.heard(), "2026-03-09T17:00").verdict is PENDING

    def test_after_the_closing_nothing_is_due(self, tmp_path):
        told = one(tmp_path, self.RULES, self.heard(closed="2026-03-06T10:00"), "2026-05-01T10:00")
        assert told.verdict is PASS

    def test_what_the_customer_says_and_other_kinds_do_not_count(self, tmp_path):
        events = self.heard()
        events += [
            {"when": "2026-03-05T10:00", "said": [], "by": "complainant"},
            {"when": "2026-03-05T11:00", "said": ["acknowledgement"], "by": "agent"},
        ]
        assert one(tmp_path, self.RULES, events, "2026-03-10T10:00").verdict is FAIL

    def test_without_kinds_any_person_of_the_desk_counts_and_no_automation(self, tmp_path):
        rules = self.RULES.replace("kinds: [update, response], ", "")
        person = [{"when": MONDAY}, {"when": "2026-03-05T10:00", "said": [], "by": "agent"}]
        machine = [{"when": MONDAY}, {"when": "2026-03-05T10:00", "said": [], "by": "automation"}]
        assert one(tmp_path, rules, person, "2026-03-10T10:00").verdict is PENDING
        assert one(tmp_path, rules, machine, "2026-03-10T10:00").verdict is FAIL


def test_a_pause_tells_from_when_to_when_why_by_whom_and_by_which_rule(tmp_path):
    pauses = ', pauses: [{waiting: complainant, cap: {business_days: 3}, source: "R 7"}, {while: court_hold}]'
    events = [
        {"when": MONDAY},
        {
            "when": "2026-03-03T10:00",
            "stage": "investigating",
            "waiting": "complainant",
            "actor": "agent-1",
        },
        {"when": "2026-03-04T10:00", "set": {"court_hold": "yes"}, "actor": "agent-2"},
        {"when": "2026-03-05T10:00", "set": {"court_hold": "no"}},
    ]
    told = one(tmp_path, respond("[{business_days: 9}]", pauses), events, "2026-03-20T10:00")
    shown = [(p.begin, p.end, p.rule.name, p.actor, p.rule.source) for p in told.timing.pauses]
    assert shown == [
        (at("2026-03-03T10:00"), at("2026-03-06T17:00"), "complainant", "agent-1", "R 7"),
        (at("2026-03-04T10:00"), at("2026-03-05T10:00"), "court_hold", "agent-2", None),
    ]


CLOSE = """
- id: close
  title: Close
  severity: major
  deadline: {from: received, until: closed, within: [{business_days: 2}]}
- id: product_when_closed
  title: Product when closed
  severity: major
  guard: {entering: closed, must: {present: product}}
"""


class TestAClosingThatIsTakenBack:
    OPENED = (
        {"when": MONDAY, "stage": "received"},
        {"when": "2026-03-03T10:00", "stage": "closed"},
        {"when": "2026-03-03T10:00:02", "stage": "received", "cause": "ourselves"},
    )

    def told(self, tmp_path, *later, as_of):
        found = judged(tmp_path, CLOSE, [*self.OPENED, *later], as_of)
        clocks = [each for each in found if each.rule.id == "close"]
        guards = [each for each in found if each.rule.id == "product_when_closed"]
        return clocks[0], guards

    def test_stops_no_clock_and_the_guard_keeps_its_verdict(self, tmp_path):
        clock, (guard,) = self.told(tmp_path, as_of="2026-03-04T10:00")
        assert (clock.verdict, clock.stop) == (PENDING, None)
        assert guard.verdict is FAIL
        clock, (guard,) = self.told(tmp_path, as_of="2026-03-06T10:00")
        assert (clock.verdict, clock.standing) == (FAIL, FAIL)
        assert guard.verdict is FAIL

    def test_the_closing_that_stands_stops_it(self, tmp_path):
        filled = {"when": "2026-03-04T11:00", "set": {"product": "card"}}
        in_time = {"when": "2026-03-04T12:00", "stage": "closed"}
        clock, guards = self.told(tmp_path, filled, in_time, as_of="2026-03-09T10:00")
        assert (clock.verdict, clock.stop) == (PASS, at("2026-03-04T12:00"))
        assert [each.verdict for each in guards] == [FAIL, PASS]
        late = in_time | {"when": "2026-03-06T12:00"}
        clock, _ = self.told(tmp_path, filled, late, as_of="2026-03-09T10:00")
        assert (clock.verdict, clock.stop) == (FAIL, at("2026-03-06T12:00"))
