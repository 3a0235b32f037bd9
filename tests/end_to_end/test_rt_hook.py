"""The scrip that we write for Request Tracker, installed as its administrator would, in a real one."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue

import pytest
import requests

from connectors.hooks import open_ear
from connectors.rt.hook import RtHooks
from ombud.model.clock import SystemClock
from ombud.model.connector import Interest
from ombud.model.event import Ref
from ombud.model.hook import Kept, Unheard, headers_of
from ombud.model.instant import MINUTE, instant
from tests.rt_server import START


class Door(ThreadingHTTPServer):
    """Takes what the scrip sends, and asks at once how the ticket stands; or says nothing at all."""

    def __init__(self, rt):
        self.rt, self.got, self.silent = rt, Queue(), threading.Event()
        self.silent.set()
        super().__init__(("127.0.0.1", 0), Taker)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hooks/hidden-part"


class Taker(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        # Not before the test says so, where it has the door keep silent.
        self.server.silent.wait(10)
        ticket = json.loads(body)["ticket"]
        rt = self.server.rt
        seen = requests.get(f"{rt.rest}/ticket/{ticket}", headers=rt.headers("root"), timeout=10)
        raw = [(name.encode(), told.encode()) for name, told in self.headers.items()]
        self.server.got.put((headers_of(raw), body, seen.json()["Status"]))
        with suppress(OSError):  # the scrip waits for nobody
            self.send_response(204)
            self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def door_at(rt):
    door = Door(rt)
    thread = threading.Thread(target=door.serve_forever)
    thread.start()
    try:
        yield door
    finally:
        door.silent.set()
        door.shutdown()
        thread.join()
        door.server_close()


class Bench:
    def __init__(self, rt, door):
        self.rt, self.door = rt, door
        self.hooks = RtHooks("rt", Interest(("Complaints",)))
        self.kept, self.order = self.hooks.install(Kept("hidden-part", "hidden-word", url=door.url))
        self.ear = open_ear("rt", "rt", self.kept)

    def insert(self, order):
        """Do what the advice says."""
        file = self.rt.folder / order.name
        file.write_text(order.text, "utf-8")
        told = order.advice.format(file=file)
        command = told.partition("rt-setup-database-5 ")[2].partition(",")[0]
        environment = os.environ | {
            "OMBUD_RT_DIR": str(self.rt.folder),
            "OMBUD_RT_PORT": self.rt.url.rpartition(":")[2],
            "RT_SITE_CONFIG": str(START.parent / "rt" / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(self.rt.folder / "site.d"),
        }
        # This throw-away server's database asks for no password.
        setup = ["rt-setup-database-5", "--dba", "", "--dba-password", "", *command.split()]
        done = subprocess.run(setup, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # fmt: skip
        file.unlink()
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, method, path, **body):
        answer = requests.request(
            method, f"{self.rt.rest}{path}", json=body, headers=self.rt.headers("root"), timeout=30
        )
        answer.raise_for_status()
        return answer

    def create(self):
        told = {"Queue": "Complaints", "Subject": "x", "Requestor": "c@example.org", "Content": "x"}
        return self.ask("POST", "/ticket", **told).json()["id"]

    def hear(self):
        """Give the ticket of the next delivery, and the status that it was seen in at once."""
        headers, body, status = self.door.got.get(timeout=10)
        heard = self.ear.hear(headers, body, instant(SystemClock().now()))
        assert set(json.loads(body)) == {"ticket", "transaction"}, "numbers, and nobody's words"
        return heard.refs[0], status

    def nothing_more(self):
        with pytest.raises(Empty):
            self.door.got.get_nowait()


@pytest.fixture
def bench(rt_server):
    with door_at(rt_server) as door:
        bench = Bench(rt_server, door)
        # Twice: what is there already is put right.
        bench.insert(bench.order)
        bench.insert(bench.order)
        yield bench
        bench.insert(bench.hooks.remove(bench.kept))
        bench.create()
        bench.nothing_more()


def test_a_scrip_tells_what_changed_once_it_is_stored_and_holds_nobody_up(bench):
    ticket = bench.create()
    ref = Ref("rt", "rt", ticket)
    assert bench.hear() == (ref, "received")
    bench.ask("PUT", f"/ticket/{ticket}", Status="acknowledged")
    assert bench.hear() == (ref, "acknowledged")
    bench.ask("POST", f"/ticket/{ticket}/comment", Content="x", ContentType="text/plain")
    assert bench.hear() == (ref, "acknowledged")
    # What was done in one go is told in one go, after all of it.
    told = {"Content": "x", "ContentType": "text/plain", "Status": "assessed"}
    bench.ask("POST", f"/ticket/{ticket}/correspond", **told)
    assert bench.hear() == (ref, "assessed")
    bench.nothing_more()
    # Out of the queue: the move itself is told, and nothing after it.
    bench.ask("PUT", f"/ticket/{ticket}", Queue="General")
    assert bench.hear() == (ref, "open")
    bench.ask("PUT", f"/ticket/{ticket}", Subject="elsewhere")
    bench.nothing_more()
    # Back in, solved meanwhile: a closure without a change of status in this queue.
    bench.ask("PUT", f"/ticket/{ticket}", Status="resolved")
    bench.ask("PUT", f"/ticket/{ticket}", Queue="Complaints")
    assert bench.hear() == (ref, "resolved")
    other = bench.create()
    bench.ask("PUT", f"/ticket/{other}", MergeInto=ticket)
    # As many as there are transactions in different hands; all name a ticket that was merged.
    heard = {bench.hear()[0].id}
    while not bench.door.got.empty():
        heard.add(bench.hear()[0].id)
    assert heard <= {ticket, other}

    # Nobody answers: the agent's change is made all the same, and the log gives no address away.
    bench.door.silent.clear()
    bench.ask("PUT", f"/ticket/{ticket}", Subject="nobody there")
    bench.door.silent.set()
    headers, body, _ = bench.door.got.get(timeout=10)
    assert bench.ask("GET", f"/ticket/{ticket}").json()["Subject"] == "nobody there"
    log = (bench.rt.folder / "server.log").read_text(errors="replace")
    assert "Ombud was not told" in log
    assert "hidden" not in log

    # Played back later, or with another's word, it is refused.
    now = instant(SystemClock().now())
    for at, sent in ((now + 6 * MINUTE, body), (now, body.replace(b"}", b" }"))):
        with pytest.raises(Unheard):
            bench.ear.hear(headers, sent, at)
