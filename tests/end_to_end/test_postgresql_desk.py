"""A desk whose database is PostgreSQL: synced, judged, examined, and told who backs it up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ombud.sandbox.serve import start_in_thread
from sync.doctor import examine
from tests import postgresql_server
from tests.desks import Stepped, jira_folder, jira_service
from tests.stores import run_on

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server():
    with start_in_thread() as running:
        running.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
        early = running.world.create("CMP", "Complaint", {"summary": "early"}, "acc-c01").id
        running.world.edit(early, {}, "acc-anna", to_status="10010")
        yield running


def findings_of(folder, server):
    with jira_service(folder, server, mode='"observe"') as service:
        service.sync("sandbox", full=True)
        (folder / ".env").chmod(0o600)
        return [(f.rule, f.ref, f.verdict, f.standing, f.due) for f, _, _ in service.check()]


def test_both_kinds_of_database_lead_to_the_same_findings(tmp_path, server, request):
    for name in ("file", "server"):
        (tmp_path / name).mkdir()
    over_a_file = findings_of(tmp_path / "file", server)
    assert len(over_a_file) > 10
    request.getfixturevalue("postgresql")
    assert findings_of(tmp_path / "server", server) == over_a_file
    assert not list((tmp_path / "server").glob("*.db*"))


def test_the_doctor_names_the_server_and_how_large_the_database_is(tmp_path, server, postgresql):
    findings_of(tmp_path, server)
    told = list(examine(tmp_path / "ombud.toml", Stepped(server.world.clock.now)))
    assert [each for each in told if each.ok is False] == []
    [database] = [each for each in told if each.name == "Database"]
    assert database.why.startswith("PostgreSQL 1")
    assert " MB, page checksums on" in database.why
    assert "Disk" not in {each.name for each in told}


def test_the_doctor_finds_a_log_that_was_tampered_with(tmp_path, server, postgresql):
    findings_of(tmp_path, server)
    run_on(tmp_path, "UPDATE decision SET verdict = 'pass' WHERE seq = 1")
    told = examine(tmp_path / "ombud.toml", Stepped(server.world.clock.now))
    assert [each.name for each in told if each.ok is False] == ["Decision log"]


def ombud(folder, *arguments):
    told = subprocess.run(
        [sys.executable, "-c", "import cli; cli.main()", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in told.stderr
    return told


def test_a_backup_and_a_restore_name_the_tools_of_the_server(tmp_path, server, postgresql):
    jira_folder(tmp_path, server)
    for arguments in (["backup", "kept.db"], ["restore", "kept.db"]):
        told = ombud(tmp_path, *arguments)
        assert told.returncode == 2
        assert "pg_dump" in told.stderr
        assert "pg_restore" in told.stderr
    assert not (tmp_path / "kept.db").exists()


def test_the_password_stands_in_the_environment_file_and_never_in_what_is_printed(
    tmp_path, server, postgresql
):
    name = postgresql_server.name_of(tmp_path / "ombud.db")
    postgresql_server.ensure(postgresql, name)
    guarded = postgresql_server.guard(postgresql, name)
    config = jira_folder(tmp_path, server, database=f'"{guarded}"')
    refused = ombud(tmp_path, "triage")
    assert refused.returncode == 2
    assert "OMBUD_DATABASE_PASSWORD" in refused.stderr
    with config.with_name(".env").open("a", encoding="utf-8") as file:
        file.write("OMBUD_DATABASE_PASSWORD=wr0ng-one\n")
    refused = ombud(tmp_path, "triage")
    assert refused.returncode == 2
    assert "wr0ng-one" not in refused.stdout + refused.stderr
    told = config.with_name(".env").read_text(encoding="utf-8")
    config.with_name(".env").write_text(
        told.replace("wr0ng-one", postgresql_server.PASSWORD), encoding="utf-8"
    )
    assert ombud(tmp_path, "triage").returncode == 0
