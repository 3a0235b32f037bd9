"""The tutorial "your first pack" runs as it stands, and shows what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/tutorial/your-first-pack.md").read_text("utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


def run(line: str, folder: Path) -> tuple[int, str, Path]:
    """Run one line as a reader would; gives exit code, what was said, and the folder it ends in."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OMBUD")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    done = subprocess.run(
        ["bash", "-c", f"{line}\ncode=$?; echo; pwd; exit $code"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said, _, place = done.stdout.rstrip("\n").rpartition("\n")
    return done.returncode, said + done.stderr, Path(place)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Run every command in order; gives what each said, by its line."""
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(ROOT / "examples/first_pack", folder / "examples/first_pack")
    said = {}
    for line in COMMANDS:
        expected = re.search(r"# ends with (\d)", line)
        code, text, folder = run(line, folder)
        assert code == (int(expected.group(1)) if expected else 0), f"{line}\n{text}"
        said[line.split("    #")[0]] = text
    return said


def test_every_command_ends_as_it_says(told):
    assert len(told) > 18


def test_it_shows_what_it_says(told):
    assert "8 complaints" in told["ombud import complaints.csv --mapping complaints.mapping.toml"]
    assert "No problems." in told["ombud packs lint house-rules"]
    assert "10      0      0          100.0%" in told["ombud packs test house-rules --mutate"]
    for block in re.findall(r"^```text\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            assert any(line in text for text in told.values()), line


def test_the_installed_pack_judges(told):
    checked = told["ombud check"]
    assert "respond.in_time" in checked
    assert "close.with_root_cause" in checked
    refused = told["ombud packs install five-days"]
    assert "SIGNATURE" in refused
    assert "is missing" in refused
