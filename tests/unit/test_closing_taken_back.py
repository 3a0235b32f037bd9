"""A closing that did not stand is not the closing: clocks run on, while what guards it stays judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ombud.model.complaint import Fold
from ombud.model.event import Cause, Kind, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.instant import HOUR, MINUTE
from ombud.model.mapping import FieldEvidence, MessageEvidence, StageEvidence, StatusEvidence
from tests.unit.test_fold import BORN, MAPPING, PUBLIC, born, event, status

OURS = Cause.ourselves
CLOSED = status("7", 60, "1", "9")
BACK = status("8", 61, "9", "1", cause=OURS)


def fold(*events, mapping=MAPPING, **how):
    return Fold(mapping).fold([*born(), *events], **how)


@pytest.mark.parametrize("vendor", ["jira", "zendesk", "request-tracker"])
@pytest.mark.parametrize("minutes", [60.05, 61, 60 * 24])
def test_a_closing_that_we_took_back_is_no_milestone_however_long_it_took(vendor, minutes):
    back = status("8", minutes, "9", "1", cause=OURS)
    events = [each._replace(ref=Ref("acme", vendor, "1")) for each in (*born(), CLOSED, back)]
    complaint = Fold(MAPPING).fold(events)
    assert complaint.row["closed"] is None
    assert "closed" not in complaint.evidence
    assert complaint.row["reopened"] is None


def test_the_closing_that_stood_is_the_milestone():
    again = status("9", 120, "1", "9")
    complaint = fold(CLOSED, BACK, again)
    assert complaint.row["closed"] == BORN + 2 * HOUR
    assert complaint.evidence["closed"].event == "9"


def test_the_transition_itself_keeps_its_facts_so_that_its_guards_stay_judged():
    complaint = fold(CLOSED, BACK)
    closing = complaint.transitions[-1]
    assert (closing.event, closing.entering) == ("7", "closed")
    assert closing.row["closed"] == BORN + HOUR
    assert closing.stay["closed"] == BORN + HOUR
    assert complaint.undone == "7"


def test_what_a_person_opens_again_was_closed():
    by_hand = status("8", 61, "9", "1")
    complaint = fold(CLOSED, by_hand)
    assert complaint.row["closed"] == BORN + HOUR
    assert complaint.row["reopened"] == BORN + 61 * MINUTE
    # A later closing that does not stand takes nothing of the first one.
    later = [status("9", 120, "1", "9"), status("10", 121, "9", "1", cause=OURS)]
    complaint = fold(CLOSED, by_hand, *later)
    assert complaint.row["closed"] == BORN + HOUR
    assert complaint.row["reopened"] == BORN + 61 * MINUTE


def test_a_reopening_that_we_took_back_is_no_reopening():
    complaint = fold(CLOSED, status("8", 70, "9", "2"), status("9", 71, "2", "9", cause=OURS))
    assert complaint.row["reopened"] is None
    assert complaint.row["closed"] == BORN + HOUR
    assert complaint.stage == "closed"


def test_a_way_back_of_several_steps_takes_one_move_back():
    answered = status("6", 50, "1", "4")
    closed = status("7", 60, "4", "9")
    hops = [status("8", 61, "9", "2", cause=OURS), status("9", 62, "2", "4", cause=OURS)]
    complaint = fold(answered, closed, *hops, mapping=RESPONDED)
    assert complaint.row["closed"] is None
    assert complaint.row["responded"] == BORN + 50 * MINUTE


def test_two_closed_statuses_are_one_stay_and_both_are_taken_back():
    mapping = replace(
        MAPPING,
        stages=MAPPING.stages | {"10": MAPPING.stages["9"]},
        milestones=MAPPING.milestones | {"remedy_done": (StatusEvidence("10"),)},
    )
    moved = status("7b", 60.5, "9", "10")
    back = status("8", 61, "10", "1", cause=OURS)
    assert fold(CLOSED, moved, mapping=mapping).row["remedy_done"] == BORN + 60.5 * MINUTE
    complaint = fold(CLOSED, moved, back, mapping=mapping)
    assert complaint.row["closed"] is None
    assert complaint.row["remedy_done"] is None


def test_at_one_instant_only_the_move_taken_back_goes():
    answered = status("6", 60, "1", "4", seq=0)
    closed = status("7", 60, "4", "9", seq=1)
    back = status("8", 61, "9", "4", cause=OURS)
    complaint = fold(answered, closed, back, mapping=RESPONDED)
    assert complaint.row["responded"] == BORN + HOUR
    assert complaint.row["closed"] is None


RESPONDED = replace(
    MAPPING,
    milestones=MAPPING.milestones
    | {
        "responded": (StageEvidence("responded"), MessageEvidence(kind="response")),
        "remedy_done": (StageEvidence("responded"), FieldEvidence("root_cause")),
    },
)


def test_what_a_message_or_a_field_shows_meanwhile_stays_shown():
    answered = status("6", 50, "1", "4")
    told = replace(PUBLIC, kinds=frozenset({"response"}))
    said = event("c", 50.5, Kind.message, message=told)
    filled = event("f", 50.6, field="cf1", after="b")
    back = status("8", 51, "4", "1", cause=OURS)
    complaint = fold(answered, said, filled, back, mapping=RESPONDED)
    assert complaint.evidence["responded"].by == "message"
    assert complaint.row["responded"] == BORN + 50.5 * MINUTE
    assert complaint.evidence["remedy_done"].by == "field"
    assert complaint.row["remedy_done"] == BORN + 50.6 * MINUTE


def test_what_may_have_been_shown_meanwhile_is_unknown_and_not_blank():
    answered = status("6", 50, "1", "4")
    whose = replace(PUBLIC, by=None, kinds=frozenset({"response"}))
    mapping = replace(
        RESPONDED,
        milestones=RESPONDED.milestones
        | {
            "responded": (
                StageEvidence("responded"),
                MessageEvidence(by=Side.agent, kind="response"),
            )
        },
    )
    said = event("c", 50.5, Kind.message, message=whose)
    back = status("8", 51, "4", "1", cause=OURS)
    complaint = fold(answered, said, back, mapping=mapping)
    assert complaint.row["responded"] is UNKNOWN
    assert complaint.transitions[-1].stay["responded"] == BORN + 50 * MINUTE


def test_of_a_history_without_its_beginning_it_stays_unknown_whether_it_was_closed_before():
    late = [each._replace(before=UNKNOWN) if each is CLOSED else each for each in (CLOSED, BACK)]
    complaint = Fold(MAPPING).fold(late, complete=False)
    assert complaint.row["closed"] is UNKNOWN
