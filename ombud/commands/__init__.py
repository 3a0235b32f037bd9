"""Groups of commands, and what all commands share; `cli.py` puts them together."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Exit codes: findings, usage or configuration, helpdesk; 0 is fine.
FOUND, USAGE, HELPDESK = 1, 2, 3

out, err = terminal.consoles()


class Form(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"
    csv = "csv"


Format = Annotated[
    Form, typer.Option("--format", help="table for people, json and csv for programs.")
]


def print_completeness(said: Sequence[str]) -> None:
    """Print, beside what was counted, how complete the data are that it was counted of."""
    for line in said:
        out.print(terminal.plain(line), style="italic", soft_wrap=True)
