"""Start a sandbox: in a process of its own, or in a thread for a test or a demo."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ombud.sandbox.clock import SteppableClock, present
from ombud.sandbox.jira.server import JiraServer
from ombud.sandbox.journal import Journal
from ombud.sandbox.shared import share
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.sandbox.zendesk.laying import Laying
from ombud.sandbox.zendesk.server import ZendeskServer
from ombud.sandbox.zendesk.world import ZendeskWorld

__all__ = ["JiraServer", "ZendeskServer", "run", "start_in_thread", "start_zendesk_in_thread"]


#: Zendesk's desk is another one than Jira's at every seed.
_APART = 1_000


def start_in_thread(world: World | None = None, *, port: int = 0, **settings: Any) -> JiraServer:
    """Start a sandbox in this process and return it; `settings` are those of `JiraServer`."""
    return JiraServer(world, port=port, **settings).start()


def start_zendesk_in_thread(
    world: ZendeskWorld | None = None, *, port: int = 0, **settings: Any
) -> ZendeskServer:
    """Start a sandbox's Zendesk in this process and return it; `settings` are those of `ZendeskServer`."""
    return ZendeskServer(world, port=port, **settings).start()


def run(
    jira_port: int = 0,
    *,
    zendesk_port: int = 0,
    seed: int = 1,
    tickets: int = 400,
    empty: bool = False,
    replay: Path | None = None,
    mapping: Path | None = None,
    truth_path: Path | None = None,
    journal_path: Path | None = None,
    index_lag_seconds: float = 0,
    running_clock: bool = True,
) -> None:
    """Serve until interrupted; the first line on stdout is JSON and says where and how to sign in.

    An empty sandbox opens at the real present, a seeded one where its seed ends; the clock runs on.
    What the seed planted is written to `truth_path`, by default a file in a new folder.
    """
    journal = Journal(journal_path)
    start = present() if empty else DEFAULT_NOW
    world = World(SteppableClock(start), journal=journal)
    other = ZendeskWorld(world.clock, journal=Journal())
    truth: dict[str, Any] | None = None
    if replay is not None:
        from ombud.sandbox.replay import replay_into
        from ombud.sandbox.zendesk.replay import replay as replay_zendesk

        replay_into(world, replay, mapping)
        if mapping is not None:
            replay_zendesk(other, replay, mapping)
    elif not empty:
        from ombud.sandbox.seed import seed_into

        truth = seed_into(world, seed=seed, tickets=tickets)
        laying = Laying(other)
        truth["zendesk"] = seed_into(laying, seed=seed + _APART, tickets=tickets)
        truth["shared"] = [asdict(each) for each in share(world, laying)]
    if truth is not None:
        truth_path = truth_path or Path(tempfile.mkdtemp(prefix="sandbox-")) / "truth.json"
        truth_path.write_text(json.dumps(truth, indent=1, ensure_ascii=False), encoding="utf-8")
    if running_clock:
        world.clock.run()
    server = JiraServer(world, port=jira_port, index_lag_seconds=index_lag_seconds)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    server.start()
    zendesk = start_zendesk_in_thread(other, port=zendesk_port)
    ready = {
        "jira": {
            "url": server.url,
            "email": server.email,
            "token": server.token,
            "project": "CMP",
            "client_id": server.client_id,
            "client_secret": server.client_secret,
        },
        "zendesk": {
            "url": zendesk.url,
            "email": zendesk.email,
            "token": zendesk.token,
            "subdomain": zendesk.subdomain,
            "client_id": zendesk.client_id,
            "client_secret": zendesk.client_secret,
        },
        "control": {
            "url": f"{server.url}/_sandbox",
            "token": server.control_token,
            "zendesk": {"url": f"{zendesk.url}/_sandbox", "token": zendesk.control_token},
        },
        "truth": str(truth_path) if truth is not None else None,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    stopping.wait()
    server.stop()
    zendesk.stop()
