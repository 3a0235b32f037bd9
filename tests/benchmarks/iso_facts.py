"""A million complaints' facts in the layout of ours, made in bulk by DuckDB; kept in .build for the next run.

What the rules read stands in every column: one value in five is empty, one in fifty unknown. Instants are
whole hours of two years. The dues of every deadline are reckoned by our own batch; those of cadences,
invariants and integrity, which come of histories, are drawn.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ombud.model.event import digest
from ombud.model.instant import HOUR, SECOND
from ombud.store.facts import FIELD, MILESTONE, FactsFolder, FactsReader
from sync.dues import DUES, needs
from sync.facts import Layout
from sync.reckoning import reckon, reckonable
from sync.tried import Asked
from tests.histories import service_over

BUILD = Path(__file__).resolve().parent.parent.parent / ".build"
BEGIN = 1_704_067_200 * SECOND
NOW = BEGIN + 2 * 365 * 24 * HOUR
STAGES = ("acknowledged", "assessed", "investigating", "responded", "closed")
WORDS = ("high", "low", "critical", "medium", "unknown", "billing", "p:anna", "p:bert", "yes", "no")
#: Words that make the rules tell complaints apart.
SPECIAL = {
    "severity": ("low", "low", "medium", "medium", "high", "critical"),
    "outcome": ("upheld", "partly", "not_upheld", "referred"),
    "exit": ("", "", "", "", "", "", "", "duplicate", "withdrawn", "spam"),
    "complainant_response": ("accepted", "rejected", "no_reply"),
    "root_cause": ("process", "people", "other", "unknown", "billing"),
    "remedy_kind": ("refund", "repair", "apology", "none"),
    "visible_to": ("complaints", "everybody"),
}


@contextmanager
def made(count: int):
    """Give a reader over the facts, and what is asked: the pack's strict profile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        service_over(Path(folder), "iso10002", "strict") as service,
    ):
        bound = service.bounds[0]
        asked = Asked(bound, None, None, NOW, sample=0)
        layout = Layout.of(bound)
        name = digest(str(count), repr(layout.complaint()), *(need.name for need in needs([bound])))
        place = FactsFolder(BUILD / "bench-facts" / f"{count}-{name[:12]}")
        if not place.fresh({"name": name}):
            shutil.rmtree(place.path.parent, ignore_errors=True)
            with place.rewritten({"name": name}) as beside:
                _write(layout, beside, count)
        with FactsReader(place) as reader:
            for need in needs([bound]):
                file = place.dues(need.name)
                if not file.exists():
                    if reckonable(need):
                        assert list(reckon(reader, need, file)) == [], need.rule.id
                    else:
                        _draw_dues(reader, file)
            yield service, reader, asked


def _write(layout: Layout, folder: Path, count: int) -> None:
    database = duckdb.connect()
    database.execute("SET enable_progress_bar = false")
    database.execute("SELECT setseed(0.25)")
    every = {**layout.complaint(), **layout.transition()}
    # What decides a due is known of every complaint, since what is not is judged from its history.
    sure = {f"c_{name}" for name in layout.tracked} | {f"{FIELD}{name}" for name in layout.tracked}
    exprs = {name: _column(name, kind, sure) for name, kind in every.items()}
    exprs |= {
        "n": "i",
        "kase": "'case' || i",
        "account": "'desk'",
        "ticket": "'t' || i",
        "begun": f"{BEGIN} + (hash(i) % {2 * 365 * 24 * 60})::BIGINT * {60 * SECOND}",
        "week": f"{BEGIN} + ((hash(i) % {2 * 365 * 24 * 60})::BIGINT // 10080) * {7 * 24 * HOUR}",
        "m_received": f"{BEGIN} + (hash(i) % {2 * 365 * 24 * 60})::BIGINT * {60 * SECOND}",
        "t_org_unit": "'unit' || hash(i) % 12",
        "t_owner": "'p:' || hash(i) % 80",
        "t_project": "'CMP'",
        "agent": "'p:' || hash(i) % 80",
        "odd": "false",
        "p_complainant": "false",
        "p_third_party": "false",
        "m_holding_sent": "-1",
        "k_legal_hold": "0",
        "occurrence": "'e' || i || entering",
        "entered": f"{BEGIN} + (random() * 17520)::BIGINT * {HOUR}",
        "until": "CAST(NULL AS BIGINT)",
        "movable": "true",
    }
    exprs = {name: exprs[name] for name in every if name != "entering"}
    for table, columns, source in (
        ("complaint", layout.complaint(), f"range({count}) t(i)"),
        (
            "transition",
            layout.transition(),
            f"range({count}) t(i), (SELECT unnest({list(STAGES)}) AS entering) s",
        ),
    ):
        told = ", ".join(f"{exprs[n]} AS {n}" if n != "entering" else n for n in columns)
        unsure = (
            told
            if table == "complaint"
            else told.replace(
                "-1 AS m_holding_sent", f"{_column('m_x', 'instant', set())} AS m_holding_sent"
            )
        )
        database.execute(
            f"COPY (SELECT {unsure} FROM {source}) TO '{folder / f'{table}.parquet'}' (FORMAT parquet, ROW_GROUP_SIZE 20480)"
        )
    database.close()


def _column(name: str, kind: str, sure: set[str]) -> str:
    """Draw a column: unknown now and then unless a due depends on it, empty more often, else a value."""
    unknown = (
        "" if name in sure or name.startswith(MILESTONE) else "WHEN random() < 0.02 THEN NULL "
    )
    if name.startswith("c_"):
        return f"{BEGIN}"
    if name.startswith("k_"):
        return "1"
    if kind == "instant":
        empty, value = "-1", f"{BEGIN} + (random() * 17520)::BIGINT * {HOUR}"
    elif kind == "number":
        empty, value = "-1e300", "(random() * 5)::INTEGER::DOUBLE"
    else:
        words = list(SPECIAL.get(name.removeprefix(FIELD), WORDS))
        empty, value = "''", f"({words})[1 + (random() * {len(words)})::INTEGER % {len(words)}]"
    return f"CASE {unknown}WHEN random() < 0.2 THEN {empty} ELSE {value} END"


def _draw_dues(reader: FactsReader, file: Path) -> None:
    drawn = {
        "occurrence": "'-'",
        "entered": "begun",
        "due": "CAST(NULL AS BIGINT)",
        "stop": "CAST(NULL AS BIGINT)",
        "told": "['pass', 'pass', 'fail', 'unknown', 'pending'][1 + (random() * 5)::INTEGER % 5]",
        "recheck": "CAST(NULL AS BIGINT)",
        "after": "CAST(NULL AS VARCHAR)",
        "again": "CAST(NULL AS BIGINT)",
    }
    told = ", ".join(f"{drawn[n]} AS {n}" if n in drawn else n for n in DUES)
    reader.save(f"SELECT {told} FROM complaint", [], file)
