"""JQL as the sandbox reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ombud.sandbox import jql
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.jql_tokens import BadQueryError
from ombud.sandbox.world import World

START = datetime(2026, 10, 12, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def world():
    world = World(SteppableClock(START + timedelta(days=1)))
    world.create(
        "CMP",
        "Complaint",
        {
            "summary": 'The "blue" parcel',
            "customfield_10040": "10203",
            "labels": ["late", "vip"],
            "assignee": "acc-anna",
        },
        "acc-c01",
        START,
    )
    world.create(
        "CMP", "Question", {"summary": "How to return"}, "acc-c02", START + timedelta(minutes=1)
    )
    world.create(
        "SUP",
        "Request",
        {"summary": "Printer", "status": "10010"},
        "acc-c03",
        START + timedelta(minutes=2),
    )
    return world


def keys(world, text, zone="Europe/Berlin"):
    query = jql.parse(text, world, zone, "acc-anna")
    return [issue.key for issue in world.issues.values() if query.test(issue)]


@pytest.mark.parametrize(
    "text,expected",
    [
        ("project = CMP", ["CMP-1", "CMP-2"]),
        ("project in (10001)", ["SUP-1"]),
        ("issuetype = Complaint", ["CMP-1"]),
        ("project = cmp AND type != Complaint", ["CMP-2"]),
        ("status = Done OR labels = vip", ["CMP-1", "SUP-1"]),
        ("project = CMP AND NOT (labels in (late, early))", ["CMP-2"]),
        ("assignee IS EMPTY and project = CMP", ["CMP-2"]),
        ("assignee = currentUser()", ["CMP-1"]),
        ("cf[10040] = High", ["CMP-1"]),
        ('"Severity" is not EMPTY', ["CMP-1"]),
        ('summary ~ "\\"blue\\""', ["CMP-1"]),
        ("text ~ 'return'", ["CMP-2"]),
        ("key in (CMP-2, SUP-1)", ["CMP-2", "SUP-1"]),
        ("id = 10101", ["CMP-1"]),
        ("statusCategory = Done", ["SUP-1"]),
        ("created >= -1d", ["CMP-1", "CMP-2", "SUP-1"]),
        ("labels not in (late)", []),
    ],
)
def test_a_query_finds(world, text, expected):
    assert keys(world, text) == expected


def test_a_date_means_the_callers_time_zone(world):
    text = 'updated >= "2026-10-12 09:31"'
    assert keys(world, text, "Europe/Berlin") == ["CMP-2", "SUP-1"]
    assert keys(world, text, "America/New_York") == []
    assert keys(world, 'updated >= "2026/10/12 03:31"', "America/New_York") == ["CMP-2", "SUP-1"]


def test_the_walk_is_narrowed_only_by_what_must_hold(world):
    parsed = jql.parse('project = CMP AND updated >= "2026-10-12 09:31"', world, "Etc/UTC", None)
    assert parsed.since == datetime(2026, 10, 12, 9, 31, tzinfo=UTC)
    either = jql.parse('labels = a OR updated >= "2026-10-12 09:31"', world, "Etc/UTC", None)
    assert either.since is None
    assert jql.parse("NOT id = 10101", world, "Etc/UTC", None).numbers is None


def test_an_order_alone_is_no_bound(world):
    parsed = jql.parse("ORDER BY updated DESC, key", world, "Etc/UTC", None)
    assert not parsed.bounded
    assert parsed.order == [("updated", True), ("key", False)]


@pytest.mark.parametrize(
    "text,said",
    [
        ("updated >= 1732877091000", "Date value '1732877091000' for field 'updated' is invalid"),
        ('updated >= "2026-10-12 09:31:10"', "is invalid"),
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("nothing = 1", "Field 'nothing' does not exist"),
        ("key = CMP-99", "An issue with key 'CMP-99' does not exist"),
        ("project CMP", "Expecting operator"),
        ("project = CMP AND", "before the end of the query"),
        ("project = CMP status = Done", "Expecting either 'OR' or 'AND'"),
        ("project = {CMP", "does not exist"),
        ('summary ~ "open', "reserved JQL character"),
    ],
)
def test_a_bad_query_is_told_why(world, text, said):
    with pytest.raises(BadQueryError) as caught:
        jql.parse(text, world, "Europe/Berlin", None)
    assert said in str(caught.value)
