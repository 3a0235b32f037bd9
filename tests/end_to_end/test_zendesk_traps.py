"""Traps of Zendesk, each driven through the real connector against the sandbox."""

from __future__ import annotations

import json

import pytest
import requests

from connectors.errors import HelpdeskError
from connectors.zendesk.site import said
from ombud.model.complaint import Fold
from ombud.model.connector import FOLLOW_UP, Gone, Link, Outcome
from ombud.model.event import Cause, Ref, Side
from ombud.model.event import Kind as EventKind
from ombud.model.mapping import FieldOf, Mapping, StageOf
from ombud.model.mark import MoveBack, Plan
from ombud.sandbox.zendesk.automations import close_after
from ombud.sandbox.zendesk.desk import NOTE_FIELD
from ombud.sandbox.zendesk.records import Event, Rule, User
from ombud.sandbox.zendesk.server import ZendeskServer
from tests.conformity.benches import ZendeskBench
from tests.zendesk_desk import zendesk_service

OPEN, ANSWERED, SOLVED = 30002, 30006, 30010
LATE = frozenset({"ombud-late"})


@pytest.fixture
def desk():
    with ZendeskServer().start() as server:
        yield ZendeskBench(server)


def ref(ticket):
    return Ref("desk", "zendesk", ticket)


def sweep(desk, connector, cursor=None):
    """Sweep once and read what it brings: readings by ticket, and the cursor after it."""
    found = {}
    for page in connector.changed(cursor, desk.interest, desk.schema):
        cursor = page.cursor or cursor
        found |= {each.ref.id: each for each in connector.read(page.seen, desk.schema)}
    return found, cursor


def read(desk, ticket, connector=None):
    connector = connector or desk.connect()
    (reading,) = connector.read(list(connector.look([ref(ticket)], desk.schema)), desk.schema)
    return reading


def statuses(reading):
    return [event for event in reading.events if event.field == "status"]


def plan_of(desk, ticket, **more):
    actual = read(desk, ticket).actual
    return Plan(ref(ticket), actual.revision, actual.head, **more)


def answered(desk):
    ticket = desk.create()
    desk.walk_to_answer(ticket)
    return ticket


def test_what_the_last_minute_withheld_comes_with_the_next_sweep(desk):
    connector, first = desk.connect(), desk.create()
    desk.world.update(int(first), {"subject": "changed"}, desk.anna)
    second = desk.world.create({"comment": {"body": "x"}}, desk.customer)
    _, cursor = sweep(desk, connector)
    desk.pass_time()
    found, _ = sweep(desk, connector, cursor)
    assert set(found) == {first, str(second.id)}


def test_a_sweep_that_found_nothing_keeps_its_place(desk):
    connector = desk.connect()
    desk.create()
    _, cursor = sweep(desk, connector)
    for _ in range(3):
        found, cursor = sweep(desk, connector, cursor)
        assert found == {}
    ticket = desk.create()
    assert set(sweep(desk, connector, cursor)[0]) == {ticket}


def test_a_solve_and_its_reversal_by_a_trigger_are_two_changes_of_one_audit(desk):
    desk.world.rules.append(
        Rule(39200, "Reopen", (("changed:status", "solved"),), {"custom_status_id": ANSWERED})
    )
    ticket = answered(desk)
    desk.move(ticket, desk.closed)
    solved, back = statuses(read(desk, ticket))[-2:]
    assert (solved.before, solved.after) == (str(ANSWERED), str(SOLVED))
    assert (back.before, back.after) == (str(SOLVED), str(ANSWERED))
    assert (solved.cause, back.cause) == (Cause.person, Cause.rule)
    assert solved.change != back.change
    assert back.actor is None


def test_numbers_on_the_ticket_and_text_in_audits_are_the_same_value(desk):
    ticket = answered(desk)
    reading = read(desk, ticket)
    mapping = Mapping(
        stages={str(number): StageOf("received") for number in desk.world.statuses},
        fields={"severity": FieldOf("360000010040")},
    )
    assert Fold(mapping).fold(reading.events).gaps == ()
    assert reading.actual.status == statuses(reading)[-1].after


def test_what_was_written_before_there_were_custom_statuses_is_read_by_its_category(desk):
    ticket = int(desk.create())
    for audit in desk.world.tickets[ticket].audits:
        audit.events[:] = [
            e for e in audit.events if e.told.get("field_name") != "custom_status_id"
        ]
    told = statuses(read(desk, str(ticket)))
    assert [event.after for event in told] == ["30001"]


