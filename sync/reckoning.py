"""Reckon the dues of a changed term for all complaints at once, in DuckDB.

A term laid out by its calendar is a table of pieces: up to an edge, due is an offset, plus the start or
not. A join of the starts with the pieces gives every due where nothing else decides. Complaints that are
paused, extended, doubtful, joined of several tickets, or whose condition is unknown, are left to be judged
one by one; so is every complaint of a rule that asks for more than its row can tell.
"""
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ombud.model.event import digest
from ombud.store.facts import COMPLAINT
from policies.expression import names
from policies.rule import Agreed, AnyOf, Deadline
from policies.sql import EMPTY_INSTANT, compile_sql
from sync.dues import WAITING
from sync.questions import received_within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ombud.model.term import Term
    from ombud.store.facts import FactsReader
    from sync.dues import Need

_HEAD: Final = "n, begun, m_received"


def reckonable(need: Need) -> bool:
    """Tell whether most dues of a rule can be reckoned from rows."""
    body = need.rule.body
    if not isinstance(body, Deadline):
        return False
    conditions = [when for when, _ in body.terms if when is not None]
    if body.as_of == "first" and (conditions or body.when is not None):
        return False
    return all(
        each.kind == "while" or (each.kind == "waiting" and each.name in WAITING)
        for each in body.pauses
    )


def reckon(reader: FactsReader, need: Need, file: Path) -> Iterator[tuple[str, str, str]]:
    """Write the dues that rows decide into a file, and give those to be judged one by one: case, account, ticket."""
    body = need.rule.body
    if not isinstance(body, Deadline):
        raise TypeError(f"{need.rule.id} is no deadline")
    base, values = _base(reader, need, body)
    reader.run(f"CREATE OR REPLACE TABLE base AS {base}", values)
    begin = need.edition.calendar_of(need.rule).begin
    parts: list[str] = []
    for choice, (_, length) in enumerate(body.terms):
        if not isinstance(length, Agreed):
            parts.append(_part(reader, need, f"choice = {choice}", length))
            continue
        for second, (_, other) in enumerate(body.terms[choice + 1 :], choice + 1):
            if not isinstance(other, Agreed):
                where = f"choice = {choice} AND base_{choice} = {second}"
                parts.append(_part(reader, need, where, other, length))
    spared = "SELECT base.*, CAST(NULL AS BIGINT) AS due FROM base WHERE NOT slow AND NOT applies"
    reader.run(f"CREATE OR REPLACE TABLE reckoned AS {' UNION ALL '.join([*parts, spared])}")
    reader.save(
        f"SELECT {_HEAD}, '-' AS occurrence, start AS entered, due, stop, "
        "CASE WHEN NOT applies THEN 'not_applicable' END AS told, CAST(NULL AS BIGINT) AS recheck, "
        "CAST(NULL AS VARCHAR) AS after, CAST(NULL AS BIGINT) AS again "
        "FROM reckoned WHERE NOT applies OR (due IS NOT NULL AND start >= ?)",
        [begin],
        file,
    )
    left = reader.ask(
        f"SELECT kase, account, ticket FROM {COMPLAINT} WHERE n IN ("
        "SELECT n FROM base WHERE slow OR (applies AND start < ?) "
        "UNION SELECT n FROM reckoned WHERE applies AND due IS NULL)",
        [begin],
    )
    yield from left
    reader.run("DROP TABLE base")
    reader.run("DROP TABLE reckoned")


def _part(
    reader: FactsReader, need: Need, where: str, length: Term | AnyOf, agreed: Agreed | None = None
) -> str:
    """Lay the pieces of a length out as tables, and give the complaints it holds for with their dues."""
    calendar = need.edition.calendar_of(need.rule)
    dues, joins = [], []
    for number, term in enumerate(length.terms if isinstance(length, AnyOf) else (length,)):
        edges, slopes, offsets = calendar.tabulate(term)
        name = f"piece_{number}_{digest(repr(term))}"
        reader.lay_out(name, {"edge": edges, "slope": slopes, "lot": offsets})
        dues.append(f"{name}.lot + base.start * {name}.slope")
        joins.append(f"ASOF LEFT JOIN {name} ON base.start <= {name}.edge")
    # Whatever lies outside the days laid out is judged one by one.
    due = (
        " + ".join(dues)
        if len(dues) == 1
        else f"GREATEST({', '.join(dues)}) + 0 * ({' + '.join(dues)})"
    )
    if agreed is not None:
        value = f"base.{reader.name_of(agreed.field)}"
        changed = f"base.c_{agreed.field}" if f"c_{agreed.field}" in reader.columns else "NULL"
        due = (
            f"CASE WHEN {value} = {EMPTY_INSTANT} OR {changed} > {due} THEN {due} "
            f"WHEN ({due}) IS NOT NULL THEN {value} END"
        )
    return (
        f"SELECT base.*, {due} AS due FROM (SELECT * FROM base WHERE NOT slow AND applies AND {where}) base "
        + " ".join(joins)
    )


