"""The sandbox as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime

import requests


def test_a_sandbox_says_where_it_is_answers_and_stops_when_told(tmp_path):
    journal = tmp_path / "journal.jsonl"
    program = (
        "from pathlib import Path; from ombud.sandbox.serve import run; "
        f"run(empty=True, running_clock=False, journal_path=Path({str(journal)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(process.stdout.readline())
        jira = ready["jira"]
        assert jira["project"] == "CMP"
        assert jira["url"].startswith("http://127.0.0.1:")
        assert ready["truth"] is None
        signed = {"auth": (jira["email"], jira["token"]), "timeout": 10}
        fields = {"project": {"key": "CMP"}, "issuetype": {"id": "10001"}, "summary": "x"}
        made = requests.post(f"{jira['url']}/rest/api/3/issue", json={"fields": fields}, **signed)
        assert made.json()["key"] == "CMP-1"
        info = requests.get(f"{jira['url']}/rest/api/3/serverInfo", **signed).json()
        assert datetime.fromisoformat(info["serverTime"]).utcoffset() is not None
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
        process.stdout.close()
    (line,) = journal.read_text().splitlines()
    assert json.loads(line)["what"] == "create"
