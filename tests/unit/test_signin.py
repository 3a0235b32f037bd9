"""Ways of signing in, scopes compared, and what is foretold of tokens."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses

from connectors import ConfigurationError, load_manifest, open_connector, vendors
from connectors.errors import HelpdeskError, Kind
from connectors.http import Client
from connectors.oauth import OAuth, Visit, said
from connectors.redirect import Door
from connectors.signin import Fixed, Grant, asked_scopes, bearer, compare_scopes, way_of
from connectors.zendesk import signin as zendesk
from ombud.model.clock import FixedClock
from ombud.model.instant import instant
from ombud.settings import Account

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BASE = "https://acme.zendesk.com"
DESK = Account(vendor="zendesk", url=BASE)


def oauth(**secrets):
    provider = zendesk.provider("acme", DESK, {"CLIENT_ID": "ombud", **secrets})

    def opened(base):
        return Client("acme", base, {}, clock=FixedClock(NOW), sleep=print, explain=said)

    return OAuth("acme", provider, opened, FixedClock(NOW))


def verdicts(vendor, granted, *, writes):
    found = compare_scopes(load_manifest(vendor), frozenset(granted.split()), writes=writes)
    return {each.name.removeprefix("Scope "): each.ok for each in found}


@pytest.mark.parametrize("vendor", vendors())
def test_every_way_is_known_and_the_first_is_the_default(vendor):
    manifest = load_manifest(vendor)
    for way in manifest.sign_in:
        assert (
            way_of("a", Account(vendor=vendor, url="x", options={"sign_in": way}), manifest) == way
        )
    default = way_of("a", Account(vendor=vendor, url="x"), manifest)
    assert default == ("" if vendor == "file" else "token")


def test_an_unknown_way_is_refused_with_those_known():
    settings = Account(vendor="rt", url="x", options={"sign_in": "code"})
    with pytest.raises(ConfigurationError, match=r"'code' is not known for rt\. Known: token"):
        way_of("desk", settings, load_manifest("rt"))


def test_tokens_that_are_fetched_need_somebody_who_keeps_them():
    settings = Account(vendor="zendesk", url=BASE, options={"sign_in": "code"})
    with pytest.raises(ConfigurationError, match="needs tokens to be kept"):
        open_connector("acme", settings, lambda _: {}, clock=FixedClock(NOW), sleep=print)


def test_to_observe_only_reading_is_asked_for():
    assert asked_scopes(load_manifest("zendesk"), writes=False) == ("read",)
    assert asked_scopes(load_manifest("zendesk"), writes=True) == ("read", "write")
    jira = load_manifest("jira")
    reading = ("read:jira-work", "read:jira-user", "offline_access")
    assert asked_scopes(jira, writes=False) == reading
    assert set(asked_scopes(jira, writes=True)) == {*reading, "write:jira-work"}


@pytest.mark.parametrize(
    "vendor, granted, writes, expected",
    [
        ("zendesk", "read", False, {"read": True}),
        ("zendesk", "read", True, {"read": True, "write": False}),
        ("zendesk", "read write", False, {"read": True, "write": None}),
        ("zendesk", "raed", False, {"read": False, "raed": False}),
        ("zendesk", "read tickets:read", False, {"read": True}),
        ("zendesk", "tickets:read", False, {"read": False}),
        (
            "jira",
            "read:jira-work",
            False,
            {"read:jira-work": True, "read:jira-user": False, "offline_access": False},
        ),
    ],
)
def test_scopes_are_compared(vendor, granted, writes, expected):
    assert verdicts(vendor, granted, writes=writes) == expected


def test_a_missing_scope_is_named_with_what_it_is_needed_for():
    (found,) = compare_scopes(load_manifest("zendesk"), frozenset(), writes=False)
    assert "needed to read complaints, and their audits" in found.why
    assert "accounts connect" in found.remedy


@pytest.mark.parametrize(
    "now, ok, told",
    [
        (datetime(2026, 11, 24, tzinfo=UTC), True, "2027-04-30"),
        (datetime(2027, 1, 29, tzinfo=UTC), True, "2027-04-30"),
        (datetime(2027, 1, 30, tzinfo=UTC), None, "90 days left"),
        (datetime(2027, 4, 29, 12, tzinfo=UTC), None, "0 days left"),
        (datetime(2027, 4, 30, tzinfo=UTC), False, "none can be made since 2026-10-27"),
    ],
)
def test_the_end_of_zendesks_api_tokens_is_foretold(now, ok, told):
    (found,) = zendesk.foretell("token", {"EMAIL": "a@b.example", "TOKEN": "x"}, now)
    assert found.ok is ok
    assert told in found.why
    assert list(zendesk.foretell("token", {"TOKEN": "x"}, now)) == []
    assert list(zendesk.foretell("code", {"CLIENT_ID": "x"}, now)) == []


def test_what_a_sign_in_gave_goes_through_a_text_and_shows_no_token():
    now = instant(NOW)
    grant = Grant(
        "acc3ss", "r3fresh", now, now + 1, None, frozenset({"read"}), "https://x", asked=3
    )
    assert Grant.read(grant.as_text()) == grant
    shown = repr((grant, Fixed(bearer("acc3ss")), Visit("x", "st4te", "v3rifier")))
    assert not [word for word in ("acc3ss", "r3fresh", "st4te", "v3rifier") if word in shown]
    assert "s3cret" not in repr(oauth(CLIENT_SECRET="s3cret").provider)


def test_the_address_to_open_carries_a_challenge_and_never_a_secret():
    asks = oauth(CLIENT_SECRET="s3cret")
    visit = Visit("http://localhost:8917/callback")
    address = asks.address(visit, ("read", "write"))
    # RFC 7636, appendix B.
    known = Visit("x", verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" in asks.address(known, ())
    assert address.startswith(f"{BASE}/oauth/authorizations/new?response_type=code&")
    assert "scope=read+write" in address
    assert "code_challenge_method=S256" in address
    assert visit.verifier not in address
    assert "s3cret" not in address
    assert Visit("x").state != Visit("x").state


@responses.activate
@pytest.mark.parametrize(
    "status, body, kind, remedy",
    [
        (400, {"error": "invalid_grant", "error_description": "x"}, Kind.signin, "connect acme"),
        (403, {"error": "invalid_grant", "error_description": "x"}, Kind.signin, "connect acme"),
        (401, {"error": "invalid_client", "error_description": "x"}, Kind.signin, "ACME_CLIENT_SECRET"),
        (503, {"error": "busy"}, Kind.busy, "tried again"),
    ],
)  # fmt: skip
def test_what_a_server_of_tokens_says_has_a_remedy(status, body, kind, remedy):
    responses.post(f"{BASE}/oauth/tokens", json=body, status=status)
    with pytest.raises(HelpdeskError) as caught:
        oauth().by_refresh("r3fresh")
    assert caught.value.kind is kind
    assert remedy in caught.value.remedy
    assert "r3fresh" not in str(caught.value)
    # Whether a server in trouble has used the token up is not known.
    assert caught.value.uncertain is (status == 503)
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"access_token": ""}'])
def test_an_answer_without_a_token_is_a_lost_one(body):
    responses.post(f"{BASE}/oauth/tokens", body=body)
    with pytest.raises(HelpdeskError) as caught:
        oauth().by_refresh("r3fresh")
    assert caught.value.uncertain


@responses.activate
def test_lives_are_counted_from_now():
    told = {
        "access_token": "a",
        "refresh_token": "r",
        "expires_in": 3600,
        "refresh_token_expires_in": 7200,
        "scope": "read",
    }
    responses.post(f"{BASE}/oauth/tokens", json=told)
    grant = oauth(CLIENT_SECRET="s").by_refresh("old")
    assert grant.until == instant(NOW + timedelta(hours=1))
    assert grant.refresh_until == instant(NOW + timedelta(hours=2))
    assert grant.scopes == {"read"}
    assert json.loads(responses.calls[0].request.body) == {
        "grant_type": "refresh_token",
        "client_id": "ombud",
        "client_secret": "s",
        "refresh_token": "old",
    }


class Once:
    """Sign with a first word, then with a second; an `Authorizer`."""

    base = None
    remedy = "Ask somebody"

    def __init__(self):
        self.words = ["first", "second"]

    def headers(self):
        return bearer(self.words[0])

    def renew(self, refused):
        if refused == bearer("first"):
            self.words.pop(0)
            return True
        return False


def signed_client(authorizer):
    return Client("acme", BASE, {}, clock=FixedClock(NOW), sleep=print, authorizer=authorizer)


@responses.activate
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_was_refused_for_its_signature_is_sent_once_more(method):
    responses.add(method, f"{BASE}/x", status=401, json={})
    responses.add(method, f"{BASE}/x", json={})
    signed_client(Once()).send(method, "/x", safe=method == "GET")
    sent = [call.request.headers["Authorization"] for call in responses.calls]
    assert sent == ["Bearer first", "Bearer second"]


@responses.activate
def test_a_second_refusal_is_believed_and_the_remedy_is_the_signers_own():
    responses.get(f"{BASE}/x", status=401, json={})
    with pytest.raises(HelpdeskError, match="Ask somebody") as caught:
        signed_client(Once()).get("/x")
    assert caught.value.kind is Kind.signin
    assert len(responses.calls) == 2


def test_the_door_listens_on_this_machine_alone_and_lets_one_visitor_in():
    with Door(0) as door:
        host, port = door._server.server_address
        assert host == "127.0.0.1"
        seen = []

        def visits():
            for path in ("favicon.ico", "callback", "callback?code=c&state=s"):
                seen.append(requests.get(f"http://127.0.0.1:{port}/{path}", timeout=10))

        thread = threading.Thread(target=visits)
        thread.start()
        assert door.wait() == "/callback?code=c&state=s"
        thread.join()
    assert [each.status_code for each in seen] == [404, 404, 200]
    assert "code=c" not in seen[-1].text


def test_a_port_that_is_taken_is_named():
    with Door(0) as door, pytest.raises(ConfigurationError, match="--paste"):
        Door(door._server.server_port)


def test_nobody_who_comes_is_not_waited_for_for_ever():
    with Door(0) as door:
        door._server.timeout = 0
        assert door.wait() == ""


def test_nobody_came_back_is_no_other_persons_sign_in():
    with pytest.raises(HelpdeskError, match="nobody came back in time"):
        oauth().by_return(Visit("x"), "")


@pytest.mark.parametrize("state", ["", "state=%C3%A9", "state="])
def test_a_state_that_is_not_ours_is_refused_whatever_it_holds(state):
    with pytest.raises(HelpdeskError, match="another sign-in"):
        oauth().by_return(Visit("x"), f"http://localhost:8917/callback?code=c&{state}")
