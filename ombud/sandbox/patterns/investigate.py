"""Patterns of the investigation (7.6)."""

from __future__ import annotations

from ombud.sandbox.seed_life import BEFORE_CHRISTMAS, ORDINARY, Life, Pattern

_RECORDED = "investigate.recorded"
_IN_TIME = "investigate.in_time"
_LATE = ((_IN_TIME, "receipt"),)

_UNRECORDED = ORDINARY.without("summary")
RECORDED = (
    Pattern(
        "summary_a_second_late",
        _UNRECORDED.at(respond="1:Mon 11:00").edit("late", "1:Mon 11:00:01", summary="a summary"),
        ((_RECORDED, "respond"),),
    ),
    Pattern(
        "summary_at_closing",
        _UNRECORDED.set("close", summary="a summary"),
        ((_RECORDED, "respond"),),
    ),
    Pattern(
        "summary_emptied_before_responding",
        ORDINARY.edit("emptied", "1:Mon 09:00", summary=None),
        ((_RECORDED, "respond"),),
    ),
    Pattern("summary_never", _UNRECORDED, ((_RECORDED, "respond"), (_IN_TIME, "receipt"))),
    Pattern(
        "responded_again_without_summary",
        ORDINARY.edit("again", "1:Mon 14:00", "investigating")
        .edit("emptied", "1:Mon 14:10", summary=None)
        .edit("respond_again", "1:Mon 16:00", "responded"),
        ((_RECORDED, "respond_again"),),
        ((_RECORDED, "respond"),),
    ),
    Pattern(
        "summary_a_minute_late",
        _UNRECORDED.at(respond="1:Mon 11:00").edit("late", "1:Mon 11:01", summary="a summary"),
        ((_RECORDED, "respond"),),
    ),
    Pattern(
        "summary_with_responding",
        _UNRECORDED.set("respond", summary="a summary"),
        nearly=((_RECORDED, "respond"),),
    ),
    Pattern(
        "summary_a_second_before",
        ORDINARY.at(summary="1:Mon 10:59:59", respond="1:Mon 11:00"),
        nearly=((_RECORDED, "respond"),),
    ),
    Pattern(
        "summary_emptied_after_responding",
        ORDINARY.edit("emptied", "1:Mon 15:00", summary=None),
        nearly=((_RECORDED, "respond"),),
    ),
    Pattern(
        "summary_in_the_same_millisecond",
        ORDINARY.at(summary="1:Mon 11:00", respond="1:Mon 11:00"),
        nearly=((_RECORDED, "respond"),),
    ),
    Pattern(
        "answered_in_words_before_the_summary",
        ORDINARY.at(answer="Wed 10:00"),
        nearly=((_RECORDED, "respond"),),
    ),
)


def _ends(at: str) -> Life:
    """Investigated in the second week, answered on its Friday, closed on the Monday after."""
    return ORDINARY.at(
        summary=at,
        answer="1:Fri 17:30",
        respond="1:Fri 17:40",
        decide="1:Fri 17:50",
        tell="1:Fri 18:10",
        close="2:Mon 10:00",
    )


def _ends_later(at: str) -> Life:
    """Answered on the third Monday, the last day for it."""
    return ORDINARY.at(
        summary=at,
        answer="2:Mon 10:00",
        respond="2:Mon 11:00",
        decide="2:Tue 10:00",
        tell="2:Tue 12:00",
        close="2:Wed 10:00",
    )


def _waits(life: Life, leaves: str, returns: str) -> Life:
    return life.edit("wait", leaves, "waiting").edit("resume", returns, "investigating")


def _before_christmas(at: str) -> Life:
    """Received on Friday 18 December: the eighth business day is the 31st, the tenth 5 January."""
    return ORDINARY.at(
        created="Fri 10:00",
        hello="Fri 14:00",
        ack="Fri 14:30",
        assess="1:Mon 11:00",
        start="1:Mon 12:00",
        summary=at,
        answer="3:Mon 10:00",
        respond="3:Mon 11:00",
        decide="3:Tue 10:00",
        tell="3:Tue 12:00",
        close="3:Wed 10:00",
    )


_SATURDAY = ORDINARY.at(
    created="Sat 11:00",
    hello="1:Mon 11:00",
    ack="1:Mon 12:00",
    assess="1:Tue 11:00",
    start="1:Tue 12:00",
    answer="2:Thu 10:00",
    respond="2:Thu 11:00",
    decide="2:Thu 13:00",
    tell="2:Thu 15:00",
    close="2:Fri 10:00",
)
IN_TIME = (
    Pattern("investigated_a_minute_late", _ends("1:Thu 17:01"), _LATE),
    Pattern("investigated_a_millisecond_late", _ends("1:Thu 17:00:00.001"), _LATE),
    Pattern(
        "waited_until_a_minute_before_the_close",
        _waits(_ends("1:Thu 17:01"), "1:Tue 09:30", "1:Tue 16:59"),
        _LATE,
    ),
    Pattern(
        "waited_over_one_close_and_later_than_that",
        _waits(_ends_later("1:Fri 17:01"), "1:Tue 16:59", "1:Wed 09:30"),
        _LATE,
    ),
    Pattern("saturday_investigated_a_minute_late", _SATURDAY.at(summary="2:Wed 17:01"), _LATE),
    Pattern(
        "investigated_late_after_christmas",
        _before_christmas("2:Thu 17:01"),
        _LATE,
        mondays=BEFORE_CHRISTMAS,
    ),
    Pattern(
        "investigated_exactly_at_the_due", _ends("1:Thu 17:00"), nearly=((_IN_TIME, "receipt"),)
    ),
    Pattern("investigated_a_minute_early", _ends("1:Thu 16:59"), nearly=((_IN_TIME, "receipt"),)),
    Pattern(
        "waited_over_one_close",
        _waits(_ends("1:Fri 16:59"), "1:Tue 16:30", "1:Tue 17:30"),
        nearly=((_IN_TIME, "receipt"),),
    ),
    Pattern(
        "waited_over_a_weekend",
        _waits(_ends("1:Fri 17:00"), "Fri 16:00", "1:Mon 09:30"),
        nearly=((_IN_TIME, "receipt"),),
    ),
    Pattern(
        "waited_over_two_closes",
        _waits(_ends_later("2:Mon 09:30"), "Wed 12:00", "Fri 12:00"),
        nearly=((_IN_TIME, "receipt"),),
    ),
    Pattern(
        "saturday_investigated_at_the_due",
        _SATURDAY.at(summary="2:Wed 17:00"),
        nearly=((_IN_TIME, "receipt"),),
    ),
    Pattern(
        "investigated_in_time_after_christmas",
        _before_christmas("2:Thu 16:59"),
        nearly=((_IN_TIME, "receipt"),),
        mondays=BEFORE_CHRISTMAS,
    ),
)

PATTERNS = (*RECORDED, *IN_TIME)
