"""The note an agent reads: never more than eight lines, answers to words included."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from ombud.model.finding import Fix
from sync.note import write_note

BERLIN = ZoneInfo("Europe/Berlin")
AT = 1_800_000_000_000_000


@dataclass
class Told:
    """What a note needs of a finding."""

    rule: str = "r.x"
    due: int | None = None
    reasons: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = field(default_factory=tuple)
    spoken: tuple = ()


def missing(count):
    return [
        Told(rule=f"r.{number}", reasons=(f"Thing {number} is empty.",)) for number in range(count)
    ]


def note(things=0, answers=(), *, due=True, closed=True):
    return write_note(
        missing(things),
        [],
        next_due=Told(due=AT) if due else None,
        closed_at=AT if closed else None,
        insists=False,
        zone=BERLIN,
        answers=answers,
    ).splitlines()


@pytest.mark.parametrize("things", range(9))
@pytest.mark.parametrize("said", range(3))
def test_a_note_has_at_most_eight_lines_and_every_answer(things, said):
    answers = [f"Answer {number}." for number in range(said)]
    lines = note(things, answers)
    assert len(lines) <= 8
    assert lines[len(lines) - said :] == answers
    shown = sum("is empty" in line for line in lines)
    more = [line for line in lines if line.startswith("And ")]
    assert (shown == things) is (more == [])
    if more:
        assert more == [f"And {things - shown} more."]
    assert shown >= min(things, 1)


def test_where_nothing_is_wrong_a_note_answers_or_is_none():
    assert note() == []
    assert note(answers=["Call noted."]) == ["Complaint policy", "Call noted."]
