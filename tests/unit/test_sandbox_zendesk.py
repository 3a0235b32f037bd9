"""The sandbox's Zendesk keeps the promises of its page: the vendor's wire, its limits and its refusals."""

from __future__ import annotations

import itertools
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ombud.sandbox.zendesk.desk import ADMIN
from ombud.sandbox.zendesk.oauth import challenge_of
from ombud.sandbox.zendesk.records import Rule, User, channel
from ombud.sandbox.zendesk.server import ZendeskServer

AGENT, CUSTOMER = 9101, 9110
FORM = 37001
ROOT_CAUSE, SEVERITY = 360000010042, 360000010040


class Wire:
    """Speak with a server as a client would."""

    def __init__(self, server):
        self.server, self.world = server, server.world
        self.world.users[AGENT] = User(AGENT, "Anna", "anna@sandbox.test", "agent")
        self.world.users[CUSTOMER] = User(CUSTOMER, "Karla", "karla@customer.test", "end-user")
        self.auth = (f"{server.email}/token", server.token)

    def ask(self, method, path, body=None, *, expect=200, bearer=None, auth=True, **params):
        answer = requests.request(
            method,
            f"{self.server.url}/api/v2{path}",
            json=body,
            params=params or None,
            auth=self.auth if auth and bearer is None else None,
            headers={"Authorization": f"Bearer {bearer}"} if bearer else None,
            timeout=10,
        )
        assert answer.status_code == expect, answer.text
        return answer

    def get(self, path, **how):
        return self.ask("GET", path, **how).json()

    def create(self, **values):
        told = {"subject": "x", "comment": {"body": "It leaks"}, "ticket_form_id": FORM} | values
        return self.world.create(told, CUSTOMER, via=channel("email")).id

    def put(self, ticket, expect=200, /, **values):
        return self.ask("PUT", f"/tickets/{ticket}.json", {"ticket": values}, expect=expect).json()

    def export(self, cursor=None, **params):
        where = {"cursor": cursor} if cursor else {"start_time": 0}
        return self.get("/incremental/tickets/cursor.json", **where, **params)

    def token(self, status=200, **body):
        answer = requests.post(
            f"{self.server.url}/oauth/tokens",
            json={
                "client_id": self.server.client_id,
                "client_secret": self.server.client_secret,
                **body,
            },
            timeout=10,
        )
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def wire():
    with ZendeskServer().start() as server:
        yield Wire(server)


def test_nobody_at_all_is_an_anonymous_user_with_200(wire):
    assert wire.get("/users/me.json", auth=False)["user"]["id"] is None
    assert wire.get("/users/me.json")["user"]["id"] == ADMIN.id
    assert wire.ask("GET", "/tickets/count.json", expect=401, auth=False).json() == {
        "error": "Couldn't authenticate you"
    }


def test_the_last_minute_is_withheld_whichever_way_one_asks(wire):
    ticket = wire.create()
    assert wire.export()["tickets"] == []
    wire.world.clock.advance(61)
    told = wire.export()
    assert [each["id"] for each in told["tickets"]] == [ticket]
    assert told["end_of_stream"]
    wire.put(ticket, subject="y")
    assert wire.export(told["after_cursor"])["tickets"] == []
    assert wire.get("/incremental/ticket_events.json", start_time=0)["count"] == 1
    wire.world.clock.advance(61)
    assert [each["subject"] for each in wire.export(told["after_cursor"])["tickets"]] == ["y"]
    recent = int(wire.world.clock.now().timestamp()) - 10
    wire.ask("GET", "/incremental/tickets/cursor.json", expect=400, start_time=recent)


def test_a_ticket_is_exported_once_in_its_latest_state_and_again_when_the_system_touches_it(wire):
    ticket = wire.create()
    for word in ("a", "b"):
        wire.put(ticket, subject=word)
    wire.world.clock.advance(61)
    told = wire.export()
    assert [each["subject"] for each in told["tickets"]] == ["b"]
    before = told["tickets"][0]["updated_at"]
    wire.world.touch(ticket)
    wire.world.clock.advance(61)
    (again,) = wire.export(told["after_cursor"])["tickets"]
    assert again["updated_at"] == before


