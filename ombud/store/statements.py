"""Statements that take plain tuples, compiled once for each kind of database.

What the kinds spell differently stands here alone; everything else is SQLAlchemy's portable Core.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql, sqlite

from ombud.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table
    from sqlalchemy.sql.base import Executable

    Only = Callable[[Any, Any], ColumnElement[bool]]

_INSERTS: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
#: Dialects whose parameters are told apart by their places.
_DIALECTS: Final[dict[str, Any]] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}


class Clash(Enum):
    """Say what becomes of a row whose key is there already."""

    refuse = "refuse"
    """The database refuses it: nothing is ever overwritten."""
    keep = "keep"
    """The row that is there stays."""
    replace = "replace"
    """The new row takes its place."""


class Change:
    """Run a statement over tuples, in the order of the names given."""

    def __init__(self, statement: Executable | None, names: Sequence[str]) -> None:
        """Prepare; `names` are the statement's own bound parameters, in the order in which they stand in it."""
        self._told = statement
        self._names = tuple(names)
        self._texts: dict[str, str] = {}

    def rows(self, db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it for every tuple."""
        if rows:
            db.exec_driver_sql(self.text(db.dialect.name), list(rows))

    def text(self, kind: str) -> str:
        """Give the statement's text for a kind of database ("sqlite", "postgresql")."""
        held = self._texts.get(kind)
        if held is None:
            if kind not in _DIALECTS:
                raise StoreError(f"database {kind!r} is not known. Write sqlite:///ombud.db")
            told: Any = self._statement(kind)
            compiled = told.compile(
                dialect=_DIALECTS[kind], column_keys=list(self._names) if told.is_insert else None
            )
            if tuple(compiled.positiontup) != self._names:
                raise ValueError(
                    f"parameters stand as {compiled.positiontup}, not as {self._names}"
                )
            self._texts[kind] = held = str(compiled)
        return held

    def _statement(self, _: str) -> Any:
        return self._told


class Put(Change):
    """Insert rows, their columns in the table's order; a key that the database numbers is left out."""

    def __init__(self, table: Table, clash: Clash, *, only: Only | None = None) -> None:
        """Prepare for a table.

        Args:
            table: where to.
            clash: what becomes of a row whose key is there already.
            only: what must hold of the row that is there and of the new one for the new one to take its
                place; constants in it are literal.

        """
        columns = [c.name for c in table.c if not (c.primary_key and c.autoincrement is True)]
        super().__init__(None, columns)
        self.columns = tuple(columns)
        self._table = table
        self._clash = clash
        self._only = only

    def _statement(self, kind: str) -> Any:
        told = _INSERTS[kind](self._table)
        keys = [c.name for c in self._table.primary_key]
        if self._clash is Clash.refuse:
            return told
        if self._clash is Clash.keep:
            return told.on_conflict_do_nothing(index_elements=keys)
        return told.on_conflict_do_update(
            index_elements=keys,
            set_={name: told.excluded[name] for name in self.columns if name not in keys},
            where=None if self._only is None else self._only(self._table.c, told.excluded),
        )
