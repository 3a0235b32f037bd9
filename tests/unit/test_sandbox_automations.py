"""The sandbox's helpdesks act by themselves: they close again, set fields, solve incidents, and say so in their histories."""

from __future__ import annotations

import pytest
import requests

from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.jira.server import JiraServer
from ombud.sandbox.zendesk import automations, desk
from ombud.sandbox.zendesk.records import SYSTEM, Rule
from ombud.sandbox.zendesk.server import ZendeskServer
from tests.unit.test_sandbox_zendesk import AGENT, CUSTOMER, ROOT_CAUSE, Wire

API, DONE, ANSWERED = API_ACCOUNT.account_id, "10010", "10006"


@pytest.fixture
def jira():
    with JiraServer(manual_hooks=True).start() as server:
        yield server


@pytest.fixture
def wire():
    with ZendeskServer(manual_hooks=True).start() as server:
        yield Wire(server)


def closed(world):
    issue = world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
    world.edit(issue.id, {}, "acc-anna", to_status=ANSWERED)
    world.edit(issue.id, {}, "acc-anna", to_status=DONE)
    return issue


def back(world, issue, actor=API):
    world.edit(issue.id, {}, actor, to_status=ANSWERED)


def test_an_automation_closes_again_as_often_as_it_shall_and_only_against_us(jira):
    world = jira.world
    world.automations.order([{"kind": "closes_again", "times": 2, "unsigned": True}])
    issue = closed(world)
    for status in (DONE, DONE, ANSWERED):
        back(world, issue)
        assert issue.status == status
    assert [entry.author for entry in issue.entries[-5:]] == [API, None, API, None, API]
    assert world.automations.report() == [{"kind": "closes_again", "ran": 2}]
    other = closed(world)
    back(world, other, "acc-anna")
    assert other.status == ANSWERED


def test_an_automation_may_take_its_time(jira):
    world = jira.world
    world.automations.order([{"kind": "closes_again", "seconds": 30}])
    issue = closed(world)
    back(world, issue)
    world.tick()
    assert issue.status == ANSWERED
    world.clock.advance(31)
    requests.get(f"{jira.url}/rest/api/3/serverInfo", timeout=10)
    assert issue.status == DONE


def test_a_post_function_writes_within_the_transition(jira):
    world = jira.world
    fields = {"assignee": "acc-bert", "customfield_10042": None}
    world.automations.order([{"kind": "post_function", "to": ANSWERED, "fields": fields}])
    issue = world.create("CMP", "Complaint", {"customfield_10042": "10221"}, "acc-c01")
    back(world, issue, "acc-anna")
    names = {item.field_id for item in issue.entries[-1].items}
    assert names == {"status", "assignee", "customfield_10042"}
    assert issue.fields["assignee"] == "acc-bert"
    assert "customfield_10042" not in issue.fields


def test_what_lies_idle_is_closed(jira):
    world = jira.world
    world.automations.order([{"kind": "closes_idle", "status": ANSWERED, "hours": 72}])
    issue = world.create("CMP", "Complaint", {}, "acc-c01")
    back(world, issue, "acc-anna")
    world.tick()
    world.clock.advance(72 * 3600 + 1)
    world.tick()
    assert (issue.status, issue.entries[-1].author) == (DONE, "acc-robot")


def test_nobody_is_assigned_to_who_was_taken_out_of_service(jira):
    world = jira.world
    issue = world.create("CMP", "Complaint", {"assignee": "acc-anna"}, "acc-c01")
    world.deactivate("acc-anna")
    assert issue.fields["assignee"] == "acc-anna"
    answer = requests.put(
        f"{jira.url}/rest/api/3/issue/{issue.id}",
        json={"fields": {"assignee": {"accountId": "acc-anna"}}},
        auth=(jira.email, jira.token),
        timeout=10,
    )
    assert (answer.status_code, "assignee" in answer.json()["errors"]) == (400, True)


