"""What must hold at every moment, and values that are not rewritten without a reason."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ombud.model.facts import UNKNOWN, Verdict
from policies.history import moments, row_at
from policies.row import compile_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Change, Complaint, Instant, Row
    from policies.rule import Integrity, Invariant, Rule

    Closure = Callable[[Row], bool | None]


class Lasting(NamedTuple):
    """State how what must last stands as of an instant.

    Attributes:
        verdict: pass, fail, pending (failing, but not too long yet), unknown or not_applicable.
        standing: the same at this moment.
        since: when the first failure began that lasted too long.
        due: until when a failure that runs may last.
        row: the facts in the failure, else as of the end.
        now: the facts at this moment.

    """

    verdict: Verdict
    standing: Verdict
    since: Instant | None
    due: Instant | None
    row: Row
    now: Row


@dataclass(frozen=True, slots=True)
class CompiledInvariant:
    """Hold an invariant ready for use."""

    rule: Rule
    body: Invariant
    when: Closure | None
    must: Closure
    tracked: tuple[str, ...]
    calendar: Calendar

    @classmethod
    def of(cls, rule: Rule, body: Invariant, calendar: Calendar) -> CompiledInvariant:
        """Compile a rule's invariant."""
        when = compile_row(body.when, "when") if body.when is not None else None
        return cls(
            rule, body, when, compile_row(body.must, "must"), tuple(sorted(rule.tracked)), calendar
        )


def hold(each: CompiledInvariant, complaint: Complaint, now: Instant) -> Lasting | None:
    """Tell whether it held at every moment as of `now`; `None` where it does not begin yet."""
    body = each.body
    start = complaint.row.get(body.start, UNKNOWN)
    if start is None:
        return None
    row = complaint.row
    if not isinstance(start, int):
        return Lasting(Verdict.unknown, Verdict.unknown, None, None, row, row)
    recorded = complaint.row.get("recorded")
    if isinstance(recorded, int):
        # Before the ticket was there, it had no values.
        start = max(start, recorded)
    stop = complaint.row.get(body.stop, UNKNOWN) if body.stop is not None else None
    ended = isinstance(stop, int) and stop <= now
    end = stop if isinstance(stop, int) and ended else now
    # What changes at this very moment holds now; what changes with the end has no time to hold.
    marks = [start, *moments(complaint, each.tracked, start, end if ended else end + 1)]
    told = [_piece(each, complaint, at) for at in marks]
    ends = [*marks[1:], end]
    verdict, since, failing = Verdict.not_applicable, None, row
    for state, begin, until, facts in _runs(told, marks, ends):
        found = state
        if state is Verdict.failed and not _too_long(each, begin, until):
            found = Verdict.passed
        if _ORDER.index(found) > _ORDER.index(verdict):
            verdict = found
            if found is Verdict.failed:
                since, failing = begin, facts
    last, due = told[-1][0], None
    begun = _since(told, marks)
    if last is Verdict.failed and not _too_long(each, begun, end) and not isinstance(stop, int):
        last = Verdict.pending
        due = each.calendar.due_at(begun, body.allow) if body.allow is not None else None
        if verdict in {Verdict.passed, Verdict.not_applicable}:
            verdict = Verdict.pending
    elif last is Verdict.failed and not _too_long(each, begun, end):
        last = Verdict.passed
    if verdict is Verdict.failed and stop is UNKNOWN and since == begun:
        # Whether it had still to hold cannot be told.
        verdict = last = Verdict.unknown
    return Lasting(verdict, last, since, due, failing, told[-1][1])


#: From what says least to what says most.
_ORDER = (
    Verdict.not_applicable,
    Verdict.passed,
    Verdict.pending,
    Verdict.unknown,
    Verdict.failed,
)


def _piece(each: CompiledInvariant, complaint: Complaint, at: Instant) -> tuple[Verdict, Row]:
    facts = {**complaint.row, **row_at(complaint, each.tracked, at)}
    applies = True if each.when is None else each.when(facts)
    if applies is False:
        return Verdict.not_applicable, facts
    holds = each.must(facts)
    if holds:
        return Verdict.passed, facts
    if holds is None or applies is None:
        return Verdict.unknown, facts
    return Verdict.failed, facts


def _runs(
    told: list[tuple[Verdict, Row]], marks: list[Instant], ends: list[Instant]
) -> Iterator[tuple[Verdict, Instant, Instant, Row]]:
    """Join neighbouring times of the same state."""
    held: tuple[Verdict, Instant, Instant, Row] | None = None
    for (state, facts), begin, end in zip(told, marks, ends, strict=True):
        if held is not None and held[0] is state:
            held = (state, held[1], end, held[3])
            continue
        if held is not None:
            yield held
        held = (state, begin, end, facts)
    if held is not None:
        yield held


def _since(told: list[tuple[Verdict, Row]], marks: list[Instant]) -> Instant:
    """Give when the last state began."""
    begun = marks[-1]
    for (state, _), begin in zip(reversed(told), reversed(marks), strict=True):
        if state is not told[-1][0]:
            break
        begun = begin
    return begun


def _too_long(each: CompiledInvariant, begin: Instant, end: Instant) -> bool:
    if each.body.allow is None:
        return True
    due = each.calendar.due_at(begin, each.body.allow)
    return due is not None and end > due


class Rewriting(NamedTuple):
    """Record that a value was rewritten.

    Attributes:
        change: the rewriting.
        verdict: whether it gave a reason with it.
        standing: whether a reason is given by now.

    """

    change: Change
    verdict: Verdict
    standing: Verdict


@dataclass(frozen=True, slots=True)
class CompiledIntegrity:
    """Hold an integrity rule ready for use."""

    rule: Rule
    body: Integrity
    when: Closure | None

    @classmethod
    def of(cls, rule: Rule, body: Integrity) -> CompiledIntegrity:
        """Compile a rule's integrity."""
        return cls(rule, body, compile_row(body.when, "when") if body.when is not None else None)


def rewritings(each: CompiledIntegrity, complaint: Complaint) -> Iterator[Rewriting]:
    """Give every rewriting of a watched field, the first value excepted."""
    applies = True if each.when is None else each.when(complaint.row)
    reasons = complaint.changes.get(each.body.reason, ())
    for name in each.body.fields:
        told = complaint.changes.get(name, ())
        for before, change in pairwise(told):
            if before.value is None:
                continue
            given = any(r.change == change.change and _filled(r) for r in reasons)
            later = any(r.at >= change.at and _filled(r) for r in reasons)
            if applies is False:
                verdict = standing = Verdict.not_applicable
            elif given:
                verdict = standing = Verdict.passed
            elif before.value is UNKNOWN or change.value is UNKNOWN or applies is None:
                verdict = standing = Verdict.unknown
            else:
                verdict = Verdict.failed
                standing = Verdict.passed if later else Verdict.failed
            yield Rewriting(change, verdict, standing)


def _filled(change: Change) -> bool:
    return change.value is not None and change.value is not UNKNOWN
