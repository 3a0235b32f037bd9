"""What looks after problems and mass events is alone with each ticket it writes about, and forgets nothing kept meanwhile."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from ombud.model.event import Ref
from ombud.sandbox.serve import start_in_thread
from sync.mass import MANY
from sync.report import SyncReport
from sync.service import open_service
from sync.sweep import Sweep
from tests.conformity.benches import JiraBench
from tests.desks import Stepped, jira_folder

PROBLEM = '\n[problem]\nlinks = "Problem/Incident"\nfields = ["root_cause"]\n'
MASS = "mass:sandbox"


class Held:
    """Say which tickets are held while a parent is read, and have something happen then."""

    def __init__(self, service, parent):
        self.service, self.parent = service, Ref("sandbox", "jira", parent)
        self.now, self.seen, self.meanwhile = [], [], lambda _epoch: None

    @contextmanager
    def hold(self, refs):
        self.now += refs
        yield
        for ref in refs:
            self.now.remove(ref)

    def sweep(self, monkeypatch):
        service = self.service
        connector = service.connector("sandbox")
        read = type(connector).read
        with service.store.lease("sandbox") as epoch, monkeypatch.context() as patched:

            def watched(this, seen, schema):
                if self.parent in {each.ref for each in seen}:
                    self.seen.append(self.parent in self.now)
                    self.meanwhile(epoch)
                return read(this, seen, schema)

            patched.setattr(type(connector), "read", watched)
            report = SyncReport("sandbox")
            (bound,) = service.bounds
            Sweep(service, bound.name, connector, report, epoch, None, hold=self.hold).run(
                full=False
            )
        assert self.now == []


@pytest.fixture
def desk(tmp_path):
    with start_in_thread() as server:
        config = jira_folder(tmp_path, server, profile='"starter"')
        mapping = tmp_path / "sandbox.mapping.toml"
        mapping.write_text(mapping.read_text(encoding="utf-8") + PROBLEM, encoding="utf-8")
        clock = Stepped(server.world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            yield JiraBench(server), service


def problem_with(desk, service, count):
    problem = desk.world.create("SUP", "Question", {"summary": "All leak"}, "acc-anna").id
    children = [desk.create() for _ in range(count)]
    for each in children:
        desk.walk_to_answer(each)
        desk.world.link(each, problem, "Problem/Incident", actor="acc-anna")
    desk.pass_time()
    service.sync("sandbox")
    desk.pass_time()
    return problem, children


def test_a_problem_that_changed_is_held_while_it_is_read_again(desk, monkeypatch):
    bench, service = desk
    problem, _ = problem_with(bench, service, 1)
    bench.world.edit(problem, {"customfield_10042": "10223"}, "acc-anna")
    bench.pass_time()
    held = Held(service, problem)
    held.sweep(monkeypatch)
    assert held.seen == [True]


def test_a_parent_is_held_while_its_note_is_planned_and_what_is_kept_meanwhile_stays(
    desk, monkeypatch
):
    bench, service = desk
    problem, children = problem_with(bench, service, MANY)
    for each in children:
        bench.world.edit(each, {}, "acc-robot", to_status=bench.closed)
    bench.pass_time()
    held = Held(service, problem)

    def another(epoch):
        """Keep one more closing, as whoever settles a ticket in another thread does."""
        kept = json.loads(service.store.meta(MASS))
        kept[problem]["children"]["late"] = [0, ["Root cause"]]
        with service.store.begin("sandbox", epoch) as tx:
            tx.set_meta(MASS, json.dumps(kept))

    held.meanwhile = another
    held.sweep(monkeypatch)
    assert held.seen == [True]
    kept = json.loads(service.store.meta(MASS))[problem]
    assert kept["children"].keys() == {*children, "late"}
    assert "since" in kept
    assert f"{MANY} complaints closed with this ticket" in bench.shown(problem).text
