"""Reckon the dues of a changed term for all complaints at once, in DuckDB.

A term laid out by its calendar is a table of pieces: up to an edge, due is an offset, plus the start or
not. A join of the starts with the pieces gives every due where nothing else decides. Complaints that are
paused, extended, doubtful, joined of several tickets, or whose condition is unknown, are left to be judged
one by one; so is every complaint of a rule that asks for more than its row can tell.
"""
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ombud.store.facts import COMPLAINT
from policies.expression import names
from policies.rule import Agreed, AnyOf, Deadline
from policies.sql import EMPTY_INSTANT, compile_sql
from sync.dues import COMMON, WAITING
from sync.questions import received_within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ombud.model.term import Term
    from ombud.store.facts import FactsReader
    from policies.rule import Length
    from sync.dues import Need

_HEAD: Final = ", ".join([*COMMON, "m_received"])


def reckonable(need: Need) -> bool:
    """Tell whether most dues of a rule can be reckoned from rows."""
    body = need.rule.body
    if not isinstance(body, Deadline):
        return False
    conditions = [when for when, _ in body.terms if when is not None]
    if body.as_of == "first" and (conditions or body.when is not None):
        return False
    return all(each.kind == "waiting" and each.name in WAITING for each in body.pauses)


def reckon(reader: FactsReader, need: Need, file: Path) -> Iterator[str]:
    """Write the dues that rows decide into a file, and give the cases that are to be judged one by one."""
    body = need.rule.body
    if not isinstance(body, Deadline):
        raise TypeError(f"{need.rule.id} is no deadline")
    base, values = _base(reader, need, body)
    reader.run(f"CREATE OR REPLACE TABLE base AS {base}", values)
    calendar = need.edition.calendar_of(need.rule)
    parts: list[str] = []
    for choice, (_, length) in enumerate(body.terms):
        due = _laid_out(reader, need, choice, length)
        if due is not None:
            expression, joins = due
            parts.append(
                f"SELECT base.*, {expression} AS due FROM (SELECT * FROM base WHERE NOT slow AND applies AND choice = {choice}) base {joins}"
            )
    spared = "SELECT base.*, CAST(NULL AS BIGINT) AS due FROM base WHERE NOT slow AND NOT applies"
    reader.run(f"CREATE OR REPLACE TABLE reckoned AS {' UNION ALL '.join([*parts, spared])}")
    begin = calendar.begin
    reader.save(
        f"SELECT {_HEAD}, '-' AS occurrence, start AS entered, due, stop, "
        "CASE WHEN NOT applies THEN 'not_applicable' END AS told, CAST(NULL AS BIGINT) AS recheck, "
        "CAST(NULL AS VARCHAR) AS after, CAST(NULL AS BIGINT) AS again "
        "FROM reckoned WHERE NOT applies OR (due IS NOT NULL AND start >= ?)",
        [begin],
        file,
    )
    left = reader.ask(
        "SELECT kase FROM base WHERE slow OR (applies AND (start < ? OR choice NOT IN "
        f"({', '.join(str(n) for n, (_, length) in enumerate(body.terms) if _terms(length)) or '-1'}))) "
        "UNION SELECT kase FROM reckoned WHERE applies AND due IS NULL",
        [begin],
    )
    for (case,) in left:
        yield case
    reader.run("DROP TABLE base")
    reader.run("DROP TABLE reckoned")


def _terms(length: Length) -> Sequence[Term]:
    """Give the terms of a length; none for a date that was agreed."""
    if isinstance(length, AnyOf):
        return length.terms
    return () if isinstance(length, Agreed) else (length,)


def _laid_out(
    reader: FactsReader, need: Need, choice: int, length: Length
) -> tuple[str, str] | None:
    """Lay the pieces of a length out as tables, and give the due and the joins that find it."""
    calendar = need.edition.calendar_of(need.rule)
    dues, joins = [], []
    for number, term in enumerate(_terms(length)):
        edges, slopes, offsets = calendar.tabulate(term)
        name = f"piece_{choice}_{number}"
        reader.lay_out(name, {"edge": edges, "slope": slopes, "lot": offsets})
        dues.append(f"{name}.lot + base.start * {name}.slope")
        joins.append(f"ASOF LEFT JOIN {name} ON base.start <= {name}.edge")
    if not dues:
        return None
    due = dues[0] if len(dues) == 1 else f"GREATEST({', '.join(dues)})"
    missing = " OR ".join(f"piece_{choice}_{n}.lot IS NULL" for n in range(len(dues)))
    return f"CASE WHEN {missing} THEN NULL ELSE {due} END", " ".join(joins)


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
    changed = [f"c_{name}" for name in sorted(asked) if f"c_{name}" in reader.columns]
    extended = [reader.name_of(body.extension.by)] if body.extension is not None else []
    paused = [f"p_{each.name}" for each in body.pauses]
    columns = dict.fromkeys(
        [*COMMON, "m_received", "odd", start, *stops, *changed, *extended, *paused]
    )
    inner, values = reader.select_of(COMPLAINT, list(columns), conditions)
    stop = f"LEAST({', '.join(f'NULLIF({name}, {EMPTY_INSTANT})' for name in stops)})"
    picks = " ".join(
        f"WHEN t{number} THEN {number} WHEN t{number} IS NULL THEN NULL"
        if when is not None
        else f"WHEN true THEN {number}"
        for number, (when, _) in enumerate(body.terms)
    )
    slow = [
        "odd",
        f"{start} IS NULL",
        *(f"{name} IS NULL" for name in stops),
        *(f"{name} IS DISTINCT FROM {EMPTY_INSTANT}" for name in extended),
        *paused,
        *(f"COALESCE({name} > {stop}, false)" for name in changed),
        f"CASE {picks} END IS NULL",
    ]
    if body.when is not None:
        slow.append("applies_ IS NULL")
    within, more = received_within(need)
    return (
        (
            f"SELECT {_HEAD}, {start} AS start, {stop} AS stop, CASE {picks} END AS choice, "
            f"{'applies_' if body.when is not None else 'true'} AS applies, ({' OR '.join(slow)}) AS slow "
            f"FROM ({inner}) WHERE {start} IS DISTINCT FROM {EMPTY_INSTANT} AND {within}"
        ),
        [*values, *more],
    )
