"""Facts as Parquet files beside the database, read by DuckDB: derived, rebuilt when stale, never migrated.

A set is a folder: `complaint.parquet` and `transition.parquet`, two wide tables, `dues/*.parquet`, one
table per rule that a clock judges, and `stamp.json`, which says what they were made of. A set is written
beside and moved into place whole, so that what is half written is never read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import column as sql_column
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import table as sql_table

from ombud.store.tables import event, ticket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Connection
    from sqlalchemy.sql.elements import ColumnElement

#: Layout of the files; another number makes every older set stale.
LAYOUT: Final = 2
COMPLAINT, TRANSITION = "complaint", "transition"
#: Rows held in memory before they are written.
BATCH: Final = 20_000
_STAMP: Final = "stamp.json"
_DUES: Final = "dues"
#: Fields and milestones have a column each, so that neither can be taken for a column of the table's own.
FIELD, MILESTONE = "f_", "m_"


def stored_digest(db: Connection) -> str:
    """Give a digest of what verdicts are folded from: it changes with every event, and with a ticket's case or scope."""
    told = hashlib.sha256()
    events = select(func.count(), func.max(event.c.known)).select_from(event)
    told.update(repr(tuple(db.execute(events).one())).encode())
    of = ticket.c
    tickets = select(
        of.account,
        of.ticket,
        of.kase,
        of.binding,
        of.decision,
        of.complete,
        of.gone,
        of.key,
        of.url,
    ).order_by(of.account, of.ticket)
    for row in db.execution_options(yield_per=1000).execute(tickets):
        told.update(repr(tuple(row)).encode())
    return told.hexdigest()


class TableWriter:
    """Write rows into one Parquet file, a batch at a time."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        """Begin a file; `columns` gives each one's type: text, number, instant or flag."""
        import pyarrow as pa  # type: ignore[import-untyped]
        from pyarrow import parquet

        types = {"text": pa.string(), "number": pa.float64(), "instant": pa.int64(), "flag": pa.bool_()}  # fmt: skip
        self._arrow = pa
        self.path = path
        self.schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = parquet.ParquetWriter(path, self.schema, compression="snappy")
        self._rows: list[Sequence[object]] = []
        self.count = 0

    def add(self, row: Sequence[object]) -> None:
        """Add a row, its values in the order of the columns."""
        self._rows.append(row)
        self.count += 1
        if len(self._rows) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        pa = self._arrow
        columns = zip(*self._rows, strict=True) if self._rows else ([] for _ in self.schema)
        arrays = [
            pa.array(values, of.type) for values, of in zip(columns, self.schema, strict=True)
        ]
        if self._rows:
            self._file.write_batch(pa.record_batch(arrays, schema=self.schema))
        self._rows = []

    def close(self) -> None:
        """Write what is left, and end the file."""
        self._flush()
        self._file.close()

    def __enter__(self) -> Self:
        """Give the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the file."""
        self.close()


