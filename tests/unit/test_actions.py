"""Corrective actions: what they have to say, in which order things happen, and how often a cause came again."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import DAY, moment
from ombud.store.book import EVERYTHING, Filter
from sync.actions import drop, finish, look_at_effect, write_down
from sync.book import Bookkeeper
from sync.decisions import Overtaken, shown_as
from sync.figures.actions import line_of, list_actions, recurrence
from sync.persons import Refused
from tests.people_desk import CAUSE, desk_at

pytestmark = pytest.mark.usefixtures("either")
ZONE = ZoneInfo("Europe/Berlin")
TOLD = {
    "title": "Read the meter twice",
    "root_cause": "billing",
    "why": "one reading is often wrong",
    "owner": "Billing lead",
    "due": "2027-02-01",
    "check_due": "2027-05-01",
}


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, mode="flag") as opened:
        yield opened


def written(desk, **told):
    return write_down(desk.service, by=desk.who("ann"), **TOLD | told)


def kept(desk, row):
    with desk.store.improve.reading() as acts:
        return acts.corrective(row.id)


def test_an_action_is_written_down_done_and_found_effective_with_a_line_each(desk):
    before = desk.store.counts()["decision"]
    row = written(desk)
    row = finish(desk.service, row.id, what="two readings", by=desk.who("bob"), shown=shown_as(row))
    row = look_at_effect(
        desk.service, row.id, effect="effective", why="two a month", by=desk.who("ann"), shown=shown_as(row)
    )  # fmt: skip
    held = kept(desk, row)
    assert held == row
    assert (held.done_name, held.checked_name, held.effect) == ("bob", "ann", "effective")
    assert desk.store.verify_log() == before + 3


def test_the_same_form_twice_is_one_action(desk):
    first, second = written(desk, once="a1"), written(desk, once="a1", title="otherwise")
    assert (first.id, second.title) == (second.id, TOLD["title"])
    assert len(list_actions(desk.service, now=desk.service.now(), zone=ZONE)) == 1


@pytest.mark.parametrize(
    "told, why",
    [
        ({"title": " "}, "what is to be done"),
        ({"why": ""}, "says why"),
        ({"owner": ""}, "who sees to it"),
        ({"due": "1 Feb"}, "the day by which it is done"),
        ({"check_due": "2027-01-31"}, "once the action is done"),
        ({"title": "x" * 121}, "too long"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(desk, told, why):
    with pytest.raises(Refused, match=why):
        written(desk, **told)
    assert list_actions(desk.service, now=desk.service.now(), zone=ZONE) == []


def test_things_happen_in_their_order(desk):
    row, ann = written(desk), desk.who("ann")
    with pytest.raises(Refused, match="not done yet"):
        look_at_effect(desk.service, row.id, effect="effective", why="x", by=ann, shown=None)
    with pytest.raises(Refused, match="what was done"):
        finish(desk.service, row.id, what=" ", by=ann, shown=None)
    finish(desk.service, row.id, what="done", by=ann, shown=None)
    with pytest.raises(Refused, match="Choose one"):
        look_at_effect(desk.service, row.id, effect="great", why="x", by=ann, shown=None)
    look_at_effect(desk.service, row.id, effect="not_effective", why="x", by=ann, shown=None)
    for again in (
        lambda: finish(desk.service, row.id, what="x", by=ann, shown=None),
        lambda: drop(desk.service, row.id, why="x", by=ann, shown=None),
        lambda: look_at_effect(desk.service, row.id, effect="effective", why="x", by=ann, shown=None),
    ):  # fmt: skip
        with pytest.raises(Refused, match="found not effective by ann"):
            again()


def test_who_comes_second_is_told_who_was_first(desk):
    row = written(desk)
    finish(desk.service, row.id, what="done", by=desk.who("bob"), shown=shown_as(row))
    with pytest.raises(Overtaken, match="said to be done by bob"):
        drop(desk.service, row.id, why="x", by=desk.who("ann"), shown=shown_as(row))
    assert kept(desk, row).dropped is None


def test_what_is_overdue_stands_first_and_what_is_over_last(desk):
    today = moment(desk.service.now(), ZONE).date()

    def at(days):
        return (today + timedelta(days=days)).isoformat()

    later = written(desk, title="later", due=at(9), check_due=at(99))
    late = written(desk, title="late", due=at(-2), check_due=at(99))
    over = written(desk, title="over", due=at(-9), check_due=at(-9))
    drop(desk.service, over.id, why="not needed", by=desk.who("ann"), shown=None)
    unseen = written(desk, title="unseen", due=at(-9), check_due=at(-4))
    finish(desk.service, unseen.id, what="done", by=desk.who("ann"), shown=None)
    lines = list_actions(desk.service, now=desk.service.now(), zone=ZONE)
    told = [(each.row.title, each.state, each.overdue) for each in lines]
    assert told == [
        ("unseen", "done", 4),
        ("late", "open", 2),
        ("later", "open", 0),
        ("over", "given_up", 0),
    ]
    assert [each.row.id for each in lines[:3]] == [unseen.id, late.id, later.id]


def test_how_often_a_cause_came_before_and_after(desk):
    """The day it was done begins the time after; other causes count in the sum alone."""
    desk.create(**{CAUSE: "10221"})
    desk.create(**{CAUSE: "10222"})
    desk.pass_time(days=2)
    desk.create(**{CAUSE: "10221"})
    desk.pass_time(days=1)
    desk.sync()
    keeper = Bookkeeper(desk.service, kept=False)
    keeper.refresh()
    [cause] = {row[0] for row in keeper.book.ask("SELECT root_cause FROM complaint")} - {
        row[0] for row in keeper.book.ask("SELECT root_cause FROM complaint GROUP BY 1 HAVING count(*) < 2")
    }  # fmt: skip
    row = written(desk, root_cause=cause)

    def told(row, asked=EVERYTHING):
        return recurrence(keeper.book, asked, row, now=desk.service.now(), zone=ZONE)

    assert told(row) is None
    row = finish(desk.service, row.id, what="done", by=desk.who("ann"), shown=None)
    first = told(row)
    assert (first.before, first.after, first.days, first.over) == ((2, 3), (0, 0), 0, False)
    desk.create(**{CAUSE: "10221"})
    desk.pass_time(days=95)
    desk.sync()
    keeper.refresh()
    last = told(row)
    assert (last.before, last.after, last.days, last.over) == ((2, 3), (1, 1), 90, True)
    # Its addresses mean the same complaints.
    assert last.before_in.end == last.after_in.begin
    assert told(row, Filter(helpdesks=("elsewhere",))).before == (0, 0)
    assert told(row._replace(root_cause=None)) is None
    assert line_of(row, desk.service.now() + DAY, ZONE).age == 96
    keeper.close()
