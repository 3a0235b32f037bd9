"""Clocks of one complaint: when something is due, whether it came in time, and how long the silences were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.openings import NEVER
from ombud.model.term import Term
from policies.history import first_row, moments, next_row, paused, row_at
from policies.row import compile_row
from policies.rule import Agreed, AnyOf, Cadence, Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Complaint, Instant, Row, Said, Value
    from ombud.model.term import Pause
    from policies.history import Paused
    from policies.rule import Length, PauseRule, Rule

    Closure = Callable[[Row], bool | None]

#: Why a deadline failed that was past already when the complaint came to have it.
LATE_CLASSIFICATION: Final = "late_classification"


class Timing(NamedTuple):
    """State how one clock stands as of an instant.

    Attributes:
        verdict: pass, fail, pending, unknown or not_applicable.
        standing: failed only while overdue and not stopped.
        start: when it started; `None` where that is unknown.
        due: when it is due, the extended due where the extension holds; `None` while it is paused.
        stop: when it was stopped.
        recheck: next instant at which the clock alone can change the verdict.
        cause: why it failed, where that is not simply lateness.
        warn: the earlier of several terms, to be warned of.
        operational: when it is due by the desk's own clock.
        length: what it was reckoned by.
        pauses: what did not count.
        silence: longest time without a word to the complainant, in microseconds; cadences only.
        since: the last word to the complainant, from which the due is reckoned; cadences only.

    """

    verdict: Verdict
    standing: Verdict
    start: Instant | None = None
    due: Instant | None = None
    stop: Instant | None = None
    recheck: Instant | None = None
    cause: str | None = None
    warn: Instant | None = None
    operational: Instant | None = None
    length: Length | None = None
    pauses: tuple[Paused, ...] = ()
    silence: int | None = None
    since: Instant | None = None


#: A clock that leads outside the days a calendar lays out.
BEYOND: Final = Timing(Verdict.unknown, Verdict.unknown)
_SPARED: Final = Timing(Verdict.not_applicable, Verdict.not_applicable)


@dataclass(frozen=True, slots=True)
class CompiledClock:
    """Hold a deadline or a cadence ready for use.

    Attributes:
        rule: the rule.
        body: the same, by its kind.
        when: whether it applies.
        terms: each term's condition and length.
        tracked: names whose earlier values it asks for.
        holding: what an extending notice has to hold.
        calendar: the calendar it is reckoned by.

    """

    rule: Rule
    body: Deadline | Cadence
    when: Closure | None
    terms: tuple[tuple[Closure | None, Length], ...]
    tracked: tuple[str, ...]
    holding: Closure | None
    calendar: Calendar

    @classmethod
    def of(cls, rule: Rule, body: Deadline | Cadence, calendar: Calendar) -> CompiledClock:
        """Compile a rule's clock."""
        extension = body.extension if isinstance(body, Deadline) else None
        holding = extension.must if extension is not None else None
        return cls(
            rule,
            body,
            compile_row(body.when, "when") if body.when is not None else None,
            tuple(
                (compile_row(when, "when") if when is not None else None, length)
                for when, length in body.terms
            ),
            tuple(sorted(rule.tracked)),
            compile_row(holding, "must") if holding is not None else None,
            calendar,
        )


def time_deadline(clock: CompiledClock, complaint: Complaint, now: Instant) -> Timing | None:
    """Time a deadline as of `now`; `None` where its clock has not started."""
    body, row = clock.body, complaint.row
    start = row.get(body.start, UNKNOWN)
    if start is None:
        return None
    if not isinstance(start, int):
        return Timing(Verdict.unknown, Verdict.unknown)
    stops = body.stops if isinstance(body, Deadline) else (body.stop,)
    stop: Instant | None = None
    unknown = False
    for name in stops:
        told = row.get(name, UNKNOWN)
        if told is UNKNOWN:
            unknown = True
        elif isinstance(told, int) and (stop is None or told < stop):
            stop = told
    doubts: Sequence[Instant] = ()
    if complaint.doubts:
        doubts = [complaint.doubts[name] for name in stops if name in complaint.doubts]
    return _timed(clock, complaint, start, stop, now, unknown=unknown, doubts=doubts)


