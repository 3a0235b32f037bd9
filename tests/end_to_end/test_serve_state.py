"""What the process says of itself when something is wrong, where the dashboard comes in, and a stop that is held up."""

from __future__ import annotations

import threading

import pytest
import requests
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from connectors.errors import HelpdeskError
from ombud.commands import USAGE
from ombud.store import Hint, StoreError
from ombud.web import serving
from ombud.web.app import make_app
from ombud.web.serving import Pause, Serving
from sync.live import runner
from sync.live.pulse import Pulse
from sync.service import open_service
from tests.benchmarks import desk
from tests.desks import Stepped
from tests.faults.stage import Stage
from tests.stores import ref
from tests.web_desk import LONG, listening, until


@pytest.fixture
def service(tmp_path):
    with desk.service(tmp_path) as service:
        yield service


def app_of(service, pulse, **told):
    return make_app(service, dict, {"sandbox": pulse}, lambda _: None, **told)


def get(door, path):
    return requests.get(f"{door.url}{path}", timeout=LONG)


def figures(door):
    text = get(door, "/metrics").text
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_what_waits_is_counted_by_account(service):
    pulse = Pulse("sandbox", held=True, last_sweep=service.now() - 5_000_000)
    service.store.live.put_hints([Hint(ref("7", "sandbox"), "d", service.now())])
    with listening(app_of(service, pulse)) as door:
        told = figures(door)
        assert told['ombud_hints_waiting{account="sandbox"}'] == "1.0"
        assert told['ombud_outbox_waiting{account="sandbox"}'] == "0.0"
        assert told['ombud_sweep_age_seconds{account="sandbox"}'] == "5.0"
        for spans, name in (
            (pulse.on_settled, "ombud_hint_settled_seconds"),
            (pulse.on_moved_back, "ombud_event_moved_back_seconds"),
        ):
            for tell in spans:
                tell(1_500_000)
            assert figures(door)[f'{name}_sum{{account="sandbox"}}'] == "1.5"
        front = get(door, "/status").text
        assert '<td data-label="Hints waiting" class="number">1</td>' in front
        assert "No census yet of sandbox" in front


def test_a_database_that_does_not_answer_is_said(service, monkeypatch):
    pulse = Pulse("sandbox", held=True, last_sweep=service.now())

    def broken(*_):
        raise StoreError("ombud.db: the disk is full")

    with listening(app_of(service, pulse)) as door:
        assert get(door, "/health/ready").status_code == 200
        assert figures(door)["ombud_database_up"] == "1.0"
        monkeypatch.setattr(type(service.store.live), "backlog", broken)
        monkeypatch.setattr(type(service.store), "stopped", broken)
        answer = get(door, "/health/ready")
        assert (answer.status_code, answer.json()["database"]) == (
            503,
            "ombud.db: the disk is full",
        )
        assert figures(door)["ombud_database_up"] == "0.0"
        assert get(door, "/status").status_code == 503
        assert "the disk is full" in get(door, "/status").text
        assert get(door, "/health/live").status_code == 200


@pytest.mark.parametrize(
    "told, ready, why",
    [
        ({"held": False}, False, "not begun yet"),
        ({"held": True, "last_sweep": 0}, False, "its sweep is late"),
        # A helpdesk that is down is no reason to start this process anew.
        ({"held": True, "last_sweep": 0, "resting": 4_000_000_000_000_000, "why": "helpdesk busy"}, True, "helpdesk busy"),
        ({"held": True}, True, "no hook: the sweep alone finds changes"),
    ],
)  # fmt: skip
def test_an_account_says_how_it_fares(service, told, ready, why):
    with listening(app_of(service, Pulse("sandbox", **told))) as door:
        answer = get(door, "/health/ready").json()["accounts"]["sandbox"]
        assert (answer["ready"], answer["why"]) == (ready, why)


def test_the_dashboard_comes_in_beside_it(service):
    route = Route("/", lambda _: PlainTextResponse("the dashboard"))
    with listening(app_of(service, Pulse("sandbox"), mounts=[route])) as door:
        answer = get(door, "/")
        assert answer.text == "the dashboard"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_helpdesk_that_does_not_answer_does_not_hold_the_stop(tmp_path, monkeypatch):
    begun, free = threading.Event(), threading.Event()

    def sweep(_desk):
        begun.set()
        assert free.wait(LONG)

    monkeypatch.setattr("sync.live.desk.Desk.sweep", sweep)
    monkeypatch.setattr(serving, "PATIENCE", 0.2)
    monkeypatch.setattr(runner, "PATIENCE", 0.5)
    stage = Stage(tmp_path)
    pause = Pause()
    with open_service(stage.config, Stepped(stage.world.clock.now), sleep=pause) as service:
        told = Serving(service, pause, host="127.0.0.1", port=0)
        told.start()
        assert begun.wait(LONG)
        assert told.stop() is False
        free.set()
        ours = ("sandbox line", "sandbox sweep", "sandbox worker")
        until(lambda: not any(t.name.startswith(ours) for t in threading.enumerate()))
    stage.stop()


def test_waiting_for_a_helpdesk_ends_when_everything_stops():
    pause = Pause()
    pause(0)
    failed = []

    def wait():
        try:
            pause(3600)
        except HelpdeskError as error:
            failed.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    pause.stopping.set()
    waiting.join(LONG)
    assert not waiting.is_alive()
    assert failed


def test_an_account_of_a_file_alone_is_nothing_to_serve(tmp_path, monkeypatch, capsys):
    from typer.testing import CliRunner

    import cli  # noqa: TID251 (as it is called)

    service = desk.service(tmp_path)
    service.store.close()
    config = tmp_path / "ombud.toml"
    told = config.read_text("utf-8").replace('vendor = "jira"', 'vendor = "file"')
    config.write_text(told, "utf-8")
    ran = CliRunner().invoke(cli.app, ["--config", str(config), "serve", "--port", "0"])
    assert ran.exit_code == USAGE
    assert "no account of a helpdesk" in ran.output
