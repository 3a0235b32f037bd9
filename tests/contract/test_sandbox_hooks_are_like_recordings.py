"""What the sandbox's webhooks send beside deliveries that were recorded from real Jira and Zendesk."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re

import pytest
import requests

from ombud.sandbox.serve import start_zendesk_in_thread
from ombud.sandbox.zendesk.records import User
from tests.hook_receiver import Receiver

AGENT, CUSTOMER = 9101, 9110
EVENTS = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
]


@pytest.fixture
def recorded(shared):
    return lambda vendor, name: json.loads(
        (shared / "fixtures" / vendor / f"{name}.json").read_text()
    )


@pytest.fixture
def jira(sandbox):
    """A Jira whose world is acted upon, and what its webhook sent, by event."""
    with Receiver() as receiver:
        body = {
            "name": "watch",
            "url": receiver.url,
            "events": EVENTS,
            "filters": {},
            "excludeBody": False,
            "secret": "It's a Secret to Everybody",
        }
        made = requests.post(
            f"{sandbox.url}/rest/webhooks/1.0/webhook",
            json=body,
            auth=(sandbox.email, sandbox.token),
            timeout=10,
        )
        assert made.status_code == 201
        world = sandbox.world
        issue = world.create(
            "CMP", "Complaint", {"summary": "x", "assignee": "acc-anna"}, "acc-c01"
        )
        said = world.comment(issue.id, "acc-anna", "y")
        world.edit_comment(issue.id, said.id, "acc-anna", "z")
        world.delete_comment(issue.id, said.id, "acc-anna")
        fields = {"customfield_10042": "10221", "labels": ["sad", "test-label"]}
        world.edit(issue.id, fields, "acc-anna")
        world.edit(issue.id, {}, "acc-anna", to_status="10010")
        world.edit(issue.id, {"assignee": "acc-bert"}, "acc-anna")
        world.delete(issue.id, actor="acc-anna")
        assert sandbox.hooks.wait()
        yield sorted(receiver.came, key=lambda each: each.told["timestamp"])
        number = made.json()["self"].rpartition("/")[2]
        requests.delete(
            f"{sandbox.url}/rest/webhooks/1.0/webhook/{number}",
            auth=(sandbox.email, sandbox.token),
            timeout=10,
        )


def of(came, event, kind=None):
    return next(
        each.told
        for each in came
        if each.told["webhookEvent"] == event
        and kind in (None, each.told.get("issue_event_type_name"))
    )


JIRA = [
    ("mm-webhook-issue-created-with-security-level", "jira:issue_created", None),
    ("mm-webhook-issue-updated-labels", "jira:issue_updated", "issue_updated"),
    ("mm-webhook-issue-updated-resolved", "jira:issue_updated", "issue_generic"),
    ("mm-webhook-issue-assigned-empty-changelog", "jira:issue_updated", "issue_assigned"),
    ("mm-webhook-issue-deleted", "jira:issue_deleted", None),
    ("mm-webhook-cloud-comment-created", "comment_created", None),
    ("mm-webhook-cloud-comment-updated", "comment_updated", None),
    ("mm-webhook-cloud-comment-deleted", "comment_deleted", None),
]


@pytest.mark.parametrize("name,event,kind", JIRA)
def test_a_delivery_of_jira_has_the_recorded_shape(jira, recorded, name, event, kind):
    theirs, ours = recorded("jira", name), of(jira, event, kind)
    assert set(ours) == set(theirs)
    assert ours.get("issue_event_type_name") == theirs.get("issue_event_type_name")
    assert set(ours["issue"]) == set(theirs["issue"])
    assert type(ours["timestamp"]) is type(theirs["timestamp"])
    assert len(str(ours["timestamp"])) == 13, "milliseconds"
    # One recording leaves "issue/" out.
    part = re.compile(r"/rest/api/2/(issue/)?\d+$")
    assert part.search(ours["issue"]["self"])
    assert part.search(theirs["issue"]["self"])
    if "comment" in ours:
        assert set(ours["comment"]) == set(theirs["comment"])
        assert isinstance(ours["comment"]["body"], str), "wiki text, not a document"
        assert set(ours["issue"]["fields"]) == set(theirs["issue"]["fields"])
        place = re.compile(r"/rest/api/2/issue/\d+/comment/\d+$")
        assert place.search(ours["comment"]["self"])
        assert place.search(theirs["comment"]["self"])
    else:
        wanted = {"accountId", "displayName", "active", "timeZone", "self", "avatarUrls"}
        assert wanted <= set(ours["user"]) & set(theirs["user"])
        for field in ("status", "project", "issuetype", "creator", "summary", "labels"):
            if field not in theirs["issue"]["fields"]:
                continue
            assert type(ours["issue"]["fields"][field]) is type(theirs["issue"]["fields"][field])
    if "changelog" in theirs:
        assert type(ours["changelog"]["id"]) is type(theirs["changelog"]["id"])
        for item in theirs["changelog"]["items"]:
            # Of the time when names became account ids.
            keys = set(item) - {"tmpFromAccountId", "tmpToAccountId"}
            assert all(keys == set(each) for each in ours["changelog"]["items"])


def test_what_resolves_is_one_changelog_as_recorded(jira, recorded):
    theirs = recorded("jira", "mm-webhook-issue-updated-resolved")["changelog"]["items"]
    ours = of(jira, "jira:issue_updated", "issue_generic")["changelog"]["items"]
    assert [each["fieldId"] for each in ours] == [each["fieldId"] for each in theirs]
    assert [each["field"] for each in ours] == [each["field"] for each in theirs]


def test_the_vendors_test_vector_of_the_signature(jira):
    digest = hmac.new(b"It's a Secret to Everybody", b"Hello World!", hashlib.sha256).hexdigest()
    assert digest == "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    for each in jira:
        digest = hmac.new(b"It's a Secret to Everybody", each.body, hashlib.sha256).hexdigest()
        assert each.headers["x-hub-signature"] == f"sha256={digest}"


@pytest.fixture
def zendesk():
    """A Zendesk whose world is acted upon, its webhook's id, and what the webhook sent."""
    with start_zendesk_in_thread() as server, Receiver() as receiver:

        def ask(method, path, body=None):
            answer = requests.request(
                method,
                f"{server.url}/api/v2{path}",
                json=body,
                auth=(f"{server.email}/token", server.token),
                timeout=10,
            )
            assert answer.ok, answer.text
            return answer.json() if answer.content else None

        told = {
            "name": "watch",
            "description": "Description",
            "endpoint": receiver.url,
            "http_method": "POST",
            "request_format": "json",
            "status": "active",
            "subscriptions": [
                "zen:event-type:ticket.status_changed",
                "zen:event-type:ticket.comment_added",
            ],
            "authentication": {
                "type": "basic_auth",
                "data": {"username": "john_smith", "password": "hello"},
                "add_position": "header",
            },
        }
        made = ask("POST", "/webhooks", {"webhook": told})
        world = server.world
        world.users[AGENT] = User(AGENT, "Anna", "anna@sandbox.test", "agent")
        world.users[CUSTOMER] = User(CUSTOMER, "Karla", "karla@customer.test", "end-user")
        ticket = world.create({"subject": "x", "comment": {"body": "It leaks"}}, CUSTOMER).id
        world.update(
            ticket,
            {
                "status": "solved",
                "comment": {"body": "Done"},
                "priority": "high",
                "type": "problem",
            },
            AGENT,
        )
        assert server.hooks.wait()
        yield ask, made, receiver.came


