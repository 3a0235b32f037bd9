"""Agents' words, end to end: done once, answered in the living text, and never where somebody else says them."""

from __future__ import annotations

import re

import pytest

from ombud.model.event import Kind, Ref
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.zendesk.records import User
from ombud.sandbox.zendesk.server import ZendeskServer
from sync.service import open_service
from tests.conformity.benches import JiraBench, RtBench, ZendeskBench
from tests.desks import RT_MAPPING, Stepped, jira_folder, rt_service
from tests.zendesk_desk import zendesk_folder

#: A logged call acknowledges, and nothing else does.
CALLS = 'acknowledged = [{message = {by = "agent", to = "complainant", kind = "call"}}]'


class Desk:
    """A helpdesk with a service over it."""

    def __init__(self, bench, account, service):
        self.bench, self.account, self.service = bench, account, service

    def create(self):
        return self.bench.create()

    def note(self, ticket, text):
        self.bench.note(ticket, text)

    def sync(self):
        self.bench.pass_time()
        self.service.sync(self.account)

    def text(self, ticket):
        return self.bench.shown(ticket).text

    def stored(self, ticket):
        ref = Ref(self.account, self.service.connector(self.account).manifest.vendor, ticket)
        return self.service.store.events([ref]).get(ref, ())

    def words(self, ticket):
        return [event.field for event in self.stored(ticket) if event.kind is Kind.word]

    def row(self, ticket):
        return self.service.bounds[0].fold.fold(self.stored(ticket)).row


PERSONS = """
[persons]
anna = ["zendesk:9101"]
bert = ["zendesk:9102"]
"""
BERT, CARL = 9102, 9103


def opened(config, mapping, world):
    told = mapping.read_text(encoding="utf-8")
    mapping.write_text(re.sub(r"^acknowledged = .*$", CALLS, told, flags=re.MULTILINE), "utf-8")
    clock = Stepped(world.clock.now)
    return open_service(config, clock, sleep=clock.sleep)


@pytest.fixture
def jira(tmp_path):
    with start_in_thread() as server:
        config = jira_folder(tmp_path, server, mode='"flag"', profile='"starter"')
        with opened(config, tmp_path / "sandbox.mapping.toml", server.world) as service:
            yield Desk(JiraBench(server), "sandbox", service)


@pytest.fixture
def zendesk(tmp_path):
    with ZendeskServer().start() as server:
        config = zendesk_folder(tmp_path, server, mode="flag", profile="starter")
        config.write_text(config.read_text(encoding="utf-8") + PERSONS, encoding="utf-8")
        bench = ZendeskBench(server)
        for number, name in ((BERT, "Bert"), (CARL, "Carl")):
            bench.world.users[number] = User(number, name, f"{name}@sandbox.test", "agent")
        with opened(config, tmp_path / "zendesk.mapping.toml", server.world) as service:
            yield Desk(bench, "zendesk", service)


@pytest.fixture
def rt(tmp_path, rt_server):
    bench = RtBench(rt_server)
    mapping = f"{RT_MAPPING}{CALLS.replace('{', '{{').replace('}', '}}')}\n"
    with rt_service(tmp_path, rt_server, bench.ids, "flag", mapping=mapping) as service:
        service.sync("rt")
        yield Desk(bench, "rt", service)


@pytest.fixture(params=["jira", "rt", "zendesk"])
def desk(request):
    return request.getfixturevalue(request.param)


def test_a_check_is_answered_at_once_with_what_closing_needs(desk):
    ticket = desk.create()
    desk.note(ticket, "/ombud check")
    desk.sync()
    (line,) = [line for line in desk.text(ticket).splitlines() if line.startswith("Checked")]
    assert "to close it, see to" in line
    assert "Root cause" in line
    assert len(desk.text(ticket).splitlines()) <= 8


def test_a_call_is_noted_and_acknowledges_where_the_mapping_says_so(desk):
    ticket = desk.create()
    desk.sync()
    assert desk.row(ticket)["acknowledged"] is None
    desk.note(ticket, "/ombud called\nShe will send the receipt.")
    desk.sync()
    assert re.search(r"^Call of \w+ \d+ \w+, \d\d:\d\d noted\.$", desk.text(ticket), re.MULTILINE)
    assert isinstance(desk.row(ticket)["acknowledged"], int)
    assert not any("receipt" in str(event) for event in desk.stored(ticket))


def test_a_word_runs_once_however_often_the_ticket_is_read(desk):
    ticket = desk.create()
    desk.note(ticket, "/ombud called")
    desk.sync()
    first = desk.row(ticket)["acknowledged"]
    desk.service.sync(desk.account, full=True)
    desk.sync()
    assert desk.words(ticket) == ["called"]
    assert desk.row(ticket)["acknowledged"] == first


def test_receipt_is_set_back_and_never_forward(desk):
    ticket = desk.create()
    desk.note(ticket, "/ombud received 2020-01-05")
    desk.sync()
    received = desk.row(ticket)["received"]
    assert received < desk.row(ticket)["recorded"]
    assert "Receipt noted: 2020-01-05." in desk.text(ticket)
    desk.note(ticket, "/ombud received 2099-01-05")
    desk.sync()
    assert desk.row(ticket)["received"] == received
    assert "2099-01-05 is later than the ticket itself" in desk.text(ticket)


