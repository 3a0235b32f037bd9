"""The container file and the systemd unit say what there is: paths, options, addresses."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

import cli  # noqa: TID251 (the options are read from the door itself)
from ombud.web.app import make_app
from ombud.web.serving import PATIENCE
from tests.benchmarks import desk
from tests.web_desk import listening

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def container():
    """Give the container file's instructions, its lines joined."""
    text = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line and line[0] not in "# "]
    return [(word, " ".join(told.split())) for word, told in lines]


def told(container, word):
    return [rest for name, rest in container if name == word]


def accepted(arguments):
    """Read a command line as the program would; raises where it would refuse it."""
    group = get_command(cli.app)
    context = group.make_context("ombud", list(arguments), resilient_parsing=False)
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    return name, context.params | command.make_context(name, rest, parent=context).params


def test_what_is_copied_is_there_and_nothing_is_forgotten(container):
    copied = [each.split()[:-1] for each in told(container, "COPY") if "--from" not in each]
    sources = {source for each in copied for source in each}
    assert [source for source in sources if not (ROOT / source).exists()] == []
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = {each.rstrip("*") for each in setup["tool"]["setuptools"]["packages"]["find"]["include"]}  # fmt: skip
    assert packages | {"cli.py", "pyproject.toml", "requirements/run.txt"} <= sources
    assert set(setup["project"]["license-files"]) | {setup["project"]["readme"]} <= sources
    ignored = (ROOT / ".containerignore").read_text("utf-8").split()
    assert not sources & set(ignored)


def test_pages_are_part_of_what_is_installed():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = setup["tool"]["setuptools"]["package-data"]["ombud.web"]
    kept = {file for each in patterns for file in (ROOT / "ombud/web").glob(each)}
    assert {file.name for file in kept} >= {"ombud.css", "closing.html", "status.html"}
    there = {file for file in (ROOT / "ombud/web").rglob("*") if file.suffix in {".html", ".css"}}
    assert there <= kept


def test_the_container_runs_as_nobody_special_and_asks_the_right_port(container, tmp_path):
    assert told(container, "USER")[-1] not in {"0", "root"}
    entry = json.loads(told(container, "ENTRYPOINT")[0])
    assert entry == ["ombud"]
    name, options = accepted(json.loads(told(container, "CMD")[0]))
    assert name == "serve"
    assert options["host"] == "0.0.0.0"
    assert told(container, "EXPOSE") == [str(options["port"])]
    volume = told(container, "VOLUME")[0]
    assert told(container, "WORKDIR")[-1] == volume
    assert f"OMBUD_CONFIG={volume}/ombud.toml" in " ".join(told(container, "ENV"))
    health = json.loads(told(container, "HEALTHCHECK")[0].partition("CMD ")[2])
    assert health[:2] == ["python", "-c"]
    assert f"127.0.0.1:{options['port']}" in health[2]
    with desk.service(tmp_path) as service:
        app = make_app(service, dict, {}, lambda _: None)
        with listening(app) as door:
            exec(re.sub(r"http://[\d.:]+", door.url, health[2]), {})


def test_the_unit_starts_what_there_is_and_waits_for_the_end():
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str
    unit.read(ROOT / "deploy/ombud.service", "utf-8")
    service = unit["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "ombud"
    name, options = accepted(arguments)
    assert name == "serve"
    folder = f"/etc/{service['ConfigurationDirectory']}"
    assert str(options["config"]) == f"{folder}/ombud.toml"
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert int(service["TimeoutStopSec"]) > PATIENCE
    assert service["Restart"] == "on-failure"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["User"] != "root"


def test_the_container_has_the_oldest_python_that_will_do(container):
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    version = re.search(r"python:(\d+)\.(\d+)-slim", told(container, "FROM")[-1])
    assert setup["project"]["requires-python"] == f">={version[1]}.{version[2]}"
    assert sys.version_info >= (int(version[1]), int(version[2]))
