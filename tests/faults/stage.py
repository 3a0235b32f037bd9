"""Twelve complaints with every kind of action, and what the helpdesk shows of them in the end."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from ombud.sandbox.adf import plain
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from sync.service import Service, open_service
from tests.desks import Stepped, jira_folder

AGENT = "acc-anna"
OPEN, ACKNOWLEDGED, ASSESSED, INVESTIGATING, RESPONDED, DONE = (
    "10001", "10002", "10003", "10004", "10006", "10010",
)  # fmt: skip
FIELDS = {
    "summary": "Charged twice",
    "customfield_10040": "10203",
    "customfield_10041": "10212",
    "customfield_10044": "Fibre 100",
    "customfield_10045": "10231",
    "customfield_10046": "Refund",
    "customfield_10047": "10242",
    "customfield_10055": "acc-c01",
    "assignee": AGENT,
}
CAUSE = {"customfield_10042": "10221", "customfield_10043": "Invoices are checked twice"}
#: Longer than twice a request can live: what is uncertain can be looked up.
PATIENCE = 130
RECOVERIES = 4
SCOPE = """[
  {when = {project = ["CMP", "OPS", "ARC"], type = "Complaint"}, is = "complaint"},
  {when = {project = "CMP"}, is = "undecided"},
]"""


class Stage:
    """A sandbox with twelve complaints, and a product folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.world = World(SteppableClock(DEFAULT_NOW))
        self.issues: dict[str, str] = {}
        for name in ("early", "early_again", "mended", "filled", "worse", "fine", "late"):
            self.issues[name] = self._complaint(name)
        self.issues["hops"] = self._complaint("hops", project="OPS")
        self.issues["terminal"] = self._complaint("terminal", project="ARC")
        self.issues["noisy"] = self._complaint("noisy")
        self.world.edit(self.issues["noisy"], {"labels": ["vip", "ombudsman"]}, AGENT)
        self.world.comment(self.issues["noisy"], AGENT, "Complaint policy: ask Bert", public=False)
        self.issues["question"] = self.world.create(
            "CMP", "Question", {"summary": "Hours?"}, "acc-c02"
        ).id
        self.server = start_in_thread(self.world)
        self.config = jira_folder(folder, self.server)
        told = self.config.read_text(encoding="utf-8")
        told = re.sub(
            r"^scope = \[.*?^\]", f"scope = {SCOPE}", told, flags=re.MULTILINE | re.DOTALL
        )
        self.config.write_text(told, encoding="utf-8")

    def _complaint(self, name: str, project: str = "CMP") -> str:
        world, now = self.world, self.world.clock.now()

        def ago(hours: float):
            return now - timedelta(hours=hours)

        fields = {key: value for key, value in FIELDS.items() if (name, key) not in _LEFT_OUT}
        start = ago(200) if name == "late" else ago(8)
        issue = world.create(project, "Complaint", fields, "acc-c01", start).id
        if name == "late":
            return issue
        world.comment(issue, AGENT, "We have your complaint.", when=ago(7.5))
        if project == "CMP":
            world.edit(issue, {}, AGENT, ago(7), to_status=ACKNOWLEDGED)
            world.edit(issue, {}, AGENT, ago(6), to_status=ASSESSED)
        world.edit(issue, {}, AGENT, ago(5), to_status=INVESTIGATING)
        if project == "CMP":
            answer = {
                "customfield_10048": "Run twice.",
                "customfield_10049": "Refund",
                "customfield_10050": "10251",
            }
            world.edit(issue, {**answer, "customfield_10051": "acc-bert"}, AGENT, ago(4))
            world.comment(issue, AGENT, "We refund it. #response #decision", when=ago(3))
            world.edit(issue, {}, AGENT, ago(2), to_status=RESPONDED)
        return issue

    def agents_act(self) -> None:
        """Let people do what calls for every kind of action."""
        world, issue = self.world, self.issues
        world.clock.advance(3600)
        for name in ("early", "early_again", "mended", "hops", "terminal"):
            world.edit(issue[name], {}, AGENT, to_status=DONE)
        world.edit(issue["fine"], CAUSE, AGENT, to_status=DONE)
        world.edit(issue["filled"], {"customfield_10041": "10212"}, AGENT)
        world.edit(issue["worse"], {"customfield_10048": None}, AGENT)
        world.comment(
            issue["late"], AGENT, "We have your complaint, and are sorry that it took so long."
        )
        self.issues["new"] = self._complaint("new")
        world.comment(self.issues["new"], AGENT, "On it.", public=False)
        world.clock.advance(1200)

    def service(self) -> Service:
        clock = Stepped(self.world.clock.now)
        return open_service(self.config, clock, sleep=clock.sleep)

    def sync(self) -> object:
        with self.service() as service:
            return service.sync("sandbox")

    def recover(self) -> None:
        """Sync undisturbed until nothing is uncertain any more."""
        for _ in range(RECOVERIES):
            self.world.clock.advance(PATIENCE)
            self.sync()

    def end(self) -> dict[str, object]:
        """Give what the helpdesk shows, judged from its own world and journal, not from ours."""
        shown: dict[str, object] = {}
        for name, ref in self.issues.items():
            issue = self.world.find(ref)
            notes = [plain(c.body) for c in issue.comments if "ombud" in c.properties]
            others = [c.id for c in issue.comments if "ombud" not in c.properties]
            state = issue.properties.get("ombud", {})
            ours = [
                entry
                for entry in issue.entries
                if (entry.history_metadata or {}).get("type") == "ombud"
                and any(item.field == "status" for item in entry.items)
            ]
            shown[name] = {
                "status": issue.status,
                "labels": sorted(issue.fields.get("labels") or ()),
                "notes": notes,
                "foreign": len(others),
                "digest": state.get("text"),
                "note_known": bool(state.get("note")) == bool(notes),
                "moves": len(ours),
            }
        return shown

    def stop(self) -> None:
        self.server.stop()


