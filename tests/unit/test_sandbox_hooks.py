"""The sandbox's webhooks: sent after every commit, signed, tried again by each vendor's rules, and broken on order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
import requests

from ombud.sandbox.jira.server import JiraServer
from ombud.sandbox.zendesk.records import User
from ombud.sandbox.zendesk.server import ZendeskServer
from tests.hook_receiver import Receiver

EVENTS = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
]
AGENT, CUSTOMER = 9101, 9110


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


class JiraSide:
    def __init__(self, server, receiver):
        self.server, self.world, self.receiver = server, server.world, receiver
        self.hooks = server.hooks
        self.auth = (server.email, server.token)

    def ask(self, method, path, body=None, *, expect=200, bearer=None):
        answer = requests.request(
            method,
            self.server.url + path,
            json=body,
            auth=None if bearer else self.auth,
            headers={"Authorization": f"Bearer {bearer}"} if bearer else None,
            timeout=10,
        )
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def register(self, **told):
        body = {
            "name": "watch",
            "url": self.receiver.url,
            "events": EVENTS,
            "filters": {"issue-related-events-section": 'project IN ("CMP")'},
            "excludeBody": False,
            "secret": "s",
        }
        return self.ask("POST", "/rest/webhooks/1.0/webhook", body | told, expect=201)

    def create(self, project="CMP", **fields):
        kind = "Complaint" if project == "CMP" else "Request"
        return self.world.create(project, kind, {"summary": "x", **fields}, "acc-c01").id


class ZendeskSide:
    def __init__(self, server, receiver):
        self.server, self.world, self.receiver = server, server.world, receiver
        self.hooks = server.hooks
        self.world.users[AGENT] = User(AGENT, "Anna", "anna@sandbox.test", "agent")
        self.world.users[CUSTOMER] = User(CUSTOMER, "Karla", "karla@customer.test", "end-user")

    def ask(self, method, path, body=None, *, expect=200):
        answer = requests.request(
            method,
            f"{self.server.url}/api/v2{path}",
            json=body,
            auth=(f"{self.server.email}/token", self.server.token),
            timeout=10,
        )
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def register(self, *events):
        body = {
            "name": "watch",
            "endpoint": self.receiver.url,
            "http_method": "POST",
            "request_format": "json",
            "status": "active",
            "subscriptions": [f"zen:event-type:ticket.{each}" for each in events],
        }
        return self.ask("POST", "/webhooks", {"webhook": body}, expect=201)["webhook"]["id"]

    def create(self, **values):
        told = {"subject": "x", "comment": {"body": "It leaks"}, "ticket_form_id": 37001} | values
        return self.world.create(told, CUSTOMER).id


@pytest.fixture
def jira(receiver):
    with JiraServer(manual_hooks=True).start() as server:
        yield JiraSide(server, receiver)


@pytest.fixture
def zendesk(receiver):
    with ZendeskServer(manual_hooks=True).start() as server:
        yield ZendeskSide(server, receiver)


def test_jira_tells_of_every_write_and_signs_the_raw_body(jira, receiver):
    jira.register()
    issue = jira.create()
    jira.world.edit(issue, {"customfield_10042": "10221"}, "acc-anna", to_status="10010")
    comment = jira.world.comment(issue, "acc-anna", "Done")
    jira.world.edit_comment(issue, comment.id, "acc-anna", "Done so")
    jira.world.delete_comment(issue, comment.id, "acc-anna")
    jira.world.delete(issue, actor="acc-anna")
    assert receiver.came == []
    assert jira.hooks.flush() == 6
    assert [each.told["webhookEvent"] for each in receiver.came] == [
        "jira:issue_created",
        "jira:issue_updated",
        "comment_created",
        "comment_updated",
        "comment_deleted",
        "jira:issue_deleted",
    ]
    for each in receiver.came:
        digest = hmac.new(b"s", each.body, hashlib.sha256).hexdigest()
        assert each.headers["x-hub-signature"] == f"sha256={digest}"
        assert "x-atlassian-webhook-retry" not in each.headers
        assert each.told["issue"]["id"] == issue
    # A transition and the fields of its screen are one changelog.
    items = receiver.came[1].told["changelog"]["items"]
    assert {item["fieldId"] for item in items} == {"customfield_10042", "resolution", "status"}
    assert "user" not in receiver.came[2].told


def test_a_filter_of_jira_leaves_other_projects_out(jira, receiver):
    jira.register()
    jira.create("SUP")
    assert jira.hooks.flush() == 0
    jira.create()
    assert jira.hooks.flush() == 1


def test_jira_tries_again_under_the_same_name_and_gives_up_after_five(jira, receiver):
    jira.register()
    receiver.answers = [(503, {})] * 10
    jira.create()
    jira.hooks.flush(everything=True)
    assert len(receiver.came) == 6
    assert len({each.headers["x-atlassian-webhook-identifier"] for each in receiver.came}) == 1
    assert [each.headers.get("x-atlassian-webhook-retry") for each in receiver.came] == [
        None,
        *"12345",
    ]
    receiver.answers = [(401, {})]
    jira.create()
    assert jira.hooks.flush(everything=True) == 1


def test_a_retry_of_jira_waits_for_the_worlds_clock(jira, receiver):
    jira.register()
    receiver.answers = [(500, {})]
    jira.create()
    assert jira.hooks.flush() == 1
    assert jira.hooks.flush() == 0
    jira.world.clock.advance(31)
    assert jira.hooks.flush() == 1


def test_only_an_administrator_registers_with_jira(jira):
    account = jira.world.people["acc-ombud"].account_id
    jira.server.site.granted[account] = set()
    jira.ask("GET", "/rest/webhooks/1.0/webhook", expect=403)
    jira.server.site.granted[account] = {"ADMINISTER"}
    made = jira.register()
    assert made["isSigned"]
    assert "secret" not in made
    path = "/rest/webhooks/1.0/webhook/" + made["self"].rpartition("/")[2]
    assert not jira.ask("PUT", path, {"enabled": False})["enabled"]
    jira.create()
    assert jira.hooks.flush() == 0
    jira.ask("DELETE", path, expect=204)
    assert jira.ask("GET", "/rest/webhooks/1.0/webhook") == []


def test_an_apps_webhooks_need_an_app_are_unsigned_and_end(jira, receiver):
    body = {
        "url": receiver.url,
        "webhooks": [
            {"jqlFilter": "project = CMP", "events": EVENTS},
            {"jqlFilter": "watchCount = 1", "events": EVENTS},
            {"jqlFilter": "project = CMP", "events": ["sprint_started"]},
        ],
    }
    jira.ask("POST", "/rest/api/3/webhook", body, expect=403)
    gateway = jira.server.site.gateway
    from ombud.sandbox.jira.oauth import _Token

    gateway.tokens["t"] = _Token(
        frozenset({"manage:jira-webhook"}), jira.world.clock.now().replace(year=2030)
    )
    path = f"/ex/jira/{gateway.cloud_id}/rest/api/3/webhook"
    first, *refused = jira.ask("POST", path, body, bearer="t")["webhookRegistrationResult"]
    assert refused[0] == {"errors": ["The clause watchCount is unsupported"]}
    assert refused[1]["errors"]
    jira.create()
    assert jira.hooks.flush() == 1
    assert "x-hub-signature" not in receiver.came[0].headers
    jira.world.clock.advance(20 * 86400)
    number = first["createdWebhookId"]
    jira.ask("PUT", f"{path}/refresh", {"webhookIds": [number]}, bearer="t")
    jira.world.clock.advance(20 * 86400)
    assert jira.ask("GET", path, bearer="t")["values"][0]["url"] == receiver.url
    jira.world.clock.advance(11 * 86400)
    assert jira.ask("GET", path, bearer="t")["values"] == []
    jira.create()
    assert jira.hooks.flush() == 0
    five = {"url": receiver.url, "webhooks": [body["webhooks"][0]] * 6}
    results = jira.ask("POST", path, five, bearer="t")["webhookRegistrationResult"]
    assert ["errors" in each for each in results] == [False] * 5 + [True]


def test_zendesk_tells_one_thing_an_event_and_signs_time_and_body(zendesk, receiver):
    number = zendesk.register("created", "status_changed", "comment_added", "soft_deleted")
    secret = zendesk.ask("GET", f"/webhooks/{number}/signing_secret")["signing_secret"]["secret"]
    ticket = zendesk.create()
    zendesk.world.update(
        ticket, {"status": "solved", "comment": {"body": "Done", "public": True}}, AGENT
    )
    zendesk.world.delete(ticket, AGENT)
    zendesk.hooks.flush()
    assert [each.told["type"].removeprefix("zen:event-type:ticket.") for each in receiver.came] == [
        "created",
        "comment_added",
        "comment_added",
        "status_changed",
        "soft_deleted",
    ]
    for each in receiver.came:
        stamp = each.headers["x-zendesk-webhook-signature-timestamp"]
        digest = hmac.new(secret.encode(), stamp.encode() + each.body, hashlib.sha256).digest()
        assert each.headers["x-zendesk-webhook-signature"] == base64.b64encode(digest).decode()
        assert each.told["detail"]["id"] == str(ticket)
    assert receiver.came[3].told["event"]["current"] == "SOLVED"
    assert len({each.told["id"] for each in receiver.came}) == 5


@pytest.mark.parametrize(
    "answer,tries",
    [
        ((500, {}), 1),
        ((409, {}), 4),
        ((429, {}), 1),
        ((429, {"Retry-After": "5"}), 6),
        ((503, {"Retry-After": "60"}), 1),
        ((503, {"Retry-After": "0"}), 6),
    ],
)
def test_zendesk_tries_again_only_where_it_says_so(zendesk, receiver, answer, tries):
    zendesk.server.registry.breaker_least = 100
    number = zendesk.register("created")
    receiver.answers = [answer] * 20
    zendesk.create()
    zendesk.hooks.flush(everything=True)
    assert len(receiver.came) == tries
    told = zendesk.ask("GET", f"/webhooks/{number}/invocations")["invocations"]
    assert [(each["status"], each["status_code"]) for each in told] == [("terminated", answer[0])]
    attempts = zendesk.ask("GET", f"/webhooks/{number}/invocations/{told[0]['id']}/attempts")
    assert len(attempts["attempts"]) == tries


def test_zendesk_pauses_a_webhook_that_fails_and_what_happens_meanwhile_is_never_sent(
    zendesk, receiver
):
    zendesk.register("created")
    receiver.answers = [(500, {})] * 10
    for _ in range(12):
        zendesk.create()
    zendesk.hooks.flush()
    assert len(receiver.came) == 10
    zendesk.world.clock.advance(301)
    zendesk.create()
    zendesk.hooks.flush()
    assert len(receiver.came) == 11


def test_a_webhook_of_zendesk_is_switched_off_and_its_secret_reset(zendesk, receiver):
    number = zendesk.register("created")
    before = zendesk.ask("GET", f"/webhooks/{number}/signing_secret")["signing_secret"]
    after = zendesk.ask("POST", f"/webhooks/{number}/signing_secret", expect=201)["signing_secret"]
    assert before["secret"] != after["secret"]
    zendesk.ask("PATCH", f"/webhooks/{number}", {"webhook": {"status": "inactive"}}, expect=204)
    assert zendesk.ask("GET", f"/webhooks/{number}")["webhook"]["status"] == "inactive"
    zendesk.create()
    assert zendesk.hooks.flush() == 0
    both = {"webhook": {"subscriptions": ["conditional_ticket_events"]}}
    zendesk.ask("PATCH", f"/webhooks/{number}", both, expect=400)
    zendesk.ask("DELETE", f"/webhooks/{number}", expect=204)
    assert zendesk.ask("GET", "/webhooks")["webhooks"] == []


def test_a_receiver_that_hangs_holds_nobody_up(receiver):
    with JiraServer().start() as server:
        jira = JiraSide(server, receiver)
        jira.register()
        receiver.hang.clear()
        for _ in range(30):
            jira.create()
        assert jira.ask("GET", "/rest/api/3/myself")["accountId"] == "acc-ombud"
        assert not server.hooks.wait(0.1)
        receiver.hang.set()
        assert server.hooks.wait(10)
        assert len(receiver.came) == 30


FAULTS = [
    ("lost", 1, {}),
    ("doubled", 3, {}),
    ("late", 2, {}),
    ("reordered", 2, {}),
    ("ancient", 2, {"seconds": 30 * 86400}),
    ("future", 2, {"seconds": 86400}),
    ("forged", 3, {}),
    ("foreign", 3, {}),
    ("unknown_ticket", 3, {}),
    ("oversize", 3, {"size": 100_000}),
]


@pytest.mark.parametrize("side", ["jira", "zendesk"])
@pytest.mark.parametrize("kind,came,more", FAULTS)
def test_a_fault_of_delivery_fires_and_is_counted(request, receiver, side, kind, came, more):
    one = request.getfixturevalue(side)
    one.register(*([] if side == "jira" else ["created"]))
    one.hooks.faults.order([{"kind": kind, "match": "created", **more}])
    one.create()
    one.create()
    one.hooks.flush()
    if kind == "late":
        assert len(receiver.came) == 1
        one.world.clock.advance(3601)
        one.hooks.flush()
    assert len(receiver.came) == came
    assert [(each["struck"], each["fired"]) for each in one.hooks.faults.report()] == [(1, 1)]
    if kind == "reordered":
        numbers = [_ticket(each.told) for each in receiver.came]
        assert numbers == sorted(numbers)[::-1]
    if kind == "foreign":
        assert len({each.path for each in receiver.came}) == 2
    if kind == "oversize":
        assert sum(len(each.body) > 100_000 for each in receiver.came) == 1


def _ticket(told):
    return int(told["issue"]["id"] if "issue" in told else told["detail"]["id"])


def test_the_control_plane_orders_faults_and_lists_deliveries(jira, receiver):
    def control(method, path, body=None):
        answer = requests.request(
            method,
            f"{jira.server.url}/_sandbox/{path}",
            json=body,
            headers={"X-Sandbox-Token": jira.server.control_token},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    jira.register()
    control("POST", "hook-faults", [{"kind": "lost", "nth": 2}])
    jira.create()
    jira.create()
    assert control("POST", "hooks/flush") == {"attempts": 1}
    assert control("GET", "hook-faults")[0]["fired"] == 1
    # A loss is known when it happens, an attempt when it is over.
    lines = control("GET", "deliveries")
    assert [(each["fault"], each["status"], each["state"]) for each in lines] == [
        ("lost", None, "lost"),
        (None, 200, "done"),
    ]
    assert json.loads(receiver.came[0].body)["issue"]["id"] == lines[1]["ticket"]


def test_nothing_leaves_this_machine(jira):
    jira.register(url="http://192.0.2.1/hooks")
    jira.create()
    jira.hooks.flush(everything=True)
    assert [each["trouble"] for each in jira.hooks.lines()] == ["not a loopback address"]


@pytest.mark.parametrize("side", ["jira", "zendesk"])
def test_webhooks_outlive_the_server(request, receiver, side):
    one = request.getfixturevalue(side)
    one.register(*([] if side == "jira" else ["created"]))
    one.server.stop()
    one.create()
    with type(one.server)(one.world).start() as again:
        assert again.hooks is one.hooks
        assert again.hooks.wait()
        one.create()
        assert again.hooks.wait()
    assert len(receiver.came) == 2
