"""Read the examples that stand beside a pack, and judge them: what a rule is expected to say, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ombud.model.calendar import Calendar, parse_week
from ombud.model.event import Cause
from ombud.model.facts import STAGES, UNKNOWN, Complaint, Stay, Transition, Verdict
from ombud.model.instant import instant, iso
from policies.expression import Type
from policies.judge import Judge
from policies.load import files_of, load_pack
from policies.marked import MAXIMUM_BYTES, Unreadable, read
from policies.rule import Guard
from policies.shape import check_shape
from policies.timeline import REF, fold_events
from policies.vocabulary import PackError, Problem, nearest
from policies.wire import ExamplesOf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ombud.model.facts import Instant, Value
    from policies.judge import Judgement
    from policies.marked import Marked
    from policies.pack import Pack
    from policies.rule import Rule
    from policies.vocabulary import Field
    from policies.vocabulary import Path as Where

#: The desk of examples that name none: Monday to Friday, nine to five, no holidays.
_OFFICE: Final = {"zone": "Europe/Berlin", "week": {"mon-fri": ["09:00-17:00"]}}
_NAME: Final = "examples"


@dataclass(frozen=True)
class Example:
    """Hold a complaint and what a rule is expected to say of it.

    Attributes:
        rule: the rule's id.
        name: what it shows.
        expect: the verdict expected.
        complaint: the facts; fields and milestones that nobody names are empty.
        row: fields and milestones as written; empty where events are.
        as_of: when it is judged.
        due: when a deadline is due; `None` leaves it open.
        calendar: the desk's calendar.
        pack: the edition of the pack it is about.
        place: where it stands.

    """

    rule: str
    name: str
    expect: Verdict
    complaint: Complaint
    row: Mapping[str, Value]
    as_of: Instant
    due: Instant | None
    calendar: Calendar
    pack: Pack
    place: Problem

    @cached_property
    def names(self) -> frozenset[str]:
        """Give the fields and milestones that can be told of: all that the pack has words for."""
        return (
            frozenset(self.complaint.row) | self.pack.milestones | frozenset(self.pack.vocabulary)
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Tell what became of an example.

    Attributes:
        example: the example.
        verdict: what its rule said.
        due: when its deadline was due, as far as it has one.

    """

    example: Example
    verdict: Verdict
    due: Instant | None = None

    @property
    def ok(self) -> bool:
        """Tell whether verdict and due are those expected."""
        asked = self.example.due
        return self.verdict is self.example.expect and asked in {None, self.due}

    def __str__(self) -> str:
        example, place = self.example, self.example.place
        told = f"{place.file}:{place.line}:{place.column}: {example.rule}, {example.name}: "
        if self.verdict is not example.expect:
            return f"{told}expected {example.expect}, got {self.verdict}"
        if not self.ok:
            return f"{told}expected due {iso(example.due)}, got {iso(self.due)}"
        return f"{told}{self.verdict}"


def run_examples(source: str | Path) -> tuple[Outcome, ...]:
    """Judge every example beside a pack by its parameters' defaults; raises `PackError`."""
    found = []
    for example in read_examples(source):
        rule = next(rule for rule in example.pack.rules if rule.id == example.rule)
        found.append(judge_example(rule, example))
    return tuple(found)


def judge_example(rule: Rule, example: Example) -> Outcome:
    """Say what a rule, the pack's own or one changed, makes of an example: its last judgement counts."""
    calendar = example.calendar
    named = getattr(rule.body, "calendar", None)
    judge = Judge(
        [rule],
        {name: calendar for name in (_NAME, named) if name is not None},
        calendar=_NAME,
        names=example.names | rule.names,
        stages=frozenset(STAGES),
    )
    judged = _last(judge.judge(_entered(rule, example), example.as_of))
    if judged is None:
        return Outcome(example, Verdict.not_applicable)
    return Outcome(example, judged.verdict, judged.due)


def _last(judged: Sequence[Judgement]) -> Judgement | None:
    return max(judged, key=lambda each: each.entered or 0, default=None)


