"""A service with channels, and what people would be told by it; the helpdesk behind it is never asked."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from ombud.model.clock import FixedClock
from ombud.model.event import Ref
from ombud.model.facts import Verdict
from ombud.model.instant import SECOND, instant, moment
from ombud.store import Notice
from sync.live.notices import with_notices
from sync.live.tell import Teller
from sync.service import open_service
from tests.desks import jira_folder
from tests.stores import finding, settled, state

ACCOUNT = "sandbox"
BERLIN = ZoneInfo("Europe/Berlin")
CHANNELS = """
[notify]
zone = "Europe/Berlin"
[notify.channels.leads]
url_env = "LEADS_URL"
[notify.channels.desk]
url_env = "DESK_URL"
"""
ALL_TO_LEADS = CHANNELS + '[[notify.routes]]\nto = "leads"\n'


class Wire:
    """Stand for all channels: keep what they took, and refuse on order."""

    def __init__(self):
        self.taken, self.refusing, self.dying = [], {}, False

    def __call__(self, address, message):
        if address in self.refusing:
            return self.refusing[address]
        self.taken.append((address, message))
        if self.dying:
            raise KeyboardInterrupt
        return ""

    @property
    def texts(self):
        return [message.text() for _, message in self.taken]


class ToldDesk:
    """A service, its clock, and a teller over a wire."""

    def __init__(self, folder, notify=ALL_TO_LEADS, start="2026-11-24T10:00", **addresses):
        helpdesk = SimpleNamespace(url="http://127.0.0.1:1", email="e@example.org", token="t")
        self.config = jira_folder(folder, helpdesk)
        with self.config.open("a", encoding="utf-8") as file:
            file.write(notify)
        told = {"LEADS_URL": "wire://leads", "DESK_URL": "wire://desk"} | addresses
        with (folder / ".env").open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in told.items())
        self.clock = FixedClock(datetime.fromisoformat(start).replace(tzinfo=BERLIN))
        self.wire = Wire()
        self.service = open_service(self.config, self.clock)
        self.restart()

    def restart(self, post=None):
        self.teller = Teller(self.service, post=post or self.wire)

    @property
    def now(self):
        return instant(self.clock.now())

    @property
    def live(self):
        return self.service.store.live

    def on(self, text):
        self.clock.set(datetime.fromisoformat(text).replace(tzinfo=BERLIN))

    def on_after(self, span):
        self.clock.advance(timedelta(microseconds=span))

    def reopen(self):
        self.service.store.close()
        self.service = open_service(self.config, self.clock)
        self.restart()

    def tell(self):
        return self.teller.tell_due(self.now)

    def note(self, name="1", kind="block", made=None, **told):
        """Note something that stays true, whatever becomes of a ticket."""
        told = {"key": f"CMP-{name}", "url": f"https://a.example/{name}"} | told
        told.setdefault("sentences", ["It was closed before it may be, and is open again."])
        ref = Ref(ACCOUNT, "jira", name if told["key"] else "")
        key, made = f"{kind}/{name}/{made or self.now}", made or self.now
        rule = "close.x" if told["key"] else ""
        notice = Notice(key, kind, ref, "cmp", rule, "major", None, made, json.dumps(told))
        self.live.put_notices([notice])

    def deadline(self, name="1", *, due, standing=Verdict.failed, since=0, **changes):
        """Settle a ticket of which a deadline stands so; what people are to be told is stored with it."""
        ref = Ref(ACCOUNT, "jira", name)
        found = finding(
            name, "acknowledge.in_time", standing, ref=ref, due=due, binding="cmp",
            reasons=("Acknowledgement is overdue.",) if standing is Verdict.failed else (),
            **changes,
        )  # fmt: skip
        left = state(name, ref=ref, url=f"https://a.example/{name}")
        self.settle([settled(left=left, findings=[found])], since=since)

    def settle(self, page, *, since=0):
        store, now = self.service.store, self.now
        told = with_notices(store, page, since=since, now=now)
        with store.lease(ACCOUNT) as epoch, store.begin(ACCOUNT, epoch) as tx:
            tx.put_settled(told, known_at=now)

    def ago(self, seconds):
        return self.now - seconds * SECOND

    def wall(self, of):
        return moment(of, BERLIN).strftime("%d.%m. %H:%M")
