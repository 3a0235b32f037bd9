"""Groups of commands, and what all commands share; `cli.py` puts them together."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ombud import terminal

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