def _base(reader: FactsReader, need: Need, body: Deadline) -> tuple[str, list[object]]:
    """Give of each complaint whose clock has started: start, stop, which term, and whether rows can tell."""
    conditions: dict[str, Any] = {}
    if body.when is not None:
        conditions["applies_"] = compile_sql(body.when, "when", reader.column)
    for number, (when, _) in enumerate(body.terms):
        if when is not None:
            conditions[f"t{number}"] = compile_sql(when, "when", reader.column)
    start = reader.name_of(body.start)
    stops = [reader.name_of(name) for name in body.stops]
    asked = {
        name
        for when in (body.when, *(w for w, _ in body.terms))
        if when is not None
        for name in names(when)
    }
    agreed = [length.field for _, length in body.terms if isinstance(length, Agreed)]
    asked |= set(agreed)
    changed = [f"c_{name}" for name in sorted(asked) if f"c_{name}" in reader.columns]
    often = [f"k_{name}" for name in agreed if f"k_{name}" in reader.columns]
    dates = [reader.name_of(name) for name in agreed]
    extended = [reader.name_of(body.extension.by)] if body.extension is not None else []
    paused = [f"p_{each.name}" for each in body.pauses if each.kind == "waiting"]
    flags = [f"k_{each.name}" for each in body.pauses if each.kind == "while"]
    columns = dict.fromkeys(
        [
            "n",
            "begun",
            "m_received",
            "odd",
            start,
            *stops,
            *changed,
            *often,
            *dates,
            *extended,
            *paused,
            *flags,
        ]
    )
    inner, values = reader.select_of(COMPLAINT, list(columns), conditions)
    stop = f"LEAST({', '.join(f'NULLIF({name}, {EMPTY_INSTANT})' for name in stops)})"
    picked = _picked(body, 0)
    bases = {
        number: _picked(body, number + 1)
        for number, (_, length) in enumerate(body.terms)
        if isinstance(length, Agreed)
    }
    slow = [
        "odd",
        f"{start} IS NULL",
        *(f"{name} IS NULL" for name in stops),
        *(f"{name} IS DISTINCT FROM {EMPTY_INSTANT}" for name in extended),
        *paused,
        *(f"{name} > 0" for name in flags),
        *(f"COALESCE({name} > {stop}, false)" for name in changed),
        f"{picked} IS NULL",
        *(f"COALESCE({name} > 1, false)" for name in often),
        *(f"{name} IS NULL" for name in dates),
        *(f"({picked} = {number} AND {base} IS NULL)" for number, base in bases.items()),
    ]
    if body.when is not None:
        slow.append("applies_ IS NULL")
    within, more = received_within(need)
    kept = dict.fromkeys(
        [*dates, *(f"c_{name}" for name in agreed if f"c_{name}" in reader.columns)]
    )
    more_columns = "".join(
        [
            *(f"{base} AS base_{number}, " for number, base in bases.items()),
            *(f"{name}, " for name in kept),
        ]
    )
    return (
        (
            f"SELECT {_HEAD}, {start} AS start, {stop} AS stop, {picked} AS choice, {more_columns}"
            f"{'applies_' if body.when is not None else 'true'} AS applies, ({' OR '.join(slow)}) AS slow "
            f"FROM ({inner}) WHERE {start} IS DISTINCT FROM {EMPTY_INSTANT} AND {within}"
        ),
        [*values, *more],
    )


def _picked(body: Deadline, first: int) -> str:
    """Give which term applies, from the one of a number on; unknown where a condition before it is."""
    told = [
        f"WHEN t{number} THEN {number} WHEN t{number} IS NULL THEN NULL"
        if when is not None
        else f"WHEN true THEN {number}"
        for number, (when, _) in enumerate(body.terms)
        if number >= first
    ]
    return f"CASE {' '.join(told)} END"
