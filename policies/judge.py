"""Judge the facts of one complaint: the one evaluator behind webhook, sweep, report and explanation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from ombud.model.calendar import Horizon
from ombud.model.facts import Verdict
from policies.deadline import BEYOND, CompiledClock, time_cadence, time_deadline
from policies.expression import assume_empty
from policies.lasting import CompiledIntegrity, CompiledInvariant, Lasting, hold, rewritings
from policies.row import compile_guard, compile_row
from policies.rule import Cadence, Deadline, Guard, Integrity, Invariant, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ombud.model.calendar import Calendar
    from ombud.model.event import Ref
    from ombud.model.facts import Complaint, Instant, Row
    from policies.deadline import Timing

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
        timing: how the clock stands, of a deadline or a cadence.

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
    timing: Timing | None = None


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
        self._clocks: list[CompiledClock] = []
        self._invariants: list[CompiledInvariant] = []
        self._integrities: list[CompiledIntegrity] = []
        tracked: set[str] = set()
        judged: list[Rule] = []
        for rule in rules:
            body = rule.body
            missing = sorted(rule.needs - names)
            unmapped = rule.names - rule.needs - names
            if unmapped and body.when is not None:
                body = replace(body, when=assume_empty(body.when, unmapped))
                if body.when is not None and compile_row(body.when, "when")({}) is False:
                    # None of its tracks takes anybody.
                    missing = sorted({*missing, *unmapped})
            if (
                isinstance(body, Guard)
                and body.entering is not None
                and body.entering not in stages
            ):
                missing.append(f"stage {body.entering}")
            if missing:
                gaps.append(Gap(rule, tuple(missing)))
                continue
            tracked |= rule.tracked
            judged.append(rule if body is rule.body else replace(rule, body=body))
            match body:
                case Guard():
                    compiled = _CompiledGuard(
                        rule,
                        compile_guard(body.when, body.must),
                        compile_row(body.must, "must"),
                    )
                    if body.entering is None:
                        self._conditions.append(compiled)
                    else:
                        self._guards.setdefault(body.entering, []).append(compiled)
                case Deadline() | Cadence():
                    of = calendars[body.calendar or calendar]
                    self._clocks.append(CompiledClock.of(rule, body, of))
                case Invariant():
                    of = calendars[body.calendar or calendar]
                    self._invariants.append(CompiledInvariant.of(rule, body, of))
                case Integrity():
                    self._integrities.append(CompiledIntegrity.of(rule, body))
        #: Names of which the rules need every value, not only the last.
        self.tracked = frozenset(tracked)
        #: Rules that are judged, as they are: tracks that nothing maps take nobody.
        self.rules = tuple(judged)
        #: Rules that are not judged, with what nothing maps.
        self.gaps = tuple(gaps)
        #: Digest over the tables of every calendar used.
        self.calendar_digest = calendars[calendar].digest

    def if_entered(
        self, complaint: Complaint, stage: str, occurrence: str, at: Instant
    ) -> list[Judgement]:
        """Judge what guards the entering of a stage, were it entered now with all that stands in the complaint.

        Args:
            complaint: the facts.
            stage: the stage.
            occurrence: what the entering is called that has not happened.
            at: when it would be.

        """
        row = complaint.row
        found: list[Judgement] = []
        for guard in self._guards.get(stage, ()):
            verdict = guard.verdict(row)
            standing = _holds(guard.must(row)) if verdict is Verdict.unknown else verdict
            found.append(
                Judgement(guard.rule, complaint.lead, occurrence, at, verdict, standing, row, row)
            )
        return found

    def judge(self, complaint: Complaint, now: Instant) -> list[Judgement]:
        """Judge every rule as of `now`, an instant no earlier than the complaint's last event."""
        found: list[Judgement] = []
        row = complaint.row
        guards = self._guards
        # A look-up in the enumeration costs more than the comparison.
        spared, passed, failed = Verdict.not_applicable, Verdict.passed, Verdict.failed
        for transition in complaint.transitions:
            for guard in guards.get(transition.entering, ()):
                ended = transition.stay
                verdict = guard.verdict(transition.row)
                standing: Verdict = verdict
                if verdict is not spared:
                    standing = _holds(guard.must(row))
                    if standing is not passed and ended is not None:
                        held = _holds(guard.must(ended))
                        standing = held if held is passed or standing is failed else standing
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
        for clock in self._clocks:
            time = time_deadline if isinstance(clock.body, Deadline) else time_cadence
            try:
                timed = time(clock, complaint, now)
            except Horizon:
                # No holidays are known so far away: nobody can tell when it is due.
                timed = BEYOND
            if timed is not None:
                found.append(_clock_judgement(clock, complaint, timed))
        for each in self._invariants:
            try:
                lasting = hold(each, complaint, now)
            except Horizon:
                lasting = Lasting(Verdict.unknown, Verdict.unknown, None, None, row, row)
            if lasting is not None:
                recheck = lasting.due + 1 if lasting.due is not None else None
                found.append(
                    Judgement(
                        each.rule,
                        complaint.refs[0],
                        STANDING_OCCURRENCE,
                        lasting.since,
                        lasting.verdict,
                        lasting.standing,
                        lasting.row,
                        lasting.now,
                        recheck=recheck,
                    )
                )
        for kept in self._integrities:
            found += [
                Judgement(
                    kept.rule,
                    complaint.refs[0],
                    each.change.event,
                    each.change.at,
                    each.verdict,
                    each.standing,
                    row,
                    row,
                )
                for each in rewritings(kept, complaint)
            ]
        return found


def _holds(told: bool | None) -> Verdict:  # noqa: FBT001 (a truth value is the argument)
    if told is None:
        return Verdict.unknown
    return Verdict.passed if told else Verdict.failed


def _clock_judgement(clock: CompiledClock, complaint: Complaint, timed: Timing) -> Judgement:
    shown = complaint.evidence.get(clock.body.start)
    return Judgement(
        clock.rule,
        complaint.refs[0],
        shown.event if shown is not None else STANDING_OCCURRENCE,
        timed.start,
        timed.verdict,
        timed.standing,
        complaint.row,
        complaint.row,
        timed.due,
        timed.stop,
        timed.recheck,
        timed,
    )
