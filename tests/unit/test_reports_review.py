from __future__ import annotations

import json

import typst

from ombud.web import paper
from sync.reports.review import (
    INPUTS,
    Decision,
    Listing,
    Measured,
    Number,
    Picture,
    Review,
    Section,
    Verdicts,
    goals,
)

HOSTILE = '#panic("x") *b* _i_ `r` $x$ <l> @ref [c] \\ #{1+1} "q" // /* -- ~'
CUTOFF = 1_795_446_480_000_000
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><rect width="4" height="1"/></svg>'
)


def review(**changed):
    told = {
        "organisation": "Acme",
        "period": "2026-10",
        "period_label": "October 2026",
        "zone": "Europe/London",
        "cutoff": CUTOFF,
        "completeness": "99.8 % complete",
        "packs": ("iso10002 1.4.0",),
        "digest": "7c1e0000a94f",
    }
    return Review(**(told | changed))


def headings(told):
    files = {"main.typ": paper._REVIEW.read_bytes()}
    files["review.json"] = json.dumps(paper._review(told, files)).encode()
    return [each["body"].get("text", "") for each in json.loads(typst.query(files, "heading"))]


def test_a_review_has_seven_inputs_and_says_which_of_them_nothing_is_known_of():
    told = review(sections=(Section("ideas", said=("Call back on Mondays.",)),))
    assert [each.letter for each in INPUTS.values()] == list("abcdefg")
    assert [each.letter for each in told.lacking] == list("abcdef")
    known = {each["input"]: each["known"] for each in told.as_json()["inputs"]}
    assert known == {letter: letter == "g" for letter in "abcdefg"}


def test_no_text_is_read_as_markup():
    listing = Listing(HOSTILE, (HOSTILE, "b"), ((HOSTILE, Verdicts(1, 0, 2)),), note=HOSTILE)
    told = review(
        organisation=HOSTILE,
        completeness=HOSTILE,
        restated=(HOSTILE,),
        sections=(
            Section(
                "performance",
                HOSTILE,
                (HOSTILE,),
                (Number(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,)),),
                (listing,),
                (Picture(HOSTILE, SVG, HOSTILE),),
            ),
        ),
        decisions=(Decision("process", HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )
    assert paper.review_pdf(told).startswith(b"%PDF-")
    # Of the table and of the chart.
    assert headings(told).count(HOSTILE) == 2


def test_what_nobody_sees_stands_on_paper_as_its_number():
    told = review(sections=(Section("ideas", listings=(Listing("a\u202eb\x00", (), ()),)),))
    assert "a[U+202E]b[U+0000]" in headings(told)


def test_the_same_review_gives_the_same_bytes():
    assert paper.review_pdf(review()) == paper.review_pdf(review())


def test_the_foot_says_what_the_figures_rest_on():
    foot = paper._review(review(restated=("Received: 3, was 2",)), {})["foot"]
    assert foot == (
        "Data to 23 Nov 2026, 15:08 Europe/London · 99.8 % complete · iso10002 1.4.0 (7c1e…a94f) · restated figures: 1"
    )
    assert "nothing was counted yet · completeness unknown" in paper._review(
        review(cutoff=None, completeness=""), {}
    )["foot"]  # fmt: skip


def test_it_ends_with_what_is_to_be_decided_by_whom_and_when():
    told = paper._review(review(decisions=(Decision("resources", "Two are new", "Train"),)), {})
    assert told["decisions"][0]["title"] == "Resources and training"
    assert told["decisions"][0]["rows"] == [["Two are new", "Train", "nobody yet", "no date yet"]]


def test_goals_are_related_only_to_what_was_measured():
    found = goals(
        (
            Measured("answered", "Answered on time", "93.3 %"),
            Measured("root_cause", "Root cause told", "", told=False),
            Measured("received", "Received", "12"),
        )
    )
    assert [(each.goal, each.target, each.value) for each in found] == [("16", "16.6", "93.3 %")]
    words = json.dumps(paper._review(review(goals=found), {})).lower()
    assert "compliant" not in words
    assert "certified" not in words
