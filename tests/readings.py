"""Three databases to which the SQL reading of conditions is put: SQLite, PostgreSQL and DuckDB."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import StaticPool

from policies.expression import Type
from tests import postgresql_server

_COLUMN = {Type.number: Float, Type.instant: BigInteger}


def table_of(types: Mapping[str, Type]) -> Table:
    """Give a table of facts, one column for each name, and "row" to order by."""
    columns = [Column(name, _COLUMN.get(type_, String)) for name, type_ in types.items()]
    return Table("facts", MetaData(), Column("row", Integer, primary_key=True), *columns)


Rows = list[dict]


class Alchemy:
    """SQLite or PostgreSQL, through the toolkit that the store uses."""

    def __init__(self, table: Table, url: str, **options) -> None:
        self.table = table
        self.engine = create_engine(url, **options)
        self.table.metadata.create_all(self.engine)

    def read(self, rows: Rows, expressions: list) -> list[tuple]:
        with self.engine.begin() as connection:
            connection.execute(delete(self.table))
            connection.execute(insert(self.table), rows)
            told = connection.execute(
                select(self.table.c.row, *expressions).order_by(self.table.c.row)
            )
            return [tuple(each)[1:] for each in told]

    def close(self) -> None:
        self.table.metadata.drop_all(self.engine)
        self.engine.dispose()


class Duck:
    """DuckDB over columns in memory, as the backtest reads them."""

    arrow: ClassVar = {Float: pa.float64(), BigInteger: pa.int64(), Integer: pa.int64()}

    def __init__(self, table: Table) -> None:
        self.table = table
        self.connection = duckdb.connect()
        self.dialect = postgresql.dialect(paramstyle="numeric_dollar")
        self.schema = pa.schema(
            [(column.name, self.arrow.get(type(column.type), pa.string())) for column in table.c]
        )

    def read(self, rows: Rows, expressions: list) -> list[tuple]:
        self.connection.register("facts", pa.Table.from_pylist(rows, self.schema))
        asked = select(self.table.c.row, *expressions).order_by(self.table.c.row)
        told = asked.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        values = [told.params[name] for name in told.positiontup or ()]
        return [each[1:] for each in self.connection.execute(str(told), values).fetchall()]

    def close(self) -> None:
        self.connection.close()


Database = Alchemy | Duck


@contextmanager
def opened(request: pytest.FixtureRequest, table: Table) -> Iterator[Database]:
    """Open the database a fixture's parameter names."""
    found: Database
    if request.param == "duckdb":
        found = Duck(table)
    elif request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        # One of its own for each process of a run.
        url = postgresql_server.ensure(server, f"ombud_readings_{os.getpid()}")
        found = Alchemy(table, url.replace("postgresql:", "postgresql+psycopg:"))
    else:
        found = Alchemy(table, "sqlite://", poolclass=StaticPool)
    yield found
    found.close()
