"""Whatever agents, automations, hooks, workers and nights do, and in whatever order: after quiet every ticket shows what it should."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from connectors.errors import HelpdeskError
from connectors.http import Client
from ombud.model.event import Ref
from ombud.sandbox.end_state import end_state, trespasses
from ombud.store import Hint
from sync.live.desk import Desk
from tests.faults.stage import ACKNOWLEDGED, AGENT, CAUSE, DONE, INVESTIGATING, RESPONDED, Stage

ROBOT, OMBUD = "acc-robot", "acc-ombud"
NAMES = ("early", "mended", "filled", "fine")
#: Move backs allowed for a ticket in a day.
BUDGET, SPAN = 2, timedelta(days=1)
#: Longer than a write may be uncertain, and than the breaker stays open.
BEATS = (130, 130, 1_200, 3_700, 3_700)
names = st.sampled_from(NAMES)


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Live(RuleBasedStateMachine):
    """An account that is live, and everything that happens to it."""

    @initialize()
    def open(self):
        self.folder = Path(tempfile.mkdtemp(prefix="live-"))
        self.stage = Stage(self.folder)
        self.world = self.stage.world
        self.service = self.stage.service()
        self.start()
        self.desk.tick()
        self.ordinary = end_state(self.world)[self.key("question")]

    def start(self):
        """Begin as a process of its own would."""
        self.lease = self.service.store.lease("sandbox")
        self.desk = Desk(self.service, "sandbox", self.lease.__enter__())
        self.deliveries = getattr(self, "deliveries", 0)

    def key(self, name):
        return self.world.find(self.stage.issues[name]).key

    def issue(self, name):
        return self.world.find(self.stage.issues[name])

    @rule(name=names, to=st.sampled_from([DONE, RESPONDED, INVESTIGATING, ACKNOWLEDGED]))
    def agent_moves(self, name, to):
        self.world.edit(self.issue(name).id, {}, AGENT, to_status=to)

    @rule(name=names)
    def agent_closes(self, name):
        self.world.edit(self.issue(name).id, {}, AGENT, to_status=DONE)

    @rule(name=names, filled=st.booleans())
    def agent_fills_in_the_cause(self, name, filled):
        fields = CAUSE if filled else dict.fromkeys(CAUSE)
        self.world.edit(self.issue(name).id, fields, AGENT)

    @rule(name=names, label=st.sampled_from(["vip", "ombudsman", "q3"]))
    def agent_labels(self, name, label):
        held = self.issue(name).fields.get("labels") or []
        self.world.edit(self.issue(name).id, {"labels": sorted({*held, label})}, AGENT)

    @rule(name=names, public=st.booleans())
    def agent_comments(self, name, public):
        self.world.comment(self.issue(name).id, AGENT, "Looking into it.", public=public)

    @rule(name=names)
    def automation_closes(self, name):
        self.world.edit(self.issue(name).id, {}, ROBOT, to_status=DONE)

    @rule(name=names, times=st.integers(1, 3))
    def hook_tells(self, name, times):
        """Tell once or more often; where this rule is not drawn, the hook was lost."""
        self.deliveries += 1
        ref = Ref("sandbox", "jira", self.issue(name).id)
        now = self.service.now()
        hint = Hint(ref, f"d{self.deliveries}", now)
        self.service.store.live.put_hints([hint] * times)

    @rule()
    def hook_tells_of_nobody(self):
        self.deliveries += 1
        ref = Ref("sandbox", "jira", str(7_000_000 + self.deliveries))
        self.service.store.live.put_hints([Hint(ref, f"d{self.deliveries}", self.service.now())])

    @rule(part=st.sampled_from(["hear", "fire", "send", "sweep", "tick"]))
    def worker_does(self, part):
        desk = self.desk
        if not desk.resting:
            self.guarded(
                lambda: desk.hear(desk.waiting()) if part == "hear" else getattr(desk, part)()
            )

    @rule(name=names, who=st.sampled_from([AGENT, ROBOT]), times=st.integers(1, 4))
    def somebody_insists(self, name, who, times):
        for _ in range(times):
            self.world.edit(self.issue(name).id, {}, who, to_status=DONE)
            self.hook_tells(name, 1)
            self.worker_does("tick")
            self.world.clock.advance(30)

    @rule()
    def night_comes(self):
        if not self.desk.resting:
            self.guarded(self.desk.night)

    def guarded(self, do):
        try:
            do()
        except HelpdeskError as error:
            self.desk.rest(error)

    @rule(call=st.integers(1, 12), answered=st.booleans())
    def process_is_killed(self, call, answered):
        """Kill it before its n-th call, or once the helpdesk has carried that out; another begins where it stopped."""
        once, seen = Client._once, []

        def counted(client, *arguments, **named):
            seen.append(1)
            if len(seen) == call and not answered:
                raise Killed
            told = once(client, *arguments, **named)
            if len(seen) == call:
                raise Killed
            return told

        Client._once = counted
        try:
            self.desk.tick()
        except Killed:
            self.lease.__exit__(None, None, None)
            self.service.__exit__(None, None, None)
            self.service = self.stage.service()
            self.start()
        finally:
            Client._once = once

    @rule(status=st.sampled_from([500, 503, 429]), commit=st.booleans(), nth=st.integers(1, 5))
    def helpdesk_fails(self, status, commit, nth):
        """Answer a write with an error, though it may have been carried out."""
        match = r"(POST|PUT) /rest/api/3/issue/\d+"
        fault = {"match": match, "kind": "status", "status": status, "nth": nth}
        self.stage.server.faults.order([{**fault, "commit": commit and status == 500}])

    @rule(seconds=st.sampled_from([1, 61, 700, 3_700, 90_000]))
    def time_passes(self, seconds):
        self.world.clock.advance(seconds)

    def quiet(self):
        """Let nothing more happen, and time pass, until nothing is due."""
        self.stage.server.faults.order([])
        self.world.clock.advance(self.service.settings.serve.sweep_seconds + 600)
        for seconds in BEATS:
            for _ in range(3):
                self.desk.tick()
            self.world.clock.advance(seconds)
        for _ in range(4):
            self.desk.tick()

    def teardown(self):
        if not hasattr(self, "desk"):
            return
        try:
            self.quiet()
            self.shows_what_it_should()
            self.has_kept_its_bounds()
        finally:
            self.lease.__exit__(None, None, None)
            self.service.__exit__(None, None, None)
            self.stage.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def shows_what_it_should(self):
        """Have everything settled afresh: there must be nothing left to do."""
        store = self.service.store
        assert store.live.waiting("sandbox") == []
        assert store.next_try("sandbox") is None, "a plan waits"
        with store.begin("sandbox", self.desk.epoch) as tx:
            tx.settle_afresh("sandbox", "complaints")
        report = self.desk.sweep(full=True)
        assert report.tally.quarantined == report.tally.unreadable == 0
        assert report.tally.planned == 0, "what is shown is not what should be"
        store.verify_log()

    def has_kept_its_bounds(self):
        state = end_state(self.world)
        assert trespasses(state) == []
        assert state[self.key("question")] == self.ordinary
        for name in NAMES:
            moves = [
                entry.created
                for entry in self.issue(name).entries
                if entry.author == OMBUD and any(item.field == "status" for item in entry.items)
            ]
            for at in moves:
                assert sum(1 for each in moves if at <= each < at + SPAN) <= BUDGET


TestLive = Live.TestCase
LONG = os.environ.get("OMBUD_HYPOTHESIS") == "long"
TestLive.settings = settings(
    settings.default,
    max_examples=300 if LONG else 12,
    stateful_step_count=40 if LONG else 15,
)
