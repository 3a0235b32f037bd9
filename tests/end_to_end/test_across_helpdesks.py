"""One complaint in two helpdesks: one case, one clock, one line of evidence, one identity for each person."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.serve import start_in_thread, start_zendesk_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.sandbox.zendesk.desk import OTHER_FIELD
from ombud.sandbox.zendesk.laying import Laying
from ombud.sandbox.zendesk.world import ZendeskWorld
from sync.findings import ONE_SIDED
from sync.service import open_service
from tests.desks import Stepped
from tests.zendesk_desk import both_folder

ANNA, BERT, CUSTOMER = "acc-anna", "acc-bert", "acc-c01"
DAY = 86_400


class Desk:
    """Two helpdesks with the same people, and one Ombud over both."""

    def __init__(self, folder, jira, zendesk):
        self.world, self.other = jira.world, zendesk.world
        self.laying = Laying(self.other)
        self.config = both_folder(folder, jira, zendesk)

    def open(self):
        clock = Stepped(self.world.clock.now)
        return open_service(self.config, clock, sleep=clock.sleep)

    def both(self):
        """Create a complaint that comes to Jira first and to Zendesk an hour later."""
        issue = self.world.create("CMP", "Complaint", {"summary": "x"}, CUSTOMER)
        self.pass_time(3600)
        ticket = self.laying.create("CMP", "10001", {"summary": "x"}, CUSTOMER)
        self.other.update(int(ticket.id), {"custom_fields": {OTHER_FIELD: issue.key}}, 9101)
        self.pass_time()
        return issue.id, ticket.id

    def pass_time(self, seconds=61):
        self.world.clock.advance(seconds)


@pytest.fixture
def helpdesks():
    clock = SteppableClock(DEFAULT_NOW)
    with (
        start_in_thread(World(clock)) as jira,
        start_zendesk_in_thread(ZendeskWorld(clock)) as zendesk,
    ):
        yield jira, zendesk


@pytest.fixture
def desk(helpdesks, tmp_path):
    return Desk(tmp_path, *helpdesks)


def sync(service):
    """Sync both, and once more what the second told of the first."""
    for account in ("sandbox", "zendesk", "sandbox"):
        service.sync(account)


def cases(service):
    return {
        str(state.ref): state.case
        for bound in service.bounds
        for page in service.store.complaints(bound.name)
        for state in page
    }


def standing(service, rule):
    return {str(f.ref): f.standing for f, _, _ in service.check() if f.rule == rule}


def test_a_complaint_in_both_is_one_case_that_the_earlier_ticket_leads(desk):
    issue, ticket = desk.both()
    with desk.open() as service:
        sync(service)
        told = cases(service)
        assert told[f"sandbox:{issue}"] == told[f"zendesk:{ticket}"]
        assert {str(f.ref) for f, _, _ in service.check()} == {f"sandbox:{issue}"}
        assert {each.ref.account for each in service.store.findings()} == {"sandbox"}


def test_the_order_in_which_they_are_synced_does_not_matter(desk):
    issue, _ = desk.both()
    with desk.open() as service:
        for account in ("zendesk", "sandbox", "zendesk", "sandbox"):
            service.sync(account)
        assert len(set(cases(service).values())) == 1
        assert {str(f.ref) for f, _, _ in service.check()} == {f"sandbox:{issue}"}


def test_an_answer_in_either_counts_and_the_clock_is_one(desk):
    issue, _ = desk.both()
    desk.pass_time(6 * DAY)
    with desk.open() as service:
        sync(service)
        assert standing(service, "acknowledge.in_time") == {f"sandbox:{issue}": Verdict.failed}
    second, other = desk.both()
    desk.laying.comment(other, ANNA, "We have your complaint.")
    desk.pass_time()
    with desk.open() as service:
        sync(service)
        told = standing(service, "acknowledge.in_time")
        assert told[f"sandbox:{second}"] is Verdict.passed
        assert f"zendesk:{other}" not in told


def test_closing_one_side_while_the_other_is_open_is_found_and_goes_when_both_are(desk):
    issue, ticket = desk.both()
    with desk.open() as service:
        sync(service)
        assert standing(service, ONE_SIDED) == {f"sandbox:{issue}": Verdict.passed}
        desk.world.edit(issue, {}, ANNA, to_status="10010")
        desk.pass_time()
        sync(service)
        assert standing(service, ONE_SIDED) == {f"sandbox:{issue}": Verdict.failed}
        (kept,) = [each for each in service.store.findings() if each.rule == ONE_SIDED]
        assert kept.reasons == (f"It is closed in sandbox:{issue} and open in zendesk:{ticket}.",)
        desk.laying.edit(ticket, {}, ANNA, to_status="10010")
        desk.pass_time()
        sync(service)
        assert standing(service, ONE_SIDED) == {f"sandbox:{issue}": Verdict.passed}


def test_one_person_is_one_by_the_same_address(desk):
    issue, ticket = desk.both()
    desk.world.comment(issue, ANNA, "noted", public=False)
    desk.laying.comment(ticket, ANNA, "noted", public=False)
    desk.pass_time()
    with desk.open() as service:
        sync(service)
        (case,) = set(cases(service).values())
        events = [
            each
            for told in service.store.events(list(service.store.members([case]))).values()
            for each in told
        ]
        apart = {each.actor for each in events if each.message and each.message.by == "agent"}
        together = {
            each.actor
            for each in service.elsewhere.as_one_person(events, service.store.recall(case))
            if each.message and each.message.by == "agent"
        }
        assert (len(apart), len(together)) == (2, 1)


def test_the_table_of_persons_comes_before_addresses(helpdesks, tmp_path):
    jira, zendesk = helpdesks
    desk = Desk(tmp_path, jira, zendesk)
    number = desk.laying.people.numbers[BERT]
    text = desk.config.read_text(encoding="utf-8")
    table = f'\n[persons]\nanna = ["sandbox:{ANNA}", "zendesk:{number}"]\n'
    desk.config.write_text(text + table, encoding="utf-8")
    issue, ticket = desk.both()
    desk.world.comment(issue, ANNA, "noted", public=False)
    desk.laying.comment(ticket, BERT, "noted", public=False)
    desk.pass_time()
    with desk.open() as service:
        sync(service)
        (case,) = set(cases(service).values())
        refs = list(service.store.members([case]))
        events = [each for told in service.store.events(refs).values() for each in told]
        one = service.elsewhere.as_one_person(events, service.store.recall(case))
        assert len({e.actor for e in one if e.message and e.message.by == "agent"}) == 1


def test_a_field_that_names_nothing_known_waits_for_it(desk):
    ticket = desk.laying.create("CMP", "10001", {"summary": "x"}, CUSTOMER)
    desk.other.update(int(ticket.id), {"custom_fields": {OTHER_FIELD: "CMP-1"}}, 9101)
    desk.pass_time()
    with desk.open() as service:
        service.sync("zendesk")
        issue = desk.world.create("CMP", "Complaint", {"summary": "x"}, CUSTOMER)
        desk.pass_time()
        for account in ("sandbox", "zendesk", "sandbox"):
            service.sync(account)
        assert issue.key == "CMP-1"
        assert len(set(cases(service).values())) == 1
        assert {str(f.ref) for f, _, _ in service.check()} == {f"zendesk:{ticket.id}"}
