"""What agents may tell us in a note, and how it is misunderstood."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import instant_of
from ombud.model.word import VERBS, Asked, Malformed, Verb, asked, word_in
from ombud.tongue import ENGLISH

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "note, told",
    [
        ("/ombud check", ("check", None)),
        ("/ombud  Check  ", ("check", None)),
        ("/ombud check\nand more", ("check", None)),
        ("/ombud called him, engaged", ("called", None)),
        ("/ombud received 2026-01-05", ("received", "2026-01-05")),
        (
            "/ombud waive close.with_root_cause the plant burnt down until 2026-12-31\nBert",
            ("waive", "close.with_root_cause the plant burnt down until 2026-12-31"),
        ),
        ("/ombud not-complaint a question", ("not-complaint", "a question")),
        ("/ombud", ("", None)),
        ("/ombud forgive Mr Smith of 5 Hill Street", ("forgive", None)),
        ("/ombud received", ("received", None)),
        ("> /ombud check", None),
        (" /ombud check", None),
        ("\n/ombud check", None),
        ("/ombudsman check", None),
        ("see /ombud check", None),
        ("", None),
    ],
)
def test_a_word_stands_in_the_first_line_and_nothing_else_is_kept(note, told):
    assert word_in(note) == told


def test_what_words_ask_for():
    def at(text):
        return instant_of(text, BERLIN)

    assert asked("check", None, BERLIN) == Asked(Verb.check)
    assert asked("received", "2026-01-05", BERLIN).when == at("2026-01-05T00:00:00+01:00")
    assert asked("received", "2026-01-05T14:30", BERLIN).when == at("2026-01-05T14:30:00+01:00")
    assert asked("dispute", "close.with_root_cause it is filled in", BERLIN) == Asked(
        Verb.dispute, rule="close.with_root_cause", reason="it is filled in"
    )
    # The day named still counts: the waiver ends when it has passed, also on the day clocks change.
    assert asked("waive", "r.x until the end until 2026-10-25", BERLIN) == Asked(
        Verb.waive, rule="r.x", reason="until the end", when=at("2026-10-26T00:00:00+01:00")
    )
    assert asked("approve", "W-12 fine with me", BERLIN).id == "W-12"


@pytest.mark.parametrize(
    "verb, argument, said",
    [
        ("frobnicate", None, "“frobnicate” is not known. Write one of: check, called, received"),
        ("", None, "is not known"),
        ("received", None, "Write: /ombud received 2026-11-23"),
        ("received", "5.1.2026", "“5.1.2026” is no date"),
        ("received", "2026-02-30", "“2026-02-30” is no date"),
        ("not-complaint", None, "Write: /ombud not-complaint REASON"),
        ("dispute", "close.with_root_cause", "It gives no reason"),
        ("waive", "close.with_root_cause we were ill", "It gives no end"),
        ("waive", "close.with_root_cause until 2026-12-31", "no rule or no reason"),
        ("waive", "close.with_root_cause ill until Christmas", "“Christmas” is no date"),
        ("approve", None, "Write: /ombud approve ID"),
    ],
)
def test_a_malformed_word_is_answered_with_the_remedy(verb, argument, said):
    told = asked(verb, argument, BERLIN)
    assert isinstance(told, Malformed)
    assert said in ENGLISH.malformed(told, VERBS)
