"""A pack laid over another adds to it, and says where its own errors are."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.load import PACKS, load_pack
from policies.vocabulary import PackError

OVERLAY = """\
pack: ours
version: 0.1.0
title: Ours
base: iso10002
effective: {from: 2026-01-01}
loosen: [{rule: track.owner, reason: our desk gives owners with the acknowledgement}]
vocabulary:
  branch: {type: choice, values: [north, south], label: Branch}
params:
  respond_business_days: {default: 7, minimum: 1, help: ours}
rules:
  - id: ours.branch
    title: The branch is known
    clauses: [{standard: House rules, clause: "1"}]
    severity: minor
    guard: {entering: closed, must: {present: branch}}
  - id: track.owner
    title: An owner from the start
    clauses: [{standard: House rules, clause: "2"}]
    severity: major
    guard: {entering: acknowledged, must: {present: owner}}
profiles:
  lean: [ours.branch, track.owner, respond.in_time]
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "ours.yaml"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def test_an_overlay_adds_and_replaces(write) -> None:
    base, pack = load_pack("iso10002"), load_pack(write(OVERLAY))
    assert len(pack.rules) == len(base.rules) + 1
    assert {"branch", "severity"} <= set(pack.vocabulary)
    rules = {rule.id: rule for rule in pack.configured({}, "lean").rules}
    assert set(rules) == {"ours.branch", "track.owner", "respond.in_time"}
    assert rules["track.owner"].body.entering == "acknowledged"
    assert rules["respond.in_time"].body.terms[-1][1].amount == 7
    assert set(pack.profiles) == {"lean", "starter", "standard", "strict"}
    assert "ours.branch" in pack.profiles["strict"]
    assert pack.base == "iso10002"
    assert pack.digest != base.digest


def test_an_error_of_the_overlay_is_told_in_its_file(write) -> None:
    path = write(OVERLAY.replace("{present: branch}", "{present: brnch}"))
    with pytest.raises(PackError) as caught:
        load_pack(path)
    (found,) = caught.value.problems
    assert (found.file, found.line, found.where) == (
        str(path),
        16,
        "rules[ours.branch].guard.must.present",
    )


def test_an_overlay_that_breaks_a_rule_below_is_told_where_that_rule_stands(write) -> None:
    text = OVERLAY.replace(
        "  branch:", "  severity: {type: choice, values: [low, high], label: Severity}\n  branch:"
    )
    with pytest.raises(PackError) as caught:
        load_pack(write(text))
    assert {Path(found.file).resolve() for found in caught.value.problems} == {
        PACKS / "iso10002" / "pack.yaml"
    }
    assert all('"critical" is no value' in found.what for found in caught.value.problems)


def test_overlays_that_go_round_are_told_with_their_chain(write) -> None:
    write(OVERLAY.replace("base: iso10002", "base: second.yaml"), "first.yaml")
    write(OVERLAY.replace("base: iso10002", "base: third.yaml"), "second.yaml")
    path = write(OVERLAY.replace("base: iso10002", "base: first.yaml"), "third.yaml")
    with pytest.raises(PackError) as caught:
        load_pack(path)
    (found,) = caught.value.problems
    assert "third.yaml → first.yaml → second.yaml → third.yaml" in found.what
    assert (found.line, found.where) == (4, "base")


def test_an_overlay_of_itself_goes_round_too(write) -> None:
    path = write(OVERLAY.replace("base: iso10002", "base: ours.yaml"))
    with pytest.raises(PackError, match=r"ours\.yaml → ours\.yaml"):
        load_pack(path)


def test_a_base_that_is_not_there_is_told_in_the_overlay(write) -> None:
    path = write(OVERLAY.replace("base: iso10002", "base: iso1002"))
    with pytest.raises(PackError) as caught:
        load_pack(path)
    (found,) = caught.value.problems
    assert (found.file, found.line) == (str(path), 4)
    assert 'Write "iso10002"' in found.remedy


def test_a_folder_with_a_pack_file_will_do(tmp_path) -> None:
    (tmp_path / "pack.yaml").write_text(OVERLAY, "utf-8")
    assert load_pack(tmp_path).id == "ours"
