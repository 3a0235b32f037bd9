"""The reading of a condition as SQL over the tables of facts: NULL logic, equal to the row reading.

Facts stand in one column each. Unknown is NULL, so that SQL's own three-valued logic is Kleene's; an
empty field is a value of its own, by type: `''` for texts, `EMPTY_INSTANT` and `EMPTY_NUMBER` below
every real one. Constants are bound, never written into the statement.
"""

from __future__ import annotations

from math import isfinite
from operator import eq, gt, le, ne
from typing import TYPE_CHECKING, Final, assert_never
from typing import Any as Json

from sqlalchemy import and_, case, false, literal_column, not_, or_, true
from sqlalchemy.types import String

from ombud.model.facts import UNKNOWN, Verdict
from policies.expression import All, Any, Compare, Not, Operator, Present, Type, lean, normal_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.sql.elements import ColumnElement

    from ombud.model.facts import Value
    from policies.expression import Constant, Context, Expression

    Column = Callable[[str], ColumnElement[Json]]

#: An empty instant: no complaint is that old.
EMPTY_INSTANT: Final = -1
#: An empty number.
EMPTY_NUMBER: Final = -1e300
EMPTY_TEXT: Final = ""


def encode(value: Value, type_: Type) -> str | int | float | None:
    """Give the column's value of a field's value; one that is not of the field's type is unknown."""
    if value is UNKNOWN:
        return None
    if type_ is Type.instant:
        if value is None:
            return EMPTY_INSTANT
        return value if isinstance(value, int) else None
    if type_ is Type.number:
        if value is None:
            return EMPTY_NUMBER
        return float(value) if isinstance(value, int | float) and isfinite(value) else None
    if value is None:
        return EMPTY_TEXT
    return value if isinstance(value, str) else None


def decode(stored: str | float | None, type_: Type) -> Value:
    """Give the field's value of a column's value."""
    if stored is None:
        return UNKNOWN
    return None if stored == empty_of(type_) else stored


def empty_of(type_: Type) -> str | int | float:
    """Give what stands in a column for an empty field of a type."""
    if type_ is Type.instant:
        return EMPTY_INSTANT
    return EMPTY_NUMBER if type_ is Type.number else EMPTY_TEXT


def compile_sql(tree: Expression, context: Context, column: Column) -> ColumnElement[bool]:
    """Turn a condition into an SQL expression, NULL where it is unknown.

    Args:
        tree: the condition; negations are pushed to its leaves first.
        context: `when` takes a comparison with an empty field for true, `must` for false.
        column: gives the column of a canonical field or milestone, encoded as `encode` does.

    """
    return _compile(lean(normal_form(tree), context), column, empty=context == "when")


def verdict_sql(when: Expression | None, must: Expression, column: Column) -> ColumnElement[str]:
    """Turn a guard into an SQL expression that gives its verdict as text.

    Where it is unknown whether the guard applies, it passes if `must` holds anyway, else it is unknown.
    Each condition is evaluated once a row.
    """
    passed, failed, unknown, spared = (
        _constant(each.value)
        for each in (Verdict.passed, Verdict.failed, Verdict.unknown, Verdict.not_applicable)
    )
    holds = compile_sql(must, "must", column)
    told = case({true(): passed, false(): failed}, value=holds, else_=unknown)
    if when is None:
        return told
    applies = compile_sql(when, "when", column)
    anyway = case((holds, passed), else_=unknown)
    return case({true(): told, false(): spared}, value=applies, else_=anyway)


def _constant(text: str) -> ColumnElement[str]:
    # The four verdicts are ours: written out, they cost nothing to bind.
    return literal_column(f"'{text}'", String())


def _compile(tree: Expression, column: Column, *, empty: bool) -> ColumnElement[bool]:
    match tree:
        case Present(name, type_, negated):
            blank = empty_of(type_)
            return column(name) == blank if negated else column(name) != blank
        case Compare():
            return _compare(tree, column, empty=empty)
        case All(parts):
            return and_(true(), *(_compile(part, column, empty=empty) for part in parts))
        case Any(parts):
            return or_(false(), *(_compile(part, column, empty=empty) for part in parts))
        case Not():
            raise ValueError("a condition in normal form holds no negation")
        case _:
            assert_never(tree)


def _compare(leaf: Compare, column: Column, *, empty: bool) -> ColumnElement[bool]:
    mine, blank, operator = column(leaf.name), empty_of(leaf.type), leaf.operator
    values: list[Constant] = list(leaf.values)
    if leaf.type is Type.number:
        # Bound as a whole number, one would make PostgreSQL take the list's empty number for one, too.
        values = [float(value) for value in values]
    match operator:
        case Operator.same_as | Operator.differs_from | Operator.not_after | Operator.after:
            other = column(leaf.other or "")
            told = _BETWEEN[operator](mine, other)
            if empty:
                return or_(told, mine == blank, other == blank)
            return and_(told, mine != blank, other != blank)
        case Operator.equals | Operator.one_of:
            return _among(mine, [*values, blank] if empty else values)
        case Operator.equals_not | Operator.none_of:
            return not_(_among(mine, values if empty else [*values, blank]))
        case _ if leaf.order:
            satisfying, others = (list(each) for each in leaf.ranks())
            (satisfying if empty else others).append(EMPTY_TEXT)
            # A value outside the order has no rank: NULL.
            return case((mine.in_(satisfying), true()), (mine.in_(others), false()))
        case Operator.at_least:
            told = mine >= values[0]
        case Operator.above:
            told = mine > values[0]
        case Operator.at_most:
            told = mine <= values[0]
        case Operator.below:
            told = mine < values[0]
        case _:
            assert_never(operator)
    # An empty value lies below every constant, which answers half of the cases already.
    if (operator in {Operator.at_most, Operator.below}) is empty:
        return told
    return or_(told, mine == blank) if empty else and_(told, mine != blank)


#: How two columns compare.
_BETWEEN: Final = {
    Operator.same_as: eq,
    Operator.differs_from: ne,
    Operator.not_after: le,
    Operator.after: gt,
}


def _among(mine: ColumnElement[Json], values: list[Constant]) -> ColumnElement[bool]:
    return mine == values[0] if len(values) == 1 else mine.in_(values)
