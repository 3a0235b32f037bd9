"""A table as it is exported: its columns, its rows as they come, and what has to be known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ombud.model.facts import Instant

#: What a cell may hold; of a list its texts are joined.
Cell = str | int | float | bool | None
#: Characters that draw nothing, break a line unseen, turn the reading direction, or are none.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffc\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
#: A text that begins with one of these is a formula to some spreadsheet.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 (Excel reads the wide forms too)
#: Rows that are written where nothing else is asked for.
MOST: Final = 1_000_000


class Kind(StrEnum):
    """Say what a column holds."""

    text = "text"
    number = "number"
    #: Microseconds since 1970, UTC.
    instant = "instant"
    #: A part of one.
    share = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """Name a column: for programs, for people, and by what it holds."""

    name: str
    label: str
    kind: Kind = Kind.text


@dataclass(frozen=True, slots=True)
class Table:
    """Hold a table for a file.

    Attributes:
        title: what it shows.
        columns: its columns.
        rows: its rows, read once and as they come; a cell is a value of its column's kind, or `None`.
        about: what has to be known of it, each with its name: filter, period, cohort, packs, cut-off,
            completeness, what was left out and why.
        total: how many rows there are; `None` where nobody counted them.
        most: rows that are written at most.
        made: when the file was asked for.

    """

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[object]]
    about: Sequence[tuple[str, str]] = ()
    total: int | None = None
    most: int = MOST
    made: Instant | None = None


@dataclass(slots=True)
class Written:
    """Count what was written of a table.

    Attributes:
        rows: rows that were written.
        cut: whether there are more.
        cells: texts that were shortened.

    """

    rows: int = 0
    cut: bool = False
    cells: int = 0
    _limit: int = field(default=0, repr=False)

    def taken(self, table: Table, most: int) -> Iterator[Sequence[object]]:
        """Give a table's rows, no more than so many; counts them."""
        self._limit = min(table.most, most)
        rows = iter(table.rows)
        try:
            for row in rows:
                if self.rows >= self._limit:
                    self.cut = True
                    return
                self.rows += 1
                yield row
        finally:
            # Whoever reads a database lets go of it.
            close = getattr(rows, "close", None)
            if close is not None:
                close()

    def about(self, table: Table) -> list[tuple[str, str]]:
        """Say what has to be known of a table, and what of it was written."""
        said = [*table.about, ("Rows", f"{self.rows:,}")]
        if self.cut:
            said.append(("Left out", self.left_out(table)))
        if self.cells:
            said.append(
                ("Shortened", f"{self.cells:,} texts, each ends with the word [cut] where it was cut")
            )  # fmt: skip
        return said

    def left_out(self, table: Table) -> str:
        """Say which rows are missing, and how to get them; "" where none are."""
        if not self.cut:
            return ""
        many = "more rows" if table.total is None else f"{table.total - self.rows:,} rows"
        return (
            f"{many} after the first {self.rows:,}: a file of this kind, or export_rows in ombud.toml, allows no "
            f"more than {self._limit:,}. Choose a shorter period, or a file for each helpdesk"
        )


def shown(text: str) -> str:
    """Write a text so that nothing in it is unseen: such characters become their number, as [U+202E]."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(
        lambda found: f"[U+{ord(found.group()):04X}]",
        text.replace("\r\n", "\n").replace("\r", "\n"),
    )


def harmless(text: str) -> str:
    """Write a text so that no spreadsheet takes it for a formula."""
    told = shown(text)
    return f"'{told}" if text.startswith(_FORMULA) or told.startswith(_FORMULA) else told


def value(cell: object) -> Cell:
    """Give what a cell holds as a plain value; what is no number is unknown."""
    if cell is None or isinstance(cell, (str, bool, int)):
        return cell
    if isinstance(cell, float):
        return cell if isfinite(cell) else None
    if isinstance(cell, (list, tuple, set, frozenset)):
        parts = sorted(map(str, cell)) if isinstance(cell, (set, frozenset)) else map(str, cell)
        return "; ".join(parts)
    return str(cell)
