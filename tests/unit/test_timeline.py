"""Examples told as a history: folded like a helpdesk's, and judged by the rule's last judgement."""

from __future__ import annotations

import pytest

from policies.examples import read_examples, run_examples
from policies.vocabulary import PackError

PACK = """\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary:
  severity: {type: choice, values: [low, high], label: Severity}
  owner: {type: person, label: Owner}
  attempts: {type: number, label: Attempts}
  agreed: {type: instant, label: Agreed, day: end}
milestones: [sent_to_portal]
rules:
  - {id: r.ack, title: T, severity: minor, deadline: {from: received, until: acknowledged, within: [{hours: 4}], pauses: [complainant]}}
  - {id: r.told, title: T, severity: minor, guard: {must: {all: [{present: responded}, {present: decision_told}, {present: holding_sent}]}}}
  - {id: r.portal, title: T, severity: minor, guard: {must: {sent_to_portal: {at_least: "2026-10-05T12:00:00+02:00"}}}}
  - {id: r.owned, title: T, severity: minor, guard: {entering: closed, must: {all: [{present: owner}, {attempts: {at_least: 2}}]}}}
  - {id: r.agreed, title: T, severity: minor, guard: {must: {agreed: {at_least: "2026-10-05T23:00:00+02:00"}}}}
"""


