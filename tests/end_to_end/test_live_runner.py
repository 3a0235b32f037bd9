"""Accounts run by threads, as `ombud serve` runs them: woken by hints, one process an account, stopped cleanly."""

from __future__ import annotations

import threading
import time

import pytest

from ombud.model.event import Ref
from ombud.store import Busy, Hint
from sync.live.runner import Runner
from sync.service import open_service
from tests.desks import Stepped
from tests.faults.stage import AGENT, DONE, Stage

#: Seconds within which anything here has long happened.
_LONG = 30


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    stage.world.clock.run()
    yield stage
    stage.stop()


def served(stage):
    stopping = threading.Event()
    return open_service(stage.config, Stepped(stage.world.clock.now), sleep=stopping.wait)


def until(holds):
    """Wait for what threads do."""
    ends = time.monotonic() + _LONG
    while not holds():
        assert time.monotonic() < ends, "it never came to pass"
        time.sleep(0.01)


def test_a_closure_is_moved_back_when_its_hint_wakes_the_account(stage):
    with served(stage) as service:
        runner = Runner(service)
        runner.start()
        until(lambda: runner.status()["sandbox"].sweeps)
        names = ["early", "early_again", "mended"]
        for name in names:
            stage.world.edit(stage.issues[name], {}, AGENT, to_status=DONE)
            ref = Ref("sandbox", "jira", stage.issues[name])
            service.store.live.put_hints([Hint(ref, name, service.now())])
        runner.wake("sandbox")
        until(lambda: all(stage.world.find(stage.issues[n]).status != DONE for n in names))
        until(lambda: service.store.live.waiting("sandbox") == [])
        runner.stop()
        assert runner.status()["sandbox"].moved_back == len(names)
        assert not runner.status()["sandbox"].held
        # Whoever comes next has the account at once.
        with service.store.lease("sandbox"):
            pass
    assert [shown["moves"] for shown in (stage.end()[name] for name in names)] == [1, 1, 1]


def test_an_account_that_another_process_holds_is_left_to_it(stage):
    with served(stage) as service, served(stage) as other, other.store.lease("sandbox"):
        runner = Runner(service)
        runner.start()
        until(lambda: runner.status()["sandbox"].why)
        assert "another process" in runner.status()["sandbox"].why
        assert not runner.status()["sandbox"].held
        with pytest.raises(Busy), service.store.lease("sandbox"):
            pass
        runner.stop()
