"""Calendars, clocks, tracks and patterns that no pack may have: refused with file, line, column and remedy."""

from __future__ import annotations

import pytest

from policies.examples import run_examples
from policies.load import load_pack
from policies.vocabulary import PackError

HEAD = """\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  owner: {type: person, label: Owner}
  urgent: {type: flag, label: Urgent}
  agreed: {type: instant, label: Agreed}
  reason: {type: text, label: Reason}
"""
GOOD = "  - {id: a.good, title: Good, severity: minor, guard: {must: {present: owner}}}\n"
CALENDAR = (
    'calendars: {office: {zone: Europe/London, week: {mon-fri: ["09:00-17:00"]}, '
    "holidays: {country: GB, subdivision: ENG}}}\n"
)


@pytest.fixture
def refused(tmp_path):
    def load(text: str) -> list:
        path = tmp_path / "pack.yaml"
        path.write_text(text, "utf-8")
        with pytest.raises(PackError) as caught:
            load_pack(path)
        for problem in caught.value.problems:
            assert problem.file == str(path)
            assert problem.what
            assert problem.remedy
        return list(caught.value.problems)

    return load


def rule(body: str, more: str = "") -> str:
    return f"{HEAD}{more}rules:\n{GOOD}  - {{id: a.b, title: T, severity: minor, {body}}}\n"


def test_what_the_others_are_broken_from_loads(tmp_path) -> None:
    (tmp_path / "pack.yaml").write_text(f"{HEAD}{CALENDAR}rules:\n{GOOD}")
    assert load_pack(tmp_path).calendars["office"].zone == "Europe/London"


@pytest.mark.parametrize(
    "old, new, what",
    [
        ("Europe/London", "Europe/Lodnon", "Lodnon"),
        ("Europe/London", "../../etc/passwd", "passwd"),
        ("country: GB", "country: ZZ", '"ZZ" is no country'),
        ("subdivision: ENG", "subdivision: EGN", '"EGN" is no part of GB'),
        ("{country: GB, subdivision: ENG}", '{own: {"2026-02-30": x}}', '"2026-02-30" is no date'),
        ('{mon-fri: ["09:00-17:00"]}', "{}", "is empty"),
        ('{mon-fri: ["09:00-17:00"]}', "{mon-fri: []}", ""),
        ('{mon-fri: ["09:00-17:00"]}', '{monday: ["09:00-17:00"]}', "monday"),
        ('{mon-fri: ["09:00-17:00"]}', '{mon-fri: ["9-17"]}', "9-17"),
        ('["09:00-17:00"]', '["09:00-17:00", "16:00-18:00"]', ""),
    ],
)  # fmt: skip
def test_a_calendar_that_is_none_is_refused(refused, old, new, what) -> None:
    assert old in CALENDAR
    found = refused(f"{HEAD}{CALENDAR.replace(old, new)}rules:\n{GOOD}")
    assert what in found[0].what
    assert found[0].line == 10
    assert found[0].where.startswith("calendars.office")


