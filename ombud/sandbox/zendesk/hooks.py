"""The webhooks of a Zendesk account: how they are signed, when they are tried again, and when they are paused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from ombud.sandbox.hooks import Delivery, Hooks
from ombud.sandbox.post import Outcome
from ombud.sandbox.zendesk.records import Act
from ombud.sandbox.zendesk.tellings import ACCOUNT, tellings
from ombud.sandbox.zendesk.world import ZendeskWorld

_CONFLICTS, _TIMEOUTS, _WAITS = 3, 5, 5
_LONGEST_WAIT = 60
_WINDOW = timedelta(minutes=5)


@dataclass(slots=True)
class Webhook:
    """A webhook; `subscriptions` are events, or the one word by which triggers use it."""

    id: str
    name: str
    endpoint: str
    subscriptions: list[str]
    created: datetime
    created_by: int
    secret: str
    status: str = "active"
    http_method: str = "POST"
    request_format: str = "json"
    description: str | None = None
    authentication: dict[str, Any] | None = None
    paused: datetime | None = None
    recent: deque[tuple[datetime, bool]] = field(default_factory=deque)


class Registry:
    """Who wants to hear of an account's tickets; also the manners in which they are told.

    Attributes:
        webhooks: by id.
        breaker_share: the share of errors within five minutes at which a webhook is paused.
        breaker_least: how many attempts must have been made before it is.
        pause_seconds: how long, on the world's clock; what happens meanwhile is never sent.
    """

    connect_seconds = 12.0
    reply_seconds = 12.0

    def __init__(self, world: ZendeskWorld, *, manual: bool = False) -> None:
        self._world = world
        self.webhooks: dict[str, Webhook] = {}
        self.breaker_share = 0.7
        self.breaker_least = 10
        self.breaker_most = 1000
        self.pause_seconds = 300.0
        self._numbers = itertools.count(1)
        self.hooks = Hooks(world.clock, self, manual=manual)
        world.listeners.append(self.heard)

    @classmethod
    def of(cls, world: ZendeskWorld, *, manual: bool) -> Self:
        """Return the registry of a world, the one it has from a server before where there was one."""
        for each in world.listeners:
            before = getattr(each, "__self__", None)
            if isinstance(before, cls):
                before.hooks.manual = manual
                before.hooks.resume()
                return before
        return cls(world, manual=manual)

    def add(self, **told: Any) -> Webhook:
        """Register a webhook."""
        made = Webhook(
            id=self._ulid("W", next(self._numbers)),
            secret=base64.b64encode(secrets.token_bytes(32)).decode(),
            created=self._world.clock.now(),
            **told,
        )
        self.webhooks[made.id] = made
        return made

    def reset(self, webhook: Webhook) -> None:
        """Give a webhook another secret; deliveries under way are signed with it."""
        webhook.secret = base64.b64encode(secrets.token_bytes(32)).decode()

    def heard(self, act: Act) -> None:
        """Tell of an act to those who want to hear of it."""
        listening = [each for each in self.webhooks.values() if each.status == "active"]
        if not listening:
            return
        for told in tellings(self._world, act):
            for each in listening:
                if told.event in each.subscriptions:
                    self.hooks.tell(each.id, each.endpoint, each.secret, told)

    # Manners.

    def name(self, number: int) -> str:
        """Name the invocation of that number."""
        return self._ulid("N", number)

    @staticmethod
    def _ulid(kind: str, number: int) -> str:
        return f"01SANDB0X{kind}{number:016d}"

    def headers(self, delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers of an attempt: the instant of sending and the raw body are signed."""
        stamp = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        found = self.webhooks.get(delivery.hook)
        secret = found.secret if found is not None else delivery.secret or ""
        if delivery.forged:
            secret = "a stranger's"  # noqa: S105 (of nothing)
        digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
        return {
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(ACCOUNT),
            "X-Zendesk-Webhook-Id": delivery.hook,
            "X-Zendesk-Webhook-Invocation-Id": delivery.id,
        }

    def again(self, delivery: Delivery, outcome: Outcome) -> float | None:
        """Try again after a conflict, a timeout, or where the receiver says when; after nothing else."""
        if outcome.trouble == "timeout":
            return 0.0 if delivery.attempt <= _TIMEOUTS else None
        if outcome.status == 409:
            return 0.0 if delivery.attempt <= _CONFLICTS else None
        if outcome.status in (429, 503) and delivery.attempt <= _WAITS:
            told = outcome.headers.get("Retry-After", "")
            if told.isdigit() and int(told) < _LONGEST_WAIT:
                return float(told)
        return None

    def passes(self, hook: str, now: datetime) -> bool:
        """Tell whether a webhook is there, active and not paused."""
        found = self.webhooks.get(hook)
        if found is None or found.status != "active":
            return False
        return found.paused is None or found.paused <= now

    def tried(self, hook: str, outcome: Outcome, now: datetime) -> None:
        """Count errors, and pause a webhook that has too many."""
        with self._world.lock:
            found = self.webhooks.get(hook)
            if found is None:
                return
            found.recent.append((now, outcome.good))
            while found.recent and now - found.recent[0][0] > _WINDOW:
                found.recent.popleft()
            errors = sum(1 for _, good in found.recent if not good)
            many = len(found.recent) >= self.breaker_least
            if errors > self.breaker_most or (
                many and errors >= self.breaker_share * len(found.recent)
            ):
                found.paused = now + timedelta(seconds=self.pause_seconds)
                found.recent.clear()

    def moved(self, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """Return a body whose instant is so far off."""
        if not body:
            return body
        told = str(body["time"])
        when = datetime.fromisoformat(f"{told[:19]}+00:00") + timedelta(seconds=seconds)
        return {**body, "time": f"{when:%Y-%m-%dT%H:%M:%S}{told[19:]}"}

    def of_another(self, body: Mapping[str, Any], ticket: str | None) -> Mapping[str, Any]:
        """Return a body about another ticket, or of another account."""
        number = ticket or "70001"
        return {
            **body,
            "account_id": ACCOUNT if ticket else ACCOUNT + 1,
            "detail": {**body.get("detail", {}), "id": number},
            "id": f"{body.get('id', '')[:24]}{number:>012}"[:36],
            "subject": f"zen:ticket:{number}",
        }
