"""`ombud report` as people run it, over a log of invented complaints that is imported first."""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil

import pytest
from typer.testing import CliRunner

import cli  # noqa: TID251 (the command is run as people run it)
from tests.desks import EXAMPLES

CHANNEL = '\n[notify.channels.leads]\nurl_env = "LEADS_URL"\n'
RUN = CliRunner()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for file in (EXAMPLES / "first_pack").iterdir():
        shutil.copy(file, tmp_path / file.name)
    told = (tmp_path / "ombud.toml").read_text(encoding="utf-8").replace('"first"', '"iso10002"')
    (tmp_path / "ombud.toml").write_text(told + CHANNEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMBUD_KEY", base64.urlsafe_b64encode(b"k" * 32).decode())
    run("import", "complaints.csv", "--mapping", "complaints.mapping.toml")
    return tmp_path


def run(*words, code=0):
    done = RUN.invoke(cli.app, ["--config", "ombud.toml", *words])
    assert done.exit_code == code, done.output
    return done


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_month_is_frozen_listed_and_verified(folder):
    first = run("report", "kpi", "2026-10", "--by", "Anna", "--format", "json")
    assert "2026-10: frozen." in first.stderr
    assert {"figure": "Complaints received", "number": 2}.items() <= lines(first)[0].items()
    assert "nothing is otherwise" in run("report", "kpi", "2026-10", "--by", "Anna").stderr
    listed = lines(run("report", "kpi", "--verify", "--format", "json"))
    assert [(each["month"], each["number"], each["by"]) for each in listed] == [
        ("2026-10", 1, "Anna")
    ]
    assert "with --by" in run("report", "kpi", "2026-10", code=2).stderr
    assert "is no month" in run("report", "kpi", "2026-13", "--by", "Anna", code=2).stderr


def test_the_review_is_written_as_pdf_and_says_what_nothing_is_known_of(folder):
    done = run("report", "review", "--filter", "period=2026-10", "--out", "r.pdf")
    assert (folder / "r.pdf").read_bytes().startswith(b"%PDF-")
    assert "Nothing is known yet of: Changes inside the organisation" in done.stderr
    told = json.loads(
        run("report", "review", "--filter", "period=2026-10", "--format", "json").stdout
    )
    assert told["period"] == "2026-10"
    assert len(told["inputs"]) == 7


def test_files_hold_what_the_filter_gives(folder):
    run("report", "export", "complaints", "--filter", "period=2026-10", "--bare", "--out", "c.csv")
    rows = list(csv.DictReader(io.StringIO((folder / "c.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 2
    assert all(each["received"].startswith("2026-10") for each in rows)
    told = json.loads(run("report", "export", "findings", "--format", "json").stdout)
    assert told["count"] == len(told["rows"]) > 8
    assert run("report", "export", "deadlines").stdout.startswith("BEGIN:VCALENDAR")
    assert "<trace>" in run("report", "export", "log").stdout
    assert "There is no 'gossip'" in run("report", "export", "gossip", code=2).stderr
    assert "colour" in run("report", "export", "--filter", "colour=red", code=2).stderr


def test_a_survey_is_imported_and_shown_by_decision(folder):
    (folder / "s.csv").write_text(
        "ticket,date,process,outcome\nC-1,2026-11-02,5,1\nC-2,2026-11-02,,\n"
    )
    done = run("report", "survey", "s.csv", "--by", "Anna", "--period", "2026-11", "--format", "json")  # fmt: skip
    assert "2 rows read, 1 of them answered, 2 new." in done.stderr
    told = {(each["of"], each["decision"]): each for each in lines(done)}
    assert told["process", "all"]["answers"] == 1
    assert told["process", "all"]["asked"] == 2
    (folder / "s.csv").write_text("ticket,date,process,outcome\nC-1,soon,5,1\n")
    assert "s.csv:2: date 'soon' is no date" in run("report", "survey", "s.csv", "--by", "Anna", code=2).stderr  # fmt: skip


def test_a_schedule_is_made_listed_and_dropped(folder):
    name = run("report", "schedule", "add", "kpi", "--by", "Anna", "--to", "leads").stdout.strip()
    listed = lines(run("report", "schedule", "list", "--format", "json"))
    assert [(each["id"], each["when"]) for each in listed] == [
        (name, "on day 1 of every month at 8:00")
    ]
    assert "Nothing is due" in run("report", "send", "--due").stdout
    assert "has no channel nobody" in run(
        "report", "schedule", "add", "kpi", "--by", "Anna", "--to", "nobody", code=2
    ).stderr  # fmt: skip
    run("report", "schedule", "drop", name, "--by", "Anna")
    run("report", "schedule", "drop", name, "--by", "Anna", code=2)
