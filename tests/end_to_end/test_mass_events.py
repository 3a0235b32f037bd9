"""Mass events, end to end: complaints share a problem's root cause, while what they owe each customer stays theirs."""

from __future__ import annotations

import pytest

from ombud.model.event import Ref
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.zendesk.server import ZendeskServer
from sync.service import open_service
from tests.conformity.benches import JiraBench, RtBench, ZendeskBench
from tests.desks import RT_MAPPING, Stepped, jira_folder, rt_service
from tests.zendesk_desk import zendesk_folder

PROBLEM = '\n[problem]\nlinks = "{kind}"\nfields = ["root_cause", "corrective_action"]\n'


class Jira:
    account, cause = "sandbox", "customfield_10042"

    def __init__(self, bench, service):
        self.bench, self.service = bench, service

    def create(self):
        return self.bench.create()

    def problem(self):
        """Make a ticket that is no complaint, in a project that nobody sweeps."""
        return self.bench.world.create(
            "SUP", "Question", {"summary": "All of them leak"}, "acc-anna"
        ).id

    def join(self, child, problem):
        return self.bench.world.link(child, problem, "Problem/Incident", actor="acc-anna")

    def part(self, child, problem, link):
        self.bench.world.unlink(link, actor="acc-anna")

    def cause_is(self, ticket, cause):
        self.bench.world.edit(
            ticket, {self.cause: {"product": "10223", "delivery": "10222"}[cause]}, "acc-anna"
        )

    def sync(self):
        self.bench.pass_time()
        self.service.sync(self.account)

    def complaint(self, ticket):
        ref = Ref(self.account, self.service.connector(self.account).manifest.vendor, ticket)
        return self.service.bounds[0].fold.fold(self.service.store.events([ref])[ref])

    def failing(self, ticket):
        ref = Ref(self.account, self.service.connector(self.account).manifest.vendor, ticket)
        return {
            f.rule
            for f, _, _ in self.service.check()
            if f.ref == ref and f.standing.value == "fail"
        }


class Zendesk(Jira):
    account = "zendesk"

    def problem(self):
        made = self.bench.world.create(
            {"subject": "All of them leak", "comment": {"body": "x"}, "ticket_form_id": 37003},
            self.bench.anna,
        )
        self.bench.pass_time()
        return str(made.id)

    def join(self, child, problem):
        self.bench.world.update(int(child), {"problem_id": int(problem)}, self.bench.anna)
        self.bench.pass_time()

    def part(self, child, problem, link):
        self.bench.world.update(int(child), {"problem_id": None}, self.bench.anna)
        self.bench.pass_time()

    def cause_is(self, ticket, cause):
        fields = {360000010042: f"root_cause_{cause}"}
        self.bench.world.update(int(ticket), {"custom_fields": fields}, self.bench.anna)
        self.bench.pass_time()


class Rt(Jira):
    account = "rt"

    def problem(self):
        """Make a ticket in the same queue, for only there is a root cause: a complaint too, and another case."""
        return self.bench.create()

    def join(self, child, problem):
        self.bench.ask("PUT", f"/ticket/{child}", RefersTo=problem)

    def part(self, child, problem, link):
        self.bench.ask("PUT", f"/ticket/{child}", DeleteRefersTo=problem)

    def cause_is(self, ticket, cause):
        self.bench.ask("PUT", f"/ticket/{ticket}", CustomFields={"Root cause": cause})


