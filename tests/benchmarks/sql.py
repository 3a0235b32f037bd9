"""The SQL reading over a million complaints against SQL written by hand for the same verdicts."""

from __future__ import annotations

import random
import sqlite3

from sqlalchemy import column
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import select, table

from policies.load import load_pack
from policies.sql import verdict_sql
from tests.benchmarks.runs import Figure, at_most, in_turn
from tests.benchmarks.verdicts import FIELDS

_SERIOUS = "f_severity IN ('high', 'critical', '')"
#: rule -> when it applies, and what must hold, as somebody who knows the table would write it.
BY_HAND = {
    "close.with_root_cause": (
        _SERIOUS,
        "f_root_cause <> '' AND f_root_cause <> 'unknown' AND f_corrective_action <> ''",
    ),
    "close.four_eyes": (_SERIOUS, "f_approver <> '' AND f_owner <> '' AND f_approver <> f_owner"),
    "close.outcome": (None, "f_outcome <> ''"),
    "receipt.complete": (None, "f_channel <> '' AND f_product <> '' AND f_remedy_sought <> ''"),
    "receipt.category": (None, "f_category <> ''"),
    "assess.safety": (None, "f_safety_implication <> '' AND f_safety_implication <> 'unknown'"),
    "investigate.recorded": (None, "f_investigation_summary <> ''"),
    "respond.remedy_offered": (None, "f_remedy_offered <> ''"),
}


def _hand(when: str | None, must: str) -> str:
    """Write a rule's verdict so that SQLite reads each condition once."""
    verdict = f"CASE ({must}) WHEN 1 THEN 'pass' WHEN 0 THEN 'fail' ELSE 'unknown' END"
    if when is None:
        return verdict
    either = f"CASE WHEN ({must}) THEN 'pass' ELSE 'unknown' END"
    return f"CASE ({when}) WHEN 0 THEN 'not_applicable' WHEN 1 THEN {verdict} ELSE {either} END"


def measure(count: int) -> list[Figure]:
    """Count verdicts of every rule in one statement each way; the counts must agree."""
    database = sqlite3.connect(":memory:")
    names = [f"f_{name}" for name in FIELDS]
    database.execute(f"CREATE TABLE complaint ({', '.join(f'{name} TEXT' for name in names)})")
    chance = random.Random(1)
    words = ("high", "low", "critical", "unknown", "billing", "anna", "bert", "", "", None)
    marks = ", ".join("?" * len(names))
    database.executemany(
        f"INSERT INTO complaint VALUES ({marks})",
        ([chance.choice(words) for _ in names] for _ in range(count)),
    )
    rules = {rule.id: rule.body for rule in load_pack("iso10002").configured({}, "standard").rules}
    ours, hand = [], []
    for index, (name, (when, must)) in enumerate(BY_HAND.items()):
        body = rules[name]
        told = verdict_sql(body.when, body.must, lambda field: column(f"f_{field}"))
        ours.append(told.label(f"v{index}"))
        hand.append(f"{_hand(when, must)} AS v{index}")
    statement = select(*ours).select_from(table("complaint"))
    inner = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    counts = ", ".join(
        f"SUM(v{i} = '{verdict}')"
        for i in range(len(BY_HAND))
        for verdict in ("pass", "fail", "unknown")
    )
    by_us = f"SELECT {counts} FROM ({inner})"
    by_hand = f"SELECT {counts} FROM (SELECT {', '.join(hand)} FROM complaint)"
    assert database.execute(by_us).fetchall() == database.execute(by_hand).fetchall()
    taken = in_turn(
        {
            "ours": lambda: database.execute(by_us).fetchall(),
            "hand": lambda: database.execute(by_hand).fetchall(),
        }
    )
    ratios = [a / b for a, b in zip(taken["ours"], taken["hand"], strict=True)]
    return [
        at_most(
            f"SQL reading: ours to hand-written, {count:,} complaints, {len(BY_HAND)} rules",
            ratios,
            1.5,
        )
    ]
