"""A day of agents at work: the same from the same seed, and ends the same whether notes come at once or in the breaks."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from ombud.sandbox.end_state import differences, end_state, trespasses
from ombud.sandbox.jira.server import JiraServer
from ombud.sandbox.shift import plan, shift
from ombud.sandbox.zendesk.server import ZendeskServer
from tests.desks import jira_service
from tests.zendesk_desk import zendesk_service

SEED, AGENTS = 5, 8
DAY = {"agents": AGENTS, "complaints": 10, "ordinary": 3}


def test_a_day_is_drawn_from_its_seed():
    assert plan(SEED, **DAY) == plan(SEED, **DAY)
    assert plan(SEED, **DAY) != plan(SEED + 1, **DAY)
    deeds = plan(SEED, **DAY)
    assert [each.at for each in deeds] == sorted(each.at for each in deeds)
    assert {each.do for each in deeds} >= {"create", "edit", "say", "close", "mend", "insist"}
    for ticket in range(13):
        times = [each.at for each in deeds if each.ticket == ticket]
        assert all(later - one >= timedelta(seconds=5) for one, later in pairwise(times))


def worked(vendor, folder, *, at_once):
    """Work a day, Ombud looking after each act or in the breaks alone, and give how it ends."""
    jira = vendor == "jira"
    with (JiraServer if jira else ZendeskServer)(manual_hooks=True).start() as server:
        folder.mkdir()
        service = (
            jira_service(folder, server, profile='"starter"')
            if jira
            else zendesk_service(folder, server, profile="starter")
        )
        world, account = server.world, "sandbox" if jira else "zendesk"
        start, part = world.clock.now(), 0
        day = shift(world, agents=AGENTS)

        def look():
            # The minute that Zendesk's exports withhold.
            world.clock.advance(1 if jira else 62)
            service.sync(account)

        with service:
            look()
            for deed in plan(SEED, **DAY):
                if deed.round != part:
                    part = deed.round
                    look()
                    look()
                world.clock.set(max(start + deed.at, world.clock.now()))
                day.do(deed)
                if at_once:
                    look()
            look()
            look()
            return end_state(world)


@pytest.mark.parametrize("vendor", ["jira", "zendesk"])
def test_a_day_ends_the_same_whether_notes_come_at_once_or_in_the_breaks(vendor, tmp_path):
    one = worked(vendor, tmp_path / "at once", at_once=True)
    other = worked(vendor, tmp_path / "late", at_once=False)
    assert differences(one, other) == []
    assert trespasses(one) == []
    assert trespasses(other) == []
    ours = "acc-ombud" if vendor == "jira" else "9001"
    moved = [name for name, told in one.items() if any(step[-1] == ours for step in told["path"])]
    assert len(moved) >= 2
    assert any(told["notes"] for told in one.values()), "somebody insisted: the note stays"
    ordinary = [told for told in one.values() if told["fields"].get("summary") == "A question"]
    assert all(told["notes"] == [] for told in ordinary)


def test_what_must_not_be_is_named():
    with JiraServer(manual_hooks=True) as server:
        world = server.world
        issue = world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
        before = end_state(world)
        assert trespasses(before) == []
        for _ in range(2):
            note = {"ombud": {"key": "k"}}
            world.comment(issue.id, "acc-ombud", "A note at 10:15", public=True, properties=note)
        world.edit(issue.id, {"priority": "1", "labels": ["vip", "ombud-late"]}, "acc-ombud")
        world.set_property(issue.id, "theirs", {}, "acc-ombud")
        told = "\n".join(trespasses(end_state(world)))
        for part in ("k 2 times", "A note at 10:15", "priority", "label vip", "property theirs"):
            assert part in told
        assert "ombud-late" not in told
        assert any("A note at --:--" in each for each in differences(before, end_state(world)))
        assert differences(before, {}) == ["CMP-1: only in the one"]


def test_what_zendesk_must_not_hold_is_named():
    with ZendeskServer(manual_hooks=True) as server:
        world = server.world
        told = {"subject": "x", "comment": {"body": "It leaks"}}
        ticket = world.create(told, 9001).id
        assert trespasses(end_state(world)) != [], "what the account writes itself is public"
        for _ in range(2):
            said = {"comment": {"body": "A note", "public": False}, "add_tags": ["vip"]}
            world.update(ticket, said, 9001, custom={"ombud": {"key": "k"}})
        found = "\n".join(trespasses(end_state(world)))
        assert "k 2 times" in found
        assert "tag vip" in found
