"""Patterns of closing and of what stands before it (7.9, 8.2, 8.7)."""

from __future__ import annotations

from ombud.sandbox.seed_life import CRITICAL, HIGH, ORDINARY, Life, Pattern

_ANSWERED = "close.after_response"
_OUTCOME = "close.outcome"
_EYES = "close.four_eyes"
_CAUSE = "close.with_root_cause"
_ANSWER = "#response Here is our answer."


def _reopened(life: Life) -> Life:
    """Let a life closed on Wednesday go on: back in decision on Thursday, closed again on Friday."""
    return life.edit("back", "1:Thu 10:00", "decided", reason="Something was missing.").edit(
        "close_again", "1:Fri 10:00", "done"
    )


_UNANSWERED = ORDINARY.without("answer", "respond").at(close="1:Wed 10:00")
_AT_CLOSE = ((_ANSWERED, "close"),)
ANSWERED = (
    Pattern("closed_and_never_answered", _UNANSWERED, (*_AT_CLOSE, ("respond.in_time", "receipt"))),
    Pattern(
        "answered_a_second_after_closing",
        _UNANSWERED.comment("late", "1:Wed 10:00:01", _ANSWER),
        _AT_CLOSE,
    ),
    Pattern(
        "answered_a_millisecond_after_closing",
        _UNANSWERED.comment("late", "1:Wed 10:00:00.001", _ANSWER),
        _AT_CLOSE,
    ),
    Pattern(
        "answered_internally_before_closing",
        _UNANSWERED.comment("note", "1:Mon 10:00", _ANSWER, public=False).comment(
            "late", "1:Thu 10:00", _ANSWER
        ),
        _AT_CLOSE,
    ),
    Pattern(
        "answered_by_a_robot_before_closing",
        _UNANSWERED.comment("robot", "1:Mon 10:00", _ANSWER, by="robot").comment(
            "late", "1:Wed 16:00", _ANSWER
        ),
        _AT_CLOSE,
    ),
    Pattern(
        "closed_at_once_and_silently",
        ORDINARY.without(
            "hello", "ack", "assess", "start", "summary", "answer", "respond", "decide", "tell"
        ).at(close="Mon 15:00"),
        (
            *_AT_CLOSE,
            ("acknowledge.in_time", "receipt"),
            ("assess.in_time", "receipt"),
            ("investigate.in_time", "receipt"),
            ("respond.in_time", "receipt"),
            ("decide.told_before_close", "close"),
        ),
    ),
    Pattern(
        "answered_a_second_before_closing",
        _UNANSWERED.comment("just", "1:Wed 09:59:59", _ANSWER),
        nearly=_AT_CLOSE,
    ),
    Pattern(
        "answered_in_the_millisecond_of_closing",
        _UNANSWERED.comment("just", "1:Wed 10:00", _ANSWER).first("just"),
        nearly=_AT_CLOSE,
    ),
    Pattern("responded_by_status_alone", ORDINARY.without("answer"), nearly=_AT_CLOSE),
    Pattern("responded_in_words_alone", ORDINARY.without("respond"), nearly=_AT_CLOSE),
    Pattern(
        "answered_by_another_agent",
        ORDINARY.say("answer", by="other").without("respond"),
        nearly=_AT_CLOSE,
    ),
)

_NO_OUTCOME = ORDINARY.bare("close", "outcome").at(close="1:Wed 10:00")
_WITHOUT = ((_OUTCOME, "close"),)
OUTCOME = (
    Pattern("no_outcome", _NO_OUTCOME, _WITHOUT),
    Pattern(
        "outcome_a_second_late",
        _NO_OUTCOME.edit("late", "1:Wed 10:00:01", outcome="partly"),
        _WITHOUT,
    ),
    Pattern(
        "outcome_emptied_before_closing",
        _NO_OUTCOME.set("decide", outcome="upheld").edit("emptied", "1:Wed 09:00", outcome=None),
        _WITHOUT,
    ),
    Pattern(
        "outcome_mended_at_the_second_closing",
        _reopened(_NO_OUTCOME).set("close_again", outcome="refused"),
        _WITHOUT,
        ((_OUTCOME, "close_again"),),
    ),
    Pattern(
        "outcome_lost_at_the_second_closing",
        _reopened(ORDINARY).edit("emptied", "1:Thu 12:00", outcome=None),
        ((_OUTCOME, "close_again"),),
        _WITHOUT,
    ),
    Pattern(
        "outcome_missing_twice",
        _reopened(_NO_OUTCOME),
        (*_WITHOUT, (_OUTCOME, "close_again")),
    ),
    Pattern("outcome_with_closing", ORDINARY.set("close", outcome="withdrawn"), nearly=_WITHOUT),
    Pattern(
        "outcome_a_second_before",
        _NO_OUTCOME.edit("just", "1:Wed 09:59:59", outcome="upheld"),
        nearly=_WITHOUT,
    ),
    Pattern(
        "outcome_emptied_after_closing",
        ORDINARY.edit("emptied", "1:Wed 15:00", outcome=None),
        nearly=_WITHOUT,
    ),
    Pattern(
        "outcome_in_the_same_millisecond",
        _NO_OUTCOME.edit("just", "1:Wed 10:00", outcome="partly").first("just"),
        nearly=_WITHOUT,
    ),
    Pattern(
        "outcome_since_the_decision",
        _NO_OUTCOME.set("decide", outcome="refused"),
        nearly=_WITHOUT,
    ),
)

