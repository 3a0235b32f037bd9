"""A closing undone is no closing, and gives the ticket back to its owner: on Jira, Zendesk and a real Request Tracker."""

from __future__ import annotations

import pytest
import requests

from ombud.sandbox.zendesk.records import Rule, User
from ombud.sandbox.zendesk.server import ZendeskServer
from sync.capture import capture
from tests.conformity.benches import ZendeskBench
from tests.desks import rt_service
from tests.end_to_end.test_request_tracker_desk import Desk
from tests.faults.stage import AGENT as ANNA
from tests.faults.stage import DONE, INVESTIGATING, RESPONDED, Stage
from tests.zendesk_desk import zendesk_service

BERT, GONE = "acc-bert", "acc-gone"
BEN, TEAM, OTHERS = 9102, 36001, 36002


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    stage.sync()
    stage.world.clock.advance(600)
    yield stage
    stage.stop()


def stands(service, ref):
    """Read a ticket once more, our own change with it, and give what is stored of it as facts."""
    service.sync(ref.split(":")[0])
    (bound,) = service.bounds
    state = service.store.find_ticket(ref)
    return state, bound.fold.fold(service.store.events([state.ref])[state.ref])


def assert_taken_back(complaint):
    assert complaint.undone is not None
    assert complaint.stage != "closed"
    assert (complaint.row["closed"], complaint.row["reopened"]) == (None, None)
    (closing,) = [each for each in complaint.transitions if each.entering == "closed"]
    assert closing.row["closed"] == closing.at


def closed(stage, name="early", by=ANNA, **changes):
    stage.world.edit(stage.issues[name], changes, by, to_status=DONE)
    stage.world.clock.advance(60)
    report = stage.sync()
    issue = stage.world.find(stage.issues[name])
    return issue, [each["detail"] for each in report.moved_back]


@pytest.mark.parametrize("taken_by", [BERT, None])
def test_jira_gives_an_issue_back_to_whom_the_closing_took_it_from(stage, taken_by):
    issue, details = closed(stage, assignee=taken_by)
    assert (issue.status, issue.fields.get("assignee")) == (RESPONDED, ANNA)
    assert details == ["its resolution is still set"]


def test_jira_has_no_closing_then_and_a_captured_example_none_either(stage):
    issue, _ = closed(stage)
    stage.world.clock.advance(60)
    with stage.service() as service:
        state, complaint = stands(service, f"sandbox:{issue.id}")
        assert_taken_back(complaint)
        example = capture(
            service.settings, service.bounds[0], service.elsewhere, service.store, state, service.now()
        )  # fmt: skip
    assert "closed: " not in example.text, example.text


def test_jira_leaves_an_issue_unassigned_that_nobody_had(stage):
    stage.world.edit(stage.issues["early"], {"assignee": None}, ANNA)
    issue, _ = closed(stage, assignee=BERT)
    assert (issue.status, issue.fields.get("assignee")) == (RESPONDED, None)


def test_jira_cannot_give_it_back_to_somebody_who_left_and_says_so(stage):
    stage.world.edit(stage.issues["early"], {"assignee": GONE}, ANNA)
    issue, (detail,) = closed(stage, assignee=BERT)
    assert (issue.status, issue.fields.get("assignee")) == (RESPONDED, BERT)
    assert "its owner of before cannot have it back" in detail


def test_an_owner_whom_the_closing_did_not_touch_is_left_alone(stage):
    issue, _ = closed(stage)
    ours = [
        item.field
        for entry in issue.entries
        if (entry.history_metadata or {}).get("type") == "ombud"
        for item in entry.items
    ]
    assert set(ours) <= {"labels", "status"}


def test_whoever_was_given_it_after_the_closing_keeps_it(stage):
    issue = stage.issues["early"]
    stage.world.edit(issue, {"assignee": None}, ANNA, to_status=DONE)
    stage.world.clock.advance(5)
    stage.world.edit(issue, {"assignee": BERT}, "acc-cleo")
    stage.world.clock.advance(60)
    stage.sync()
    now = stage.world.find(issue)
    assert (now.status, now.fields["assignee"]) == (RESPONDED, BERT)


