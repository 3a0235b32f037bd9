"""Judge the facts of one complaint: the one evaluator behind webhook, sweep, report and explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ombud.model.facts import UNKNOWN, Verdict
from policies.row import compile_guard, compile_row
from policies.rule import Deadline, Guard, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ombud.model.calendar import Calendar, Term
    from ombud.model.event import Ref
    from ombud.model.facts import Complaint, Instant, Row

    Closure = Callable[[Row], bool | None]

#: Occurrence of a condition: it holds for the complaint as a whole, from its receipt on.
STANDING_OCCURRENCE = "-"


class Judgement(NamedTuple):
    """State how one rule stands for one complaint at one occurrence.

    Attributes:
        rule: the rule.
        ref: the ticket it is about.
        occurrence: a guard's entering event, a deadline's start event, `-` for a condition.
        entered: when that was; `None` for a condition.
        verdict: guard, at the entering; deadline and condition, as of the judgement.
        standing: guard, whether `must` holds now or held at the end of that stay; deadline, failed
            only while overdue and not stopped; condition, its verdict.
        due: a deadline's due instant, the extended one where the extension holds.
        stop: when a deadline was stopped.
        recheck: next instant at which the clock alone can change the verdict.
        row: the facts the verdict was judged on.
        now: the facts the standing was judged on.

    """

    rule: Rule
    ref: Ref
    occurrence: str
    entered: Instant | None
    verdict: Verdict
    standing: Verdict
    row: Row
    now: Row
    due: Instant | None = None
    stop: Instant | None = None
    recheck: Instant | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Tell that a rule is not judged because its data is not mapped.

    Attributes:
        rule: the rule.
        missing: canonical fields, milestones and stages that nothing maps.

    """

    rule: Rule
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _CompiledGuard:
    rule: Rule
    verdict: Callable[[Row], Verdict]
    must: Closure


@dataclass(frozen=True, slots=True)
class _CompiledDeadline:
    rule: Rule
    body: Deadline
    terms: tuple[tuple[Closure | None, Term], ...]
    calendar: Calendar


class Judge:
    """Judge complaints by one set of rules; build it once, use it for many."""

    def __init__(
        self,
        rules: Iterable[Rule],
        calendars: Mapping[str, Calendar],
        *,
        calendar: str,
        names: frozenset[str],
        stages: frozenset[str],
    ) -> None:
        """Compile the rules whose data is mapped.

        Args:
            rules: the pack's rules, parameters filled in.
            calendars: calendars by name.
            calendar: the binding's calendar, for rules that name none.
            names: canonical fields and milestones that the mapping can tell of.
            stages: stages that can be entered.

        """
        gaps: list[Gap] = []
        self._guards: dict[str, list[_CompiledGuard]] = {}
        self._conditions: list[_CompiledGuard] = []
        self._deadlines: list[_CompiledDeadline] = []
        for rule in rules:
            missing = sorted(rule.names - names)
            body = rule.body
            if (
                isinstance(body, Guard)
                and body.entering is not None
                and body.entering not in stages
            ):
                missing.append(f"stage {body.entering}")
            if missing:
                gaps.append(Gap(rule, tuple(missing)))
            elif isinstance(body, Guard):
                compiled = _CompiledGuard(
                    rule,
                    compile_guard(body.when, body.must),
                    compile_row(body.must, "must"),
                )
                if body.entering is None:
                    self._conditions.append(compiled)
                else:
                    self._guards.setdefault(body.entering, []).append(compiled)
            else:
                self._deadlines.append(
                    _CompiledDeadline(
                        rule,
                        body,
                        tuple(
                            (compile_row(when, "when") if when is not None else None, term)
                            for when, term in body.terms
                        ),
                        calendars[body.calendar or calendar],
                    )
                )
        #: Rules that are not judged, with what nothing maps.
        self.gaps = tuple(gaps)
        #: Digest over the tables of every calendar used.
        self.calendar_digest = calendars[calendar].digest

    def judge(self, complaint: Complaint, now: Instant) -> list[Judgement]:
        """Judge every rule as of `now`, an instant no earlier than the complaint's last event."""
        found: list[Judgement] = []
        row = complaint.row
        guards = self._guards
        for transition in complaint.transitions:
            for guard in guards.get(transition.entering, ()):
                ended = transition.stay
                verdict = guard.verdict(transition.row)
                standing: Verdict = verdict
                if verdict is not Verdict.not_applicable:
                    standing = _holds(guard.must(row))
                    if standing is not Verdict.passed and ended is not None:
                        held = _holds(guard.must(ended))
                        standing = (
                            held
                            if held is Verdict.passed or standing is Verdict.failed
                            else standing
                        )
                found.append(
                    Judgement(
                        guard.rule,
                        transition.ref,
                        transition.event,
                        transition.at,
                        verdict,
                        standing,
                        transition.row,
                        row,
                    )
                )
        for guard in self._conditions:
            verdict = guard.verdict(row)
            found.append(
                Judgement(
                    guard.rule,
                    complaint.refs[0],
                    STANDING_OCCURRENCE,
                    None,
                    verdict,
                    verdict,
                    row,
                    row,
                )
            )
        for deadline in self._deadlines:
            judged = _deadline_judgement(deadline, complaint, now)
            if judged is not None:
                found.append(judged)
        return found