@pytest.mark.parametrize("name", ["ticket_status_changed", "ticket_comment_added"])
def test_a_delivery_of_zendesk_has_the_recorded_shape(zendesk, recorded, name):
    theirs = recorded("zendesk", f"webhook_{name}")
    _, _, came = zendesk
    ours = [each.told for each in came if each.told["type"] == theirs["type"]][-1]
    assert set(ours) == set(theirs)
    assert set(ours["detail"]) == set(theirs["detail"])
    for key, value in theirs["detail"].items():
        if ours["detail"][key] is not None and value is not None:
            assert type(ours["detail"][key]) is type(value), key
    assert ours["detail"]["status"].isupper()
    # What groups the events of one update is documented, and left out of the recordings.
    assert set(theirs["event"]) == set(ours["event"]) - {"meta"}
    if "comment" in theirs["event"]:
        assert set(ours["event"]["comment"]) == set(theirs["event"]["comment"])
        assert set(ours["event"]["comment"]["author"]) == set(theirs["event"]["comment"]["author"])
    for pattern, key in (
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", "time"),
        (r"zen:ticket:\d+", "subject"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "id"),
        (r"2022-11-06", "zendesk_event_version"),
    ):
        assert re.fullmatch(pattern, theirs[key]), key
        assert re.fullmatch(pattern, ours[key]), key


def test_a_webhook_is_shown_as_recorded(zendesk, recorded):
    ask, made, _ = zendesk
    created, secret, _ = recorded("zendesk", "webhook_create_and_signing_secret")
    assert set(made["webhook"]) == set(created["response"]["body"]["webhook"])
    theirs = created["response"]["body"]["webhook"]["authentication"]
    assert {k: set(v) for k, v in made["webhook"]["authentication"].items()} == {
        k: set(v) for k, v in theirs.items()
    }, "the password is not told"
    ours = ask("GET", f"/webhooks/{made['webhook']['id']}/signing_secret")
    assert set(ours["signing_secret"]) == set(secret["response"]["body"]["signing_secret"])
    assert len(base64.b64decode(ours["signing_secret"]["secret"])) == 32


def test_invocations_and_their_attempts_are_shown_as_recorded(zendesk, recorded):
    ask, made, came = zendesk
    _, invocations, attempts = recorded("zendesk", "webhook_invocation_attempts")
    path = f"/webhooks/{made['webhook']['id']}/invocations"
    ours, theirs = ask("GET", path), invocations["response"]["body"]
    assert set(ours) == set(theirs)
    assert set(ours["invocations"][0]) == set(theirs["invocations"][0])
    number = ours["invocations"][0]["id"]
    assert len(number) == len(theirs["invocations"][0]["id"])
    told = ask("GET", f"{path}/{number}/attempts")["attempts"][0]
    recorded_one = attempts["response"]["body"]["attempts"][0]
    assert set(told) == set(recorded_one)
    names = [each["key"] for each in recorded_one["request"]["headers"]]
    assert sorted(each["key"] for each in told["request"]["headers"]) == sorted(names)
    assert {name.lower() for name in names} <= set(came[0].headers)
