"""Faults on order, rate limits, and the control plane."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import World

HALF_PAST_TEN = datetime(2026, 10, 12, 10, 30, tzinfo=UTC)


@pytest.fixture
def server():
    world = World(SteppableClock(HALF_PAST_TEN))
    for number in range(3):
        world.create("CMP", "Complaint", {"summary": f"Complaint {number}"}, "acc-c01")
    with start_in_thread(world) as running:
        yield running


@pytest.fixture
def call(server):
    session = requests.Session()
    session.auth = (server.email, server.token)
    yield lambda method, path, **more: session.request(
        method, server.url + "/rest/api/3" + path, timeout=5, **more
    )
    session.close()


@pytest.fixture
def control(server):
    def ask(method, path, **more):
        headers = {"X-Sandbox-Token": server.control_token}
        return requests.request(
            method, f"{server.url}/_sandbox/{path}", headers=headers, timeout=5, **more
        )

    return ask


def summary(server, key):
    return server.world.find(key).fields["summary"]


def test_a_lost_reply_was_committed(server, call, control):
    control("POST", "faults", json=[{"match": "PUT .*/issue/CMP-1$", "kind": "lost_reply"}])
    with pytest.raises(requests.ConnectionError):
        call("PUT", "/issue/CMP-1", json={"fields": {"summary": "lost"}})
    assert summary(server, "CMP-1") == "lost"
    assert call("PUT", "/issue/CMP-1", json={"fields": {"summary": "kept"}}).status_code == 204


def test_a_dropped_call_was_not_committed(server, call, control):
    control("POST", "faults", json=[{"match": "PUT", "kind": "drop"}])
    with pytest.raises(requests.ConnectionError):
        call("PUT", "/issue/CMP-1", json={"fields": {"summary": "x"}})
    assert summary(server, "CMP-1") == "Complaint 0"


def test_a_cut_body_is_noticed(call, control):
    control("POST", "faults", json=[{"match": "GET .*/field$", "kind": "cut_body"}])
    with pytest.raises(requests.RequestException):
        call("GET", "/field").json()
    assert call("GET", "/field").status_code == 200


def test_a_page_instead_of_json(call, control):
    control("POST", "faults", json=[{"match": "/myself", "kind": "non_json"}])
    answer = call("GET", "/myself")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")


def test_an_ordered_status_strikes_the_nth_call_and_then_no_more(call, control):
    order = {"match": "/myself", "kind": "status", "status": 503, "nth": 2, "times": 2}
    control("POST", "faults", json=[order | {"headers": {"Retry-After": "3"}}])
    answers = [call("GET", "/myself") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "3"
    assert control("GET", "faults").json()[0] == {
        "match": "/myself",
        "kind": "status",
        "seen": 4,
        "struck": 2,
    }


def test_a_conflict_commits_nothing(server, call, control):
    control("POST", "faults", json=[{"match": "transitions", "kind": "conflict_409"}])
    body = {"transition": {"id": "11"}}
    assert call("POST", "/issue/CMP-1/transitions", json=body).status_code == 409
    assert server.world.find("CMP-1").status == "10001"


def test_an_unknown_fault_is_refused(control):
    assert control("POST", "faults", json=[{"match": "x", "kind": "meteor"}]).status_code == 400
    assert (
        control("POST", "faults", json=[{"match": "x", "kind": "drop", "y": 1}]).status_code == 400
    )


def test_a_burst_is_stopped_and_the_next_second_is_not(server, call):
    server.site.limits.enabled = True
    server.site.limits.burst["GET"] = 2
    assert call("GET", "/myself").headers["X-RateLimit-Remaining"] == "1"
    call("GET", "/myself")
    stopped = call("GET", "/myself")
    assert stopped.status_code == 429
    assert stopped.headers["RateLimit-Reason"] == "jira-burst-based"
    assert stopped.headers["Retry-After"] == "1"
    assert call("GET", "/status").status_code == 200
    server.world.clock.advance(1)
    assert call("GET", "/myself").status_code == 200


def test_one_ticket_takes_only_so_many_writes(server, call):
    server.site.limits.enabled = True
    server.site.limits.writes_per_2_seconds = 2
    put = {"json": {"fields": {"summary": "x"}}}
    codes = [call("PUT", f"/issue/{key}", **put).status_code for key in ("CMP-1", "10101", "CMP-1")]
    assert codes == [204, 204, 429]
    assert call("PUT", "/issue/CMP-2", **put).status_code == 204


def test_a_used_up_quota_lasts_until_the_hour(server, call):
    server.site.limits.enabled = True
    server.site.limits.points_per_hour = 3
    call("POST", "/search/jql", json={"jql": "project = CMP"})
    stopped = call("GET", "/myself")
    assert stopped.headers["RateLimit-Reason"] == "jira-quota-global-based"
    assert stopped.headers["Retry-After"] == "1801"
    server.world.clock.advance(1801)
    assert call("GET", "/myself").status_code == 200


def test_the_control_plane_needs_its_own_token(server):
    url = f"{server.url}/_sandbox/journal"
    assert requests.get(url, auth=(server.email, server.token), timeout=5).status_code == 401


def test_the_clock_is_stepped_from_outside(server, control):
    assert control("POST", "clock", json={"advance_seconds": 60}).json() == {
        "now": "2026-10-12T10:31:00.000+00:00",
        "running": False,
    }
    control("POST", "clock", json={"set": "2026-10-25T02:30:00+02:00"})
    assert server.world.clock.now() == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_people_act_at_the_worlds_now(server, control):
    acts = [
        {"do": "edit", "issue": "CMP-1", "fields": {"assignee": "acc-bert"}, "actor": "Bert Kaya"},
        {"do": "comment", "issue": "CMP-1", "text": "#response", "actor": "acc-bert"},
        {"do": "transition", "issue": "CMP-1", "to_status": "Done", "actor": "acc-bert"},
        {"do": "create", "project": "CMP", "fields": {"summary": "New"}, "actor": "acc-c01"},
        {"do": "delete", "issue": "CMP-2"},
    ]
    done = control("POST", "act", json=acts).json()
    assert done[3]["key"] == "CMP-4"
    issue = server.world.find("CMP-1")
    assert issue.status == "10010"
    assert {entry.author for entry in issue.entries} == {"acc-bert"}
    assert server.world.find("CMP-2") is None
    assert control("POST", "act", json={"do": "edit", "issue": "CMP-2"}).status_code == 400


def test_the_journal_names_the_request_behind_a_write(server, call, control):
    answer = call("PUT", "/issue/CMP-1", json={"fields": {"summary": "x"}})
    (line,) = control("GET", "journal").json()
    assert line["request"] == answer.headers["X-AREQUESTID"]
    assert line["actor"] == "acc-ombud"
    assert control("GET", "journal?after=1").json() == []
    calls = control("GET", "calls").json()
    assert [(one["method"], one["status"], one["id"]) for one in calls] == [
        ("PUT", 204, line["request"])
    ]


def test_the_state_can_be_read_whole(control):
    state = control("GET", "state").json()
    assert [issue["key"] for issue in state["issues"]] == ["CMP-1", "CMP-2", "CMP-3"]


def test_the_wire_is_set_from_outside(server, control):
    body = {
        "index_lag_seconds": 5,
        "limits": {"enabled": True},
        "withheld": {"acc-ombud": ["EDIT_ISSUES"]},
        "off_screen": {"CMP": ["labels"]},
    }
    assert control("POST", "settings", json=body).status_code == 200
    assert server.world.index.lag_seconds == 5
    assert server.site.limits.enabled
    assert "labels" not in server.world.edit_screens["CMP"]
