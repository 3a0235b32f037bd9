"""Patterns of the initial assessment (7.5)."""

from __future__ import annotations

from ombud.sandbox.seed_life import (
    CHRISTMAS_MONDAY,
    CRITICAL,
    DST_MONDAY,
    HIGH,
    LOW,
    ORDINARY,
    Life,
    Pattern,
)

_SEVERITY = "assess.severity"
_SAFETY = "assess.safety"
_CRITICAL = "assess.safety_is_critical"
_IN_TIME = "assess.in_time"
_LATE = ((_IN_TIME, "receipt"),)


def _reopened(life: Life) -> Life:
    """Let a life closed on Wednesday go on: looked at again on Thursday, closed again on Friday."""
    return (
        life.edit("again", "1:Thu 10:00", "investigating", reason="New evidence.")
        .edit("respond_again", "1:Thu 14:00", "responded")
        .edit("close_again", "1:Fri 10:00", "done")
    )


_UNJUDGED = ORDINARY.bare("created", "severity")
SEVERITY = (
    Pattern(
        "severity_a_second_late",
        _UNJUDGED.at(start="Tue 12:00").edit("late", "Tue 12:00:01", severity="medium"),
        ((_SEVERITY, "start"),),
    ),
    Pattern(
        "severity_a_week_late",
        _UNJUDGED.edit("late", "1:Mon 09:00", severity="low"),
        ((_SEVERITY, "start"),),
    ),
    Pattern(
        "severity_emptied_before_starting",
        ORDINARY.edit("emptied", "Tue 11:45", severity=None).edit(
            "back", "Wed 09:00", severity="medium"
        ),
        ((_SEVERITY, "start"),),
    ),
    Pattern(
        # Without a severity the strictest terms hold; this one keeps them all.
        "severity_never_judged",
        CRITICAL.bare("created", "severity"),
        ((_SEVERITY, "start"),),
    ),
    Pattern(
        "reopened_without_severity",
        _reopened(ORDINARY)
        .edit("emptied", "1:Thu 09:30", severity=None)
        .edit("back", "1:Thu 10:30", severity="medium"),
        ((_SEVERITY, "again"),),
        ((_SEVERITY, "start"),),
    ),
    Pattern(
        "severity_with_starting",
        _UNJUDGED.set("start", severity="medium"),
        nearly=((_SEVERITY, "start"),),
    ),
    Pattern(
        "severity_a_second_before",
        _UNJUDGED.at(start="Tue 12:00").edit("just", "Tue 11:59:59", severity="low"),
        nearly=((_SEVERITY, "start"),),
    ),
    Pattern(
        "severity_emptied_for_a_day_after_starting",
        ORDINARY.edit("emptied", "Tue 16:00", severity=None).edit(
            "back", "Wed 16:00", severity="medium"
        ),
        nearly=((_SEVERITY, "start"),),
    ),
    Pattern(
        "severity_changed_with_starting",
        LOW.set("start", severity="medium"),
        nearly=((_SEVERITY, "start"),),
    ),
    Pattern(
        "customer_replied_while_severity_was_empty",
        ORDINARY.edit("wait", "Tue 15:00", "waiting")
        .edit("emptied", "Tue 15:30", severity=None)
        .edit("resume", "Wed 10:00", "investigating")
        .edit("back", "Wed 10:30", severity="medium"),
        nearly=((_SEVERITY, "start"),),
    ),
)

_UNSAFE = ORDINARY.bare("assess", "safety")
SAFETY = (
    Pattern("safety_never_judged", _UNSAFE, ((_SAFETY, "start"),)),
    Pattern("safety_unknown", ORDINARY.set("assess", safety="unknown"), ((_SAFETY, "start"),)),
    Pattern(
        "safety_a_second_late",
        _UNSAFE.at(start="Tue 12:00").edit("late", "Tue 12:00:01", safety="no"),
        ((_SAFETY, "start"),),
    ),
    Pattern(
        "safety_emptied_before_starting",
        ORDINARY.edit("emptied", "Tue 11:45", safety=None),
        ((_SAFETY, "start"),),
    ),
    Pattern(
        "safety_unknown_until_a_minute_after",
        ORDINARY.set("assess", safety="unknown")
        .at(start="Tue 12:00")
        .edit("late", "Tue 12:01", safety="no"),
        ((_SAFETY, "start"),),
    ),
    Pattern(
        "safety_with_starting", _UNSAFE.set("start", safety="no"), nearly=((_SAFETY, "start"),)
    ),
    Pattern(
        "safety_a_second_before",
        _UNSAFE.at(start="Tue 12:00").edit("just", "Tue 11:59:59", safety="no"),
        nearly=((_SAFETY, "start"),),
    ),
    Pattern(
        "safety_known_with_starting",
        ORDINARY.set("assess", safety="unknown").set("start", safety="no"),
        nearly=((_SAFETY, "start"),),
    ),
    Pattern(
        "safety_emptied_after_starting",
        ORDINARY.edit("emptied", "Tue 16:00", safety=None),
        nearly=((_SAFETY, "start"),),
    ),
    Pattern(
        "safety_doubted_after_starting",
        ORDINARY.edit("doubt", "Tue 16:00", safety="unknown"),
        nearly=((_SAFETY, "start"),),
    ),
)