class FactsFolder:
    """Know where a binding's facts stand, and whether they are those that are wanted."""

    def __init__(self, path: Path) -> None:
        """Name the folder; it need not exist."""
        self.path = path

    def fresh(self, stamp: Mapping[str, Any]) -> bool:
        """Tell whether the set was made of just this."""
        try:
            told = json.loads((self.path / _STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(told == {"layout": LAYOUT, **stamp})

    @contextmanager
    def rewritten(self, stamp: Mapping[str, Any]) -> Iterator[Path]:
        """Give a folder to write a new set into; it takes the place of the old one at the end, or not at all."""
        beside = self.path.with_name(self.path.name + ".new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            yield beside
            text = json.dumps({"layout": LAYOUT, **stamp}, indent=1)
            (beside / _STAMP).write_text(text + "\n", encoding="utf-8")
            shutil.rmtree(self.path, ignore_errors=True)
            beside.rename(self.path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def dues(self, name: str) -> Path:
        """Give the file of one rule's dues, there or not."""
        return self.path / _DUES / f"{name}.parquet"


class FactsReader:
    """Ask facts with DuckDB; everything is read from the files, nothing is kept."""

    def __init__(self, folder: FactsFolder, *, memory: str = "2GB") -> None:
        """Open a set."""
        import duckdb

        self.folder = folder
        self._db = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": memory,
                "temp_directory": str(folder.path / "spill"),
                # Nothing is fetched from anywhere.
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        # A bar of its own would be drawn among our results.
        self._db.execute("SET enable_progress_bar = false")
        for name in (COMPLAINT, TRANSITION):
            self.attach(name, folder.path / f"{name}.parquet")
        self.columns = frozenset(
            row[0] for row in self._db.execute(f"DESCRIBE {COMPLAINT}").fetchall()
        )

    def attach(self, name: str, path: Path) -> None:
        """Let a file be asked under a name."""
        self._db.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {self.source(path)}")  # noqa: S608 (names and path are ours)

    def dues(self, name: str) -> str:
        """Give one rule's dues as something to select from."""
        return self.source(self.folder.dues(name))

    @staticmethod
    def source(path: Path) -> str:
        """Give a file as something to select from."""
        told = str(path).replace("'", "''")
        return f"read_parquet('{told}')"

    def column(self, name: str) -> ColumnElement[Any]:
        """Give the column of a canonical field or milestone."""
        return sql_column(self.name_of(name))

    def name_of(self, name: str) -> str:
        """Give the name of that column; `KeyError` where the facts have none."""
        for prefix in (FIELD, MILESTONE):
            if prefix + name in self.columns:
                return prefix + name
        raise KeyError(f"the facts have no {name}")

    def select_of(
        self, table: str, columns: Sequence[str], labelled: Mapping[str, ColumnElement[Any]]
    ) -> tuple[str, list[object]]:
        """Write a SELECT of columns and labelled expressions as DuckDB's text and its bound values."""
        statement: Any = select(
            *(sql_column(name) for name in columns),
            *(expression.label(label) for label, expression in labelled.items()),
        ).select_from(sql_table(table))
        compiled = statement.compile(
            dialect=PGDialect(paramstyle="qmark"),  # type: ignore[no-untyped-call]
            compile_kwargs={"render_postcompile": True},
        )
        values = compiled.params
        return str(compiled), [values[name] for name in compiled.positiontup or ()]

    def ask(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run a statement, and give its rows as they come."""
        found = self._db.cursor().execute(sql, list(values))
        while rows := found.fetchmany(10_000):
            yield from rows

    def least(self, source: str, column: str) -> int | None:
        """Give the least value of a column of whole numbers; `None` where it has none."""
        ((found,),) = self.ask(f"SELECT min({column}) FROM {source}")  # noqa: S608 (names are ours)
        return None if found is None else int(found)

    def unique(self, source: str, column: str) -> bool:
        """Tell whether no two rows have the same value in a column."""
        told = f"SELECT count(*) = count(DISTINCT {column}) FROM {source}"  # noqa: S608 (names are ours)
        ((alone,),) = self.ask(told)
        return bool(alone)

    def run(self, sql: str, values: Sequence[object] = ()) -> None:
        """Run a statement that gives nothing."""
        self._db.execute(sql, list(values))

    def lay_out(self, name: str, columns: Mapping[str, Sequence[int]]) -> None:
        """Make a small table of whole numbers, such as the pieces of a term or the weeks of a zone."""
        import pyarrow as pa

        self.hold(name, pa.table({k: pa.array(v, pa.int64()) for k, v in columns.items()}))

    def hold(self, name: str, table: Any) -> None:
        """Make a table of one of Arrow's."""
        self._db.register("laid", table)
        self._db.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM laid")  # noqa: S608 (a name of ours)
        self._db.unregister("laid")

    def save(self, sql: str, values: Sequence[object], path: Path) -> None:
        """Write what a SELECT gives into a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        told = str(beside).replace("'", "''")
        self._db.execute(f"COPY ({sql}) TO '{told}' (FORMAT parquet)", list(values))
        beside.rename(path)

    def close(self) -> None:
        """Let go of the files."""
        self._db.close()

    def __enter__(self) -> Self:
        """Give the reader."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the files."""
        self.close()
