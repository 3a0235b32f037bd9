"""The main job on the built-in helpdesk: complaints found and flagged, one premature closure moved back."""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.panel import Panel
from rich.text import Text

from ombud import terminal
from ombud.model.facts import Verdict
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.seed import seed
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from sync.service import open_service

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rich.console import Console

    from ombud.sandbox.jira.server import JiraServer
    from sync.service import Service

_HERE: Final = Path(__file__).parent
_ACCOUNT: Final = "sandbox"
#: Seconds that pass on the sandbox's clock between an agent's act and the next sync.
_STEP: Final = 5
_AGENT: Final = "acc-anna"
_SHOWN: Final = 8


class _SandboxClock:
    """Tell the sandbox's time: its desk lives in a time of its own."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.clock.now()


def run(out: Console, *, once: bool) -> dict[str, Any]:
    """Run the demonstration; give what happened as an object.

    Args:
        out: where it is told.
        once: end by itself, instead of leaving the helpdesk up until somebody presses Enter.

    """
    world = World(SteppableClock(DEFAULT_NOW))
    seed(world, seed=1, tickets=400)
    complaint = _unfinished_complaint(world)
    folder = Path(tempfile.mkdtemp(prefix="ombud-demo-"))
    with start_in_thread(world) as server:
        config = _configured(folder, server)
        out.print(
            f"A complaints desk on Jira's interface, with {len(list(world.visible()))} tickets, is up at {server.url}."
        )
        with open_service(config, _SandboxClock(world), sleep=_stepping(world)) as service:
            report = _tell(out, service, world, complaint, folder)
        if not once:
            out.print(f"\nTry: ombud --config {config} explain {report['moved_back'][0]['ref']}")
            input("Press Enter to end it. ")
    return report


def _tell(
    out: Console, service: Service, world: World, complaint: str, folder: Path
) -> dict[str, Any]:
    with terminal.progress(terminal.consoles()[1], "Reading every ticket with its history") as tell:
        first = service.sync(_ACCOUNT, tell=tell)
    out.print(f"\n1. {first.sentence()}", soft_wrap=True)
    terminal.print_counts(out, first.verdicts(), "Verdicts of the pack iso10002, profile standard")
    findings = folder / "findings.jsonl"
    with findings.open("w", encoding="utf-8") as file:
        for finding, _, url in service.check():
            if finding.verdict is not Verdict.passed:
                file.write(json.dumps(finding.as_json(url=url), ensure_ascii=False) + "\n")
    _print_tagged(out, world, first.tagged)

    key = world.find(complaint).key  # type: ignore[union-attr]
    out.print(f"\n2. An agent closes {key} (severity high) without root cause.")
    world.edit(complaint, {}, _AGENT, to_status="10010")
    started = time.perf_counter()
    world.clock.advance(_STEP)
    second = service.sync(_ACCOUNT)
    seconds = round(time.perf_counter() - started, 2)
    moved = [
        {"ref": each["ref"], "note": each["note"], "seconds": seconds} for each in second.moved_back
    ]
    for each in moved:
        out.print(
            f"   {each['ref']} is open again after {each['seconds']} s, with this internal note:"
        )
        out.print(Panel(Text(str(each["note"])), expand=False))

    out.print(f"3. The agent fills in what is missing and closes {key} again.")
    world.edit(
        complaint,
        {"customfield_10042": "10221", "customfield_10043": "Invoices are checked twice"},
        _AGENT,
    )
    world.clock.advance(_STEP)
    world.edit(complaint, {}, _AGENT, to_status="10010")
    world.clock.advance(_STEP)
    third = service.sync(_ACCOUNT)
    kept = world.find(complaint).status == "10010"  # type: ignore[union-attr]
    out.print(
        f"   {key} {'stays closed, and its note is gone' if kept and not third.moved_back else 'was moved again'}."
    )
    out.print(f"\nEvery finding, one a line: {findings}")
    return {
        "accounts": {_ACCOUNT: first.as_json()},
        "verdicts": first.tally.findings,
        "findings": str(findings),
        "tagged": {**first.tagged, **second.tagged},
        "moved_back": moved,
    }


def _stepping(world: World) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        world.clock.advance(seconds)

    return sleep


def _print_tagged(out: Console, world: World, tagged: dict[str, list[str]]) -> None:
    out.print(
        f"   {len(tagged)} tickets were tagged in the helpdesk, where a view can filter by tag:"
    )
    for ref, tags in list(tagged.items())[:_SHOWN]:
        issue = world.find(ref.rpartition(":")[2])
        out.print(Text(f"   {issue.key if issue else ref:<9} {', '.join(tags)}"))
    if len(tagged) > _SHOWN:
        out.print(f"   and {len(tagged) - _SHOWN} more")


def _unfinished_complaint(world: World) -> str:
    """Lay in a complaint that is handled well but for its root cause, and give its id."""
    now = world.clock.now()

    def ago(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    issue = world.create(
        "CMP",
        "Complaint",
        {
            "summary": "Charged twice for invoice 4711",
            "customfield_10040": "10203",
            "customfield_10041": "10212",
            "customfield_10044": "Fibre 100",
            "customfield_10045": "10231",
            "customfield_10046": "Refund of the second charge",
            "customfield_10047": "10242",
            "customfield_10055": "acc-c01",
            "assignee": _AGENT,
        },
        "acc-c01",
        ago(8),
    )
    world.comment(
        issue.id,
        _AGENT,
        "Thank you, we have your complaint and will answer by Monday.",
        when=ago(7.5),
    )
    world.edit(issue.id, {}, _AGENT, ago(7.5), to_status="10002")
    world.edit(issue.id, {}, _AGENT, ago(7), to_status="10003")
    world.edit(issue.id, {}, _AGENT, ago(6.5), to_status="10004")
    world.edit(
        issue.id, {"customfield_10048": "The payment run was started twice."}, _AGENT, ago(4)
    )
    world.edit(
        issue.id, {"customfield_10049": "Refund", "customfield_10051": "acc-bert"}, _AGENT, ago(3)
    )
    world.comment(issue.id, _AGENT, "We refund the second charge. #response #decision", when=ago(2))
    world.edit(issue.id, {"customfield_10050": "10251"}, _AGENT, ago(2), to_status="10006")
    return issue.id


def _configured(folder: Path, server: JiraServer) -> Path:
    for name in ("ombud.toml", "sandbox.mapping.toml"):
        shutil.copy(_HERE / name, folder / name)
    config = folder / "ombud.toml"
    told = config.read_text(encoding="utf-8").replace("http://127.0.0.1:8080", server.url)
    config.write_text(told, encoding="utf-8")
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    secrets = folder / ".env"
    secrets.touch(mode=0o600)
    secrets.write_text(
        f"OMBUD_KEY={key}\nSANDBOX_EMAIL={server.email}\nSANDBOX_TOKEN={server.token}\n",
        encoding="utf-8",
    )
    return config
