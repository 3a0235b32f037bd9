"""From the helpdesk's event to the confirmed move back, while fifty agents work: as it is, and in round trips.

The whole way runs: the helpdesk's own webhook, the door, the threads of `ombud serve`, and what is read back at the end.
Request Tracker is a real one with the scrip that Ombud writes for it; when it stores the change cannot be seen from
outside, so its time begins as the agent's request is answered, when the scrip has told already.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from connectors.zendesk.budget import PER_ACCOUNT
from ombud.model.clock import SystemClock
from ombud.sandbox.clock import present
from ombud.sandbox.serve import start_in_thread, start_zendesk_in_thread
from ombud.settings import load_settings
from ombud.web.serving import Pause, Serving
from sync.hooks import HookKeeper
from sync.service import open_service
from tests import rt_server
from tests.benchmarks import desk
from tests.benchmarks.runs import Figure, at_most
from tests.conformity.benches import JiraBench, RtBench, ZendeskBench
from tests.desks import RT_MAPPING, RT_TOML, jira_folder
from tests.end_to_end.test_rt_hook import Bench as Scrip
from tests.zendesk_desk import zendesk_folder

AGENTS = 50
#: Each of them writes once in so many seconds.
PACE = 10
#: The goal: so many milliseconds and so many of the helpdesk's own round trips.
MILLISECONDS, TRIPS = 250, 6
_LONG = 200


def measure(count: int) -> list[Figure]:
    """Close complaints that may not be closed, one after the other, at each helpdesk."""
    found: list[Figure] = []
    for name, bench_at in (("Jira", _jira), ("Zendesk", _zendesk), ("RT", _rt)):
        folder = desk.scratch()
        try:
            with bench_at(folder) as bench:
                if bench is not None:
                    found += _measured(name, bench, count)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return found


@contextmanager
def _jira(folder: Path):
    with start_in_thread() as server:
        _past(server)
        config = jira_folder(folder, server, mode='"block"')
        yield SimpleNamespace(
            bench=JiraBench(server),
            account="sandbox",
            config=config,
            path="/rest/api/3/issue/",
            window=0,
            insert=None,
            close=_close,
        )


@contextmanager
def _zendesk(folder: Path):
    with start_zendesk_in_thread() as server:
        _past(server)
        config = zendesk_folder(folder, server, profile="starter")
        yield SimpleNamespace(
            bench=ZendeskBench(server),
            account="zendesk",
            config=config,
            path="/api/v2/tickets/",
            window=PER_ACCOUNT[1].total_seconds(),
            insert=None,
            close=_close,
        )


@contextmanager
def _rt(folder: Path):
    if lacks := rt_server.lacking():
        print(f"Request Tracker is not measured: {lacks}", file=sys.stderr)
        yield None
        return
    server = rt_server.start(folder / "rt")
    try:
        bench = RtBench(server)
        ids = {name.replace(" ", "_"): native for name, native in bench.ids.items()}
        (folder / "ombud.toml").write_text(
            RT_TOML.format(url=server.url, mode="block"), encoding="utf-8"
        )
        (folder / "rt.mapping.toml").write_text(RT_MAPPING.format(**ids), encoding="utf-8")
        key = "b21idWQgaXMgbWVhc3VyZWQgaGVyZSwgMzIgYnl0ZXM="
        secrets = f"OMBUD_KEY={key}\nRT_TOKEN={server.tokens['ombud']}\n"
        (folder / ".env").write_text(secrets, encoding="utf-8")
        yield SimpleNamespace(
            bench=bench,
            account="rt",
            config=folder / "ombud.toml",
            path="/ticket/",
            window=0,
            insert=lambda order: Scrip.insert(SimpleNamespace(rt=server), order),
            close=_close_in_rt,
        )
    finally:
        rt_server.stop(folder / "rt")


def _past(server) -> None:
    """Have the world begin yesterday, so that what is laid into it is not of this minute."""
    server.world.clock.set(present() - timedelta(days=1))


def _live(bench) -> None:
    """Let the world's clock run with ours from here on."""
    if isinstance(bench, RtBench):
        return
    bench.world.clock.set(present())
    bench.world.clock.run()
    bench.pass_time = lambda: None


