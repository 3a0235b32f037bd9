"""Lint finds what loading lets pass; examples that do not come out are told with their place."""

from __future__ import annotations

import pytest

from policies.examples import run_examples
from policies.lint import lint
from policies.vocabulary import PackError

PACK = """\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  owner: {type: person, label: Owner}
  attempts: {type: number, label: Attempts}
params:
  days: {default: 2, minimum: 1, help: days}
rules:
  - id: a.owned
    title: Owned
    clauses: [{standard: S, clause: "1"}]
    severity: minor
    guard: {entering: closed, must: {all: [{present: owner}, {attempts: {at_least: 1}}]}}
  - id: a.fast
    title: Fast
    clauses: [{standard: S, clause: "2"}]
    severity: minor
    deadline: {from: received, until: responded, within: [{business_days: {param: days}}]}
"""
EXAMPLES = """\
examples:
  - {rule: a.owned, name: good, expect: pass, row: {owner: ann, attempts: 1}}
  - {rule: a.owned, name: bad, expect: fail, row: {attempts: 1}}
  - rule: a.fast
    name: good
    expect: pass
    row: {received: "2026-10-05T09:00:00+02:00", responded: "2026-10-07T17:00:00+02:00"}
    due: "2026-10-07T17:00:00+02:00"
  - rule: a.fast
    name: bad
    expect: fail
    row: {received: "2026-10-05T09:00:00+02:00", responded: "2026-10-07T17:00:01+02:00"}
"""


@pytest.fixture
def pack(tmp_path):
    def write(pack: str = PACK, examples: str | None = EXAMPLES):
        path = tmp_path / "pack.yaml"
        path.write_text(pack, "utf-8")
        if examples is not None:
            (tmp_path / "tests").mkdir(exist_ok=True)
            (tmp_path / "tests" / "all.yaml").write_text(examples, "utf-8")
        return path

    return write


def test_a_pack_with_examples_is_clean(pack) -> None:
    path = pack()
    assert lint(path) == ()
    assert [outcome.ok for outcome in run_examples(path)] == [True] * 4


@pytest.mark.parametrize(
    "change, line, what",
    [
        (
            ("expect: fail, row: {attempts", "expect: unknown, row: {attempts"),
            11,
            "a.owned has no bad example",
        ),
        (("expect: pass, row", "expect: fail, row"), 11, "a.owned has no good example"),
    ],
)
def test_a_rule_without_a_good_or_a_bad_example_is_told(pack, change, line, what) -> None:
    (found,) = lint(pack(examples=EXAMPLES.replace(*change)))
    assert (found.line, found.what) == (line, what)
    assert "tests/" in found.remedy


def test_without_examples_every_rule_lacks_both(pack) -> None:
    assert len(lint(pack(examples=None))) == 4


@pytest.mark.parametrize(
    "change, line, what",
    [
        (
            ("  attempts:", "  unread: {type: text, label: Unread}\n  attempts:"),
            7,
            'no rule reads the field "unread"',
        ),
        (
            ("  days:", "  spare: {default: 1, help: x}\n  days:"),
            9,
            'no rule uses the parameter "spare"',
        ),
        ((", help: days", ""), 9, 'the parameter "days" says nothing of itself'),
        (('    clauses: [{standard: S, clause: "1"}]\n', ""), 11, "a.owned names no clause"),
        (("label: Owner", f"label: {'very long name ' * 18}"), 11, "a.owned takes a sentence of"),
    ],
)
def test_what_loading_lets_pass_is_told(pack, change, line, what) -> None:
    (found,) = lint(pack(PACK.replace(*change)))
    assert found.line == line
    assert what in found.what


def test_a_pack_that_does_not_load_is_told_like_the_rest(pack) -> None:
    (found,) = lint(pack(PACK.replace("{present: owner}", "{present: ownr}")))
    assert '"ownr" is neither' in found.what


def test_an_example_that_does_not_come_out_is_told_with_its_place(pack) -> None:
    path = pack(
        examples=EXAMPLES.replace("expect: pass, row: {owner: ann, ", "expect: pass, row: {")
    )
    first, *others = run_examples(path)
    assert not first.ok
    assert str(first).endswith("tests/all.yaml:2:5: a.owned, good: expected pass, got fail")
    assert all(other.ok for other in others)


def test_an_example_due_at_another_time_does_not_come_out(pack) -> None:
    path = pack(
        examples=EXAMPLES.replace(
            'due: "2026-10-07T17:00:00+02:00"', 'due: "2026-10-07T18:00:00+02:00"'
        )
    )
    (found,) = [outcome for outcome in run_examples(path) if not outcome.ok]
    assert "expected due 2026-10-07T16:00:00Z, got 2026-10-07T15:00:00Z" in str(found)


@pytest.mark.parametrize(
    "change, what",
    [
        (("rule: a.owned", "rule: a.ownd"), 'there is no rule "a.ownd"'),
        (("{owner: ann,", "{ownr: ann,"), '"ownr" is neither a field nor a milestone'),
        (("attempts: 1}}", "attempts: one}}"), "asks for number"),
        (("{owner: ann,", "{owner: 3,"), "asks for person"),
        (("17:00:01+02:00", "17:00:01"), "is no time with a zone"),
        (("expect: pass, row", "expect: passes, row"), '"passes" is not allowed'),
        (("examples:", 'calendar: {zone: Nowhere/Land, week: {mon: ["09:00-17:00"]}}\nexamples:'), "is no calendar"),
        (("examples:", 'calendar: {zone: UTC, week: {monday: ["09:00-17:00"]}}\nexamples:'), "is no calendar"),
    ],
)  # fmt: skip
def test_a_wrong_example_is_told_with_its_place(pack, change, what) -> None:
    path = pack(examples=EXAMPLES.replace(*change, 1))
    with pytest.raises(PackError) as caught:
        run_examples(path)
    assert what in str(caught.value)
    assert all(problem.line for problem in caught.value.problems)
    assert lint(path) == caught.value.problems


def test_an_overlay_is_tried_against_the_examples_below_it(tmp_path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(
        "pack: ours\nversion: 1.0.0\ntitle: Ours\nbase: iso10002\neffective: {from: 2026-01-01}\n"
        "params: {acknowledge_business_days: {default: 3, minimum: 1, help: ours}}\n",
        "utf-8",
    )
    assert lint(path) == lint("iso10002")
    wrong = {outcome.example.rule for outcome in run_examples(path) if not outcome.ok}
    assert wrong == {"acknowledge.in_time"}
