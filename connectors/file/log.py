"""Read rows of an event log: CSV or XES, plain or gzipped, with errors that name the row and the remedy."""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, TYPE_CHECKING, cast
from xml.etree.ElementTree import ParseError, iterparse
from zoneinfo import ZoneInfo

from ombud.model.instant import instant, instant_of, local

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ombud.model.facts import Instant

_GZIP = b"\x1f\x8b"
#: A field of a log longer than this is no ticket's attribute but a damaged file.
_LONGEST_FIELD = 1 << 20


class LogError(Exception):
    """Refuse a log; the text names file, row, column, what is wrong and what to do."""


@dataclass(frozen=True)
class LogShape:
    """Say where in a log's rows things stand.

    Attributes:
        case: column of the ticket's id.
        activity: column of the activity or state, which becomes the native status.
        time: column of the row's time.
        time_format: strptime format; `None` reads ISO 8601.
        zone: IANA zone of times without one.
        actor: column of who did it.
        created: column of the creation time, where rows begin later than the ticket.
        first: column -> value that only a ticket's very first row carries; without it history is incomplete.
        attributes: columns whose values are native fields that change from row to row.
        final: columns whose values are those of the end, copied onto every row: known at the last row only.
        missing: texts that mean "no value".
        delimiter: of a CSV file.

    """

    case: str
    activity: str
    time: str
    time_format: str | None = None
    zone: str = "UTC"
    actor: str | None = None
    created: str | None = None
    first: Mapping[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("",)
    delimiter: str = ","

    def instant(self, text: str) -> Instant | None:
        """Read a time of this log; `None` where it is none, or one that the zone's clock skips."""
        zone = ZoneInfo(self.zone)
        if self.time_format is None:
            return instant_of(text, zone)
        try:
            told = datetime.strptime(text.strip(), self.time_format)  # noqa: DTZ007 (placed in the log's zone below)
        except ValueError:
            return None
        return local(told, zone) if told.tzinfo is None else instant(told)


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one row: its ordinal in the file (from 1, the header not counted), its time and its cells."""

    ordinal: int
    at: Instant
    cells: Mapping[str, str]


def read_rows(path: Path, shape: LogShape) -> Iterator[Row]:
    """Read a log's rows in file order.

    Raises:
        LogError: no such file, damaged gzip, not UTF-8, a column that is not there, a time that is none.

    """
    with _opened(path) as raw:
        start = raw.read(64).lstrip()[:1]
        raw.seek(0)
        cells = _xes(raw, path) if start == b"<" else _csv(raw, path, shape)
        for ordinal, row in enumerate(cells, 1):
            if ordinal == 1:
                _check_columns(path, shape, row)
            at = shape.instant(row.get(shape.time, ""))
            if at is None:
                raise LogError(
                    f"{path}: row {ordinal}: {shape.time}: {row.get(shape.time, '')!r} is no time of the form "
                    f"{shape.time_format or 'ISO 8601'} that exists in {shape.zone}. Mend the row, or [log] time_format and zone"
                )
            yield Row(ordinal, at, row)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as plain:
            zipped = plain.read(2) == _GZIP
            plain.seek(0)
            if not zipped:
                yield plain
                return
            with gzip.open(plain) as unzipped:
                yield cast("IO[bytes]", unzipped)
    except FileNotFoundError as error:
        raise LogError(f"{path}: there is no such file. Check the path") from error
    except (gzip.BadGzipFile, EOFError, OSError) as error:
        raise LogError(
            f"{path}: cannot be read to its end: {error}. Fetch or copy it again"
        ) from error
    except UnicodeDecodeError as error:
        raise LogError(f"{path}: is not UTF-8 at byte {error.start}. Save it as UTF-8") from error


def _csv(raw: IO[bytes], path: Path, shape: LogShape) -> Iterator[dict[str, str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=shape.delimiter)
        try:
            header = next(reader, None)
            if header is None:
                raise LogError(f"{path}: is empty. Export it again")
            for line in reader:
                if not line:
                    continue
                if len(line) != len(header):
                    raise LogError(
                        f"{path}:{reader.line_num}: has {len(line)} cells where the header has {len(header)}. "
                        "Mend the row's quoting, or [log] delimiter"
                    )
                yield dict(zip(header, line, strict=True))
        except csv.Error as error:
            raise LogError(f"{path}:{reader.line_num}: {error}. Mend the row's quoting") from error


def _xes(raw: IO[bytes], path: Path) -> Iterator[dict[str, str]]:
    """Read an XES log as rows; attributes of the trace stand in columns "case:<key>"."""
    trace: dict[str, str] = {}
    depth: list[str] = []
    event: dict[str, str] | None = None
    try:
        for step, element in iterparse(raw, events=("start", "end")):  # noqa: S314 (expat refuses entity bombs)
            name = element.tag.rpartition("}")[2]
            if step == "start":
                depth.append(name)
                if name == "trace":
                    trace = {}
                elif name == "event":
                    event = {}
                continue
            depth.pop()
            key, value = element.get("key"), element.get("value")
            if key is not None and value is not None and depth:
                if event is not None and depth[-1] == "event":
                    event[key] = value
                elif depth[-1] == "trace":
                    trace[f"case:{key}"] = value
            if name == "event" and event is not None:
                yield trace | event
                event = None
            if name == "trace":
                element.clear()
    except ParseError as error:
        raise LogError(f"{path}: is not whole XML: {error}. Export it again") from error


def _check_columns(path: Path, shape: LogShape, row: Mapping[str, str]) -> None:
    asked = [shape.case, shape.activity, shape.time, *shape.attributes, *shape.final, *shape.first]
    asked += [each for each in (shape.actor, shape.created) if each is not None]
    for column in asked:
        if column not in row and column not in shape.attributes:
            raise LogError(
                f"{path}: has no column {column!r}. It has: {', '.join(sorted(row))}. Mend [log]"
            )