def time_cadence(clock: CompiledClock, complaint: Complaint, now: Instant) -> Timing | None:
    """Time the silences between one word to the complainant and the next, as of `now`."""
    body, row = clock.body, complaint.row
    if not isinstance(body, Cadence):
        raise TypeError(f"{clock.rule.id} is no cadence")
    start = row.get(body.start, UNKNOWN)
    if start is None:
        return None
    stopped = row.get(body.stop, UNKNOWN)
    if not isinstance(start, int):
        return Timing(Verdict.unknown, Verdict.unknown)
    stop = stopped if isinstance(stopped, int) else None
    end = stop if stop is not None else now
    heard: list[Instant] = []
    doubtful: list[Instant] = []
    for said in complaint.said:
        if start < said.at <= end:
            counts = _counts(said, body.kinds)
            if counts is not False:
                (heard if counts else doubtful).append(said.at)
    marks = [start, *heard]
    gaps = [
        _timed(clock, complaint, begin, until, now, unknown=False, doubts=doubtful)
        for begin, until in zip(marks, [*heard, stop], strict=True)
    ]
    last = gaps[-1]
    silence = max(b - a for a, b in zip(marks, [*heard, end], strict=True))
    verdict = last.verdict
    for worse in (Verdict.unknown, Verdict.failed):
        if any(each.verdict is worse for each in gaps):
            verdict = worse
    if stopped is UNKNOWN and verdict is Verdict.failed and last.verdict is Verdict.failed:
        earlier = any(each.verdict is Verdict.failed for each in gaps[:-1])
        verdict = Verdict.failed if earlier else Verdict.unknown
    standing = Verdict.passed if stop is not None else last.standing
    if verdict is Verdict.not_applicable:
        standing = Verdict.not_applicable
    return last._replace(
        verdict=verdict, standing=standing, start=start, stop=stop, silence=silence, since=marks[-1]
    )


def _counts(said: Said, kinds: frozenset[str]) -> bool | None:
    """Tell whether a message is a word to the complainant; `None` where its author cannot be told."""
    if kinds:
        if not said.kinds & kinds:
            return False
    elif said.automatic:
        return False
    if said.by is None:
        return None
    return said.by in {"agent", "automation"} and said.to in {
        None,
        "complainant",
        "representative",
    }


def _timed(
    clock: CompiledClock,
    complaint: Complaint,
    start: Instant,
    stop: Instant | None,
    now: Instant,
    *,
    unknown: bool,
    doubts: Sequence[Instant],
) -> Timing:
    """Time one clock by every term that may apply; where they disagree, the verdict is unknown."""
    row = _facts(clock, complaint, stop)
    if not complaint.beside:
        return _by_row(clock, complaint, start, stop, now, row, unknown=unknown, doubts=doubts)
    # Of several tickets that are one case, the strictest deadline counts.
    told = [
        _by_row(
            clock,
            complaint,
            start,
            stop,
            now,
            {**row, **{name: each[name] for name in clock.tracked if name in each}},
            unknown=unknown,
            doubts=doubts,
        )
        for each in ({}, *complaint.beside)
    ]
    return min(told, key=lambda each: (each.due is None, each.due or 0))


def _by_row(
    clock: CompiledClock,
    complaint: Complaint,
    start: Instant,
    stop: Instant | None,
    now: Instant,
    row: Row,
    *,
    unknown: bool,
    doubts: Sequence[Instant],
) -> Timing:
    """Time one clock on one row of facts."""
    applies = True if clock.when is None else clock.when(row)
    if applies is False:
        return _SPARED._replace(start=start)
    candidates = _candidates(clock.terms, row)
    if len(candidates) == 1 and applies:
        return _outcome(
            clock, complaint, start, stop, now, candidates[0], unknown=unknown, doubts=doubts
        )
    outcomes = [
        _outcome(clock, complaint, start, stop, now, each, unknown=unknown, doubts=doubts)
        for each in candidates
    ]
    first = outcomes[0]
    if any(each[:2] != first[:2] for each in outcomes[1:]):
        recheck = min((each.recheck for each in outcomes if each.recheck), default=None)
        first = Timing(Verdict.unknown, Verdict.unknown, start, None, stop, recheck)
    if applies is None and first.verdict is not Verdict.passed:
        return first._replace(verdict=Verdict.unknown, standing=Verdict.unknown)
    return first


