"""The sandbox's own door under /_sandbox/: time, faults, people's acts, and what really happened.

Nothing here exists at any vendor's.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.faults import Faults
from ombud.sandbox.hooks import Hooks
from ombud.sandbox.http import Answer, Call
from ombud.sandbox.journal import Journal

HEADER = "X-Sandbox-Token"
Door = Callable[[Call], Any]


class Control:
    """Answer the control plane; every call needs the sandbox's token.

    The vendor's own doors (acts of people, settings, the state) are added by its server.
    """

    def __init__(
        self,
        clock: SteppableClock,
        journal: Journal,
        lock: threading.RLock,
        faults: Faults,
        token: str,
        calls: list[dict[str, Any]],
        doors: dict[tuple[str, str], Door],
        hooks: Hooks,
        tick: Callable[[], None],
    ) -> None:
        self.clock, self._lock = clock, lock
        self._faults, self._token = faults, token
        self._doors: dict[tuple[str, str], Door] = {
            ("GET", "journal"): lambda call: journal.lines(_after(call)),
            ("GET", "calls"): lambda call: calls[_after(call) :],
            ("GET", "clock"): lambda _call: self._time(),
            ("POST", "clock"): self._set_clock,
            ("GET", "faults"): lambda _call: faults.report(),
            ("POST", "faults"): self._order,
            ("GET", "deliveries"): lambda call: hooks.lines(_after(call)),
            ("GET", "hook-faults"): lambda _call: hooks.faults.report(),
            ("POST", "hook-faults"): self._order_hooks,
            ("GET", "hooks"): lambda _call: {"manual": hooks.manual},
            ("POST", "hooks"): self._set_hooks,
            **doors,
        }
        #: What is not answered under the world's lock: those who are told may ask back.
        self._unlocked: dict[tuple[str, str], Door] = {("POST", "hooks/flush"): self._flush}
        self._hooks, self._tick = hooks, tick

    def answer(self, call: Call) -> Answer:
        """Answer one call; what cannot be understood is a 400 that says why."""
        token = call.headers.get(HEADER)
        if token is None or not secrets.compare_digest(token.encode(), self._token.encode()):
            return Answer(401, {"error": f"the {HEADER} header is missing or wrong"})
        name = (call.method, call.path.removeprefix("/_sandbox/"))
        door = self._doors.get(name)
        if name in self._unlocked:
            return Answer(200, self._unlocked[name](call))
        if door is None:
            return Answer(
                404, {"error": "no such door", "doors": sorted(f"{m} {p}" for m, p in self._doors)}
            )
        try:
            with self._lock:
                return Answer(200, door(call))
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            return Answer(400, {"error": f"{type(error).__name__}: {error}"})

    def _time(self) -> Any:
        now = self.clock.now().isoformat(timespec="milliseconds")
        return {"now": now, "running": self.clock.running}

    def _set_clock(self, call: Call) -> Any:
        body = told(call, "advance_seconds", "set")
        if "set" in body:
            self.clock.set(datetime.fromisoformat(body["set"]))
        if "advance_seconds" in body:
            self.clock.advance(float(body["advance_seconds"]))
        self._tick()
        return self._time()

    def _order(self, call: Call) -> Any:
        self._faults.order(orders(call))
        return self._faults.report()

    def _order_hooks(self, call: Call) -> Any:
        self._hooks.faults.order(orders(call))
        return self._hooks.faults.report()

    def _set_hooks(self, call: Call) -> Any:
        self._hooks.manual = bool(told(call, "manual")["manual"])
        return {"manual": self._hooks.manual}

    def _flush(self, call: Call) -> Any:
        return {"attempts": self._hooks.flush(everything=call.one("everything") == "true")}


def told(call: Call, *allowed: str) -> dict[str, Any]:
    """Return a call's body, an object of these words."""
    body = json.loads(call.body or b"null")
    if not isinstance(body, dict) or set(body) - set(allowed):
        message = f"an object of {', '.join(allowed)} is expected"
        raise ValueError(message)
    return body


def orders(call: Call) -> list[dict[str, Any]]:
    """Return a call's body, a list of what shall be in force."""
    told = json.loads(call.body or b"null")
    if not isinstance(told, list):
        message = "a list is expected, an empty one for none"
        raise TypeError(message)
    return told


def _after(call: Call) -> int:
    return int(call.one("after", "0") or 0)


def plain_values(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        return {key: plain_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(one) for one in value]
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
