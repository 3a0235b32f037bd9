"""Ask whether conditions can hold together: exact, over the few values that make a difference, and bounded.

A field's values that no condition tells apart are one value here: its constants, one other, and none at all.
Fields are filled in one by one, the rest unknown, and a way is left as soon as a condition can no longer come
out as wanted, whatever the rest may be.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from policies.expression import Compare, Expression, Type, leaves
from policies.row import compile_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ombud.model.facts import Row, Value
    from policies.expression import Context
    from policies.vocabulary import Field

    Closure = Callable[[Row], bool | None]

#: Steps after which the question is given up.
MOST_STEPS: Final = 20_000
_OTHER: Final = "some other value"


class TooMany(Exception):
    """Say that a question takes more steps than it may."""


class Question:
    """Collect conditions and how each should come out, and ask whether that can be."""

    def __init__(self, vocabulary: Mapping[str, Field]) -> None:
        """Take the pack's fields, whose values are the only ones a closed choice can have."""
        self.vocabulary = vocabulary
        self.asked: list[tuple[Closure, bool]] = []
        self.trees: list[Expression] = []

    def wants(self, tree: Expression | None, told: bool, context: Context = "must") -> Question:  # noqa: FBT001 (the answer wanted)
        """Add a condition: that it comes out true, or false; `None` is always true."""
        if tree is not None:
            self.asked.append((compile_row(tree, context), told))
            self.trees.append(tree)
        elif not told:
            self.asked.append((lambda _: True, False))
        return self

    def possible(self) -> bool:
        """Tell whether there is a complaint of which all comes out as wanted; raises `TooMany`."""
        domains = self._domains()
        order = sorted(domains, key=lambda name: len(domains[name]))
        steps = 0

        def search(row: dict[str, Value], at: int) -> bool:
            nonlocal steps
            steps += 1
            if steps > MOST_STEPS:
                raise TooMany
            open_ = False
            for closure, wanted in self.asked:
                told = closure(row)
                if told is None:
                    open_ = True
                elif told is not wanted:
                    return False
            if not open_:
                return True
            if at == len(order):
                return False
            for value in domains[order[at]]:
                row[order[at]] = value
                if search(row, at + 1):
                    return True
            del row[order[at]]
            return False

        return search({}, 0)

    def _domains(self) -> dict[str, list[Value]]:
        kinds: dict[str, Type] = {}
        constants: dict[str, list[str | int | float]] = {}
        beside: dict[str, set[str]] = {}
        ordered: dict[str, tuple[str, ...]] = {}
        for leaf in (each for tree in self.trees for each in leaves(tree)):
            kinds.setdefault(leaf.name, leaf.type)
            if isinstance(leaf, Compare):
                constants.setdefault(leaf.name, []).extend(leaf.values)
                if leaf.order:
                    ordered[leaf.name] = leaf.order
                if leaf.other is not None:
                    kinds.setdefault(leaf.other, leaf.type)
                    for one, other in ((leaf.name, leaf.other), (leaf.other, leaf.name)):
                        beside.setdefault(one, {one}).add(other)
        found: dict[str, list[Value]] = {}
        for name, kind in kinds.items():
            alike = _joined(name, beside)
            told = [each for one in sorted(alike) for each in constants.get(one, ())]
            if kind.numeric:
                numbers = sorted({each for each in told if not isinstance(each, str)})
                values: list[Value] = list(_numbers(numbers, len(alike)))
            elif name in ordered:
                values = list(ordered[name])
            else:
                values = list(self._texts(name, kind, told, len(alike)))
            found[name] = [*values, None]
        return found

    def _texts(
        self, name: str, kind: Type, told: Iterable[str | int | float], alike: int
    ) -> Iterable[str]:
        known: tuple[str, ...] = ("yes", "no") if kind is Type.flag else ()
        if name in self.vocabulary:
            known = self.vocabulary[name].values or known
        own = [str(each) for each in dict.fromkeys(told)]
        if known:
            # What no condition names is one value, as far as there is any; fields compared need as many as they are.
            spare = [each for each in known if each not in own]
            return [*(each for each in own if each in known), *spare[: max(1, alike)]]
        return [*own, *(f"{_OTHER} {i}" for i in range(alike))]


def _joined(name: str, beside: Mapping[str, set[str]]) -> set[str]:
    """Give the fields that are compared with one another, directly or not."""
    found, ahead = {name}, [name]
    while ahead:
        for other in beside.get(ahead.pop(), ()):
            if other not in found:
                found.add(other)
                ahead.append(other)
    return found


def _numbers(constants: Sequence[int | float], alike: int) -> Iterable[int | float]:
    """Give each constant, and between, below and above them as many numbers as can be told apart."""
    if not constants:
        return range(alike)
    step = alike + 1
    found: list[int | float] = [constants[0] - i for i in range(alike, 0, -1)]
    for low, high in pairwise(constants):
        found.append(low)
        found.extend(low + (high - low) * i / step for i in range(1, step))
    return [*found, constants[-1], *(constants[-1] + i for i in range(1, step))]
