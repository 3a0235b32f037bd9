"""Recompute the dues of a million complaints after a term has changed; two ways, the better of which is kept.

The pack's strict profile has all its deadlines reckoned, as if every term had changed; and one rule alone,
which is what a changed parameter costs. The other way is `Calendar.due_many` over sorted starts, with the
columns brought to Python and back. A sample is held equal to `Calendar.due_at`, one by one.
"""

from __future__ import annotations

import random
from itertools import islice

import pyarrow as pa

from policies.rule import Deadline
from sync.dues import needs
from sync.reckoning import reckon
from tests.benchmarks.iso_facts import made
from tests.benchmarks.runs import Figure, at_least, at_most, in_turn

ONE = "receipt.recorded_in_time"


def measure(count: int) -> list[Figure]:
    """Time all deadlines of the strict profile, one of them, and the same one by the other way."""
    with made(count) as (_, reader, asked):
        wanted = [need for need in needs([asked.bound]) if isinstance(need.rule.body, Deadline)]
        one = next(need for need in wanted if need.rule.id == ONE)
        file = reader.folder.path / "bench.parquet"
        calendar = one.edition.calendar_of(one.rule)
        body = one.rule.body
        assert isinstance(body, Deadline)
        ((_, term),) = body.terms

        def everything() -> None:
            for need in wanted:
                assert next(reckon(reader, need, file), None) is None

        def alone() -> None:
            assert next(reckon(reader, one, file), None) is None

        def through_python() -> None:
            rows = reader.ask(
                "SELECT kase, m_received, m_recorded FROM complaint ORDER BY m_received"
            )
            cases, starts, stops = zip(*rows, strict=True)
            dues = calendar.due_many(starts, term)
            reader.hold(
                "python_dues",
                pa.table({"kase": cases, "start": starts, "stop": stops, "due": dues}),
            )
            reader.save("SELECT * FROM python_dues", [], file)

        alone()
        chance = random.Random(1)
        told = list(islice(reader.ask(f"SELECT entered, due FROM {reader.source(file)}"), 200_000))
        for start, due in chance.sample(told, min(2_000, len(told))):
            assert calendar.due_at(start, term) == due
        taken = in_turn({"all": everything, "one": alone, "python": through_python}, runs=3)
        file.unlink()
    ratios = [a / b for a, b in zip(taken["python"], taken["one"], strict=True)]
    return [
        at_most(
            f"dues of {count:,} complaints, {len(wanted)} deadlines, all anew, s",
            taken["all"],
            10 * max(count / 1e6, 0.2),
        ),
        at_least("  one rule, pieces joined in DuckDB, s", taken["one"], 0),
        at_least("  the same by due_many in Python, s", taken["python"], 0),
        at_least("  Python to DuckDB", ratios, 0),
    ]
