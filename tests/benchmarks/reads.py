"""Read calls for a thousand changed tickets: Jira, a tenth of them with long histories."""

from __future__ import annotations

from datetime import timedelta

from connectors import load_manifest
from connectors.jira import connect
from ombud.model.connector import Interest, Schema
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.settings import Account
from tests.benchmarks.runs import Figure, at_most


def measure(_count: int) -> list[Figure]:
    """Sweep a thousand tickets twice: without long threads of comments, and with a hundred of them."""
    return [
        at_most("Jira: read calls for 1,000 changed tickets", [_calls(threads=0)], 20),
        at_most(
            "Jira: further calls for 100 tickets with more comments than are embedded",
            [_calls(threads=100) - _calls(threads=0)],
            100,
        ),
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
        connector = connect(
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
