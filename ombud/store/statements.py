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

from sqlalchemy import any_, bindparam, column, func, literal_column, select, table
from sqlalchemy.dialects import postgresql, sqlite

from ombud.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table, TableClause
    from sqlalchemy.sql.base import Executable

    Only = Callable[[Any, Any], ColumnElement[bool]]

_INSERTS: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
#: Dialects whose parameters are told apart by their places.
_DIALECTS: Final[dict[str, Any]] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}
#: Fewer rows than this come one by one: copying takes three messages to the server more.
_MANY: Final = 40


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
                raise StoreError(
                    f"database {kind!r} is not known. Write sqlite:///ombud.db or postgresql://user@host/name"
                )
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
        text = self.text(db.dialect.name)
        with _cursor(db) as cursor:
            if len(rows) == 1:
                cursor.execute(text, rows[0])
            else:
                cursor.executemany(text, rows)


def _cursor(db: Connection) -> closing[Any]:
    """Give a cursor of the driver's own, within the connection's transaction."""
    return closing(db.connection.cursor())


def among(kind: str, of: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Say that a column holds one of a list's texts, the list being one parameter."""
    if kind == "sqlite":
        each = func.json_each(bindparam(name)).table_valued("value")
        return of.in_(select(each.c.value))
    return of == any_(bindparam(name))


def _placed(kind: str, values: Sequence[object]) -> Sequence[object]:
    if kind != "sqlite":
        return values
    return [json.dumps(value) if isinstance(value, list) else value for value in values]


class Put(Change):
    """Insert rows, their columns in the table's order; a key that the database numbers is left out.

    Many at once come to PostgreSQL by COPY: twice as fast as a statement a row, pipelined. Where a row may be there
    already, they go to a table of the connection's own first, and from there by one statement.
    """

    def __init__(self, into: Table, clash: Clash, *, only: Only | None = None) -> None:
        """Prepare for a table.

        Args:
            into: the table.
            clash: what becomes of a row whose key is there already.
            only: what must hold of the row that is there and of the new one for the new one to take its
                place; constants in it are literal.

        """
        columns = [c.name for c in into.c if not (c.primary_key and c.autoincrement is True)]
        super().__init__(self._put, columns)
        self.columns = tuple(columns)
        self._table = into
        self._clash = clash
        self._only = only
        self._places = [columns.index(c.name) for c in into.primary_key if c.name in columns]
        self._staged = Statement(self._from_staging, ())

    def rows(self, db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert every tuple."""
        if db.dialect.name == "postgresql" and len(rows) >= _MANY:
            self._copy(db, rows)
        else:
            super().rows(db, rows)

    def _copy(self, db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if self._clash is Clash.replace:
            # One statement changes a row once only: the last one stays, as it would one by one.
            rows = list(
                {tuple([row[place] for place in self._places]): row for row in rows}.values()
            )
        columns = ", ".join(f'"{name}"' for name in self.columns)
        with _cursor(db) as cursor:
            if self._clash is Clash.refuse:
                _copy_rows(cursor, self._table.name, columns, rows)
                return
            staging = self._staging.name
            cursor.execute(
                f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging} ON COMMIT DELETE ROWS"  # noqa: S608
                f" AS SELECT {columns} FROM {self._table.name} WITH NO DATA"
            )
            _copy_rows(cursor, staging, columns, rows)
            # Emptied at once: the transaction may bring more of them.
            cursor.execute(f"{self._staged.text('postgresql')}; DELETE FROM {staging}")  # noqa: S608

    @property
    def _staging(self) -> TableClause:
        return table(f"new_{self._table.name}", *(column(name) for name in self.columns))

    def _from_staging(self, kind: str) -> Any:
        told = _INSERTS[kind](self._table).from_select(self.columns, select(self._staging))
        return self._clashing(told)

    def _put(self, kind: str) -> Any:
        return self._clashing(_INSERTS[kind](self._table).inline())

    def _clashing(self, told: Any) -> Any:
        if self._clash is Clash.refuse:
            return told
        if self._clash is Clash.keep:
            # Whatever makes the row another's: its key, or what else must be there but once.
            return told.on_conflict_do_nothing()
        keys = [c.name for c in self._table.primary_key]
        return told.on_conflict_do_update(
            index_elements=keys,
            set_={name: told.excluded[name] for name in self.columns if name not in keys},
            where=None if self._only is None else self._only(self._table.c, told.excluded),
        )


class PutAtOnce(Put):
    """Insert many rows of texts and whole numbers, each told as a list, by one statement.

    Row by row SQLite lets other threads in after each one, and to come back costs as much as a hundred rows do.
    """

    def __init__(self, into: Table, clash: Clash) -> None:
        """Prepare for a table."""
        super().__init__(into, clash)
        self._all = Statement(self._listed, ("rows",))

    def rows(self, db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert every tuple."""
        if db.dialect.name != "sqlite" or len(rows) < 2:
            super().rows(db, rows)
            return
        with _cursor(db) as cursor:
            cursor.execute(self._all.text("sqlite"), (json.dumps(rows),))

    def _listed(self, kind: str) -> Any:
        each = func.json_each(bindparam("rows")).table_valued("value")
        values = [
            func.json_extract(each.c.value, literal_column(f"'$[{place}]'"))
            for place in range(len(self.columns))
        ]
        # Without a condition what follows would be read as a part of the join.
        told = select(*values).where(literal_column("1") == literal_column("1"))
        return self._clashing(_INSERTS[kind](self._table).from_select(self.columns, told))


def _copy_rows(cursor: Any, into: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {into} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
