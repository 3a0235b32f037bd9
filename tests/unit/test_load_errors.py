"""Every error of a pack names file, line, column, key, what is wrong and the remedy; all at once."""

from __future__ import annotations

import pytest

from policies.load import load_pack
from policies.vocabulary import PackError

HEAD = """\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  severity: {type: choice, values: [low, high], ordered: true, label: Severity}
  colour: {type: choice, values: [red, blue], label: Colour}
  owner: {type: person, label: Owner}
  attempts: {type: number, label: Attempts}
  urgent: {type: flag, label: Urgent}
  seen: {type: instant, label: Seen}
params:
  days: {default: 2, minimum: 1, help: days}
rules:
"""
GOOD = "  - {id: a.good, title: Good, severity: minor, guard: {must: {present: owner}}}\n"
#: Line of the first rule.
FIRST = HEAD.count("\n") + 1


def rule(body: str) -> str:
    return f"{HEAD}  - id: a.b\n    title: T\n    severity: minor\n    {body}\n{GOOD}"


@pytest.fixture
def problems(tmp_path):
    def load(text: str | bytes) -> list:
        path = tmp_path / "pack.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        with pytest.raises(PackError) as caught:
            load_pack(path)
        for problem in caught.value.problems:
            assert problem.file == str(path)
            assert problem.what
            assert problem.remedy
        return list(caught.value.problems)

    return load


