"""What every connector does alike, on every helpdesk there is: the sandbox's Jira and Zendesk, a real Request Tracker."""

from __future__ import annotations

import itertools

import pytest

from connectors.check import faults, load_manifest, vendors
from connectors.errors import HelpdeskError, Kind
from ombud.model.complaint import Fold
from ombud.model.connector import Capability, Gone, Outcome
from ombud.model.event import Cause, Ref, Side
from ombud.model.event import Kind as EventKind
from ombud.model.mapping import FieldOf, Mapping, StageOf
from ombud.model.mark import MoveBack, Plan
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.zendesk.server import ZendeskServer
from tests.conformity.benches import JiraBench, RtBench, ZendeskBench


@pytest.fixture
def jira():
    with start_in_thread() as server:
        yield JiraBench(server)


@pytest.fixture
def rt(rt_server):
    return RtBench(rt_server)


@pytest.fixture
def zendesk():
    with ZendeskServer().start() as server:
        yield ZendeskBench(server)


@pytest.fixture(params=["jira", "rt", "zendesk"])
def desk(request):
    return request.getfixturevalue(request.param)


def ref_of(desk, ticket):
    return Ref("desk", desk.connect().manifest.vendor, ticket)


def read(desk, ticket, connector=None):
    connector = connector or desk.connect()
    seen = list(connector.look([ref_of(desk, ticket)], desk.schema))
    (reading,) = connector.read(seen, desk.schema)
    return reading


def sweep(desk, cursor, connector=None):
    """Give what a sweep sees and the cursor it ends with."""
    seen = {}
    for page in (connector or desk.connect()).changed(cursor, desk.interest, desk.schema):
        seen |= {each.ref.id: each for each in page.seen}
        cursor = page.cursor or cursor
    return seen, cursor


def plan_of(desk, ticket, connector, **more):
    actual = read(desk, ticket, connector).actual
    return Plan(ref_of(desk, ticket), actual.revision, actual.head, **more)


FLAG = {
    "add_tags": frozenset({"ombud-missing"}),
    "text": "Complaint policy · 1 thing missing",
    "text_digest": "d1",
}


def now():
    return 0


def test_a_wrong_token_is_a_matter_of_signing_in(desk):
    with pytest.raises(HelpdeskError) as told:
        list(desk.connect(token="wrong").changed(None, desk.interest, desk.schema))
    assert told.value.kind is Kind.signin
    assert told.value.remedy


def test_what_changed_is_seen_and_the_cursor_goes_on(desk):
    first = desk.create()
    seen, cursor = sweep(desk, None)
    assert first in seen
    second = desk.create()
    desk.fill(first, "looked into")
    again, later = sweep(desk, cursor)
    assert {first, second} <= set(again)
    assert set(sweep(desk, cursor)[0]) == set(again)
    third = desk.create()
    assert third in sweep(desk, later)[0]


def test_history_goes_back_to_creation_without_gaps(desk):
    ticket = desk.create()
    desk.walk_to_answer(ticket)
    desk.fill(ticket, "looked into")
    desk.move(ticket, desk.closed)
    reading = read(desk, ticket)
    statuses = [event for event in reading.events if event.field == "status"]
    assert statuses[0].before is None
    assert statuses[0].after == desk.started
    assert statuses[-1].after == desk.closed
    assert all(a.after == b.before for a, b in itertools.pairwise(statuses))
    assert reading.complete
    assert sum(event.kind is EventKind.created for event in reading.events) == 1
    mapping = Mapping(
        stages={desk.started: StageOf("received"), desk.closed: StageOf("closed")},
        fields={"summary": FieldOf(desk.cause_field)},
    )
    complaint = Fold(mapping).fold(reading.events)
    assert complaint.gaps == ()
    assert complaint.stage == "closed"


def test_messages_say_who_reads_them(desk):
    ticket = desk.create()
    desk.reply(ticket, "Here is our #decision")
    desk.note(ticket, "internal: ask Bert #decision")
    desk.hear(ticket, "thanks")
    messages = [event.message for event in read(desk, ticket).events if event.message is not None]
    public = [m for m in messages if m.public and m.by is Side.agent]
    assert [(m.to, m.automatic, m.kinds) for m in public] == [
        (Side.complainant, False, {"decision"})
    ]
    assert [m.to for m in messages if m.public is False] == [None]
    assert all(m.to is Side.agent for m in messages if m.by is Side.complainant)


def words(desk, ticket):
    return [event for event in read(desk, ticket).events if event.kind is EventKind.word]


def test_a_word_is_the_first_line_of_a_note_that_a_staff_member_wrote(desk):
    ticket = desk.create()
    desk.note(ticket, "/ombud received 2026-01-05\nas the letter says")
    desk.note(ticket, "/ombud called and nobody answered")
    desk.note(ticket, "/ombud frobnicate Mr Smith")
    told = words(desk, ticket)
    assert [(each.field, each.after) for each in told] == [
        ("received", "2026-01-05"),
        ("called", None),
        ("frobnicate", None),
    ]
    assert all(each.cause is Cause.person and each.actor for each in told)
    assert [each.id for each in told] == [each.id for each in words(desk, ticket)]


def test_what_is_no_note_of_a_staff_member_s_own_is_no_word(desk):
    ticket = desk.create()
    desk.reply(ticket, "/ombud check")
    desk.hear(ticket, "/ombud check")
    desk.note(ticket, "Bert wrote:\n/ombud check")
    desk.note(ticket, "/ombudsman check")
    desk.note(ticket, "see /ombud check")
    desk.note_not_by_hand(ticket, "/ombud check")
    assert words(desk, ticket) == []