_TWO_EYES = HIGH.bare("close", "approver").at(close="1:Wed 10:00")
_ALONE = ((_EYES, "close"),)
FOUR_EYES = (
    Pattern("nobody_approved", _TWO_EYES, _ALONE),
    Pattern("owner_approved", HIGH.set("close", approver="agent"), _ALONE),
    Pattern(
        "approved_a_second_late",
        _TWO_EYES.edit("late", "1:Wed 10:00:01", approver="other"),
        _ALONE,
    ),
    Pattern(
        "nobody_owned_at_closing",
        HIGH.edit("emptied", "1:Wed 09:00", owner=None),
        _ALONE,
    ),
    Pattern(
        "approver_became_owner_before_closing",
        HIGH.edit("handed", "1:Wed 09:00", owner="other"),
        _ALONE,
    ),
    Pattern(
        "raised_to_high_with_closing_and_not_approved",
        ORDINARY.bare("close", "approver").set("close", severity="high"),
        _ALONE,
    ),
    Pattern(
        "no_severity_and_not_approved",
        CRITICAL.bare("created", "severity").bare("close", "approver"),
        (*_ALONE, ("assess.severity", "start")),
    ),
    Pattern(
        "approved_at_the_second_closing_only",
        _reopened(_TWO_EYES).set("close_again", approver="other"),
        _ALONE,
        ((_EYES, "close_again"),),
    ),
    Pattern("medium_needs_no_approver", ORDINARY.bare("close", "approver"), nearly=_ALONE),
    Pattern("approved_with_closing", HIGH, nearly=_ALONE),
    Pattern(
        "approved_a_second_before",
        _TWO_EYES.edit("just", "1:Wed 09:59:59", approver="other"),
        nearly=_ALONE,
    ),
    Pattern(
        "approver_became_owner_after_closing",
        HIGH.edit("handed", "1:Wed 15:00", owner="other"),
        nearly=_ALONE,
    ),
    Pattern(
        "approver_emptied_after_closing",
        HIGH.edit("emptied", "1:Wed 15:00", approver=None),
        nearly=_ALONE,
    ),
    Pattern(
        "lowered_with_closing_and_not_approved",
        HIGH.bare("close", "approver").set("close", severity="medium"),
        nearly=_ALONE,
    ),
)

_NO_CAUSE = HIGH.bare("close", "root_cause").at(close="1:Wed 10:00")
_BARE = ((_CAUSE, "close"),)
CAUSE = (
    Pattern("no_root_cause", _NO_CAUSE, _BARE),
    Pattern("root_cause_unknown", HIGH.set("close", root_cause="unknown"), _BARE),
    Pattern("no_corrective_action", HIGH.bare("close", "action"), _BARE),
    Pattern(
        "root_cause_a_second_late",
        _NO_CAUSE.edit("late", "1:Wed 10:00:01", root_cause="delivery"),
        _BARE,
    ),
    Pattern(
        "root_cause_emptied_before_closing",
        _NO_CAUSE.set("decide", root_cause="product").edit(
            "emptied", "1:Wed 09:00", root_cause=None
        ),
        _BARE,
    ),
    Pattern("critical_without_root_cause", CRITICAL.bare("close", "root_cause"), _BARE),
    Pattern(
        "raised_to_high_with_closing_without_cause",
        ORDINARY.bare("close", "root_cause", "action").set("close", severity="high"),
        _BARE,
    ),
    Pattern(
        "no_severity_and_no_root_cause",
        CRITICAL.bare("created", "severity").bare("close", "root_cause"),
        (*_BARE, ("assess.severity", "start")),
    ),
    Pattern(
        "root_cause_mended_at_the_second_closing",
        _reopened(_NO_CAUSE).set("close_again", root_cause="product"),
        _BARE,
        ((_CAUSE, "close_again"),),
    ),
    Pattern("medium_needs_no_cause", ORDINARY.bare("close", "root_cause", "action"), nearly=_BARE),
    Pattern("root_cause_with_closing", HIGH, nearly=_BARE),
    Pattern(
        "root_cause_known_with_closing",
        HIGH.set("decide", root_cause="unknown").set("close", root_cause="product"),
        nearly=_BARE,
    ),
    Pattern(
        "root_cause_emptied_after_closing",
        HIGH.edit("emptied", "1:Wed 15:00", root_cause=None),
        nearly=_BARE,
    ),
    Pattern(
        "lowered_with_closing_without_cause",
        HIGH.bare("close", "root_cause").set("close", severity="low"),
        nearly=_BARE,
    ),
    Pattern(
        "root_cause_a_second_before",
        _NO_CAUSE.edit("just", "1:Wed 09:59:59", root_cause="delivery"),
        nearly=_BARE,
    ),
)

PATTERNS = (*ANSWERED, *OUTCOME, *FOUR_EYES, *CAUSE)
