"""A condition that stands alone, in the words of a pack's rules: read from YAML, kept as JSON, asked of a row."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from policies.build import Builder
from policies.marked import Unreadable, read
from policies.pack import canonical
from policies.row import compile_row
from policies.shape import check_shape
from policies.vocabulary import PackError, Problem
from policies.wire_condition import ConditionOf

if TYPE_CHECKING:
    from collections.abc import Callable

    from ombud.model.facts import Row
    from policies.expression import Expression
    from policies.pack import Configured


def read_condition(text: str, pack: Configured, *, name: str = "--where") -> str:
    """Read a condition, and give it as canonical JSON.

    Args:
        text: YAML, as in `{severity: low}`.
        pack: whose fields, milestones and parameters it may name.
        name: what it is called where it is wrong.

    Raises:
        PackError: it is no condition, or names what the pack does not know.

    """
    try:
        file = read(f"where:\n{indent(text.strip(), '  ')}\n".encode(), Path(name))
    except Unreadable as error:
        raise PackError([error.problem]) from error
    check_shape(file, ConditionOf)
    _built(file.content["where"], pack, name)
    return canonical(file.content["where"])


def condition(told: str, pack: Configured) -> Callable[[Row], bool | None]:
    """Give a kept condition as a closure over a row: true, false, or `None` for what cannot be told.

    A comparison with an empty field is false: what is left blank excuses nothing. Raises `PackError` where the
    pack does not know its words any more.
    """
    return compile_row(_built(json.loads(told), pack, "waiver"), "must")


def _built(content: dict[str, object], pack: Configured, name: str) -> Expression:
    builder = Builder(pack.vocabulary, pack.milestones, pack.params)
    tree = builder.expression(content, ("where",))
    if builder.faults:
        raise PackError(
            Problem(name, 0, 0, ".".join(map(str, each.where)), each.what, each.remedy)
            for each in builder.faults
        )
    return tree