def test_pages_of_an_export_hold_every_ticket_once(wire):
    tickets = [wire.create() for _ in range(7)]
    wire.world.clock.advance(61)
    found, told = [], wire.export(per_page=3)
    found += told["tickets"]
    while not told["end_of_stream"]:
        told = wire.export(told["after_cursor"], per_page=3)
        found += told["tickets"]
    assert sorted(each["id"] for each in found) == tickets


def test_deleted_tickets_are_exported_and_their_audits_are_gone(wire):
    ticket = wire.create()
    wire.ask("DELETE", f"/tickets/{ticket}.json", expect=204)
    wire.world.clock.advance(61)
    assert [each["status"] for each in wire.export()["tickets"]] == ["deleted"]
    wire.ask("GET", f"/tickets/{ticket}/audits.json", expect=404)
    assert wire.get("/deleted_tickets.json")["count"] == 1


def test_what_ai_agents_handled_is_left_out_unless_all_is_asked_for(wire):
    wire.create(ai_agent=True)
    wire.world.clock.advance(61)
    assert wire.export()["tickets"] == []
    assert len(wire.export(support_type_scope="all")["tickets"]) == 1


def test_audits_come_in_pages_that_name_a_next_one_even_at_the_end(wire):
    ticket = wire.create()
    for number in range(3):
        wire.put(ticket, subject=str(number))
    path = f"/tickets/{ticket}/audits.json"
    first = wire.get(path, **{"page[size]": 3})
    assert first["meta"]["has_more"]
    last = wire.get(path, **{"page[size]": 3, "page[after]": first["meta"]["after_cursor"]})
    assert not last["meta"]["has_more"]
    assert last["links"]["next"]
    assert [len(each["audits"]) for each in (first, last)] == [3, 1]


def test_values_are_text_in_audits_and_numbers_on_the_ticket(wire):
    ticket = wire.create()
    wire.put(ticket, custom_status_id=30004, assignee_id=AGENT)
    told = wire.get(f"/tickets/{ticket}/audits.json")["audits"][-1]["events"]
    values = {each["field_name"]: each["value"] for each in told}
    assert values == {"assignee_id": str(AGENT), "status": "open", "custom_status_id": "30004"}
    assert wire.get(f"/tickets/{ticket}.json")["ticket"]["custom_status_id"] == 30004


def test_solving_asks_for_an_assignee_and_required_fields_and_refuses_all_or_nothing(wire):
    wire.world.fields[ROOT_CAUSE].required = True
    ticket = wire.create()
    told = wire.put(ticket, 422, status="solved", subject="changed")
    names = [each["description"] for each in told["details"]["base"]]
    assert names == [
        "Assignee: is required when solving a ticket",
        "Root cause: is required when solving a ticket",
    ]
    assert wire.get(f"/tickets/{ticket}.json")["ticket"]["subject"] == "x"
    fields = [{"id": ROOT_CAUSE, "value": "root_cause_billing"}]
    wire.put(ticket, status="solved", assignee_id=AGENT, custom_fields=fields)
    assert "root_cause_billing" in wire.get(f"/tickets/{ticket}.json")["ticket"]["tags"]


def test_a_form_asks_for_a_field_where_another_has_a_value(wire):
    child = {
        "id": ROOT_CAUSE,
        "is_required": True,
        "required_on_statuses": {"type": "SOME_STATUSES", "statuses": ["solved"]},
    }
    wire.world.forms[FORM].conditions = [
        {"parent_field_id": SEVERITY, "value": "severity_high", "child_fields": [child]}
    ]
    low = wire.create(custom_fields={SEVERITY: "severity_low"})
    high = wire.create(custom_fields={SEVERITY: "severity_high"})
    wire.put(low, status="solved", assignee_id=AGENT)
    wire.put(high, 422, status="solved", assignee_id=AGENT)


def test_closed_may_be_set_directly_and_is_the_end(wire):
    wire.world.fields[ROOT_CAUSE].required = True
    ticket = wire.create()
    wire.put(ticket, status="closed")
    told = wire.put(ticket, 422, status="open")
    assert told["details"]["status"][0]["description"] == "closed prevents ticket update"


def test_a_ticket_is_never_new_again(wire):
    ticket = wire.create()
    wire.put(ticket, status="open")
    wire.put(ticket, 422, status="new")


