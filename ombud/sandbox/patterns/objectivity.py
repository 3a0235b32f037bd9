"""Patterns of objectivity (4.7): who handles a complaint about whom, as things stand at the end."""

from __future__ import annotations

from ombud.sandbox.seed_life import ORDINARY, Pattern

_RULE = "objectivity.handler_not_subject"
_STANDING = ((_RULE, "-"),)
_ABOUT_OWNER = ORDINARY.set("created", subject="agent")

PATTERNS = (
    Pattern("handles_a_complaint_about_oneself", _ABOUT_OWNER, _STANDING),
    Pattern(
        "handed_to_the_person_complained_about",
        ORDINARY.set("created", subject="other").edit("handed", "Wed 09:00", owner="other"),
        _STANDING,
    ),
    Pattern(
        "subject_learned_during_the_investigation",
        ORDINARY.edit("learned", "Wed 16:00", subject="agent"),
        _STANDING,
    ),
    Pattern(
        "handed_to_the_subject_after_closing",
        ORDINARY.set("created", subject="other").edit("handed", "1:Fri 09:00", owner="other"),
        _STANDING,
    ),
    Pattern(
        "nobody_handles_a_complaint_about_somebody",
        ORDINARY.set("created", subject="other").edit("emptied", "1:Fri 09:00", owner=None),
        _STANDING,
    ),
    Pattern(
        "handled_by_the_subject_and_already_answered",
        _ABOUT_OWNER.without("close"),
        _STANDING,
    ),
    Pattern("about_another_agent", ORDINARY.set("created", subject="other"), nearly=_STANDING),
    Pattern(
        "handed_away_from_the_subject",
        _ABOUT_OWNER.edit("handed", "Mon 11:00", owner="other"),
        nearly=_STANDING,
    ),
    Pattern(
        "handed_away_a_second_later",
        ORDINARY.edit("learned", "Wed 16:00", subject="agent").edit(
            "handed", "Wed 16:00:01", owner="other"
        ),
        nearly=_STANDING,
    ),
    Pattern(
        "subject_named_by_mistake",
        _ABOUT_OWNER.edit("emptied", "Wed 09:00", subject=None),
        nearly=_STANDING,
    ),
    Pattern(
        "nobody_handles_a_complaint_about_nobody",
        ORDINARY.edit("emptied", "1:Fri 09:00", owner=None),
        nearly=_STANDING,
    ),
    Pattern(
        "subject_and_owner_changed_places",
        ORDINARY.set("created", subject="other").edit(
            "swapped", "Tue 15:00", owner="other", subject="agent"
        ),
        nearly=_STANDING,
    ),
)
