"""A service over a helpdesk, set up in a folder of its own, for tests that go all the way."""

from __future__ import annotations

import base64
import os
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from ombud.model.clock import SystemClock
from sync.service import Service, open_service
from tests.postgresql_server import VARIABLE
from tests.stores import url_at

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
KEY = base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode()


class Stepped:
    """The helpdesk's own time, or a time of its own that goes on from a start."""

    def __init__(self, now) -> None:
        self._now = now
        self.ahead = timedelta()

    def now(self) -> datetime:
        return self._now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


def jira_alone(told: str) -> str:
    """Leave Zendesk out of the sandbox's example."""
    return "\n\n".join(block for block in told.split("\n\n") if "zendesk" not in block)


def jira_folder(folder: Path, server, **changes: str) -> Path:
    """Lay out the sandbox's example in a folder; `changes` replace lines of ombud.toml by their key."""
    shutil.copy(EXAMPLES / "sandbox" / "sandbox.mapping.toml", folder / "sandbox.mapping.toml")
    told = jira_alone((EXAMPLES / "sandbox" / "ombud.toml").read_text(encoding="utf-8"))
    told = told.replace("http://127.0.0.1:8080", server.url)
    if VARIABLE in os.environ:
        changes = {"database": f'"{url_at(folder)}"', **changes}
    for key, value in changes.items():
        told = re.sub(rf"^{key} = .*$", f"{key} = {value}", told, flags=re.MULTILINE)
    (folder / "ombud.toml").write_text(told, encoding="utf-8")
    secrets = f"OMBUD_KEY={KEY}\nSANDBOX_EMAIL={server.email}\nSANDBOX_TOKEN={server.token}\n"
    (folder / ".env").write_text(secrets, encoding="utf-8")
    return folder / "ombud.toml"


def jira_service(folder: Path, server, **changes: str) -> Service:
    """Open a service over a sandbox, on the sandbox's own clock."""
    clock = Stepped(server.world.clock.now)
    return open_service(jira_folder(folder, server, **changes), clock, sleep=clock.sleep)


RT_TOML = """
database = "sqlite:///ombud.db"
[accounts.rt]
vendor = "rt"
url = "{url}"
[[bindings]]
name = "complaints"
account = "rt"
pack = "iso10002"
profile = "starter"
mode = "{mode}"
calendar = "office"
mapping = "rt.mapping.toml"
scope = [{{when = {{queue = "Complaints"}}, is = "complaint"}}]
[calendars.office]
zone = "Europe/Berlin"
week = {{mon-sun = ["00:00-24:00"]}}
"""
RT_MAPPING = """
[stages]
received = {{stage = "received"}}
acknowledged = {{stage = "acknowledged"}}
assessed = {{stage = "assessed"}}
investigating = {{stage = "investigating"}}
responded = {{stage = "responded"}}
decided = {{stage = "decided"}}
resolved = {{stage = "closed"}}
[fields]
severity = {{id = "{Severity}", name = "Severity", values = {{low = "Low", medium = "Medium", high = "High", critical = "Critical"}}}}
root_cause = {{id = "{Root_cause}", name = "Root cause"}}
corrective_action = {{id = "{Corrective_action}", name = "Corrective action"}}
outcome = {{id = "{Outcome}", name = "Outcome", values = {{upheld = "Upheld", partly = "Partly", not_upheld = "Not upheld"}}}}
owner = {{id = "owner", name = "Owner"}}
[markers]
decision = ["#decision"]
[milestones]
decision_told = [{{message = {{by = "agent", to = "complainant", kind = "decision"}}}}]
"""


def rt_service(
    folder: Path,
    server,
    fields: dict[str, str],
    mode: str = "block",
    url: str | None = None,
    mapping: str = RT_MAPPING,
) -> Service:
    """Open a service over a Request Tracker; `fields` are its custom fields' native ids by name."""
    (folder / "ombud.toml").write_text(
        RT_TOML.format(url=url or server.url, mode=mode), encoding="utf-8"
    )
    ids = {name.replace(" ", "_"): native for name, native in fields.items()}
    (folder / "rt.mapping.toml").write_text(mapping.format(**ids), encoding="utf-8")
    (folder / ".env").write_text(
        f"OMBUD_KEY={KEY}\nRT_TOKEN={server.tokens['ombud']}\n", encoding="utf-8"
    )
    clock = Stepped(SystemClock().now)
    # Request Tracker tells whole seconds: what happens within the second of the first sync looks earlier.
    clock.ahead = -timedelta(seconds=1)
    return open_service(folder / "ombud.toml", clock, sleep=clock.sleep)
