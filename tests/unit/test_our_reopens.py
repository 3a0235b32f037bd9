"""What we open again is nobody's reopening: it counts in no figure of the agents, and only the closing that stood is one."""

from __future__ import annotations

import pytest

from ombud.model.complaint import Fold
from ombud.model.event import Cause
from ombud.model.instant import DAY
from policies.expression import Present
from policies.measure import Measure, Share, measure
from tests.unit.test_fold import BORN, MAPPING, born, status

REOPENED = Measure("reopen_rate", "Reopened", "closed", Share(Present("reopened")))
CLOSED = status("7", 60, "1", "9")
AGAIN = status("9", 99, "4", "9")


def rate(*events):
    complaint = Fold(MAPPING).fold([*born(), *events])
    (found,) = measure([REOPENED], [complaint], BORN + DAY, None)
    return complaint, (found.numerator, found.cohort)


@pytest.mark.parametrize("hops", [("4",), ("2", "4")])
def test_a_way_back_of_ours_is_no_reopening_and_only_the_closing_that_stood_counts(hops):
    back = [
        status(f"8.{number}", 61 + number, before, after, cause=Cause.ourselves)
        for number, (before, after) in enumerate(zip(("9", *hops), hops, strict=False))
    ]
    for events, closed in (([CLOSED, *back], 0), ([CLOSED, *back, AGAIN], 1)):
        complaint, counted = rate(*events)
        assert complaint.row["reopened"] is None
        assert counted == (0, closed)


def test_what_people_open_again_is_a_reopening_though_we_did_so_before():
    back = status("8", 61, "9", "4", cause=Cause.ourselves)
    _, counted = rate(CLOSED, back, AGAIN, status("10", 120, "9", "2"))
    assert counted == (1, 1)
