"""The main job on the built-in helpdesks: complaints found and flagged, premature closures moved back."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.panel import Panel
from rich.text import Text

from ombud import terminal
from ombud.demo.day import play
from ombud.model.facts import Verdict
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.seed import seed
from ombud.sandbox.serve import start_in_thread, start_zendesk_in_thread
from ombud.sandbox.shared import half_close, share
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.sandbox.zendesk.laying import Laying
from ombud.sandbox.zendesk.world import ZendeskWorld
from sync.findings import ONE_SIDED
from sync.service import open_service

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rich.console import Console

    from ombud.sandbox.bed import Bed
    from ombud.sandbox.jira.server import JiraServer
    from ombud.sandbox.zendesk.server import ZendeskServer
    from sync.service import Service

_HERE: Final = Path(__file__).parent
#: Zendesk's export withholds the last minute.
_WITHHELD: Final = 61
#: Where a complaint is done, in the words that both desks are told in.
_DONE: Final = "10010"
_AGENT: Final = "acc-anna"
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class _Desk:
    """One of the two helpdesks, and how its people act in it.

    Attributes:
        account: its name in ombud.toml.
        title: what it is.
        bed: where its people act.
        key: gives what people call a ticket.
        closed: tells whether a ticket is closed.
        step: seconds that pass on the sandbox's clock between an agent's act and the next sync.

    """

    account: str
    title: str
    bed: Bed
    key: Callable[[str], str]
    closed: Callable[[str], bool]
    step: int


@dataclass(frozen=True, slots=True)
class _SandboxClock:
    """Tell the sandbox's time: its desks live in a time of their own."""

    clock: SteppableClock

    def now(self) -> datetime:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)


def run(out: Console, *, once: bool) -> dict[str, Any]:
    """Run the demonstration on both helpdesks; give what happened as an object.

    Args:
        out: where it is told.
        once: end by itself, instead of leaving the helpdesks up until somebody presses Enter.

    """
    clock = SteppableClock(DEFAULT_NOW)
    world, other = World(clock), ZendeskWorld(clock)
    laying = Laying(other)
    desks = (
        _Desk(
            "sandbox",
            "Jira",
            world,
            lambda name: str(getattr(world.find(name), "key", name)),
            lambda name: getattr(world.find(name), "status", "") == _DONE,
            5,
        ),
        _Desk(
            "zendesk",
            "Zendesk",
            laying,
            lambda name: f"#{name}",
            lambda name: other.tickets[int(name)].status == "solved",
            _WITHHELD,
        ),
    )
    for number, desk in enumerate(desks, 1):
        seed(desk.bed, seed=number, tickets=400)
    complaints = [_unfinished_complaint(desk.bed) for desk in desks]
    share(world, laying)
    half_close(world, laying)
    folder = Path(tempfile.mkdtemp(prefix="ombud-demo-"))
    with start_in_thread(world) as jira, start_zendesk_in_thread(other) as zendesk:
        config = _configured(folder, jira, zendesk)
        sandbox = _SandboxClock(clock)
        report: dict[str, Any] = {
            "accounts": {},
            "verdicts": {},
            "findings": str(folder / "findings.jsonl"),
            "tagged": {},
            "moved_back": [],
        }
        with open_service(config, sandbox, sleep=sandbox.sleep) as service:
            for desk, complaint, server in zip(desks, complaints, (jira, zendesk), strict=True):
                out.rule(f"A complaints desk on the interface of {desk.title}, at {server.url}")
                _tell(out, service, desk, complaint, clock, report)
            clock.advance(_WITHHELD)
            for desk in (*desks, desks[0]):
                service.sync(desk.account)
            _tell_shared(out, service)
            out.rule("A day of agents")
            with terminal.progress(terminal.consoles()[1], "Playing a day of agents") as tell:
                day = play(service, world, desks[0].account, tell)
            out.print(f"\n{day.sentence()}", soft_wrap=True)
            report["day"] = day._asdict()
            _write_findings(service, folder / "findings.jsonl")
            out.print(f"\nEvery finding, one a line: {report['findings']}")
            if not once:
                _show(
                    out,
                    service,
                    f"ombud --config {config} explain {report['moved_back'][0]['ref']}",
                )
    return report


def _show(out: Console, service: Service, command: str) -> None:
    """Leave the dashboard up until somebody presses Enter."""
    # Heavy libraries: without a terminal nobody looks at pages.
    from ombud.demo.dashboard import dashboard

    out.rule("The dashboard")
    with contextlib.ExitStack() as stack:
        with terminal.progress(terminal.consoles()[1], "Making the dashboard's figures"):
            address = stack.enter_context(dashboard(service))
        out.print("\nOpen it here; the link signs you in once, within five minutes:")
        out.print(address, soft_wrap=True)
        out.print(f"\nOr try: {command}", soft_wrap=True)
        # An Enter from before the question is no answer to it.
        with contextlib.suppress(termios.error, OSError, ValueError):
            termios.tcflush(sys.stdin, termios.TCIFLUSH)
        input("Press Enter to end it. ")


