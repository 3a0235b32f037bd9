"""Tickets that are one case: linked by a kind that the mapping names, in the helpdesk's own way."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.sandbox.serve import start_in_thread
from sync.service import open_service
from tests.conformity.benches import RtBench
from tests.desks import RT_MAPPING, Stepped, jira_folder, rt_service

ANNA, CUSTOMER = "acc-anna", "acc-c01"


@pytest.fixture
def server():
    with start_in_thread() as running:
        yield running


@pytest.fixture
def service(tmp_path, server):
    config = jira_folder(tmp_path, server)
    mapping = tmp_path / "sandbox.mapping.toml"
    mapping.write_text(
        'links = ["Relates"]\n' + mapping.read_text(encoding="utf-8"), encoding="utf-8"
    )
    clock = Stepped(server.world.clock.now)
    with open_service(config, clock, sleep=clock.sleep) as opened:
        yield opened


def complaint(server):
    issue = server.world.create("CMP", "Complaint", {"summary": "x"}, CUSTOMER)
    server.world.clock.advance(60)
    return issue.id


def cases(service, *tickets):
    """Give the case of each ticket."""
    found = {
        state.ref.id: state.case
        for page in service.store.complaints("complaints")
        for state in page
    }
    return [found[each] for each in tickets]


def failing(service, ticket):
    return {
        f.rule
        for f, named, _ in service.check()
        if f.ref.id == ticket and f.standing is Verdict.failed
    }


def test_linked_tickets_are_one_case_and_its_earliest_leads(service, server):
    first, second, alone = complaint(server), complaint(server), complaint(server)
    server.world.link(first, second, actor=ANNA)
    service.sync("sandbox")
    one, other, third = cases(service, first, second, alone)
    assert one == other != third
    found = {f.ref.id for f, _, _ in service.check()}
    assert second not in found
    assert {first, alone} <= found


def test_a_reply_on_either_ticket_answers_the_case(service, server):
    first, second = complaint(server), complaint(server)
    server.world.comment(second, ANNA, "We have your complaint.")
    server.world.clock.advance(9 * 86_400)
    service.sync("sandbox")
    assert "acknowledge.in_time" in failing(service, first)
    server.world.link(first, second, actor=ANNA)
    service.sync("sandbox")
    assert "acknowledge.in_time" not in failing(service, first)


def test_findings_of_a_ticket_that_joins_a_case_are_withdrawn(service, server):
    first, second = complaint(server), complaint(server)
    server.world.edit(second, {}, ANNA, to_status="10010")
    service.sync("sandbox")
    (lone,) = cases(service, second)
    assert any(each.case == lone for each in service.store.findings())
    server.world.link(first, second, actor=ANNA)
    service.sync("sandbox")
    assert not any(each.case == lone for each in service.store.findings())
    assert len(set(cases(service, first, second))) == 1


def test_what_is_unlinked_stands_alone_again(service, server):
    first, second, third = complaint(server), complaint(server), complaint(server)
    link = server.world.link(first, second, actor=ANNA)
    server.world.link(second, third, actor=ANNA)
    service.sync("sandbox")
    assert len(set(cases(service, first, second, third))) == 1
    server.world.clock.advance(60)
    server.world.unlink(link, actor=ANNA)
    service.sync("sandbox")
    service.sync("sandbox")
    one, two, three = cases(service, first, second, third)
    assert one != two == three
    assert {each.case for each in service.store.findings()} <= {one, two}


def test_another_kind_of_link_joins_nothing(service, server):
    first, second = complaint(server), complaint(server)
    server.world.link(first, second, "Blocks", actor=ANNA)
    service.sync("sandbox")
    assert len(set(cases(service, first, second))) == 2


def test_links_of_request_tracker_make_a_case(tmp_path, rt_server):
    bench = RtBench(rt_server)
    mapping = 'links = ["refers-to"]\n' + RT_MAPPING
    with rt_service(tmp_path, rt_server, bench.ids, mode="observe", mapping=mapping) as service:
        service.sync("rt")
        first, second = bench.create(), bench.create()
        service.sync("rt")
        assert len(set(cases(service, first, second))) == 2
        bench.ask("PUT", f"/ticket/{first}", RefersTo=[second])
        service.sync("rt")
        assert len(set(cases(service, first, second))) == 1
        bench.ask("PUT", f"/ticket/{first}", DeleteRefersTo=[second])
        service.sync("rt")
        service.sync("rt")
        assert len(set(cases(service, first, second))) == 2
