"""The page of a pack is generated from it: every rule with its sentence, sum, clauses, sources and examples."""

from __future__ import annotations

import pytest

from policies.reference import main, page

PACK = """\
pack: law
version: 2.0.0
title: Law
authority: The Regulator
effective: {from: 2026-04-01}
sources: [{standard: The Rulebook, status: confirmed, verified: 2026-11-23, note: read, url: "https://example.org/book"}]
vocabulary:
  severity: {type: choice, values: [low, high], ordered: true, label: Severity}
  owner: {type: person, label: Owner}
params: {days: {default: 5, minimum: 1, help: "days to answer | at most"}}
tracks:
  grave: {severity: high}
  standard: otherwise
rules:
  - id: r.in_time
    title: Answered in time
    clauses: [{standard: The Rulebook, clause: "1.2"}, {standard: "ISO 10002:2018", clause: "7.7"}]
    sources: [{ref: Rule 1.2, status: confirmed, verified: 2026-11-23, note: the figure, url: "https://example.org/1"}]
    severity: major
    tracks: [standard]
    deadline:
      from: received
      until: responded
      within: [{business_days: {param: days}}]
      pauses: [{waiting: complainant, cap: {business_days: 10}, source: Rule 1.3}]
      extension: {by: holding_sent, within: {business_days: 9}}
  - id: r.owned
    title: Owned
    clauses: [{standard: "ISO 10002:2018", clause: "7.3"}]
    sources: [{ref: Rule 2, status: unverified, verified: 2026-11-23}]
    severity: minor
    mode: "off"
    waivable: true
    guard: {entering: closed, must: {present: owner}}
measures: [{id: per_owner, title: Open by owner, cohort: open, per: owner}]
profiles: {starter: [r.in_time], strict: all}
"""
EXAMPLES = """\
examples:
  - {rule: r.owned, name: somebody owns it, expect: pass, row: {owner: ann}}
  - {rule: r.owned, name: nobody owns it, expect: fail}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "all.yaml").write_text(EXAMPLES, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "# Pack law: Law",
        "| [The Rulebook](https://example.org/book) | confirmed | 2026-11-23 | read |",
        "| `days` | 5 | 1 | days to answer \\| at most |",
        "| `grave` | severity is high | 0 |",
        "| `standard` | every other complaint | 1 |",
        "### r.in_time",
        "- Term: 5 business days",
        "- Does not count: waiting for complainant, at most 10 business days (Rule 1.3)",
        "- Extension: 9 business days from the start, by a holding notice before that",
        "- Clauses: The Rulebook 1.2; ISO 10002:2018 7.7",
        "- Source: [Rule 1.2](https://example.org/1), confirmed 2026-11-23. the figure",
        "- Major; at most flag; may not be waived; tracks standard; profiles starter, strict",
        "- Minor; switched off; may be waived; profiles strict",
        "- Passes: somebody owns it",
        "- Fails: nobody owns it",
        "| rule | The Rulebook | ISO 10002:2018 |",
        "| `r.in_time` | 1.2 | 7.7 |",
        "| `r.owned` |  | 7.3 |",
        "| `starter` | 1 | `r.in_time` |",
        "| `strict` | 2 | every rule |",
        "| `severity` | Severity | choice | low < high |",
    ],
)
def test_it_says_all_that_the_pack_says(folder, line) -> None:
    assert line in page(folder).splitlines()


def test_each_rule_stands_with_its_sentence(folder) -> None:
    text = page(folder)
    assert "**Owned.** Before a complaint is closed: owner is filled in." in text
    assert "`per_owner`" in text


def test_words_of_its_own_open_it(folder) -> None:
    (folder / "about.md").write_text("Who this is for.\n")
    assert page(folder).startswith("# Pack law: Law\n\nWho this is for.\n\nVersion 2.0.0")


def test_editions_are_listed_with_their_days_and_what_differs(folder) -> None:
    (folder / "editions").mkdir()
    old = PACK.replace("2.0.0", "1.0.0").replace("from: 2026-04-01", "from: 2020-01-01, to: 2026-03-31")  # fmt: skip
    (folder / "editions" / "old.yaml").write_text(old.replace("default: 5", "default: 8"))
    text = page(folder)
    assert "| 1.0.0 | 2020-01-01 | 2026-03-31 | Law | `r.in_time` |" in text
    assert "| 2.0.0 | 2026-04-01 | - | Law | - |" in text


def test_the_command_writes_it_and_tells_a_stale_one(folder, capsys) -> None:
    assert main([str(folder), "--check"]) == 1
    assert main([str(folder)]) == 0
    assert main([str(folder), "--check"]) == 0
    path = folder / "pack.yaml"
    path.write_text(path.read_text().replace("title: Owned", "title: Has an owner"))
    assert main([str(folder), "--check"]) == 1
    assert "Stale" in capsys.readouterr().out
    path.write_text("pack: x\n")
    assert main([str(folder), "--check"]) == 2