def test_a_safe_update_needs_the_stamp_of_now(wire):
    ticket = wire.create()
    stamp = wire.get(f"/tickets/{ticket}.json")["ticket"]["updated_at"]
    wire.world.clock.advance(5)
    wire.put(ticket, subject="y", safe_update=True, updated_stamp=stamp)
    told = wire.put(ticket, 409, subject="z", safe_update=True, updated_stamp=stamp)
    assert told["error"] == "UpdateConflict"


def test_what_is_not_known_is_ignored_with_a_warning(wire):
    ticket = wire.create()
    answer = wire.ask("PUT", f"/tickets/{ticket}.json", {"ticket": {"colour": "red"}})
    assert "ticket.colour" in answer.headers["x-zendesk-api-warn"]
    assert answer.json()["audit"]["events"] == []


def test_a_trigger_acts_within_the_update_and_says_so(wire):
    reopen = Rule(
        39200, "Reopen", (("changed:status", "solved"), ("not_tag", "ok")), {"status": "open"}
    )
    wire.world.rules.append(reopen)
    ticket = wire.create()
    told = wire.put(ticket, status="solved", assignee_id=AGENT)
    assert told["ticket"]["status"] == "open"
    ways = [
        (each["value"], each.get("via", {}).get("channel"))
        for each in told["audit"]["events"]
        if each.get("field_name") == "status"
    ]
    assert ways == [("solved", None), ("open", "rule")]


def test_a_customer_s_answer_opens_what_was_solved(wire):
    ticket = wire.create()
    wire.put(ticket, status="solved", assignee_id=AGENT)
    wire.world.update(ticket, {"comment": {"body": "no"}}, CUSTOMER)
    assert wire.get(f"/tickets/{ticket}.json")["ticket"]["status"] == "open"


def test_solved_tickets_close_after_four_days_and_are_archived_after_120(wire):
    ticket = wire.create()
    wire.put(ticket, status="solved", assignee_id=AGENT)
    wire.world.clock.advance(95 * 3600)
    assert wire.get(f"/tickets/{ticket}.json")["ticket"]["status"] == "solved"
    wire.world.clock.advance(2 * 3600)
    assert wire.get(f"/tickets/{ticket}.json")["ticket"]["status"] == "closed"
    assert wire.get("/tickets/count.json")["count"]["value"] == 1
    wire.world.clock.advance(120 * 86_400)
    assert wire.get("/tickets/count.json")["count"]["value"] == 0
    told = wire.get(f"/tickets/{ticket}/audits.json", **{"page[size]": 1})
    assert "meta" not in told
    assert len(told["audits"]) == 3


def test_a_closed_ticket_goes_on_in_a_follow_up(wire):
    ticket = wire.create()
    body = {"ticket": {"via_followup_source_id": ticket, "comment": {"body": "again"}}}
    wire.ask("POST", "/tickets.json", body, expect=422)
    wire.put(ticket, status="closed")
    made = wire.ask("POST", "/tickets.json", body, expect=201).json()["ticket"]
    assert made["via_followup_source_id"] == ticket
    assert wire.get(f"/tickets/{ticket}.json")["ticket"]["followup_ids"] == [made["id"]]


def test_a_merge_closes_the_source_with_a_word_on_both(wire):
    source, target = wire.create(), wire.create()
    job = wire.ask("POST", f"/tickets/{target}/merge.json", {"ids": [source]}).json()["job_status"]
    assert wire.get(f"/job_statuses/{job['id']}.json")["job_status"]["status"] == "completed"
    told = wire.get(f"/tickets/{source}.json")["ticket"]
    assert (told["status"], "closed_by_merge" in told["tags"]) == ("closed", True)


def test_exports_have_a_bucket_of_their_own(wire):
    wire.server.site.limits.enabled = True
    path = "/incremental/tickets/cursor.json"
    left = [
        wire.ask("GET", path, start_time=0).headers["zendesk-ratelimit-incremental-exports"]
        for _ in range(10)
    ]
    assert left[0].startswith("total=10; remaining=9;")
    refused = wire.ask("GET", path, expect=429, start_time=0)
    wire.world.clock.advance(int(refused.headers["Retry-After"]))
    wire.ask("GET", path, start_time=0)


