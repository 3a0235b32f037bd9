"""Desks that sign in by OAuth, and somebody who says yes at once."""

from __future__ import annotations

import re

import requests

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


def refreshes(server):
    """Count the refresh calls that the sandbox answered or cut off."""
    return [
        call for call in server.calls if call["method"] == "POST" and "/oauth/token" in call["path"]
    ]


def wrong(found):
    return sorted(name for name, each in found.items() if each.ok is False)