def test_what_is_edited_after_a_closing_does_not_shield_it(stage):
    issue = stage.issues["early"]
    stage.world.edit(issue, {}, ANNA, to_status=DONE)
    stage.world.edit(issue, {"labels": ["vip"]}, BERT)
    stage.world.clock.advance(60)
    stage.sync()
    assert stage.world.find(issue).status == RESPONDED
    assert "vip" in stage.world.find(issue).fields["labels"]


def test_a_resolution_that_no_screen_clears_is_told(stage):
    issue, details = closed(stage, "hops")
    assert issue.status in {INVESTIGATING, "10008"}
    assert issue.fields["resolution"] is not None
    assert details == ["its resolution is still set"]


def test_a_way_that_a_validator_bars_is_passed_over(stage):
    # From the first status the way back asks for nothing; from the second it asks for an assignee.
    issue = stage.issues["early"]
    stage.world.edit(issue, {}, ANNA, to_status="10002")
    now, _ = closed(stage, assignee=None)
    assert now.status not in {DONE, "10002"}
    assert now.fields.get("assignee") == ANNA


@pytest.fixture
def zendesk(tmp_path):
    with ZendeskServer().start() as server:
        desk = ZendeskBench(server)
        desk.world.users[BEN] = User(BEN, "Ben Hart", "ben@sandbox.test", "agent")
        with zendesk_service(tmp_path, server, profile="starter") as service:
            service.sync("zendesk")
            yield desk, service


def solved(desk, service, *, before, after):
    """Have a ticket that stood so solved so, and moved back; give who has it then."""
    name = desk.create()
    desk.world.update(int(name), before, desk.anna)
    desk.walk_to_answer(name)
    desk.world.update(int(name), {**after, "custom_status_id": int(desk.closed)}, desk.anna)
    desk.pass_time()
    assert [each["ref"] for each in service.sync("zendesk").moved_back] == [f"zendesk:{name}"]
    ticket = desk.world.tickets[int(name)]
    assert ticket.status == "open"
    desk.pass_time()
    assert_taken_back(stands(service, f"zendesk:{name}")[1])
    return ticket.assignee, ticket.group


def test_zendesk_gives_a_ticket_back_with_its_group(zendesk):
    before = {"assignee_id": BEN, "group_id": TEAM}
    after = {"assignee_id": zendesk[0].anna, "group_id": OTHERS}
    assert solved(*zendesk, before=before, after=after) == (BEN, TEAM)


def test_zendesk_gives_it_to_the_group_where_its_owner_left(zendesk):
    zendesk[0].world.users[BEN].suspended = True
    before = {"assignee_id": BEN, "group_id": TEAM}
    after = {"assignee_id": zendesk[0].anna, "group_id": OTHERS}
    assert solved(*zendesk, before=before, after=after) == (None, TEAM)


def test_zendesk_gives_it_to_the_group_where_nobody_had_it(zendesk):
    before, after = {"group_id": TEAM}, {"assignee_id": zendesk[0].anna}
    assert solved(*zendesk, before=before, after=after) == (None, TEAM)


def test_zendesk_undoes_what_a_trigger_did_to_the_owner_of_what_was_solved(zendesk):
    conditions = (("changed:status", "solved"),)
    rule = Rule(39500, "Nobody has what is solved", conditions, {"assignee_id": None})
    zendesk[0].world.rules.append(rule)
    assert solved(*zendesk, before={"assignee_id": BEN}, after={}) == (BEN, None)


def test_zendesk_leaves_an_owner_alone_whom_the_solving_did_not_touch(zendesk):
    assert solved(*zendesk, before={"assignee_id": BEN, "group_id": TEAM}, after={}) == (BEN, TEAM)


def test_a_trigger_that_solves_again_what_we_open_is_given_way_to(zendesk):
    desk, service = zendesk
    conditions = (("changed:status", "open"), ("status", "open"))
    rule = Rule(39501, "Solved stays solved", conditions, {"status": "solved"}, active=False)
    desk.world.rules.append(rule)
    name = desk.create()
    desk.walk_to_answer(name)
    rule.active = True
    desk.move(name, desk.closed)
    for _ in range(5):
        service.sync("zendesk")
        desk.pass_time()
    ticket = desk.world.tickets[int(name)]
    ours = [a for a in ticket.audits if (a.custom.get("ombud") or {}).get("back")]
    assert len(ours) <= 2
    assert ticket.status == "solved"