def test_thirty_updates_of_a_ticket_in_ten_minutes_are_enough(wire):
    wire.server.site.limits.enabled = True
    ticket = wire.create()
    for number in range(30):
        wire.put(ticket, subject=str(number))
    wire.put(ticket, 429, subject="one more")
    wire.put(wire.create(), subject="another's")


def test_client_credentials_give_a_token_that_expires(wire):
    told = wire.token(grant_type="client_credentials", scope="read write")
    wire.get("/tickets/count.json", bearer=told["access_token"])
    wire.world.clock.advance(told["expires_in"])
    wire.ask("GET", "/tickets/count.json", expect=401, bearer=told["access_token"])
    wire.token(401, grant_type="client_credentials", client_secret="wrong")


def test_a_misspelt_scope_gives_a_token_that_may_do_nothing(wire):
    told = wire.token(grant_type="client_credentials", scope="raed")
    assert told["scope"] == "raed"
    wire.ask("GET", "/tickets/count.json", expect=403, bearer=told["access_token"])


def test_audits_need_the_global_scope(wire):
    ticket = wire.create()
    token = wire.token(grant_type="client_credentials", scope="tickets:read")["access_token"]
    wire.get(f"/tickets/{ticket}.json", bearer=token)
    wire.ask("GET", f"/tickets/{ticket}/audits.json", expect=403, bearer=token)


def test_a_code_needs_its_verifier_and_a_refresh_token_is_used_up(wire):
    verifier, back = "v" * 50, "http://127.0.0.1:1/back"
    asked = {
        "client_id": wire.server.client_id,
        "redirect_uri": back,
        "scope": "read",
        "state": "s1",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }

    def code():
        page = requests.get(
            f"{wire.server.url}/oauth/authorizations/new",
            params=asked,
            allow_redirects=False,
            timeout=10,
        )
        told = parse_qs(urlsplit(page.headers["Location"]).query)
        assert told["state"] == ["s1"]
        return told["code"][0]

    grant = {"grant_type": "authorization_code", "redirect_uri": back}
    wire.token(400, **grant, code=code(), code_verifier="other")
    told = wire.token(**grant, code=code(), code_verifier=verifier)
    fresh = wire.token(grant_type="refresh_token", refresh_token=told["refresh_token"])
    wire.ask("GET", "/tickets/count.json", expect=401, bearer=told["access_token"])
    wire.get("/tickets/count.json", bearer=fresh["access_token"])
    wire.token(400, grant_type="refresh_token", refresh_token=told["refresh_token"])


def test_events_of_all_tickets_come_in_order_and_no_second_is_cut_in_two(wire):
    tickets = [wire.create() for _ in range(3)]
    wire.world.clock.advance(10)
    for ticket in tickets:
        wire.put(ticket, comment={"body": "hello", "public": False})
    wire.world.clock.advance(61)
    told = wire.get("/incremental/ticket_events.json", start_time=0, include="comment_events")
    stamps = [each["timestamp"] for each in told["ticket_events"]]
    assert all(a <= b for a, b in itertools.pairwise(stamps))
    assert told["count"] == 6
    bodies = [
        child.get("body")
        for each in told["ticket_events"]
        for child in each["child_events"]
        if child["event_type"] == "Comment"
    ]
    assert bodies.count("hello") == 3


def test_the_control_plane_acts_and_tells(wire):
    headers = {"X-Sandbox-Token": wire.server.control_token}
    url = f"{wire.server.url}/_sandbox"
    act = {
        "do": "create",
        "actor": CUSTOMER,
        "values": {"comment": {"body": "x"}, "custom_fields": {str(SEVERITY): "severity_low"}},
    }
    (made,) = requests.post(f"{url}/act", json=act, headers=headers, timeout=10).json()
    state = requests.get(
        f"{url}/state", params={"ticket": made["ticket"]}, headers=headers, timeout=10
    ).json()
    assert state["tickets"][0]["tags"] == ["severity_low"]
    journal = requests.get(f"{url}/journal", headers=headers, timeout=10).json()
    assert journal[-1]["what"] == "audit"
    assert requests.get(f"{url}/state", timeout=10).status_code == 401
