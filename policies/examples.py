"""Read the examples that stand beside a pack: complaints told as rows or as histories, with the verdict expected."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from ombud.model.calendar import Calendar, parse_week
from ombud.model.event import Cause
from ombud.model.facts import STAGES, UNKNOWN, Complaint, Stay, Transition, Verdict
from ombud.model.instant import instant
from policies.example import CALENDARS, NAME, Example, Outcome, judge_example, laid_out
from policies.expression import Type
from policies.load import files_of, load_editions
from policies.marked import MAXIMUM_BYTES, Unreadable, read
from policies.rule import Guard
from policies.shape import check_shape
from policies.timeline import REF, fold_events
from policies.vocabulary import PackError, Problem, nearest
from policies.wire_example import ExamplesOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ombud.model.facts import Instant, Value
    from policies.marked import Marked
    from policies.pack import Pack
    from policies.rule import Rule
    from policies.vocabulary import Field
    from policies.vocabulary import Path as Where

#: The desk of examples that name none: Monday to Friday, nine to five, no holidays.
_OFFICE: Final = {"zone": "Europe/Berlin", "week": {"mon-fri": ["09:00-17:00"]}}
#: Years for which an example's calendar is laid out.
_FIRST_YEAR, _LAST_YEAR = 2010, 2040
#: Beside the examples, and none of them: mutants that make no difference, and why.
SURVIVORS: Final = "survivors.yaml"


def run_examples(source: str | Path) -> tuple[Outcome, ...]:
    """Judge every example beside a pack by its parameters' defaults; raises `PackError`."""
    found = []
    for example in read_examples(source):
        rule = next(rule for rule in example.pack.rules if rule.id == example.rule)
        found.append(judge_example(rule, example))
    return tuple(found)


def _entered(rule: Rule, row: Mapping[str, Value], at: Instant) -> tuple[Transition, ...]:
    """Let a complaint that is told as a row enter the stage its guard is about."""
    if not isinstance(rule.body, Guard) or rule.body.entering is None:
        return ()
    entering = Transition(
        event="row",
        change="row",
        ref=REF,
        leaving=None,
        entering=rule.body.entering,
        from_status=None,
        to_status=rule.body.entering,
        at=at,
        actor=None,
        cause=Cause.person,
        row=row,
        until=None,
        stay=None,
    )
    return (entering,)


def _row_complaint(
    row: Mapping[str, Value], waits: tuple[Stay, ...], transitions: tuple[Transition, ...]
) -> Complaint:
    return Complaint(
        case=NAME,
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
    return examples_beside(files_of(source), load_editions(source))


def examples_beside(files: Sequence[Marked], packs: Sequence[Pack]) -> list[Example]:
    """Read the examples beside the files of a pack that is loaded.

    Args:
        files: the pack's own file first, then those below it.
        packs: its editions.

    Raises:
        PackError: with every problem of every file.

    """
    editions = {pack.version: pack for pack in packs}
    newest = editions[files[0].content["version"]]
    found: list[Example] = []
    problems: list[Problem] = []
    for i, folder in enumerate(dict.fromkeys(file.path.parent for file in files)):
        for path in sorted(folder.glob("tests/*.yaml")):
            if path.name == SURVIVORS:
                continue
            try:
                file = _examples_file(path)
                asked = file.content.get("edition")
                # An overlay is laid over the newest edition alone.
                if asked is None or not i:
                    pack = newest if asked is None else _edition(editions, asked, file)
                    found.extend(_Reading(pack, file).examples())
            except PackError as error:
                problems.extend(error.problems)
    if problems:
        raise PackError(problems)
    return found


def _edition(editions: Mapping[str, Pack], asked: str, file: Marked) -> Pack:
    if asked not in editions:
        what = f'there is no edition "{asked}"'
        raise PackError([file.problem(("edition",), what, nearest(asked, editions))])
    return editions[asked]


def read_text(text: bytes, path: Path, pack: Pack) -> list[Example]:
    """Read examples that are not in a file yet, by one edition; raises `PackError`."""
    return _Reading(pack, _marked(text, path)).examples()


def _examples_file(path: Path) -> Marked:
    with path.open("rb") as handle:
        return _marked(handle.read(MAXIMUM_BYTES + 1), path)


def _marked(text: bytes, path: Path) -> Marked:
    try:
        file = read(text, path)
    except Unreadable as error:
        raise PackError([error.problem]) from error
    check_shape(file, ExamplesOf)
    return file


def _instants(pack: Pack) -> Iterator[str]:
    return (name for name, of in pack.vocabulary.items() if of.type is Type.instant)


def _is_day(of: Field, value: object) -> bool:
    """Tell a bare date: in a history the mapping reads it, by the field's end of the day."""
    try:
        return of.type is Type.instant and bool(date.fromisoformat(str(value)))
    except ValueError:
        return False


@dataclass(slots=True)
class _Reading:
    """Read one file of examples by a pack's words, and collect what is wrong with it."""

    pack: Pack
    file: Marked
    problems: list[Problem] = field(default_factory=list)

    def examples(self) -> list[Example]:
        """Give the examples; raises `PackError` with every problem of the file."""
        content = self.file.content
        calendar = self._calendar(content)
        rules = {rule.id: rule for rule in self.pack.rules}
        found: list[Example] = []
        for i, told in enumerate(content["examples"]):
            where: Where = (NAME, i)
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
        if told.get("events"):
            complaint, last = self._folded(told, where, calendar)
        else:
            row = self._row(rule, told, where)
            moments = {*self.pack.milestones, *_instants(self.pack)}
            last = max(
                (
                    value
                    for name, value in row.items()
                    if name in moments and isinstance(value, int)
                ),
                default=0,
            )
            complaint = _row_complaint(row, self._waits(told, where), _entered(rule, row, last))
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
            stage = each.get("stage", STAGES[0])
            if stage not in STAGES:
                self._tell((*at, i, "stage"), f'"{stage}" is no stage', nearest(stage, STAGES))
            for name, value in each.get("set", {}).items():
                if name not in milestones and name != "received_at":
                    self._known(name, (*at, i, "set", name))
                if name in vocabulary and value != "" and not _is_day(vocabulary[name], value):
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

    def _calendar(self, content: Mapping[str, Any]) -> Calendar:
        """Lay out the file's calendar; where it has none, the pack's own, or an office's."""
        own = self.pack.calendars.get(self.pack.calendar)
        if "calendar" not in content and own is not None:
            return laid_out(self.pack.calendar, own)
        told = content.get("calendar", _OFFICE)
        key = json.dumps(told, sort_keys=True)
        if key in CALENDARS:
            return CALENDARS[key]
        try:
            CALENDARS[key] = made = Calendar(
                name=NAME,
                zone=told["zone"],
                week=parse_week(told["week"]),
                holidays=[date.fromisoformat(each) for each in told.get("holidays", ())],
                first_year=_FIRST_YEAR,
                last_year=_LAST_YEAR,
            )
        except (ValueError, KeyError) as error:
            remedy = "Write zone, week and holidays as in ombud.toml"
            raise PackError(
                [self.file.problem(("calendar",), f"is no calendar: {error}", remedy)]
            ) from error
        return made

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
