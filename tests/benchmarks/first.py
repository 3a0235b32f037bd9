"""A first reading of Zendesk at the vendor's limits, on a clock that is stepped: hours needed, and who comes first."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.world import DEFAULT_NOW
from ombud.sandbox.zendesk.records import User
from ombud.sandbox.zendesk.server import ZendeskServer
from ombud.sandbox.zendesk.world import ZendeskWorld
from sync.service import open_service
from tests.benchmarks.runs import Figure, at_most
from tests.zendesk_desk import zendesk_folder

#: One ticket in so many is open still.
_OPEN = 20


class _Sandbox:
    """The sandbox's time, moved on by every wait."""

    def __init__(self, clock: SteppableClock) -> None:
        self.now, self.sleep = clock.now, clock.advance


def measure(count: int) -> list[Figure]:
    """Read many tickets for the first time, one in twenty open, and compare with what the limits allow at best."""
    world = ZendeskWorld(SteppableClock(DEFAULT_NOW))
    agent = User(9101, "Anna", "anna@sandbox.test", "agent")
    customer = User(9110, "Karla", "karla@customer.test", "end-user")
    world.users |= {agent.id: agent, customer.id: customer}
    for number in range(count):
        start = (
            DEFAULT_NOW
            - timedelta(days=90)
            + timedelta(seconds=number * 60 * 24 * 60 * 80 // count)
        )
        values = {"comment": {"body": "It leaks"}, "ticket_form_id": 37001}
        ticket = world.create(values, customer.id, start)
        world.update(ticket.id, {"assignee_id": agent.id, "status": "open"}, agent.id, start)
        if number % _OPEN:
            world.update(ticket.id, {"status": "solved"}, agent.id, start + timedelta(hours=5))
    with ZendeskServer(world).start() as server, tempfile.TemporaryDirectory() as folder:
        limits = server.site.limits
        limits.enabled = True
        config = zendesk_folder(Path(folder), server, mode="observe")
        sandbox = _Sandbox(world.clock)
        opened: list[float] = []
        began = world.clock.now()
        with open_service(config, sandbox, sleep=sandbox.sleep) as service:

            def tell(_done: int, _total: int | None, _why: str) -> None:
                if not opened and service.store.counts()["ticket"] >= count:
                    opened.append((world.clock.now() - began).total_seconds())

            service.sync("zendesk", tell=tell)
        taken = (world.clock.now() - began).total_seconds()
        pages = -(-count // 1000)
        least = max((count + pages) / limits.per_minute, pages / limits.exports) * 60
    return [
        at_most(
            f"Zendesk: first reading of {count:,} tickets, to the least its limits allow",
            [taken / least],
            1.1,
        ),
        at_most(
            "Zendesk: per cent of that time until open complaints are complete",
            [100 * opened[0] / taken],
            10,
        ),
    ]
