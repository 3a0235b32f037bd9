"""What was there at a moment: the facts of a complaint as they stood then, and what stopped a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ombud.model.facts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Change, Complaint, Instant, Row, Value
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


def next_row(complaint: Complaint, names: Iterable[str], at: Instant) -> Row:
    """Give the first value that each of the named facts took after an instant, as far as it took any."""
    found: dict[str, Value] = {}
    for name in names:
        for each in complaint.changes.get(name, ()):
            if each.at > at and each.value is not None:
                found[name] = each.value
                break
    return found


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


class Paused(NamedTuple):
    """Record a time that a clock does not count.

    Attributes:
        begin: from when.
        end: until when; `None` while it runs and has not reached its cap.
        rule: the pause that the rule lists.
        actor: keyed identifier of who began it, if known.
        capped: when it reaches its cap; `None` where that lies outside the calendar.

    """

    begin: Instant
    end: Instant | None
    rule: PauseRule
    actor: str | None
    capped: Instant | None


def paused(
    complaint: Complaint,
    rules: Sequence[PauseRule],
    calendar: Calendar,
    stop: Instant | None,
    now: Instant,
) -> list[Paused]:
    """Give the times that rules do not count, as of `now`.

    A pause is cut at the stop, because what comes after an answer heals nothing, and at its cap; one
    that runs and has not reached its cap has no end yet.
    """
    found: list[Paused] = []
    for rule in rules:
        for begin, told, actor in _spans(complaint, rule):
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
            found.append(Paused(begin, end, rule, actor, cap))
    return found


_Span: TypeAlias = "tuple[Instant, Instant | None, str | None]"


def _spans(complaint: Complaint, rule: PauseRule) -> Iterable[_Span]:
    match rule.kind:
        case "waiting":
            return ((w.begin, w.end, w.actor) for w in complaint.waits if w.waiting == rule.name)
        case "stage":
            return (
                (t.at, t.until, t.actor) for t in complaint.transitions if t.entering == rule.name
            )
        case "while":
            return _flagged(complaint.changes.get(rule.name, ()))


def _flagged(told: Sequence[Change]) -> Iterable[_Span]:
    """Give the times in which a flag was set; where it is unknown, the clock runs."""
    since: Change | None = None
    for each in told:
        if each.value == "yes" and since is None:
            since = each
        elif each.value != "yes" and since is not None:
            yield since.at, each.at, since.actor
            since = None
    if since is not None:
        yield since.at, None, since.actor