@pytest.fixture
def judged(tmp_path):
    def judge(rule: str, *events: str, more: str = "") -> str:
        (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
        (tmp_path / "tests").mkdir(exist_ok=True)
        lines = "".join(f"      - {{{each}}}\n" for each in events)
        (tmp_path / "tests" / "all.yaml").write_text(
            f"examples:\n  - rule: {rule}\n    name: x\n    expect: pass\n{more}    events:\n{lines}",
            "utf-8",
        )
        (outcome,) = run_examples(tmp_path)
        return outcome.verdict.value

    return judge


def at(hour: int, day: int = 5) -> str:
    return f'when: "2026-10-{day:02d}T{hour:02d}:00:00+02:00"'


def until(hour: int) -> str:
    return f'    as_of: "2026-10-05T{hour:02d}:00:00+02:00"\n'


@pytest.mark.parametrize(
    "said, verdict",
    [
        ("said: [acknowledgement], by: agent", "pass"),
        ("said: []", "pass"),
        ("said: [], automatic: true", "fail"),
        ("said: [automatic_reply], by: automation", "fail"),
        ("said: [acknowledgement], by: automation", "fail"),
        ("said: [], by: complainant", "fail"),
        ("said: [acknowledgement], delivered: false", "fail"),
        ("stage: acknowledged", "pass"),
        ('set: {acknowledged: "yes"}', "pass"),
    ],
)
def test_what_acknowledges(judged, said, verdict) -> None:
    assert judged("r.ack", at(9), f"{at(10)}, {said}", more=until(14)) == verdict


def test_kinds_of_messages_reach_their_milestones(judged) -> None:
    messages = [f"{at(10 + i)}, said: [{kind}]" for i, kind in enumerate(("response", "decision", "holding"))]  # fmt: skip
    assert judged("r.told", at(9), *messages) == "pass"
    assert judged("r.told", at(9), *messages[:2]) == "fail"


def test_an_unmarked_message_in_a_language_without_macros_may_be_anything(judged) -> None:
    kinds = [f"{at(10 + i)}, said: [{kind}]" for i, kind in enumerate(("response", "decision"))]
    assert judged("r.told", at(9), *kinds, f"{at(13)}, said: [], language: pl") == "unknown"
    assert judged("r.told", at(9), *kinds, f"{at(13)}, said: [], language: de") == "fail"


def test_a_milestone_is_reached_when_its_event_happens(judged) -> None:
    assert judged("r.portal", at(9), f'{at(13)}, set: {{sent_to_portal: "yes"}}') == "pass"
    assert judged("r.portal", at(9), f'{at(11)}, set: {{sent_to_portal: "yes"}}') == "fail"


def test_receipt_may_lie_before_the_ticket(judged) -> None:
    first = f'{at(9)}, set: {{received_at: "2026-10-05T07:00:00+02:00"}}'
    assert judged("r.ack", first, f"{at(12)}, said: []") == "fail"
    assert judged("r.ack", at(9), f"{at(12)}, said: []") == "pass"


def test_waiting_stops_the_clock_and_moving_on_lets_it_run(judged) -> None:
    waits = [at(9), f"{at(10)}, stage: investigating, waiting: complainant"]
    back = f"{at(13)}, stage: investigating"
    assert judged("r.ack", *waits, back, f"{at(16)}, set: {{acknowledged: true}}") == "pass"
    assert judged("r.ack", *waits, back, f"{at(17)}, set: {{acknowledged: true}}") == "fail"


def test_a_change_is_applied_whole_and_the_last_entering_counts(judged) -> None:
    closed = f"{at(12)}, stage: closed, set: {{owner: agent-1, attempts: 2}}"
    assert judged("r.owned", at(9), closed) == "pass"
    reopened = [f"{at(13)}, stage: investigating", f'{at(14)}, set: {{owner: ""}}', f"{at(15)}, stage: closed"]  # fmt: skip
    assert judged("r.owned", at(9), closed, *reopened) == "fail"
    assert judged("r.owned", at(9)) == "not_applicable"


def test_what_ourselves_did_is_no_entering(judged) -> None:
    closed = f"{at(12)}, stage: closed, set: {{owner: agent-1, attempts: 2}}"
    ours = f"{at(13)}, stage: investigating, cause: ourselves"
    assert judged("r.owned", at(9), closed, ours) == "pass"


def test_a_field_of_which_nothing_is_known_is_unknown(judged) -> None:
    closed = f"{at(12)}, stage: closed, set: {{attempts: 2}}"
    assert judged("r.owned", at(9), closed, more="    unknown: [owner]\n") == "unknown"
    assert judged("r.told", at(9), more="    unknown: [responded]\n") == "fail"


def test_a_bare_date_means_the_end_of_the_day_that_its_field_says(judged) -> None:
    assert judged("r.agreed", f"{at(9)}, set: {{agreed: 2026-10-05}}") == "pass"
    assert judged("r.agreed", f"{at(9)}, set: {{agreed: 2026-10-04}}") == "fail"


@pytest.mark.parametrize(
    "events, more, what",
    [
        ([at(9), at(8)], "", "this clock runs backwards"),
        ([f"{at(9)}, set: {{ownr: x}}"], "", '"ownr" is neither a field nor a milestone'),
        ([f"{at(9)}, set: {{severity: grave}}"], "", "is none of its values"),
        ([f"{at(9)}, set: {{attempts: two}}"], "", "asks for number"),
        ([f'{at(9)}, set: {{sent_to_portal: "2026-01-01T00:00:00+00:00"}}'], "", "is reached when the event happens"),
        ([f"{at(9)}, set: {{received: true}}"], "", "is told by the history itself"),
        ([f"{at(9)}, said: [acknowledgment]"], "", 'Write "acknowledgement"'),
        ([at(9), f"{at(10)}, waiting: complainant"], "", "waits in no stage"),
        ([at(9), f"{at(10)}, stage: closd"], "", '"closd" is no stage'),
        ([at(9)], "    row: {owner: x}\n", "is told by the events"),
        ([at(9)], "    unknown: [ownr]\n", '"ownr" is neither'),
        (['when: "2026-10-05T09:00:00"'], "", "is no time with a zone"),
    ],
)  # fmt: skip
def test_a_wrong_history_is_told_with_its_place(judged, events, more, what) -> None:
    with pytest.raises(PackError) as caught:
        judged("r.ack", *events, more=more)
    assert what in str(caught.value)
    assert all(problem.line > 1 for problem in caught.value.problems)


def test_an_edition_judges_the_examples_that_name_it(tmp_path) -> None:
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "editions").mkdir()
    old = PACK.replace("version: 1.0.0", "version: 0.9.0").replace("hours: 4", "hours: 2")
    (tmp_path / "editions" / "old.yaml").write_text(old.replace("2026-01-01}", "2024-01-01}"))
    (tmp_path / "tests").mkdir()
    example = (
        "examples:\n  - rule: r.ack\n    name: x\n    expect: {}\n"
        '    row: {{received: "2026-10-05T09:00:00+02:00", acknowledged: "2026-10-05T12:00:00+02:00"}}\n'
    )
    (tmp_path / "tests" / "new.yaml").write_text(example.format("pass"))
    (tmp_path / "tests" / "old.yaml").write_text("edition: 0.9.0\n" + example.format("fail"))
    assert [each.ok for each in run_examples(tmp_path)] == [True, True]
    (tmp_path / "tests" / "old.yaml").write_text("edition: 0.9.1\n" + example.format("fail"))
    with pytest.raises(PackError, match=r'there is no edition "0.9.1"'):
        read_examples(tmp_path)
