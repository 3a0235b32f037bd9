"""An example beside a pack as a value: what a rule is expected to say of a complaint, and what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ombud.model.facts import STAGES, Verdict
from ombud.model.instant import iso
from policies.calendars import build_calendar
from policies.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Complaint, Instant, Value
    from policies.judge import Judgement
    from policies.pack import Pack, PackCalendar
    from policies.rule import Rule
    from policies.vocabulary import Problem

#: The calendar of the examples, whatever its name.
NAME: Final = "examples"
#: Calendars laid out already, by what is said of them.
CALENDARS: Final[dict[str, Calendar]] = {}


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
        judgement: the judgement; `None` where the rule found nothing to judge.

    """

    example: Example
    verdict: Verdict
    due: Instant | None = None
    judgement: Judgement | None = None

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


def judge_example(rule: Rule, example: Example) -> Outcome:
    """Say what a rule, the pack's own or one changed, makes of an example: its last judgement counts."""
    return next(iter(judge_examples(rule, [example])))


def judge_examples(rule: Rule, examples: Iterable[Example]) -> Iterator[Outcome]:
    """Say what a rule makes of several examples; where they share a calendar it is compiled once."""
    judges: dict[int, Judge] = {}
    for example in examples:
        judge = judges.get(id(example.calendar))
        if judge is None:
            judges[id(example.calendar)] = judge = _judge_of(rule, example)
        judged = max(
            judge.judge(example.complaint, example.as_of),
            key=lambda each: each.entered or 0,
            default=None,
        )
        if judged is None:
            yield Outcome(example, Verdict.not_applicable)
        else:
            yield Outcome(example, judged.verdict, judged.due, judged)


def _judge_of(rule: Rule, example: Example) -> Judge:
    """Compile a rule; the calendar of the examples stands for the pack's usual one, not for its others."""
    calendars = {NAME: example.calendar}
    named = getattr(rule.body, "calendar", None)
    if named is not None:
        pack = example.pack
        other = named in pack.calendars and named != pack.calendar
        calendars[named] = laid_out(named, pack.calendars[named]) if other else example.calendar
    return Judge(
        [rule],
        calendars,
        calendar=NAME,
        names=example.names | rule.names,
        stages=frozenset(STAGES),
    )


def laid_out(name: str, told: PackCalendar) -> Calendar:
    """Lay out a calendar that a pack brings along, once."""
    key = json.dumps(
        [name, told.zone, told.week, told.country, told.subdivision, told.own], default=dict
    )
    held = CALENDARS.get(key)
    if held is None:
        CALENDARS[key] = held = build_calendar(name, told)
    return held
