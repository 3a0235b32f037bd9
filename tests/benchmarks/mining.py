"""Checking every ticket of a log: our rules against pm4py's log skeleton and temporal profile on the same log.

pm4py discovers both from the log, in an environment of its own; its relations become rules of a pack: what
comes before what, what never meets, and for each pair of its temporal profile a deadline of mean and two
standard deviations. It has the log in memory, read and sorted beforehand; we have it stored as events, or as
facts. Of the first two relations the deviating tickets must be the same in number, pair by pair. Its profile
looks at every pair of occurrences and at times that are too short as well, ours at the first of each; so
there the work is compared, and not the result.
"""

from __future__ import annotations

import base64
import csv
import json
import random
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ombud.model.clock import FixedClock
from sync.facts import facts_folder
from sync.row_reading import read_rows
from sync.service import open_service
from sync.sql_reading import count_verdicts, open_facts
from sync.tried import Asked
from tests.benchmarks.runs import Figure, at_least
from tests.stores import KEY

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / ".build" / "pm4py" / "bin" / "python"
SIDE = Path(__file__).with_name("pm4py_side.py")
ACTIVITIES = (
    "Insert",
    "Assign",
    "Acknowledge",
    "Take",
    "Wait",
    "Escalate",
    "Resolve",
    "Reopen",
    "Close",
)
RUNS = 3
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def measure(count: int) -> list[Figure]:
    """Time both sides; without pm4py's environment there is nothing to compare with."""
    if not PYTHON.exists():
        raise SystemExit("pm4py is not installed. Install it with: scripts/set-up.sh pm4py")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write_log(folder / "log.csv", count)
        told = subprocess.run(
            [PYTHON, SIDE, folder / "log.csv", str(RUNS)],
            check=True,
            capture_output=True,
            text=True,
        )
        rival = json.loads(told.stdout.splitlines()[-1])
        theirs = [a + b for a, b in zip(rival["skeleton"], rival["temporal"], strict=True)]
        _write_settings(folder, rival)
        with open_service(folder / "ombud.toml", FixedClock(NOW)) as service:
            service.import_log(folder / "log.csv", folder / "map.toml")
            asked = Asked(service.bounds[0], None, None, service.now(), sample=0)
            from_events, from_facts = [], []
            for _ in range(RUNS):
                shutil.rmtree(facts_folder(service, asked.bound).path, ignore_errors=True)
                begin = time.perf_counter()
                with open_facts(service, asked) as (reader, _):
                    verdicts = count_verdicts(reader, asked)
                from_events.append(time.perf_counter() - begin)
                shutil.rmtree(facts_folder(service, asked.bound).path / "dues")
                begin = time.perf_counter()
                with open_facts(service, asked) as (reader, _):
                    assert count_verdicts(reader, asked) == verdicts
                from_facts.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            rows = read_rows(service, asked)
            by_rows = [time.perf_counter() - begin]
        assert rows.tally.verdicts == verdicts
        _same(rival, verdicts)
        rules = len(asked.rules)
    size = f"{count:,} tickets, {rules} rules"

    def ratios(ours: list[float]) -> list[float]:
        return [a / b for a, b in zip(theirs, ours, strict=False)]

    return [
        at_least(f"pm4py (skeleton and profile) to ours from facts, {size}", ratios(from_facts), 5),
        at_least(
            "  pm4py to ours from stored events: folded, written, judged", ratios(from_events), 0
        ),
        at_least("  pm4py to ours row by row, a whole backtest", ratios(by_rows), 0),
        at_least("  pm4py's log skeleton, s", rival["skeleton"], 0),
        at_least("  pm4py's temporal profile, s", rival["temporal"], 0),
        at_least("  ours from facts, s", from_facts, 0),
        at_least("  ours from stored events, s", from_events, 0),
        at_least("  ours row by row, s", by_rows, 0),
    ]


def _same(rival: dict, verdicts: dict) -> None:
    """Hold the numbers of deviating tickets equal, pair by pair."""
    theirs = {tuple(pair[:3]): pair[3] for pair in rival["failing"]}
    for name in ("always_before", "never_together"):
        for one, other in rival[name]:
            ours = verdicts[_rule(name, one, other), "fail"]
            assert theirs.get((name, one, other), 0) == ours, (name, one, other)


