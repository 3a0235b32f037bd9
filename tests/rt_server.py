"""A real Request Tracker 5 for the tests that ask for one, shared by all of a run's processes."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

START = Path(__file__).resolve().parent.parent / "scripts" / "start-rt.sh"


@dataclass(frozen=True, slots=True)
class RtServer:
    """A running server: its address, the folder of its files, and a token for each person."""

    url: str
    folder: Path
    tokens: dict[str, str]

    @property
    def rest(self) -> str:
        """Give the address of REST 2.0."""
        return f"{self.url}/REST/2.0"

    def headers(self, person: str = "ombud") -> dict[str, str]:
        """Give what a request of this person carries: root, agent1, agent2, ombud or readonly."""
        return {"Authorization": f"token {self.tokens[person]}"}

    @property
    def mail(self) -> str:
        """Give all mail that the server has sent so far."""
        box = self.folder / "mail.mbox"
        return box.read_text(errors="replace") if box.exists() else ""


@contextmanager
def _counted(folder: Path):
    """Hold the lock on the number of processes that use the server; what is changed is kept."""
    with (folder / "users.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        count = json.loads(file.read() or "[0]")
        yield count
        file.seek(0)
        file.truncate()
        json.dump(count, file)
        file.flush()


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(START), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def lacking() -> str:
    """Say what this machine lacks for a Request Tracker; "" where nothing."""
    asked = _run("demands")
    return asked.stderr.strip() if asked.returncode else ""


def start(folder: Path) -> RtServer:
    """Start a server with a complaints desk in a folder, or find the one that runs there."""
    started = _run("start", "--dir", str(folder))
    if started.returncode:
        raise RuntimeError(started.stderr)
    said = dict(line.split("=", 1) for line in started.stdout.splitlines())
    tokens = {
        name.removeprefix("RT_TOKEN_").lower(): token
        for name, token in said.items()
        if name.startswith("RT_TOKEN_")
    }
    return RtServer(said["RT_URL"], folder, tokens)


def stop(folder: Path) -> None:
    """Stop the server that runs in a folder."""
    _run("stop", "--dir", str(folder))


@pytest.fixture(scope="session")
def _rt_server(tmp_path_factory):
    """Start a real Request Tracker with a complaints desk; it stops with the last process of the run."""
    if lacks := lacking():
        pytest.skip(lacks)
    base = tmp_path_factory.getbasetemp()
    # Under xdist each worker has a folder of its own inside the run's.
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = run / "request-tracker"
    folder.mkdir(exist_ok=True)
    with _counted(folder) as count:
        server = start(folder)
        count[0] += 1
    yield server
    with _counted(folder) as count:
        count[0] -= 1
        if count[0] == 0:
            stop(folder)


@pytest.fixture
def rt_server(_rt_server):
    """Give the server to one test at a time: they all watch the same feed of changes."""
    with (_rt_server.folder / "in-use").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield _rt_server
