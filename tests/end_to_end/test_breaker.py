"""Where writes of ours do no good, nothing is written for a while, and then one is tried."""

from __future__ import annotations

from collections import Counter

import pytest

from ombud.sandbox.automations import ClosesAgain
from sync.live.breaker import SPANS
from tests.faults.stage import ACKNOWLEDGED, AGENT, DONE, FIELDS, Stage

_WRITES = r"(PUT|POST|DELETE) /rest/api/3/issue/\d+"


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    stage.sync()
    stage.world.clock.advance(600)
    yield stage
    stage.stop()


def lacking(stage, count=8):
    """Make complaints that lack something, so that there is something to write to each."""
    for _ in range(count):
        fields = {**FIELDS, "customfield_10041": None}
        issue = stage.world.create("CMP", "Complaint", fields, "acc-c01").id
        stage.world.comment(issue, AGENT, "We have your complaint.")
        stage.world.edit(issue, {}, AGENT, to_status=ACKNOWLEDGED)
    stage.world.clock.advance(3600)


def test_writes_that_fail_are_stopped_and_told_and_tried_again_one_by_one(stage):
    lacking(stage)
    fault = {"match": _WRITES, "kind": "status", "status": 403, "times": 500}
    stage.server.faults.order([fault])
    report = stage.sync()
    assert len(report.refused) == 5
    assert "Nothing is written to sandbox until" in report.sentence()
    refused = stage.sync()
    assert refused.refused == {}
    assert "Nothing is written" in refused.sentence()
    with stage.service() as service:
        (found,) = [each for each in service.checks("sandbox") if each.name == "Writing"]
        assert found.ok is False
    stage.world.clock.advance(SPANS[0] // 1_000_000 + 1)
    assert len(stage.sync().refused) == 1
    stage.server.faults.order([])
    stage.world.clock.advance(SPANS[1] // 1_000_000 + 1)
    report = stage.sync()
    assert report.broken == ""
    assert len(report.tagged) >= 2


def test_a_machine_that_fights_us_stops_the_writing_and_wins(stage):
    stage.world.automations.rules.append(ClosesAgain())
    issue = stage.issues["early"]
    stage.world.edit(issue, {}, AGENT, to_status=DONE)
    reports = []
    for _ in range(5):
        stage.world.clock.advance(60)
        reports.append(stage.sync())
    assert sum(len(each.moved_back) for each in reports) <= 2
    assert stage.world.find(issue).status == DONE
    assert stage.end()["early"]["moves"] == 2
    assert any("closed sandbox" in each.broken for each in reports)
    # The note comes once the pause is over.
    stage.world.clock.advance(SPANS[0] // 1_000_000 + 1)
    stage.sync()
    assert "stays closed" in stage.end()["early"]["notes"][0]
    with stage.service() as service:
        kinds = Counter(each.kind for each in service.store.live.notices(service.now()))
        assert (kinds["insists"], kinds["breaker"]) == (1, 1)