def _facts(clock: CompiledClock, complaint: Complaint, stop: Instant | None) -> Row:
    """Give the facts that the clock's conditions are judged on: as they stand, stood at the stop, or stood first."""
    as_of = clock.body.as_of if isinstance(clock.body, Deadline) else "stop"
    if as_of == "last" or not clock.tracked:
        return complaint.row
    if as_of == "first":
        return {**complaint.row, **first_row(complaint, clock.tracked)}
    if stop is None:
        return complaint.row
    stood = row_at(complaint, clock.tracked, stop)
    if isinstance(clock.body, Deadline):
        return {**complaint.row, **stood}
    # A silence is judged by what was known when it ended; what was blank then, by its next value.
    blank = [name for name, value in stood.items() if value is None]
    return {**complaint.row, **stood, **next_row(complaint, blank, stop)}


def _candidates(
    terms: Sequence[tuple[Closure | None, Length]], row: Row
) -> list[tuple[Length, ...]]:
    """Give the length that applies, and every one that may where a condition is unknown.

    Behind an agreed date stand the lengths that hold without the agreement, one after the other.
    """
    found: list[tuple[Length, ...]] = []
    for index, (when, length) in enumerate(terms):
        applies = True if when is None else when(row)
        if applies is None or applies:
            if isinstance(length, Agreed):
                found += [(length, *rest) for rest in _candidates(terms[index + 1 :], row)]
            else:
                found.append((length,))
        if applies:
            break
    return found


def _outcome(
    clock: CompiledClock,
    complaint: Complaint,
    start: Instant,
    stop: Instant | None,
    now: Instant,
    candidate: tuple[Length, ...],
    *,
    unknown: bool,
    doubts: Sequence[Instant],
) -> Timing:
    body = clock.body
    held: Sequence[Paused] = ()
    pauses: list[Pause] = []
    if body.pauses:
        held = paused(complaint, body.pauses, clock.calendar, stop, now)
        pauses = [(each.begin, each.end) for each in held]
    due, warn = _due(clock, complaint, start, candidate, pauses, stop if stop is not None else now)
    length = candidate[0]
    maybe_extended: Instant | None = None
    extension = body.extension if isinstance(body, Deadline) else None
    if extension is not None and due is not None:
        notice = complaint.row.get(extension.by, UNKNOWN)
        holds = _holds(clock, complaint, notice)
        if isinstance(notice, int) and notice <= due and holds:
            due = clock.calendar.due_at(start, extension.term, pauses)
            warn, length = None, extension.term
        elif notice is UNKNOWN or (isinstance(notice, int) and notice <= due and holds is None):
            maybe_extended = clock.calendar.due_at(start, extension.term, pauses)
    if due is None:
        # The clock is paused: an event can set it going again, or the pause's cap.
        capped = min((p.capped for p in held if p.end is None and p.capped), default=None)
        return Timing(
            Verdict.pending, Verdict.pending, start, None, stop, capped, pauses=tuple(held)
        )
    verdict = standing = Verdict.passed
    recheck: Instant | None = None
    cause: str | None = None
    doubtful = bool(doubts) and any(each <= due for each in doubts)
    if stop is not None:
        if stop > due:
            verdict = Verdict.unknown
            if not (doubtful or (maybe_extended is not None and stop <= maybe_extended)):
                verdict = Verdict.failed
                cause = _cause(clock, complaint, start, candidate, stop, due, pauses)
    elif doubtful and (unknown or isinstance(body, Cadence)):
        verdict = standing = Verdict.unknown
    elif now <= due:
        verdict = standing = Verdict.pending
        recheck = due + 1
    elif unknown:
        verdict = standing = Verdict.unknown
    elif maybe_extended is not None and now <= maybe_extended:
        # Once the longer term has passed as well, it matters no more whether the notice was good.
        verdict = standing = Verdict.unknown
        recheck = maybe_extended + 1
    else:
        verdict = standing = Verdict.failed
        cause = _cause(clock, complaint, start, candidate, now, due, pauses)
    operational: Instant | None = None
    if isinstance(body, Deadline) and body.operational is not None:
        operational = _operational(clock, complaint, body.operational, start, candidate, stop, now)
    return Timing(
        verdict,
        standing,
        start,
        due,
        stop,
        recheck,
        cause,
        warn,
        operational,
        length,
        tuple(held),
    )


