"""Patterns of the decision (7.8)."""

from __future__ import annotations

from ombud.sandbox.seed_life import BEFORE_CHRISTMAS, DST_MONDAY, ORDINARY, Life, Pattern

_IN_TIME = "decide.told_in_time"
_BEFORE = "decide.told_before_close"
_LATE = ((_IN_TIME, "decide"),)
_TOLD = "#decision We stand by what we offered."


def _told(at: str) -> Life:
    """Decided on Tuesday, told on Wednesday or later, closed on Thursday."""
    return ORDINARY.at(decide="1:Tue 10:00", tell=at, close="1:Thu 10:00")


def _told_after_weekend(decided: str, told: str) -> Life:
    return ORDINARY.at(decide=decided, tell=told, close="2:Tue 10:00")


IN_TIME = (
    Pattern("told_a_minute_late", _told("1:Wed 17:01"), _LATE),
    Pattern("told_a_millisecond_late", _told("1:Wed 17:00:00.001"), _LATE),
    Pattern(
        "told_only_internally",
        _told("1:Thu 09:00").comment("note", "1:Tue 12:00", "#decision as agreed", public=False),
        _LATE,
    ),
    Pattern(
        "told_only_by_a_robot",
        _told("1:Thu 09:30").comment("robot", "1:Tue 10:00:01", _TOLD, by="robot"),
        _LATE,
    ),
    Pattern("friday_told_a_minute_late", _told_after_weekend("1:Fri 10:00", "2:Mon 17:01"), _LATE),
    Pattern(
        "never_told",
        ORDINARY.without("tell"),
        (*_LATE, (_BEFORE, "close")),
    ),
    Pattern("never_told_and_still_open", ORDINARY.without("tell", "close"), _LATE),
    Pattern("told_exactly_at_the_due", _told("1:Wed 17:00"), nearly=_LATE),
    Pattern("told_a_minute_early", _told("1:Wed 16:59"), nearly=_LATE),
    Pattern(
        "friday_told_on_monday", _told_after_weekend("1:Fri 16:00", "2:Mon 16:59"), nearly=_LATE
    ),
    Pattern("told_in_the_same_millisecond", _told("1:Tue 10:00"), nearly=_LATE),
    Pattern(
        "christmas_eve_told_on_monday",
        _told_after_weekend("1:Thu 10:00", "2:Mon 17:00"),
        nearly=_LATE,
        mondays=BEFORE_CHRISTMAS,
    ),
    Pattern(
        "decided_in_the_evening_before_the_long_night",
        ORDINARY.at(
            answer="Fri 10:00",
            respond="Fri 11:00",
            decide="Fri 18:00",
            tell="1:Mon 17:00",
            close="1:Tue 10:00",
        ),
        nearly=_LATE,
        mondays=DST_MONDAY,
    ),
    Pattern(
        "decided_twice_and_told_once",
        ORDINARY.edit("back", "1:Thu 10:00", "decided", reason="A wrong letter.").edit(
            "close_again", "2:Wed 10:00", "done"
        ),
        nearly=_LATE,
    ),
)

_UNTOLD = ((_BEFORE, "close"),)
_CLOSED = ORDINARY.at(close="1:Wed 10:00")
BEFORE_CLOSE = (
    Pattern("told_a_second_after_closing", _CLOSED.at(tell="1:Wed 10:00:01"), _UNTOLD),
    Pattern("told_a_millisecond_after_closing", _CLOSED.at(tell="1:Wed 10:00:00.001"), _UNTOLD),
    Pattern("told_an_hour_after_closing", _CLOSED.at(tell="1:Wed 11:00"), _UNTOLD),
    Pattern("closed_without_a_decision", ORDINARY.without("decide", "tell"), _UNTOLD),
    Pattern(
        "told_internally_before_closing",
        _CLOSED.at(tell="1:Wed 11:00").comment(
            "note", "1:Wed 09:00", "#decision goes out today", public=False
        ),
        _UNTOLD,
    ),
    Pattern(
        "told_by_a_robot_before_closing",
        _CLOSED.at(tell="1:Wed 16:00").comment("robot", "1:Wed 09:59:59", _TOLD, by="robot"),
        _UNTOLD,
    ),
    Pattern(
        "closed_untold_then_told_and_closed_again",
        _CLOSED.at(tell="1:Wed 12:00")
        .edit("back", "1:Wed 11:00", "decided", reason="The letter had not gone out.")
        .edit("close_again", "1:Wed 15:00", "done"),
        _UNTOLD,
        ((_BEFORE, "close_again"),),
    ),
    Pattern("told_a_second_before_closing", _CLOSED.at(tell="1:Wed 09:59:59"), nearly=_UNTOLD),
    Pattern("told_in_the_millisecond_of_closing", _CLOSED.at(tell="1:Wed 10:00"), nearly=_UNTOLD),
    Pattern("told_by_another_agent", _CLOSED.say("tell", by="other"), nearly=_UNTOLD),
    Pattern(
        "answered_and_told_at_once",
        ORDINARY.without("decide", "tell").say(
            "answer", text="#response #decision This is our answer, and it is final."
        ),
        nearly=_UNTOLD,
    ),
    Pattern(
        "closed_again_without_telling_again",
        ORDINARY.edit("again", "1:Thu 10:00", "investigating", reason="They wrote again.")
        .edit("respond_again", "1:Thu 14:00", "responded")
        .edit("close_again", "1:Fri 10:00", "done"),
        nearly=(*_UNTOLD, (_BEFORE, "close_again")),
    ),
)

PATTERNS = (*IN_TIME, *BEFORE_CLOSE)
