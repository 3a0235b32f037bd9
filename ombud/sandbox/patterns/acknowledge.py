"""Patterns of acknowledgement (7.4)."""

from __future__ import annotations

from ombud.sandbox.seed_life import (
    CHRISTMAS_MONDAY,
    CRITICAL,
    DST_MONDAY,
    ORDINARY,
    Life,
    Pattern,
)

_IN_TIME = "acknowledge.in_time"
_BEFORE = "acknowledge.before_work"
_LATE = ((_IN_TIME, "receipt"),)
_GREETING = "Thank you, your message has arrived."


def _hello(at: str) -> Life:
    """First answered on Tuesday, assessed on Wednesday, all else as usual."""
    return ORDINARY.without("ack").at(hello=at, assess="Wed 10:00", start="Wed 11:00")


def _critical_on(day: str, next_day: str, last_day: str, *, hello: str, assess: str) -> Life:
    """Return a critical complaint that comes at three in the afternoon before days without business."""
    return (
        CRITICAL.without("ack")
        .at(created=f"{day} 15:00", hello=hello, assess=assess, start="1:Mon 12:00")
        .at(summary="1:Mon 15:00", answer=f"1:{next_day} 10:00", respond=f"1:{next_day} 11:00")
        .at(decide=f"1:{last_day} 10:00", tell=f"1:{last_day} 11:00", close=f"1:{last_day} 14:00")
    )


IN_TIME = (
    Pattern("acknowledged_a_minute_late", _hello("Tue 17:01"), _LATE),
    Pattern("acknowledged_a_millisecond_late", _hello("Tue 17:00:00.001"), _LATE),
    Pattern(
        "only_a_robot_answered_in_time",
        _hello("Tue 17:01").comment("robot", "Mon 10:01", _GREETING, by="robot"),
        _LATE,
    ),
    Pattern(
        "only_an_app_answered_in_time",
        _hello("Tue 18:20").comment("app", "Mon 10:01", _GREETING, by="app"),
        _LATE,
    ),
    Pattern(
        "only_an_internal_note_in_time",
        _hello("Tue 17:30").comment("note", "Mon 14:00", "Please call them back.", public=False),
        _LATE,
    ),
    Pattern(
        "only_the_customer_wrote_in_time",
        _hello("Tue 17:02").comment("more", "Mon 15:00", "Is anybody there?", by="customer"),
        _LATE,
    ),
    Pattern(
        "critical_acknowledged_a_minute_late",
        CRITICAL.without("ack").at(hello="Mon 14:01", assess="Mon 13:30", start="Mon 15:00"),
        _LATE,
    ),
    Pattern(
        "critical_on_friday_acknowledged_a_second_late",
        _critical_on("Fri", "Tue", "Wed", hello="1:Mon 11:00:01", assess="1:Mon 10:30"),
        _LATE,
    ),
    Pattern(
        "never_acknowledged_before_the_answer",
        ORDINARY.without("hello", "ack"),
        ((_IN_TIME, "receipt"), (_BEFORE, "start")),
    ),
    Pattern(
        "acknowledged_exactly_at_the_due", _hello("Tue 17:00"), nearly=((_IN_TIME, "receipt"),)
    ),
    Pattern("acknowledged_a_minute_early", _hello("Tue 16:59"), nearly=((_IN_TIME, "receipt"),)),
    Pattern(
        "critical_acknowledged_exactly_at_the_due",
        CRITICAL.without("ack").at(hello="Mon 14:00", assess="Mon 13:30", start="Mon 15:00"),
        nearly=((_IN_TIME, "receipt"),),
    ),
    Pattern(
        "critical_over_the_long_night",
        _critical_on("Fri", "Tue", "Wed", hello="1:Mon 10:59", assess="1:Mon 10:30"),
        nearly=((_IN_TIME, "receipt"),),
        mondays=DST_MONDAY,
    ),
    Pattern(
        "critical_over_christmas",
        _critical_on("Thu", "Tue", "Wed", hello="1:Mon 11:00", assess="1:Mon 10:30"),
        nearly=((_IN_TIME, "receipt"),),
        mondays=CHRISTMAS_MONDAY,
    ),
    Pattern(
        "received_on_saturday_acknowledged_on_monday",
        ORDINARY.without("ack")
        .at(created="Sat 11:00", hello="1:Mon 16:59", assess="1:Tue 11:00", start="1:Tue 12:00")
        .at(summary="1:Wed 15:00", answer="1:Thu 10:00", respond="1:Thu 11:00")
        .at(decide="1:Fri 10:00", tell="1:Fri 11:00", close="1:Fri 14:00"),
        nearly=((_IN_TIME, "receipt"),),
    ),
    Pattern(
        "acknowledged_by_status_alone",
        ORDINARY.without("hello").at(ack="Tue 10:59"),
        nearly=((_IN_TIME, "receipt"),),
    ),
)

_WORDLESS = ORDINARY.without("ack")
BEFORE_WORK = (
    Pattern(
        "work_before_any_word",
        _WORDLESS.at(hello="Tue 13:00", start="Tue 12:00"),
        ((_BEFORE, "start"),),
    ),
    Pattern(
        "a_word_a_second_after_starting",
        _WORDLESS.at(hello="Tue 12:00:01", start="Tue 12:00"),
        ((_BEFORE, "start"),),
    ),
    Pattern(
        "a_word_a_millisecond_after_starting",
        _WORDLESS.at(hello="Tue 12:00:00.001", start="Tue 12:00"),
        ((_BEFORE, "start"),),
    ),
    Pattern(
        "an_internal_note_before_starting",
        _WORDLESS.at(hello="Tue 16:00", start="Tue 12:00").comment(
            "note", "Mon 12:00", "Looks like the January case.", public=False
        ),
        ((_BEFORE, "start"),),
    ),
    Pattern(
        "a_robot_before_starting",
        _WORDLESS.at(hello="Tue 16:59", start="Tue 12:00").comment(
            "robot", "Mon 10:00:02", _GREETING, by="robot"
        ),
        ((_BEFORE, "start"),),
    ),
    Pattern(
        "the_customer_before_starting",
        _WORDLESS.at(hello="Tue 15:00", start="Tue 12:00").comment(
            "more", "Mon 18:00", "I forgot the number of my order.", by="customer"
        ),
        ((_BEFORE, "start"),),
    ),
    Pattern(
        "a_word_a_second_before_starting",
        _WORDLESS.at(hello="Tue 11:59:59", start="Tue 12:00"),
        nearly=((_BEFORE, "start"),),
    ),
    Pattern(
        "a_word_in_the_same_millisecond",
        _WORDLESS.at(hello="Tue 12:00", start="Tue 12:00"),
        nearly=((_BEFORE, "start"),),
    ),
    Pattern(
        "acknowledged_by_status_before_starting",
        ORDINARY.without("hello"),
        nearly=((_BEFORE, "start"),),
    ),
    Pattern(
        "another_agent_said_a_word",
        _WORDLESS.say("hello", by="other"),
        nearly=((_BEFORE, "start"),),
    ),
    Pattern(
        "status_acknowledged_by_a_robot",
        ORDINARY.without("hello").say("ack", by="nobody"),
        nearly=((_BEFORE, "start"), (_IN_TIME, "receipt")),
    ),
)

PATTERNS = (*IN_TIME, *BEFORE_WORK)
