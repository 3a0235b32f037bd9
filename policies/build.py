"""Build rules from a pack's plain content: names, types and parameters are checked here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from typing import Any as Json

from ombud.model.calendar import Term, Unit
from ombud.model.facts import STAGES
from ombud.model.instant import instant
from policies.expression import All, Any, Compare, Not, Operator, Present, Type, normal_form
from policies.rule import Clause, Deadline, Extension, Guard, Rule
from policies.vocabulary import Fault, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.expression import Constant, Expression
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
}
_MEASURING: Final = {Operator.at_least, Operator.at_most}
_UNITS: Final = tuple(unit.value for unit in Unit)
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
        faults: what is wrong, as far as built.
        used: fields, milestones and parameters met so far.

    """

    vocabulary: Mapping[str, Field]
    milestones: frozenset[str]
    params: Mapping[str, ParamValue]
    faults: list[Fault] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def rule(self, data: Mapping[str, Json], where: Path) -> Rule:
        """Build one rule."""
        body: Guard | Deadline
        if "guard" in data:
            body = self._guard(data["guard"], (*where, "guard"))
        else:
            body = self._deadline(data["deadline"], (*where, "deadline"))
        return Rule(
            id=data["id"],
            title=data["title"],
            clauses=tuple(
                Clause(each["standard"], each["clause"]) for each in data.get("clauses", ())
            ),
            severity=data["severity"],
            mode=data.get("mode", "flag"),
            waivable=data.get("waivable", True),
            body=body,
        )

    def expression(self, data: Mapping[str, Json], where: Path) -> Expression:
        """Build a condition, in negation normal form."""
        return normal_form(self._tree(data, where))

    def _fault(self, where: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault(where, what, remedy))

    def _guard(self, data: Mapping[str, Json], where: Path) -> Guard:
        entering = data.get("entering")
        if entering is not None and entering not in STAGES:
            self._fault(
                (*where, "entering"), f'"{entering}" is no stage', nearest(entering, STAGES)
            )
        return Guard(
            entering,
            self.expression(data["when"], (*where, "when")) if "when" in data else None,
            self.expression(data["must"], (*where, "must")),
        )

    def _deadline(self, data: Mapping[str, Json], where: Path) -> Deadline:
        start, stop = (
            self._milestone(data["from"], (*where, "from")),
            self._milestone(data["until"], (*where, "until")),
        )
        if start == stop:
            self._fault(
                (*where, "until"),
                "the clock starts and stops with the same milestone",
                "Name another one",
            )
        terms = tuple(
            self._term(each, (*where, "within", i)) for i, each in enumerate(data["within"])
        )
        for i, (when, _) in enumerate(terms):
            last = i == len(terms) - 1
            if last and when is not None:
                self._fault(
                    (*where, "within"),
                    "the list of terms ends with a condition, so that a complaint may have no term",
                    'Add a last term without "when"',
                )
            if not last and when is None:
                self._fault(
                    (*where, "within", i),
                    "a term without a condition hides those after it",
                    "Move it to the end",
                )
        for i, wait in enumerate(data.get("pauses", ())):
            if wait not in WAITING:
                self._fault(
                    (*where, "pauses", i), f'nobody waits for "{wait}"', nearest(wait, WAITING)
                )
        extension = None
        if "extension" in data:
            at = (*where, "extension")
            by = self._milestone(data["extension"]["by"], (*at, "by"))
            when, term = self._term(data["extension"]["within"], (*at, "within"))
            if when is not None:
                self._fault(
                    (*at, "within", "when"), "an extension has no condition", 'Remove "when"'
                )
            extension = Extension(by, term)
        return Deadline(
            start, stop, terms, data.get("calendar"), frozenset(data.get("pauses", ())), extension
        )

    def _milestone(self, name: str, where: Path) -> str:
        self.used.add(name)
        if name not in self.milestones:
            self._fault(where, f'"{name}" is no milestone', nearest(name, self.milestones))
        return name

    def _term(self, data: Mapping[str, Json], where: Path) -> tuple[Expression | None, Term]:
        unit = next(name for name in _UNITS if name in data)
        amount = self._value(data[unit], (*where, unit))
        when = self.expression(data["when"], (*where, "when")) if "when" in data else None
        if (
            isinstance(amount, bool)
            or not isinstance(amount, int | float)
            or not 0 < amount <= 100_000
        ):
            if amount is not None:
                self._fault(
                    (*where, unit), "a term is a number above 0", "Write how many, for instance 2"
                )
            amount = 1
        elif unit not in {"hours", "business_hours"} and amount != int(amount):
            self._fault(
                (*where, unit),
                f"{unit.replace('_', ' ')} are whole",
                "Write a whole number, or use hours",
            )
            amount = 1
        return when, Term(amount, Unit(unit))

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
        if operator in {Operator.same_as, Operator.differs_from}:
            other = self._type(told, at)
            if other is not None and (other is not type_ or told == name):
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
