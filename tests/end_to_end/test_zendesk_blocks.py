"""Zendesk blocked, end to end: a premature solve moved back, a closed ticket found, a rate limit waited for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ombud.model.facts import Verdict
from ombud.sandbox.zendesk.server import ZendeskServer
from tests.conformity.benches import ZendeskBench
from tests.zendesk_desk import zendesk_service

ANSWERED = 30006
_SILENT = {Verdict.passed, Verdict.not_applicable}


@pytest.fixture
def desk():
    with ZendeskServer().start() as server:
        yield ZendeskBench(server)


def answered(desk):
    ticket = desk.create()
    desk.walk_to_answer(ticket)
    return ticket


@pytest.fixture
def service(desk, tmp_path):
    with zendesk_service(tmp_path, desk.server, profile="starter") as opened:
        opened.sync("zendesk")
        yield opened


def failing(service, ticket):
    return {
        f.rule
        for f, key, _ in service.check()
        if key == f"#{ticket}" and f.verdict is Verdict.failed
    }


def test_a_solve_without_root_cause_is_moved_back_with_a_private_note_and_left_once_mended(
    desk, service
):
    ticket = answered(desk)
    desk.move(ticket, desk.closed)
    report = service.sync("zendesk")
    assert [each["ref"] for each in report.moved_back] == [f"zendesk:{ticket}"]
    shown = desk.shown(ticket)
    assert shown.status == str(ANSWERED)
    assert "ombud-blocked" in shown.tags
    assert "Root cause is empty" in shown.text
    assert all(
        not e.told["public"]
        for t, a, e in desk.world.events()
        if e.type == "Comment" and a.author not in {desk.anna, desk.customer}
    )
    fields = {360000010042: "root_cause_billing", 360000010043: "checked twice"}
    outcome = {360000010050: "outcome_upheld"}
    desk.world.update(int(ticket), {"custom_fields": fields | outcome}, desk.anna)
    desk.pass_time()
    desk.move(ticket, desk.closed)
    assert service.sync("zendesk").moved_back == []
    assert desk.shown(ticket).status == desk.closed
    desk.pass_time()
    service.sync("zendesk")
    assert "ombud-blocked" not in desk.shown(ticket).tags


def test_a_ticket_closed_past_solving_is_found_and_cannot_be_moved_back(desk, service):
    ticket = answered(desk)
    desk.world.update(int(ticket), {"status": "closed"}, desk.anna)
    desk.pass_time()
    report = service.sync("zendesk")
    assert "close.with_root_cause" in failing(service, ticket)
    assert report.moved_back == []
    assert report.refused == {}
    assert desk.shown(ticket).tags == frozenset()


def test_a_closed_ticket_and_its_follow_up_are_one_case(desk, service):
    first = answered(desk)
    desk.world.update(int(first), {"status": "closed"}, desk.anna)
    after = desk.world.create(
        {
            "comment": {"body": "again"},
            "via_followup_source_id": int(first),
            "ticket_form_id": 37001,
        },
        desk.customer,
    )
    desk.pass_time()
    service.sync("zendesk")
    cases = {
        state.ref.id: state.case
        for page in service.store.complaints("complaints")
        for state in page
    }
    assert cases[first] == cases[str(after.id)]


def test_uninstalling_leaves_what_is_not_ours(desk, service):
    ticket = answered(desk)
    desk.tag(ticket, "vip")
    desk.move(ticket, desk.closed)
    service.sync("zendesk")
    desk.pass_time()
    refs = [each for each in service.list_ours("zendesk") if each.id == ticket]
    assert service.uninstall("zendesk", refs) == {}
    shown = desk.shown(ticket)
    assert (shown.tags, shown.text) == (frozenset({"vip"}), "")


def test_a_move_back_that_meets_a_rate_limit_waits_and_is_not_given_up(desk, service):
    ticket = answered(desk)
    desk.move(ticket, desk.closed)
    limits = desk.server.site.limits
    limits.enabled, limits.updates = True, 0
    report = service.sync("zendesk")
    assert (report.moved_back, report.waiting) == ([], 1)
    assert report.refused == {}
    limits.updates = 100
    service.clock.ahead += timedelta(minutes=10)
    report = service.sync("zendesk")
    assert [each["ref"] for each in report.moved_back] == [f"zendesk:{ticket}"]
    assert desk.shown(ticket).status == str(ANSWERED)


def test_a_history_that_does_not_reach_back_leaves_the_whole_case_unknown(desk, service):
    first = desk.create()
    for audit in desk.world.tickets[int(first)].audits:
        audit.events[:] = [event for event in audit.events if event.type != "Create"]
    desk.walk_to_answer(first)
    desk.world.update(int(first), {"status": "closed"}, desk.anna)
    values = {"via_followup_source_id": int(first), "ticket_form_id": 37001}
    after = desk.world.create({"comment": {"body": "again"}} | values, desk.customer)
    desk.pass_time()
    service.sync("zendesk")
    desk.note(str(after.id), "looked at again")
    desk.pass_time()
    service.sync("zendesk")
    told = {(f.rule, f.occurrence): f.verdict for f, _, _ in service.check()}
    stored = {(each.rule, each.occurrence): each.verdict for each in service.store.findings()}
    assert Verdict.unknown in told.values()
    assert {k: v for k, v in stored.items() if v not in _SILENT} == {
        k: v for k, v in told.items() if v not in _SILENT
    }
