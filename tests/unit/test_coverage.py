"""What examples leave out: verdicts, the minutes around a due, nights in which the clocks change."""

from __future__ import annotations

import pytest

from policies.trial import try_pack

PACK = """\
pack: small
version: 2.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  severity: {type: choice, values: [low, high], label: Severity}
  owner: {type: person, label: Owner}
rules:
  - id: r.clock
    title: T
    clauses: [{standard: S, clause: "1"}]
    severity: minor
    deadline: {from: received, until: responded, within: [{calendar_days: 2}]}
  - id: r.guard
    title: T
    clauses: [{standard: S, clause: "2"}]
    severity: minor
    guard: {entering: closed, when: {severity: high}, must: {present: owner}}
"""
GUARD = """\
  - {rule: r.guard, name: a, expect: pass, row: {severity: high, owner: ann}}
  - {rule: r.guard, name: b, expect: fail, row: {severity: high}}
  - {rule: r.guard, name: c, expect: not_applicable, row: {severity: low}}
"""
BEFORE = '  - {rule: r.clock, name: a, expect: pass, row: {received: "2026-06-01T09:00:00+02:00", responded: "2026-06-03T23:59:00+02:00"}}\n'
AFTER = '  - {rule: r.clock, name: b, expect: fail, row: {received: "2026-06-01T09:00:00+02:00"}, as_of: "2026-06-04T00:00:30+02:00"}\n'
NIGHT = '  - {rule: r.clock, name: c, expect: pass, row: {received: "2026-03-28T09:00:00+01:00", responded: "2026-03-29T09:00:00+02:00"}}\n'


@pytest.fixture
def gaps(tmp_path):
    def look(examples: str, head: str = "", edition: str | None = None) -> tuple[str, ...]:
        (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "all.yaml").write_text(f"{head}examples:\n{examples}", "utf-8")
        if edition is not None:
            (tmp_path / "editions").mkdir()
            (tmp_path / "editions" / "old.yaml").write_text(edition, "utf-8")
        return try_pack(tmp_path).gaps

    return look


def test_examples_that_show_all_leave_no_gap(gaps) -> None:
    assert gaps(GUARD + BEFORE + AFTER + NIGHT) == ()


@pytest.mark.parametrize(
    "left_out, told",
    [
        (BEFORE, "r.clock: no example stands in the last minute before it is due"),
        (AFTER, "r.clock: no example fails"),
        (AFTER, "r.clock: no example stands in the first minute after it was due"),
        (NIGHT, "r.clock: no example spans a night in which the clocks change"),
        (GUARD.splitlines(keepends=True)[0], "r.guard: no example passes"),
        (GUARD.splitlines(keepends=True)[2], "r.guard: no example shows to what it does not apply"),
    ],
)
def test_what_is_left_out_is_told(gaps, left_out, told) -> None:
    assert told in gaps((GUARD + BEFORE + AFTER + NIGHT).replace(left_out, ""))


@pytest.mark.parametrize(
    "near, far, told",
    [
        ("2026-06-03T23:59:00", "2026-06-03T23:58:59", "last minute before"),
        ("2026-06-04T00:00:30", "2026-06-04T00:01:01", "first minute after"),
    ],
)
def test_a_minute_is_a_minute(gaps, near, far, told) -> None:
    (only,) = gaps((GUARD + BEFORE + AFTER + NIGHT).replace(near, far))
    assert told in only


def test_a_zone_without_summer_time_has_no_such_night(gaps) -> None:
    head = 'calendar: {zone: Asia/Kolkata, week: {mon-fri: ["09:00-17:00"]}}\n'
    examples = (GUARD + BEFORE + AFTER).replace("+02:00", "+05:30")
    assert gaps(examples, head) == ()


def test_an_example_that_does_not_come_out_covers_nothing(gaps) -> None:
    wrong = BEFORE.replace("expect: pass", "expect: fail")
    assert "r.clock: no example stands in the last minute before it is due" in gaps(
        GUARD + wrong + AFTER + NIGHT
    )


def test_another_edition_asks_only_where_it_differs(gaps) -> None:
    edition = PACK.replace("2.0.0", "1.0.0").replace("2026-01-01}", "2024-01-01, to: 2025-12-31}")
    told = gaps(
        GUARD + BEFORE + AFTER + NIGHT, "", edition.replace("{severity: high}", "{severity: low}")
    )
    assert told
    assert all(each.startswith("edition 1.0.0: r.guard: ") for each in told)