def test_automations_are_ordered_through_the_control_plane(jira, wire):
    for server, told in (
        (jira, {"kind": "closes_again"}),
        (wire.server, {"kind": "close_after", "hours": 4}),
    ):

        def ask(method, body=None, expect=200, server=server):
            answer = requests.request(
                method,
                f"{server.url}/_sandbox/automations",
                json=body,
                headers={"X-Sandbox-Token": server.control_token},
                timeout=10,
            )
            assert answer.status_code == expect, answer.text
            return answer.json()

        ask("POST", [{"kind": "sings"}], expect=400)
        assert len(ask("POST", [told])) == 1
        assert [each["ran"] for each in ask("GET")] == [0]


def test_solving_a_problem_solves_its_incidents_each_by_an_update_of_the_systems(wire):
    problem = wire.create(type="problem")
    incidents = [wire.create(problem_id=problem) for _ in range(3)]
    said = {"body": "Mended for all", "public": True}
    wire.world.update(problem, {"status": "solved", "comment": said}, AGENT)
    for number in incidents:
        ticket = wire.world.tickets[number]
        audit = ticket.audits[-1]
        assert (ticket.status, audit.author) == ("solved", SYSTEM)
        assert audit.via["source"]["rel"] == "problem"
        assert audit.via["source"]["from"]["ticket_id"] == problem
        assert [each.told["body"] for each in audit.events if each.type == "Comment"] == [
            "Mended for all"
        ]
    shown = wire.get(f"/tickets/{problem}.json")["ticket"]
    assert (shown["type"], shown["status"]) == ("problem", "solved")


def test_a_trigger_solves_again_within_the_update_so_often_as_it_shall(wire):
    wire.world.rules.append(automations.solves_again(1))
    wire.world.rules.append(automations.mails_when_reopened())
    ticket = wire.create()
    wire.world.update(ticket, {"status": "solved"}, AGENT)
    wire.put(ticket, status="open")
    audit = wire.world.tickets[ticket].audits[-1]
    assert wire.world.tickets[ticket].status == "solved"
    assert (
        next(each.via for each in audit.events if each.told.get("value") == "solved")["channel"]
        == "rule"
    )
    wire.put(ticket, status="open")
    events = wire.world.tickets[ticket].audits[-1].events
    assert wire.world.tickets[ticket].status == "open"
    assert [each.type for each in events if each.type == "Notification"] == ["Notification"]


def test_solved_tickets_close_after_the_hours_that_were_set(wire):
    automations.close_after(wire.world, 4)
    ticket = wire.create()
    wire.world.update(ticket, {"status": "solved"}, AGENT)
    wire.world.clock.advance(3 * 3600)
    wire.world.tick()
    assert wire.world.tickets[ticket].status == "solved"
    wire.world.clock.advance(2 * 3600)
    wire.world.tick()
    assert wire.world.tickets[ticket].status == "closed"
    assert next(each["ran"] for each in automations.report(wire.world)) == 1
    automations.order(wire.world, [])
    assert wire.world.rules == [desk.CLOSE]


def test_a_macro_is_one_update_that_names_it(wire):
    fields = {ROOT_CAUSE: "root_cause_billing"}
    told = {"status": "solved", "custom_fields": fields, "comment": {"body": "Done"}}
    wire.world.macros[7001] = ("Solve as billing", told)
    ticket = wire.create()
    audit = wire.world.apply_macro(ticket, 7001, AGENT)
    kinds = [each.type for each in audit.events]
    assert kinds[:2] == ["AgentMacroReference", "Comment"]
    assert audit.events[0].told["macro_title"] == "Solve as billing"
    assert wire.world.tickets[ticket].status == "solved"


def test_nobody_suspended_is_assigned_over_the_wire(wire):
    ticket = wire.create(assignee_id=AGENT)
    wire.world.deactivate(AGENT)
    assert wire.world.tickets[ticket].assignee == AGENT
    assert wire.put(ticket, 422, assignee_id=AGENT)["details"]["base"]
    assert wire.put(ticket, 422, assignee_id=CUSTOMER)["details"]["base"]


def test_a_rule_of_any_kind_may_be_ordered(wire):
    told = {"kind": "rule", "title": "Tag", "conditions": [["tag", "vip"]]}
    automations.order(wire.world, [{**told, "actions": {"add_tags": ["seen"]}, "times": 1}])
    ticket = wire.create(tags=["vip"])
    assert wire.world.tickets[ticket].tags == ["vip", "seen"]
    assert isinstance(wire.world.rules[-1], Rule)