@pytest.fixture
def rt(tmp_path, rt_server):
    desk = Desk(rt_server)
    sample = desk.read(desk.create())
    ids = {field["name"]: f"cf.{field['id']}" for field in sample["CustomFields"]}
    with rt_service(tmp_path, rt_server, ids) as service:
        service.sync("rt")
        yield desk, service


def answered(desk, owner="agent1"):
    ticket = desk.create(CustomFields={"Severity": "High"})
    desk.change(ticket, Owner=owner)
    desk.walk(ticket, "acknowledged", "assessed", "investigating", "responded")
    return ticket


def test_request_tracker_gives_a_ticket_back_that_its_owner_dropped(rt):
    desk, service = rt
    ticket = answered(desk)
    desk.change(ticket, Owner="Nobody", Status="resolved")
    assert desk.read(ticket)["Owner"]["id"] == "Nobody"
    report = service.sync("rt")
    assert [each["ref"] for each in report.moved_back] == [f"rt:{ticket}"]
    after = desk.read(ticket)
    assert (after["Status"], after["Owner"]["id"]) == ("responded", "agent1")
    assert_taken_back(stands(service, f"rt:{ticket}")[1])


def test_request_tracker_is_asked_for_every_right_that_this_takes(rt):
    _, service = rt
    rights = service.connector("rt").manifest.scopes
    told = {each.name: each for each in service.checks("rt")}
    assert {"ModifyTicket", "ReassignTicket"} <= rights.keys() <= told.keys()
    assert told["ReassignTicket"].remedy == "Grant ReassignTicket on queue Complaints to ombud"


def test_request_tracker_says_where_it_does_not_let_us_give_it_back(rt):
    desk, service = rt
    ticket = answered(desk)
    # Who has it may give it away; taking it from others again asks for a right that we may lack.
    desk.change(ticket, Owner="agent2", Status="resolved")
    (moved,) = service.sync("rt").moved_back
    after = desk.read(ticket)
    assert after["Status"] == "responded"
    assert (after["Owner"]["id"] == "agent1") is (moved["detail"] == "")


def test_a_reply_that_closes_is_undone_and_what_it_told_the_customer_stays_told(rt, rt_server):
    desk, service = rt
    ticket = answered(desk)
    answer = requests.post(
        f"{rt_server.rest}/ticket/{ticket}/correspond",
        json={"Content": "You are right. #decision", "ContentType": "text/plain", "Status": "resolved"},
        headers=rt_server.headers("agent1"),
        timeout=60,
    )  # fmt: skip
    assert answer.status_code == 201
    assert desk.read(ticket)["Status"] == "resolved"
    service.sync("rt")
    assert desk.read(ticket)["Status"] == "responded"


def test_a_merge_does_not_shield_what_was_closed_early(rt):
    desk, service = rt
    ticket, other = answered(desk), desk.create()
    desk.change(ticket, Status="resolved")
    desk.change(other, person="root", MergeInto=ticket)
    service.sync("rt")
    assert desk.read(ticket)["Status"] == "responded"


def test_jira_that_says_yes_and_gives_it_to_nobody_is_found_out(stage):
    # The first PUT of an issue is our labels, the second gives it back.
    fault = {
        "match": r"PUT /rest/api/3/issue/\d+$",
        "kind": "status",
        "status": 204,
        "body": "",
        "nth": 2,
    }
    stage.server.faults.order([fault])
    issue, (detail,) = closed(stage, assignee=BERT)
    assert stage.server.faults.report()[0]["struck"] == 1
    assert issue.fields["assignee"] == BERT
    assert "its owner of before does not have it" in detail


def test_zendesk_that_gives_it_to_others_at_once_is_found_out(zendesk):
    desk, service = zendesk
    conditions = (("changed:status", "open"),)
    rule = Rule(39502, "Ours", conditions, {"assignee_id": desk.anna}, active=False)
    desk.world.rules.append(rule)
    name = desk.create()
    desk.world.update(int(name), {"assignee_id": BEN}, desk.anna)
    desk.walk_to_answer(name)
    rule.active = True
    solving = {"assignee_id": desk.anna, "custom_status_id": int(desk.closed)}
    desk.world.update(int(name), solving, desk.anna)
    desk.pass_time()
    (moved,) = service.sync("zendesk").moved_back
    assert desk.world.tickets[int(name)].assignee == desk.anna
    assert moved["detail"] == "its owner of before does not have it"
