"""The sandbox's OAuth (3LO): what a client may rely on, and what it is refused."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ombud.sandbox.serve import start_in_thread

REDIRECT = "http://localhost:8917/callback"
SCOPES = "read:jira-work read:jira-user offline_access"


class Wire:
    def __init__(self, server):
        self.server, self.gateway = server, server.site.gateway
        self.clock = server.world.clock

    def code(self, scope=SCOPES, **changes):
        told = {
            "client_id": self.server.client_id, "audience": "api.atlassian.com", "response_type": "code",
            "redirect_uri": REDIRECT, "scope": scope, "state": "s",
        } | changes  # fmt: skip
        answer = requests.get(f"{self.server.url}/authorize", params=told, allow_redirects=False, timeout=10)  # fmt: skip
        if answer.status_code != 302:
            return answer
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert back["state"] == ["s"]
        return back["code"][0]

    def token(self, expect=200, **body):
        told = {
            "client_id": self.server.client_id,
            "client_secret": self.server.client_secret,
        } | body
        answer = requests.post(f"{self.server.url}/oauth/token", json=told, timeout=10)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def signed(self, scope=SCOPES):
        return self.token(
            grant_type="authorization_code", code=self.code(scope), redirect_uri=REDIRECT
        )

    def ask(self, path, access, method="GET", **how):
        return requests.request(
            method, f"{self.server.url}{path}", timeout=10,
            headers={"Authorization": f"Bearer {access}"}, **how,
        )  # fmt: skip


@pytest.fixture
def wire():
    with start_in_thread() as server:
        server.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
        yield Wire(server)


def test_a_code_is_good_once_for_two_minutes_and_for_its_redirect(wire):
    told = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    code = wire.code()
    wire.token(code=code, **told)
    assert wire.token(403, code=code, **told)["error"] == "invalid_grant"
    late = wire.code()
    wire.clock.advance(121)
    wire.token(403, code=late, **told)
    wire.token(403, code=wire.code(), **told | {"redirect_uri": "http://localhost:1/callback"})
    wire.token(401, code=wire.code(), client_secret="wrong", **told)


@pytest.mark.parametrize("wrong", ["client_id", "audience", "response_type"])
def test_an_incomplete_question_is_refused(wire, wrong):
    assert wire.code(**{wrong: "other"}).status_code == 400


def test_a_refresh_token_is_good_once_and_comes_only_when_asked_for(wire):
    first = wire.signed()
    second = wire.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    wire.token(403, grant_type="refresh_token", refresh_token=first["refresh_token"])
    wire.clock.advance(91 * 86400)
    wire.token(403, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert "refresh_token" not in wire.signed("read:jira-work")


def test_an_access_token_lives_an_hour_behind_the_gateway(wire):
    access = wire.signed()["access_token"]
    (site,) = wire.ask("/oauth/token/accessible-resources", access).json()
    assert site["url"] == wire.server.url
    base = f"/ex/jira/{site['id']}/rest/api/3"
    told = wire.ask(f"{base}/issue/CMP-1", access).json()
    assert told["self"].startswith(f"{wire.server.url}{base}/")
    assert wire.ask("/rest/api/3/issue/CMP-1", access).status_code == 401
    assert wire.ask("/ex/jira/other/rest/api/3/issue/CMP-1", access).status_code == 404
    wire.clock.advance(3600)
    assert wire.ask(f"{base}/issue/CMP-1", access).status_code == 401
    assert wire.ask("/oauth/token/accessible-resources", access).status_code == 401


def test_scopes_are_those_the_client_is_set_up_with_and_are_held_to(wire):
    wire.gateway.configured = frozenset({"read:jira-work"})
    told = wire.signed()
    assert told["scope"] == "read:jira-work"
    base = f"/ex/jira/{wire.gateway.cloud_id}/rest/api/3"
    jql = {"json": {"jql": "project = CMP"}}
    assert wire.ask(f"{base}/search/jql", told["access_token"], "POST", **jql).status_code == 200
    for method, path in (("GET", "myself"), ("PUT", "issue/CMP-1"), ("POST", "workflows")):
        answer = wire.ask(f"{base}/{path}", told["access_token"], method, json={})
        assert answer.status_code == 401
        assert answer.json()["message"] == "Unauthorized; scope does not match"


def test_a_token_with_scopes_is_good_behind_the_gateway_alone(wire):
    cloud = requests.get(f"{wire.server.url}/_edge/tenant_info", timeout=10).json()["cloudId"]
    signed = {"auth": (wire.server.email, wire.gateway.scoped_token), "timeout": 10}
    base = f"{wire.server.url}/ex/jira/{cloud}"
    assert requests.get(f"{base}/rest/api/3/myself", **signed).status_code == 200
    assert requests.get(f"{wire.server.url}/rest/api/3/myself", **signed).status_code == 401
    site = {"auth": (wire.server.email, wire.server.token), "timeout": 10}
    assert requests.get(f"{base}/rest/api/3/myself", **site).status_code == 401
