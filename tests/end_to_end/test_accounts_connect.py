"""Signing in by `ombud accounts connect`: every way of every vendor, and tokens that are used up."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest
import requests
import responses

from connectors.errors import HelpdeskError, Kind
from ombud.sandbox.serve import start_in_thread, start_zendesk_in_thread
from tests.desks import KEY, rt_service
from tests.sign_in_desk import Desk, at_once, jira_config, refreshes, told, wrong, zendesk_config
from tests.zendesk_desk import zendesk_folder

OMBUD = str(Path(sys.executable).with_name("ombud"))


def run(config, *arguments):
    """Run a command as a person would."""
    return subprocess.run(
        [OMBUD, *arguments], cwd=config.parent, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


@pytest.fixture
def zendesk():
    with start_zendesk_in_thread() as server:
        yield server


def test_zendesk_signs_in_by_client_credentials_and_syncs(tmp_path, zendesk):
    desk = Desk(zendesk_config(tmp_path, zendesk, "client_credentials"), zendesk, "zendesk")
    found = desk.connect()
    assert found["Scope read"].ok
    assert found["Sign-in"].ok
    assert "then renewed by itself" in found["Token"].why
    assert not [each for each in found.values() if each.ok is False]
    (token,) = zendesk.site.sign_in.tokens.values()
    assert token.scopes == {"read"}
    with desk.open() as service:
        service.sync("zendesk")


@pytest.fixture
def jira():
    with start_in_thread() as server:
        server.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
        yield server


def test_jira_signs_in_by_a_code_and_speaks_through_the_gateway(tmp_path, jira):
    desk = Desk(jira_config(tmp_path, jira, "code"), jira, "sandbox")
    found = desk.connect()
    assert not [each for each in found.values() if each.ok is False]
    assert found["Scope read:jira-work"].ok
    assert "Scope write:jira-work" not in found
    with desk.open() as service:
        service.sync("sandbox")
        assert service.fields("sandbox")
    paths = [call["path"] for call in jira.calls]
    assert not [path for path in paths if path.startswith("/rest/")]


# --- Zendesk


def test_zendesk_signs_in_by_a_code_and_a_public_client_needs_no_secret(tmp_path, zendesk):
    desk = Desk(zendesk_config(tmp_path, zendesk, "code", CLIENT_SECRET=""), zendesk, "zendesk")
    assert not wrong(desk.connect())
    with desk.open() as service:
        service.sync("zendesk")


def test_a_person_is_listened_for_on_the_loopback_address(tmp_path, zendesk):
    desk = Desk(zendesk_config(tmp_path, zendesk, "code"), zendesk, "zendesk")
    came = []

    def tell(address):
        def go():
            came.append(requests.get(address, timeout=10))

        threading.Thread(target=go).start()

    # Port 0 takes any that is free.
    assert not wrong(desk.connect(port=0, tell=tell, paste=None))
    assert came[0].status_code == 200
    assert came[0].url.startswith("http://localhost:")


def test_flag_mode_asks_for_writing_too_and_observe_mode_does_not(tmp_path, zendesk):
    desk = Desk(zendesk_config(tmp_path, zendesk, "client_credentials"), zendesk, "zendesk")
    desk.connect()
    desk.config.write_text(
        desk.config.read_text(encoding="utf-8").replace('"observe"', '"flag"'), encoding="utf-8"
    )
    with desk.open() as service:
        found = desk.by_name(service.checks("zendesk"))
    assert wrong(found) == ["Scope write"]
    assert "to set our tags" in found["Scope write"].why
    assert not wrong(desk.connect())
    scopes = [token.scopes for token in zendesk.site.sign_in.tokens.values()]
    assert scopes == [{"read"}, {"read", "write"}]


def test_by_default_zendesks_api_token_is_tested_and_its_end_is_told(tmp_path, zendesk):
    desk = Desk(zendesk_folder(tmp_path, zendesk, mode="observe"), zendesk, "zendesk")
    found = desk.connect(tell=told, paste=None)
    assert found["Sign-in"].ok
    assert "2027-04-30" in found["API token"].why
    assert "2026-10-27" in found["API token"].why
    assert requests.get(f"{zendesk.url}/api/v2/oauth/tokens/current", timeout=10).status_code == 401


@pytest.mark.parametrize("scope, missing", [("read", []), ("raed", ["Scope read", "Sign-in"])])
def test_a_token_of_oauth_may_stand_in_env_and_what_it_may_do_is_compared(
    tmp_path, zendesk, scope, missing
):
    body = {"grant_type": "client_credentials", "scope": scope}
    client = {"client_id": zendesk.client_id, "client_secret": zendesk.client_secret}
    answer = requests.post(f"{zendesk.url}/oauth/tokens", json=body | client, timeout=10).json()
    config = zendesk_folder(tmp_path, zendesk, mode="observe")
    (tmp_path / ".env").write_text(
        f"OMBUD_KEY={KEY}\nZENDESK_TOKEN={answer['access_token']}\n", encoding="utf-8"
    )
    found = Desk(config, zendesk, "zendesk").connect()
    assert [name for name in wrong(found) if name in {"Scope read", "Sign-in"}] == missing
    assert "API token" not in found


@pytest.mark.parametrize("granted", ["raed", "read raed"])
def test_a_misspelt_scope_is_named_and_the_command_ends_with_3(
    tmp_path, zendesk, monkeypatch, granted
):
    desk = Desk(zendesk_config(tmp_path, zendesk, "client_credentials"), zendesk, "zendesk")
    monkeypatch.setattr("sync.signin.asked_scopes", lambda *_, **__: granted.split())
    with desk.open() as service, contextlib.suppress(HelpdeskError):
        service.signin.connect("zendesk", **at_once(zendesk))
    with desk.open() as service:
        found = desk.by_name(service.signin.checks("zendesk"))
    if granted == "raed":
        assert "read misspelt?" in found["Scope raed"].why
        assert wrong(found) == ["Scope raed", "Scope read"]
    else:
        assert found["Scope read"].ok


def test_the_command_signs_in_and_says_so_and_ends_with_3_where_a_scope_is_missing(
    tmp_path, zendesk
):
    config = zendesk_config(tmp_path, zendesk, "client_credentials")
    done = run(config, "accounts", "connect", "zendesk")
    assert done.returncode == 0, done.stderr
    assert "Scope read" in done.stdout
    config.write_text(
        config.read_text(encoding="utf-8").replace('"observe"', '"block"'), encoding="utf-8"
    )
    done = run(config, "accounts", "check", "zendesk")
    assert done.returncode == 3
    assert "write" in done.stdout
    for text in (done.stdout, done.stderr):
        assert not any(token in text for token in zendesk.site.sign_in.tokens)


def test_the_command_takes_the_address_that_is_pasted(tmp_path, jira):
    config = jira_config(tmp_path, jira, "code")
    process = subprocess.Popen(
        [OMBUD, "accounts", "connect", "sandbox", "--paste", "--format", "json"], cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        address = ""
        while not address.startswith("http"):
            address = process.stderr.readline().strip()
            assert process.poll() is None
        back = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
        out, err = process.communicate(f"{back}\n", timeout=60)
    assert process.returncode == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert {"Scope read:jira-work", "Sign-in"} <= {row["what"] for row in rows}
    assert config.with_name("ombud.db").exists()


def test_an_unknown_way_is_refused_with_those_known(tmp_path, zendesk):
    config = zendesk_config(tmp_path, zendesk, "magic")
    done = run(config, "accounts", "connect", "zendesk")
    assert done.returncode == 2
    assert "client_credentials" in done.stderr
    assert "Traceback" not in done.stderr


# --- coming back


def test_an_answer_with_another_state_is_refused_and_nothing_is_stored(tmp_path, zendesk):
    desk = Desk(zendesk_config(tmp_path, zendesk, "code"), zendesk, "zendesk")
    how = at_once(zendesk)
    honest = how["paste"]

    def forged():
        return re.sub(r"state=[^&]*", "state=another", honest())

    with pytest.raises(HelpdeskError, match="another sign-in") as caught:
        desk.connect(**how | {"paste": forged})
    assert caught.value.kind is Kind.signin
    assert refreshes(zendesk) == []
    with desk.open() as service:
        assert service.store.token("zendesk") is None


def test_somebody_who_says_no_is_believed(tmp_path, zendesk):
    desk = Desk(zendesk_config(tmp_path, zendesk, "code"), zendesk, "zendesk")
    seen = []

    def refused():
        state = re.search(r"state=([^&]*)", seen[0])[1]
        return f"http://localhost:8917/callback?error=access_denied&state={state}"

    with pytest.raises(HelpdeskError, match="access_denied"):
        desk.connect(tell=seen.append, paste=refused)


def test_before_anybody_signed_in_every_question_says_what_to_do(tmp_path, zendesk):
    desk = Desk(zendesk_config(tmp_path, zendesk, "code"), zendesk, "zendesk")
    with desk.open() as service, pytest.raises(HelpdeskError, match="accounts connect zendesk"):
        service.sync("zendesk")


# --- Jira


def test_a_scope_that_the_client_is_not_set_up_with_is_named(tmp_path, jira):
    jira.site.gateway.configured = frozenset({"read:jira-work", "read:jira-user", "offline_access"})
    desk = Desk(jira_config(tmp_path, jira, "code", mode="block"), jira, "sandbox")
    found = desk.connect()
    assert wrong(found) == ["Scope write:jira-work"]
    assert "accounts connect" in found["Scope write:jira-work"].remedy


def test_without_offline_access_the_token_ends_for_good(tmp_path, jira):
    jira.site.gateway.configured = frozenset({"read:jira-work", "read:jira-user"})
    desk = Desk(jira_config(tmp_path, jira, "code"), jira, "sandbox")
    found = desk.connect()
    assert wrong(found) == ["Scope offline_access"]
    assert "renewed by itself" not in found["Token"].why
    jira.world.clock.advance(3700)
    with desk.open() as service:
        with pytest.raises(HelpdeskError, match="no refresh token"):
            service.sync("sandbox")
        assert wrong(desk.by_name(service.signin.foretell("sandbox"))) == ["Token"]


def test_a_sign_in_to_another_site_is_refused(tmp_path, jira):
    jira.site.gateway.site_url = "https://other.atlassian.net"
    desk = Desk(jira_config(tmp_path, jira, "code"), jira, "sandbox")
    with pytest.raises(HelpdeskError, match=r"only for: https://other\.atlassian\.net"):
        desk.connect()


def test_a_scoped_token_goes_through_the_gateway(tmp_path, jira):
    token = jira.site.gateway.scoped_token
    desk = Desk(
        jira_config(tmp_path, jira, "scoped", EMAIL=jira.email, TOKEN=token), jira, "sandbox"
    )
    assert desk.connect(tell=told, paste=None)["Sign-in"].ok
    with desk.open() as service:
        service.sync("sandbox")
        assert service.fields("sandbox")
        (ref, *_) = [state.ref for page in service.store.complaints("complaints") for state in page]
        assert service.store.states([ref])[ref].url.startswith(f"{jira.url}/browse/")
    paths = [call["path"] for call in jira.calls if "tenant_info" not in call["path"]]
    assert all(path.startswith("/ex/jira/") for path in paths)


def test_what_a_tokens_scopes_do_not_cover_is_refused_without_endless_refreshing(tmp_path, jira):
    desk = Desk(jira_config(tmp_path, jira, "code"), jira, "sandbox")
    desk.connect()
    jira.world.clock.advance(1200)
    for held in (*jira.site.gateway.tokens.values(), *jira.site.gateway.refreshes.values()):
        held.scopes = frozenset({"read:jira-user"})
    before = len(refreshes(jira))
    with desk.open() as service, pytest.raises(HelpdeskError, match="scope does not match"):
        service.sync("sandbox")
    assert len(refreshes(jira)) == before + 1


# --- before there is anything


def test_init_looks_around_without_any_api_token_and_connect_follows(tmp_path, zendesk):
    secrets = f"DESK_CLIENT_ID={zendesk.client_id}\nDESK_CLIENT_SECRET={zendesk.client_secret}\n"
    (tmp_path / ".env").write_text(secrets, encoding="utf-8")
    config = tmp_path / "ombud.toml"
    told = ("--vendor", "zendesk", "--url", zendesk.url, "--account", "desk")
    done = run(config, "init", *told, "--sign-in", "client_credentials")
    assert done.returncode == 0, done.stderr
    assert "accounts connect desk" in done.stdout
    assert 'options = {sign_in = "client_credentials"}' in config.read_text(encoding="utf-8")
    assert run(config, "accounts", "connect", "desk").returncode == 0


def test_init_cannot_wait_for_a_person(tmp_path, zendesk):
    (tmp_path / ".env").write_text("DESK_CLIENT_ID=x\n", encoding="utf-8")
    told = ("--vendor", "zendesk", "--url", zendesk.url, "--account", "desk", "--sign-in", "code")
    done = run(tmp_path / "ombud.toml", "init", *told)
    assert done.returncode == 2
    assert "accounts connect desk" in done.stderr
    assert not (tmp_path / "ombud.toml").exists()


# --- Request Tracker


class StandIn:
    """Answer a Request Tracker's greeting to one token."""

    url = "http://127.0.0.1:9"
    tokens: ClassVar = {"ombud": "1-14-x"}


@responses.activate
@pytest.mark.parametrize("status, holds", [(200, True), (401, False)])
def test_request_trackers_token_is_tested(tmp_path, status, holds):
    rest = re.compile(re.escape(f"{StandIn.url}/REST/2.0/"))
    empty = {"Version": "5.0.7", "items": [], "total": 0, "pages": 0}
    responses.get(rest, json=empty, status=status)
    fields = {"Severity": "1", "Root cause": "2", "Corrective action": "3", "Outcome": "4"}
    with rt_service(tmp_path, StandIn, fields, mode="observe") as service:
        found = Desk.by_name(service.connect("rt", port=8917, tell=told))
    assert found["Sign-in"].ok is holds
    assert {call.request.headers["Authorization"] for call in responses.calls} == {"token 1-14-x"}
