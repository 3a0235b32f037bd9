"""Tickets of a helpdesk as examples: every one that is captured has the ticket's verdicts, and nobody's name."""

from __future__ import annotations

import pytest

from ombud.sandbox.seed import seed
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import World
from sync.capture import NotCaptured, capture
from tests.desks import jira_service


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """Sync the sandbox, and capture every complaint of it; gives the files, and why others were refused."""
    made, refused = {}, {}
    world = World()
    seed(world, seed=1, tickets=30)
    with start_in_thread(world) as server:
        with jira_service(tmp_path_factory.mktemp("desk"), server, mode='"observe"') as service:
            service.sync("sandbox")
            (bound,) = service.bounds
            for page in service.store.complaints(bound.name):
                for state in page:
                    try:
                        made[state.key] = capture(
                            service.settings, bound, service.elsewhere, service.store, state, service.now()
                        )  # fmt: skip
                    except NotCaptured as error:
                        refused[state.key] = str(error)
        people = [person.name for person in server.world.people.values()]
    return made, refused, people


def test_every_ticket_of_the_sandbox_can_be_captured(captured):
    made, refused, _ = captured
    assert len(made) == 30, refused


def test_nobody_is_named(captured):
    made, _, people = captured
    assert people
    for key, each in made.items():
        assert key not in each.text
        assert [name for name in people if name in each.text] == []
