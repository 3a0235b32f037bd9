"""Traps of Jira Cloud, each driven through the real connector against the sandbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import HelpdeskError, Kind
from ombud.model.connector import Interest, Outcome
from ombud.model.event import Cause
from ombud.model.mark import MoveBack, Plan
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import World
from tests.conformity.benches import JiraBench

ANNA = "acc-anna"


@pytest.fixture
def desk():
    with start_in_thread() as server:
        yield JiraBench(server)


def read(connector, desk, cursor=None, interest=None):
    """Sweep once and read what it brings: readings by ticket, and the cursor after it."""
    found = {}
    for page in connector.changed(cursor, interest or desk.interest, desk.schema):
        cursor = page.cursor or cursor
        found |= {each.ref.id: each for each in connector.read(page.seen, desk.schema)}
    return found, cursor


def statuses(reading):
    return [event.after for event in reading.events if event.field == "status"]


@pytest.mark.parametrize("minutes", range(0, 130, 10))
def test_in_the_hour_that_comes_twice_nothing_is_missed(minutes):
    # The account reads its queries in New York, where 1 November 2026 has 01:00 to 02:00 twice.
    world = World(SteppableClock(datetime(2026, 11, 1, 4, 55, tzinfo=UTC)))
    with start_in_thread(world) as server:
        desk = JiraBench(server)
        connector = desk.connect()
        desk.create()
        world.clock.advance(60 * minutes)
        second = desk.create()
        _, cursor = read(connector, desk)
        world.clock.advance(60 * 25)
        third = desk.create()
        desk.fill(second, "found it")
        found, _ = read(connector, desk, cursor)
        assert {second, third} <= set(found)


def test_a_change_in_the_minute_of_the_cursor_is_found(desk):
    connector, first = desk.connect(), desk.create()
    _, cursor = read(connector, desk)
    desk.world.clock.advance(1)
    desk.fill(first, "later in the same minute")
    found, _ = read(connector, desk, cursor)
    assert any(event.field == desk.cause_field for event in found[first].events)


def test_a_page_token_that_has_expired_begins_again_without_loss(desk):
    made = {desk.create() for _ in range(230)}
    connector = desk.connect()
    pages = connector.changed(None, desk.interest, desk.schema)
    seen = {each.ref.id for each in next(pages).seen}
    desk.server.faults.order(
        [
            {
                "match": "POST /rest/api/3/search/jql",
                "kind": "status",
                "status": 400,
                "body": json.dumps({"errorMessages": ["The nextPageToken has expired."]}),
            }
        ]
    )
    seen |= {each.ref.id for page in pages for each in page.seen}
    assert desk.server.faults.report()[0]["struck"] == 1
    assert seen == made


def test_a_page_token_that_repeats_is_no_endless_loop(desk):
    desk.create()
    body = {"issues": [], "nextPageToken": "again", "isLast": False}
    desk.server.faults.order(
        [
            {
                "match": "POST /rest/api/3/search/jql",
                "kind": "status",
                "status": 200,
                "times": 99,
                "body": json.dumps(body),
            }
        ]
    )
    with pytest.raises(HelpdeskError) as told:
        read(desk.connect(), desk)
    assert (told.value.kind, told.value.detail) == (
        Kind.broken,
        "the search goes round in circles",
    )


def test_long_histories_are_the_same_whether_embedded_or_fetched_over_pages(desk, monkeypatch):
    from connectors.jira import reader

    first, second = desk.create(), desk.create()
    for ticket in (first, second):
        for number in range(60):
            desk.world.clock.advance(60)
            desk.fill(ticket, f"finding {number}")
    monkeypatch.setattr(reader, "HISTORIES", 25)
    found, _ = read(desk.connect(), desk)
    for ticket in (first, second):
        told = [e.after for e in found[ticket].events if e.field == desk.cause_field]
        assert len(told) == 60
        assert told[-1] == "finding 59"
        assert found[ticket].actual.fields[desk.cause_field] == "finding 59"


def test_a_change_without_an_author_is_an_automation(desk):
    ticket = desk.create()
    desk.world.edit(ticket, {}, ANNA, to_status="10002", cause_author_absent=True)
    found, _ = read(desk.connect(), desk)
    (event,) = [e for e in found[ticket].events if e.field == "status" and e.after == "10002"]
    assert (event.actor, event.cause) == (None, Cause.automation)


def test_a_moved_issue_keeps_its_history_under_its_id(desk):
    ticket = desk.create()
    desk.walk_to_answer(ticket)
    connector = desk.connect()
    before, cursor = read(connector, desk)
    desk.world.clock.advance(60)
    desk.world.move(ticket, "SUP", actor=ANNA)
    after, _ = read(connector, desk, cursor, Interest(("CMP", "SUP")))
    assert after[ticket].actual.key.startswith("SUP-")
    assert statuses(after[ticket]) == statuses(before[ticket])
    assert "SUP" in after[ticket].actual.facets["project"]


def test_a_renamed_status_is_the_same_status(desk):
    ticket = desk.create()
    desk.walk_to_answer(ticket)
    connector = desk.connect()
    before, _ = read(connector, desk)
    renamed = desk.world.statuses["10006"]
    desk.world.statuses["10006"] = type(renamed)("10006", "Answered", renamed.category)
    after, _ = read(connector, desk)
    assert statuses(after[ticket]) == statuses(before[ticket])
    assert "Answered" in {status.name for status in connector.list_statuses()}


def test_a_deleted_issue_is_only_not_shown(desk):
    ticket = desk.create()
    connector = desk.connect()
    seen = [
        each for page in connector.changed(None, desk.interest, desk.schema) for each in page.seen
    ]
    desk.delete(ticket)
    blind = [type(seen[0])(each.ref, each.key, each.revision, each.facets) for each in seen]
    (told,) = connector.read(blind, desk.schema)
    assert told.actual is None
    assert told.gone == "unreachable"


def planned(reading, **wanted):
    actual = reading.actual
    return Plan(ref=actual.ref, revision=actual.revision, head=actual.head, **wanted)


def back(reading, *targets):
    (closing,) = [e for e in reading.events if e.field == "status" and e.after == "10010"]
    return MoveBack("10010", targets, closing.id, closing.change)


def closed(desk, project):
    ticket = desk.world.create(project, "Complaint", {"summary": "x"}, "acc-c01").id
    desk.world.edit(ticket, {}, ANNA, to_status="10004")
    desk.world.clock.advance(60)
    desk.world.edit(ticket, {}, ANNA, to_status="10010")
    connector = desk.connect()
    found, _ = read(connector, desk, interest=Interest((project,)))
    return connector, found[ticket]


def test_a_way_back_in_two_steps_is_taken(desk):
    connector, reading = closed(desk, "OPS")
    receipt = connector.act(
        planned(reading, move_back=back(reading, "10004")), "k1", desk.world.clock.now
    )
    assert receipt.outcome is Outcome.done
    assert desk.world.find(reading.ref.id).status == "10004"


def test_a_workflow_without_a_way_back_refuses_and_says_so(desk):
    connector, reading = closed(desk, "ARC")
    receipt = connector.act(
        planned(reading, move_back=back(reading, "10004")), "k1", desk.world.clock.now
    )
    assert receipt.outcome is Outcome.refused
    assert "no allowed transition leads back" in receipt.detail
    assert desk.world.find(reading.ref.id).status == "10010"


def test_a_transition_is_chosen_by_where_it_leads_not_by_its_name(desk):
    ticket = desk.create()
    desk.walk_to_answer(ticket)
    desk.world.clock.advance(60)
    desk.move(ticket, "10010")
    connector = desk.connect()
    found, _ = read(connector, desk)
    receipt = connector.act(
        planned(found[ticket], move_back=back(found[ticket], "10006", "10007")),
        "k1",
        desk.world.clock.now,
    )
    assert (receipt.outcome, receipt.moved_to) == (Outcome.done, "10006")


def test_tags_that_are_not_on_the_screen_are_refused_by_name_and_nothing_loops(desk):
    ticket = desk.create()
    desk.world.edit_screens["CMP"] -= {"labels"}
    connector = desk.connect()
    found, _ = read(connector, desk)
    plan = planned(found[ticket], add_tags=frozenset({"ombud-missing"}))
    before = len(desk.server.calls)
    receipt = connector.act(plan, "k1", desk.world.clock.now)
    assert receipt.outcome is Outcome.refused
    assert "labels" in receipt.detail
    assert len(desk.server.calls) - before <= 4
    assert "ombud-missing" not in (desk.world.find(ticket).fields.get("labels") or [])


def test_comments_say_whether_the_customer_reads_them(desk):
    ticket = desk.create()
    desk.reply(ticket, "We have it. #decision")
    desk.note(ticket, "Ask the workshop")
    found, _ = read(desk.connect(), desk)
    told = [e.message for e in found[ticket].events if e.message is not None]
    assert [message.public for message in told] == [True, False]
    assert told[0].kinds == {"decision"}


def test_a_login_page_in_place_of_an_answer_is_said(desk):
    desk.server.faults.order([{"match": "rest", "kind": "non_json", "times": 99}])
    with pytest.raises(HelpdeskError, match="no JSON"):
        read(desk.connect(), desk)


def test_times_in_other_zones_are_the_same_instants(desk):
    ticket = desk.create()
    moment = desk.world.clock.now()
    found, _ = read(desk.connect(), desk)
    created = next(event for event in found[ticket].events if event.id == "created")
    assert abs(created.happened - int(moment.timestamp() * 1_000_000)) < timedelta(
        seconds=1
    ) / timedelta(microseconds=1)
