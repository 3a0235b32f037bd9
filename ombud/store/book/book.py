"""Open, write and ask the book: a DuckDB file beside the database, or in memory."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ombud.store.book.layout import LAYOUT, ROLLED, TABLES, RuleInfo
from ombud.store.book.ways import way_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from ombud.model.facts import Instant
    from ombud.store.book.layout import Case, Checked, Step
    from ombud.store.book.ways import Move

_ROLLUP: Final = "rollup"
#: Complaints written together.
BATCH: Final = 2_000
#: Answers kept until something is written.
_MOST_REMEMBERED: Final = 256

Found = TypeVar("Found")


class BookBusy(Exception):
    """Say that another process keeps this book."""


class Book:
    """Ask judged complaints; one process at a time keeps a book that is a file.

    Attributes:
        rules: what its findings are of, by their numbers.
        stamp: what it was made of.

    """

    def __init__(self, db: DuckDBPyConnection, path: Path | None) -> None:
        """Take over a connection to a book that has its tables."""
        self._db = db
        self.path = path
        self._lock = threading.Lock()
        self.rules: dict[int, RuleInfo] = {}
        self.stamp: dict[str, Any] = {}
        self._remembered: dict[Hashable, Any] = {}
        self._read_told()

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT, and give its rows; many may ask at once."""
        return self._db.cursor().execute(sql, list(values)).fetchall()

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run a SELECT, and give its rows as they come."""
        found = self._db.cursor().execute(sql, list(values))
        while rows := found.fetchmany(5_000):
            yield from rows

    def one(self, sql: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
        """Run a SELECT that gives one row."""
        return self.ask(sql, values)[0]

    def remembered(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """Give what was found before under a key, until something is written; else find it."""
        held = self._remembered
        if key not in held:
            if len(held) >= _MOST_REMEMBERED:
                held.clear()
            held[key] = find()
        found: Found = held[key]
        return found

    @property
    def cutoff(self) -> Instant | None:
        """Give up to when it knows what was known; `None` for an empty one."""
        told = self.stamp.get("cutoff")
        return None if told is None else int(told)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Write in one transaction: who asks meanwhile sees everything as it was before."""
        with self._lock:
            cursor = self._db.cursor()
            cursor.execute("BEGIN")
            try:
                writing = Writing(cursor, self.rules, self.stamp)
                yield writing
                writing.close()
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            self._read_told()

    def touch(self, cutoff: Instant) -> None:
        """Say that nothing has changed until an instant; it is kept with the next thing that is written, or by `keep`."""
        self.stamp = {**self.stamp, "cutoff": cutoff}

    def keep(self) -> None:
        """Keep what `touch` was told."""
        told = self.cutoff
        if told is not None:
            with self.writing() as writing:
                writing.mark(cutoff=told)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _read_told(self) -> None:
        self._remembered = {}
        told = dict(self.ask("SELECT name, told FROM told"))
        self.stamp = json.loads(told.get("stamp", "{}"))
        rules = json.loads(told.get("rules", "[]"))
        self.rules = {each["ordinal"]: _info(each) for each in rules}


