"""A regulator's pack: every rule has its source, and what is not confirmed is off; a mapping without its data is told."""

from __future__ import annotations

import pytest

from policies.lint import Mapped, lint

PACK = """\
pack: law
version: 1.0.0
title: Law
authority: The Regulator
effective: {from: 2026-01-01}
vocabulary: {owner: {type: person, label: Owner}}
rules:
  - id: r.in_time
    title: In time
    sources: [{ref: "Rule 1", status: confirmed, verified: 2026-11-23}]
    severity: major
    deadline: {from: received, until: responded, within: [{hours: 24}]}
  - id: r.owned
    title: Owned
    clauses: [{standard: S, clause: "1"}]
    sources: [{ref: "Rule 2", status: unverified, verified: 2026-11-23}]
    severity: minor
    mode: "off"
    guard: {entering: closed, must: {present: owner}}
"""
EXAMPLES = """\
examples:
  - {rule: r.in_time, name: a, expect: pass, row: {received: "2026-06-01T09:00:00+02:00", responded: "2026-06-02T09:00:00+02:00"}}
  - {rule: r.in_time, name: b, expect: fail, row: {received: "2026-06-01T09:00:00+02:00", responded: "2026-06-02T09:00:01+02:00"}}
  - {rule: r.owned, name: a, expect: pass, row: {owner: ann}}
  - {rule: r.owned, name: b, expect: fail}
"""


@pytest.fixture
def told(tmp_path):
    def look(old: str = "", new: str = "", mapped: Mapped | None = None) -> list[str]:
        (tmp_path / "pack.yaml").write_text(PACK.replace(old, new) if old else PACK, "utf-8")
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "all.yaml").write_text(EXAMPLES, "utf-8")
        problems = lint(tmp_path, mapped)
        assert all(each.line and each.remedy for each in problems)
        return [f"{each.line}: {each.what}" for each in problems]

    return look


def test_a_pack_with_its_sources_is_clean(told) -> None:
    assert told() == []


@pytest.mark.parametrize(
    "old, new, what",
    [
        (
            '    sources: [{ref: "Rule 1", status: confirmed, verified: 2026-11-23}]\n',
            '    clauses: [{standard: S, clause: "1"}]\n',
            "8: r.in_time names no source for its figure",
        ),
        (
            '    sources: [{ref: "Rule 2", status: unverified, verified: 2026-11-23}]\n',
            "",
            "13: r.owned names no source",
        ),
        ('    mode: "off"\n', "", "13: r.owned rests on a source that is not confirmed, and is not off"),
        (
            '    mode: "off"\n',
            "    mode: observe\n",
            "18: r.owned rests on a source that is not confirmed, and is not off",
        ),
    ],
)  # fmt: skip
def test_what_nobody_vouches_for_is_told(told, old, new, what) -> None:
    assert told(old, new) == [what]


def test_an_organisations_own_pack_needs_no_sources(told) -> None:
    assert told("authority: The Regulator\n", "") == []


def test_rules_that_a_mapping_has_no_data_for_are_told(told) -> None:
    mapped = Mapped("acme.mapping.toml", frozenset({"received", "owner"}), frozenset({"received"}))
    assert told(mapped=mapped) == [
        "8: r.in_time can not be judged: acme.mapping.toml has no responded",
        "13: r.owned can not be judged: acme.mapping.toml has no stage closed",
    ]
