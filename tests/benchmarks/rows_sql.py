"""iso10002, strict profile, over a million complaints: our SQL reading against SQL written by hand, both on DuckDB."""

from __future__ import annotations

from collections import Counter

from sync.dues import needs
from sync.sql_reading import count_verdicts, read_facts
from tests.benchmarks.iso_by_hand import GUARDS, dues_sql, stage_sql
from tests.benchmarks.iso_facts import NOW, made
from tests.benchmarks.runs import Figure, at_least, at_most, in_turn, timed

VERDICTS = ("pass", "fail", "unknown", "not_applicable")


def measure(count: int) -> list[Figure]:
    """Count every verdict of every rule both ways; the counts must agree."""
    with made(count) as (_, reader, asked):
        clocks = {
            need.rule.id: dues_sql(reader.dues(need.name), NOW) for need in needs([asked.bound])
        }
        stages = {stage: stage_sql(stage) for stage in GUARDS}

        def by_hand() -> Counter[tuple[str, str]]:
            found: Counter[tuple[str, str]] = Counter()
            for stage, sql in stages.items():
                (row,) = reader.ask(sql)
                for number, rule in enumerate(GUARDS[stage]):
                    for place, verdict in enumerate(VERDICTS):
                        found[rule, verdict] += row[4 * number + place]
            for rule, sql in clocks.items():
                for verdict, number in reader.ask(sql):
                    found[rule, verdict] += number
            return found

        def by_us() -> Counter[tuple[str, str]]:
            return count_verdicts(reader, asked)

        hand, ours = +by_hand(), +by_us()
        rules = {rule.id for rule in asked.rules}
        assert {rule for rule, _ in hand} == rules == {rule for rule, _ in ours}
        assert hand == ours, {
            key: (hand[key], ours[key]) for key in hand | ours if hand[key] != ours[key]
        }
        taken = in_turn({"ours": by_us, "hand": by_hand}, runs=3)
        taken["whole"] = [timed(lambda: read_facts(reader, asked))]
    ratios = [a / b for a, b in zip(taken["ours"], taken["hand"], strict=True)]
    size = f"{count:,} complaints, {len(rules)} rules"
    return [
        at_most(f"DuckDB, ours to hand-written, {size}", ratios, 2),
        at_least("  by hand, s", taken["hand"], 0),
        at_least("  ours, s", taken["ours"], 0),
        at_least("  whole backtest: weeks, teams, flags, notes, once, s", taken["whole"], 0),
    ]