class Writing:
    """Write complaints into a book, a batch at a time; those of the same case are replaced."""

    def __init__(
        self, cursor: DuckDBPyConnection, rules: Mapping[int, RuleInfo], stamp: Mapping[str, Any]
    ) -> None:
        """Begin; `cursor` is in a transaction."""
        self._db = cursor
        self._rules = dict(rules)
        self._ordinals = {(each.pack, each.id): each.ordinal for each in rules.values()}
        self._stamp = dict(stamp)
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
        self._next = self._number("SELECT coalesce(max(n), -1) + 1 FROM complaint")
        self._empty = self._next == 0
        self._days: set[int | None] = set()

    def ordinal(self, info: RuleInfo) -> int:
        """Give the number of a rule; a new one gets the next, a changed one keeps its own."""
        known = self._ordinals.setdefault((info.pack, info.id), len(self._ordinals))
        self._rules[known] = replace(info, ordinal=known)
        return known

    def put(
        self,
        case: Case,
        checked: Sequence[Checked],
        steps: Sequence[Step],
        moves: Sequence[Move] = (),
    ) -> None:
        """Take a complaint in, in place of what stood under its case."""
        number = self._next
        self._next += 1
        self._days.add(case.day)
        self._rows["complaint"].append((number, *case))
        self._rows["verdict"] += [(number, *each, case.day) for each in checked]
        self._rows["step"] += [(number, *each) for each in steps]
        self._rows["way"].append((number, *way_of(case, steps, moves)))
        if len(self._rows["complaint"]) >= BATCH:
            self._flush()

    def drop(self, cases: Sequence[str]) -> None:
        """Take cases out."""
        self._flush()
        self._drop(cases)

    def drop_binding(self, binding: str) -> None:
        """Take out every case of a binding."""
        self._flush()
        cases = [row[0] for row in self._db.execute("SELECT kase FROM complaint WHERE binding = ?", [binding]).fetchall()]  # fmt: skip
        self._drop(cases)

    def mark(self, **told: Any) -> None:
        """Say what it was made of."""
        self._stamp |= told

    def execute(self, sql: str) -> None:
        """Run a statement of one's own, such as one that makes many rows at once."""
        self._db.execute(sql)

    def roll_all(self) -> None:
        """Make the rollup of everything anew."""
        self._db.execute(f"DELETE FROM {_ROLLUP}")
        self._empty, self._days = True, {None}

    def close(self) -> None:
        """Write what is left, the rollup of what changed, and what is told of all."""
        self._flush()
        self._roll()
        for name, value in (
            ("stamp", {**self._stamp, "layout": LAYOUT}),
            ("rules", [_plain(each) for each in self._rules.values()]),
        ):
            self._db.execute("DELETE FROM told WHERE name = ?", [name])
            self._db.execute("INSERT INTO told VALUES (?, ?)", [name, json.dumps(value)])

    def _flush(self) -> None:
        rows = self._rows["complaint"]
        if not rows:
            return
        if not self._empty:
            self._drop([row[1] for row in rows])
        import pyarrow as pa  # type: ignore[import-untyped]

        for name, columns in TABLES.items():
            held = self._rows[name]
            if held:
                turned = zip(*held, strict=True)
                table = pa.table(
                    {
                        column: pa.array(values, _arrow(pa, kind))
                        for (column, kind), values in zip(columns.items(), turned, strict=True)
                    }
                )
                self._db.register("arriving", table)
                self._db.execute(f"INSERT INTO {name} SELECT * FROM arriving")
                self._db.unregister("arriving")
            self._rows[name] = []

    def _drop(self, cases: Sequence[str]) -> None:
        if not cases:
            return
        import pyarrow as pa

        self._db.register("leaving", pa.table({"kase": pa.array(cases, pa.string())}))
        gone = "SELECT n FROM complaint WHERE kase IN (SELECT kase FROM leaving)"
        left = self._db.execute(
            "SELECT n, day FROM complaint WHERE kase IN (SELECT kase FROM leaving)"
        ).fetchall()
        if left:
            self._days |= {row[1] for row in left}
            for name in ("verdict", "step", "way"):
                self._db.execute(f"DELETE FROM {name} WHERE n IN ({gone})")
            self._db.execute(f"DELETE FROM complaint WHERE n IN ({gone})")
        self._db.unregister("leaving")

    def _roll(self) -> None:
        if not self._days:
            return
        dims = ", ".join(f"{'v' if each in {'rule', 'verdict', 'standing', 'day'} else 'c'}.{each}" for each in ROLLED)  # fmt: skip
        within, values = "", []
        if not self._empty:
            named = [day for day in self._days if day is not None]
            within = f"WHERE (v.day IN ({', '.join('?' * len(named))}){' OR v.day IS NULL' if None in self._days else ''})" if named else "WHERE v.day IS NULL"  # fmt: skip
            values = list(named)
            self._db.execute(
                f"DELETE FROM {_ROLLUP} {within.replace('v.day', 'day')}",
                values,
            )
        self._db.execute(
            f"INSERT INTO {_ROLLUP} SELECT {dims}, count(*) FROM verdict v JOIN complaint c USING (n) {within} GROUP BY ALL",
            values,
        )

    def _number(self, sql: str) -> int:
        # All of them are fetched: a result that is left unfinished holds the connection.
        found = self._db.execute(sql).fetchall()
        return int(found[0][0]) if found else 0


def open_book(path: Path | None, *, memory: str = "2GB") -> Book:
    """Open a book, or make an empty one; without a path it lives in memory.

    Raises:
        BookBusy: another process keeps it.

    """
    import duckdb

    config: dict[str, Any] = {
        "memory_limit": memory,
        # Nothing is fetched from anywhere.
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        config["temp_directory"] = str(path.parent / "spill")
    try:
        db = duckdb.connect(":memory:" if path is None else str(path), config=config)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise BookBusy(str(path)) from error
        # What cannot be read is derived, and made again.
        if path is None or not path.exists():
            raise
        path.unlink()
        db = duckdb.connect(str(path), config=config)
    # A bar of its own would be drawn among our results.
    db.execute("SET enable_progress_bar = false")
    _make(db)
    return Book(db, path)


def _make(db: DuckDBPyConnection) -> None:
    db.execute("CREATE TABLE IF NOT EXISTS told (name VARCHAR, told VARCHAR)")
    row = db.execute("SELECT told FROM told WHERE name = 'stamp'").fetchone()
    if row is not None and json.loads(row[0]).get("layout") != LAYOUT:
        for name in (*TABLES, _ROLLUP):
            db.execute(f"DROP TABLE IF EXISTS {name}")
        db.execute("DELETE FROM told")
    for name, columns in TABLES.items():
        told = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({told})")
    kinds = TABLES["complaint"] | TABLES["verdict"]
    rolled = ", ".join(f"{column} {kinds[column]}" for column in ROLLED)
    db.execute(f"CREATE TABLE IF NOT EXISTS {_ROLLUP} ({rolled}, count BIGINT)")


def _info(told: dict[str, Any]) -> RuleInfo:
    # JSON knows no tuples.
    return RuleInfo(**told | {name: tuple(told[name]) for name in ("clauses", "stops", "demands")})


def _plain(info: RuleInfo) -> dict[str, Any]:
    return {name: getattr(info, name) for name in info.__slots__}


def _arrow(pa: Any, kind: str) -> Any:
    return {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "SMALLINT": pa.int16(),
        "UTINYINT": pa.uint8(),
        "BOOLEAN": pa.bool_(),
        "BIGINT[]": pa.list_(pa.int64()),
    }[kind]
