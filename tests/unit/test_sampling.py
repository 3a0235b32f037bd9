"""Samples of what is no complaint: drawn by a seed, answered once, and what may be said of them."""

from __future__ import annotations

import pytest

from ombud.store import SampledRow, SampleRow
from sync.decisions import Overtaken
from sync.persons import Refused
from sync.sampling import answer, draw, missed_of, wilson
from tests.people_desk import CUSTOMER, SEVERITY, desk_at


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, mode="flag") as opened:
        scope = opened.config.read_text(encoding="utf-8")
        opened.config.write_text(scope.replace('is = "undecided"', 'is = "not_a_complaint"'), "utf-8")  # fmt: skip
        opened.reopen()
        for number in range(8):
            opened.world.create("CMP", "Question", {"summary": f"{number}", SEVERITY: "10203"}, CUSTOMER)  # fmt: skip
        opened.create()
        opened.pass_time(minutes=20)
        opened.sync()
        yield opened


def tickets(desk, sample):
    with desk.store.improve.reading() as acts:
        return acts.sampled(sample.id)


@pytest.mark.parametrize(
    "of, total, low, high",
    # Newcombe (1998), table I, method 3: the score method.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_intervals_are_wilsons(of, total, low, high):
    assert wilson(of, total) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)


def test_what_cannot_be_told_widens_the_interval_both_ways():
    row = SampleRow("s", None, "1", 30, 1_000, 0, "p", None)

    def missed(complaints, none, untold):
        answers = ["complaint"] * complaints + ["not_a_complaint"] * none + ["cannot_tell"] * untold
        rows = [SampledRow("s", n, "a", str(n), str(n), said) for n, said in enumerate(answers)]
        return missed_of(row, rows)

    clear, unclear = missed(2, 28, 0), missed(2, 23, 5)
    assert clear.interval == wilson(2, 30)
    assert unclear.interval == (wilson(2, 30)[0], wilson(7, 30)[1])
    assert (clear.share, unclear.share) == (2 / 30, 2 / 25)
    low, high = clear.in_population
    assert (low, high) == (round(wilson(2, 30)[0] * 1_000), round(wilson(2, 30)[1] * 1_000))
    assert missed(0, 0, 3).share is None


def test_the_same_seed_draws_the_same_and_another_another(desk):
    first = draw(desk.service, size=4, seed="1", by=desk.who("ann"))
    assert (first.size, first.population) == (4, 8)
    other = draw(desk.service, size=4, seed="2", by=desk.who("ann"))
    drawn = [[row.ticket for row in tickets(desk, each)] for each in (first, other)]
    assert drawn[0] != drawn[1]
    with pytest.raises(Refused, match="seed 1 was drawn by ann"):
        draw(desk.service, size=4, seed="1", by=desk.who("bob"))
    # Tickets that come later change the draw no more than they must.
    desk.world.create("CMP", "Question", {"summary": "9", SEVERITY: "10203"}, CUSTOMER)
    desk.pass_time(minutes=20)
    desk.sync()
    again = [row.ticket for row in tickets(desk, draw(desk.service, size=4, seed="1", by=desk.who("bob")))]  # fmt: skip
    assert len(set(again) & set(drawn[0])) >= 3


def test_a_ticket_is_answered_once(desk):
    sample = draw(desk.service, size=2, seed="1", by=desk.who("ann"))
    answer(desk.service, sample.id, 1, "complaint", by=desk.who("bob"))
    with pytest.raises(Overtaken, match="looked at by bob"):
        answer(desk.service, sample.id, 1, "not_a_complaint", by=desk.who("ann"))
    with pytest.raises(Refused, match="no such ticket"):
        answer(desk.service, sample.id, 3, "complaint", by=desk.who("ann"))
    with pytest.raises(Refused, match="Choose one"):
        answer(desk.service, sample.id, 2, "perhaps", by=desk.who("ann"))
    found = missed_of(sample, tickets(desk, sample))
    assert (found.complaints, found.none, found.untold, found.waiting) == (1, 0, 0, 1)


@pytest.mark.parametrize("size", [0, -1, 501])
def test_a_size_has_bounds(desk, size):
    with pytest.raises(Refused, match="1 to 500"):
        draw(desk.service, size=size, seed="1", by=desk.who("ann"))
