"""The lanes of a complaint: an axis that squeezes closed hours, a drawing whose words stay words, persons and values in words."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.instant import DAY, HOUR
from ombud.web.dash.timeline import Axis, draw
from sync.figures.complaint_lanes import Band, Clock, Lanes, Point
from sync.figures.complaint_words import EMPTY, NOT_KEPT, NOT_KNOWN, People, cut, value_of

UTC = ZoneInfo("UTC")
MONDAY = 1_799_020_800_000_000  # 4 January 2027, 00:00 UTC
OPEN = tuple((MONDAY + day * DAY + 9 * HOUR, MONDAY + day * DAY + 17 * HOUR) for day in (0, 1, 2, 3, 4, 7, 8))  # fmt: skip
BEGIN, END = MONDAY + 10 * HOUR, MONDAY + 8 * DAY + 12 * HOUR
HOSTILE = '</title><script>alert(1)</script>"\u202e&'


def lanes(**changed):
    told = {
        "begin": BEGIN, "end": END, "now": END - HOUR, "open": OPEN, "days": tuple(MONDAY + n * DAY for n in range(9)),
        "stages": (Band(BEGIN, END, "investigating"), Band(END - HOUR, END - HOUR, "closed")),
        "waits": (Band(BEGIN + DAY, BEGIN + 2 * DAY, HOSTILE),),
        "messages": (Point(BEGIN, "from", "from the customer"), Point(BEGIN + DAY, "to", HOSTILE)),
        "clocks": (
            Clock(HOSTILE, HOSTILE, BEGIN, END - HOUR, None, None, ((BEGIN + DAY, END),), False, Verdict.pending, None),
            Clock("Answer", "5 days", BEGIN, BEGIN + DAY, BEGIN + DAY, END + DAY, (), False, Verdict.passed, HOUR),
        ),
        "more": 0, "verdicts": (Point(BEGIN, "fail", HOSTILE),), "moves": (Point(BEGIN + DAY, "moved", "moved back"),),
        "notes": (Point(BEGIN + DAY, "note", "note"),),
    }  # fmt: skip
    return Lanes(**(told | changed))


@given(st.lists(st.integers(BEGIN - DAY, END + DAY), min_size=2))
def test_later_is_never_further_left(instants):
    axis = Axis(BEGIN, END, OPEN)
    places = [axis.x(each) for each in sorted(instants)]
    assert places == sorted(places)
    assert axis.x(BEGIN) <= places[0]
    assert places[-1] <= axis.x(END)


def test_an_hour_that_is_closed_is_narrow():
    axis = Axis(BEGIN, END, OPEN)
    tuesday = MONDAY + DAY
    assert axis.x(tuesday + 8 * HOUR) - axis.x(tuesday + 7 * HOUR) < (axis.x(tuesday + 11 * HOUR) - axis.x(tuesday + 10 * HOUR)) / 10  # fmt: skip
    [(begin, end)] = axis.closed
    assert (begin, end) == (OPEN[4][1], OPEN[5][0])


@pytest.mark.parametrize("changed", [{}, {"open": None}, {"now": None}, {"clocks": ()}, {"end": BEGIN + 1, "open": ()}])  # fmt: skip
def test_every_drawing_is_well_formed_and_its_words_stay_words(changed):
    drawn = str(draw(lanes(**changed), UTC))
    assert "<script" not in drawn
    root = ET.fromstring(drawn.replace("&nbsp;", " "))
    assert root.get("role") == "img"
    assert "style" not in drawn
    assert "investigating" in "".join(root.itertext())


def test_a_drawing_says_what_it_shows():
    assert "Answer met 1:00 h before" in str(draw(lanes(), UTC))


def event(who, at):
    return SimpleNamespace(actor=who, order=(at, 0, ""))


def test_persons_without_a_name_keep_their_number():
    events = [event("p:b", 2), event("p:a", 1), event(None, 3), event("p:c", 4), event("p:b", 5)]
    people = People.of({"p:c": {"name": "Åsa \u202eLind"}}, events, "p:a")
    assert [people.name(each) for each in ("p:a", "p:b", "p:c", None)] == [
        "the customer", "agent 1", "Åsa \u202eLind", "",
    ]  # fmt: skip
    assert People.of({}, events[:1], "p:a").name("p:b") == "agent 1"
    assert "p:" not in people.name("p:0123456789")


def test_a_long_value_is_cut_and_says_so():
    told = cut("x\n" * 1_000_000)
    assert len(told) < 200
    assert told.endswith("…")
    assert cut("short  and\tplain") == "short and plain"


def bound(**fields):
    told = {name: SimpleNamespace(type=kind) for name, kind in fields.items()}
    return SimpleNamespace(mapping=SimpleNamespace(fields=told, evidence={}))


def test_what_is_not_there_is_said_in_words():
    at = bound(product="text", owner="person", due="instant", score="number")
    people = People({}, None, {"p:1": 1})
    assert value_of(at, people, "product", None) is EMPTY
    assert value_of(at, people, "product", UNKNOWN) is NOT_KNOWN
    assert value_of(at, people, "product", "p:abc") is NOT_KEPT
    assert value_of(at, people, "owner", "p:1").text == "agent 1"
    assert value_of(at, people, "due", MONDAY).at == MONDAY
    assert value_of(at, people, "score", 3.0).text == "3"
    assert value_of(at, people, "product", "x" * 10**6).text.endswith("…")
