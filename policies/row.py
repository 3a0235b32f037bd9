"""The reading of a condition as a closure over one row of facts: three-valued, and fast.

A closure gives `True`, `False`, or `None` for unknown (Kleene). A name that the row does not carry is
unknown. Values are expected to be of their field's type; a number that is none compares as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from operator import eq
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar, assert_never

from ombud.model.facts import UNKNOWN, Verdict
from policies.expression import (
    All,
    Any,
    Compare,
    Expression,
    Not,
    Operator,
    Present,
    lean,
    normal_form,
)

if TYPE_CHECKING:
    from ombud.model.facts import Row
    from policies.expression import Context

    Closure: TypeAlias = Callable[[Row], bool | None]

T = TypeVar("T")

# A call is most of what a leaf costs. So a closure gives its caller's own answers (truth values, or
# verdicts) without another around it that translates, and a comparison with texts is one look-up. Every
# closure reads `row[name]` inside `try`: a subscript is cheaper than a call of `get`, and a missing name is
# rare, because folding fills every mapped name in.


@dataclass(frozen=True, slots=True)
class _Answers(Generic[T]):
    """Hold what a closure gives for true, false and unknown, and for a comparison with an empty field."""

    yes: T
    no: T
    maybe: T
    blank: T

    def opposite(self) -> _Answers[T]:
        """Give the answers of the complementary comparison: an empty field has the same."""
        return _Answers(self.no, self.yes, self.maybe, self.blank)


_WHEN: Final[_Answers[bool | None]] = _Answers(yes=True, no=False, maybe=None, blank=True)
_MUST: Final[_Answers[bool | None]] = _Answers(yes=True, no=False, maybe=None, blank=False)
_VERDICT: Final = _Answers(
    yes=Verdict.passed, no=Verdict.failed, maybe=Verdict.unknown, blank=Verdict.failed
)


def compile_row(tree: Expression, context: Context) -> Closure:
    """Turn a condition into a closure over one row.

    Args:
        tree: the condition; negations are pushed to its leaves first.
        context: `when` takes a comparison with an empty field for true, `must` for false.

    """
    return _compiled(tree, context)


def compile_guard(when: Expression | None, must: Expression) -> Callable[[Row], Verdict]:
    """Turn a guard into a closure that gives pass, fail, unknown or not_applicable.

    Where it is unknown whether the guard applies, it passes if `must` holds anyway, else it is unknown.
    """
    holds = _closure(lean(normal_form(must), "must"), _MUST, _VERDICT)
    if when is None:
        return holds
    applies = _compiled(when, "when")
    passed, unknown, spared = Verdict.passed, Verdict.unknown, Verdict.not_applicable

    def judged(row: Row) -> Verdict:
        applied = applies(row)
        if applied:
            return holds(row)
        if applied is False:
            return spared
        return passed if holds(row) is passed else unknown

    return judged


def _compiled(tree: Expression, context: Context) -> Closure:
    logic = _WHEN if context == "when" else _MUST
    return _closure(lean(normal_form(tree), context), logic, logic)


def _closure(
    tree: Expression, logic: _Answers[bool | None], answers: _Answers[T]
) -> Callable[[Row], T]:
    """Compile a tree whose parts answer by `logic` and which itself gives `answers`."""
    match tree:
        case Present(name, _, negated):
            return _present(name, answers.opposite() if negated else answers)
        case Compare():
            return _compare(tree, answers)
        case All(parts) if parts and all(isinstance(p, Present) and not p.negated for p in parts):
            return _all_present([part.name for part in parts if isinstance(part, Present)], answers)
        case All(parts):
            return _all([_closure(part, logic, logic) for part in parts], answers)
        case Any(parts):
            return _any([_closure(part, logic, logic) for part in parts], answers)
        case Not():
            raise ValueError("a condition in normal form holds no negation")
        case _:
            assert_never(tree)


def _present(name: str, answers: _Answers[T]) -> Callable[[Row], T]:
    yes, no, maybe = answers.yes, answers.no, answers.maybe

    def holds(row: Row) -> T:
        try:
            value = row[name]
        except KeyError:
            return maybe
        if value is None:
            return no
        return maybe if value is UNKNOWN else yes

    return holds


def _all_present(names: Sequence[str], answers: _Answers[T]) -> Callable[[Row], T]:
    yes, no, maybe = answers.yes, answers.no, answers.maybe

    def holds(row: Row) -> T:
        told = yes
        try:
            for name in names:
                value = row[name]
                if value is None:
                    return no
                if value is UNKNOWN:
                    told = maybe
        except KeyError:
            return no if any(row.get(name, UNKNOWN) is None for name in names) else maybe
        return told

    return holds


def _all(parts: Sequence[Closure], answers: _Answers[T]) -> Callable[[Row], T]:
    yes, no, maybe = answers.yes, answers.no, answers.maybe
    if len(parts) == 2:
        first, second = parts

        def both(row: Row) -> T:
            told = first(row)
            if told is False:
                return no
            also = second(row)
            if also is False:
                return no
            return yes if told and also else maybe

        return both

    def every(row: Row) -> T:
        found = yes
        for part in parts:
            told = part(row)
            if told is False:
                return no
            if told is None:
                found = maybe
        return found

    return every


def _any(parts: Sequence[Closure], answers: _Answers[T]) -> Callable[[Row], T]:
    yes, no, maybe = answers.yes, answers.no, answers.maybe

    def some(row: Row) -> T:
        found = no
        for part in parts:
            told = part(row)
            if told:
                return yes
            if told is None:
                found = maybe
        return found

    return some


def _compare(leaf: Compare, answers: _Answers[T]) -> Callable[[Row], T]:
    operator, name = leaf.operator, leaf.name
    if leaf.other is not None:
        if operator in {Operator.differs_from, Operator.after}:
            answers = answers.opposite()
        ordered = operator in {Operator.not_after, Operator.after}
        return _fields(name, leaf.other, answers, no_later if ordered else eq)
    if leaf.order:
        satisfying, others = leaf.ranks()
        # A value outside the order has no rank: whether it is high enough is unknown.
        return _looked_up(name, satisfying, others, answers.maybe, answers)
    if leaf.type.numeric:
        return _measured(leaf, answers)
    if operator in {Operator.equals_not, Operator.none_of}:
        answers = answers.opposite()
    return _looked_up(name, leaf.values, (), answers.no, answers)


def _looked_up(
    name: str, yes: Iterable[object], no: Iterable[object], other: T, answers: _Answers[T]
) -> Callable[[Row], T]:
    table: dict[object, T] = {None: answers.blank, UNKNOWN: answers.maybe}
    table.update(dict.fromkeys(yes, answers.yes))
    table.update(dict.fromkeys(no, answers.no))
    look_up, maybe = table.get, answers.maybe

    def holds(row: Row) -> T:
        try:
            return look_up(row[name], other)
        except KeyError:
            return maybe

    return holds


def no_later(left: object, right: object) -> bool:
    """Tell whether one instant is no later than another; what is no number is not comparable."""
    return isinstance(left, int | float) and isinstance(right, int | float) and left <= right


def _fields(
    name: str, other: str, answers: _Answers[T], fits: Callable[[object, object], bool]
) -> Callable[[Row], T]:
    yes, no, maybe, blank = answers.yes, answers.no, answers.maybe, answers.blank

    def holds(row: Row) -> T:
        left, right = row.get(name, UNKNOWN), row.get(other, UNKNOWN)
        # One empty side settles it, whatever the other turns out to be.
        if left is None or right is None:
            return blank
        if left is UNKNOWN or right is UNKNOWN:
            return maybe
        return yes if fits(left, right) else no

    return holds


def _measured(leaf: Compare, answers: _Answers[T]) -> Callable[[Row], T]:
    name = leaf.name
    fits = _MEASURES[leaf.operator]
    values = [float(value) if isinstance(value, str) else value for value in leaf.values]
    yes, no, maybe, blank = answers.yes, answers.no, answers.maybe, answers.blank

    def holds(row: Row) -> T:
        value = row.get(name, UNKNOWN)
        if value is None:
            return blank
        if not isinstance(value, int | float) or not isfinite(value):
            return maybe
        return yes if fits(value, values) else no

    return holds


_MEASURES: Final[Mapping[Operator, Callable[[float, Sequence[float]], bool]]] = {
    Operator.equals: lambda value, known: value == known[0],
    Operator.equals_not: lambda value, known: value != known[0],
    Operator.one_of: lambda value, known: value in known,
    Operator.none_of: lambda value, known: value not in known,
    Operator.at_least: lambda value, known: value >= known[0],
    Operator.below: lambda value, known: value < known[0],
    Operator.at_most: lambda value, known: value <= known[0],
    Operator.above: lambda value, known: value > known[0],
}