def _due(
    clock: CompiledClock,
    complaint: Complaint,
    start: Instant,
    candidate: tuple[Length, ...],
    pauses: Sequence[Pause],
    until: Instant,
) -> tuple[Instant | None, Instant | None]:
    """Give the due and what to warn of; `None` while a running pause holds the clock."""
    length, *rest = candidate
    if isinstance(length, Term):
        return clock.calendar.due_at(start, length, pauses), None
    if isinstance(length, AnyOf):
        dues = [clock.calendar.due_at(start, term, pauses) for term in length.terms]
        known = [each for each in dues if each is not None]
        if len(known) < len(dues):
            return None, min(known, default=None)
        return max(known), min(known)
    due: Instant | None = None
    if rest:
        due, _ = _due(clock, complaint, start, tuple(rest), pauses, until)
    return _agreed(complaint, length.field, due, until), None


def _agreed(
    complaint: Complaint, name: str, base: Instant | None, until: Instant
) -> Instant | None:
    """Follow the dates agreed one after the other; one agreed when the due before it had passed is void."""
    told = complaint.changes.get(name)
    if told is None:
        value = complaint.row.get(name, UNKNOWN)
        return value if isinstance(value, int) else base
    due = base
    for change in told:
        if (
            change.at <= until
            and isinstance(change.value, int)
            and (due is None or change.at <= due)
        ):
            due = change.value
    return due


def _holds(clock: CompiledClock, complaint: Complaint, notice: Value) -> bool | None:
    """Tell whether an extending notice held what it has to, as the fields stood when it went out."""
    if clock.holding is None:
        return True
    if not isinstance(notice, int):
        return None
    return clock.holding({**complaint.row, **row_at(complaint, clock.tracked, notice)})


def _operational(
    clock: CompiledClock,
    complaint: Complaint,
    besides: Sequence[PauseRule],
    start: Instant,
    candidate: tuple[Length, ...],
    stop: Instant | None,
    now: Instant,
) -> Instant | None:
    rules = (*clock.body.pauses, *besides)
    held = paused(complaint, rules, clock.calendar, stop, now)
    pauses = [(each.begin, each.end) for each in held]
    due, _ = _due(clock, complaint, start, candidate, pauses, stop if stop is not None else now)
    return due


def _cause(
    clock: CompiledClock,
    complaint: Complaint,
    start: Instant,
    candidate: tuple[Length, ...],
    until: Instant,
    due: Instant,
    pauses: Sequence[Pause],
) -> str | None:
    """Tell a deadline that was past already when the complaint came to have it from plain lateness.

    Such a one was met, or could still be met, by what held until the complaint was classified anew.
    """
    as_of = clock.body.as_of if isinstance(clock.body, Deadline) else "stop"
    if as_of == "first" or not complaint.changes or not clock.tracked:
        return None
    end = NEVER if as_of == "last" else until + 1
    for at in reversed(moments(complaint, clock.tracked, start, end)):
        before = {**complaint.row, **row_at(complaint, clock.tracked, at - 1)}
        spared = clock.when is not None and clock.when(before) is False
        others = _candidates(clock.terms, before)
        if spared or others != [candidate]:
            # Until then other terms held.
            met = min(until, at)
            earlier = [
                _due(clock, complaint, start, each, pauses, at)[0]
                for each in ([] if spared else others)
            ]
            late = any(each is not None and each < met for each in earlier)
            return LATE_CLASSIFICATION if due < at and not late else None
    return None
