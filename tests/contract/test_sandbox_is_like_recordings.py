"""The sandbox's answers beside answers that were recorded from real Jira sites."""

from __future__ import annotations

import json
import re

import pytest
import requests


@pytest.fixture(scope="module")
def recorded(shared):
    return lambda name: json.loads((shared / "fixtures" / "jira" / f"{name}.json").read_text())


@pytest.fixture
def call(sandbox):
    session = requests.Session()
    session.auth = (sandbox.email, sandbox.token)
    yield lambda method, path, body=None: session.request(
        method, sandbox.url + path, json=body, timeout=10
    )
    session.close()


#: Answers whose wording hangs on the recording's anonymous caller, or on its project.
NOT_COMPARED = ("/comment", "PUT ", "transitionId=999")


def test_recorded_errors_are_answered_word_by_word(recorded, call, sandbox):
    sandbox.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
    errors = recorded("observed-errors-cloud-2026-10-08")
    del errors["_note"]
    compared = {
        line: answer
        for line, answer in errors.items()
        if not any(part in line for part in NOT_COMPARED)
    }
    assert len(compared) >= 7
    for line, (status, body) in compared.items():
        method, path, sent = re.fullmatch(
            r"(\S+) ([^{]+?)(?: (\{.*\}))?", line.replace("PUB", "CMP")
        ).groups()
        answer = call(method, path, None if sent is None else json.loads(sent))
        assert (answer.status_code, answer.json()) == (status, body), line


def keys(values):
    return {key for value in values for key in value}


def test_history_has_the_recorded_shape(recorded, call, sandbox):
    issue = sandbox.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
    sandbox.world.edit(
        issue.id, {"assignee": "acc-anna", "description": "y"}, "acc-anna", to_status="10002"
    )
    ours = call("GET", f"/rest/api/3/issue/{issue.key}/changelog").json()["values"]
    theirs = recorded("devlake-changelog-values-13954")["values"]
    assert keys(ours) == keys(theirs)
    assert keys(keyed["author"] for keyed in theirs) <= keys(keyed["author"] for keyed in ours)
    assert keys(item for value in ours for item in value["items"]) == keys(
        item for value in theirs for item in value["items"]
    )
    for one in (ours[0], theirs[0]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}", one["created"])


def test_a_ticket_has_the_recorded_shape(recorded, call, sandbox):
    issue = sandbox.world.create(
        "CMP", "Complaint", {"summary": "x", "assignee": "acc-anna"}, "acc-c01"
    )
    sandbox.world.comment(issue.id, "acc-anna", "y")
    ours = call("GET", f"/rest/api/2/issue/{issue.key}").json()["fields"]
    theirs = recorded("devlake-issue-expand-changelog-10079")["fields"]
    for name in ("status", "creator", "comment"):
        assert set(theirs[name]) <= set(ours[name]), name
    assert set(theirs["status"]["statusCategory"]) == set(ours["status"]["statusCategory"])
    assert set(theirs["comment"]["comments"][0]) <= set(ours["comment"]["comments"][0])
    assert type(ours["comment"]["comments"][0]["body"]) is type(
        theirs["comment"]["comments"][0]["body"]
    )


def test_a_workflow_has_the_documented_shape(recorded, call):
    ours = call(
        "POST",
        "/rest/api/3/workflows",
        {"projectAndIssueTypes": [{"projectId": "10000", "issueTypeId": "10001"}]},
    ).json()
    theirs = recorded("oas-example-workflows-read")
    assert set(theirs) <= set(ours)
    assert keys(theirs["workflows"]) <= keys(ours["workflows"])
    assert keys(theirs["workflows"][0]["transitions"]) <= keys(ours["workflows"][0]["transitions"])
