"""Patterns of the response (7.7)."""

from __future__ import annotations

from ombud.sandbox.seed_life import BEFORE_CHRISTMAS, CRITICAL, HIGH, ORDINARY, Life, Pattern

_IN_TIME = "respond.in_time"
_REMEDY = "respond.remedy_offered"
_LATE = ((_IN_TIME, "receipt"),)
_NEAR = ((_IN_TIME, "receipt"),)
_HOLDING = "#holding We need more time and will write again."


def _third_monday(at: str) -> Life:
    """Answered on the third Monday, closed that Wednesday."""
    return ORDINARY.at(
        answer=at,
        respond="2:Mon 17:30",
        decide="2:Tue 10:00",
        tell="2:Tue 12:00",
        close="2:Wed 10:00",
    )


def _fifth_monday(at: str, holding: str) -> Life:
    """Held once and answered on the fifth Monday, the twentieth business day."""
    return ORDINARY.at(
        answer=at,
        respond="4:Mon 17:30",
        decide="4:Tue 10:00",
        tell="4:Tue 12:00",
        close="4:Wed 10:00",
    ).comment("holding", holding, _HOLDING)


def _high(at: str) -> Life:
    return HIGH.at(answer=at, respond="1:Mon 17:30")


def _critical(at: str) -> Life:
    return CRITICAL.at(
        answer=at,
        respond="Wed 17:30",
        decide="Thu 10:00",
        tell="Thu 12:00",
        close="Fri 10:00",
    )


_OPEN = ORDINARY.without("answer", "respond", "decide", "tell", "close")
IN_TIME = (
    Pattern("answered_a_minute_late", _third_monday("2:Mon 17:01"), _LATE),
    Pattern("answered_a_millisecond_late", _third_monday("2:Mon 17:00:00.001"), _LATE),
    Pattern("high_answered_a_minute_late", _high("1:Mon 17:01"), _LATE),
    Pattern("critical_answered_a_minute_late", _critical("Wed 17:01"), _LATE),
    Pattern(
        "held_a_minute_after_the_due",
        _third_monday("2:Mon 17:10").comment("holding", "2:Mon 17:01", _HOLDING),
        _LATE,
    ),
    Pattern("held_and_still_late", _fifth_monday("4:Mon 17:01", "2:Mon 10:00"), _LATE),
    Pattern("still_unanswered", _OPEN, _LATE),
    Pattern(
        "answered_only_internally",
        _third_monday("2:Mon 17:02").comment(
            "draft", "1:Mon 10:00", "#response Draft, please read.", public=False
        ),
        _LATE,
    ),
    Pattern(
        "answered_by_a_robot",
        _third_monday("2:Mon 17:03").comment(
            "robot", "1:Mon 10:00", "#response Your case is important to us.", by="robot"
        ),
        _LATE,
    ),
    Pattern("answered_exactly_at_the_due", _third_monday("2:Mon 17:00"), nearly=_NEAR),
    Pattern("answered_a_minute_early", _third_monday("2:Mon 16:59"), nearly=_NEAR),
    Pattern("high_answered_exactly_at_the_due", _high("1:Mon 17:00"), nearly=_NEAR),
    Pattern("critical_answered_exactly_at_the_due", _critical("Wed 17:00"), nearly=_NEAR),
    Pattern(
        "held_a_minute_before_the_due",
        _fifth_monday("4:Mon 16:59", "2:Mon 16:59"),
        nearly=_NEAR,
    ),
    Pattern(
        "critical_held_a_minute_before_the_due",
        _critical("Thu 09:30").at(respond="Thu 09:40").comment("holding", "Wed 16:59", _HOLDING),
        nearly=_NEAR,
    ),
    Pattern(
        "answered_by_status_alone",
        ORDINARY.without("answer").at(
            respond="2:Mon 16:59",
            decide="2:Tue 10:00",
            tell="2:Tue 12:00",
            close="2:Wed 10:00",
        ),
        nearly=_NEAR,
    ),
    Pattern(
        "high_answered_in_time_over_christmas",
        HIGH.at(
            created="Fri 10:00",
            hello="Fri 14:00",
            ack="Fri 14:30",
            assess="1:Mon 11:00",
            start="1:Mon 12:00",
            summary="1:Thu 12:00",
            answer="2:Mon 16:59",
            respond="2:Mon 17:30",
            decide="2:Tue 10:00",
            tell="2:Tue 12:00",
            close="2:Wed 10:00",
        ),
        nearly=_NEAR,
        mondays=BEFORE_CHRISTMAS,
    ),
)

_EMPTY = ORDINARY.bare("respond", "offer")
REMEDY = (
    Pattern("no_remedy_offered", _EMPTY, ((_REMEDY, "respond"),)),
    Pattern(
        "remedy_offered_a_second_late",
        _EMPTY.at(respond="1:Mon 11:00").edit("late", "1:Mon 11:00:01", offer="an offer"),
        ((_REMEDY, "respond"),),
    ),
    Pattern(
        "remedy_emptied_before_responding",
        _EMPTY.edit("offered", "Fri 09:00", offer="an offer").edit(
            "emptied", "Fri 10:00", offer=None
        ),
        ((_REMEDY, "respond"),),
    ),
    Pattern(
        "remedy_only_with_the_decision",
        _EMPTY.set("decide", offer="an offer"),
        ((_REMEDY, "respond"),),
    ),
    Pattern(
        "responded_again_without_remedy",
        ORDINARY.edit("again", "1:Mon 14:00", "investigating")
        .edit("emptied", "1:Mon 14:10", offer=None)
        .edit("respond_again", "1:Mon 16:00", "responded"),
        ((_REMEDY, "respond_again"),),
        ((_REMEDY, "respond"),),
    ),
    Pattern("remedy_with_responding", ORDINARY, nearly=((_REMEDY, "respond"),)),
    Pattern(
        "remedy_a_second_before",
        _EMPTY.at(respond="1:Mon 11:00").edit("just", "1:Mon 10:59:59", offer="an offer"),
        nearly=((_REMEDY, "respond"),),
    ),
    Pattern(
        "remedy_emptied_after_responding",
        ORDINARY.edit("emptied", "1:Mon 15:00", offer=None),
        nearly=((_REMEDY, "respond"),),
    ),
    Pattern(
        "decided_without_ever_being_in_responded",
        ORDINARY.without("respond"),
        nearly=((_REMEDY, "answer"),),
    ),
    Pattern(
        "remedy_in_the_same_millisecond",
        _EMPTY.at(respond="1:Mon 11:00")
        .edit("just", "1:Mon 11:00", offer="an offer")
        .first("just"),
        nearly=((_REMEDY, "respond"),),
    ),
)

PATTERNS = (*IN_TIME, *REMEDY)
