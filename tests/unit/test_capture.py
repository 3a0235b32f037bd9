"""A stored ticket as an example: nothing of whom it is about, and the same verdicts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ombud.model.clock import SystemClock
from policies.example import judge_example
from policies.examples import read_text
from policies.load import load_pack
from sync.capture import NotCaptured, capture
from sync.service import open_service
from tests.desks import EXAMPLES, KEY

PACK = """\
pack: own
version: 1.0.0
title: Own
effective: {from: 2026-01-01}
vocabulary:
  severity: {type: choice, values: [low, medium, high], ordered: true, label: Severity}
  root_cause: {type: text, label: Root cause}
params:
  days: {default: 5, minimum: 1, help: days}
rules:
  - {id: r.in_time, title: T, severity: major, deadline: {from: received, until: responded, within: [{business_days: {param: days}}], pauses: [complainant]}}
  - {id: r.caused, title: T, severity: major, guard: {entering: closed, when: {severity: high}, must: {all: [{present: root_cause}, {root_cause: {not: unknown}}]}}}
  - {id: r.graded, title: T, severity: major, guard: {must: {present: severity}}}
profiles: {standard: all}
"""


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLES / "first_pack", folder)
    (folder / ".env").write_text(f"OMBUD_KEY={KEY}\n", "utf-8")
    (folder / "own.yaml").write_text(PACK, "utf-8")
    config = folder / "ombud.toml"
    text = config.read_text("utf-8").replace('"iso10002"', '"own.yaml"')
    config.write_text(text.replace('"starter"', '"standard"'), "utf-8")
    with open_service(config, SystemClock()) as service:
        service.import_log(folder / "complaints.csv", folder / "complaints.mapping.toml")
    return folder


def captured(desk, key: str, **options):
    with open_service(desk / "ombud.toml", SystemClock()) as service:
        (bound,) = service.bounds
        state = service.store.find_ticket(key)
        return capture(
            service.settings, bound, service.elsewhere, service.store, state, service.now(), **options
        )  # fmt: skip


def test_it_has_the_verdicts_of_the_ticket(desk) -> None:
    # By hand from the log: C-2 was answered on the seventh business day and closed without a cause.
    made = captured(desk, "C-2")
    assert made.verdicts == {"r.in_time": "fail", "r.caused": "fail", "r.graded": "pass"}
    assert captured(desk, "C-4").verdicts == {"r.in_time": "pass", "r.caused": "pass", "r.graded": "pass"}  # fmt: skip


def test_what_is_written_is_an_example_file_that_comes_out(desk) -> None:
    made = captured(desk, "C-2")
    pack = load_pack(desk / "own.yaml")
    rules = {rule.id: rule for rule in pack.rules}
    examples = read_text(made.text.encode(), Path("x.yaml"), pack)
    assert {each.rule for each in examples} == set(made.verdicts)
    assert all(judge_example(rules[each.rule], each).ok for each in examples)


def test_no_name_no_word_and_no_identifier_is_left(desk) -> None:
    for key in ("C-2", "C-4", "C-5"):
        text = captured(desk, key).text
        for word in ("C-", "jonas", "ines", "conduct", "phone", "mail", "desk:"):
            assert word not in text
    text = captured(desk, "C-4").text
    assert 'root_cause: "text-1"' in text
    assert 'actor: "agent-1"' in text


def test_times_stay_unless_they_are_asked_to_move(desk) -> None:
    text = captured(desk, "C-6").text
    assert '"2026-10-26T16:59:00+01:00"' in text
    moved = captured(desk, "C-4", weeks=-1)
    assert '"2026-09-10T14:30:00+02:00"' in moved.text
    assert moved.verdicts["r.in_time"] == "pass"


def test_a_shift_that_would_change_a_verdict_is_refused(desk) -> None:
    # C-6 ends a minute before the due, five days after 19 October; four weeks later lies no holiday
    # between, thirty weeks earlier Easter does: due on another day.
    with pytest.raises(NotCaptured, match=r"r.in_time: due at another time"):
        captured(desk, "C-6", weeks=-29)


def test_only_the_rules_asked_for_are_written(desk) -> None:
    assert set(captured(desk, "C-2", rules=frozenset({"r.caused"})).verdicts) == {"r.caused"}
    assert captured(desk, "C-1", rules=frozenset({"r.caused"})).verdicts == {
        "r.caused": "not_applicable"
    }


def test_parameters_of_the_binding_are_named_where_they_make_the_difference(desk) -> None:
    config = desk / "ombud.toml"
    told = config.read_text("utf-8").replace("[calendars.office]", "[bindings.params]\ndays = 3\n\n[calendars.office]")  # fmt: skip
    config.write_text(told, "utf-8")
    with pytest.raises(NotCaptured, match=r"parameters of its own: days=3"):
        captured(desk, "C-6")


def test_a_ticket_that_no_rule_speaks_of_is_no_example(desk) -> None:
    with pytest.raises(NotCaptured, match="No rule says anything"):
        captured(desk, "C-8", rules=frozenset({"r.none"}))