SAFETY_IS_CRITICAL = (
    Pattern("danger_at_medium", ORDINARY.set("assess", safety="yes"), ((_CRITICAL, "start"),)),
    Pattern("danger_at_high", HIGH.set("assess", safety="yes"), ((_CRITICAL, "start"),)),
    Pattern("danger_at_low", LOW.set("assess", safety="yes"), ((_CRITICAL, "start"),)),
    Pattern(
        "danger_raised_a_second_late",
        CRITICAL.set("created", severity="low")
        .set("assess", safety="yes")
        .at(start="Mon 12:00")
        .edit("raised", "Mon 12:00:01", severity="critical"),
        ((_CRITICAL, "start"),),
    ),
    Pattern(
        "danger_lowered_before_starting",
        CRITICAL.set("assess", safety="yes").edit("lowered", "Mon 11:50", severity="high"),
        ((_CRITICAL, "start"),),
    ),
    Pattern(
        "danger_lowered_and_looked_at_again",
        CRITICAL.set("assess", safety="yes")
        .edit("lowered", "Tue 12:00", severity="medium")
        .edit("again", "Tue 13:00", "investigating")
        .edit("respond_again", "Tue 15:00", "responded"),
        ((_CRITICAL, "again"),),
        ((_CRITICAL, "start"),),
    ),
    Pattern(
        "danger_and_critical",
        CRITICAL.set("assess", safety="yes"),
        nearly=((_CRITICAL, "start"),),
    ),
    Pattern(
        "danger_raised_with_starting",
        CRITICAL.set("created", severity="medium")
        .set("assess", safety="yes")
        .set("start", severity="critical"),
        nearly=((_CRITICAL, "start"),),
    ),
    Pattern(
        "danger_found_after_starting",
        ORDINARY.edit("found", "Tue 16:00", safety="yes"),
        nearly=((_CRITICAL, "start"),),
    ),
    Pattern(
        "danger_lowered_after_starting",
        CRITICAL.set("assess", safety="yes").edit("lowered", "Mon 17:00", severity="medium"),
        nearly=((_CRITICAL, "start"),),
    ),
    Pattern(
        "danger_denied_with_starting",
        ORDINARY.set("assess", safety="yes").set("start", safety="no"),
        nearly=((_CRITICAL, "start"),),
    ),
)


def _assessed(at: str) -> Life:
    """Assessed on Wednesday, begun on Thursday."""
    return ORDINARY.at(assess=at, start="Thu 09:30")


def _weekend(day: str, at: str) -> Life:
    """Received late in the week, assessed on the Tuesday after, answered by Friday."""
    return (
        ORDINARY.at(created=f"{day} 15:00", hello="1:Mon 10:00", ack="1:Mon 10:30", assess=at)
        .at(start="1:Wed 09:30", summary="1:Wed 15:00", answer="1:Thu 09:30")
        .at(respond="1:Thu 10:00", decide="1:Thu 12:00", tell="1:Thu 14:00", close="1:Thu 16:00")
    )


IN_TIME = (
    Pattern("assessed_a_minute_late", _assessed("Wed 17:01"), _LATE),
    Pattern("assessed_a_millisecond_late", _assessed("Wed 17:00:00.001"), _LATE),
    Pattern(
        "critical_assessed_a_minute_late",
        CRITICAL.at(assess="Mon 14:01", start="Mon 14:30"),
        _LATE,
    ),
    Pattern("friday_assessed_a_minute_late", _weekend("Fri", "1:Tue 17:01"), _LATE),
    Pattern(
        "saturday_before_the_long_night_assessed_late",
        _weekend("Sat", "1:Tue 17:01"),
        _LATE,
        mondays=DST_MONDAY,
    ),
    Pattern(
        "never_assessed",
        ORDINARY.without("assess").set("start", safety="no"),
        _LATE,
        (("receipt.category", "start"),),
    ),
    Pattern(
        "raised_to_critical_after_assessing",
        CRITICAL.set("created", severity="medium")
        .at(assess="Mon 14:30", start="Mon 15:00")
        .edit("raised", "Mon 15:30", severity="critical"),
        _LATE,
    ),
    Pattern(
        "no_severity_assessed_a_minute_late",
        CRITICAL.bare("created", "severity").at(assess="Mon 14:01", start="Mon 14:30"),
        (*_LATE, (_SEVERITY, "start")),
    ),
    Pattern("assessed_exactly_at_the_due", _assessed("Wed 17:00"), nearly=((_IN_TIME, "receipt"),)),
    Pattern("assessed_a_minute_early", _assessed("Wed 16:59"), nearly=((_IN_TIME, "receipt"),)),
    Pattern(
        "critical_assessed_exactly_at_the_due",
        CRITICAL.at(assess="Mon 14:00", start="Mon 14:30"),
        nearly=((_IN_TIME, "receipt"),),
    ),
    Pattern(
        "christmas_eve_assessed_in_time",
        _weekend("Thu", "1:Tue 16:59"),
        nearly=((_IN_TIME, "receipt"),),
        mondays=CHRISTMAS_MONDAY,
    ),
    Pattern(
        "friday_before_the_long_night_assessed_at_the_due",
        _weekend("Fri", "1:Tue 17:00"),
        nearly=((_IN_TIME, "receipt"),),
        mondays=DST_MONDAY,
    ),
    Pattern(
        "lowered_from_critical",
        ORDINARY.set("created", severity="critical").edit(
            "lowered", "Tue 09:00", severity="medium"
        ),
        nearly=((_IN_TIME, "receipt"),),
    ),
)

PATTERNS = (*SEVERITY, *SAFETY, *SAFETY_IS_CRITICAL, *IN_TIME)
