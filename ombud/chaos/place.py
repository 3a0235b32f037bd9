"""A folder with a configuration, and one or both of the sandbox's helpdesks that it speaks with."""

from __future__ import annotations

import base64
import re
import socket
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.http import Answer
from ombud.sandbox.jira.server import JiraServer
from ombud.sandbox.shift import Shift, shift
from ombud.sandbox.world import World
from ombud.sandbox.zendesk import desk as zendesk
from ombud.sandbox.zendesk.server import ZendeskServer
from ombud.sandbox.zendesk.world import ZendeskWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ombud.sandbox.http import Call
    from ombud.sandbox.server import Helpdesk as Wire

    Meddling = Callable[[str, Call], bool | Answer]

#: What is a read and what a write of ours, as the sandbox's faults see them: "METHOD /path".
READ: Final = {
    "jira": r"POST /rest/api/3/(search/jql|issue/bulkfetch)",
    "zendesk": r"GET /api/v2/(tickets/show_many|incremental|tickets/\d+/audits)",
}
WRITE: Final = {
    "jira": r"(PUT|POST|DELETE) /rest/api/3/issue/\d+",
    "zendesk": r"PUT /api/v2/tickets/\d+",
}
#: Writes whose answer has nothing in it that is needed; but for moves, of which success without effect is a refusal.
MUTE: Final = {"jira": r"PUT /rest/api/3/issue/\d+$", "zendesk": r"PUT /api/v2/tickets/\d+$"}
#: The look at a ticket right before it is written to.
LOOK: Final = {"jira": r"GET /rest/api/3/issue/\d+\?", "zendesk": r"GET /api/v2/tickets/\d+$"}
#: Where a person who mends a ticket comes in time: before that look where the vendor cannot refuse a write that is
#: out of date, before the write itself where it can.
IN_TIME: Final = {"jira": LOOK["jira"], "zendesk": WRITE["zendesk"]}
_TOML: Final = """database = "sqlite:///ombud.db"

[serve]
url = "http://127.0.0.1:{port}"
"""
_ACCOUNT: Final = {
    "jira": '[accounts.jira]\nvendor = "jira"\nurl = "{url}"\n',
    "zendesk": '[accounts.zendesk]\nvendor = "zendesk"\nurl = "{url}"\noptions = {{note_field = {note}}}\n',
}
_BINDING: Final = """[[bindings]]
name = "{account}"
account = "{account}"
pack = "iso10002"
profile = "starter"
mode = "block"
mapping = "{mapping}"
scope = [{scope}]
"""
_SCOPE: Final = {
    "jira": '{when = {project = "CMP", type = "Complaint"}, is = "complaint"}',
    "zendesk": '{when = {form = "Complaint"}, is = "complaint"}',
}
_MAPPING: Final = {"jira": "sandbox.mapping.toml", "zendesk": "zendesk.mapping.toml"}
#: The same in every world: addresses of our pages hang on it, and notes show them.
_KEY: Final = b"no secret, for it guards nothing"
_CALENDAR: Final = """[calendars.office]
zone = "Europe/Berlin"
week = {mon-fri = ["09:00-17:00"]}
holidays = {country = "DE", subdivision = "BE"}
"""


@dataclass(slots=True)
class Meddler:
    """Stand before a helpdesk and do something once, right before it answers a call that is waited for."""

    helpdesk: Wire
    brand: str
    #: What is waited for, as a pattern of "METHOD /path?", and what is done with the ticket's id and the call then: it
    #: tells whether that was all, or answers in the helpdesk's place.
    waiting: list[tuple[str, Meddling]] = field(default_factory=list)

    def answer(self, call: Call) -> Answer:
        """Answer as the helpdesk would, with what is waited for done before."""
        path = f"{call.path}?" if call.query else call.path
        for each in list(self.waiting):
            pattern, do = each
            found = re.match(pattern, f"{call.method} {path}")
            if found is None:
                continue
            number = re.search(r"/(?:issue|tickets)/(\d+)", call.path)
            done = number is not None and do(number.group(1), call)
            if done:
                self.waiting.remove(each)
            if isinstance(done, Answer):
                return done
        return self.helpdesk.answer(call)

    def trouble(self, status: int, said: str) -> Answer:
        """Say as the helpdesk would that something is wrong."""
        return self.helpdesk.trouble(status, said)

    def traced(self, call: Call) -> dict[str, str]:
        """Give the helpdesk's own headers."""
        return self.helpdesk.traced(call)


class Helpdesk:
    """One of the sandbox's helpdesks with its agents at work."""

    def __init__(self, vendor: str, clock: SteppableClock, agents: int) -> None:
        """Open it; hooks go out only when they are asked for."""
        self.vendor = vendor
        self.server: JiraServer | ZendeskServer
        if vendor == "jira":
            self.server = JiraServer(World(clock), manual_hooks=True).start()
        else:
            self.server = ZendeskServer(ZendeskWorld(clock), manual_hooks=True).start()
        self.meddler = Meddler(self.server.helpdesk, self.server.helpdesk.brand)
        self.server.helpdesk = self.meddler
        self.shift: Shift = shift(self.world, agents=agents)

    @property
    def world(self) -> World | ZendeskWorld:
        """Give its world."""
        return self.server.world

    def names(self) -> dict[str, str]:
        """Give what end states call the day's tickets, by their ids."""
        world, tickets = self.world, self.shift.tickets.values()
        if isinstance(world, World):
            return {each: world.issues[each].key for each in tickets}
        return {each: f"#{each}" for each in tickets}

    def set_token(self, told: str) -> None:
        """Have another token be the right one."""
        if isinstance(self.server, JiraServer):
            self.server.site.tokens[self.server.email] = told
        else:
            self.server.site.sign_in.token = told


class Place:
    """Both worlds share a clock; whoever speaks with them finds a configuration in a folder."""

    def __init__(self, folder: Path, vendors: Sequence[str], start: datetime, agents: int) -> None:
        """Open helpdesks that begin at an instant, and write the configuration."""
        self.folder = folder
        self.clock = SteppableClock(start)
        self.helpdesks = [Helpdesk(vendor, self.clock, agents) for vendor in vendors]
        # Bound and never listened to: nobody else gets the port while no process of ours is there.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.port: int = self._held.getsockname()[1]
        self.config = folder / "ombud.toml"
        self._write()

    def close(self) -> None:
        """Stop the helpdesks."""
        for each in self.helpdesks:
            each.server.stop()
        self._held.close()

    def _write(self) -> None:
        blocks = [_TOML.format(port=self.port)]
        lines = [f"OMBUD_KEY={base64.urlsafe_b64encode(_KEY).decode()}"]
        for each in self.helpdesks:
            vendor, server = each.vendor, each.server
            blocks.append(_ACCOUNT[vendor].format(url=server.url, note=zendesk.NOTE_FIELD))
            blocks.append(
                _BINDING.format(account=vendor, mapping=_MAPPING[vendor], scope=_SCOPE[vendor])
            )
            name = vendor.upper()
            lines += [f"{name}_EMAIL={server.email}", f"{name}_TOKEN={server.token}"]
            told = resources.files("ombud.demo").joinpath(_MAPPING[vendor]).read_text("utf-8")
            (self.folder / _MAPPING[vendor]).write_text(told, encoding="utf-8")
        self.config.write_text("\n".join([*blocks, _CALENDAR]), encoding="utf-8")
        secret = self.folder / ".env"
        secret.touch(mode=0o600)
        secret.write_text("\n".join(lines) + "\n", encoding="utf-8")
