"""Traps of Request Tracker, each on a real server."""

from __future__ import annotations

import pytest

from ombud.model.connector import Outcome
from ombud.model.event import Cause, Ref
from ombud.model.mark import MoveBack, Plan
from tests.conformity.benches import RtBench
from tests.desks import rt_service
from tests.end_to_end.test_request_tracker_desk import Desk


@pytest.fixture
def bench(rt_server):
    return RtBench(rt_server)


@pytest.fixture
def desk(rt_server):
    return Desk(rt_server)


@pytest.fixture
def hidden(bench):
    """Give a queue that nobody but root may see."""
    name = f"Hidden {bench.create()}"
    bench.ask("POST", "/queue", "root", Name=name)
    return name


def sweep(bench, connector, cursor=None):
    """Give the tickets that a sweep reads and the cursor after it."""
    found = {}
    for page in connector.changed(cursor, bench.interest, bench.schema):
        cursor = page.cursor or cursor
        found |= {each.ref.id: each for each in connector.read(page.seen, bench.schema)}
    return found, cursor


def read(bench, ticket):
    connector = bench.connect()
    seen = list(connector.look([Ref("desk", "rt", ticket)], bench.schema))
    (reading,) = connector.read(seen, bench.schema)
    return reading


def plan_of(bench, ticket, **more):
    actual = read(bench, ticket).actual
    return Plan(Ref("desk", "rt", ticket), actual.revision, actual.head, **more)


def test_pages_of_rows_that_we_may_not_see_do_not_end_the_sweep(bench, desk, hidden, monkeypatch):
    # Rows are taken out after paging: with five rows a page, whole pages of these come empty.
    monkeypatch.setattr("connectors.rt.site.PER_PAGE", 5)
    connector = bench.connect()
    first = bench.create()
    _, cursor = sweep(bench, connector)
    bench.fill(first, "looked into")
    for _ in range(12):
        desk.create("root", hidden)
    second = bench.create()
    bench.fill(second, "looked into")
    found, _ = sweep(bench, connector, cursor)
    assert {first, second} <= set(found)


def test_what_is_behind_many_hidden_rows_is_found_too(bench, desk, hidden, monkeypatch):
    monkeypatch.setattr("connectors.rt.site.PER_PAGE", 5)
    connector = bench.connect()
    first = bench.create()
    _, cursor = sweep(bench, connector)
    bench.fill(first, "looked into")
    for _ in range(12):
        desk.create("root", hidden)
    found, later = sweep(bench, connector, cursor)
    assert first in found
    assert later != cursor


def test_a_field_of_several_values_is_told_as_it_was(bench, desk):
    factors = bench.ids["Contributing factors"]
    bench.schema = bench.schema.__class__(fields=frozenset({factors}))
    ticket = bench.create()
    desk.change(ticket, CustomFields={"Contributing factors": ["Training", "Tooling"]})
    desk.change(ticket, CustomFields={"Contributing factors": ["Tooling", "Supplier"]})
    told = [event for event in read(bench, ticket).events if event.field == factors]
    after = [{each.after} if isinstance(each.after, str) else set(each.after) for each in told]
    assert after[1] == {"Training", "Tooling"}
    assert after[-1] == {"Tooling", "Supplier"}
    assert told[0].before is None
    assert told[-1].before != told[-1].after


def test_changes_of_one_person_within_seconds_are_one_change(bench, desk):
    ticket = bench.create()
    desk.change(ticket, CustomFields={"Investigation summary": "looked into"})
    desk.change(ticket, Status="acknowledged")
    one, other = (event for event in read(bench, ticket).events if event.change != "created")
    assert {one.field, other.field} == {bench.cause_field, "status"}
    assert one.change == other.change


def test_changes_of_two_persons_within_seconds_are_two(bench, desk):
    ticket = bench.create()
    desk.change(ticket, CustomFields={"Investigation summary": "looked into"})
    desk.change(ticket, "agent2", Status="acknowledged")
    one, other = (event for event in read(bench, ticket).events if event.change != "created")
    assert one.change != other.change
    assert one.actor != other.actor


def test_what_rt_does_by_itself_is_a_rule_of_the_helpdesk(bench):
    ticket = bench.create()
    bench.walk_to_answer(ticket)
    bench.move(ticket, "resolved")
    # A scrip of RT's own opens a resolved ticket again when the requestor writes.
    bench.ask(
        "POST", f"/ticket/{ticket}/correspond", "root", Content="no", ContentType="text/plain"
    )
    opened = [event for event in read(bench, ticket).events if event.field == "status"][-1]
    assert opened.before == "resolved"
    assert opened.actor == "RT_System"
    assert opened.cause is Cause.rule


def test_a_move_that_rt_refuses_with_200_is_refused(bench):
    connector, ticket = bench.connect(), bench.create()
    bench.walk_to_answer(ticket)
    back = MoveBack("responded", ("received",), "t1", "c1")
    receipt = connector.act(plan_of(bench, ticket, move_back=back), "k1", lambda: 0)
    assert receipt.outcome is Outcome.refused
    assert "move_back" not in receipt.done
    assert bench.get(ticket)["Status"] == "responded"


def test_what_we_may_not_write_is_refused_though_rt_says_200(bench):
    ticket = bench.create()
    connector = bench.connect(bench.server.tokens["readonly"])
    plan = plan_of(bench, ticket, add_tags=frozenset({"ombud-late"}), text="x", text_digest="d")
    receipt = connector.act(plan, "k1", lambda: 0)
    assert receipt.outcome is Outcome.refused
    assert not {"tags", "text"} & receipt.done


def test_every_script_and_line_survives_in_the_note(bench):
    connector, ticket = bench.connect(), bench.create()
    text = "Grundursache fehlt\nسبب جذري مفقود · 根本原因\n\U0001f527 <b>not markup</b> 'quoted'"
    receipt = connector.act(plan_of(bench, ticket, text=text, text_digest="d"), "k1", lambda: 0)
    assert receipt.outcome is Outcome.done
    assert bench.shown(ticket).text.replace("\r", "") == text


def test_a_ticket_hidden_from_us_is_unreachable_and_its_findings_stay(
    bench, desk, hidden, tmp_path, rt_server
):
    with rt_service(tmp_path, rt_server, bench.ids, mode="observe") as service:
        service.sync("rt")
        ticket = bench.create()
        bench.walk_to_answer(ticket)
        bench.move(ticket, "resolved")
        service.sync("rt")
        before = {f.rule: f.verdict for f, key, _ in service.check() if key == ticket}
        assert before
        desk.change(ticket, "root", Queue=hidden)
        service.sync("rt", full=True)
        states = [
            s for page in service.store.complaints("complaints") for s in page if s.key == ticket
        ]
        assert [state.gone and state.gone.value for state in states] == ["unreachable"]
        assert {f.rule: f.verdict for f, key, _ in service.check() if key == ticket} == before
