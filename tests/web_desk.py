"""The door and its pages over a real server on loopback, with an ear that knows one secret."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager

from starlette.applications import Starlette

from ombud.model.event import Ref
from ombud.model.hook import Heard, Unheard
from ombud.web.app import before
from ombud.web.door import Door
from ombud.web.ears import Ears
from ombud.web.figures import Figures
from ombud.web.keeping import Keeping
from ombud.web.listen import Listening, bind
from tests.stores import store_at

PATH = "s3cret-path-of-acme"
NOW = 1_800_000_000_000_000
#: Seconds within which anything here has long happened.
LONG = 30


class Ear:
    """Takes what is signed "right": a line a ticket, the first line names the delivery."""

    def __init__(self, secret="right"):
        self.secret = secret

    def hear(self, headers, body, now):
        if headers.get("x-signed") is None:
            raise Unheard("unsigned")
        if headers["x-signed"] != self.secret:
            raise Unheard("forged")
        delivery, *tickets = body.decode().split("\n")
        if not delivery:
            raise Unheard("malformed")
        return Heard(delivery, tuple(Ref("acme", "jira", each) for each in tickets))


def until(holds):
    """Wait for what threads do."""
    ends = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < ends, "it never came to pass"
        time.sleep(0.01)


@contextmanager
def listening(app):
    """Serve an application on a free port of this machine."""
    door = Listening(app, bind("127.0.0.1", 0))
    door.start()
    until(lambda: door.started)
    try:
        yield door
    finally:
        door.stop()
        door.join(LONG)
        assert door.ended.is_set()


class Hall:
    """A door over a database, and what it did."""

    def __init__(self, folder, **limits):
        self.store = store_at(folder)
        self.woken = []
        self.paths = {PATH: ("acme", "jira", Ear())}
        self.put = self.store.live.put_hints
        self.figures = Figures()
        keeping = {"most": limits.pop("waiting", 10_000), "patience": limits.pop("patience", LONG)}
        self.keeping = Keeping(self._put, self.woken.append, **keeping)
        self.ears = Ears(lambda: dict(self.paths))
        self.door = Door(self.ears, self.keeping, self.figures, lambda: NOW, **limits)
        self.app = before(self.door, Starlette())

    def _put(self, hints):
        self.put(hints)

    @property
    def kept(self):
        """Give what is kept: tickets that wait, and how many hints of each."""
        return {each.ref.id: each.hints for each in self.store.live.waiting("acme")}

    def counted(self):
        """Give the outcomes that were counted."""
        text = self.figures.text().decode()
        return {
            line.split('outcome="')[1].split('"')[0]: int(float(line.split()[-1]))
            for line in text.splitlines()
            if line.startswith("ombud_hook_deliveries_total{")
        }


@contextmanager
def hall(folder, **limits):
    told = Hall(folder, **limits)
    with listening(told.app) as door:
        told.url = f"{door.url}/hooks/{PATH}"
        told.at = told.url.removeprefix("http://").partition("/")[0].partition(":")[::2]
        yield told
    told.keeping.close()
    told.store.close()


def raw(url, *parts):
    """Send bytes as they are, and give what comes until the other side hangs up."""
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
    with socket.create_connection((host, int(port)), timeout=LONG) as connection:
        for part in parts:
            connection.sendall(part)
        told = b""
        while more := connection.recv(65_536):
            told += more
    return told
