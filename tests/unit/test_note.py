"""The note an agent reads: never more than eight lines, answers to words included."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from ombud.model.finding import Fix, Spoken
from ombud.tongue import TONGUES
from sync.mass import write_note as write_mass_note
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
        stays="",
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


def point(label, line):
    return Told(rule=label, spoken=(Spoken(label, line),))


@pytest.mark.parametrize("language", TONGUES)
def test_whatever_is_told_there_are_eight_lines_and_all_that_is_left_out_is_counted(language):
    tongue = TONGUES[language]
    for things, late, needs, answers, closed, due, stays, page in product(
        range(6), range(3), range(3), range(3), (False, True), (False, True), ("", *tongue.stays), (False, True)
    ):  # fmt: skip
        needed = [Spoken(f"need {number}", f"Need {number}.") for number in range(needs)]
        said = [f"Answer {number}." for number in range(answers)]
        text = write_note(
            [point(f"thing {number}", f"Thing {number}.") for number in range(things)],
            [point(f"late {number}", f"Late {number}.") for number in range(late)],
            next_due=point("next", "Next.") if due else None,
            closed_at=AT if closed else None,
            stays=stays,
            zone=BERLIN,
            answers=said,
            to_close=needed,
            decision_sent=closed and not stays,
            page="https://ombud.example/c/1" if page else None,
            language=language,
        )
        lines = text.splitlines()
        if not (things or late or needs or answers):
            assert text == ""
            continue
        assert len(lines) <= 8
        assert [line for line in lines if line.startswith("Answer")] == said
        assert (tongue.page.format(url="https://ombud.example/c/1") in lines) is page
        if page:
            assert lines[-1].endswith("https://ombud.example/c/1")
        numbered = sum(line[:2] in {f"{n}." for n in range(1, 9)} for line in lines)
        rest = things + late - numbered if things or late else needs - numbered
        if (things or late) and needs and " · ".join(each.label for each in needed) not in text:
            rest += needs
        assert (tongue.counted(tongue.more, rest) in lines) is (rest > 0)
        assert (tongue.decision_sent in text) is (
            closed and not stays and bool(things or late or needs)
        )
        assert not (stays and tongue.then in lines)


def test_before_closing_the_note_lists_what_it_needs_and_is_gone_when_all_is_there():
    told = [
        Spoken("Root cause", "Root cause is empty. Choose one: Billing · Other."),
        Spoken("Corrective action", "Corrective action is empty. Fill it in."),
    ]
    assert written(to_close=told, page="https://ombud.example/c/1", next_due=due("Answer")) == [
        "Complaint policy · before you close it",
        "1. Root cause is empty. Choose one: Billing · Other.",
        "2. Corrective action is empty. Fill it in.",
        "Answer due Fri 15 Jan, 09:00.",
        "Can I close this? https://ombud.example/c/1",
    ]
    assert written(to_close=[], page="https://ombud.example/c/1") == [""]


def due(label):
    return Told(rule=label, due=AT, spoken=(Spoken(label, ""),))


def written(missing=(), late=(), **told):
    told = {"next_due": None, "closed_at": None, "stays": "", "zone": BERLIN, **told}
    return write_note(list(missing), list(late), **told).split("\n")


def test_a_closing_that_is_undone_in_english():
    assert written(
        [point("Root cause", "Root cause is empty. Choose one: Billing · Other.")],
        closed_at=AT,
        next_due=due("Answer"),
        to_close=[Spoken("Outcome", "Outcome is empty."), Spoken("Approver", "Approver is empty.")],
        decision_sent=True,
        page="https://ombud.example/c/1",
    ) == [
        "Complaint policy · 1 thing missing",
        (
            "This complaint was closed on Fri 15 Jan, 09:00, and is open again. "
            "The customer has already been told the decision; that stays."
        ),
        "1. Root cause is empty. Choose one: Billing · Other.",
        "To close it: Outcome · Approver",
        "Answer due Fri 15 Jan, 09:00.",
        "Then close it again.",
        "Can I close this? https://ombud.example/c/1",
    ]


def test_a_closing_that_is_undone_in_german():
    assert written(
        [point("Ursache", "„Ursache“ fehlt. Bitte wählen Sie: Abrechnung · Sonstiges.")],
        [point("Antwort", "Die Beschwerde ist noch nicht beantwortet.")],
        closed_at=AT,
        next_due=due("Antwort"),
        to_close=[Spoken("Ergebnis", "…"), Spoken("Freigabe", "…")],
        decision_sent=True,
        page="https://ombud.example/c/1",
        language="de",
    ) == [
        "Beschwerderichtlinie · 2 Punkte offen",
        (
            "Diese Beschwerde wurde am Fr 15. Jan., 09:00 Uhr, geschlossen und ist wieder offen. "
            "Die Entscheidung ist bereits mitgeteilt; dabei bleibt es."
        ),
        "1. „Ursache“ fehlt. Bitte wählen Sie: Abrechnung · Sonstiges.",
        "2. Die Beschwerde ist noch nicht beantwortet.",
        "Zum Schließen fehlt noch: Ergebnis · Freigabe",
        "Antwort fällig: Fr 15. Jan., 09:00 Uhr.",
        "Danach können Sie sie wieder schließen.",
        "Kann ich schließen? https://ombud.example/c/1",
    ]


@pytest.mark.parametrize(
    "stays, language, said",
    [
        (
            "refused",
            "en",
            (
                "This complaint was closed on Fri 15 Jan, 09:00, and could not be reopened. "
                "Please reopen it yourself, or ask your administrator."
            ),
        ),
        (
            "refused",
            "de",
            (
                "Diese Beschwerde wurde am Fr 15. Jan., 09:00 Uhr, geschlossen und ließ sich nicht wieder öffnen. "
                "Bitte öffnen Sie sie selbst wieder oder wenden Sie sich an die Administration."
            ),
        ),
        (
            "budget",
            "en",
            (
                "This complaint was closed on Fri 15 Jan, 09:00, and was not reopened because many others were. "
                "Please reopen it yourself."
            ),
        ),
        (
            "budget",
            "de",
            (
                "Diese Beschwerde wurde am Fr 15. Jan., 09:00 Uhr, geschlossen und nicht wieder geöffnet, "
                "weil es sehr viele auf einmal waren. Bitte öffnen Sie sie selbst wieder."
            ),
        ),
    ],
)
def test_a_closing_that_stays_is_not_said_to_be_undone(stays, language, said):
    told = written([point("Cause", "Cause.")], closed_at=AT, stays=stays, language=language)
    assert told[1:] == [said, "1. Cause."]


HOSTILE = "a\nb\r\nc\u2028d\u2029e\x00f\x1b[31mg\u202eh\u2066i\u200fj\tk\x85l"


@pytest.mark.parametrize("language", TONGUES)
def test_no_name_breaks_the_frame(language):
    lines = written(
        [point(HOSTILE, f"“{HOSTILE}” is empty."), point("long", "x" * 10_000)],
        next_due=due(HOSTILE),
        answers=[HOSTILE],
        to_close=[Spoken(HOSTILE, "…")],
        page="https://ombud.example/c/1\nGone.",
        language=language,
    )
    assert len(lines) == 7
    assert all(line.isprintable() and len(line) <= 600 for line in lines)
    assert "a b c d e f [31mghij k l" in lines[1]


@pytest.mark.parametrize("things", [1, 4, 5, 7])
def test_a_mass_event_is_told_in_the_desk_s_language(things):
    lacking = [[f"Punkt {number}" for number in range(things)]] * 1_200
    for end, stay in product((None, AT), (0, 1, 1_100)):
        told = write_mass_note(lacking, end, BERLIN, TONGUES["de"], stay=stay).splitlines()
        assert told[0] == "Beschwerderichtlinie · 1.200 Beschwerden mit diesem Ticket geschlossen"
        assert ("die letzte bis Fr 15. Jan., 09:00 Uhr." in told[1]) is (end is not None)
        line = {
            1: "Alle bis auf 1: Sie ließ sich nicht wieder öffnen.",
            1_100: "Alle bis auf 1.100: Sie ließen sich nicht wieder öffnen.",
        }
        assert told[2] == line.get(stay, "Bei 1.200 fehlt: Punkt 0")
        assert told[2 + (stay > 0)] == "Bei 1.200 fehlt: Punkt 0"
        assert len(told) <= 8
        assert (told[-1].startswith("Und ")) is (things > 4)
