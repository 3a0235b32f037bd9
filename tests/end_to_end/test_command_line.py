"""The command line as a person meets it: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.seed import seed
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from tests.desks import jira_folder

OMBUD = str(Path(sys.executable).with_name("ombud"))
COMMANDS = (
    ["sync"], ["check"], ["triage"], ["explain"], ["import"], ["init"], ["fields"], ["uninstall"], ["backup"],
    ["restore"], ["doctor"], ["demo"], ["accounts", "check"], ["accounts", "census"], ["accounts", "connect"], ["packs", "list"], ["packs", "show"],
    ["packs", "lint"], ["packs", "test"], ["sandbox", "serve"], ["serve"], ["staff", "add"], ["report", "review"], ["report", "kpi"],
    ["report", "export"], ["report", "schedule", "add"],
)  # fmt: skip
KEYS = {
    "rule", "ref", "case", "account", "url", "occurrence", "verdict", "standing", "severity", "clauses", "entered",
    "due", "operational_due", "cause", "longest_silence_hours", "reasons", "fix", "mode", "pack", "pack_digest", "key",
}  # fmt: skip
HOSTILE = "[red]=cmd|' /C calc'!A0 \u202egnp.exe \x1b[31m"


class Desk:
    """A folder with a configuration, and a seeded helpdesk behind it."""

    def __init__(self, folder, server):
        self.folder, self.server = folder, server

    def run(self, *arguments, code=0, stdin=""):
        told = subprocess.run(
            [OMBUD, *arguments], cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=120,
            env={**os.environ, "COLUMNS": "200"}, check=False,
        )  # fmt: skip
        assert told.returncode == code, (
            f"{arguments}: {told.returncode}\n{told.stdout}\n{told.stderr}"
        )
        assert "Traceback" not in told.stderr
        return told


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    world = World(SteppableClock(DEFAULT_NOW))
    seed(world, seed=1, tickets=60)
    world.create("CMP", "Complaint", {"summary": HOSTILE, "customfield_10044": HOSTILE}, "acc-c01")
    world.create("CMP", "Question", {"summary": "When are you open?"}, "acc-c02")
    early = world.create("CMP", "Complaint", {"summary": "Closed at once"}, "acc-c01").id
    world.edit(early, {}, "acc-anna", to_status="10010")
    with start_in_thread(world) as server:
        jira_folder(folder, server, mode='"observe"')
        desk = Desk(folder, server)
        desk.run("sync")
        yield desk


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_teaches(command, tmp_path):
    told = Desk(tmp_path, None).run(*command, "--help").stdout
    assert "Usage:" in told
    assert len(told) > 200


def test_a_second_sync_finds_nothing_new(desk):
    told = json.loads(desk.run("sync", "--format", "json").stdout)
    assert told["seen"] == told["unchanged"] + told["undecided"] + told["outside"]


def test_check_prints_one_finding_a_line_with_all_its_keys(desk):
    findings = [
        json.loads(line) for line in desk.run("check", "--format", "json").stdout.splitlines()
    ]
    assert findings
    assert all(set(finding) == KEYS for finding in findings)
    assert {finding["verdict"] for finding in findings} <= {"fail", "unknown", "pending", "waived"}
    passes = desk.run("check", "--format", "json", "--verdict", "pass").stdout.splitlines()
    assert {json.loads(line)["verdict"] for line in passes} == {"pass"}


def test_what_fails_says_how_to_mend_it(desk):
    told = desk.run("check", "--rule", "close.outcome").stdout
    assert "Outcome is empty." in told
    assert "Mend: Outcome (customfield_10050)" in told
    assert "Why:  ombud explain sandbox:" in told


def test_the_exit_code_follows_the_gravest_failure(desk):
    desk.run("check", "--fail-on", "major", code=1)
    desk.run("check", "--rule", "no.such.rule", "--fail-on", "observation")


def test_a_spreadsheet_is_given_no_formulas(desk):
    for line in desk.run("check", "--format", "csv").stdout.splitlines():
        assert not any(cell.startswith(("=", "+", "@")) for cell in line.split(","))


def test_a_deadline_is_explained_by_its_sum(desk):
    findings = [
        json.loads(line)
        for line in desk.run("check", "--format", "json", "--verdict", "pass").stdout.splitlines()
    ]
    one = next(finding for finding in findings if finding["rule"] == "respond.in_time")
    told = desk.run("explain", one["ref"], "respond.in_time").stdout
    assert "asks: " in told
    assert "09:00-17:00" in told
    assert "due " in told


def test_undecided_tickets_are_listed(desk):
    assert "sandbox:" in desk.run("triage").stdout


def test_the_helpdesk_is_shown(desk):
    assert "customfield_10042" in desk.run("fields", "sandbox").stdout
    told = desk.run("accounts", "check").stdout
    assert "BROWSE_PROJECTS" in told
    assert "What fires on a reopen" in told


def test_packs_are_shown_and_checked(desk):
    assert "iso10002" in desk.run("packs", "list").stdout
    assert "close.with_root_cause" in desk.run("packs", "show", "iso10002").stdout
    assert "No problems." in desk.run("packs", "lint", "iso10002").stdout
    assert ", 0 failed" in desk.run("packs", "test", "iso10002").stdout


def test_a_broken_pack_is_named_by_file_and_line(desk):
    broken = desk.folder / "broken.yaml"
    broken.write_text("pack: x\nversion: 1.0.0\nrules:\n  - idd: a.b\n", encoding="utf-8")
    told = desk.run("packs", "lint", "broken.yaml", code=2)
    assert "broken.yaml:4:" in told.stderr


def test_a_broken_configuration_is_named_by_file_and_line(desk, tmp_path):
    (tmp_path / "ombud.toml").write_text(
        'database = "x"\n[accounts.a]\nvendorr = "jira"\nurl = "u"\n', encoding="utf-8"
    )
    told = Desk(tmp_path, None).run("sync", code=2)
    assert (
        "ombud.toml:3: accounts.a.vendorr: is not a setting. Did you mean 'vendor'?" in told.stderr
    )


def test_an_account_that_is_not_there_is_named(desk):
    assert "Known: sandbox" in desk.run("sync", "nobody", code=2).stderr


def test_a_wrong_token_is_a_matter_for_the_helpdesk(desk, tmp_path):
    for name in ("ombud.toml", "sandbox.mapping.toml"):
        (tmp_path / name).write_text(
            (desk.folder / name).read_text(encoding="utf-8"), encoding="utf-8"
        )
    secrets = (desk.folder / ".env").read_text(encoding="utf-8").replace(desk.server.token, "wrong")
    (tmp_path / ".env").write_text(secrets, encoding="utf-8")
    told = Desk(tmp_path, None).run("sync", code=3)
    assert "401" in told.stderr
    assert "wrong" not in told.stderr


def test_hostile_words_are_printed_harmless(desk):
    told = desk.run("check", "--all").stdout
    assert "\u202e" not in told
    assert "\x1b" not in told


def test_a_backup_is_restored_and_then_only_observed(desk, tmp_path):
    copy = tmp_path / "copy.db"
    assert "OMBUD_KEY is not in it" in desk.run("backup", str(copy)).stdout
    told = desk.run("restore", str(copy)).stdout
    assert "until a full sync has ended" in told
    desk.run("sync", "--full")


def test_a_small_log_is_imported(tmp_path):
    (tmp_path / "log.csv").write_text(
        "case,activity,time\n1,Open,2026-03-02T09:00:00Z\n1,Closed,2026-03-03T09:00:00Z\n",
        encoding="utf-8",
    )
    (tmp_path / "m.toml").write_text(
        '[log]\ncase = "case"\nactivity = "activity"\ntime = "time"\n[stages]\nOpen = {stage = "received"}\nClosed = {stage = "closed"}\n',
        encoding="utf-8",
    )
    (tmp_path / "ombud.toml").write_text(
        'database = "sqlite:///x.db"\n[accounts.log]\nvendor = "file"\nurl = ""\n[[bindings]]\nname = "log"\naccount = "log"\n'
        'pack = "iso10002"\nmapping = "m.toml"\nscope = [{is = "complaint"}]\n[calendars.office]\nzone = "UTC"\nweek = {mon-fri = ["09:00-17:00"]}\n',
        encoding="utf-8",
    )
    (tmp_path / ".env").write_text(
        "OMBUD_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", encoding="utf-8"
    )
    desk = Desk(tmp_path, None)
    assert "1 tickets seen" in desk.run("import", "log.csv", "--mapping", "m.toml").stdout
    told = desk.run("check").stdout
    assert "close.after_response" in told or "NOT JUDGED" in told


def test_the_demo_runs_without_a_terminal(tmp_path):
    told = Desk(tmp_path, None).run("demo", "--once", "--format", "json").stdout
    report = json.loads(told.splitlines()[-1])
    assert set(report) == {"accounts", "verdicts", "findings", "tagged", "moved_back", "day"}
    assert report["day"]["moved_back"] > 0
    assert 0 < report["day"]["notes"] <= 3 * report["day"]["complaints"]
    assert report["day"]["touched"] == report["day"]["trespasses"] == 0
    assert list(report["accounts"]) == ["sandbox", "zendesk"]
    assert [each["ref"].partition(":")[0] for each in report["moved_back"]] == [
        "sandbox",
        "zendesk",
    ]
    for moved in report["moved_back"]:
        assert "Root cause is empty" in moved["note"]
        assert set(moved) == {"ref", "note", "seconds"}
    assert Path(report["findings"]).exists()
    assert report["tagged"]


def test_init_writes_what_sync_can_use(desk, tmp_path):
    server = desk.server
    (tmp_path / ".env").write_text(
        f"ACME_EMAIL={server.email}\nACME_TOKEN={server.token}\n", encoding="utf-8"
    )
    (tmp_path / ".env").chmod(0o600)
    fresh = Desk(tmp_path, server)
    told = fresh.run("init", "--url", server.url, "--account", "acme", "--project", "CMP").stdout
    assert "Your fields carry 8 of 8 rules" in told
    assert "complaints" in fresh.run("sync").stdout
    assert "ok  Binding complaints" in fresh.run("doctor").stdout
    assert "is there already" in fresh.run("init", "--url", server.url, code=2).stderr


def test_uninstall_lists_and_removes(desk):
    assert "0 tickets carry something of ours" in desk.run("uninstall", "sandbox", "--yes").stdout


def test_beside_what_is_counted_stands_how_complete_the_data_are(desk):
    assert "No census yet of sandbox" in desk.run("check").stdout
    told = desk.run("accounts", "census", "sandbox").stdout
    assert "Data 100 % complete as of" in told
    assert "all are where they were" in told
    for command in (["check"], ["rollout", "status"], ["backtest"]):
        assert "Data 100 % complete as of" in desk.run(*command).stdout
    days = desk.run("accounts", "check", "sandbox", "--format", "json").stdout
    assert any("100 % complete" in json.loads(line)["why"] for line in days.splitlines())


def test_each_fault_of_the_settings_stands_on_a_line_of_its_own(tmp_path):
    told = Desk(tmp_path, None).run("init", "--url", "http://127.0.0.1:9", code=2).stderr
    lines = told.splitlines()
    assert [line.split(": ")[2] for line in lines] == ["ACME_EMAIL", "ACME_TOKEN"]
