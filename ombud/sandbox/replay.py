"""Replay of an event log: its cases become tickets whose history tells the same story."""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from ombud.sandbox.records import Field, Person, Project, Status, Workflow
from ombud.sandbox.world import World

_WORKFLOW = "6c1f5c0e-8f1b-4a53-9c7e-0d6a1a1b0005"
_UNKNOWN = "acc-log-unknown"


@dataclass(frozen=True, slots=True)
class Columns:
    """How a log is read: its columns, its clock, and the ids its activities and attributes get.

    `time_format` is one of strptime's; `zone` is an IANA name and used where the format has no offset.
    """

    case: str
    activity: str
    time: str
    time_format: str
    zone: ZoneInfo
    actor: str
    project: str
    name: str
    case_field: str
    row_field: str
    attributes: Mapping[str, str]
    activities: Mapping[str, str]
    done: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Columns:
        """Read the mapping from TOML; a missing key raises KeyError."""
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        log = told["log"]
        return cls(
            log["case"],
            log["activity"],
            log["time"],
            log["time_format"],
            ZoneInfo(log["zone"]),
            log["actor"],
            log["project"],
            log["name"],
            log["case_field"],
            log["row_field"],
            told["attributes"],
            told["activities"],
            frozenset(log["done"]),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the log; `ordinal` counts them from 1, the header aside."""

    ordinal: int
    case: str
    activity: str
    at: datetime
    actor: str
    values: Mapping[str, str]


def replay(world: World, log_path: Path, mapping_path: Path) -> dict[str, int]:
    """Lay an event log into a project of its own and return how many cases, rows and repeats there were.

    Rows of a case keep the file's order. The first creates the ticket in the status of its activity; every further
    one is one changelog entry at the row's instant that carries its ordinal and case in `historyMetadata`.
    A row that repeats the activity before it moves no status: it writes its ordinal into a text field instead.
    The world's clock is not touched. Raises ValueError for a time or an activity the mapping does not know.
    """
    columns = Columns.read(mapping_path)
    cases: dict[str, list[Row]] = {}
    for row in rows(log_path, columns):
        cases.setdefault(row.case, []).append(row)
    _furnish(world, columns, {row.actor for one in cases.values() for row in one})
    repeats = sum(_lay(world, columns, one) for one in cases.values())
    return {
        "cases": len(cases),
        "rows": sum(len(one) for one in cases.values()),
        "repeats": repeats,
    }


def replay_into(world: World, log_path: Path, mapping_path: Path | None) -> dict[str, int]:
    """Replay a log as `replay` does; a log without a mapping raises ValueError."""
    if mapping_path is None:
        message = "a replay needs --mapping: which column is the case, the activity, the time"
        raise ValueError(message)
    return replay(world, log_path, mapping_path)


def rows(path: Path, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a CSV file, gzipped or not, in the file's order."""
    with _opened(path) as stream:
        for ordinal, values in enumerate(csv.DictReader(stream), 1):
            activity = values[columns.activity]
            if activity not in columns.activities:
                message = f"row {ordinal}: no status is given for the activity {activity!r}"
                raise ValueError(message)
            try:
                at = datetime.strptime(values[columns.time], columns.time_format)  # noqa: DTZ007
            except ValueError as error:
                message = f"row {ordinal}: {error}"
                raise ValueError(message) from error
            if at.tzinfo is None:
                at = at.replace(tzinfo=columns.zone)
            yield Row(
                ordinal,
                values[columns.case],
                activity,
                at,
                values[columns.actor],
                {field: values[name] for name, field in columns.attributes.items()},
            )


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield stream
    else:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream


def _furnish(world: World, columns: Columns, actors: set[str]) -> None:
    for name, status in columns.activities.items():
        made = Status(status, name, "done" if name in columns.done else "indeterminate")
        world.statuses.setdefault(status, made)
    for field, name in (
        (columns.case_field, "Source case"),
        (columns.row_field, "Source row"),
        *((field, name) for name, field in columns.attributes.items()),
    ):
        world.fields.setdefault(field, Field(field, name, "text"))
    world.workflows[_WORKFLOW] = Workflow(
        _WORKFLOW, columns.name, tuple(columns.activities.values()), ()
    )
    if columns.project not in world.projects:
        world.projects[columns.project] = Project(
            "10005", columns.project, columns.name, ("10001",), _WORKFLOW
        )
        world.edit_screens[columns.project] = {"summary", "labels", "assignee"}
    for actor in actors | {""}:
        account = _account(actor)
        name = actor or "Nobody named"
        world.people.setdefault(account, Person(account, name, "", "agent", time_zone="Etc/UTC"))


def _account(actor: str) -> str:
    """Return the account that stands for a resource of the log."""
    return f"acc-log-{actor.lower().replace(' ', '-')}" if actor else _UNKNOWN


def _lay(world: World, columns: Columns, case: Sequence[Row]) -> int:
    first, *others = case
    start: dict[str, Any] = {field: value or None for field, value in first.values.items()}
    issue = world.create(
        columns.project,
        "10001",
        start
        | {
            "summary": f"{columns.name}: {first.case}",
            "status": columns.activities[first.activity],
            columns.case_field: first.case,
            columns.row_field: str(first.ordinal),
        },
        _account(first.actor),
        first.at,
    )
    repeats = 0
    for row in others:
        status = columns.activities[row.activity]
        changes: dict[str, Any] = {
            field: value or None
            for field, value in row.values.items()
            if (value or None) != issue.fields.get(field)
        }
        if status == issue.status:
            repeats += 1
            changes[columns.row_field] = str(row.ordinal)
        world.edit(
            issue.id,
            changes,
            _account(row.actor),
            row.at,
            to_status=status,
            history_metadata={
                "type": "replay",
                "extraData": {"source_event": str(row.ordinal), "source_case": row.case},
            },
        )
    return repeats
