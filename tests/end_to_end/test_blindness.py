"""Blindness is told once per episode: hints that stay away, sweeps that fail, a sign-in that is lost, a clock that is off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import HelpdeskError, Kind
from connectors.gate import Gate
from ombud.model.connector import Check
from ombud.model.event import Ref
from ombud.model.hook import Kept
from ombud.model.instant import HOUR, MINUTE, SECOND
from ombud.store import Hint
from sync.live.blindness import after_failure, after_sweep, troubled
from sync.report import SyncReport
from sync.sweep import Sweep
from tests.faults.stage import AGENT, Stage

NAMES = ("early", "filled", "worse", "fine", "late", "noisy")


class Post:
    """An account whose tickets people change, whose hook tells of it or does not, and whose sweeps are watched."""

    def __init__(self, stage, service, epoch):
        self.stage, self.service, self.epoch = stage, service, epoch
        self.look()
        self.swept()

    def look(self):
        """Sweep without the watch that a desk has on its sweeps, and give what it brought."""
        report = SyncReport("sandbox")
        connector = self.service.connector("sandbox")
        Sweep(self.service, "complaints", connector, report, self.epoch, None).run(full=False)
        return report.tally.brought

    def kept(self):
        """Give the notices about ourselves that wait to be told; those about complaints are none of these."""
        waiting = self.service.store.live.notices(self.service.now())
        return [each for each in waiting if not each.ref.id]

    def install(self):
        kept = Kept("path", "secret", kind="admin").as_text()
        self.service.store.keep_token("sandbox hook", kept, None)

    def remove(self):
        self.service.store.drop_token("sandbox hook")

    def change(self, *names, told=False, by=AGENT):
        for name in names:
            issue = self.stage.issues[name]
            self.stage.world.comment(issue, by, "Word.", public=False)
            if told:
                ref, now = Ref("sandbox", "jira", issue), self.service.now()
                self.service.store.live.put_hints([Hint(ref, f"{issue}/{now}", now)])
            self.stage.world.clock.advance(30)

    def swept(self, brought=(), **how):
        """Watch what a sweep brought; it ends five minutes later."""
        self.stage.world.clock.advance(300)
        now = self.service.now()
        return after_sweep(self.service, "sandbox", self.epoch, brought, now, **how)

    def sweep(self, **how):
        return self.swept(self.look(), **how)

    def fails(self, kind=Kind.busy):
        error = HelpdeskError(kind, "sandbox", "GET /rest", detail="down")
        return after_failure(self.service, "sandbox", self.epoch, error, self.service.now())


@pytest.fixture
def post(tmp_path):
    stage = Stage(tmp_path)
    with stage.service() as service, service.store.lease("sandbox") as epoch:
        yield Post(stage, service, epoch)
    stage.stop()


def after(post, span):
    post.stage.world.clock.advance(span / SECOND)


def test_three_tickets_that_change_without_a_hint_are_told_once(post):
    post.install()
    post.sweep()
    post.change("early", "filled")
    assert post.sweep() == []
    post.change("worse")
    post.sweep()
    (told,) = post.kept()
    assert (told.kind, told.ref.id) == ("blindness", "")
    assert "3 tickets changed one after the other" in told.told
    post.change("fine", "late")
    assert post.sweep() == [], "once per episode"


@pytest.mark.usefixtures("either")
def test_it_is_over_when_hints_come_again_and_may_begin_anew(post):
    post.install()
    post.sweep()
    post.change("early", "filled", "worse")
    post.sweep()
    after(post, HOUR)
    post.change("fine", told=True)
    assert post.sweep() == []
    post.change("early", "filled", "worse")
    post.sweep()
    assert len(post.kept()) == 2


def test_a_hint_between_them_is_no_row(post):
    post.install()
    post.sweep()
    post.change("early", "filled")
    post.sweep()
    post.change("worse", told=True)
    post.change("fine", "late")
    post.sweep()
    assert post.kept() == []


def test_a_hint_that_comes_a_minute_late_counts(post):
    post.install()
    post.sweep()
    for name in NAMES[:4]:
        post.change(name)
        brought = post.look()
        now = post.service.now()
        assert after_sweep(post.service, "sandbox", post.epoch, brought, now) == []
        post.service.store.live.put_hints([Hint(brought[0], f"{name}/{now}", now + MINUTE)])
        after(post, 2 * MINUTE)
    post.sweep()
    assert post.kept() == []


def test_without_a_hook_nobody_waits_for_hints(post):
    post.change("early", "filled", "worse", "fine")
    post.sweep()
    assert post.kept() == []


def test_a_hook_that_was_taken_away_promises_nothing_more(post):
    post.install()
    post.sweep()
    post.change("late", told=True)
    post.sweep()
    post.remove()
    post.sweep()
    post.change("early", "filled", "worse", "fine")
    post.sweep()
    assert post.kept() == []


def test_where_hints_came_before_they_are_waited_for(post):
    post.change("late", told=True)
    post.sweep()
    post.change("early", "filled", "worse", "fine")
    post.sweep()
    post.sweep()
    assert len(post.kept()) == 1


def test_what_came_before_the_hook_was_installed_brought_no_hint_by_right(post):
    post.change("early", "filled", "worse", "fine")
    post.install()
    post.sweep()
    post.sweep()
    assert post.kept() == []


def test_what_machines_change_is_not_held_against_hints(post):
    post.install()
    post.sweep()
    post.change("early", "filled", "worse", "fine", by="acc-robot")
    post.sweep()
    assert post.kept() == []


def test_a_sign_in_that_is_lost_is_told_at_once_and_once(post):
    (told,) = post.fails(Kind.signin)
    assert "nobody is signed in" in told.told
    assert post.fails(Kind.signin) == []
    post.swept()
    assert len(post.fails(Kind.signin)) == 1


def test_sweeps_that_fail_for_three_intervals_are_told_of_once(post):
    assert post.fails() == []
    after(post, 14 * MINUTE)
    assert post.fails() == []
    after(post, MINUTE)
    assert len(post.fails()) == 1
    after(post, HOUR)
    assert post.fails() == []
    post.swept()
    assert post.fails() == [], "it is counted anew"


def test_a_clock_that_is_far_off_is_told_of_once(post):
    assert post.swept(skew=90 * SECOND) == []
    (told,) = post.swept(skew=-4 * MINUTE)
    assert "240 seconds apart" in told.told
    assert post.swept(skew=-4 * MINUTE) == []
    assert post.swept(skew=0) == []
    assert len(post.swept(skew=4 * MINUTE)) == 1


def test_a_hook_that_died_is_told_of_once_and_again_when_it_died_again(post):
    def look(*found):
        return troubled(post.service, "sandbox", post.epoch, found, post.service.now())

    died = Check("Webhook", ok=False, why="is gone", remedy="Run: ombud hooks install sandbox")
    (told,) = look(died)
    assert (told.kind, "is gone. Run" in told.told) == ("hook", True)
    assert look(died) == []
    assert look() == []
    after(post, MINUTE)
    assert len(look(died)) == 1


def test_the_helpdesk_tells_its_time_in_every_answer(post):
    gate = Gate(post.service.clock, post.service.sleep)
    post.service.connector("sandbox").through(gate)
    post.look()
    assert abs(gate.skew) <= 2 * SECOND
    post.service.clock.ahead -= timedelta(minutes=10)
    post.look()
    assert gate.skew == pytest.approx(10 * MINUTE, abs=2 * SECOND)
    assert len(post.swept(skew=gate.skew)) == 1
