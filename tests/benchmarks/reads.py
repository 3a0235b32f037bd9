"""Read calls: a thousand tickets of Jira, a tenth with long histories; transactions of a real RT; Zendesk's events."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from connectors import jira, load_manifest, rt, zendesk
from ombud.model.clock import SystemClock
from ombud.model.connector import Interest, Schema
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.sandbox.zendesk.records import User
from ombud.sandbox.zendesk.server import ZendeskServer
from ombud.sandbox.zendesk.world import ZendeskWorld
from ombud.settings import Account
from tests import rt_server
from tests.benchmarks.runs import Figure, at_most

if TYPE_CHECKING:
    from ombud.model.connector import Connector


def measure(_count: int) -> list[Figure]:
    """Sweep a thousand tickets of Jira with and without long threads of comments, then a real Request Tracker."""
    return [
        at_most("Jira: read calls for 1,000 changed tickets", [_calls(threads=0)], 20),
        at_most(
            "Jira: further calls for 100 tickets with more comments than are embedded",
            [_calls(threads=100) - _calls(threads=0)],
            100,
        ),
        *_request_tracker(),
        *_zendesk(),
    ]


def _calls(threads: int) -> float:
    world = World(SteppableClock(DEFAULT_NOW))
    for number in range(1000):
        start = DEFAULT_NOW - timedelta(days=20, minutes=number)
        issue = world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01", start).id
        for change in range(50 if number % 10 == 0 else 8):
            world.edit(
                issue,
                {"customfield_10044": f"v{change}"},
                "acc-anna",
                start + timedelta(hours=change + 1),
            )
        for comment in range(30 if number < threads else 3):
            world.comment(
                issue, "acc-anna", "hello", when=start + timedelta(hours=comment + 1, seconds=1)
            )
    with start_in_thread(world) as server:
        connector = jira.connect(
            "desk",
            Account(vendor="jira", url=server.url),
            {"EMAIL": server.email, "TOKEN": server.token},
            manifest=load_manifest("jira"),
            clock=world.clock,
            sleep=world.clock.advance,
        )
        schema = Schema(fields=frozenset({"customfield_10044"}))
        read = 0
        for page in connector.changed(None, Interest(("CMP",)), schema):
            read += sum(1 for _ in connector.read(page.seen, schema))
        assert read == 1000
        return sum(connector.calls.values())


#: Read for their markers and for words to us, one call for each message with a text.
_BODIES = frozenset({"GET /transaction/{id}/attachments"})


def _request_tracker() -> list[Figure]:
    if lacks := rt_server.lacking():
        print(f"Request Tracker is not measured: {lacks}", file=sys.stderr)
        return []
    folder = Path(tempfile.mkdtemp(prefix="ombud-bench-rt-"))
    server = rt_server.start(folder)
    try:
        return _sweep(server)
    finally:
        rt_server.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(server: rt_server.RtServer) -> list[Figure]:
    """Read forty tickets whole, then what came to them later; an agent changes five fields at a time."""
    tickets = [
        _ask(
            server, "POST", "/ticket", Queue="Complaints", Subject="A kettle", Content="It leaks."
        )["id"]
        for _ in range(40)
    ]
    connector = rt.connect(
        "desk",
        Account(vendor="rt", url=server.url),
        {"TOKEN": server.tokens["ombud"]},
        manifest=load_manifest("rt"),
        clock=SystemClock(),
        sleep=lambda _: None,
    )
    cursor = None
    for page in connector.changed(None, Interest(("Complaints",)), Schema()):
        cursor = page.cursor or cursor
        assert all(reading.actual for reading in connector.read(page.seen, Schema()))
    first = _calls_of(connector)
    for turn in range(5):
        for ticket in tickets:
            told = f"{turn} of {ticket}"
            fields = {"Root cause": told, "Corrective action": told}
            _ask(
                server,
                "PUT",
                f"/ticket/{ticket}",
                CustomFields=fields,
                Subject=told,
                Priority=turn + 1,
                TimeWorked=turn + 1,
            )
    transactions = 0
    for page in connector.changed(cursor, Interest(("Complaints",)), Schema()):
        seen = [replace(each, stored=True) for each in page.seen]
        transactions += sum(len(each.preview.rows) for each in seen)
        assert all(reading.actual for reading in connector.read(seen, Schema()))
    calls = _calls_of(connector) - first
    assert transactions >= 1000
    return [
        at_most(
            "RT: read calls for 1,000 transactions, bodies apart", [1000 * calls / transactions], 12
        ),
        at_most(
            "RT: read calls for each ticket read for the first time, bodies apart",
            [first / 40],
            1.2,
        ),
    ]


def _zendesk() -> list[Figure]:
    """Read a thousand tickets of Zendesk whole, then what came to them since the last sweep."""
    world = ZendeskWorld(SteppableClock(DEFAULT_NOW))
    agent = User(9101, "Anna", "anna@sandbox.test", "agent")
    customer = User(9110, "Karla", "karla@customer.test", "end-user")
    world.users |= {agent.id: agent, customer.id: customer}
    for number in range(1000):
        start = DEFAULT_NOW - timedelta(days=20, minutes=number)
        values = {"comment": {"body": "It leaks"}, "ticket_form_id": 37001}
        ticket = world.create(values, customer.id, start)
        for change in range(8):
            at = start + timedelta(hours=change + 1)
            world.update(ticket.id, {"subject": f"v{change}"}, agent.id, at)
    with ZendeskServer(world).start() as server:
        connector = zendesk.connect(
            "desk",
            Account(vendor="zendesk", url=server.url),
            {"EMAIL": server.email, "TOKEN": server.token},
            manifest=load_manifest("zendesk"),
            clock=world.clock,
            sleep=world.clock.advance,
        )
        cursor = None
        for page in connector.changed(None, Interest(), Schema()):
            cursor = page.cursor or cursor
            assert all(reading.actual for reading in connector.read(page.seen, Schema()))
        backfill = sum(connector.calls.values())
        events = 0
        for ticket in list(world.tickets.values()):
            for change in range(3):
                world.update(ticket.id, {"subject": f"w{change}"}, agent.id)
                events += 1
        world.clock.advance(61)
        for page in connector.changed(cursor, Interest(), Schema()):
            seen = [replace(each, stored=True) for each in page.seen]
            assert all(reading.actual for reading in connector.read(seen, Schema()))
        tailed = sum(connector.calls.values()) - backfill
    return [
        at_most("Zendesk: read calls for 1,000 tickets at first", [backfill], 1_020),
        at_most("Zendesk: read calls for 1,000 events later", [1000 * tailed / events], 2),
    ]


def _calls_of(connector: Connector) -> int:
    return sum(count for what, count in connector.calls.items() if what not in _BODIES)


def _ask(server: rt_server.RtServer, method: str, path: str, **told: object) -> Any:
    headers = server.headers("agent1")
    answer = requests.request(method, server.rest + path, json=told, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()