def _rule(name: str, one: str, other: str) -> str:
    return f"{name}.{one.lower()}_{other.lower()}"


def _write_log(path: Path, count: int) -> None:
    """Make a log of a helpdesk's usual ways, with steps left out, repeated and exchanged; no two at one instant."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        log = csv.writer(file)
        log.writerow(["case:concept:name", "concept:name", "time:timestamp"])
        for number in range(count):
            steps = ["Insert"]
            steps += ["Assign"] * (chance.random() < 0.95)
            steps += ["Acknowledge"] * (chance.random() < 0.9)
            steps += ["Take"] * (chance.random() < 0.93)
            steps += ["Wait", "Take"] * chance.choice([0, 0, 1, 2])
            steps += ["Escalate"] * (chance.random() < 0.15)
            steps += ["Resolve"] * (chance.random() < 0.97)
            steps += ["Reopen", "Take", "Resolve"] * (chance.random() < 0.05)
            steps.append("Close")
            if chance.random() < 0.04 and len(steps) > 3:
                at = chance.randrange(1, len(steps) - 1)
                steps[at], steps[at + 1] = steps[at + 1], steps[at]
            when = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(700_000))
            for step in steps:
                log.writerow([f"C{number}", step, when.strftime("%Y-%m-%dT%H:%M:%SZ")])
                when += timedelta(minutes=chance.randrange(1, 3000), seconds=chance.randrange(60))


def _write_settings(folder: Path, rival: dict) -> None:
    """Write the rival's relations as a pack, and what the log's activities mean."""
    rules = [
        f"  - {{id: {_rule('always_before', one, other)}, title: t, clauses: [{{standard: log, clause: '1'}}], "
        f"severity: major, guard: {{when: {{present: did_{one.lower()}}}, "
        f"must: {{did_{other.lower()}: {{not_after: did_{one.lower()}}}}}}}}}"
        for one, other in rival["always_before"]
    ]
    rules += [
        f"  - {{id: {_rule('never_together', one, other)}, title: t, clauses: [{{standard: log, clause: '2'}}], "
        f"severity: major, guard: {{when: {{present: did_{one.lower()}}}, "
        f"must: {{not: {{present: did_{other.lower()}}}}}}}}}"
        for one, other in rival["never_together"]
    ]
    rules += [
        f"  - {{id: {_rule('in_time', one, other)}, title: t, clauses: [{{standard: log, clause: '3'}}], "
        f"severity: minor, deadline: {{from: did_{one.lower()}, until: did_{other.lower()}, "
        f"within: [{{hours: {max((mean + 2 * deviation) / 3600, 0.01):.4f}}}]}}}}"
        for one, other, mean, deviation in rival["profile"]
        if one != other
    ]
    milestones = [f"did_{each.lower()}" for each in ACTIVITIES]
    (folder / "log.yaml").write_text(
        "pack: mined\nversion: 1.0.0\ntitle: What a log shows of itself\neffective: {from: 2020-01-01}\n"
        f"calendar: office\nmilestones: [{', '.join(milestones)}]\n"
        "rules:\n" + "\n".join(rules) + "\nprofiles:\n  standard: all\n",
        encoding="utf-8",
    )
    stages = {"Insert": "received", "Resolve": "responded", "Close": "closed"}
    lines = [
        "[log]",
        'case = "case:concept:name"',
        'activity = "concept:name"',
        'time = "time:timestamp"',
    ]
    lines += [
        "[stages]",
        *(f'"{a}" = {{stage = "{stages.get(a, "investigating")}"}}' for a in ACTIVITIES),
    ]
    lines += ["[milestones]", *(f'did_{a.lower()} = [{{status = "{a}"}}]' for a in ACTIVITIES)]
    (folder / "map.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / ".env").write_text(
        f"OMBUD_KEY={base64.urlsafe_b64encode(KEY).decode()}\n", encoding="utf-8"
    )
    (folder / "ombud.toml").write_text(
        """
[accounts.log]
vendor = "file"
url = ""
[[bindings]]
name = "log"
account = "log"
pack = "log.yaml"
calendar = "office"
mapping = "map.toml"
scope = [{is = "complaint"}]
[calendars.office]
zone = "UTC"
week = {mon-fri = ["09:00-17:00"]}
""",
        encoding="utf-8",
    )
