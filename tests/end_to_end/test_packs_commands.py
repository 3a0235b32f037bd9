"""`ombud packs`: begin, lint, test, compare, sign, verify, install, as a person at a terminal does."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

import cli  # noqa: TID251 (the command line is what is tested)
from ombud.model.clock import SystemClock
from ombud.settings import load_settings
from policies.vocabulary import PackError
from sync.binding import bind
from sync.doctor import examine
from tests.desks import EXAMPLES, KEY


@pytest.fixture
def ombud(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words: str):
        return CliRunner().invoke(cli.app, list(words), env={"COLUMNS": "200"})

    return run


def test_a_new_pack_passes_lint_and_test(ombud, tmp_path) -> None:
    assert ombud("packs", "new", "house-rules", "--from", "2026-03-01").exit_code == 0
    assert {each.name for each in (tmp_path / "house-rules").iterdir()} == {"pack.yaml", "tests", "README.md"}  # fmt: skip
    assert ombud("packs", "lint", "house-rules").exit_code == 0
    done = ombud("packs", "test", "house-rules", "--mutate", "--format", "json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["failed"], told["covered"], told["alive"], told["score"]) == (0, "8/8", 0, "100.0%")  # fmt: skip


@pytest.mark.parametrize("name", ["House", "1st", "a/b", "..", "a b"])
def test_a_name_that_is_none_makes_no_folder(ombud, tmp_path, name) -> None:
    done = ombud("packs", "new", name)
    assert isinstance(done.exception, PackError)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(ombud, tmp_path) -> None:
    ombud("packs", "new", "house")
    before = (tmp_path / "house" / "pack.yaml").read_text()
    assert isinstance(ombud("packs", "new", "house").exception, PackError)
    assert (tmp_path / "house" / "pack.yaml").read_text() == before


def test_what_is_left_to_do_ends_with_one(ombud, tmp_path) -> None:
    ombud("packs", "new", "house")
    path = tmp_path / "house" / "tests" / "examples.yaml"
    path.write_text(path.read_text().replace("expect: not_applicable", "expect: pass"))
    done = ombud("packs", "test", "house")
    assert done.exit_code == 1
    assert "expected pass, got not_applicable" in done.output
    path.write_text(path.read_text().split("  - rule: close")[0])
    assert ombud("packs", "test", "house").exit_code == 1
    linted = ombud("packs", "lint", "house")
    assert linted.exit_code == 2
    assert "close.with_root_cause has no bad example" in linted.output


def test_test_asks_for_one_pack_or_all(ombud) -> None:
    assert ombud("packs", "test").exit_code == 2
    assert ombud("packs", "test", "iso10002", "--all").exit_code == 2


def test_lint_tells_what_a_mapping_lacks(ombud, tmp_path) -> None:
    ombud("packs", "new", "house")
    (tmp_path / "acme.mapping.toml").write_text('[stages]\n"1" = {stage = "received"}\n')
    done = ombud("packs", "lint", "house", "--mapping", "acme.mapping.toml")
    assert done.exit_code == 2
    assert "close.with_root_cause can not be judged" in done.output
    assert "stage closed" in done.output


def test_diff_without_a_configuration_compares_the_rules(ombud, tmp_path) -> None:
    ombud("packs", "new", "one")
    ombud("packs", "new", "two")
    path = tmp_path / "two" / "pack.yaml"
    path.write_text(path.read_text().replace("severity: minor", "severity: major"))
    done = ombud("packs", "diff", "one", "two", "--format", "json")
    assert done.exit_code == 0
    (told,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (told["what"], told["change"]) == ("close.with_root_cause", "changed")


def test_sign_verify_and_install(ombud, tmp_path) -> None:
    for words in (
        ("packs", "new", "house"),
        ("packs", "keygen", "me"),
        ("packs", "sign", "house", "--key", "me.key", "--out", "h.ombudpack"),
        ("packs", "verify", "h.ombudpack", "--trust", "me.pub"),
        ("packs", "install", "h.ombudpack"),
    ):
        done = ombud(*words)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "packs" / "house" / "SIGNATURE").is_file()
    again = ombud("packs", "install", "h.ombudpack")
    assert "is installed already" in again.output
    path = tmp_path / "packs" / "house" / "pack.yaml"
    path.write_text(path.read_text() + "# touched\n")
    assert isinstance(ombud("packs", "verify", "packs/house").exception, PackError)


def test_signing_the_same_folder_twice_gives_the_same_archive(ombud, tmp_path) -> None:
    ombud("packs", "new", "house")
    ombud("packs", "keygen", "me")
    for name in ("a", "b"):
        ombud("packs", "sign", "house", "--key", "me.key", "--out", name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_trust_root_in_the_configuration_counts(ombud, tmp_path) -> None:
    ombud("packs", "new", "house")
    ombud("packs", "keygen", "me")
    ombud("packs", "keygen", "other")
    (tmp_path / "ombud.toml").write_text('[trust]\nkeys = ["me.pub"]\n')
    ombud("packs", "sign", "house", "--key", "other.key", "--out", "other.ombudpack")
    for source in ("house", "other.ombudpack"):
        assert isinstance(ombud("packs", "install", source).exception, PackError)
    assert not (tmp_path / "packs" / "house").exists()
    ombud("packs", "sign", "house", "--key", "me.key", "--out", "mine.ombudpack")
    assert ombud("packs", "install", "mine.ombudpack").exit_code == 0


def test_doctor_tells_an_installed_pack_that_was_touched(ombud, tmp_path) -> None:
    shutil.copytree(EXAMPLES / "first_pack", tmp_path, dirs_exist_ok=True)
    (tmp_path / ".env").write_text(f"OMBUD_KEY={KEY}\n", "utf-8")
    config = tmp_path / "ombud.toml"
    text = config.read_text().replace('"iso10002"', '"house"').replace('"starter"', '"standard"')
    ombud("packs", "keygen", "me")
    config.write_text(f'{text}\n[trust]\nkeys = ["me.pub"]\n')
    ombud("packs", "new", "house")
    for version in ("0.1.0", "0.2.0"):
        path = tmp_path / "house" / "pack.yaml"
        path.write_text(path.read_text().replace("version: 0.1.0", f"version: {version}"))
        ombud("packs", "sign", "house", "--key", "me.key", "--out", "h.ombudpack")
        assert ombud("packs", "install", "h.ombudpack").exit_code == 0
    told = {each.name: each for each in examine(config, SystemClock())}
    assert told["Binding complaints"].ok
    assert "Pack house" not in told
    path = tmp_path / "packs" / "house" / "pack.yaml"
    path.write_text(path.read_text().replace("default: 5", "default: 50"))
    told = {each.name: each for each in examine(config, SystemClock())}
    assert told["Binding complaints"].ok
    assert told["Pack house"].ok is False
    assert "The last good one is in force" in told["Pack house"].why
    (bound,) = (bind(load_settings(config), each) for each in load_settings(config).bindings)
    assert (bound.pack.version, bound.pack.params["respond_business_days"]) == ("0.1.0", 5)
