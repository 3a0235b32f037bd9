"""Signing in by `ombud accounts connect`: every way of every vendor, and tokens that are used up."""

from __future__ import annotations

import re

import pytest
import requests

from ombud.sandbox.serve import start_in_thread, start_zendesk_in_thread
from sync.service import open_service
from tests.desks import KEY, Stepped, jira_folder
from tests.zendesk_desk import zendesk_folder


def told(*_):
    """Show nobody anything."""


def at_once(server):
    """Let ombud in as a person would who says yes at once; gives the address they come back to."""
    seen = []

    def tell(address):
        seen.append(address)

    def paste():
        answer = requests.get(seen[-1], allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    return {"port": 8917, "tell": tell, "paste": paste}


def zendesk_config(folder, server, way, mode="observe", **secrets):
    """Lay out a configuration that signs in by OAuth, and has no API token at all."""
    config = zendesk_folder(folder, server, mode=mode)
    text = config.read_text(encoding="utf-8")
    text = text.replace("options = {", f'options = {{sign_in = "{way}", ', 1)
    config.write_text(text, encoding="utf-8")
    held = {"CLIENT_ID": server.client_id, "CLIENT_SECRET": server.client_secret} | secrets
    lines = [f"ZENDESK_{name}={value}" for name, value in held.items() if value]
    (folder / ".env").write_text("\n".join([f"OMBUD_KEY={KEY}", *lines]), encoding="utf-8")
    return config


class Desk:
    """A configuration and its helpdesk, opened as often as a test wants."""

    def __init__(self, config, server, account):
        self.config, self.server, self.account = config, server, account
        self.clock = Stepped(server.world.clock.now)

    def open(self):
        return open_service(self.config, self.clock, sleep=self.clock.sleep)

    def connect(self, **how):
        with self.open() as service:
            return self.by_name(service.connect(self.account, **(at_once(self.server) | how)))

    @staticmethod
    def by_name(found):
        return {each.name: each for each in found}


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


def jira_config(folder, server, way, mode="observe", **secrets):
    """Lay out a configuration that signs in through Atlassian's servers, all of them the sandbox."""
    config = jira_folder(folder, server, mode=f'"{mode}"')
    text = config.read_text(encoding="utf-8")
    options = (
        f'options = {{sign_in = "{way}", auth_url = "{server.url}", api_url = "{server.url}"}}'
    )
    text = re.sub(r"^(url = .*)$", rf"\1\n{options}", text, count=1, flags=re.MULTILINE)
    config.write_text(text, encoding="utf-8")
    held = {"CLIENT_ID": server.client_id, "CLIENT_SECRET": server.client_secret} | secrets
    lines = [f"SANDBOX_{name}={value}" for name, value in held.items() if value]
    (folder / ".env").write_text("\n".join([f"OMBUD_KEY={KEY}", *lines]), encoding="utf-8")
    return config


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
