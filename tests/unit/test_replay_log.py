"""A log laid into a world tells the same story there."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ombud.sandbox.replay import replay, replay_into
from ombud.sandbox.world import World

MAPPING = """
[log]
case = "case"
activity = "what"
time = "when"
time_format = "%Y-%m-%d %H:%M:%S"
zone = "Europe/Rome"
actor = "who"
done = ["Closed"]
project = "LOG"
name = "A log"
case_field = "customfield_10090"
row_field = "customfield_10091"
[attributes]
weight = "customfield_10101"
[activities]
Begin = "10101"
Work = "10102"
Closed = "10103"
"""
LOG = """case,what,when,who,weight
A,Begin,2020-07-01 10:00:00,Eve,1
B,Begin,2020-07-01 10:00:00,,
A,Work,2020-07-01 10:00:00,Eve,2
A,Work,2020-07-01 10:00:00,Eve,2
A,Closed,2020-07-02 10:00:00,Sam,2
"""
HELPDESK = Path(__file__).parents[2] / "examples" / "helpdesk" / "replay.toml"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    return tmp_path / "log.csv", tmp_path / "m.toml"


def test_rows_become_creation_and_entries_that_name_their_row(files):
    world = World()
    assert replay(world, *files) == {"cases": 2, "rows": 5, "repeats": 1}
    issue = world.find("LOG-1")
    assert issue.created == datetime(2020, 7, 1, 8, tzinfo=UTC)
    assert issue.status == "10103"
    assert issue.fields["customfield_10090"] == "A"
    told = [entry.history_metadata["extraData"] for entry in issue.entries]
    assert told == [{"source_event": str(row), "source_case": "A"} for row in (3, 4, 5)]
    moved, repeated, closed = (
        {item.field_id: item.after for item in entry.items} for entry in issue.entries
    )
    assert moved == {"customfield_10101": None, "status": "10102"}
    assert issue.entries[0].items[0].after_text == "2"
    assert set(repeated) == {"customfield_10091"}
    assert closed["status"] == "10103"


def test_a_gzipped_log_reads_the_same(files, tmp_path):
    log, mapping = files
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    plain, zipped = World(), World()
    assert replay(plain, log, mapping) == replay(zipped, packed, mapping)
    assert plain.issues == zipped.issues


@pytest.mark.parametrize(
    "old, new, said",
    [("A,Work", "A,Sleep", "row 3: .*Sleep"), ("2020-07-02 10", "02/07/2020 10", "row 5")],
)
def test_what_the_mapping_does_not_know_is_refused_with_its_row(files, old, new, said):
    log, mapping = files
    log.write_text(LOG.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        replay(World(), log, mapping)


def test_a_replay_without_a_mapping_is_refused(files):
    with pytest.raises(ValueError, match="--mapping"):
        replay_into(World(), files[0], None)


def test_the_helpdesk_log_keeps_every_row(shared):
    world = World()
    log = shared / "data" / "helpdesk" / "helpdesk_full_attributes_lmu.csv.gz"
    assert replay(world, log, HELPDESK) == {"cases": 4580, "rows": 21348, "repeats": 944}
    assert sum(len(issue.entries) + 1 for issue in world.issues.values()) == 21348
    for issue in world.issues.values():
        rows = [int(one.history_metadata["extraData"]["source_event"]) for one in issue.entries]
        assert rows == sorted(rows)
    closed = Counter(issue.status == "10114" for issue in world.issues.values())
    assert closed[True] > 4500
