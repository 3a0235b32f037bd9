"""Replay of an event log into a Zendesk: its cases become tickets whose audits tell the same story."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ombud.sandbox.replay import Columns, Row, rows
from ombud.sandbox.zendesk.desk import number_of
from ombud.sandbox.zendesk.records import Category, CustomStatus, Form, TicketField, User
from ombud.sandbox.zendesk.world import ZendeskWorld

_FORM = 37005
_FIRST_USER = 9500


def replay(world: ZendeskWorld, log_path: Path, mapping_path: Path) -> int:
    """Lay an event log into a form of its own and return how many cases there were.

    A row is one audit that carries its ordinal in its metadata; one that repeats the activity before it writes
    its ordinal into a text field. Ids are those of the mapping: a custom field's number is its Jira number's
    counterpart. Raises ValueError for a time or an activity the mapping does not know.
    """
    columns = Columns.read(mapping_path)
    cases: dict[str, list[Row]] = {}
    for row in rows(log_path, columns):
        cases.setdefault(row.case, []).append(row)
    people = _furnish(world, columns, sorted({row.actor for one in cases.values() for row in one}))
    for one in cases.values():
        _lay(world, columns, one, people)
    return len(cases)


def _furnish(world: ZendeskWorld, columns: Columns, actors: Sequence[str]) -> dict[str, int]:
    for name, status in columns.activities.items():
        category: Category = "solved" if name in columns.done else "open"
        world.statuses[int(status)] = CustomStatus(int(status), category, name)
    names = {columns.case_field: "Source case", columns.row_field: "Source row"}
    names |= {field: name for name, field in columns.attributes.items()}
    for field, name in names.items():
        world.fields[number_of(field)] = TicketField(number_of(field), name, "text")
    world.forms[_FORM] = Form(_FORM, columns.name, tuple(number_of(field) for field in names))
    people = {}
    for place, actor in enumerate(actors):
        number = people[actor] = _FIRST_USER + place
        world.users[number] = User(number, actor or "Nobody named", "", "agent")
    return people


def _lay(
    world: ZendeskWorld, columns: Columns, case: Sequence[Row], people: dict[str, int]
) -> None:
    first, *others = case
    held: dict[int, Any] = {
        number_of(field): value or None for field, value in first.values.items()
    }
    ticket = world.create(
        {
            "subject": f"{columns.name}: {first.case}",
            "comment": {"body": first.activity, "public": False},
            "ticket_form_id": _FORM,
            "custom_status_id": int(columns.activities[first.activity]),
            "custom_fields": held
            | {
                number_of(columns.case_field): first.case,
                number_of(columns.row_field): str(first.ordinal),
            },
        },
        people[first.actor],
        first.at,
    )
    for row in others:
        status = int(columns.activities[row.activity])
        changes = {
            number_of(field): value or None
            for field, value in row.values.items()
            if (value or None) != ticket.fields.get(number_of(field))
        }
        if status == ticket.custom_status:
            changes[number_of(columns.row_field)] = str(row.ordinal)
        world.update(
            ticket.id,
            {"custom_status_id": status, "custom_fields": changes},
            people[row.actor],
            row.at,
            custom={"source_event": str(row.ordinal), "source_case": row.case},
        )