@pytest.fixture
def jira(tmp_path):
    with start_in_thread() as server:
        config = jira_folder(tmp_path, server, mode='"flag"', profile='"starter"')
        told(tmp_path / "sandbox.mapping.toml", "Problem/Incident")
        clock = Stepped(server.world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            yield Jira(JiraBench(server), service)


@pytest.fixture
def zendesk(tmp_path):
    with ZendeskServer().start() as server:
        config = zendesk_folder(tmp_path, server, mode="flag", profile="starter")
        told(tmp_path / "zendesk.mapping.toml", "problem_id")
        clock = Stepped(server.world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            yield Zendesk(ZendeskBench(server), service)


@pytest.fixture
def rt(tmp_path, rt_server):
    bench = RtBench(rt_server)
    words = 'root_cause = {{id = "{Root_cause}", name = "Root cause", values = {{product = "product", delivery = "delivery"}}}}'
    lines = [words if each.startswith("root_cause") else each for each in RT_MAPPING.splitlines()]
    mapping = "\n".join(lines) + PROBLEM.format(kind="refers-to")
    with rt_service(tmp_path, rt_server, bench.ids, "flag", mapping=mapping) as service:
        service.sync("rt")
        yield Rt(bench, service)


def told(mapping, kind):
    text = mapping.read_text(encoding="utf-8") + PROBLEM.format(kind=kind)
    mapping.write_text(text, encoding="utf-8")


@pytest.fixture(params=["jira", "zendesk"])
def desk(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["jira", "rt", "zendesk"])
def any_desk(request):
    return request.getfixturevalue(request.param)


def closed(desk):
    child = desk.create()
    desk.bench.walk_to_answer(child)
    return child


def test_a_complaint_closed_with_its_problem_shares_the_root_cause_and_nothing_else(desk):
    child, problem = closed(desk), desk.problem()
    desk.join(child, problem)
    desk.cause_is(problem, "product")
    desk.bench.pass_time()
    desk.bench.move(child, desk.bench.closed)
    desk.sync()
    complaint = desk.complaint(child)
    assert complaint.transitions[-1].row["root_cause"] == "product"
    assert complaint.row["decision_told"] is None
    assert complaint.gaps == ()
    assert complaint.refs == (complaint.lead,)
    # Nothing of the problem is judged, and what each customer is owed stays open.
    assert "decide.told_before_close" in desk.failing(child)
    assert desk.failing(problem) == set()


def test_what_the_problem_learns_later_reaches_its_complaints_in_the_same_sync(any_desk):
    desk = any_desk
    child, problem = desk.create(), desk.problem()
    desk.join(child, problem)
    desk.sync()
    assert desk.complaint(child).row["root_cause"] is None
    desk.bench.pass_time()
    desk.cause_is(problem, "product")
    desk.sync()
    assert desk.complaint(child).row["root_cause"] == "product"
    desk.bench.pass_time()
    desk.cause_is(problem, "delivery")
    desk.sync()
    assert desk.complaint(child).row["root_cause"] == "delivery"
    before = len(
        desk.service.store.events([desk.complaint(child).lead])[desk.complaint(child).lead]
    )
    desk.service.sync(desk.account, full=True)
    assert (
        len(desk.service.store.events([desk.complaint(child).lead])[desk.complaint(child).lead])
        == before
    )


def test_a_complaint_s_own_root_cause_is_never_replaced(desk):
    child, problem = desk.create(), desk.problem()
    desk.cause_is(problem, "product")
    desk.cause_is(child, "delivery")
    desk.join(child, problem)
    desk.sync()
    assert desk.complaint(child).row["root_cause"] == "delivery"
    assert desk.complaint(child).gaps == ()


def test_a_closing_before_the_link_is_not_mended_by_it(desk):
    child, problem = closed(desk), desk.problem()
    desk.cause_is(problem, "product")
    desk.bench.move(child, desk.bench.closed)
    desk.bench.pass_time()
    desk.join(child, problem)
    desk.sync()
    complaint = desk.complaint(child)
    assert complaint.transitions[-1].row["root_cause"] is None
    assert complaint.row["root_cause"] == "product"


def test_what_was_shared_goes_with_the_link(any_desk):
    desk = any_desk
    child, problem = desk.create(), desk.problem()
    desk.cause_is(problem, "product")
    link = desk.join(child, problem)
    desk.sync()
    assert desk.complaint(child).row["root_cause"] == "product"
    desk.part(child, problem, link)
    desk.sync()
    assert desk.complaint(child).row["root_cause"] is None
