"""Build rules from a pack's plain content: names, types and parameters are checked here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from typing import Any as Json

from ombud.model.facts import STAGES
from ombud.model.instant import instant
from ombud.model.term import HOURLY, OPEN_DAYS, Term, Unit
from policies.expression import All, Any, Compare, Not, Operator, Present, Type, normal_form
from policies.measure import OPEN, Changed, Measure, Per, Recurrence, Repeat, Share
from policies.rule import (
    DEFAULT_CAP,
    Agreed,
    AnyOf,
    Cadence,
    Clause,
    Deadline,
    Extension,
    Guard,
    Integrity,
    Invariant,
    PauseRule,
    Rule,
    RuleSource,
)
from policies.vocabulary import Fault, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policies.expression import Constant, Expression
    from policies.rule import Body, Length, Terms
    from policies.vocabulary import Field, ParamValue, Path

#: Whom a complaint may wait for.
WAITING: Final = ("complainant", "third_party")
_OPERATORS: Final = {
    "in": Operator.one_of,
    "not": Operator.equals_not,
    "at_least": Operator.at_least,
    "at_most": Operator.at_most,
    "same_as": Operator.same_as,
    "differs_from": Operator.differs_from,
    "not_after": Operator.not_after,
    "after": Operator.after,
}
_MEASURING: Final = {Operator.at_least, Operator.at_most}
_BETWEEN_FIELDS: Final = {
    Operator.same_as,
    Operator.differs_from,
    Operator.not_after,
    Operator.after,
}
_UNITS: Final = tuple(unit.value for unit in Unit)
#: The track of whatever no other track takes.
OTHERWISE: Final = "otherwise"
#: Stands where nothing could be built, while the other faults are looked for.
_NOTHING: Final = All(())


@dataclass(slots=True)
class Builder:
    """Build rules by one vocabulary and one set of parameters, and collect what is wrong with them.

    The shape of the content has been checked before (`policies.wire`).

    Attributes:
        vocabulary: the pack's fields.
        milestones: every milestone a rule may name.
        params: parameter -> its value.
        tracks: the pack's tracks as written, in order.
        authority: whether a regulator's rules are built, which nobody may waive unless they say so.
        calendars: calendars a pack brings along.
        faults: what is wrong, as far as built.
        used: fields, milestones and parameters met so far.

    """

    vocabulary: Mapping[str, Field]
    milestones: frozenset[str]
    params: Mapping[str, ParamValue]
    tracks: Mapping[str, Json] = field(default_factory=dict)
    authority: bool = False
    faults: list[Fault] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    _tracks: dict[str, Expression] = field(default_factory=dict)
    _left: dict[frozenset[str], Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Build the tracks: each takes what none before it takes."""
        taken: list[Expression] = []
        for i, (name, told) in enumerate(self.tracks.items()):
            where: Path = ("tracks", name)
            if told == OTHERWISE:
                if i < len(self.tracks) - 1:
                    self._fault(where, "takes all, and hides the tracks after it", "Move it last")
                own: Expression = All(())
            else:
                own = self.expression(told, where)
            self._tracks[name] = normal_form(All((*taken, own)))
            if OTHERWISE in self.tracks.values():
                # The last takes all that is left, so these together take what those before them leave.
                self._left[frozenset(list(self.tracks)[i:])] = normal_form(All(tuple(taken)))
            taken.append(_opposite(own))

    def rule(self, data: Mapping[str, Json], where: Path) -> Rule:
        """Build one rule."""
        kind = next(each for each in _BODIES if each in data)
        told, at = data[kind], (*where, kind)
        own = self.expression(told["when"], (*at, "when")) if "when" in told else None
        when = self._applies(data.get("tracks"), own, where)
        body: Body = _BODIES[kind](self, told, when, at)
        return Rule(
            id=data["id"],
            title=data["title"],
            clauses=tuple(
                Clause(each["standard"], each["clause"]) for each in data.get("clauses", ())
            ),
            severity=data["severity"],
            mode=data.get("mode", "flag"),
            waivable=data.get("waivable", not self.authority),
            body=body,
            sources=tuple(
                RuleSource(
                    each["ref"],
                    each["status"],
                    self._day(each["verified"], (*where, "sources", i, "verified")),
                    each.get("url"),
                    each.get("note", ""),
                )
                for i, each in enumerate(data.get("sources", ()))
            ),
            tracks=tuple(data.get("tracks", ())),
            own_when=own,
        )

    def measure(self, data: Mapping[str, Json], where: Path) -> Measure:
        """Build one measure."""
        if data["cohort"] != OPEN:
            self._milestone(data["cohort"], (*where, "cohort"))
        made: Share | Repeat | Recurrence | Changed | Per
        if "share" in data:
            told, at = data["share"], (*where, "share")
            among = self.expression(told["among"], (*at, "among")) if "among" in told else None
            made = Share(self.expression(told["of"], (*at, "of")), among)
        elif "per" in data:
            self._type(data["per"], (*where, "per"))
            made = Per(data["per"])
        elif "changed" in data:
            told = data["changed"]
            self._type(told["field"], (*where, "changed", "field"))
            made = Changed(
                told["field"], self._milestone(told["after"], (*where, "changed", "after"))
            )
        else:
            kind = "repeat" if "repeat" in data else "recurrence"
            told = data[kind]
            for i, name in enumerate(told["same"]):
                self._type(name, (*where, kind, "same", i))
            of = Repeat if kind == "repeat" else Recurrence
            made = of(tuple(told["same"]), told["within_days"])
        return Measure(data["id"], data["title"], data["cohort"], made)

    def expression(self, data: Mapping[str, Json], where: Path) -> Expression:
        """Build a condition, in negation normal form."""
        return normal_form(self._tree(data, where))

    def _fault(self, where: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault(where, what, remedy))

    def _day(self, text: str, where: Path) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._fault(where, f'"{text}" is no day', "Write for instance 2026-01-31")
            return date.min

    def _applies(
        self, tracks: Sequence[str] | None, when: Expression | None, where: Path
    ) -> Expression | None:
        """Join the tracks a rule holds for with its own condition."""
        if tracks is None:
            return when
        chosen: list[Expression] = []
        for i, name in enumerate(tracks):
            if name in self._tracks:
                chosen.append(self._tracks[name])
            else:
                self._fault(
                    (*where, "tracks", i),
                    f'there is no track "{name}"',
                    nearest(name, self._tracks),
                )
        track = self._left.get(frozenset(tracks)) or normal_form(Any(tuple(chosen)))
        return track if when is None else normal_form(All((track, when)))

    def _stage(self, data: Mapping[str, Json], where: Path) -> str | None:
        entering = data.get("entering")
        if entering is not None and entering not in STAGES:
            self._fault(
                (*where, "entering"), f'"{entering}" is no stage', nearest(entering, STAGES)
            )
        return entering

    def _guard(self, data: Mapping[str, Json], when: Expression | None, where: Path) -> Guard:
        must = self.expression(data["must"], (*where, "must"))
        return Guard(self._stage(data, where), when, must)

    def _sequence(self, data: Mapping[str, Json], when: Expression | None, where: Path) -> Guard:
        """Build a guard: each milestone is reached, and none after the one that follows."""
        told = [
            self._milestone(name, (*where, "stages", i)) for i, name in enumerate(data["stages"])
        ]
        if len(set(told)) < len(told):
            self._fault((*where, "stages"), "names a milestone twice", "Remove one")
        parts: list[Expression] = [Present(name, Type.instant) for name in told]
        if data.get("ordered", False):
            parts += [
                Compare(one, Operator.not_after, (), next_, Type.instant)
                for one, next_ in pairwise(told)
            ]
        return Guard(self._stage(data, where), when, All(tuple(parts)))

    def _deadline(self, data: Mapping[str, Json], when: Expression | None, where: Path) -> Deadline:
        start = self._moment(data["from"], (*where, "from"))
        until = data["until"]
        listed = until if isinstance(until, list) else [until]
        stops = tuple(
            self._moment(name, (*where, "until", i) if until is listed else (*where, "until"))
            for i, name in enumerate(listed)
        )
        if start in stops:
            self._fault(
                (*where, "until"),
                "the clock starts and stops with the same milestone",
                "Name another one",
            )
        for stop in stops:
            if {start, stop} <= set(STAGES) and STAGES.index(stop) < STAGES.index(start):
                self._fault(
                    (*where, "until"),
                    f'the clock runs backwards: "{stop}" comes before "{start}"',
                    'Exchange "from" and "until"',
                )
        extension = None
        if "extension" in data:
            told, at = data["extension"], (*where, "extension")
            must = self.expression(told["must"], (*at, "must")) if "must" in told else None
            term = self._length(told["within"], (*at, "within"))
            extension = Extension(self._milestone(told["by"], (*at, "by")), term, must)
        operational = None
        if "operational" in data:
            at = (*where, "operational")
            operational = self._pauses(data["operational"], at)
        pauses = self._pauses(data, where)
        clock = data.get("clock", "regulatory")
        if self.authority and clock == "regulatory":
            for i, pause in enumerate(pauses):
                if pause.source is None:
                    self._fault(
                        (*where, "pauses", i),
                        "a regulator's clock stops only where a rule says so",
                        'Name the rule in "source", or make the clock operational',
                    )
        return Deadline(
            start=start,
            stops=stops,
            terms=self._terms(data["within"], (*where, "within")),
            when=when,
            as_of=data.get("as_of", "last"),
            clock=clock,
            calendar=data.get("calendar"),
            pauses=pauses,
            extension=extension,
            operational=operational,
        )

    def _cadence(self, data: Mapping[str, Json], when: Expression | None, where: Path) -> Cadence:
        return Cadence(
            start=self._moment(data.get("from", "received"), (*where, "from")),
            stop=self._milestone(data.get("until", "closed"), (*where, "until")),
            kinds=frozenset(data.get("kinds", ())),
            terms=self._terms(data["within"], (*where, "within")),
            when=when,
            calendar=data.get("calendar"),
            pauses=self._pauses(data, where),
        )

    def _invariant(
        self, data: Mapping[str, Json], when: Expression | None, where: Path
    ) -> Invariant:
        return Invariant(
            start=self._moment(data.get("from", "received"), (*where, "from")),
            stop=self._milestone(data["until"], (*where, "until")) if "until" in data else None,
            when=when,
            must=self.expression(data["must"], (*where, "must")),
            allow=self._length(data["allow"], (*where, "allow")) if "allow" in data else None,
            calendar=data.get("calendar"),
        )

    def _integrity(
        self, data: Mapping[str, Json], when: Expression | None, where: Path
    ) -> Integrity:
        for i, name in enumerate(data["fields"]):
            self._field(name, (*where, "fields", i))
        self._field(data["reason"], (*where, "reason"))
        if data["reason"] in data["fields"]:
            self._fault((*where, "reason"), "is watched itself", "Name another field")
        return Integrity(tuple(data["fields"]), data["reason"], when)

    def _field(self, name: str, where: Path) -> None:
        self.used.add(name)
        if name not in self.vocabulary:
            self._fault(where, f'"{name}" is no field', nearest(name, self.vocabulary))

    def _milestone(self, name: str, where: Path) -> str:
        self.used.add(name)
        if name not in self.milestones:
            self._fault(where, f'"{name}" is no milestone', nearest(name, self.milestones))
        return name

    def _moment(self, name: str, where: Path) -> str:
        """Take a milestone, or a field that holds an instant."""
        if name in self.vocabulary and self.vocabulary[name].type is Type.instant:
            self.used.add(name)
            return name
        return self._milestone(name, where)

    def _pauses(self, data: Mapping[str, Json], where: Path) -> tuple[PauseRule, ...]:
        found: list[PauseRule] = []
        for i, told in enumerate(data.get("pauses", ())):
            at = (*where, "pauses", i)
            if not isinstance(told, dict):
                told = {"waiting": told}  # noqa: PLW2901 (the short form of the same)
            cap = self._length(told["cap"], (*at, "cap")) if "cap" in told else DEFAULT_CAP
            source = told.get("source")
            if "stage" in told:
                if told["stage"] not in STAGES:
                    self._fault(
                        at, f'"{told["stage"]}" is no stage', nearest(told["stage"], STAGES)
                    )
                found.append(PauseRule("stage", told["stage"], cap, source))
            elif "while" in told:
                if self._type(told["while"], (*at, "while")) not in {Type.flag, None}:
                    self._fault((*at, "while"), f'"{told["while"]}" is no flag', "Name a flag")
                found.append(PauseRule("while", told["while"], cap, source))
            else:
                if told["waiting"] not in WAITING:
                    self._fault(
                        at,
                        f'nobody waits for "{told["waiting"]}"',
                        nearest(told["waiting"], WAITING),
                    )
                found.append(PauseRule("waiting", told["waiting"], cap, source))
        return tuple(found)

    def _terms(self, data: Sequence[Mapping[str, Json]], where: Path) -> Terms:
        terms = tuple(self._term(each, (*where, i)) for i, each in enumerate(data))
        for i, (when, _) in enumerate(terms):
            last = i == len(terms) - 1
            if last and when is not None:
                self._fault(
                    where,
                    "the list of terms ends with a condition, so that a complaint may have no term",
                    'Add a last term without "when"',
                )
            if not last and when is None:
                self._fault(
                    (*where, i),
                    "a term without a condition hides those after it",
                    "Move it to the end",
                )
        if terms and isinstance(terms[-1][1], Agreed):
            self._fault(
                (*where, len(terms) - 1),
                "where nothing is agreed there is no term",
                "Add a last term that holds without an agreement",
            )
        return terms

    def _term(self, data: Mapping[str, Json], where: Path) -> tuple[Expression | None, Length]:
        when = self.expression(data["when"], (*where, "when")) if "when" in data else None
        if "agreed" in data:
            name = data["agreed"]
            self.used.add(name)
            if name not in self.vocabulary or self.vocabulary[name].type is not Type.instant:
                self._fault(
                    (*where, "agreed"),
                    f'"{name}" is no field that holds an instant',
                    "Give it the type instant in the vocabulary",
                )
            return when, Agreed(name)
        if "any_of" in data:
            parts = [
                self._length(each, (*where, "any_of", i)) for i, each in enumerate(data["any_of"])
            ]
            return when, AnyOf(tuple(parts))
        return when, self._length(data, where)

    def _length(self, data: Mapping[str, Json], where: Path) -> Term:
        unit = next(Unit(name) for name in _UNITS if name in data)
        amount = self._value(data[unit.value], (*where, unit.value))
        at = (*where, unit.value)
        if (
            isinstance(amount, bool)
            or not isinstance(amount, int | float)
            or not 0 < amount <= 100_000
        ):
            if amount is not None:
                self._fault(at, "a term is a number above 0", "Write how many, for instance 2")
            return DEFAULT_CAP
        if unit not in HOURLY and amount != int(amount):
            words = unit.value.replace("_", " ")
            self._fault(at, f"{words} are whole", "Write a whole number, or use hours")
            return DEFAULT_CAP
        ends, roll = data.get("ends"), data.get("roll") == "next"
        counts = data.get("count_start_day", False)
        if unit in HOURLY and (ends is not None or roll or counts):
            self._fault(where, "hours have no days to count or to roll over", "Remove the options")
            return Term(amount, unit)
        if ends == "close" and unit not in OPEN_DAYS and not roll:
            self._fault(
                (*where, "ends"),
                "a calendar day may have no close of business",
                'Add "roll: next", or let it end with the day',
            )
            return Term(amount, unit)
        return Term(amount, unit, count_start_day=counts, ends=ends, roll=roll)

    def _tree(self, data: Mapping[str, Json], where: Path) -> Expression:
        if "present" in data:
            name = data["present"]
            type_ = self._type(name, (*where, "present"))
            return Present(name, type_) if type_ is not None else _NOTHING
        if "all" in data:
            return All(
                tuple(self._tree(part, (*where, "all", i)) for i, part in enumerate(data["all"]))
            )
        if "any" in data:
            return Any(
                tuple(self._tree(part, (*where, "any", i)) for i, part in enumerate(data["any"]))
            )
        if "not" in data:
            return Not(self._tree(data["not"], (*where, "not")))
        ((name, test),) = data.items()
        return self._comparison(name, test, (*where, name))

    def _type(self, name: str, where: Path) -> Type | None:
        self.used.add(name)
        if name in self.vocabulary:
            return self.vocabulary[name].type
        if name in self.milestones:
            return Type.instant
        self._fault(
            where,
            f'"{name}" is neither a field nor a milestone',
            nearest(name, {*self.vocabulary, *self.milestones}),
        )
        return None

    def _comparison(self, name: str, test: Json, where: Path) -> Expression:
        type_ = self._type(name, where)
        if type_ is None:
            return _NOTHING
        if not isinstance(test, dict) or "param" in test:
            value = self._constant(name, type_, self._value(test, where), where)
            return (
                Compare(name, Operator.equals, (value,), None, type_)
                if value is not None
                else _NOTHING
            )
        ((word, told),) = test.items()
        operator, at = _OPERATORS[word], (*where, word)
        if operator in _BETWEEN_FIELDS:
            other = self._type(told, at)
            if operator in {Operator.not_after, Operator.after} and not type_.numeric:
                self._fault(
                    at, f'"{name}" is no instant', "Compare instants, or numbers, with each other"
                )
            elif other is not None and (other is not type_ or told == name):
                self._fault(
                    at,
                    f'"{name}" ({type_}) can not be compared with "{told}" ({other})',
                    "Name another field of the same type",
                )
            return Compare(name, operator, (), told, type_)
        given = self._value(told, at)
        if operator is Operator.one_of:
            return self._one_of(name, type_, given, at)
        value = self._constant(name, type_, given, at)
        if value is None:
            return _NOTHING
        order: tuple[str, ...] = ()
        if operator in _MEASURING and not type_.numeric:
            known = self.vocabulary[name]
            if not known.ordered:
                self._fault(
                    at,
                    f'the values of "{name}" have no order',
                    'Use "in", or give the choice "ordered: true" and its values',
                )
                return _NOTHING
            order = known.values
        return Compare(name, operator, (value,), None, type_, order)

    def _one_of(self, name: str, type_: Type, given: Json, where: Path) -> Expression:
        if given is None:
            return _NOTHING
        if not isinstance(given, list):
            self._fault(where, '"in" asks for a list', "Write [one, another]")
            return _NOTHING
        values: list[Constant] = []
        for i, each in enumerate(given):
            value = self._constant(name, type_, self._value(each, (*where, i)), (*where, i))
            if value is not None:
                values.append(value)
        return (
            Compare(name, Operator.one_of, tuple(dict.fromkeys(values)), None, type_)
            if values
            else _NOTHING
        )

    def _value(self, told: Json, where: Path) -> Json:
        """Fill a parameter in; `None` where there is none of that name."""
        if not isinstance(told, dict):
            return told
        name = told["param"]
        self.used.add(f"param {name}")
        if name in self.params:
            return self.params[name]
        self._fault(
            (*where, "param"), f'there is no parameter "{name}"', nearest(name, self.params)
        )
        return None

    def _constant(self, name: str, type_: Type, told: Json, where: Path) -> Constant | None:
        """Check a constant against its field's type; `None` where it does not fit, which is then a fault."""
        if told is None:
            return None
        known = self.vocabulary[name].values if name in self.vocabulary else ()
        match type_:
            case Type.number if isinstance(told, int | float) and not isinstance(told, bool):
                return told
            case Type.number:
                self._fault(where, f'"{name}" is a number', "Write a number, without quotes")
            case Type.instant:
                return self._instant(name, told, where)
            case Type.flag if told is True or told == "yes":
                return "yes"
            case Type.flag if told is False or told == "no":
                return "no"
            case Type.flag:
                self._fault(where, f'"{name}" is a flag', 'Write "yes" or "no"')
            case _ if not isinstance(told, str) or not told:
                self._fault(
                    where, f'"{name}" is text', 'Put the value in quotes, for instance "yes"'
                )
            case _ if known and told not in known:
                self._fault(where, f'"{told}" is no value of "{name}"', nearest(told, known))
            case _:
                return told
        return None

    def _instant(self, name: str, told: Json, where: Path) -> int | None:
        try:
            return instant(datetime.fromisoformat(told))
        except (TypeError, ValueError):
            self._fault(
                where,
                f'"{name}" is an instant',
                "Write it with its zone, for instance 2026-01-31T12:00:00+00:00",
            )
            return None


def _opposite(tree: Expression) -> Expression:
    """Give what is true exactly where a condition of a track is not, over empty fields too.

    A comparison with an empty field holds where a rule asks whether it applies, and so does its complement;
    a complaint is on the first track that takes it, so the others ask for the field to be filled in.
    """
    match tree:
        case All(parts):
            return Any(tuple(_opposite(part) for part in parts))
        case Any(parts):
            return All(tuple(_opposite(part) for part in parts))
        case Compare():
            asked = [Present(tree.name, tree.type)]
            if tree.other is not None:
                asked.append(Present(tree.other, tree.type))
            return All((*asked, normal_form(Not(tree))))
        case _:
            return normal_form(Not(tree))


#: What builds each body.
_BODIES: Final[
    dict[str, Callable[[Builder, Mapping[str, Json], Expression | None, Path], Body]]
] = {
    "guard": Builder._guard,  # noqa: SLF001 (a table of its own methods)
    "sequence": Builder._sequence,  # noqa: SLF001
    "deadline": Builder._deadline,  # noqa: SLF001
    "cadence": Builder._cadence,  # noqa: SLF001
    "invariant": Builder._invariant,  # noqa: SLF001
    "integrity": Builder._integrity,  # noqa: SLF001
}
