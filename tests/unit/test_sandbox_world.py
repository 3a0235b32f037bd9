"""The sandbox's world: its clock, its history, its journal and its lagging index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.world import World

MONDAY = datetime(2026, 10, 12, 7, 30, tzinfo=UTC)


@pytest.fixture
def world():
    return World(SteppableClock(MONDAY))


def complaint(world, **fields):
    return world.create("CMP", "Complaint", {"summary": "No refund"} | fields, "acc-c01")


def test_a_standing_clock_moves_only_when_stepped():
    clock = SteppableClock(MONDAY)
    assert clock.now() == clock.now() == MONDAY
    clock.advance(90.5)
    assert clock.now() == MONDAY + timedelta(seconds=90, milliseconds=500)
    clock.set(datetime(2026, 10, 25, 2, 30, tzinfo=UTC))
    assert clock.now().isoformat() == "2026-10-25T02:30:00+00:00"


def test_a_clock_refuses_a_time_without_a_zone():
    with pytest.raises(ValueError, match="without a zone"):
        SteppableClock(datetime(2026, 10, 12))


def test_a_running_clock_never_goes_back():
    clock = SteppableClock(MONDAY, running=True)
    first = clock.now()
    assert first >= MONDAY
    assert clock.now() >= first
    clock.stand()
    assert clock.now() == clock.now()


def test_fields_and_status_change_in_one_entry(world):
    issue = complaint(world)
    entry = world.edit(issue.id, {"customfield_10042": "10221"}, "acc-anna", to_status="10010")
    assert [(item.field, item.before, item.after) for item in entry.items] == [
        ("Root cause", None, "10221"),
        ("resolution", None, "10000"),
        ("status", "10001", "10010"),
    ]
    assert issue.entries == [entry]


def test_labels_are_printed_as_joined_words_without_ids(world):
    issue = complaint(world, labels=["b"])
    item = world.edit(issue.id, {"labels": ["b", "a"]}, "acc-anna").items[0]
    assert (item.before, item.before_text, item.after, item.after_text) == (None, "b", None, "a b")


def test_an_edit_that_changes_nothing_leaves_no_entry(world):
    issue = complaint(world, assignee="acc-anna")
    assert world.edit(issue.id, {"assignee": "acc-anna"}, "acc-anna") is None
    assert issue.entries == []


def test_history_written_out_of_order_is_told_in_order(world):
    issue = complaint(world)
    world.edit(issue.id, {"assignee": "acc-bert"}, "acc-bert", MONDAY + timedelta(hours=2))
    world.edit(issue.id, {"summary": "Late"}, "acc-anna", MONDAY + timedelta(hours=1))
    assert [entry.author for entry in issue.entries] == ["acc-anna", "acc-bert"]
    assert issue.updated == MONDAY + timedelta(hours=2)


def test_an_automation_may_leave_no_name(world):
    issue = complaint(world)
    entry = world.edit(issue.id, {"assignee": "acc-anna"}, "acc-robot", cause_author_absent=True)
    assert entry.author is None


def test_two_writes_on_a_standing_clock_are_two_revisions(world):
    issue = complaint(world)
    world.open()
    world.clock.advance(60)
    first = world.edit(issue.id, {"assignee": "acc-anna"}, "acc-anna").created
    second = world.comment(issue.id, "acc-anna", "x").created
    assert first == MONDAY + timedelta(seconds=60)
    assert second == issue.updated == first + timedelta(milliseconds=1)
    world.clock.advance(-3600)
    assert world.edit(issue.id, {"assignee": None}, "acc-anna").created == world.clock.now()


def test_a_moved_ticket_is_found_by_both_keys(world):
    issue = complaint(world)
    world.move(issue.id, "SUP")
    assert world.find("CMP-1") is world.find("SUP-1") is issue
    assert issue.type == "10003"
    assert {item.field for item in issue.entries[0].items} == {"project", "Key", "issuetype"}


def test_a_deleted_ticket_is_gone_and_its_key_is_not_used_again(world):
    issue = complaint(world)
    world.delete(issue.id)
    assert world.find("CMP-1") is None
    assert complaint(world).key == "CMP-2"


def test_a_property_moves_neither_history_nor_update(world):
    issue = complaint(world)
    world.clock.advance(60)
    world.set_property(issue.id, "note", {"a": 1})
    assert issue.updated == MONDAY
    assert issue.entries == []
    assert issue.properties == {"note": {"a": 1}}


def test_only_what_happens_after_opening_is_journalled(world):
    issue = complaint(world)
    world.open()
    world.edit(issue.id, {"assignee": "acc-anna"}, "acc-anna")
    world.comment(issue.id, "acc-anna", "internal", public=False)
    lines = world.journal.lines()
    assert [(line["n"], line["what"], line["actor"]) for line in lines] == [
        (1, "edit", "acc-anna"),
        (2, "comment", "acc-anna"),
    ]
    assert lines[1]["detail"]["public"] is False


def seen(world):
    return [issue.fields["summary"] for issue in world.index.ordered(world.clock.now())]


def test_the_index_sees_a_write_only_after_its_lag(world):
    issue = complaint(world)
    world.open()
    world.index.lag_seconds = 30
    world.edit(issue.id, {"summary": "First"}, "acc-anna")
    world.clock.advance(10)
    world.edit(issue.id, {"summary": "Second"}, "acc-anna")
    newborn = complaint(world, summary="Newborn")
    assert seen(world) == ["No refund"]
    world.clock.advance(21)
    assert seen(world) == ["First"]
    world.clock.advance(10)
    assert seen(world) == ["Second", "Newborn"]
    assert world.index.visible(int(newborn.id)) is newborn


def test_the_index_shows_a_deleted_ticket_until_it_learns(world):
    issue = complaint(world)
    world.open()
    world.index.lag_seconds = 30
    world.delete(issue.id)
    assert seen(world) == ["No refund"]
    world.clock.advance(31)
    assert seen(world) == []


def test_the_index_keeps_its_order_under_many_and_few_writes(world):
    issues = [complaint(world, summary=str(number)) for number in range(200)]
    for number, issue in enumerate(reversed(issues)):
        world.edit(
            issue.id, {"assignee": "acc-anna"}, "acc-anna", MONDAY + timedelta(seconds=number)
        )
    assert seen(world) == [str(number) for number in reversed(range(200))]
    world.edit(issues[150].id, {"assignee": "acc-bert"}, "acc-bert", MONDAY + timedelta(hours=1))
    assert seen(world)[-1] == "150"
    assert len(seen(world)) == 200
