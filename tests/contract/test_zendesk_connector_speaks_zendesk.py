"""Our Zendesk connector's requests, and what the sandbox answers, against the vendor's own document."""

from __future__ import annotations

import pytest

from connectors import open_connector
from ombud.model.connector import Outcome
from ombud.model.event import Ref
from ombud.model.mark import TAG_MISSING, MoveBack, Plan
from ombud.sandbox.zendesk.desk import NOTE_FIELD
from ombud.sandbox.zendesk.server import ZendeskServer
from ombud.settings import Account
from tests.conformity.benches import ZendeskBench

pytestmark = pytest.mark.prism


@pytest.fixture(scope="module")
def desk():
    with ZendeskServer().start() as server:
        bench = ZendeskBench(server)
        for _ in range(3):
            ticket = bench.create()
        bench.walk_to_answer(ticket)
        bench.reply(ticket, "#decision")
        bench.move(ticket, bench.closed)
        bench.ticket = ticket
        yield bench


@pytest.fixture(scope="module")
def proxy(prism_proxy, desk):
    return prism_proxy(desk.server, "zendesk")


@pytest.fixture
def connector(proxy, desk):
    proxy.violations.clear()
    settings = Account(vendor="zendesk", url=proxy.url, options={"note_field": NOTE_FIELD})
    secrets = {"EMAIL": desk.server.email, "TOKEN": desk.server.token}
    return open_connector(
        "main",
        settings,
        lambda _names: secrets,
        clock=desk.world.clock,
        sleep=desk.world.clock.advance,
    )


def test_its_checks_are_as_documented(connector, proxy):
    assert connector.check()[0].ok
    assert connector.list_fields()
    assert connector.list_statuses()
    assert connector.estimate(None, None).tickets == 3
    assert proxy.violations == []


def test_its_sweep_and_its_readings_are_as_documented(connector, proxy, desk):
    seen = [
        each for page in connector.changed(None, desk.interest, desk.schema) for each in page.seen
    ]
    readings = list(connector.read(seen, desk.schema))
    assert all(reading.actual is not None for reading in readings)
    assert len(list(connector.look([one.ref for one in seen], desk.schema))) == 3
    assert any(call.endswith("/audits") for call in proxy.calls)
    assert proxy.violations == []


def test_its_writes_are_as_documented(connector, proxy, desk):
    ref = Ref("main", "zendesk", desk.ticket)
    (reading,) = connector.read(list(connector.look([ref], desk.schema)), desk.schema)
    actual = reading.actual
    plan = Plan(
        ref,
        actual.revision,
        actual.head,
        add_tags=frozenset({TAG_MISSING}),
        text="The root cause is missing.",
        text_digest="d1",
        notify=True,
        move_back=MoveBack(desk.closed, (desk.before,), "t", "c"),
    )
    assert connector.act(plan, "key-1", lambda: 0).outcome is Outcome.done
    assert connector.find(ref, "key-1") is not None
    assert connector.remove_ours(ref).outcome is Outcome.done
    assert proxy.violations == []