def _entered(rule: Rule, example: Example) -> Complaint:
    """Let a complaint that is told as a row enter the stage its guard is about."""
    complaint = example.complaint
    if complaint.last_event is not None or not isinstance(rule.body, Guard):
        return complaint
    stage = rule.body.entering
    if stage is None:
        return complaint
    entering = Transition(
        event="row",
        change="row",
        ref=REF,
        leaving=None,
        entering=stage,
        from_status=None,
        to_status=stage,
        at=example.as_of,
        actor=None,
        cause=Cause.person,
        row=complaint.row,
        until=None,
        stay=None,
    )
    return _row_complaint(complaint.row, complaint.waits, (entering,))


def _row_complaint(
    row: Mapping[str, Value], waits: tuple[Stay, ...], transitions: tuple[Transition, ...] = ()
) -> Complaint:
    return Complaint(
        case=_NAME,
        refs=(REF,),
        lead=REF,
        row=row,
        evidence={},
        transitions=transitions,
        waits=waits,
        stage=transitions[0].entering if transitions else UNKNOWN,
        status=None,
        last_event=None,
    )


def read_examples(source: str | Path) -> list[Example]:
    """Read the examples in `tests/` beside a pack and beside those below it; raises `PackError`."""
    pack = load_pack(source)
    found: list[Example] = []
    problems: list[Problem] = []
    for folder in dict.fromkeys(file.path.parent for file in files_of(source)):
        for path in sorted(folder.glob("tests/*.yaml")):
            try:
                found.extend(_Reading(pack, _examples_file(path)).examples())
            except PackError as error:
                problems.extend(error.problems)
    if problems:
        raise PackError(problems)
    return found


def _examples_file(path: Path) -> Marked:
    with path.open("rb") as handle:
        text = handle.read(MAXIMUM_BYTES + 1)
    try:
        file = read(text, path)
    except Unreadable as error:
        raise PackError([error.problem]) from error
    check_shape(file, ExamplesOf)
    return file


