"""What was there at a moment: the facts of a complaint as they stood then, and what stopped a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.model.facts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Change, Complaint, Instant, Row, Value
    from ombud.model.term import Pause
    from policies.rule import PauseRule


def row_at(complaint: Complaint, names: Iterable[str], at: Instant) -> Row:
    """Give the named facts as they stood at an instant, what happened at that instant included.

    A field whose values were not kept, and a milestone without evidence of its own, stand as they do now.
    """
    return {name: _value_at(complaint, name, at) for name in names}


def _value_at(complaint: Complaint, name: str, at: Instant) -> Value:
    told = complaint.changes.get(name)
    if told is None:
        shown = complaint.evidence.get(name)
        # What is told by its evidence was not there before it.
        if shown is not None and shown.at > at:
            return None
        return complaint.row.get(name, UNKNOWN)
    for each in reversed(told):
        if each.at <= at:
            return each.value
    return None if complaint.horizon is None else UNKNOWN


def first_row(complaint: Complaint, names: Iterable[str]) -> Row:
    """Give the named facts as they were first filled in."""
    return {name: _first_value(complaint, name) for name in names}


def _first_value(complaint: Complaint, name: str) -> Value:
    told = complaint.changes.get(name, ())
    return next(
        (each.value for each in told if each.value is not None), complaint.row.get(name, UNKNOWN)
    )


def moments(
    complaint: Complaint, names: Iterable[str], begin: Instant, end: Instant
) -> list[Instant]:
    """Give the instants after `begin` and before `end` at which one of the named facts changed, in order."""
    found = {
        change.at
        for name in names
        for change in complaint.changes.get(name, ())
        if begin < change.at < end
    }
    for name in names:
        shown = complaint.evidence.get(name)
        if shown is not None and begin < shown.at < end:
            found.add(shown.at)
    return sorted(found)


def pauses_of(
    complaint: Complaint,
    rules: Sequence[PauseRule],
    calendar: Calendar,
    stop: Instant | None,
    now: Instant,
) -> tuple[list[Pause], Instant | None]:
    """Give the pauses that rules list, and when one that still runs will have reached its cap.

    A pause is cut at the stop, because what comes after an answer heals nothing, and at its cap; one
    that runs and has not reached its cap by `now` has no end yet.
    """
    found: list[Pause] = []
    recheck: Instant | None = None
    for rule in rules:
        for begin, told in _spans(complaint, rule):
            end = told
            if stop is not None:
                if begin >= stop:
                    continue
                end = stop if end is None else min(end, stop)
            cap = calendar.due_at(begin, rule.cap)
            if cap is not None:
                if end is not None:
                    end = min(end, cap)
                elif now >= cap:
                    end = cap
                elif recheck is None or cap < recheck:
                    recheck = cap
            found.append((begin, end))
    return found, recheck


def _spans(complaint: Complaint, rule: PauseRule) -> Iterable[Pause]:
    match rule.kind:
        case "waiting":
            return ((w.begin, w.end) for w in complaint.waits if w.waiting == rule.name)
        case "stage":
            return ((t.at, t.until) for t in complaint.transitions if t.entering == rule.name)
        case "while":
            return _flagged(complaint.changes.get(rule.name, ()))


def _flagged(told: Sequence[Change]) -> Iterable[Pause]:
    """Give the times in which a flag was set; where it is unknown, the clock runs."""
    since: Instant | None = None
    for each in told:
        if each.value == "yes" and since is None:
            since = each.at
        elif each.value != "yes" and since is not None:
            yield since, each.at
            since = None
    if since is not None:
        yield since, None