#: Fields a complaint begins without, so that there is something to flag.
_LEFT_OUT = {
    ("filled", "customfield_10041"),
    ("worse", "customfield_10041"),
    ("new", "customfield_10045"),
}


def killed_at(stage: Stage, prepare: Callable[[], None], tamper: Callable[[], None]) -> bool:
    """Sync in a process of its own that is killed by what `prepare` lays in wait; tell whether it was."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            tamper()
            prepare()
            stage.sync()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the sync failed by itself"
    return False


def kill_after_commit(number: int) -> Callable[[], None]:
    """Lay in wait: the process dies right after its n-th commit."""

    def prepare() -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        seen = Counter()

        def committed(_c, _cursor, statement, *_rest) -> None:
            if statement == "COMMIT":
                seen["commit"] += 1
                if seen["commit"] == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "after_cursor_execute", committed)

    return prepare


def kill_around_call(number: int, *, answered: bool) -> Callable[[], None]:
    """Lay in wait: the process dies before its n-th call, or once the helpdesk has carried it out."""

    def prepare() -> None:
        from connectors.http import Client

        once = Client._once
        seen = Counter()

        def counted(self, *arguments, **named):
            seen["call"] += 1
            if seen["call"] == number and not answered:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = once(self, *arguments, **named)
            if seen["call"] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        Client._once = counted

    return prepare


def kill_around_operation(name: str, *, answered: bool) -> Callable[[], None]:
    """Lay in wait: the process dies before the first call of an operation, or once it was carried out."""

    def prepare() -> None:
        from connectors.http import Client

        once = Client._once

        def watched(self, *arguments, **named):
            if name in arguments and not answered:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = once(self, *arguments, **named)
            if name in arguments:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        Client._once = watched

    return prepare


def kill_before_second_hop() -> Callable[[], None]:
    """Lay in wait: the process dies between the two steps of a way back."""

    def prepare() -> None:
        from connectors.jira.transitions import Ways

        offered = Ways._offered
        seen = Counter()

        def watched(self, issue):
            seen[issue] += 1
            if seen[issue] == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return offered(self, issue)

        Ways._offered = watched

    return prepare