def _measured(name: str, at: SimpleNamespace, count: int) -> list[Figure]:
    bench = at.bench
    tickets = [_complaint(bench) for _ in range(count)]
    others = [_complaint(bench) for _ in range(AGENTS)]
    _live(bench)
    port = _free_port()
    with at.config.open("a", encoding="utf-8") as file:
        file.write(f'\n[serve]\nport = {port}\nurl = "http://127.0.0.1:{port}"\n')
        # The pace of a benchmark is no sign that a rule is wrong.
        file.write("[rollout]\nmove_backs_an_hour = 1000000\n")
    pause = Pause()
    serve = load_settings(at.config).serve
    with open_service(at.config, SystemClock(), sleep=pause) as service:
        order = HookKeeper(service).install(at.account)
        if order is not None:
            at.insert(order)
        serving = Serving(service, pause, host=serve.host, port=port)
        serving.start()
        pulse = serving._runner.status()[at.account]
        confirmed = threading.Event()
        pulse.on_moved_back.append(lambda _: confirmed.set())
        _until(lambda: pulse.sweeps and service.store.next_try(at.account) is None)
        # What marking all these complaints took of the vendor's limits is given back: measured is within quota.
        time.sleep(at.window)
        stop = threading.Event()
        agents = threading.Thread(target=_agents, args=(bench, others, stop), daemon=True)
        agents.start()
        spans, trips = [], []
        client = service.connector(at.account)._site.client
        for ticket in tickets:
            confirmed.clear()
            start = at.close(bench, ticket)
            assert confirmed.wait(_LONG), f"{name}: {ticket} was not moved back: {pulse.why}"
            spans.append(1000 * (time.perf_counter() - start))
            start = time.perf_counter()
            client.get(f"{at.path}{ticket}")
            trips.append(1000 * (time.perf_counter() - start))
        stop.set()
        agents.join()
        serving.stop()
    trip, middle = statistics.median(trips), statistics.median(spans)
    slowest = sorted(spans)[min(len(spans) - 1, int(0.99 * len(spans)))]
    goal = MILLISECONDS + TRIPS * trip
    return [
        at_most(f"{name}: event to confirmed move back, ms, median", [middle], goal),
        at_most(f"{name}: event to confirmed move back, ms, p99", [slowest], goal),
        Figure(f"{name}: the same, median in its own round trips", middle / trip, middle / trip, slowest / trip, ">= 0", met=True),
        Figure(f"{name}: its own round trip, ms", trip, min(trips), max(trips), ">= 0", met=True),
    ]  # fmt: skip


def _close(bench, ticket: str) -> float:
    """Close a complaint, and give when that began."""
    start = time.perf_counter()
    bench.move(ticket, bench.closed)
    return start


def _close_in_rt(bench, ticket: str) -> float:
    bench.ask("PUT", f"/ticket/{ticket}", Status=bench.closed)
    return time.perf_counter()


def _complaint(bench) -> str:
    ticket = bench.create()
    bench.walk_to_answer(ticket)
    return ticket


def _agents(bench, tickets: list[str], stop: threading.Event) -> None:
    """Write as fifty agents would: now this one, now that one."""
    chance = random.Random(1)
    number = 0
    while not stop.wait(chance.expovariate(AGENTS / PACE)):
        number += 1
        bench.fill(chance.choice(tickets), f"what was found, {number}")


def _until(holds) -> None:
    ends = time.monotonic() + _LONG
    while not holds():
        assert time.monotonic() < ends, "it never came to pass"
        time.sleep(0.01)


def _free_port() -> int:
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]
