"""Hooks kept for good a second, and how long the slowest hundredth waits, against an application that does nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.jira.ear import JiraEar
from ombud.model.clock import SystemClock
from ombud.model.hook import Kept
from ombud.model.instant import instant
from ombud.web.app import make_app
from ombud.web.listen import Listening, bind
from sync.service import open_service
from tests.benchmarks import desk
from tests.benchmarks.runs import RUNS, Figure, at_least

CONNECTIONS = 64
SECRET = "a secret of the benchmark"
#: As long as what Jira tells of an issue with thirty fields.
_FIELDS = {f"customfield_{10_000 + n}": f"a value of the field {n}, as long as most" for n in range(30)}  # fmt: skip


def measure(count: int) -> list[Figure]:
    """Send deliveries to both in turn, over 64 connections, and compare."""
    folder = desk.scratch()
    try:
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        slowest: dict[str, list[float]] = {"ours": [], "bare": []}
        with _serving("ours", folder) as ours, _serving("bare", folder) as bare:
            ports = {"ours": ours, "bare": bare}
            for round_ in range(RUNS + 1):
                for name, port in ports.items():
                    bodies = [_request(round_, number) for number in range(count)]
                    seconds, spans = asyncio.run(_load(port, bodies))
                    if round_:
                        rates[name].append(count / seconds)
                        slowest[name].append(1000 * spans[int(0.99 * len(spans))])
        for name, table in (("ours", "hint"), ("bare", "kept")):
            with sqlite3.connect(folder / f"{_file(name)}") as raw:
                held = raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            assert held == count * (RUNS + 1), f"{name}: {held} of {count * (RUNS + 1)} are there"
    finally:
        shutil.rmtree(folder)
    ratios = [100 * mine / other for mine, other in zip(rates["ours"], rates["bare"], strict=True)]
    at = f"door at {CONNECTIONS} connections:"
    return [
        _plain(f"{at} durable hooks a second", rates["ours"]),
        _plain(f"{at} the same, bare Starlette", rates["bare"]),
        at_least(f"{at} per cent of what the bare one keeps", ratios, 80),
        _plain(f"{at} p99, ms", slowest["ours"]),
        _plain(f"{at} p99 of the bare one, ms", slowest["bare"]),
    ]


def _plain(name: str, values: list[float]) -> Figure:
    return Figure(name, statistics.median(values), min(values), max(values), ">= 0", met=True)


def _file(name: str) -> str:
    return "ombud.db" if name == "ours" else "bare.db"


def _request(round_: int, number: int) -> bytes:
    """Make a delivery as Jira sends it, signed."""
    told = {
        "timestamp": instant(SystemClock().now()) // 1000,
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": str(10_000 + number % 500), "fields": _FIELDS},
        "changelog": {"id": f"{round_}-{number}"},
    }
    body = json.dumps(told).encode()
    signed = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    head = (
        f"POST /hooks/benchmark HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"User-Agent: Atlassian Webhook HTTP Client\r\nX-Hub-Signature: sha256={signed}\r\n"
        f"X-Atlassian-Webhook-Identifier: {round_}-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _load(port: int, requests: list[bytes]) -> tuple[float, list[float]]:
    """Send all of it; give the seconds it took, and those of each, the quickest first."""
    left = iter(requests)
    spans: list[float] = []

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for each in left:
            began = time.perf_counter()
            writer.write(each)
            answer = await reader.readuntil(b"\r\n\r\n")
            spans.append(time.perf_counter() - began)
            assert answer.startswith(b"HTTP/1.1 204 "), answer
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began, sorted(spans)


@contextmanager
def _serving(name: str, folder: Path):
    """Serve in a process of its own; give the port."""
    command = [sys.executable, "-m", "tests.benchmarks.door", name, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield int(process.stdout.readline())
        process.stdin.close()


def _ours(folder: Path) -> ASGIApp:
    """Give the application of `ombud serve`, over a database like any other."""
    desk.service(folder).store.close()
    service = open_service(folder / "ombud.toml", SystemClock())
    kept = Kept("benchmark", SECRET, kind="admin")
    ears = {kept.path: ("sandbox", "jira", JiraEar("sandbox", "jira", kept))}
    return make_app(service, lambda: ears, {}, lambda _: None)


def _bare(folder: Path) -> Starlette:
    """Give an application that verifies and inserts, many in one commit, and does nothing else."""
    raw = sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("CREATE TABLE kept (delivery TEXT PRIMARY KEY, arrived INTEGER)")
    thread, clock = ThreadPoolExecutor(1), SystemClock()
    waiting: list[tuple[tuple[str, int], asyncio.Future[None]]] = []
    writing = False

    def put(rows: list[tuple[str, int]]) -> None:
        raw.execute("BEGIN IMMEDIATE")
        # As one statement: row by row lets the loop's thread in between, and is slower.
        raw.execute(
            "INSERT INTO kept SELECT value ->> 0, value ->> 1 FROM json_each(?)",
            (json.dumps(rows),),
        )
        raw.execute("COMMIT")

    async def write() -> None:
        nonlocal writing, waiting
        loop = asyncio.get_running_loop()
        while waiting:
            batch, waiting = waiting, []
            await loop.run_in_executor(thread, put, [row for row, _ in batch])
            for _, kept in batch:
                kept.set_result(None)
        writing = False

    async def hook(request) -> Response:
        nonlocal writing
        body = await request.body()
        signed = f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"
        if not hmac.compare_digest(signed, request.headers["x-hub-signature"]):
            return Response(status_code=404)
        loop = asyncio.get_running_loop()
        kept = loop.create_future()
        name = request.headers["x-atlassian-webhook-identifier"]
        waiting.append(((name, instant(clock.now())), kept))
        if not writing:
            writing = True
            loop.create_task(write())  # noqa: RUF006 (it is held by those who wait for it)
        await kept
        return Response(status_code=204)

    return Starlette(routes=[Route("/hooks/benchmark", hook, methods=["POST"])])


def _serve(name: str, folder: Path) -> None:
    door = Listening({"ours": _ours, "bare": _bare}[name](folder), bind("127.0.0.1", 0))
    door.start()
    while not door.started:
        threading.Event().wait(0.01)
    print(door.url.rpartition(":")[2], flush=True)
    sys.stdin.read()
    door.stop()
    door.join(10)


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
