"""Where the helpdesk refuses the way back, the note says that the complaint is closed still, and whom to ask."""

from __future__ import annotations

import pytest

from tests.faults.stage import AGENT, DONE, Stage

#: What Jira says where a validator of the workflow bars the transition.
_BARRED = {
    "match": r"POST /rest/api/3/issue/\d+/transitions",
    "kind": "status",
    "status": 400,
    "times": 50,
}


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    stage.sync()
    stage.world.clock.advance(600)
    yield stage
    stage.stop()


def test_a_workflow_without_a_way_back_is_told_at_once_as_what_it_is(stage):
    stage.world.edit(stage.issues["terminal"], {}, AGENT, to_status=DONE)
    stage.world.clock.advance(60)
    report = stage.sync()
    assert len(report.refused) == 1
    told = stage.end()["terminal"]
    assert (told["status"], told["moves"]) == (DONE, 0)
    (note,) = told["notes"]
    assert "could not be reopened. Please reopen it yourself" in note
    assert "open again" not in note
    assert "closed again" not in note
    assert "Then close it again." not in note
    # And it is left at that.
    stage.world.clock.advance(3600)
    assert stage.sync().refused == {}
    assert stage.end()["terminal"]["notes"] == [note]


def test_a_validator_that_bars_the_way_back_is_told_and_what_a_person_does_then_counts(stage):
    stage.world.edit(stage.issues["early"], {}, AGENT, to_status=DONE)
    stage.world.clock.advance(60)
    stage.server.faults.order([_BARRED])
    assert len(stage.sync().refused) == 1
    (note,) = stage.end()["early"]["notes"]
    assert "could not be reopened" in note
    assert "open again" not in note
    stage.server.faults.order([])
    stage.world.edit(stage.issues["early"], {}, AGENT, to_status="10006")
    stage.world.clock.advance(3600)
    stage.sync()
    told = stage.end()["early"]
    assert told["status"] == "10006"
    assert "could not be reopened" not in "".join(told["notes"])
