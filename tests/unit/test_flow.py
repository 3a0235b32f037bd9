"""Flow says what followed what, which ways complaints took, and where they left what rules demand."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.model.facts import STAGES
from ombud.model.instant import DAY
from ombud.store.book import CODES, Case, Checked, Filter, RuleInfo, Step, open_book
from ombud.store.book.flow import asked_of_ways, edge_of, step_of
from ombud.store.book.ways import Move, masks_of
from ombud.web.dash.flow_drawing import Shown, brief, dots, drawn
from sync.figures.flow import edges_of, flow, nodes_of
from sync.figures.flow_words import STAGE_WORDS
from tests.unit.test_reports_kpi import case as case_of

ALL = Filter(groups=frozenset({"*"}))
ORDER = {stage: place for place, stage in enumerate(STAGES)}
STRAIGHT = STAGES
AT_ONCE = ("received", "closed")
REOPENED = (*STAGES, "investigating", "responded", "decided", "closed")
TURNED = ("received", "assessed", "acknowledged", "investigating", "responded", "decided", "closed")
PATH = RuleInfo(
    -1, "track.no_stage_skipped", "iso10002", "No stage is skipped", "No stage is skipped.", (), "major", "guard",
    entering="closed", demands=("acknowledged", "assessed", "investigating", "responded"),
)  # fmt: skip
ANSWER = RuleInfo(-1, "respond.in_time", "iso10002", "Answered in time", "Answered in time.", (), "major", "deadline")  # fmt: skip


@pytest.fixture
def book():
    opened = open_book(None)
    yield opened
    opened.close()


def fill(book, *ways, verdict="fail", **changed):
    """Enter complaints whose ways are given; stages a day apart, statuses named after them."""
    with book.writing() as writing:
        rule, clock = writing.ordinal(PATH), writing.ordinal(ANSWER)
        for way in ways:
            number = fill.number = getattr(fill, "number", 0) + 1
            steps = [
                Step(place, stage, stage.title(), place * DAY, None, "person")
                for place, stage in enumerate(way)
            ]
            reached = {stage: way.index(stage) * DAY if stage in way else None for stage in STAGES}
            told = case_of(str(number), 0)._asdict() | {
                name: at for name, at in reached.items() if name != "investigating"
            }
            told |= {"kase": f"k{number}", "open": way[-1] != "closed", "complete": True} | changed
            whole = set(PATH.demands) <= set(way)
            code = {"pass": 0, "fail": 1, "unknown": 5, "waived": 3}["pass" if whole else verdict]
            checked = [Checked(rule, 0, code, code, None, None, 0)] if way[-1] == "closed" else []
            checked.append(Checked(clock, 0, 1, 1, DAY, None, 0))
            moves = [Move(each.status, each.entered) for each in steps]
            writing.put(Case(**told), checked, steps, moves)


def linked(book, **words):
    steps, problems = asked_of_ways({name: [value] for name, value in words.items()}, book.rules)
    assert not problems
    where, values = ALL.but(steps=tuple(steps)).where()
    return book.one(f"SELECT count(*) FROM complaint c WHERE {where}", values)[0]


def deviations(told):
    return {f"{each.kind}:{each.about}": each.complaints for each in told.deviations}


def test_what_is_demanded_and_never_reached_is_missing(book):
    fill(book, STRAIGHT, STRAIGHT, AT_ONCE)
    told = flow(book, ALL)
    assert (told.path.of, told.path.total, told.off) == (2, 3, 1)
    assert deviations(told) == {
        "missing:acknowledged": 1,
        "missing:assessed": 1,
        "missing:investigating": 1,
        "missing:responded": 1,
        "late:respond.in_time": 3,
    }
    assert [each.words for each in told.deviations][:1] == ["Not acknowledged"]
    assert linked(book, deviation="missing:assessed") == linked(book, deviation="any") == 1
    assert linked(book, deviation="none") == 2


def test_open_complaints_are_never_on_the_path(book):
    fill(book, STRAIGHT, ("received", "acknowledged"), ("received",))
    told = flow(book, ALL)
    assert (told.complaints, told.open, told.closed) == (3, 2, 1)
    assert (told.path.of, told.path.total) == (1, 1)
    assert [each.way for each in told.variants] == [STRAIGHT]


def test_reopening_is_extra_and_named_in_words(book):
    fill(book, REOPENED)
    told = flow(book, ALL)
    assert deviations(told)["extra:closed"] == deviations(told)["extra:investigating"] == 1
    words = {each.about: each.words for each in told.deviations if each.kind == "extra"}
    assert words["investigating"] == "Back to investigating, after closed"
    assert words["closed"] == "Closed again"
    [back] = [each for each in told.edges if each.kind == "back"]
    assert (back.words, back.off) == ("reopened, back to investigating", 1)


def test_a_stage_after_a_later_one_is_out_of_order(book):
    fill(book, TURNED)
    told = flow(book, ALL)
    assert (
        deviations(told)["order:acknowledged"] == linked(book, deviation="order:acknowledged") == 1
    )
    assert told.variants[0].turned == ("acknowledged",)


def test_what_cannot_be_told_is_unknown_and_what_is_waived_is_not_asked(book):
    fill(book, AT_ONCE, verdict="unknown")
    fill(book, STRAIGHT, complete=False)
    fill(book, AT_ONCE, verdict="waived")
    fill(book, STRAIGHT, before=True)
    told = flow(book, ALL)
    assert (told.path.of, told.path.total, told.path.unknown, told.unasked) == (0, 0, 2, 2)
    assert linked(book, deviation="unknown") == linked(book, deviation="unasked") == 2


def test_what_is_shown_without_its_stage_is_not_missing(book):
    fill(book, ("received", "assessed", "investigating", "responded", "closed"), acknowledged=DAY)
    told = flow(book, ALL)
    assert "missing:acknowledged" not in deviations(told)
    [skip] = [each for each in told.edges if each.before == "received"]
    assert (skip.words, skip.kind, skip.off) == ("not acknowledged", "skip", 0)


def test_times_of_few_are_not_told(book):
    fill(book, *[STRAIGHT] * 4)
    assert {each.median for each in flow(book, ALL).edges} == {None}
    fill(book, STRAIGHT)
    told = flow(book, ALL)
    assert {(each.median, each.p90) for each in told.edges} == {(DAY, DAY)}
    assert told.happy.median == 6 * DAY


def test_links_of_statuses_may_hold_any_name(book):
    fill(book, STRAIGHT)
    with book.writing() as writing:
        steps = [Step(0, "received", "A > B: 50%", 0, None, "person")]
        told = case_of("odd", 0)._replace(kase="odd")
        moves = [Move("A > B: 50%", 0), Move("status:x", 1)]
        writing.put(told, [Checked(0, 0, CODES["pass"], 0, None, None, 0)], steps, moves)
    assert linked(book, edge=edge_of("A > B: 50%", "status:x", "status")) == 1
    assert linked(book, edge=edge_of("", "A > B: 50%", "status")) == 1
    assert linked(book, step=step_of("status:x", "status")) == 1


@pytest.mark.parametrize(
    "word, value",
    [("variant", "zz"), ("edge", "closed"), ("edge", ">"), ("deviation", "missing:lunch"), ("deviation", "late:x")],
)  # fmt: skip
def test_a_word_that_is_not_understood_is_told(word, value):
    steps, problems = asked_of_ways({word: [value]}, {})
    assert not steps
    assert len(problems) == 1
    assert problems[0].startswith(f"{word}: ")


WAYS = st.lists(st.lists(st.sampled_from(STAGES), min_size=1, max_size=9).map(tuple), max_size=12)


@given(WAYS)
def test_counting_ways_is_counting_complaints_one_by_one(ways):
    pairs = list(Counter(ways).items())
    times = Counter(step for way in ways for step in pairwise(way))
    complaints = Counter(step for way in ways for step in set(pairwise(way)))
    edges = edges_of(pairs, ORDER, STAGE_WORDS.__getitem__, "stage", {})
    assert {(e.before, e.after): (e.times, e.complaints) for e in edges} == {
        step: (count, complaints[step]) for step, count in times.items()
    }
    nodes = nodes_of(pairs)
    assert sum(each.begun for each in nodes) == sum(each.ended for each in nodes) == len(ways)
    # Whatever enters an activity leaves it, but at the ends.
    for each in nodes:
        into = sum(e.times for e in edges if e.after == each.name)
        out = sum(e.times for e in edges if e.before == each.name)
        assert into + each.begun == out + each.ended == each.times


@given(st.lists(st.sampled_from(STAGES), max_size=9))
def test_masks_are_what_looking_at_each_stage_gives(way):
    seen, again, turned = masks_of(way)
    for place, stage in enumerate(STAGES):
        first = way.index(stage) if stage in way else None
        later = {each for each in way[:first] if ORDER[each] > place} if first is not None else ()
        assert bool(seen >> place & 1) == (stage in way)
        assert bool(again >> place & 1) == (way.count(stage) > 1)
        assert bool(turned >> place & 1) == bool(later)


def test_the_drawing_names_skips_and_returns_and_links_everything(book):
    fill(book, STRAIGHT, AT_ONCE, REOPENED)
    told = flow(book, ALL)
    shown = [Shown(e, f"{e.complaints} {e.words}", e.words, f"/c?edge={e.key}") for e in told.edges]
    nodes = sorted(told.nodes, key=lambda each: ORDER[each.name])
    drawing, left = drawn(
        nodes, shown, called=STAGE_WORDS.__getitem__, node_link=lambda name: f"/c?step={name}",
        by_time=False, words="Flow", band="required path",
    )  # fmt: skip
    assert left == 0
    assert drawing.count("<a href=") == len(told.edges) + len(told.nodes)
    assert "closed at once" in drawing
    assert "reopened" in drawing
    # The page's policy allows no style in a tag.
    assert "style=" not in drawing
    assert drawing.count("flow-off") == 2


def test_names_are_escaped_in_the_drawing(book):
    fill(book, STRAIGHT)
    told = flow(book, ALL)
    drawing, _ = drawn(
        told.nodes, [], called=lambda _: "<b>&", node_link=lambda _: '/"><script>', by_time=False, words='"', band="<i>",
    )  # fmt: skip
    assert "<b>" not in drawing
    assert "<script>" not in drawing
    assert "<i>" not in drawing


def test_dots_say_what_is_missing_and_what_is_out_of_order(book):
    fill(book, AT_ONCE)
    crossed = dots(flow(book, ALL).variants[0], STAGES, STAGE_WORDS)
    assert crossed.count("#i-fail") == 4
    assert "acknowledged missing" in crossed
    fill(book, *[TURNED] * 2)
    ringed = dots(flow(book, ALL).variants[0], STAGES, STAGE_WORDS)
    assert 'class="dot-ring"' in ringed
    assert "acknowledged out of order" in ringed


@pytest.mark.parametrize(
    "span, said",
    [(None, "–"), (0, "0\u00a0min"), (DAY * 3 // 2, "1.5\u00a0d"), (DAY // 2, "12\u00a0h"), (30 * DAY, "30\u00a0d")],
)  # fmt: skip
def test_short_spans(span, said):
    assert brief(span) == said