@dataclass(slots=True)
class _Reading:
    """Read one file of examples by a pack's words, and collect what is wrong with it."""

    pack: Pack
    file: Marked
    problems: list[Problem] = field(default_factory=list)

    def examples(self) -> list[Example]:
        """Give the examples; raises `PackError` with every problem of the file."""
        content = self.file.content
        calendar = self._calendar(content.get("calendar", _OFFICE))
        rules = {rule.id: rule for rule in self.pack.rules}
        found: list[Example] = []
        for i, told in enumerate(content["examples"]):
            where: Where = (_NAME, i)
            rule = rules.get(told["rule"])
            if rule is None:
                self._tell(
                    (*where, "rule"),
                    f'there is no rule "{told["rule"]}"',
                    nearest(told["rule"], rules),
                )
                continue
            found.append(self._example(rule, told, where, calendar))
        if self.problems:
            raise PackError(self.problems)
        return found

    def _example(
        self, rule: Rule, told: Mapping[str, Any], where: Where, calendar: Calendar
    ) -> Example:
        row: dict[str, Value] = {}
        if "events" in told:
            complaint, last = self._folded(told, where, calendar)
        else:
            row = self._row(rule, told, where)
            complaint = _row_complaint(row, self._waits(told, where))
            last = max((value for value in row.values() if isinstance(value, int)), default=0)
        return Example(
            rule=rule.id,
            name=told["name"],
            expect=Verdict(told["expect"]),
            complaint=complaint,
            row=row,
            as_of=self._instant(told["as_of"], (*where, "as_of")) if "as_of" in told else last,
            due=self._instant(told["due"], (*where, "due")) if "due" in told else None,
            calendar=calendar,
            pack=self.pack,
            place=self.file.problem(where, "", ""),
        )

    def _folded(
        self, told: Mapping[str, Any], where: Where, calendar: Calendar
    ) -> tuple[Complaint, Instant]:
        """Fold an example's events; gives the facts, and when the last event was."""
        at: Where = (*where, "events")
        for key in ("row", "pauses"):
            if key in told:
                self._tell((*where, key), "is told by the events", f'Remove "{key}", or "events"')
        vocabulary, milestones = self.pack.vocabulary, self.pack.milestones
        times: list[Instant] = []
        for i, each in enumerate(told["events"]):
            times.append(self._instant(each["when"], (*at, i, "when")))
            if i and times[i] < times[i - 1]:
                self._tell(
                    (*at, i, "when"),
                    "comes before the event above it: this clock runs backwards",
                    "Write the events in the order in which they happened",
                )
            for name, value in each.get("set", {}).items():
                if name not in milestones and name != "received_at":
                    self._known(name, (*at, i, "set", name))
                if name in vocabulary and value != "":
                    self._field(vocabulary[name], value, (*at, i, "set", name))
        for i, name in enumerate(told.get("unknown", ())):
            self._known(name, (*where, "unknown", i))
        complaint = fold_events(
            told["events"],
            told.get("unknown", ()),
            vocabulary,
            milestones,
            calendar.zone,
            times,
            lambda below, what, remedy: self._tell((*at, *below), what, remedy),
        )
        return complaint, max(times)

    def _known(self, name: str, where: Where) -> None:
        known = {*self.pack.vocabulary, *self.pack.milestones}
        if name not in known:
            self._tell(where, f'"{name}" is neither a field nor a milestone', nearest(name, known))

    def _waits(self, told: Mapping[str, Any], where: Where) -> tuple[Stay, ...]:
        return tuple(
            Stay(
                each["waiting"],
                self._instant(each["from"], (*where, "pauses", j, "from")),
                self._instant(each["until"], (*where, "pauses", j, "until"))
                if "until" in each
                else None,
            )
            for j, each in enumerate(told.get("pauses", ()))
        )

    def _tell(self, where: Where, what: str, remedy: str) -> None:
        self.problems.append(self.file.problem(where, what, remedy))

    def _calendar(self, told: Mapping[str, Any]) -> Calendar:
        try:
            return Calendar(
                name=_NAME,
                zone=told["zone"],
                week=parse_week(told["week"]),
                holidays=[date.fromisoformat(each) for each in told.get("holidays", ())],
                first_year=2024,
                last_year=2028,
            )
        except (ValueError, KeyError) as error:
            remedy = "Write zone, week and holidays as in ombud.toml"
            raise PackError(
                [self.file.problem(("calendar",), f"is no calendar: {error}", remedy)]
            ) from error

    def _row(self, rule: Rule, told: Mapping[str, Any], where: Where) -> dict[str, Value]:
        row: dict[str, Value] = dict.fromkeys({*self.pack.vocabulary, *self.pack.milestones})
        row |= dict.fromkeys(rule.names)
        vocabulary, milestones = self.pack.vocabulary, self.pack.milestones
        for name, value in told.get("row", {}).items():
            at = (*where, "row", name)
            self._known(name, at)
            if name in milestones:
                row[name] = self._instant(value, at)
            elif name in vocabulary:
                row[name] = self._field(vocabulary[name], value, at)
        for i, name in enumerate(told.get("unknown", ())):
            row[name] = UNKNOWN
            if name not in rule.names:
                self._tell(
                    (*where, "unknown", i),
                    f'the rule does not read "{name}"',
                    nearest(name, rule.names),
                )
        return row

    def _field(self, of: Field, value: Any, where: Where) -> Value:
        if of.type is Type.instant:
            return self._instant(value, where)
        if of.type is Type.flag and isinstance(value, bool):
            return "yes" if value else "no"
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if fits is not (of.type is Type.number) or (not fits and not isinstance(value, str)):
            self._tell(
                where,
                f"asks for {of.type.value}",
                "Write a number" if not fits else "Put it in quotes",
            )
        elif of.values and value not in of.values:
            self._tell(where, f'"{value}" is none of its values', nearest(str(value), of.values))
        return value  # type: ignore[no-any-return]  # a text or a number, or else a problem has been told

    def _instant(self, told: Any, where: Where) -> Instant:
        try:
            return instant(datetime.fromisoformat(str(told)))
        except ValueError:
            self._tell(
                where,
                f'"{told}" is no time with a zone',
                "Write for instance 2026-10-05T09:00:00+02:00",
            )
            return 0