def _tell(
    out: Console,
    service: Service,
    desk: _Desk,
    complaint: str,
    clock: SteppableClock,
    report: dict[str, Any],
) -> None:
    with terminal.progress(terminal.consoles()[1], "Reading every ticket with its history") as tell:
        first = service.sync(desk.account, tell=tell)
    out.print(f"\n1. {first.sentence()}", soft_wrap=True)
    terminal.print_counts(out, first.verdicts(), "Verdicts of the pack iso10002, profile standard")
    _print_tagged(out, desk, first.tagged)

    key = desk.key(complaint)
    out.print(f"\n2. An agent closes {key} (severity high) without root cause.")
    desk.bed.edit(complaint, {}, _AGENT, to_status=_DONE)
    started = time.perf_counter()
    clock.advance(desk.step)
    second = service.sync(desk.account)
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
    desk.bed.edit(
        complaint,
        {"customfield_10042": "10221", "customfield_10043": "Invoices are checked twice"},
        _AGENT,
    )
    clock.advance(desk.step)
    desk.bed.edit(complaint, {}, _AGENT, to_status=_DONE)
    clock.advance(desk.step)
    third = service.sync(desk.account)
    kept = desk.closed(complaint) and not third.moved_back
    out.print(f"   {key} {'stays closed, and its note is gone' if kept else 'was moved again'}.")
    report["accounts"][desk.account] = first.as_json()
    for rule, counts in first.tally.findings.items():
        held = report["verdicts"].setdefault(rule, {})
        for verdict, count in counts.items():
            held[verdict] = held.get(verdict, 0) + count
    report["tagged"] |= {**first.tagged, **second.tagged}
    report["moved_back"] += moved


def _tell_shared(out: Console, service: Service) -> None:
    """Tell of the complaints that came by both helpdesks."""
    told = [
        finding
        for finding, _, _ in service.check(rules={ONE_SIDED})
        if finding.verdict in {Verdict.failed, Verdict.passed}
    ]
    out.rule("Both together")
    out.print(f"\n{len(told)} complaints came by both helpdesks; each is one case with one clock.")
    for finding in told:
        if finding.verdict is Verdict.failed:
            out.print(f"   {finding.ref}: {finding.reasons[0]}", soft_wrap=True)


def _write_findings(service: Service, findings: Path) -> None:
    with findings.open("w", encoding="utf-8") as file:
        for finding, _, url in service.check():
            if finding.verdict is not Verdict.passed:
                file.write(json.dumps(finding.as_json(url=url), ensure_ascii=False) + "\n")


def _print_tagged(out: Console, desk: _Desk, tagged: dict[str, list[str]]) -> None:
    out.print(
        f"   {len(tagged)} tickets were tagged in the helpdesk, where a view can filter by tag:"
    )
    for ref, tags in list(tagged.items())[:_SHOWN]:
        out.print(Text(f"   {desk.key(ref.rpartition(':')[2]):<9} {', '.join(tags)}"))
    if len(tagged) > _SHOWN:
        out.print(f"   and {len(tagged) - _SHOWN} more")


def _unfinished_complaint(bed: Bed) -> str:
    """Lay in a complaint that is handled well but for its root cause, and give its id."""
    now = bed.clock.now()

    def ago(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    issue = bed.create(
        "CMP",
        "10001",
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
    bed.comment(
        issue.id,
        _AGENT,
        "Thank you, we have your complaint and will answer by Monday.",
        when=ago(7.5),
    )
    bed.edit(issue.id, {}, _AGENT, ago(7.5), to_status="10002")
    bed.edit(issue.id, {}, _AGENT, ago(7), to_status="10003")
    bed.edit(issue.id, {}, _AGENT, ago(6.5), to_status="10004")
    bed.edit(issue.id, {"customfield_10048": "The payment run was started twice."}, _AGENT, ago(4))
    bed.edit(
        issue.id, {"customfield_10049": "Refund", "customfield_10051": "acc-bert"}, _AGENT, ago(3)
    )
    bed.comment(issue.id, _AGENT, "We refund the second charge. #response #decision", when=ago(2))
    bed.edit(issue.id, {"customfield_10050": "10251"}, _AGENT, ago(2), to_status="10006")
    return issue.id


def _configured(folder: Path, jira: JiraServer, zendesk: ZendeskServer) -> Path:
    for name in ("ombud.toml", "sandbox.mapping.toml", "zendesk.mapping.toml"):
        shutil.copy(_HERE / name, folder / name)
    config = folder / "ombud.toml"
    told = config.read_text(encoding="utf-8")
    told = told.replace("http://127.0.0.1:8080", jira.url)
    told = told.replace("http://127.0.0.1:8081", zendesk.url)
    config.write_text(told, encoding="utf-8")
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    secrets = folder / ".env"
    secrets.touch(mode=0o600)
    secrets.write_text(
        f"OMBUD_KEY={key}\nSANDBOX_EMAIL={jira.email}\nSANDBOX_TOKEN={jira.token}\n"
        f"ZENDESK_EMAIL={zendesk.email}\nZENDESK_TOKEN={zendesk.token}\n",
        encoding="utf-8",
    )
    return config
