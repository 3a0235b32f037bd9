"""A service over the sandbox's Zendesk, set up in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from ombud.sandbox.zendesk.desk import NOTE_FIELD
from sync.service import Service, open_service
from tests.desks import EXAMPLES, KEY, Stepped

ZENDESK_TOML = """
database = "sqlite:///ombud.db"
[accounts.zendesk]
vendor = "zendesk"
url = "{url}"
options = {{note_field = {note}}}
[[bindings]]
name = "complaints"
account = "zendesk"
pack = "iso10002"
profile = "{profile}"
mode = "{mode}"
calendar = "office"
mapping = "zendesk.mapping.toml"
scope = [
  {{when = {{form = "Complaint"}}, is = "complaint"}},
  {{when = {{form = "Question"}}, is = "undecided"}},
]
[calendars.office]
zone = "Europe/Berlin"
week = {{mon-fri = ["09:00-17:00"]}}
holidays = {{country = "DE", subdivision = "BE"}}
"""


def zendesk_folder(folder: Path, server, *, mode: str = "block", profile: str = "standard") -> Path:
    """Lay out a configuration for the sandbox's Zendesk in a folder."""
    shutil.copy(EXAMPLES / "sandbox" / "zendesk.mapping.toml", folder / "zendesk.mapping.toml")
    told = ZENDESK_TOML.format(url=server.url, note=NOTE_FIELD, mode=mode, profile=profile)
    (folder / "ombud.toml").write_text(told, encoding="utf-8")
    secrets = f"OMBUD_KEY={KEY}\nZENDESK_EMAIL={server.email}\nZENDESK_TOKEN={server.token}\n"
    (folder / ".env").write_text(secrets, encoding="utf-8")
    return folder / "ombud.toml"


def zendesk_service(folder: Path, server, **how: str) -> Service:
    """Open a service over a Zendesk, on the sandbox's own clock."""
    clock = Stepped(server.world.clock.now)
    return open_service(zendesk_folder(folder, server, **how), clock, sleep=clock.sleep)


def both_folder(folder: Path, jira, zendesk) -> Path:
    """Lay out the sandbox's example, both helpdesks observed, in a folder."""
    for name in ("ombud.toml", "sandbox.mapping.toml", "zendesk.mapping.toml"):
        shutil.copy(EXAMPLES / "sandbox" / name, folder / name)
    config = folder / "ombud.toml"
    told = config.read_text(encoding="utf-8")
    told = told.replace("http://127.0.0.1:8080", jira.url)
    told = told.replace("http://127.0.0.1:8081", zendesk.url)
    config.write_text(told.replace('mode = "block"', 'mode = "observe"'), encoding="utf-8")
    secrets = (
        f"OMBUD_KEY={KEY}\nSANDBOX_EMAIL={jira.email}\nSANDBOX_TOKEN={jira.token}\n"
        f"ZENDESK_EMAIL={zendesk.email}\nZENDESK_TOKEN={zendesk.token}\n"
    )
    (folder / ".env").write_text(secrets, encoding="utf-8")
    return config


def both_services(folder: Path, jira, zendesk) -> Service:
    """Open a service over both helpdesks, on the clock that they share."""
    clock = Stepped(jira.world.clock.now)
    return open_service(both_folder(folder, jira, zendesk), clock, sleep=clock.sleep)