def test_our_own_note_is_no_word(desk):
    connector, ticket = desk.connect(), desk.create()
    told = {"text": "/ombud check", "text_digest": "d1", "notify": True}
    connector.act(plan_of(desk, ticket, connector, **told), "k1", now)
    desk.pass_time()
    assert "/ombud check" in desk.shown(ticket).text
    assert words(desk, ticket) == []


def test_a_field_set_on_the_same_screen_names_a_message_s_kind(desk):
    ticket = desk.create()
    desk.answer(ticket, "Here is what we found. #decision")
    (message,) = [
        event.message
        for event in read(desk, ticket).events
        if event.message is not None and event.message.by is Side.agent and event.message.public
    ]
    assert message.kinds == {"response", "decision"}


def test_a_plan_is_carried_out_read_back_and_not_doubled(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.tag(ticket, "vip")
    desk.note(ticket, "somebody's own note")
    before = desk.shown(ticket)
    plan = plan_of(desk, ticket, connector, **FLAG)
    assert connector.act(plan, "k1", now).outcome is Outcome.done
    shown = desk.shown(ticket)
    assert "ombud-missing" in shown.tags
    assert before.tags <= shown.tags
    assert shown.text.count("1 thing missing") == 1
    assert connector.act(plan, "k1", now).outcome is Outcome.done
    assert desk.shown(ticket) == shown
    actual = read(desk, ticket, connector).actual
    assert (actual.ours.tags, actual.ours.text) == ({"ombud-missing"}, "d1")
    assert connector.find(plan.ref, "k1").outcome is Outcome.done
    assert connector.find(plan.ref, "another") is None


def test_a_text_is_changed_in_place_and_taken_away(desk):
    connector, ticket = desk.connect(), desk.create()
    connector.act(plan_of(desk, ticket, connector, **FLAG), "k1", now)
    notes = desk.shown(ticket).notes
    changed = plan_of(
        desk, ticket, connector, text="Complaint policy · 2 things missing", text_digest="d2"
    )
    assert connector.act(changed, "k2", now).outcome is Outcome.done
    shown = desk.shown(ticket)
    assert ("2 things" in shown.text, "1 thing" in shown.text, shown.notes) == (True, False, notes)
    gone = plan_of(desk, ticket, connector, remove_tags=frozenset({"ombud-missing"}), text="")
    assert connector.act(gone, "k3", now).outcome is Outcome.done
    assert desk.shown(ticket).text == ""
    assert "ombud-missing" not in desk.shown(ticket).tags


def test_a_closure_is_moved_back_by_an_allowed_way(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.walk_to_answer(ticket)
    desk.move(ticket, desk.closed)
    head = read(desk, ticket, connector).actual.head
    back = MoveBack(desk.closed, (desk.before,), "e", head)
    plan = plan_of(desk, ticket, connector, **FLAG, notify=True, move_back=back)
    receipt = connector.act(plan, "k1", now)
    assert (receipt.outcome, receipt.moved_to) == (Outcome.done, desk.before)
    assert desk.shown(ticket).status == desk.before
    actual = read(desk, ticket, connector).actual
    assert len(actual.ours.moved_back) == 1
    notes = desk.shown(ticket).notes
    assert connector.act(plan, "k1", now).outcome is Outcome.done
    assert desk.shown(ticket).notes == notes


def test_what_a_person_did_meanwhile_is_respected(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.walk_to_answer(ticket)
    desk.move(ticket, desk.closed)
    head = read(desk, ticket, connector).actual.head
    plan = plan_of(
        desk, ticket, connector, **FLAG, move_back=MoveBack(desk.closed, (desk.before,), "e", head)
    )
    desk.fill(ticket, "looked into after all")
    before = desk.shown(ticket)
    assert connector.act(plan, "k1", now).outcome is Outcome.stale
    assert desk.shown(ticket) == before


def test_uninstalling_leaves_what_is_not_ours(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.tag(ticket, "vip")
    desk.note(ticket, "somebody's own note")
    before = desk.shown(ticket)
    connector.act(plan_of(desk, ticket, connector, **FLAG), "k1", now)
    desk.pass_time()
    assert ref_of(desk, ticket) in set(connector.list_ours(desk.interest))
    assert connector.remove_ours(ref_of(desk, ticket)).outcome is Outcome.done
    assert desk.shown(ticket) == before
    assert ref_of(desk, ticket) not in set(connector.list_ours(desk.interest))


def test_a_deleted_ticket_is_not_shown_as_a_complaint(desk):
    connector, ticket = desk.connect(), desk.create()
    seen = list(connector.look([ref_of(desk, ticket)], desk.schema))
    desk.delete(ticket)
    found = list(connector.look([ref_of(desk, ticket)], desk.schema))
    readings = list(connector.read(found, desk.schema))
    assert [each.gone for each in readings] in ([], [Gone.deleted])
    assert seen


def test_fields_and_statuses_are_listed_by_their_ids(desk):
    connector = desk.connect()
    desk.create()
    assert desk.cause_field in {field.id for field in connector.list_fields()}
    assert desk.started in {status.id for status in connector.list_statuses()}


def test_a_check_names_every_permission_with_its_reason_and_writes_nothing(desk):
    connector, ticket = desk.connect(), desk.create()
    before = desk.shown(ticket)
    told = {check.name: check for check in connector.check()}
    assert set(connector.manifest.scopes) <= set(told)
    assert all(check.why for check in told.values())
    assert all(check.ok is not False for check in told.values())
    assert "What fires on a reopen" in told
    assert desk.shown(ticket) == before


@pytest.mark.parametrize("vendor", vendors())
def test_a_connector_is_what_its_manifest_says(vendor):
    assert list(faults(vendor)) == []
    assert Capability.history in load_manifest(vendor).capabilities
