"""The words a pack may use: fields with their types, parameters, and what is wrong with a use of them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from policies.expression import Type

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What a parameter may hold.
ParamValue: TypeAlias = "str | int | float | list[str]"
#: Keys and list indices from the top of a file down to a value.
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """Describe a canonical field.

    Attributes:
        type: what its values are.
        values: every value of a choice; empty leaves them to the mapping.
        ordered: whether the values stand from lowest to highest.
        label: its name for people.
        day_end: whether a date without a time means the end of its day; its start unless so.

    """

    type: Type = Type.text
    values: tuple[str, ...] = ()
    ordered: bool = False
    label: str = ""
    day_end: bool = False


@dataclass(frozen=True, slots=True)
class Param:
    """Describe a number or list that an organisation sets for itself.

    Attributes:
        default: used unless the binding says otherwise.
        minimum: the least a number may be.
        help: what it means, unit included.

    """

    default: ParamValue
    minimum: int | float | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Name one thing wrong in a pack's content.

    Attributes:
        where: path to it.
        what: what is wrong.
        remedy: what to do about it.

    """

    where: Path
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Name one thing wrong in a file, for people.

    Attributes:
        file: the file, as it was named.
        line: counted from 1; 0 where there is no line.
        column: counted from 1; 0 where there is none.
        where: path of keys.
        what: what is wrong.
        remedy: what to do about it.

    """

    file: str
    line: int
    column: int
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f" {self.where}:" if self.where else ""
        return f"{place}:{where} {self.what}. {self.remedy}."


class PackError(Exception):
    """Refuse a pack; `problems` holds all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems, in the order of the file."""
        self.problems = tuple(
            sorted(problems, key=lambda each: (each.file, each.line, each.column))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Suggest the known word nearest to a wrong one, or list those known."""
    words = sorted(known)
    near = difflib.get_close_matches(wrong, words, 1)
    if near:
        return f'Write "{near[0]}" if that is meant'
    shown = ", ".join(words[:40])
    return f"Known here: {shown or 'none'}"