def test_the_pack_the_others_are_broken_from_loads(tmp_path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(HEAD + GOOD)
    assert [rule.id for rule in load_pack(path).rules] == ["a.good"]


@pytest.mark.parametrize(
    "body, column, where, what, remedy",
    [
        ("guard: {must: {present: ownr}}", 20, "guard.must.present", '"ownr" is neither a field nor a milestone', 'Write "owner"'),
        ("guard: {must: {ownr: x}}", 20, "guard.must.ownr", '"ownr" is neither', 'Write "owner"'),
        ("guard: {must: {severity: hihg}}", 20, "guard.must.severity", '"hihg" is no value of "severity"', 'Write "high"'),
        ("guard: {must: {severity: {in: [low, hihg]}}}", 41, "guard.must.severity.in[1]", '"hihg" is no value', 'Write "high"'),
        ("guard: {must: {colour: {at_least: red}}}", 29, "guard.must.colour.at_least", "no order", '"in"'),
        ("guard: {must: {owner: {at_most: ann}}}", 28, "guard.must.owner.at_most", "no order", '"in"'),
        ("guard: {must: {attempts: two}}", 20, "guard.must.attempts", "is a number", "without quotes"),
        ("guard: {must: {attempts: {at_least: '2'}}}", 31, "guard.must.attempts.at_least", "is a number", "without quotes"),
        ("guard: {must: {colour: yes}}", 20, "guard.must.colour", "is text", "quotes"),
        ("guard: {must: {urgent: maybe}}", 20, "guard.must.urgent", "is a flag", '"yes" or "no"'),
        ("guard: {must: {seen: {at_least: 2026-01-01T00:00:00}}}", 27, "guard.must.seen.at_least", "is an instant", "with its zone"),
        ("guard: {must: {owner: {same_as: severity}}}", 28, "guard.must.owner.same_as", "can not be compared", "same type"),
        ("guard: {must: {owner: {differs_from: owner}}}", 28, "guard.must.owner.differs_from", "can not be compared", "another field"),
        ("guard: {must: {attempts: {at_least: {param: dayz}}}}", 42, "guard.must.attempts.at_least.param", 'no parameter "dayz"', 'Write "days"'),
        ("guard: {must: {severity: {in: {param: days}}}}", 31, "guard.must.severity.in", '"in" asks for a list', "[one"),
        ("guard: {entering: closd, must: {present: owner}}", 13, "guard.entering", '"closd" is no stage', 'Write "closed"'),
        ("guard: {must: {severity: {is: low}}}", 31, "guard.must.severity.is", '"is" is not known here', ""),
        ("guard: {must: {severity: {in: [low], not: high}}}", 20, "guard.must.severity", "exactly one of", "Keep one"),
        ("guard: {must: {severity: [low]}}", 20, "guard.must.severity", "neither a value nor a comparison", "for instance"),
        ("guard: {must: [a]}", 13, "guard.must", "is no condition", "{present: owner}"),
        ("guard: {must: {all: []}}", 20, "guard.must.all", "is empty", "Fill it in"),
        ("guard: {must: {severity: low, owner: x}}", 13, "guard.must", "is longer than 1", ""),
        ("guard: {must: {present: owner}, whn: {present: owner}}", 37, "guard.whn", '"whn" is not known here', 'Write "when"'),
        ("guard: {when: {present: owner}}", 5, "guard", '"must" is missing', "Add it"),
        ("deadline: {from: recieved, until: closed, within: [{hours: 1}]}", 16, "deadline.from", '"recieved" is no milestone', 'Write "received"'),
        ("deadline: {from: closed, until: closed, within: [{hours: 1}]}", 30, "deadline.until", "same milestone", "another"),
        ("deadline: {from: received, until: closed, within: [{when: {severity: low}, hours: 1}]}", 47, "deadline.within", "ends with a condition", 'without "when"'),
        ("deadline: {from: received, until: closed, within: [{hours: 1}, {hours: 2}]}", 56, "deadline.within[0]", "hides those after it", "end"),
        ("deadline: {from: received, until: closed, within: [{hours: 0}]}", 57, "deadline.within[0].hours", "above 0", "instance"),
        ("deadline: {from: received, until: closed, within: [{business_days: 1.5}]}", 57, "deadline.within[0].business_days", "whole", "hours"),
        ("deadline: {from: received, until: closed, within: [{quarters: 1}]}", 57, "deadline.within[0].quarters", '"quarters" is not known here', ""),
        ("deadline: {from: received, until: closed, within: [{hours: 1, roll: next}]}", 56, "deadline.within[0]", "no days to count", "Remove"),
        ("deadline: {from: received, until: closed, within: [{weeks: 1, ends: close}]}", 67, "deadline.within[0].ends", "no close of business", "roll: next"),
        ("deadline: {from: received, until: closed, within: [{any_of: [{hours: 1}]}]}", 57, "deadline.within[0].any_of", "is empty", ""),
        ("deadline: {from: received, until: closed, within: [{when: {present: responded}, agreed: owner}, {hours: 1}]}", 85, "deadline.within[0].agreed", "no field that holds an instant", "instant"),
        ("deadline: {from: received, until: closed, within: [{hours: 1}], pauses: [{stage: waiting}]}", 78, "deadline.pauses[0]", '"waiting" is no stage', ""),
        ("deadline: {from: received, until: closed, within: [{hours: 1}], pauses: [{waiting: complainant, stage: closed}]}", 78, "deadline.pauses[0]", "exactly one of waiting, stage, while", "Keep one"),
        ("deadline: {from: received, until: closed, within: [{hours: 1}], pauses: [{waiting: complainant, cap: none}]}", 101, "deadline.pauses[0].cap", "", ""),
        ("sequence: {entering: closed, stages: [acknowledged, acknowledged]}", 34, "sequence.stages", "twice", "Remove"),
        ("integrity: {fields: [owner], reason: owner}", 34, "integrity.reason", "is watched itself", "another"),
        ("invariant: {must: {owner: {after: received}}}", 32, "invariant.must.owner.after", '"owner" is no instant', ""),
        ("tracks: [serious]\n    guard: {must: {present: owner}}", 14, "tracks[0]", 'there is no track "serious"', ""),
        ("deadline: {from: received, until: closed, within: [{hours: 1, weeks: 1}]}", 56, "deadline.within[0]", "exactly one of hours", "Keep one"),
        ("deadline: {from: received, until: closed, within: [{hours: 1}], pauses: [us]}", 78, "deadline.pauses[0]", 'nobody waits for "us"', "complainant"),
        ("deadline: {from: received, until: closed, within: [{hours: 1}], extension: {by: notic, within: {hours: 2}}}", 81, "deadline.extension.by", '"notic" is no milestone', ""),
        ("mode: blok\n    guard: {must: {present: owner}}", 5, "mode", '"blok" is not allowed', "block"),
        ("wavable: true\n    guard: {must: {present: owner}}", 5, "wavable", "not known here", 'Write "waivable"'),
        ("clauses: []", 5, "", "exactly one of guard, sequence, deadline", "Keep one"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_with_its_place(problems, body, column, where, what, remedy) -> None:
    (found,) = problems(rule(body))
    assert found.where == (f"rules[a.b].{where}" if where else "rules[a.b]")
    assert what in found.what
    assert remedy in found.remedy
    expected_line = FIRST if not where else FIRST + 3
    assert (found.line, found.column) == (expected_line, column)
    assert str(found).startswith(f"{found.file}:{found.line}:{found.column}: rules[a.b]")


def test_all_errors_of_a_file_are_told_at_once(problems) -> None:
    text = rule("guard: {entering: closd, must: {present: ownr}}") + (
        "  - {id: a.c, title: C, severity: minor, guard: {must: {severity: hihg}}}\n"
    )
    found = problems(text)
    assert [(each.line, each.where) for each in found] == [
        (FIRST + 3, "rules[a.b].guard.entering"),
        (FIRST + 3, "rules[a.b].guard.must.present"),
        (FIRST + 5, "rules[a.c].guard.must.severity"),
    ]


def test_all_errors_of_shape_are_told_at_once(problems) -> None:
    found = problems(
        "pack: small\nversion: 1.0\ntitel: x\neffective: {from: 2026-01-01}\nrules: []\n"
    )
    assert [(each.line, each.what) for each in found] == [
        (1, 'the key "title" is missing'),
        (2, "asks for text"),
        (3, 'the key "titel" is not known here'),
    ]


@pytest.mark.parametrize(
    "text, line, column, what, remedy",
    [
        (HEAD + GOOD + GOOD, FIRST + 1, 6, 'the rule "a.good" stands twice', "another id"),
        (HEAD + GOOD + "title: Other\n", FIRST + 1, 1, '"title" stands twice, first in line 3', "Remove one"),
        (HEAD.replace("severity:", "on:", 1) + GOOD, 6, 3, "the key on is not text: YAML reads it as bool", '"on"'),
        (HEAD.replace("colour:", "1:", 1) + GOOD, 7, 3, "the key 1 is not text", '"1"'),
        (HEAD.replace("colour:", "? [a]\n  :", 1) + GOOD, 7, 5, "is not text", "quotes"),
        (HEAD.replace("colour:", "present:", 1) + GOOD, 7, 3, '"present" is a word of the pack language', "otherwise"),
        (HEAD.replace("colour:", "closed:", 1) + GOOD, 7, 3, '"closed" is a milestone', "otherwise"),
        (HEAD.replace("colour:", "Colour:", 1) + GOOD, 7, 3, "does not fit", "letter first"),
        (HEAD.replace("[red, blue]", "[red, red]") + GOOD, 7, 26, "names a value twice", "Remove one"),
        (HEAD.replace("person", "persona") + GOOD, 8, 11, '"persona" is not allowed', "'person'"),
        (HEAD.replace("default: 2", "default: 0") + GOOD, 13, 10, "0 is below its minimum 1", "1 or more"),
        (HEAD.replace("title: Small", 'title: "Small\\u202Egnorw"') + GOOD, 3, 8, "does not show (U+202E)", "Remove it"),
        (HEAD.replace("title: Small", 'title: "Small\\x07"') + GOOD, 3, 8, "does not show (U+0007)", "Remove it"),
        (HEAD.replace("title: Small", "title:") + GOOD, 3, 7, "has no value", "remove the key"),
        (HEAD.replace("title: Small", f"title: {'x' * 121}") + GOOD, 3, 1, "is longer than 120", "Shorten it"),
        (HEAD.replace("2026-01-01", "2026-02-30") + GOOD, 4, 13, '"2026-02-30" is no day', "for instance"),
        (HEAD.replace("{from: 2026-01-01}", "{from: 2026-01-01, to: 2025-01-01}") + GOOD, 4, 31, "ends before it begins", "later"),
        (HEAD.replace("title: Small", "title: !!python/object:os.system x") + GOOD, 3, 8, "is not allowed", "plain value"),
        (HEAD.replace("title: Small", "title: &a Small") + GOOD, 3, 8, "anchors and aliases", "Write the value out"),
        (HEAD + GOOD + "profiles: {lean: [a.god]}\n", FIRST + 1, 19, 'no rule "a.god"', 'Write "a.good"'),
        (HEAD + GOOD + "profiles: {lean: [a.good, a.good]}\n", FIRST + 1, 27, "twice", "Remove one"),
        (HEAD + "  - {id: a.b\n", FIRST + 1, 1, "is not YAML", "Mend it there"),
        ("- a\n- b\n", 1, 1, "no mapping", "pack: name"),
        ("", 1, 1, "no mapping", "pack: name"),
        ("a: " + "[" * 60 + "]" * 60 + "\n", 1, 43, "deeper than 40", "flatter"),
        ("a: 1\n---\nb: 2\n", 2, 1, "is not YAML that a pack may hold", "Mend it there"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_with_its_place(problems, text, line, column, what, remedy) -> None:
    (found,) = [each for each in problems(text) if what in each.what]
    assert remedy in found.remedy
    assert (found.line, found.column) == (line, column)


def test_a_bomb_of_aliases_is_refused_before_it_grows(problems) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    (found,) = problems("\n".join(lines))
    assert "anchors and aliases are not allowed" in found.what
    assert (found.line, found.column) == (1, 5)


@pytest.mark.parametrize(
    "text, what",
    [
        (b"pack: \xff\xfe\n", "is not UTF-8"),
        (b"pack: a\x00b\n", "does not allow (U+0000)"),
        (b"# " + b"x" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_what_is_no_text_is_refused(problems, text, what) -> None:
    (found,) = problems(text)
    assert what in found.what


def test_a_pack_that_is_not_there_is_told_with_those_that_are(tmp_path) -> None:
    with pytest.raises(
        PackError, match=r'iso1002: is no pack that comes with Ombud. Write "iso10002"'
    ):
        load_pack("iso1002")
    with pytest.raises(PackError, match="there is no such file"):
        load_pack(tmp_path / "none.yaml")
