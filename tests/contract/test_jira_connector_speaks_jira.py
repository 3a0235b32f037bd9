"""Our Jira connector's requests, and what it is answered, against the vendor's own document."""

from __future__ import annotations

import pytest

from connectors import open_connector
from ombud.model.connector import Interest, Outcome, Schema
from ombud.model.mark import TAG_MISSING, MoveBack, Plan
from ombud.settings import Account

pytestmark = pytest.mark.prism

CMP = Interest(("CMP",))
SCHEMA = Schema(
    fields=frozenset({"status", "assignee", "customfield_10040", "customfield_10048"}),
    markers={"response": ("#response",)},
)


@pytest.fixture(scope="module")
def proxy(prism_proxy, sandbox):
    world = sandbox.world
    for number in range(4):
        fields = {"summary": f"Complaint {number}", "customfield_10040": "10203"}
        world.create("CMP", "Complaint", fields, "acc-c01")
    for number in range(45):
        world.clock.advance(1)
        world.edit("10102", {"summary": f"s{number}"}, "acc-anna")
    for number in range(23):
        world.comment("10102", "acc-anna", f"#response {number}", public=number % 2 == 0)
    world.clock.advance(60)
    world.edit("10103", {}, "acc-anna", to_status="10004")
    world.edit("10103", {}, "acc-anna", to_status="10010")
    return prism_proxy(sandbox)


@pytest.fixture
def connector(proxy, sandbox):
    proxy.violations.clear()
    settings = Account(vendor="jira", url=proxy.url)
    secrets = {"EMAIL": sandbox.email, "TOKEN": sandbox.token}
    return open_connector(
        "main",
        settings,
        lambda _names: secrets,
        clock=sandbox.world.clock,
        sleep=lambda _seconds: None,
    )


def swept(connector):
    return [seen for page in connector.changed(None, CMP, SCHEMA) for seen in page.seen]


def read(connector, number):
    (reading,) = connector.read(
        [seen for seen in swept(connector) if seen.ref.id == number], SCHEMA
    )
    return reading.actual


def test_its_checks_are_as_documented(connector, proxy):
    assert connector.check()[0].ok
    assert len(connector.list_statuses()) == 10
    assert connector.estimate(None, CMP).tickets == 4
    assert proxy.violations == []


def test_its_sweep_and_its_readings_are_as_documented(connector, proxy):
    seen = swept(connector)
    assert len(seen) == 4
    readings = list(connector.read(seen, SCHEMA))
    assert all(reading.actual is not None for reading in readings)
    assert any("changelog/bulkfetch" in call for call in proxy.calls)
    assert any(call.endswith("/comment") for call in proxy.calls)
    assert len(list(connector.look([one.ref for one in seen], SCHEMA))) == 4
    assert proxy.violations == []


def test_its_writes_are_as_documented(connector, proxy, sandbox):
    actual = read(connector, "10103")
    entering = sandbox.world.find("10103").entries[-1]
    move = MoveBack("10010", ("10004",), f"{entering.id}.0", str(entering.id))
    plan = Plan(
        actual.ref,
        actual.revision,
        actual.head,
        add_tags=frozenset({TAG_MISSING}),
        text="The root cause is missing.",
        text_digest="d1",
        move_back=move,
    )
    receipt = connector.act(plan, "key-1", lambda: 0)
    assert receipt.outcome is Outcome.done
    issue = sandbox.world.find("10103")
    assert (issue.status, issue.fields["labels"]) == ("10004", [TAG_MISSING])
    assert [comment.public for comment in issue.comments] == [False]
    assert connector.find(actual.ref, "key-1") is not None
    assert [ref.id for ref in connector.list_ours(CMP)] == ["10103"]
    assert connector.remove_ours(actual.ref).outcome is Outcome.done
    assert (issue.fields["labels"], issue.comments, issue.properties) == ([], [], {})
    assert proxy.violations == []
