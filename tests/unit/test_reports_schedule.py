from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import HOUR, instant, moment
from ombud.store import ScheduleRow
from ombud.store.book import open_book
from sync.book import About
from sync.persons import Refused
from sync.reports.said import saying
from sync.reports.schedule import (
    Said,
    add_schedule,
    due,
    send_due,
    slot_after,
    slot_before,
    trouble,
    words,
)
from tests.told_desk import BERLIN, CHANNELS, ToldDesk

NEW_YORK = ZoneInfo("America/New_York")


def at(text, zone=BERLIN):
    return instant(datetime.fromisoformat(text).replace(tzinfo=zone))


def row(**changed):
    told = {
        "id": "a",
        "what": "kpi",
        "query": "",
        "every": "weekly",
        "day": 0,
        "hour": 8,
        "channels": '["leads"]',
        "groups": "[]",
        "made": at("2026-11-01T00:00"),
        "made_by": "A. Okafor",
    }
    return ScheduleRow(**(told | changed))


@pytest.fixture
def desk(tmp_path):
    made = ToldDesk(tmp_path, CHANNELS, start="2026-11-24T10:00")
    yield made
    made.service.store.close()


def say(row, slot):
    return Said(f"{row.what} {moment(slot, BERLIN):%d}", (("40 of 50 on time", ""),))


def add(desk, **changed):
    told = {
        "what": "kpi", "query": "", "every": "weekly", "day": "wed", "hour": 8, "channels": ["leads", "desk"],
        "groups": frozenset(), "by": desk.service.persons.named("A. Okafor"), "now": desk.now,
    }  # fmt: skip
    return add_schedule(desk.service, **(told | changed))


def send(desk):
    return send_due(desk.service, say, desk.now, post=desk.wire)


@pytest.mark.parametrize(
    "changed, now, before, after",
    [
        ({}, "2026-11-24T10:00", "2026-11-23T08:00", "2026-11-30T08:00"),
        ({}, "2026-11-23T08:00", "2026-11-23T08:00", "2026-11-30T08:00"),
        (
            {"every": "monthly", "day": 5},
            "2026-11-24T10:00",
            "2026-11-05T08:00",
            "2026-12-05T08:00",
        ),
        (
            {"every": "monthly", "day": 0},
            "2026-03-01T00:00",
            "2026-02-28T08:00",
            "2026-03-31T08:00",
        ),
        # The clock skips from two to three that night.
        ({"day": 6, "hour": 2}, "2026-03-30T00:00", "2026-03-29T03:00", "2026-04-05T02:00"),
    ],
)
def test_a_slot_is_an_hour_of_the_desks_clock(changed, now, before, after):
    told = row(**changed)
    assert slot_before(told, at(now), BERLIN) == at(before)
    assert slot_after(told, at(now), BERLIN) == at(after)


def test_a_slot_is_sent_once_and_not_long_after_it_was_missed():
    told = row()
    monday = at("2026-11-23T08:00")
    assert due([told], monday, BERLIN) == [(told, monday)]
    assert due([told._replace(sent=monday)], monday + HOUR, BERLIN) == []
    assert due([told], at("2026-11-26T09:00"), BERLIN) == []
    assert due([told._replace(next_try=monday + HOUR)], monday, BERLIN) == []


def test_what_lay_before_it_was_asked_for_is_not_sent(desk):
    add(desk, day="mon")
    assert send(desk) == []
    desk.on("2026-11-30T08:00")
    assert [each.why for each in send(desk)] == [""]
    assert send(desk) == []
    assert len(desk.wire.taken) == 2


def test_a_channel_that_has_it_does_not_get_it_again_because_another_failed(desk):
    add(desk)
    desk.wire.refusing["wire://desk"] = "503"
    desk.on("2026-11-25T08:00")
    assert send(desk)[0].why == "desk: 503"
    assert trouble(desk.service.store.reports.schedules()[0]).took == ("leads",)
    assert send(desk) == []
    desk.wire.refusing.clear()
    desk.on("2026-11-25T08:10")
    assert [each.why for each in send(desk)] == [""]
    assert [address for address, _ in desk.wire.taken] == ["wire://leads", "wire://desk"]
    assert desk.service.store.reports.schedules()[0].why is None


def test_it_says_what_is_wrong_with_a_schedule(desk):
    for changed, said in (
        ({"what": "gossip"}, "cannot be sent"),
        ({"every": "hourly"}, "weekly or monthly"),
        ({"channels": ["nobody"]}, "has no channel nobody. Known: leads, desk"),
        ({"channels": []}, "no channel"),
        ({"day": "someday"}, "is no weekday"),
        ({"every": "monthly", "day": "31"}, "1 to 28, or last"),
        ({"hour": 24}, "no hour"),
    ):
        with pytest.raises(Refused, match=said):
            add(desk, **changed)
    assert desk.service.store.reports.schedules() == []


def test_a_schedule_is_dropped(desk):
    name = add(desk)
    assert desk.service.store.reports.drop_schedule(name, by="p:1", now=desk.now)
    assert not desk.service.store.reports.drop_schedule(name, by="p:1", now=desk.now)
    desk.on("2026-11-25T08:00")
    assert send(desk) == []


def test_when_it_is_sent_is_said_in_words():
    assert words(row(day=2)) == "every Wednesday at 8:00"
    assert words(row(every="monthly", day=0)) == "on the last day of every month at 8:00"


def test_figures_of_the_month_before_are_frozen_and_sent(desk):
    add(desk, every="monthly", day="1", channels=["leads"])
    desk.on("2026-12-01T08:00")
    book = open_book(None)
    told = saying(desk.service, book, About(("all was read",)))
    assert "nothing was counted" in send_due(desk.service, told, desk.now, post=desk.wire)[0].why
    with book.writing() as writing:
        writing.mark(cutoff=desk.now)
    desk.on("2026-12-01T08:10")
    assert [each.why for each in send_due(desk.service, told, desk.now, post=desk.wire)] == [""]
    assert [each.month for each in desk.service.store.reports.snapshots()] == ["2026-11"]
    assert "Figures of 2026-11" in desk.wire.texts[0]
    assert "Complaints received: 0" in desk.wire.texts[0]
    assert "Data: all was read" in desk.wire.texts[0]


def test_a_review_is_of_the_quarter_before_it_is_sent(desk):
    add(desk, what="review", every="monthly", day="1", channels=["leads"])
    desk.on("2027-01-01T08:00")
    told = saying(desk.service, open_book(None), About())
    assert send_due(desk.service, told, desk.now, post=desk.wire)[0].why == ""
    assert "Management review, Q4 2026" in desk.wire.texts[0]
    assert "Nothing is known yet of: Changes inside the organisation" in desk.wire.texts[0]


def test_a_filter_that_is_not_understood_is_told_and_sends_nothing(desk):
    add(desk, what="overview", query="colour=red", channels=["leads"])
    desk.on("2026-11-25T08:00")
    told = saying(desk.service, open_book(None), About())
    assert "colour" in send_due(desk.service, told, desk.now, post=desk.wire)[0].why
    assert desk.wire.taken == []


def test_a_schedule_keeps_the_groups_of_who_made_it(desk):
    add(desk, groups=frozenset({"hr"}))
    assert json.loads(desk.service.store.reports.schedules()[0].groups) == ["hr"]