@pytest.mark.parametrize(
    "body, where, what",
    [
        ("deadline: {from: received, until: closed, within: [{hours: 2}], pauses: [{waiting: complainant, cap: none}]}", "deadline.pauses[0].cap", ""),
        ("deadline: {from: received, until: closed, within: [{hours: 2}], pauses: [{waiting: complainant, cap: {business_days: 0}}]}", "deadline.pauses[0].cap.business_days", "above 0"),
        ("deadline: {from: received, until: closed, within: [{hours: 2}], pauses: [{while: owner}]}", "deadline.pauses[0]", "flag"),
        ("deadline: {from: received, until: closed, within: [{hours: 2}], pauses: [{stage: investigatin}]}", "deadline.pauses[0]", "no stage"),
        ("deadline: {from: received, until: closed, within: [{when: {urgent: true}, hours: 2}]}", "deadline.within", "ends with a condition"),
        ("deadline: {from: received, until: closed, within: [{any_of: [{hours: 2}]}]}", "deadline.within[0].any_of", "is empty"),
        ("deadline: {from: received, until: closed, within: [{agreed: owner}, {hours: 2}]}", "deadline.within[0]", ""),
        ("deadline: {from: owner, until: closed, within: [{hours: 2}]}", "deadline.from", "no milestone"),
        ("cadence: {from: received, until: close, within: [{hours: 2}]}", "cadence.until", '"close" is no milestone'),
        ("cadence: {from: received, until: closed, within: [{when: {urgent: true}, hours: 2}]}", "cadence.within", "ends with a condition"),
        ("invariant: {must: {present: owner}, allow: {hours: 0}}", "invariant.allow.hours", "above 0"),
        ("integrity: {fields: [owner], reason: owner}", "integrity.reason", "is watched itself"),
        ("integrity: {fields: [ownr], reason: reason}", "integrity.fields[0]", '"ownr" is no field'),
        ("sequence: {entering: closed, stages: [assessed, assessed]}", "sequence.stages", "names a milestone twice"),
        ("guard: {must: {owner: {not_after: closed}}}", "guard.must.owner.not_after", "is no instant"),
        ("tracks: [grave], guard: {must: {present: owner}}", "tracks[0]", 'there is no track "grave"'),
        ("guard: {must: {present: owner}}, sequence: {entering: closed, stages: [assessed, closed]}", "", "exactly one of"),
    ],
)  # fmt: skip
def test_a_clock_or_rule_that_is_none_is_refused(refused, body, where, what) -> None:
    found = refused(rule(body))
    assert any(
        what in each.what
        and each.where.startswith(f"rules[a.b].{where}" if where else "rules[a.b]")
        for each in found
    ), [str(each) for each in found]
    assert all(each.line == 12 for each in found)


def test_a_track_that_hides_those_after_it_is_refused(refused) -> None:
    tracks = "tracks: {all_of_them: otherwise, grave: {urgent: true}}\n"
    (found,) = refused(rule("guard: {must: {present: owner}}", tracks))
    assert "hides the tracks after it" in found.what
    assert found.line == 10


def test_a_regulators_clock_stops_only_where_a_rule_says_so(refused) -> None:
    text = rule("deadline: {from: received, until: closed, within: [{hours: 2}], pauses: [complainant]}")  # fmt: skip
    (found,) = refused(text.replace("title: Small", "title: Small\nauthority: The Regulator"))
    assert "stops only where a rule says so" in found.what


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*a){25}", "^x"])
def test_there_are_no_patterns_and_so_none_that_backtrack(refused, pattern) -> None:
    for word in ("matches", "pattern", "regex", "like"):
        (found,) = refused(rule(f"guard: {{must: {{reason: {{{word}: '{pattern}'}}}}}}"))
        assert f'the key "{word}" is not known here' in found.what
        assert (found.line, found.where) == (12, f"rules[a.b].guard.must.reason.{word}")


def test_packs_that_import_each_other_are_refused(tmp_path) -> None:
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{one}.yaml").write_text(
            f"pack: {one}\nversion: 1.0.0\ntitle: T\nbase: {other}.yaml\neffective: {{from: 2026-01-01}}\n"
        )
    with pytest.raises(PackError) as caught:
        load_pack(tmp_path / "a.yaml")
    (found,) = caught.value.problems
    assert "overlays go round in a circle: a.yaml → b.yaml → c.yaml → a.yaml" in found.what
    assert (found.line, found.where) == (4, "base")


def test_beyond_the_years_whose_holidays_are_known_nothing_is_claimed(tmp_path) -> None:
    text = (
        f"{HEAD}{CALENDAR}calendar: office\nrules:\n"
        "  - {id: a.b, title: T, severity: minor, "
        "deadline: {from: received, until: responded, within: [{business_days: 2}]}}\n"
    )
    (tmp_path / "pack.yaml").write_text(text)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "all.yaml").write_text(
        "examples:\n"
        '  - {rule: a.b, name: then, expect: unknown, row: {received: "2063-04-05T09:00:00+01:00", responded: "2063-04-06T09:00:00+01:00"}}\n'
        '  - {rule: a.b, name: now, expect: pass, row: {received: "2026-04-02T09:00:00+01:00", responded: "2026-04-08T16:00:00+01:00"}}\n'
    )
    assert [each.verdict.value for each in run_examples(tmp_path)] == ["unknown", "pass"]
