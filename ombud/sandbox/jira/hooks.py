"""The webhooks of a Jira site: administrators' and apps', how they are signed, and when they are tried again."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from ombud.sandbox import jql
from ombud.sandbox.hooks import Delivery, Hooks, Telling
from ombud.sandbox.jira import tellings
from ombud.sandbox.post import Outcome
from ombud.sandbox.records import Act, Issue
from ombud.sandbox.world import World

LIFE = timedelta(days=30)
_TRIED_AGAIN = frozenset({408, 409, 425, 429})
_SECTION = "issue-related-events-section"


@dataclass(slots=True)
class AdminHook:
    """A webhook that an administrator made."""

    number: int
    name: str
    url: str
    events: list[str]
    filters: dict[str, str]
    exclude_body: bool
    secret: str | None
    enabled: bool
    changed: datetime
    changed_by: str

    @property
    def query(self) -> str:
        """What tickets must meet; nothing means all."""
        return self.filters.get(_SECTION, "")


@dataclass(slots=True)
class AppHook:
    """A webhook that an app made: nobody signs it, and it ends."""

    number: int
    url: str
    query: str
    events: list[str]
    until: datetime
    fields: list[str] = field(default_factory=list)
    property_keys: list[str] = field(default_factory=list)


class Registry:
    """Who wants to hear of a site's tickets; also the manners in which they are told.

    Attributes:
        base: the site's own address, in bodies.
        admin, apps: registrations by number.
        retry_seconds: how long Jira waits before each further attempt, on the world's clock.
    """

    connect_seconds = 5.0
    reply_seconds = 20.0

    def __init__(self, world: World, *, manual: bool = False) -> None:
        self._world = world
        self.base = ""
        self.admin: dict[int, AdminHook] = {}
        self.apps: dict[int, AppHook] = {}
        self.retry_seconds: tuple[float, ...] = (30, 60, 300, 600, 900)
        self.next_number = itertools.count(1).__next__
        self.hooks = Hooks(world.clock, self, manual=manual)
        world.listeners.append(self.heard)

    @classmethod
    def of(cls, world: World, *, manual: bool) -> Self:
        """Return the registry of a world, the one it has from a server before where there was one."""
        for each in world.listeners:
            before = getattr(each, "__self__", None)
            if isinstance(before, cls):
                before.hooks.manual = manual
                before.hooks.resume()
                return before
        return cls(world, manual=manual)

    def heard(self, act: Act) -> None:
        """Tell of an act to those who want to hear of it."""
        if (not self.admin and not self.apps) or act.what not in tellings.EVENTS:
            return
        wanted = list(self._wanted(act))
        if not wanted:
            return
        told = tellings.telling(self._world, self.base, act)
        if told is None:
            return
        for name, url, secret, bare in wanted:
            made = Telling(told.event, told.ticket, {}) if bare else told
            self.hooks.tell(name, url, secret, made)

    def _wanted(self, act: Act) -> Iterator[tuple[str, str, str | None, bool]]:
        event = tellings.EVENTS[act.what]
        for each in self.admin.values():
            if each.enabled and event in each.events and self.meets(each.query)(act.issue):
                yield f"admin-{each.number}", each.url, each.secret, each.exclude_body
        now = self._world.clock.now()
        changed = {item.field_id for item in act.entry.items} if act.entry else set()
        for app in self.apps.values():
            if app.until <= now or event not in app.events:
                continue
            if app.fields and event == "jira:issue_updated" and not changed & set(app.fields):
                continue
            if self.meets(app.query)(act.issue):
                yield f"app-{app.number}", app.url, None, False

    def meets(self, query: str) -> Callable[[Issue], bool]:
        """Return the test of a filter; none lets everything through."""
        if not query.strip():
            return lambda _issue: True
        return jql.parse(query, self._world, "Etc/UTC", None).test

    # Manners.

    def name(self, number: int) -> str:
        """Name the delivery of that number."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._world.clock.now():%Y%m%d}/{number}"))

    def headers(self, delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:  # noqa: ARG002 (the protocol's)
        """Return the headers of an attempt."""
        made = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Atlassian Webhook HTTP Client",
            "X-Atlassian-Webhook-Identifier": delivery.id,
            "X-Atlassian-Webhook-Flow": "Primary",
        }
        if delivery.attempt > 1:
            made["X-Atlassian-Webhook-Retry"] = str(delivery.attempt - 1)
        secret = "a stranger's" if delivery.forged else delivery.secret
        if secret is not None:
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            made["X-Hub-Signature"] = f"sha256={digest}"
        return made

    def again(self, delivery: Delivery, outcome: Outcome) -> float | None:
        """Try again up to five times what was not reached, not answered, or answered as a passing trouble."""
        status = outcome.status
        passing = status is None or status in _TRIED_AGAIN or status >= 500
        if not passing or outcome.trouble == "not a loopback address":
            return None
        tried = delivery.attempt - 1
        return self.retry_seconds[tried] if tried < len(self.retry_seconds) else None

    def passes(self, hook: str, now: datetime) -> bool:
        """Tell whether a webhook is still there, switched on and not ended."""
        kind, _, number = hook.partition("-")
        if kind == "admin":
            found = self.admin.get(int(number))
            return found is not None and found.enabled
        app = self.apps.get(int(number))
        return app is not None and app.until > now

    def tried(self, hook: str, outcome: Outcome, now: datetime) -> None:
        """Keep no account: Jira goes on whatever a receiver answers."""

    def moved(self, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """Return a body whose instant is so far off."""
        return {**body, "timestamp": body["timestamp"] + int(seconds * 1000)} if body else body

    def of_another(self, body: Mapping[str, Any], ticket: str | None) -> Mapping[str, Any]:
        """Return a body about another ticket, or of another site."""
        issue = dict(body.get("issue", {}))
        number = ticket or "70001"
        site = self.base if ticket else "https://another-site.atlassian.net"
        issue |= {
            "id": number,
            "key": f"CMP-{number}",
            "self": f"{site}/rest/api/2/issue/{number}",
        }
        return {**body, "issue": issue}
