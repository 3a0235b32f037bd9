"""Look a pack over: rules without good and bad examples, words nothing uses; and run the examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from ombud.model.calendar import Calendar, parse_week
from ombud.model.event import Ref
from ombud.model.facts import STAGES, UNKNOWN, Complaint, Stay, Verdict
from ombud.model.instant import instant, iso
from policies.expression import Type
from policies.judge import Judge
from policies.load import files_of, load_pack
from policies.marked import MAXIMUM_BYTES, Unreadable, read
from policies.row import compile_guard
from policies.rule import Deadline, Guard
from policies.shape import check_shape
from policies.vocabulary import PackError, Problem, nearest
from policies.wire import ExamplesOf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ombud.model.facts import Instant, Value
    from policies.marked import Marked
    from policies.pack import Pack
    from policies.rule import Rule
    from policies.vocabulary import Field
    from policies.vocabulary import Path as Where

#: A longer sentence is read by nobody.
LONGEST_SENTENCE: Final = 280
#: The desk of examples that name none: Monday to Friday, nine to five, no holidays.
_OFFICE: Final = {"zone": "Europe/Berlin", "week": {"mon-fri": ["09:00-17:00"]}}
_NAME: Final = "examples"
_REF: Final = Ref(account="examples", vendor="file", id="1")


@dataclass(frozen=True, slots=True)
class Example:
    """Hold a complaint and what a rule is expected to say of it.

    Attributes:
        rule: the rule's id.
        name: what it shows.
        expect: the verdict expected.
        row: fields and milestones; those that the rule reads and nobody names are empty.
        waits: times in which the complaint waited for somebody.
        as_of: when it is judged; `None` means after all that happened.
        due: when a deadline is due; `None` leaves it open.
        calendar: the desk's calendar.
        place: where it stands.

    """

    rule: str
    name: str
    expect: Verdict
    row: Mapping[str, Value]
    waits: tuple[Stay, ...]
    as_of: Instant | None
    due: Instant | None
    calendar: Calendar
    place: Problem


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


def lint(source: str | Path) -> tuple[Problem, ...]:
    """Find what is wrong with a pack, given by name or path; nothing is raised but for a missing file."""
    try:
        pack, files = load_pack(source), files_of(source)
        examples = _examples(pack, files)
    except PackError as error:
        return error.problems
    problems: list[Problem] = []
    file = files[0]

    def tell(where: Where, what: str, remedy: str) -> None:
        problems.append(file.problem(where, what, remedy))

    expected: dict[str, set[Verdict]] = {rule.id: set() for rule in pack.rules}
    for example in examples:
        expected[example.rule].add(example.expect)
    index = {rule["id"]: i for i, rule in enumerate(file.content.get("rules", ()))}
    for rule in pack.rules:
        at: Where = ("rules", index[rule.id]) if rule.id in index else ()
        for verdict, kind in ((Verdict.passed, "good"), (Verdict.failed, "bad")):
            if verdict not in expected[rule.id]:
                remedy = f'Add one with "expect: {verdict}" to a file in tests/ beside the pack'
                tell(at, f"{rule.id} has no {kind} example", remedy)
        if not rule.clauses:
            tell(at, f"{rule.id} names no clause", 'Add "clauses" with standard and clause')
        length = len(rule.sentence(pack.vocabulary))
        if length > LONGEST_SENTENCE:
            what = f"{rule.id} takes a sentence of {length} characters"
            tell(at, what, f"Split it into rules of at most {LONGEST_SENTENCE}")
    for name in sorted(set(pack.vocabulary) - pack.used):
        tell(("vocabulary", name), f'no rule reads the field "{name}"', "Remove it, or add a rule")
    for name, param in sorted(pack.params.items()):
        if f"param {name}" not in pack.used:
            tell(("params", name), f'no rule uses the parameter "{name}"', "Remove it")
        if not param.help:
            tell(("params", name), f'the parameter "{name}" says nothing of itself', 'Add "help"')
    return tuple(problems)


def run_examples(source: str | Path) -> tuple[Outcome, ...]:
    """Judge every example beside a pack by its parameters' defaults; raises `PackError`."""
    pack = load_pack(source)
    rules = {rule.id: rule for rule in pack.rules}
    return tuple(
        _judged(rules[example.rule], example) for example in _examples(pack, files_of(source))
    )


def _examples(pack: Pack, files: Sequence[Marked]) -> list[Example]:
    """Read the examples in `tests/` beside a pack and beside those below it; raises `PackError`."""
    found: list[Example] = []
    problems: list[Problem] = []
    for folder in dict.fromkeys(file.path.parent for file in files):
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
            found.append(
                Example(
                    rule=rule.id,
                    name=told["name"],
                    expect=Verdict(told["expect"]),
                    row=self._row(rule, told, where),
                    waits=tuple(
                        Stay(
                            each["waiting"],
                            self._instant(each["from"], (*where, "pauses", j, "from")),
                            self._instant(each["until"], (*where, "pauses", j, "until"))
                            if "until" in each
                            else None,
                        )
                        for j, each in enumerate(told.get("pauses", ()))
                    ),
                    as_of=self._instant(told["as_of"], (*where, "as_of"))
                    if "as_of" in told
                    else None,
                    due=self._instant(told["due"], (*where, "due")) if "due" in told else None,
                    calendar=calendar,
                    place=self.file.problem(where, "", ""),
                )
            )
        if self.problems:
            raise PackError(self.problems)
        return found

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
        row: dict[str, Value] = dict.fromkeys(rule.names)
        vocabulary, milestones = self.pack.vocabulary, self.pack.milestones
        for name, value in told.get("row", {}).items():
            at = (*where, "row", name)
            if name in milestones:
                row[name] = self._instant(value, at)
            elif name in vocabulary:
                row[name] = self._field(vocabulary[name], value, at)
            else:
                self._tell(
                    at,
                    f'"{name}" is neither a field nor a milestone',
                    nearest(name, {*vocabulary, *milestones}),
                )
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


def _judged(rule: Rule, example: Example) -> Outcome:
    if isinstance(rule.body, Guard):
        return Outcome(example, compile_guard(rule.body.when, rule.body.must)(example.row))
    return _judged_deadline(rule, rule.body, example)


def _judged_deadline(rule: Rule, body: Deadline, example: Example) -> Outcome:
    judge = Judge(
        [rule],
        {name: example.calendar for name in (_NAME, body.calendar) if name is not None},
        calendar=_NAME,
        names=rule.names,
        stages=frozenset(STAGES),
    )
    complaint = Complaint(
        case=_NAME,
        refs=(_REF,),
        lead=_REF,
        row=example.row,
        evidence={},
        transitions=(),
        waits=example.waits,
        stage=UNKNOWN,
        status=None,
        last_event=None,
    )
    known = [value for value in example.row.values() if isinstance(value, int)]
    as_of = example.as_of if example.as_of is not None else max(known, default=0)
    judged = judge.judge(complaint, as_of)
    if not judged:
        return Outcome(example, Verdict.not_applicable)
    return Outcome(example, judged[0].verdict, judged[0].due)
