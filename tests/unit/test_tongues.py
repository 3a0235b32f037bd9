"""Languages: what one has, every other has too; a further language shows here what it lacks."""

from __future__ import annotations

import ast
import string
from dataclasses import fields, is_dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ombud.model.facts import MILESTONES
from ombud.model.instant import instant_of
from ombud.model.word import VERBS, Flaw, Malformed, Verb
from ombud.tongue import ENGLISH, TONGUES
from policies.expression import Operator
from policies.load import load_editions
from sync.findings import _MILESTONE_ADVICE

ROOT = Path(__file__).resolve().parents[2]
PACKS = sorted(each.parent.name for each in (ROOT / "policies" / "packs").glob("*/pack.yaml"))
BERLIN = ZoneInfo("Europe/Berlin")
OTHERS = [each for each in TONGUES.values() if each is not ENGLISH]
#: Tables that English does not need: its sentences are those that are stored.
OWN = {"refusals", "reading"}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def templates(spoken, leave_out=frozenset()):
    """Give every template by its path; several forms of one sentence are one."""
    for each in fields(spoken):
        value = getattr(spoken, each.name)
        if each.name in leave_out:
            continue
        if is_dataclass(value):
            yield from ((f"{each.name}.{path}", told) for path, told in templates(value))
        elif isinstance(value, str):
            yield each.name, (value,)
        elif isinstance(value, tuple):
            yield each.name, value
        elif isinstance(value, dict):
            yield from ((f"{each.name}.{key}", (told,)) for key, told in value.items())


@pytest.mark.parametrize("tongue", OTHERS, ids=lambda each: each.code)
def test_every_sentence_exists_in_every_language_with_the_same_things_in_it(tongue):
    ours, theirs = dict(templates(ENGLISH, OWN)), dict(templates(tongue, OWN))
    assert ours.keys() == theirs.keys()
    for path, told in ours.items():
        asked = set().union(*map(placeholders, told))
        assert set().union(*map(placeholders, theirs[path])) == asked, path
        assert all(theirs[path]), path


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=lambda each: each.code)
def test_every_language_has_a_form_for_every_count(tongue):
    for forms in (tongue.missing, tongue.late, tongue.more, tongue.and_more, tongue.on_page.lacks):
        assert all(tongue.counted(forms, count) for count in range(1, 30))
        assert "7" in tongue.counted(forms, 7)


@pytest.mark.parametrize("tongue", OTHERS, ids=lambda each: each.code)
def test_every_reason_can_be_said(tongue):
    reading = tongue.reading
    assert reading.wanted.keys() == {each.name for each in Operator}
    compared = {"same_as", "differs_from", "not_after", "after"}
    for name, told in reading.wanted.items():
        assert placeholders(told) == {"label", "other" if name in compared else "words"}
    assert reading.not_reached.keys() == set(MILESTONES)
    assert reading.advice.keys() == _MILESTONE_ADVICE.keys()


@pytest.mark.parametrize("tongue", OTHERS, ids=lambda each: each.code)
@pytest.mark.parametrize("pack", PACKS)
def test_every_word_of_the_packs_is_known(tongue, pack):
    for edition in load_editions(pack):
        words = {of.label for of in edition.vocabulary.values()}
        assert words - tongue.reading.labels.keys() == set()
        assert edition.milestones - tongue.reading.milestones.keys() == set()
        if pack == "iso10002":
            values = {value for of in edition.vocabulary.values() for value in of.values}
            assert values - tongue.reading.values.keys() == set()


def kinds_raised() -> set[str]:
    """Give the kinds of refusal that agents can be told of."""
    found = set()
    for name in ("waivers", "persons", "words"):
        tree = ast.parse((ROOT / "sync" / f"{name}.py").read_text(encoding="utf-8"))
        found |= {
            each.value
            for call in ast.walk(tree)
            if isinstance(call, ast.Call)
            for word in call.keywords
            if word.arg == "kind" and getattr(call.func, "id", "") == "Refused"
            for each in ast.walk(word.value)
            if isinstance(each, ast.Constant)
        }
    return found


@pytest.mark.parametrize("tongue", OTHERS, ids=lambda each: each.code)
def test_every_refusal_can_be_said(tongue):
    # A waiver that cannot be approved any more is told by its state.
    assert tongue.refusals.keys() == kinds_raised() | {"expired", "revoked", "refused"}


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=lambda each: each.code)
@pytest.mark.parametrize("flaw", Flaw)
def test_a_malformed_word_is_answered_and_its_command_stays_what_it_is(tongue, flaw):
    told = tongue.malformed(Malformed(flaw, "{form}", Verb.waive), VERBS)
    assert "{form}" in told or flaw in {Flaw.no_reason, Flaw.no_end, Flaw.no_rule}
    assert ("/ombud waive" in told) is (flaw is not Flaw.unknown)
    assert tongue.forms.keys() == set(Verb)
    assert all(form.startswith(f"/ombud {verb}") for verb, form in tongue.forms.items())


@pytest.mark.parametrize(
    "code, wall, day, time, numbers",
    [
        ("en", "Tue 24 Nov, 17:00", "2026-11-24", "2026-11-24 17:00", ["1,000", "2.5", "3.0"]),
        (
            "de",
            "Di 24. Nov., 17:00 Uhr",
            "24.11.2026",
            "24.11.2026, 17:00 Uhr",
            ["1.000", "2,5", "3,0"],
        ),
    ],
)
def test_days_times_and_numbers_are_written_as_people_write_them(code, wall, day, time, numbers):
    tongue = TONGUES[code]
    at = instant_of("2026-11-24T17:00", BERLIN)
    assert tongue.wall(at, BERLIN) == wall
    assert tongue.dated(at, BERLIN) == time
    assert tongue.dated(at, BERLIN, whole_day=True) == day
    assert tongue.dated(instant_of("2026-11-24", BERLIN), BERLIN) == day
    assert [tongue.number(1000), tongue.number(2.5), tongue.number(3, 1)] == numbers
    assert tongue.number(3.0) == "3"
