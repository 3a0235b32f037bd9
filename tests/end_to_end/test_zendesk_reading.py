"""How much Zendesk is asked for: open complaints first, one call a ticket at first, one for a thousand events later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.errors import HelpdeskError
from ombud.model.connector import Gone
from ombud.model.event import Ref
from ombud.sandbox.zendesk.records import Rule
from ombud.sandbox.zendesk.server import ZendeskServer
from tests.conformity.benches import ZendeskBench
from tests.zendesk_desk import zendesk_service

AUDITS = "GET /api/v2/tickets/{id}/audits"
EVENTS = "GET /api/v2/incremental/ticket_events"


@pytest.fixture
def desk():
    with ZendeskServer().start() as server:
        yield ZendeskBench(server)


def sweep(desk, connector, cursor=None, *, stored=False):
    found = {}
    for page in connector.changed(cursor, desk.interest, desk.schema):
        cursor = page.cursor or cursor
        seen = [replace(each, stored=stored) for each in page.seen]
        found |= {each.ref.id: each for each in connector.read(seen, desk.schema)}
    return found, cursor


def lived(desk, ticket):
    """Let a ticket have a day: a person, a customer, a trigger and a bare word of the system's."""
    desk.world.rules.append(
        Rule(39700, "Urgent", (("priority", "high"), ("not_tag", "hot")), {"add_tags": ["hot"]})
    )
    desk.move(ticket, "30002")
    desk.fill(ticket, "looked into")
    desk.reply(ticket, "Here is our #decision")
    desk.hear(ticket, "thanks")
    desk.world.update(int(ticket), {"priority": "high"}, desk.anna)
    desk.world.update(int(ticket), {"status": "pending"}, desk.anna)
    desk.pass_time()


def test_the_stream_of_events_tells_what_audits_tell(desk):
    # By which macro a reply was written stands in the audits alone.
    desk.schema = replace(desk.schema, macros={})
    connector, ticket = desk.connect(), desk.create()
    before, cursor = sweep(desk, connector)
    lived(desk, ticket)
    asked = connector.calls[AUDITS]
    news, _ = sweep(desk, connector, cursor, stored=True)
    assert connector.calls[AUDITS] == asked
    assert connector.calls[EVENTS] == 1
    whole, _ = sweep(desk, desk.connect())
    known = {event.id for event in before[ticket].events}
    told = [event for event in news[ticket].events if event.id not in known]
    assert told == [event for event in whole[ticket].events if event.id not in known]
    assert not news[ticket].whole
    assert news[ticket].actual.head == whole[ticket].actual.head
    assert news[ticket].actual.theirs == whole[ticket].actual.theirs
    assert news[ticket].actual.fields == whole[ticket].actual.fields


def test_a_ticket_that_carries_anything_of_ours_is_read_by_its_audits(desk):
    connector, marked, plain = desk.connect(), desk.create(), desk.create()
    desk.tag(marked, "ombud-late")
    _, cursor = sweep(desk, connector)
    for ticket in (marked, plain):
        desk.fill(ticket, "looked into")
    asked = connector.calls[AUDITS]
    news, _ = sweep(desk, connector, cursor, stored=True)
    assert connector.calls[AUDITS] == asked + 1
    assert (news[marked].whole, news[plain].whole) == (True, False)


def test_after_a_long_absence_audits_are_asked_for(desk, monkeypatch):
    monkeypatch.setattr("connectors.zendesk.tail._MOST_PAGES", 1)
    monkeypatch.setattr("ombud.sandbox.zendesk.reads._EVENTS", 2)
    connector, ticket = desk.connect(), desk.create()
    _, cursor = sweep(desk, connector)
    lived(desk, ticket)
    news, cursor = sweep(desk, connector, cursor, stored=True)
    assert news[ticket].whole
    desk.fill(ticket, "more")
    assert set(sweep(desk, connector, cursor, stored=True)[0]) == {ticket}


def test_sweeping_by_the_stream_judges_as_reading_everything_does(desk, tmp_path):
    tickets = [desk.create() for _ in range(3)]
    folders = [tmp_path / name for name in ("tailed", "whole")]
    for folder in folders:
        folder.mkdir()
    with zendesk_service(folders[0], desk.server, mode="observe") as service:
        service.sync("zendesk")
        for ticket in tickets:
            lived(desk, ticket)
            service.sync("zendesk")
        tailed = sorted((f.rule, f.occurrence, f.verdict) for f, _, _ in service.check())
    with zendesk_service(folders[1], desk.server, mode="observe") as service:
        service.sync("zendesk")
        assert sorted((f.rule, f.occurrence, f.verdict) for f, _, _ in service.check()) == tailed


def read_so_far(service):
    return {state.ref.id for page in service.store.complaints("complaints") for state in page}


def test_a_first_reading_takes_open_complaints_first_and_goes_on_after_a_break(desk, tmp_path):
    done = [desk.create() for _ in range(3)]
    for ticket in done:
        desk.move(ticket, desk.closed)
    still = [desk.create() for _ in range(2)]
    with zendesk_service(tmp_path, desk.server, mode="observe") as service:
        order = [
            {
                "match": f"/tickets/{ticket}/audits",
                "kind": "status",
                "status": 401,
                "body": "{}",
                "times": 9,
            }
            for ticket in done
        ]
        desk.server.faults.order(order)
        with pytest.raises(HelpdeskError):
            service.sync("zendesk")
        assert read_so_far(service) == set(still)
        desk.server.faults.order([])
        service.sync("zendesk")
        assert read_so_far(service) == {*still, *done}


def test_a_complaint_deleted_later_is_deleted_by_the_export(desk, tmp_path):
    ticket = desk.create()
    desk.move(ticket, desk.closed)
    with zendesk_service(tmp_path, desk.server, mode="observe") as service:
        service.sync("zendesk")
        desk.delete(ticket)
        desk.pass_time()
        service.sync("zendesk")
        (state,) = service.store.states([Ref("zendesk", "zendesk", ticket)]).values()
        assert state.gone is Gone.deleted
