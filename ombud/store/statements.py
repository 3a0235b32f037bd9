"""Statements that take and give plain tuples, compiled once for each kind of database.

They run on the driver's own cursor: settling one ticket takes some twenty of them, and what SQLAlchemy does
around each costs several times what the database does. What the kinds of database spell differently stands
here alone; everything else is SQLAlchemy's portable Core.
"""

from __future__ import annotations

import json
from contextlib import closing
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import any_, bindparam, func, select
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


class Statement:
    """Hold a statement with the names of its parameters, and its text for each kind of database."""

    def __init__(
        self, told: Executable | Callable[[str], Executable], names: Sequence[str]
    ) -> None:
        """Prepare.

        Args:
            told: the statement, or what gives it for a kind of database ("sqlite", "postgresql").
            names: its own bound parameters, in the order in which they stand in it.

        """
        self._told = told
        self._names = tuple(names)
        self._texts: dict[str, str] = {}

    def text(self, kind: str) -> str:
        """Give the statement's text for a kind of database."""
        held = self._texts.get(kind)
        if held is None:
            if kind not in _DIALECTS:
                raise StoreError(f"database {kind!r} is not known. Write sqlite:///ombud.db")
            told: Any = self._told(kind) if callable(self._told) else self._told
            compiled = told.compile(
                dialect=_DIALECTS[kind], column_keys=list(self._names) if told.is_insert else None
            )
            if tuple(compiled.positiontup) != self._names:
                raise ValueError(
                    f"parameters stand as {compiled.positiontup}, not as {self._names}"
                )
            self._texts[kind] = held = str(compiled)
        return held


class Query(Statement):
    """Ask, with values in the order of the names given; a list stands for `among`."""

    def all(self, db: Connection, *values: object) -> list[tuple[Any, ...]]:
        """Give every row."""
        kind = db.dialect.name
        with _cursor(db) as cursor:
            cursor.execute(self.text(kind), _placed(kind, values))
            return list(cursor.fetchall())

    def first(self, db: Connection, *values: object) -> tuple[Any, ...] | None:
        """Give the first row; `None` where there is none."""
        rows = self.all(db, *values)
        return rows[0] if rows else None

    def scalar(self, db: Connection, *values: object) -> Any:
        """Give the first row's first value; `None` where there is none."""
        row = self.first(db, *values)
        return None if row is None else row[0]


class Change(Statement):
    """Change rows, once for each tuple, in the order of the names given."""

    def rows(self, db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it for every tuple."""
        if not rows:
            return
        with _cursor(db) as cursor:
            cursor.executemany(self.text(db.dialect.name), rows)


def _cursor(db: Connection) -> closing[Any]:
    """Give a cursor of the driver's own, within the connection's transaction."""
    return closing(db.connection.cursor())


def among(kind: str, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Say that a column holds one of a list's texts, the list being one parameter."""
    if kind == "sqlite":
        each = func.json_each(bindparam(name)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(name))


def _placed(kind: str, values: Sequence[object]) -> Sequence[object]:
    if kind != "sqlite":
        return values
    return [json.dumps(value) if isinstance(value, list) else value for value in values]


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
        super().__init__(self._put, columns)
        self.columns = tuple(columns)
        self._table = table
        self._clash = clash
        self._only = only

    def _put(self, kind: str) -> Any:
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