def _holds(told: bool | None) -> Verdict:  # noqa: FBT001 (a truth value is the argument)
    if told is None:
        return Verdict.unknown
    return Verdict.passed if told else Verdict.failed


def _deadline_judgement(
    deadline: _CompiledDeadline, complaint: Complaint, now: Instant
) -> Judgement | None:
    """Judge one deadline as of `now`; `None` where its clock has not started."""
    body, row = deadline.body, complaint.row
    start = row.get(body.start, UNKNOWN)
    if start is None:
        return None
    shown = complaint.evidence.get(body.start)
    occurrence = shown.event if shown is not None else STANDING_OCCURRENCE
    if not isinstance(start, int):
        return Judgement(
            deadline.rule,
            complaint.refs[0],
            occurrence,
            None,
            Verdict.unknown,
            Verdict.unknown,
            row,
            row,
        )
    outcomes = [
        _outcome(deadline, complaint, start, term, now) for term in _candidates(deadline, row)
    ]
    first = outcomes[0]
    if any(each[:2] != first[:2] for each in outcomes[1:]):
        first = (
            Verdict.unknown,
            Verdict.unknown,
            None,
            first[3],
            min((e[4] for e in outcomes if e[4]), default=None),
        )
    verdict, standing, due, stop, recheck = first
    return Judgement(
        deadline.rule,
        complaint.refs[0],
        occurrence,
        start,
        verdict,
        standing,
        row,
        row,
        due,
        stop,
        recheck,
    )


def _candidates(deadline: _CompiledDeadline, row: Row) -> list[Term]:
    """Give the term that applies; every term that may, where a condition is unknown."""
    found: list[Term] = []
    for when, term in deadline.terms:
        applies = True if when is None else when(row)
        if applies is None or applies:
            found.append(term)
        if applies:
            break
    return found


_Outcome = tuple[Verdict, Verdict, "Instant | None", "Instant | None", "Instant | None"]


def _outcome(
    deadline: _CompiledDeadline, complaint: Complaint, start: Instant, term: Term, now: Instant
) -> _Outcome:
    body = deadline.body
    told = complaint.row.get(body.stop, UNKNOWN)
    stop = told if isinstance(told, int) else None
    pauses = pauses_of(complaint, body.pauses, stop)
    due = deadline.calendar.due_at(start, term, pauses)
    maybe_extended: Instant | None = None
    if body.extension is not None and due is not None:
        notice = complaint.row.get(body.extension.by, UNKNOWN)
        if isinstance(notice, int) and notice <= due:
            due = deadline.calendar.due_at(start, body.extension.term, pauses)
        elif notice is UNKNOWN:
            maybe_extended = deadline.calendar.due_at(start, body.extension.term, pauses)
    if due is None:
        # The clock is paused: only an event can set it going again.
        return (Verdict.pending, Verdict.pending, None, stop, None)
    doubt = complaint.doubts.get(body.stop)
    if stop is not None:
        if stop <= due:
            return (Verdict.passed, Verdict.passed, due, stop, None)
        late = (
            Verdict.unknown
            if _in_time(doubt, due) or _in_time(stop, maybe_extended)
            else Verdict.failed
        )
        return (late, Verdict.passed, due, stop, None)
    if told is UNKNOWN and _in_time(doubt, due):
        return (Verdict.unknown, Verdict.unknown, due, None, None)
    if now <= due:
        return (Verdict.pending, Verdict.pending, due, None, due + 1)
    if told is UNKNOWN or maybe_extended is not None:
        return (Verdict.unknown, Verdict.unknown, due, None, None)
    return (Verdict.failed, Verdict.failed, due, None, None)


def pauses_of(
    complaint: Complaint, listed: frozenset[str], stop: Instant | None
) -> Sequence[tuple[Instant, Instant | None]]:
    """Give the pauses a rule lists, cut at its stop: what comes after an answer heals nothing."""
    if not listed:
        return ()
    found: list[tuple[Instant, Instant | None]] = []
    for wait in complaint.waits:
        if wait.waiting not in listed or (stop is not None and wait.begin >= stop):
            continue
        end = wait.end
        if stop is not None and (end is None or end > stop):
            end = stop
        found.append((wait.begin, end))
    return found


def _in_time(at: Instant | None, due: Instant | None) -> bool:
    return at is not None and due is not None and at <= due
