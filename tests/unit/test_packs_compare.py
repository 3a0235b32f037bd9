"""Two packs side by side: what one asks otherwise, and which stored complaints fare otherwise."""

from __future__ import annotations

import shutil

import pytest

from ombud.model.clock import SystemClock
from policies.compare import differences
from policies.load import load_pack
from policies.scaffold import begin
from sync.compare import compare_history
from sync.service import open_service
from tests.desks import EXAMPLES, KEY


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLES / "first_pack", folder)
    (folder / ".env").write_text(f"OMBUD_KEY={KEY}\n", "utf-8")
    with open_service(folder / "ombud.toml", SystemClock()) as service:
        service.import_log(folder / "complaints.csv", folder / "complaints.mapping.toml")
    return folder


@pytest.fixture
def packs(tmp_path):
    one = begin("one", tmp_path, "2026-01-01")
    other = begin("two", tmp_path, "2026-01-01")

    def change(*changes: tuple[str, str]):
        path = other / "pack.yaml"
        text = (
            path.read_text("utf-8")
            .replace("pack: two", "pack: one")
            .replace("title: Two", "title: One")
        )
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
        return one, other

    return change


def told(one, other) -> set[tuple[str, str]]:
    return {(each.name, each.kind) for each in differences(load_pack(one), load_pack(other))}


def test_the_same_pack_has_no_differences(packs) -> None:
    one, other = packs()
    assert told(one, one) == told(one, other) == set()


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("default: 5", "default: 3", {("respond.in_time", "changed"), ("param respond_business_days", "changed")}),
        ("severity: minor", "severity: major", {("close.with_root_cause", "changed")}),
        ("{severity: high}", "{severity: low}", {("close.with_root_cause", "changed")}),
        ("id: close.with_root_cause", "id: close.with_cause", {("close.with_root_cause", "removed"), ("close.with_cause", "added"), ("profile standard", "changed")}),
        ("from: 2026-01-01", "from: 2026-02-01", {("effective", "changed")}),
    ],
)  # fmt: skip
def test_each_difference_is_told_once(packs, old, new, expected) -> None:
    assert told(*packs((old, new))) == expected


def test_what_a_sentence_leaves_out_is_told_all_the_same(packs) -> None:
    one, other = packs(("until: responded,", "until: responded, as_of: first,"))
    (found,) = differences(load_pack(one), load_pack(other))
    assert found.before != found.after


def history(desk, one, other) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    with open_service(desk / "ombud.toml", SystemClock()) as service:
        (bound,) = service.bounds
        for each in compare_history(
            service.settings, service.elsewhere, service.store, bound, (f"{one}/pack.yaml", f"{other}/pack.yaml"), service.now()
        ):  # fmt: skip
            found.setdefault((each.rule, each.change), set()).add(each.key)
    return found


def test_complaints_that_fare_otherwise_are_listed_by_rule(packs, desk) -> None:
    # By hand from the log: C-6 took five business days; C-2 and C-5 took seven, C-8 has no answer.
    one, other = packs(
        ("default: 5", "default: 3"), ("{present: root_cause}", "{present: severity}")
    )
    assert history(desk, one, other) == {
        ("respond.in_time", "newly failing"): {"C-6"},
        ("close.with_root_cause", "newly passing"): {"C-2"},
    }
    assert history(desk, other, one) == {
        ("respond.in_time", "newly passing"): {"C-6"},
        ("close.with_root_cause", "newly failing"): {"C-2"},
    }


def test_a_rule_that_only_one_pack_has_fails_newly(packs, desk) -> None:
    one, other = packs(("id: close.with_root_cause", "id: close.with_cause"))
    assert history(desk, one, other) == {
        ("close.with_cause", "newly failing"): {"C-2", "C-7"},
        ("close.with_root_cause", "newly passing"): {"C-2", "C-7"},
    }
