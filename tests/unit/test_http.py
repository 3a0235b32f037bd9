"""The client that speaks with helpdesks: what it never does, and what it tells when something fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
import responses

from connectors.errors import ConfigurationError, HelpdeskError, Kind
from connectors.http import Client
from ombud.model.clock import FixedClock

BASE = "https://desk.example"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(slept):
    return Client(
        "desk", BASE, {"Authorization": "Basic c2VjcmV0"}, clock=FixedClock(NOW), sleep=slept.append
    )


@pytest.mark.parametrize(
    "base", ["http://desk.example", "ftp://desk.example", "desk", "https://a:b@desk.example"]
)
def test_an_address_that_must_not_be_used_is_refused(base):
    with pytest.raises(ConfigurationError, match=r"accounts\.desk\.url"):
        Client("desk", base, {}, clock=FixedClock(NOW), sleep=print)


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "https://desk.example"]
)
def test_plain_http_goes_to_this_machine(base):
    assert Client("desk", base, {}, clock=FixedClock(NOW), sleep=print).base == base


@responses.activate
def test_a_redirect_is_an_error_and_is_not_followed(client):
    responses.get(f"{BASE}/x", status=302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(HelpdeskError) as told:
        client.get("/x")
    assert told.value.kind is Kind.signin
    assert len(responses.calls) == 1


def test_the_environment_is_not_asked(client):
    assert client._session.trust_env is False


@responses.activate
@pytest.mark.parametrize(
    "told, seconds", [("7", 7.0), ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0), ("0", 0.0)]
)
def test_a_limit_is_waited_for_as_long_as_it_asks(client, slept, told, seconds):
    responses.get(f"{BASE}/x", status=429, headers={"Retry-After": told})
    responses.get(f"{BASE}/x", json={})
    assert client.get("/x").json() == {}
    assert slept == [seconds]


@responses.activate
def test_a_long_limit_is_handed_on(client, slept):
    responses.get(
        f"{BASE}/x",
        status=429,
        headers={"Retry-After": "1847", "RateLimit-Reason": "jira-quota-tenant-based"},
    )
    with pytest.raises(HelpdeskError) as told:
        client.get("/x")
    assert (told.value.retry_after, slept) == (1847.0, [])
    assert "jira-quota-tenant-based" in str(told.value)


@responses.activate
def test_a_write_is_never_sent_twice(client):
    responses.post(f"{BASE}/x", status=503)
    with pytest.raises(HelpdeskError) as told:
        client.send("POST", "/x", {})
    assert told.value.uncertain
    assert len(responses.calls) == 1


@responses.activate
def test_a_write_that_was_limited_did_not_happen(client):
    responses.post(f"{BASE}/x", status=429)
    with pytest.raises(HelpdeskError) as told:
        client.send("POST", "/x", {})
    assert not told.value.uncertain


@responses.activate
def test_a_lost_answer_is_uncertain_and_a_refused_connection_is_not(client):
    responses.post(f"{BASE}/x", body=requests.ConnectionError("Connection aborted."))
    with pytest.raises(HelpdeskError) as lost:
        client.send("POST", "/x", {})
    responses.replace(
        responses.POST,
        f"{BASE}/x",
        body=requests.ConnectionError("Failed to establish a new connection"),
    )
    with pytest.raises(HelpdeskError) as refused:
        client.send("POST", "/x", {})
    assert (lost.value.uncertain, refused.value.uncertain) == (True, False)


@responses.activate
@pytest.mark.parametrize(
    "status, kind",
    [
        (401, Kind.signin),
        (403, Kind.permission),
        (404, Kind.missing),
        (400, Kind.refused),
        (409, Kind.refused),
        (410, Kind.broken),
    ],
)
def test_every_status_is_of_one_kind_with_a_remedy(client, status, kind):
    responses.put(f"{BASE}/x", status=status)
    with pytest.raises(HelpdeskError) as told:
        client.send("PUT", "/x", {})
    assert told.value.kind is kind
    assert told.value.remedy


@responses.activate
def test_no_error_and_no_name_of_the_client_tells_a_secret(client):
    responses.get(f"{BASE}/x", status=401, body="c2VjcmV0")
    with pytest.raises(HelpdeskError) as told:
        client.get("/x")
    assert "c2VjcmV0" not in str(told.value) + repr(client) + repr(told.value)


@responses.activate
def test_what_is_no_json_says_what_came(client):
    responses.get(f"{BASE}/x", body="<html>", content_type="text/html")
    with pytest.raises(HelpdeskError, match="6 bytes of text/html that are no JSON"):
        client.get("/x").json()
