"""The reading of a condition as a closure over one row of facts: three-valued, and fast.

A closure gives `True`, `False`, or `None` for unknown (Kleene). A name that the row does not carry is
unknown. Values are expected to be of their field's type; a number that is none compares as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from ombud.model.facts import UNKNOWN, Verdict
from policies.expression import All, Any, Compare, Expression, Not, Operator, Present, normal_form

if TYPE_CHECKING:
    from ombud.model.facts import Row
    from policies.expression import Constant, Context

    Closure: TypeAlias = Callable[[Row], bool | None]

# Every closure below reads `row[name]` inside `try`: a subscript is cheaper than a call of `get`, and a
# missing name is rare, because folding fills every mapped name in.


def compile_row(tree: Expression, context: Context) -> Closure:
    """Turn a condition into a closure over one row.

    Args:
        tree: the condition; negations are pushed to its leaves first.
        context: `when` takes a comparison with an empty field for true, `must` for false.

    """
    return _compile(normal_form(tree), empty=context == "when")


def compile_guard(when: Expression | None, must: Expression) -> Callable[[Row], Verdict]:
    """Turn a guard into a closure that gives pass, fail, unknown or not_applicable.

    Where it is unknown whether the guard applies, it passes if `must` holds anyway, else it is unknown.
    """
    holds = compile_row(must, "must")
    passed, failed, unknown, spared = (
        Verdict.passed,
        Verdict.failed,
        Verdict.unknown,
        Verdict.not_applicable,
    )
    if when is None:

        def always(row: Row) -> Verdict:
            told = holds(row)
            return passed if told else failed if told is False else unknown

        return always
    applies = compile_row(when, "when")

    def sometimes(row: Row) -> Verdict:
        applied = applies(row)
        if applied is False:
            return spared
        told = holds(row)
        if told:
            return passed
        return failed if applied and told is False else unknown

    return sometimes


def _compile(tree: Expression, *, empty: bool) -> Closure:
    match tree:
        case Present(name, _, negated):
            return _absent(name) if negated else _present(name)
        case Compare():
            return _compare(tree, empty=empty)
        case All(parts):
            plain = [part.name for part in parts if isinstance(part, Present) and not part.negated]
            if len(plain) == len(parts) > 1:
                return _all_present(plain)
            return _all([_compile(part, empty=empty) for part in parts])
        case Any(parts):
            return _any([_compile(part, empty=empty) for part in parts])
        case Not():
            raise ValueError("a condition in normal form holds no negation")
        case _:
            assert_never(tree)


def _present(name: str) -> Closure:
    def holds(row: Row) -> bool | None:
        try:
            value = row[name]
        except KeyError:
            return None
        return None if value is UNKNOWN else value is not None

    return holds


def _absent(name: str) -> Closure:
    def holds(row: Row) -> bool | None:
        try:
            value = row[name]
        except KeyError:
            return None
        return None if value is UNKNOWN else value is None

    return holds


def _all_present(names: Sequence[str]) -> Closure:
    def holds(row: Row) -> bool | None:
        told: bool | None = True
        for name in names:
            try:
                value = row[name]
            except KeyError:
                told = None
                continue
            if value is None:
                return False
            if value is UNKNOWN:
                told = None
        return told

    return holds


def _all(parts: Sequence[Closure]) -> Closure:
    if len(parts) == 2:
        first, second = parts

        def both(row: Row) -> bool | None:
            told = first(row)
            if told is False:
                return False
            also = second(row)
            return also if told else False if also is False else None

        return both

    def every(row: Row) -> bool | None:
        told: bool | None = True
        for part in parts:
            held = part(row)
            if held is False:
                return False
            if held is None:
                told = None
        return told

    return every


def _any(parts: Sequence[Closure]) -> Closure:
    def some(row: Row) -> bool | None:
        told: bool | None = False
        for part in parts:
            held = part(row)
            if held:
                return True
            if held is None:
                told = None
        return told

    return some


def _compare(leaf: Compare, *, empty: bool) -> Closure:
    operator = leaf.operator
    if operator in {Operator.same_as, Operator.differs_from}:
        return _fields(leaf.name, leaf.other or "", same=operator is Operator.same_as, empty=empty)
    if leaf.order:
        return _ranked(leaf, empty=empty)
    if leaf.type.numeric:
        return _measured(leaf, empty=empty)
    if operator is Operator.equals:
        return _equals(leaf.name, leaf.values[0], empty=empty)
    if operator is Operator.equals_not:
        return _equals_not(leaf.name, leaf.values[0], empty=empty)
    return _member(leaf.name, leaf.values, inside=operator is Operator.one_of, empty=empty)


def _equals(name: str, literal: Constant, *, empty: bool) -> Closure:
    def holds(row: Row) -> bool | None:
        try:
            value = row[name]
        except KeyError:
            return None
        if value is UNKNOWN:
            return None
        return empty if value is None else value == literal

    return holds


def _equals_not(name: str, literal: Constant, *, empty: bool) -> Closure:
    def holds(row: Row) -> bool | None:
        try:
            value = row[name]
        except KeyError:
            return None
        if value is UNKNOWN:
            return None
        return empty if value is None else value != literal

    return holds


def _member(name: str, literals: Sequence[Constant], *, inside: bool, empty: bool) -> Closure:
    members = frozenset(literals)
    outside = not inside

    def holds(row: Row) -> bool | None:
        try:
            value = row[name]
        except KeyError:
            return None
        if value is UNKNOWN:
            return None
        if value is None:
            return empty
        return inside if value in members else outside

    return holds


def _fields(name: str, other: str, *, same: bool, empty: bool) -> Closure:
    def holds(row: Row) -> bool | None:
        left, right = row.get(name, UNKNOWN), row.get(other, UNKNOWN)
        # One empty side settles it, whatever the other turns out to be.
        if left is None or right is None:
            return empty
        if left is UNKNOWN or right is UNKNOWN:
            return None
        return (left == right) is same

    return holds


def _ranked(leaf: Compare, *, empty: bool) -> Closure:
    name = leaf.name
    satisfying, others = leaf.ranks()
    # A value outside the order has no rank: whether it is high enough is unknown.
    ranks: dict[object, bool] = {None: empty}
    ranks.update(dict.fromkeys(satisfying, True))
    ranks.update(dict.fromkeys(others, False))

    def holds(row: Row) -> bool | None:
        return ranks.get(row.get(name, UNKNOWN))

    return holds


def _measured(leaf: Compare, *, empty: bool) -> Closure:
    name = leaf.name
    holds = _MEASURES[leaf.operator]
    values = [float(value) if isinstance(value, str) else value for value in leaf.values]

    def told(row: Row) -> bool | None:
        value = row.get(name, UNKNOWN)
        if value is None:
            return empty
        if not isinstance(value, int | float) or not isfinite(value):
            return None
        return holds(value, values)

    return told


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
