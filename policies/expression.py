"""The tree of a condition: what a rule asks of the fields and milestones of a complaint.

A loaded tree is in negation normal form: `Not` has disappeared, `Present` and the comparisons carry the
negation. That is what lets a leaf over an empty field have one answer per context, negated or not: true
where a rule asks whether it applies (`when`), false where it asks what must hold (`must`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where a condition stands: it says whether a rule applies, or what must hold.
Context: TypeAlias = Literal["when", "must"]
#: What a condition may compare a field with.
Constant: TypeAlias = str | int | float


class Type(StrEnum):
    """Name the type of a canonical field; a flag is the text "yes" or "no", a milestone an instant."""

    text = "text"
    choice = "choice"
    person = "person"
    number = "number"
    instant = "instant"
    flag = "flag"

    @property
    def numeric(self) -> bool:
        """Tell whether values are numbers inside: numbers and instants (microseconds)."""
        return self is Type.number or self is Type.instant


class Operator(StrEnum):
    """Name a comparison; every one has its complement, so that negation needs no node."""

    equals = "is"
    equals_not = "is not"
    one_of = "in"
    none_of = "not in"
    at_least = "at least"
    below = "below"
    at_most = "at most"
    above = "above"
    same_as = "same as"
    differs_from = "differs from"
    not_after = "no later than"
    after = "later than"

    @property
    def complement(self) -> Operator:
        """Give the comparison that is true where this one is false."""
        return _COMPLEMENT[self]


_PAIRS: Final = (
    (Operator.equals, Operator.equals_not),
    (Operator.one_of, Operator.none_of),
    (Operator.at_least, Operator.below),
    (Operator.at_most, Operator.above),
    (Operator.same_as, Operator.differs_from),
    (Operator.not_after, Operator.after),
)
_COMPLEMENT: Final = dict(_PAIRS) | {b: a for a, b in _PAIRS}


@dataclass(frozen=True, slots=True)
class Present:
    """Ask whether a field is filled in, or a milestone reached; exact in both contexts.

    Attributes:
        name: canonical field or milestone.
        type: its type.
        negated: ask whether it is empty instead.

    """

    name: str
    type: Type = Type.text
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare a field with constants, or with another field of the same type.

    Attributes:
        name: canonical field or milestone.
        operator: how.
        values: the constants, one unless the operator is `one_of` or `none_of`; empty for fields.
        other: the other field, for `same_as`, `differs_from`, `not_after` and `after`.
        type: the field's type.
        order: every value of an ordered choice, lowest first, where the operator needs it.

    """

    name: str
    operator: Operator
    values: tuple[Constant, ...] = ()
    other: str | None = None
    type: Type = Type.text
    order: tuple[str, ...] = ()

    def ranks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Split an ordered choice's values into those that satisfy the comparison and those that do not."""
        at = self.order.index(str(self.values[0]))
        match self.operator:
            case Operator.at_least:
                return self.order[at:], self.order[:at]
            case Operator.below:
                return self.order[:at], self.order[at:]
            case Operator.at_most:
                return self.order[: at + 1], self.order[at + 1 :]
            case Operator.above:
                return self.order[at + 1 :], self.order[: at + 1]
            case _:
                raise ValueError(f"{self.operator} has no order")


@dataclass(frozen=True, slots=True)
class All:
    """Ask for every part; of no parts it is true."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Ask for at least one part; of no parts it is false."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Ask for the opposite; only before `normal_form`."""

    part: Expression


Expression: TypeAlias = Present | Compare | All | Any | Not


def normal_form(tree: Expression, *, negated: bool = False) -> Expression:
    """Push negations to the leaves; the result holds no `Not`, and no `All` directly inside an `All`."""
    match tree:
        case Not(part):
            return normal_form(part, negated=not negated)
        case Present():
            return replace(tree, negated=tree.negated is not negated)
        case Compare():
            return replace(tree, operator=tree.operator.complement) if negated else tree
        case All(parts) | Any(parts):
            kind = All if isinstance(tree, All) is not negated else Any
            flat: list[Expression] = []
            for part in parts:
                normal = normal_form(part, negated=negated)
                flat.extend(normal.parts if isinstance(normal, kind) else (normal,))
            return flat[0] if len(flat) == 1 else kind(tuple(flat))
        case _:
            assert_never(tree)


def lean(tree: Expression, context: Context) -> Expression:
    """Drop what can not change the answer of a tree in normal form, whatever is empty or unknown.

    A part that settles its whole takes its place, one that is settled goes, and so does one that asks for
    less than, or for more than, another beside it: of "A and (A or B)" A is left. In `must` a comparison asks
    for its field to be filled in anyway, so that asking for its presence beside it adds nothing.
    """
    if not isinstance(tree, All | Any):
        return tree
    kind, other = (All, Any) if isinstance(tree, All) else (Any, All)
    compared: set[str] = set()
    if kind is All and context == "must":
        compared = {part.name for part in tree.parts if isinstance(part, Compare)}
    parts: dict[Expression, None] = {}
    for part in tree.parts:
        if isinstance(part, Present) and not part.negated and part.name in compared:
            continue
        least = lean(part, context)
        parts.update(dict.fromkeys(least.parts if isinstance(least, kind) else (least,)))
    if other(()) in parts:
        return other(())
    kept = [
        part
        for part in parts
        if not (isinstance(part, other) and any(each in parts for each in part.parts))
    ]
    return kept[0] if len(kept) == 1 else kind(tuple(kept))


def leaves(tree: Expression) -> Iterator[Present | Compare]:
    """Give the leaves of a tree, left to right."""
    match tree:
        case Present() | Compare():
            yield tree
        case Not(part):
            yield from leaves(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            assert_never(tree)


def names(tree: Expression) -> frozenset[str]:
    """Give the canonical fields and milestones a tree reads."""
    return frozenset(
        name
        for leaf in leaves(tree)
        for name in (leaf.name, leaf.other if isinstance(leaf, Compare) else None)
        if name is not None
    )


def assume_empty(tree: Expression, empty: frozenset[str]) -> Expression:
    """Give a condition of `when` as it reads where the named fields are empty."""
    match tree:
        case Present(name, _, negated) if name in empty:
            return All(()) if negated else Any(())
        case Compare() if tree.name in empty or tree.other in empty:
            return All(())
        case All(parts) | Any(parts):
            return type(tree)(tuple(assume_empty(part, empty) for part in parts))
        case _:
            return tree