def test_a_category_alone_is_its_default_status(desk):
    ticket = desk.create()
    desk.world.update(int(ticket), {"status": "pending"}, desk.anna)
    assert statuses(read(desk, ticket))[-1].after == "30005"


def test_tickets_of_ai_agents_are_read_too(desk):
    connector = desk.connect()
    made = desk.world.create({"comment": {"body": "x"}, "ai_agent": True}, desk.customer)
    desk.pass_time()
    assert str(made.id) in sweep(desk, connector)[0]


def test_a_deleted_ticket_is_deleted_by_the_vendor_s_own_word_alone(desk):
    connector, ticket = desk.connect(), desk.create()
    _, cursor = sweep(desk, connector)
    desk.delete(ticket)
    assert list(connector.look([ref(ticket)], desk.schema)) == []
    desk.pass_time()
    found, _ = sweep(desk, connector, cursor)
    assert found[ticket].gone is Gone.deleted


def test_audits_that_vanish_between_two_calls_are_no_deletion(desk):
    connector, ticket = desk.connect(), desk.create()
    seen = list(connector.look([ref(ticket)], desk.schema))
    desk.delete(ticket)
    (reading,) = connector.read(seen, desk.schema)
    assert reading.gone is Gone.unreachable


def test_a_scrubbed_ticket_is_deleted_and_says_so(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.delete(ticket)
    desk.world.scrub(int(ticket))
    desk.pass_time()
    reading = sweep(desk, connector)[0][ticket]
    assert (reading.gone, reading.detail) == (Gone.deleted, "scrubbed")


def test_an_archived_ticket_is_read_whole(desk):
    ticket = answered(desk)
    desk.move(ticket, desk.closed)
    desk.world.clock.advance(130 * 86_400)
    desk.connect().check()
    reading = sweep(desk, desk.connect())[0][ticket]
    assert reading.complete
    assert statuses(reading)[-1].after == "closed"
    assert statuses(reading)[-1].cause is Cause.automation
    assert reading.actual.ended


def test_a_system_s_touch_changes_nothing(desk):
    connector, ticket = desk.connect(), desk.create()
    first, cursor = sweep(desk, connector)
    desk.world.touch(int(ticket))
    desk.pass_time()
    again, _ = sweep(desk, connector, cursor)
    assert again[ticket].actual.revision == first[ticket].actual.revision


def test_a_look_within_the_second_of_a_change_does_not_hide_the_next(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.world.update(int(ticket), {"subject": "a"}, desk.anna)
    (early,) = connector.look([ref(ticket)], desk.schema)
    desk.world.update(int(ticket), {"subject": "b"}, desk.anna)
    desk.pass_time()
    (late,) = connector.look([ref(ticket)], desk.schema)
    assert early.revision != late.revision


def test_follow_ups_and_merges_name_the_other_ticket(desk):
    first, second = desk.create(), desk.create()
    desk.world.update(int(first), {"status": "closed"}, desk.anna)
    after = desk.world.create(
        {"comment": {"body": "again"}, "via_followup_source_id": int(first)}, desk.customer
    )
    assert read(desk, first).actual.links == {Link(FOLLOW_UP, ref(str(after.id)))}
    assert read(desk, str(after.id)).actual.links == {Link(FOLLOW_UP, ref(first))}
    desk.world.merge(int(second), after.id, desk.anna)
    merged = [e for e in read(desk, second).events if e.kind is EventKind.merged]
    assert [event.after for event in merged] == [str(after.id)]


def test_a_message_made_private_later_was_public_when_it_was_sent(desk):
    ticket = desk.create()
    desk.reply(ticket, "Here is our #decision")
    (comment,) = [
        e.id
        for t, a, e in desk.world.events()
        if e.type == "Comment" and e.told["author_id"] == desk.anna
    ]
    desk.world.hide(int(ticket), comment, desk.anna)
    (message,) = [
        e.message for e in read(desk, ticket).events if e.message and e.message.by is Side.agent
    ]
    assert message.public
    assert message.kinds == {"decision"}


def test_a_redacted_message_stays_what_it_was_when_it_was_read(desk, tmp_path):
    ticket = desk.create()
    desk.reply(ticket, "Here is our #decision")
    desk.pass_time()
    with zendesk_service(tmp_path, desk.server, mode="observe") as service:
        service.sync("zendesk")
        before = {f.rule: f.verdict for f, _, _ in service.check()}
        (comment,) = [
            e.id
            for t, a, e in desk.world.events()
            if e.type == "Comment" and e.told["author_id"] == desk.anna
        ]
        desk.world.redact(int(ticket), comment, desk.anna)
        desk.pass_time()
        service.sync("zendesk", full=True)
        assert {f.rule: f.verdict for f, _, _ in service.check()} == before


def test_authors_are_on_the_side_of_their_role(desk):
    ticket = desk.create()
    light = User(9300, "Light", "l@sandbox.test", "agent", light=True)
    gone = User(9301, "Gone", "g@sandbox.test", "agent", suspended=True)
    other = User(9302, "Other", "o@customer.test", "end-user")
    for user, public in ((light, False), (gone, True), (other, True)):
        desk.world.users[user.id] = user
        desk.world.update(int(ticket), {"comment": {"body": user.name, "public": public}}, user.id)
    told = [e.message for e in read(desk, ticket).events if e.message]
    assert [(m.by, m.public) for m in told] == [
        (Side.complainant, True),
        (Side.agent, False),
        (Side.agent, True),
        (Side.third_party, True),
    ]


def test_mail_that_a_rule_sends_the_complainant_is_automatic(desk):
    notify = {"notify": {"subject": "Got it", "body": "We have it"}}
    desk.world.rules.append(Rule(39300, "Got it", (("status", "new"),), notify))
    ticket = desk.create()
    messages = [e.message for e in read(desk, ticket).events if e.message]
    assert [(m.by, m.to, m.automatic) for m in messages] == [
        (Side.complainant, Side.agent, False),
        (Side.automation, Side.complainant, True),
    ]


def test_what_is_not_known_is_passed_over_and_counted(desk):
    connector, ticket = desk.connect(), desk.create()
    audit = desk.world.tickets[int(ticket)].audits[-1]
    audit.events += [
        Event(1, "SideConversationEvent", {"subject": "ask the lab"}),
        Event(2, "SomethingOfTomorrow", {}),
    ]
    assert read(desk, ticket, connector).complete
    assert connector.ignored == {"SideConversationEvent": 1, "SomethingOfTomorrow": 1}


def test_an_anonymous_answer_with_200_is_no_sign_in(desk):
    connector = desk.connect()
    desk.server.faults.order(
        [
            {
                "match": "users/me",
                "kind": "status",
                "status": 200,
                "body": json.dumps({"user": {"id": None, "name": "Anonymous user"}}),
            }
        ]
    )
    (check,) = connector.check()
    assert (check.name, check.ok) == ("Sign-in", False)


def test_a_person_who_was_faster_is_respected(desk):
    connector, ticket = desk.connect(), answered(desk)
    plan = plan_of(desk, ticket, add_tags=LATE)
    desk.note(ticket, "just a moment")
    assert connector.act(plan, "k1", lambda: 0).outcome is Outcome.stale


def test_a_person_within_the_very_second_is_respected(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.world.update(int(ticket), {"subject": "a"}, desk.anna)
    plan = plan_of(desk, ticket, add_tags=LATE)
    desk.world.update(int(ticket), {"subject": "b"}, desk.anna)
    assert connector.act(plan, "k1", lambda: 0).outcome is Outcome.stale


def test_a_conflict_at_the_vendor_s_is_stale_and_nothing_is_written(desk):
    connector, ticket = desk.connect(), answered(desk)
    plan = plan_of(desk, ticket, add_tags=LATE)
    desk.server.faults.order([{"match": "PUT /api/v2/tickets", "kind": "conflict_409"}])
    assert connector.act(plan, "k1", lambda: 0).outcome is Outcome.stale
    assert desk.shown(ticket).tags == frozenset()


def test_an_update_whose_answer_was_lost_is_found_by_its_key(desk):
    connector, ticket = desk.connect(), answered(desk)
    plan = plan_of(desk, ticket, add_tags=LATE, text="x", text_digest="d", notify=True)
    desk.server.faults.order([{"match": "PUT /api/v2/tickets", "kind": "lost_reply"}])
    with pytest.raises(HelpdeskError) as told:
        connector.act(plan, "k1", lambda: 0)
    assert told.value.uncertain
    assert connector.find(ref(ticket), "k1").outcome is Outcome.done
    assert connector.act(plan, "k1", lambda: 0).outcome is Outcome.done
    assert desk.shown(ticket).notes == 2


def test_a_refusal_is_told_field_by_field(desk):
    ticket = desk.create()
    answer = requests.put(
        f"{desk.server.url}/api/v2/tickets/{ticket}.json",
        json={"ticket": {"status": "solved"}},
        auth=(f"{desk.server.email}/token", desk.server.token),
        timeout=10,
    )
    assert said(answer.content) == "Assignee: is required when solving a ticket"


def test_closed_is_the_end_and_says_so(desk):
    connector, ticket = desk.connect(), answered(desk)
    desk.world.update(int(ticket), {"status": "closed"}, desk.anna)
    back = MoveBack("closed", (str(ANSWERED),), "t", "c")
    receipt = connector.act(plan_of(desk, ticket, move_back=back), "k1", lambda: 0)
    assert receipt.outcome is Outcome.refused
    assert "nobody change or reopen" in receipt.detail


def test_a_ticket_is_never_moved_back_to_new(desk):
    connector, ticket = desk.connect(), desk.create()
    desk.move(ticket, desk.closed)
    back = MoveBack(str(SOLVED), ("30001", "30002"), "t", "c")
    receipt = connector.act(plan_of(desk, ticket, move_back=back), "k1", lambda: 0)
    assert (receipt.outcome, receipt.moved_to) == (Outcome.done, "30002")


def test_a_trigger_that_undoes_our_write_is_seen_in_what_is_read_back(desk):
    strip = Rule(39400, "Tidy tags", (("priority", "high"),), {"remove_tags": ["ombud-late"]})
    connector, ticket = desk.connect(), answered(desk)
    desk.world.update(int(ticket), {"priority": "high"}, desk.anna)
    desk.pass_time()
    desk.world.rules.append(strip)
    receipt = connector.act(plan_of(desk, ticket, add_tags=LATE), "k1", lambda: 0)
    assert receipt.outcome is Outcome.refused
    assert "tags" not in receipt.done


def test_our_text_lives_in_its_field_and_a_note_is_written_only_when_it_matters(desk):
    connector, ticket = desk.connect(), answered(desk)
    quiet = plan_of(desk, ticket, text="one thing missing", text_digest="d1")
    assert connector.act(quiet, "k1", lambda: 0).outcome is Outcome.done
    assert desk.shown(ticket).text == "one thing missing"
    assert desk.shown(ticket).notes == 1
    loud = plan_of(desk, ticket, text="late", text_digest="d2", notify=True)
    assert connector.act(loud, "k2", lambda: 0).outcome is Outcome.done
    audit = desk.world.tickets[int(ticket)].audits[-1]
    (note,) = [e.told for e in audit.events if e.type == "Comment"]
    assert (note["body"], note["public"]) == ("late", False)


def test_a_text_that_somebody_emptied_is_written_again(desk):
    connector, ticket = desk.connect(), answered(desk)
    connector.act(plan_of(desk, ticket, text="x", text_digest="d1"), "k1", lambda: 0)
    assert read(desk, ticket).actual.ours.text == "d1"
    desk.world.update(int(ticket), {"custom_fields": {NOTE_FIELD: None}}, desk.anna)
    assert read(desk, ticket).actual.ours.text is None


def test_a_limit_on_exports_is_waited_out(desk):
    desk.server.site.limits.enabled = True
    connector = desk.connect()
    desk.create()
    cursor = None
    for _ in range(12):
        _, cursor = sweep(desk, connector, cursor)
    assert connector.calls["GET /api/v2/incremental/tickets/cursor"] > 12


def test_rules_that_cross_a_move_back_are_named(desk):
    desk.world.rules.append(
        Rule(
            39500,
            "Tell the customer",
            (("changed:status", "open"),),
            {"notify": {"subject": "s", "body": "b"}},
        )
    )
    told = {check.name: check for check in desk.connect().check()}
    assert "after 96 hours" in told["What closes solved tickets"].why
    assert "“Tell the customer”, which tells people" in told["What fires on a reopen"].why
    assert told["Our text's field"].ok
    assert not [name for name in told if "too early" in name]


def test_what_closes_before_anybody_can_mend_it_is_named(desk):
    close_after(desk.world, 1)
    at_once = Rule(39600, "Solved is done", (("changed:status", "solved"),), {"status": "closed"})
    desk.world.rules.append(at_once)
    told = {check.name: check for check in desk.connect().check() if check.ok is False}
    assert "after 1 hours" in told["What closes too early (automations)"].why
    assert "“Solved is done”" in told["What closes too early (triggers)"].why