@pytest.mark.parametrize(
    "note, said",
    [
        ("/ombud chekc", "“/ombud chekc”: “chekc” is not known. Write one of: check, called"),
        ("/ombud received 5.1.2026", "“5.1.2026” is no date"),
        ("/ombud waive close.with_root_cause we were ill", "It gives no end"),
        ("/ombud waive close.outcome ill until 2020-01-01", "A waiver ends in the future"),
        ("/ombud approve nothing", "There is no waiver 'nothing'"),
        (
            "/ombud dispute close.with_rootcause it is there",
            "has no rule 'close.with_rootcause'",
        ),
    ],
)
def test_a_malformed_word_is_answered_with_its_remedy(zendesk, note, said):
    ticket = zendesk.create()
    zendesk.sync()
    zendesk.note(ticket, note)
    zendesk.sync()
    assert said in zendesk.text(ticket)


def test_what_is_mailed_quoted_or_said_by_others_does_nothing(desk):
    ticket = desk.create()
    desk.bench.reply(ticket, "/ombud received 2020-01-05")
    desk.bench.hear(ticket, "/ombud received 2020-01-05")
    desk.note(ticket, "> /ombud received 2020-01-05")
    desk.bench.note_not_by_hand(ticket, "/ombud received 2020-01-05")
    desk.sync()
    assert desk.words(ticket) == []
    assert desk.row(ticket)["received"] == desk.row(ticket)["recorded"]
    assert "Receipt" not in desk.text(ticket)


def test_a_note_edited_after_it_was_heard_changes_nothing(jira):
    ticket = jira.create()
    note = jira.bench.world.comment(ticket, "acc-anna", "/ombud called", public=False)
    jira.sync()
    first = jira.row(ticket)["acknowledged"]
    jira.bench.world.edit_comment(ticket, note.id, "acc-anna", "/ombud received 2020-01-05")
    jira.sync()
    assert (jira.words(ticket), jira.row(ticket)["acknowledged"]) == (["called"], first)
    jira.bench.world.delete_comment(ticket, note.id, "acc-anna")
    jira.sync()
    assert jira.row(ticket)["acknowledged"] == first


def test_an_answer_goes_after_seven_days(jira):
    ticket = jira.create()
    jira.note(ticket, "/ombud called")
    jira.sync()
    assert "Call of" in jira.text(ticket)
    jira.bench.world.clock.advance(7 * 86_400 + 60)
    jira.sync()
    assert "Call of" not in jira.text(ticket)


def test_where_nothing_is_written_to_the_helpdesk_a_word_counts_and_is_not_answered(tmp_path):
    with start_in_thread() as server:
        config = jira_folder(tmp_path, server, mode='"observe"', profile='"starter"')
        with opened(config, tmp_path / "sandbox.mapping.toml", server.world) as service:
            desk = Desk(JiraBench(server), "sandbox", service)
            ticket = desk.create()
            desk.note(ticket, "/ombud called")
            desk.sync()
            assert isinstance(desk.row(ticket)["acknowledged"], int)
            assert desk.text(ticket) == ""


def note_by(desk, ticket, person, text):
    desk.bench.world.update(int(ticket), {"comment": {"body": text, "public": False}}, person)
    desk.sync()
    return desk.text(ticket)


def standing(desk, ticket, rule):
    return [
        finding.standing.value
        for finding, key, _ in desk.service.check()
        if key == f"#{ticket}" and finding.rule == rule
    ]


def test_a_waiver_asked_for_by_word_holds_once_another_person_approves_it(zendesk):
    ticket, rule = zendesk.create(), "close.with_root_cause"
    zendesk.sync()
    zendesk.bench.walk_to_answer(ticket)
    zendesk.bench.move(ticket, zendesk.bench.closed)
    zendesk.sync()
    assert standing(zendesk, ticket, rule) == ["fail"]
    told = note_by(
        zendesk, ticket, 9101, f"/ombud waive {rule} the plant burnt down until 2027-01-31"
    )
    assert standing(zendesk, ticket, rule) == ["fail"]
    (name,) = re.findall(r"/ombud approve (\S+)", told)
    assert f"Waiver of {rule} until 2027-01-31 asked for." in told
    told = note_by(zendesk, ticket, CARL, f"/ombud approve {name}")
    assert "Your account is linked to no person" in told
    told = note_by(zendesk, ticket, 9101, f"/ombud approve {name}")
    assert "was asked for by the same person" in told
    assert standing(zendesk, ticket, rule) == ["fail"]
    told = note_by(zendesk, ticket, BERT, f"/ombud approve {name}")
    assert f"Waiver {name} approved by bert." in told
    assert standing(zendesk, ticket, rule) == ["waived"]
    zendesk.service.sync("zendesk", full=True)
    with zendesk.service.store.acts() as acts:
        assert [row.id for row in acts.waivers()] == [name]


def test_a_dispute_by_word_is_kept_once_and_the_finding_stands(zendesk):
    ticket, rule = zendesk.create(), "close.with_root_cause"
    zendesk.sync()
    told = note_by(zendesk, ticket, 9101, f"/ombud dispute {rule} it is filled in, look again")
    zendesk.service.sync("zendesk", full=True)
    with zendesk.service.store.acts() as acts:
        (row,) = acts.disputes()
    assert (row.rule, row.why) == (rule, "it is filled in, look again")
    assert f"Dispute {row.id} of {rule} noted" in told
    # What people say in their own words stands where it can be forgotten, and not in the history.
    assert not any("look again" in str(event) for event in zendesk.stored(ticket))


def test_a_reason_why_it_is_no_complaint_counts_once_the_ticket_leaves_the_scope(zendesk):
    ticket, rule = zendesk.create(), "scope.left_without_reason"
    zendesk.sync()
    note_by(zendesk, ticket, 9101, "/ombud not-complaint she only asked for the opening hours")
    zendesk.bench.world.update(int(ticket), {"ticket_form_id": 37002}, 9101)
    zendesk.sync()
    assert standing(zendesk, ticket, rule) == ["pass"]
