"""Seed a sandbox, sync it, and compare the findings with what was planted; `make demo-truth` prints the outcome."""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.seed import seed
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.sandbox.zendesk.laying import Laying
from ombud.sandbox.zendesk.server import ZendeskServer
from ombud.sandbox.zendesk.world import ZendeskWorld
from tests.desks import jira_service
from tests.replay.truth_compare import Comparison, compare
from tests.zendesk_desk import zendesk_service


def judged(number: int, tickets: int, folder: Path) -> tuple[list[dict], dict]:
    """Give the findings of a synced desk as `check` prints them, and its truth."""
    world = World(SteppableClock(DEFAULT_NOW))
    truth = seed(world, seed=number, tickets=tickets).as_dict()
    with (
        start_in_thread(world) as server,
        jira_service(folder, server, mode='"observe"') as service,
    ):
        service.sync("sandbox")
        found = [finding.as_json(url=url) for finding, key, url in service.check()]
    return found, truth


def judged_in_zendesk(number: int, tickets: int, folder: Path) -> tuple[list[dict], dict]:
    """Give the same of a desk in Zendesk."""
    world = ZendeskWorld(SteppableClock(DEFAULT_NOW))
    truth = seed(Laying(world), seed=number, tickets=tickets).as_dict()
    with (
        ZendeskServer(world).start() as server,
        zendesk_service(folder, server, mode="observe") as service,
    ):
        service.sync("zendesk")
        found = [finding.as_json(url=url) for finding, key, url in service.check()]
    return found, truth


DESKS = {"jira": judged, "zendesk": judged_in_zendesk}


def compared(desk: str, number: int, tickets: int, folder: Path) -> tuple[Comparison, int]:
    """Give what was missed and what was false in a desk, and how many failures were planted."""
    found, truth = DESKS[desk](number, tickets, folder)
    return compare(found, truth), len(truth["failures"])


def main() -> int:
    """Compare seeds 1 to 3 and print the outcome; the exit code is 1 where anything was missed or false."""
    wrong = 0
    for desk, number in itertools.product(DESKS, (1, 2, 3)):
        with tempfile.TemporaryDirectory() as folder:
            outcome, planted = compared(desk, number, 400, Path(folder))
        print(
            f"{desk}, seed {number}: planted {planted}, missed {len(outcome.missed)}, false {len(outcome.false)}"
        )
        wrong += len(outcome.missed) + len(outcome.false)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
