"""A parent is solved and many complaints with it: all are opened again, told once on the parent, under the vendor's limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.zendesk.server import ZendeskServer
from sync.decide import PER_ACCOUNT
from sync.mass import MANY
from sync.service import open_service
from tests.conformity.benches import JiraBench, ZendeskBench
from tests.desks import Stepped, jira_folder
from tests.zendesk_desk import zendesk_service

ANSWERED = "30006"


@pytest.fixture
def zendesk(tmp_path):
    with (
        ZendeskServer().start() as server,
        zendesk_service(tmp_path, server, profile="starter") as service,
    ):
        yield ZendeskBench(server), service


def problem_with(desk, count):
    """Make a problem and answered complaints that stem from it."""
    values = {"subject": "All leak", "comment": {"body": "x"}, "type": "problem"}
    problem = desk.world.create({**values, "ticket_form_id": 37003}, desk.anna).id
    children = []
    for _ in range(count):
        name = desk.create()
        told = {"problem_id": problem, "custom_status_id": int(ANSWERED)}
        desk.world.update(int(name), told, desk.anna)
        children.append(int(name))
    desk.pass_time()
    return problem, children


def notes_of(desk, number):
    return [
        each.told["body"]
        for audit in desk.world.tickets[number].audits
        for each in audit.events
        if each.type == "Comment" and not each.told["public"] and audit.custom.get("ombud")
    ]


def opened(desk, children):
    return sum(desk.world.tickets[each].status == "open" for each in children)


def test_many_closed_with_their_problem_are_opened_again_and_told_once_on_it(zendesk):
    desk, service = zendesk
    count = PER_ACCOUNT + 5
    problem, children = problem_with(desk, count)
    service.sync("zendesk")
    limits = desk.server.site.limits
    limits.enabled, limits.updates = True, 40
    said = {"status": "solved", "comment": {"body": "Fixed", "public": True}}
    desk.world.update(problem, said, desk.anna)
    assert opened(desk, children) == 0
    desk.pass_time()

    report = service.sync("zendesk")
    assert 0 < opened(desk, children) < count
    (told,) = [each for each in report.notices if "were closed with" in each]
    assert f"{count} complaints were closed with zendesk:{problem}" in told
    assert "the last by" in told

    for _ in range(5):
        desk.pass_time()
        service.clock.ahead += timedelta(seconds=90)
        service.sync("zendesk")
    assert opened(desk, children) == count
    # No rule fell, for it is one event, and an ordinary closing still finds its budget.
    assert "block" in service.bounds[0].modes.values()
    assert [notes_of(desk, each) for each in children] == [[]] * count
    assert all("ombud-blocked" in desk.world.tickets[each].tags for each in children)
    (note,) = notes_of(desk, problem)
    assert f"{count} complaints closed with this ticket" in note
    assert f"{count} lack: Root cause" in note
    assert len(note.splitlines()) <= 8
    assert desk.world.tickets[problem].status == "solved"
    assert "open again" in desk.shown(str(problem)).text
    assert "the last by" not in desk.shown(str(problem)).text

    limits.enabled = False
    alone = desk.create()
    desk.walk_to_answer(alone)
    desk.move(alone, desk.closed)
    assert [e["ref"] for e in service.sync("zendesk").moved_back] == [f"zendesk:{alone}"]
    assert len(notes_of(desk, int(alone))) == 1

    desk.world.clock.advance(2 * 86_400)
    service.sync("zendesk")
    service.sync("zendesk")
    assert desk.shown(str(problem)).text == ""
    assert len(notes_of(desk, problem)) == 1


def test_a_few_are_no_mass_event(zendesk):
    desk, service = zendesk
    problem, children = problem_with(desk, MANY - 1)
    service.sync("zendesk")
    desk.world.update(problem, {"status": "solved"}, desk.anna)
    desk.pass_time()
    service.sync("zendesk")
    assert opened(desk, children) == len(children)
    assert [len(notes_of(desk, each)) for each in children] == [1] * len(children)
    assert notes_of(desk, problem) == []


def test_those_that_lack_nothing_stay_closed_and_are_not_counted(zendesk):
    desk, service = zendesk
    problem, children = problem_with(desk, MANY + 2)
    fields = {
        360000010042: "root_cause_billing",
        360000010043: "checked twice",
        360000010050: "outcome_upheld",
    }
    whole = children[: MANY - 2]
    for each in whole:
        desk.world.update(each, {"custom_fields": fields}, desk.anna)
    service.sync("zendesk")
    desk.pass_time()
    desk.world.update(problem, {"status": "solved"}, desk.anna)
    desk.pass_time()
    service.sync("zendesk")
    assert opened(desk, whole) == 0
    assert opened(desk, children) == 4
    (note,) = notes_of(desk, problem)
    assert "4 complaints closed with this ticket" in note


def test_jira_s_linked_complaints_are_told_once_on_their_problem_and_the_note_goes(tmp_path):
    with start_in_thread() as server:
        config = jira_folder(tmp_path, server, profile='"starter"')
        mapping = tmp_path / "sandbox.mapping.toml"
        told = mapping.read_text(encoding="utf-8")
        told += '\n[problem]\nlinks = "Problem/Incident"\nfields = ["root_cause"]\n'
        mapping.write_text(told, encoding="utf-8")
        clock = Stepped(server.world.clock.now)
        desk = JiraBench(server)
        world = desk.world
        problem = world.create("SUP", "Question", {"summary": "All leak"}, "acc-anna").id
        children = [desk.create() for _ in range(MANY)]
        for each in children:
            desk.walk_to_answer(each)
            world.link(each, problem, "Problem/Incident", actor="acc-anna")
        with open_service(config, clock, sleep=clock.sleep) as service:
            desk.pass_time()
            service.sync("sandbox")
            desk.pass_time()
            for each in children:
                world.edit(each, {}, "acc-robot", to_status=desk.closed)
            desk.pass_time()
            service.sync("sandbox")
            assert {world.find(each).status for each in children} == {desk.before}
            assert f"{MANY} complaints closed with this ticket" in desk.shown(problem).text
            world.clock.advance(2 * 86_400)
            service.sync("sandbox")
            service.sync("sandbox")
            assert desk.shown(problem).text == ""


def test_those_that_cannot_be_opened_again_are_counted_and_not_said_to_be_open(tmp_path):
    with start_in_thread() as server:
        config = jira_folder(tmp_path, server, profile='"starter"')
        mapping = tmp_path / "sandbox.mapping.toml"
        told = mapping.read_text(encoding="utf-8")
        told += '\n[problem]\nlinks = "Problem/Incident"\nfields = ["root_cause"]\n'
        mapping.write_text(told, encoding="utf-8")
        clock = Stepped(server.world.clock.now)
        desk = JiraBench(server)
        world = desk.world
        problem = world.create("SUP", "Question", {"summary": "All leak"}, "acc-anna").id
        children = [desk.create() for _ in range(MANY)]
        for each in children:
            desk.walk_to_answer(each)
            world.link(each, problem, "Problem/Incident", actor="acc-anna")
        with open_service(config, clock, sleep=clock.sleep) as service:
            desk.pass_time()
            service.sync("sandbox")
            desk.pass_time()
            for each in children:
                world.edit(each, {}, "acc-robot", to_status=desk.closed)
            stuck = children[0]
            barred = {"match": rf"POST /rest/api/3/issue/{stuck}/transitions", "kind": "status"}
            server.faults.order([{**barred, "status": 400, "times": 50}])
            desk.pass_time()
            report = service.sync("sandbox")
            assert world.find(stuck).status == desk.closed
            assert "could not be reopened" in desk.shown(stuck).text
            assert "All but 1: it could not be reopened." in desk.shown(problem).text
            (said,) = [each for each in report.notices if "were closed with" in each]
            assert "1 could not be opened again; all others are open again" in said
