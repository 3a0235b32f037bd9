"""`ombud serve` as people run it: a start line, hooks that move tickets back, what is shown to whom, a clean stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from ombud.model.clock import SystemClock
from ombud.web.serving import Pause, Serving
from sync.hooks import HookKeeper
from sync.service import open_service
from tests.desks import Stepped, jira_folder
from tests.faults.stage import AGENT, DONE, Stage
from tests.web_desk import LONG, raw, until

CHECKOUT = Path(__file__).resolve().parents[2]
FORWARDED = {"x-forwarded-for": "203.0.113.9"}


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    stage.world.clock.run()
    yield stage
    stage.stop()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def serving(stage, *, token=None, more=""):
    """Serve a stage in this process, hooks installed."""
    port = free_port()
    with stage.config.open("a", encoding="utf-8") as file:
        file.write(f'\n[serve]\nport = {port}\nurl = "http://127.0.0.1:{port}"\n{more}')
    pause = Pause()
    with open_service(stage.config, Stepped(stage.world.clock.now), sleep=pause) as service:
        told = Serving(service, pause, host="127.0.0.1", port=port, token=token)
        HookKeeper(service).install("sandbox")
        told.start()
        until(lambda: told.door.started and told._runner.status()["sandbox"].sweeps)
        try:
            yield told
        finally:
            ended = told.stop()
    assert ended


def test_a_closing_is_undone_because_the_helpdesk_told_of_it(stage):
    with serving(stage, more="sweep_seconds = 86400\n") as told:
        ticket = stage.issues["early"]
        stage.world.edit(ticket, {}, AGENT, to_status=DONE)
        until(lambda: stage.world.find(ticket).status != DONE)
        until(lambda: not told.hooks._service.store.live.waiting("sandbox"))

        def page():
            return requests.get(f"{told.door.url}/metrics", timeout=LONG).text

        def shown():
            return dict(line.rsplit(" ", 1) for line in page().splitlines() if line[:1] != "#")

        # Counted once everything is written.
        until(lambda: float(shown()['ombud_event_moved_back_seconds_count{account="sandbox"}']))
        figures = shown()
        assert float(figures['ombud_moved_back_total{account="sandbox"}']) == 1
        assert float(figures['ombud_event_moved_back_seconds_count{account="sandbox"}']) == 1
        kept = 'ombud_hook_deliveries_total{account="sandbox",outcome="kept"}'
        assert float(figures[kept]) >= 1
        assert any(line.startswith("ombud_helpdesk_calls_total") for line in figures)
        # Tickets and people are no labels.
        assert ticket not in page().replace('le="1', "")
        assert AGENT not in page()
        assert requests.get(f"{told.door.url}/health/ready", timeout=LONG).json()["ready"] is True


def test_strangers_see_that_it_lives_and_nothing_else(stage):
    with serving(stage, token="opens-figures") as told:
        url = told.door.url

        def get(path, **headers):
            return requests.get(f"{url}{path}", headers=headers, timeout=LONG)

        assert get("/health/live", **FORWARDED).json() == {"live": True}
        assert get("/health/ready", **FORWARDED).json() == {"ready": True}
        nothing = get("/no/such/page", **FORWARDED)
        assert (nothing.status_code, nothing.content) == (404, b"")
        for path in (
            "/status",
            "/metrics",
            "/hooks",
            "/static/../app.py",
            "/c/sandbox/10001?k=guess",
        ):
            for headers in (
                FORWARDED,
                {"host": "ombud.example"},
                FORWARDED | {"authorization": "Bearer guess"},
            ):
                shown = get(path, **headers)
                assert (path, shown.status_code, shown.content) == (path, 404, b"")
                kept = {k: v for k, v in shown.headers.items() if k.lower() != "date"}
                same = {k: v for k, v in nothing.headers.items() if k.lower() != "date"}
                assert kept == same
        led = requests.get(url, headers=FORWARDED, timeout=LONG, allow_redirects=False)
        assert (led.status_code, led.headers["location"], led.content) == (303, "/signin", b"")
        opened = FORWARDED | {"authorization": "Bearer opens-figures"}
        assert "ombud_sweeps_total" in get("/metrics", **opened).text
        assert get("/health/ready", **opened).json()["accounts"]["sandbox"]["ready"] is True
        front = get("/status")
        assert "sandbox" in front.text
        assert front.headers["content-security-policy"].startswith("default-src 'self'; script-src")
        assert front.headers["x-content-type-options"] == "nosniff"
        assert front.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in front.headers["content-security-policy"]
        sheet = get("/static/ombud.css", **FORWARDED)
        assert (sheet.status_code, sheet.headers["content-type"]) == (
            200,
            "text/css; charset=utf-8",
        )


def test_an_account_that_nobody_looks_after_makes_it_not_ready(stage):
    with open_service(stage.config, SystemClock()) as other, other.store.lease("sandbox"):
        pause = Pause()
        with open_service(stage.config, SystemClock(), sleep=pause) as service:
            told = Serving(service, pause, host="127.0.0.1", port=0)
            told.start()
            until(lambda: told.door.started and told._runner.status()["sandbox"].why)
            answer = requests.get(f"{told.door.url}/health/ready", timeout=LONG)
            assert answer.status_code == 503
            assert "another process" in answer.json()["accounts"]["sandbox"]["why"]
            assert "another process" in requests.get(f"{told.door.url}/status", timeout=LONG).text
            assert told.stop()


@contextmanager
def program(config, *options):
    command = [sys.executable, "-c", "import cli; cli.main()", "--config", str(config), "serve"]
    with subprocess.Popen(
        [*command, *options],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_says_where_it_is_and_ends_cleanly_when_told(stage):
    with program(stage.config, "--port", "0", "--log-format", "json") as process:
        first, dashboard, code, last = (process.stdout.readline() for _ in range(4))
        assert first.startswith("Ombud serves sandbox at http://127.0.0.1:")
        url = first.split()[-1]
        assert dashboard == f"Dashboard: {url}/\n"
        assert code.startswith("Nobody can sign in yet.")
        assert "the sweep finds changes" in last
        until(lambda: raw(url, b"GET /health/live HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200"))
        assert raw(url, b"POST /hooks/hushhush HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 404 ")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=LONG)
        assert process.returncode == 0
        assert "Stopped. Nothing is lost" in err
        lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        assert {"unknown"} == {line["reason"] for line in lines if "reason" in line}
        assert "hushhush" not in out + err
        assert "Traceback" not in err


def test_what_keeps_it_from_starting_is_said_with_its_remedy(tmp_path, stage):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with program(stage.config, "--port", str(port)) as process:
            _, err = process.communicate(timeout=LONG)
        assert process.returncode == 2
        assert f"cannot listen at 127.0.0.1:{port}" in err
        assert "--port" in err
    with program(stage.config, "--host", "no.such.host.invalid") as process:
        _, err = process.communicate(timeout=LONG)
    assert process.returncode == 2
    assert "[serve] host" in err
    alone = tmp_path / "alone"
    alone.mkdir()
    config = jira_folder(alone, stage.server)
    told = (alone / ".env").read_text("utf-8")
    (alone / ".env").write_text(told.partition("SANDBOX_TOKEN")[0], "utf-8")
    with program(config, "--port", "0") as process:
        _, err = process.communicate(timeout=LONG)
    assert process.returncode == 2
    assert "SANDBOX_TOKEN" in err
