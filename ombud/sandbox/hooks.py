"""Webhooks of any vendor: what was committed is told to those who asked, once or as often as the vendor tries."""

from __future__ import annotations

import heapq
import itertools
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.hook_faults import HookFault, HookFaults
from ombud.sandbox.post import Outcome, post

_WORKERS = 8
_POLL_SECONDS = 0.05
#: How long a delivery that shall be overtaken waits for another one, on the world's clock.
_OVERTAKEN_WITHIN = timedelta(seconds=60)
_ATTEMPTS_KEPT = 5_000
State = Literal["waiting", "sending", "done", "failed", "lost"]


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that happened, as a vendor tells it: its event, the ticket it is about, the body."""

    event: str
    ticket: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Delivery:
    """One telling on its way to one hook.

    Attributes:
        hook: the registration's id.
        id: what the vendor calls the delivery, the same at every attempt.
        skew: seconds by which its instant of signing is off.
        pad: bytes that are added to the body.
        until: before when it is not due, where it shall be late.
    """

    number: int
    hook: str
    url: str
    secret: str | None
    id: str
    event: str
    ticket: str
    body: bytes
    fault: HookFault | None = None
    forged: bool = False
    skew: float = 0.0
    pad: int = 0
    until: datetime | None = None
    attempt: int = 0
    state: State = "waiting"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a delivery."""

    delivery: Delivery
    number: int
    moment: datetime
    headers: Mapping[str, str]
    outcome: Outcome


class Manners(Protocol):
    """How a vendor delivers."""

    #: Limits in seconds of real time.
    connect_seconds: float
    reply_seconds: float

    def name(self, number: int) -> str:
        """Name the delivery of that number."""
        ...

    def headers(self, delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers of an attempt, its signature among them."""
        ...

    def again(self, delivery: Delivery, outcome: Outcome) -> float | None:
        """Return after how many seconds of the world's clock a failed attempt is repeated; None for never."""
        ...

    def passes(self, hook: str, now: datetime) -> bool:
        """Tell whether a hook is there, switched on and not paused."""
        ...

    def tried(self, hook: str, outcome: Outcome, now: datetime) -> None:
        """Take note of an attempt's outcome."""
        ...

    def moved(self, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """Return a body whose instants are so far off."""
        ...

    def of_another(self, body: Mapping[str, Any], ticket: str | None) -> Mapping[str, Any]:
        """Return a body about another ticket, of another account where no ticket is given."""
        ...


class Hooks:
    """Deliver what a helpdesk has to tell, in threads of its own or when asked to.

    Attributes:
        faults: what shall go wrong.
        manual: nothing goes out by itself; `flush` delivers.
        connect_seconds, reply_seconds: limits of an attempt, in seconds of real time.
    """

    def __init__(self, clock: SteppableClock, manners: Manners, *, manual: bool = False) -> None:
        self.faults = HookFaults()
        self.manual = manual
        self.connect_seconds = manners.connect_seconds
        self.reply_seconds = manners.reply_seconds
        self._clock, self._manners = clock, manners
        self._changed = threading.Condition()
        self._waiting: list[tuple[datetime, int, Delivery]] = []
        self._held: list[tuple[datetime, Delivery]] = []
        self._sending = 0
        self._order = itertools.count()
        self._numbers = itertools.count(1)
        self._lines: list[dict[str, Any]] = []
        self._attempts: deque[Attempt] = deque(maxlen=_ATTEMPTS_KEPT)
        self._threads: list[threading.Thread] = []
        self._stopped = False

    def tell(self, hook: str, url: str, secret: str | None, telling: Telling) -> None:
        """Put a telling on its way to a hook; returns at once."""
        number = next(self._numbers)
        name = self._manners.name(number)
        made = Delivery(
            number, hook, url, secret, name, telling.event, telling.ticket, _text(telling.body)
        )
        now = self._clock.now()
        struck = self.faults.strike(f"{telling.event} {telling.ticket}")
        with self._changed:
            held = self._befallen(made, telling, struck, now)
            if not held and made.state == "waiting":
                self._push(made, now)
            for fault in struck:
                self._beside(made, telling, fault, now)
            self._start()
            self._changed.notify_all()

    def flush(self, *, everything: bool = False) -> int:
        """Deliver in the caller's thread what is due by the world's clock, and what that brings about.

        `everything` delivers also what is late, waits for another attempt or is to be overtaken. Returns how many
        attempts were made. Not to be called while the world's lock is held.
        """
        made = 0
        while True:
            with self._changed:
                taken = self._take(everything=everything)
                if taken is None and everything and self._held:
                    _, taken = self._held.pop(0)
                    self._sending += 1
            if taken is None:
                return made
            self._attempt(taken)
            made += 1

    def wait(self, seconds: float = 10.0) -> bool:
        """Wait until nothing due is waiting or under way; False where it took more seconds of real time."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._busy():
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, _POLL_SECONDS))
        return True

    def stop(self) -> None:
        """Let nothing more go out, and end the threads as soon as their attempts are over."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on after a stop, with what was waiting."""
        with self._changed:
            self._stopped = False
            self._threads = []
            if self._waiting or self._held:
                self._start()

    def lines(self, after: int = 0) -> list[dict[str, Any]]:
        """Return attempts and losses in order: n, time, target, hook, delivery, event, ticket, fault, attempt, status, trouble, state."""
        with self._changed:
            return list(self._lines[after:])

    def attempts(self, hook: str) -> list[Attempt]:
        """Return the latest attempts at a hook, oldest first."""
        with self._changed:
            return [each for each in self._attempts if each.delivery.hook == hook]

    def _befallen(
        self, made: Delivery, telling: Telling, struck: Iterable[HookFault], now: datetime
    ) -> bool:
        """Let a fault befall a delivery; True where it does not go the ordinary way."""
        for fault in struck:
            if fault.kind == "lost":
                made.fault, made.state = fault, "lost"
                self.faults.fire(fault)
                self._line(made, now, None)
                return True
            if fault.kind == "late":
                made.fault, made.until = fault, now + timedelta(seconds=fault.seconds)
                self._push(made, made.until)
                return True
            if fault.kind == "reordered":
                made.fault = fault
                self._held.append((now + _OVERTAKEN_WITHIN, made))
                return True
            if fault.kind == "doubled":
                again = _again(made)
                again.fault = fault
                self._push(made, now)
                self._push(again, now)
                return True
            if fault.kind in ("ancient", "future"):
                made.fault = fault
                made.skew = fault.seconds if fault.kind == "future" else -fault.seconds
                made.body = _text(self._manners.moved(telling.body, made.skew))
        return False

    def _beside(self, made: Delivery, telling: Telling, fault: HookFault, now: datetime) -> None:
        """Send what comes beside a delivery."""
        other = _again(made)
        other.number = next(self._numbers)
        other.id = self._manners.name(other.number)
        other.fault = fault
        if fault.kind == "forged":
            other.forged = True
        elif fault.kind == "oversize":
            other.pad = fault.size
        elif fault.kind == "unknown_ticket":
            other.ticket = str(900_000_000 + other.number)
            other.body = _text(self._manners.of_another(telling.body, other.ticket))
        elif fault.kind == "foreign":
            other.url = _elsewhere(made.url)
            other.body = _text(self._manners.of_another(telling.body, None))
        else:
            return
        self._push(other, now)

    def _push(self, made: Delivery, due: datetime) -> None:
        made.state = "waiting"
        heapq.heappush(self._waiting, (due, next(self._order), made))

    def _take(self, *, everything: bool = False) -> Delivery | None:
        now = self._clock.now()
        for place, (until, held) in enumerate(self._held):
            if until <= now:
                del self._held[place]
                self._push(held, now)
                break
        if not self._waiting or (self._waiting[0][0] > now and not everything):
            return None
        _, _, made = heapq.heappop(self._waiting)
        made.state = "sending"
        self._sending += 1
        return made

    def _busy(self) -> bool:
        due = bool(self._waiting) and self._waiting[0][0] <= self._clock.now()
        return self._sending > 0 or due

    def _start(self) -> None:
        if self.manual or self._threads or self._stopped:
            return
        for number in range(_WORKERS):
            thread = threading.Thread(target=self._work, name=f"hooks-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                taken = None if self.manual else self._take()
                while taken is None and not self._stopped:
                    # What waits for the world's clock is looked for now and then: nobody tells of its steps.
                    self._changed.wait(_POLL_SECONDS if self._waiting or self._held else None)
                    taken = None if self.manual else self._take()
            if taken is None:
                return
            self._attempt(taken)

    def _attempt(self, made: Delivery) -> None:
        now = self._clock.now()
        if not self._manners.passes(made.hook, now):
            self._after(made, now, None, None)
            return
        body = made.body
        if made.pad:
            body = body[:-1] + b', "padding": "' + b"x" * made.pad + b'"}'
        made.attempt += 1
        headers = self._manners.headers(made, body, now + timedelta(seconds=made.skew))
        outcome = post(
            made.url, headers, body, connect=self.connect_seconds, reply=self.reply_seconds
        )
        self._fired(made, outcome, now)
        self._manners.tried(made.hook, outcome, self._clock.now())
        self._after(made, now, outcome, headers)

    def _fired(self, made: Delivery, outcome: Outcome, now: datetime) -> None:
        """Count a fault that took effect: its delivery was answered, or cut off for being too long."""
        fault = made.fault
        if fault is None or made.attempt > 1 or fault.kind == "reordered":
            return
        early = made.until is not None and now < made.until
        answered = outcome.status is not None or outcome.trouble == "timeout"
        if not early and (answered or (made.pad > 0 and outcome.trouble == "connection")):
            self.faults.fire(fault)

    def _after(
        self,
        made: Delivery,
        now: datetime,
        outcome: Outcome | None,
        headers: Mapping[str, str] | None,
    ) -> None:
        with self._changed:
            self._sending -= 1
            wait = None
            if outcome is None:
                made.state = "lost"
            elif outcome.good:
                made.state = "done"
            else:
                wait = self._manners.again(made, outcome)
                made.state = "failed"
            if outcome is not None and headers is not None:
                kept = {} if made.pad else headers
                self._attempts.append(Attempt(_as_it_was(made), made.attempt, now, kept, outcome))
            self._line(made, now, outcome)
            if wait is not None and not self._stopped:
                self._push(made, self._clock.now() + timedelta(seconds=wait))
            self._overtaken(made)
            self._changed.notify_all()

    def _overtaken(self, made: Delivery) -> None:
        """Let go what was to be overtaken by this one."""
        for place, (_, held) in enumerate(self._held):
            if held.hook == made.hook and held.number < made.number:
                del self._held[place]
                if held.fault is not None:
                    self.faults.fire(held.fault)
                self._push(held, self._clock.now())
                return

    def _line(self, made: Delivery, now: datetime, outcome: Outcome | None) -> None:
        self._lines.append(
            {
                "n": len(self._lines) + 1,
                "time": now.isoformat(timespec="milliseconds"),
                "target": made.url,
                "hook": made.hook,
                "delivery": made.id,
                "event": made.event,
                "ticket": made.ticket,
                "fault": made.fault.kind if made.fault else None,
                "attempt": made.attempt,
                "status": outcome.status if outcome else None,
                "trouble": outcome.trouble if outcome else None,
                "state": made.state,
            }
        )


def _again(made: Delivery) -> Delivery:
    return Delivery(
        made.number, made.hook, made.url, made.secret, made.id, made.event, made.ticket, made.body
    )


def _as_it_was(made: Delivery) -> Delivery:
    then = _again(made)
    then.state, then.attempt, then.fault = made.state, made.attempt, made.fault
    return then


def _elsewhere(url: str) -> str:
    """Return the address of an account that is not there: its secret part is another."""
    parts = urlsplit(url)
    before = parts.path.rstrip("/").rpartition("/")[0]
    return parts._replace(path=f"{before}/{secrets.token_urlsafe(24)}").geturl()


def _text(body: Mapping[str, Any]) -> bytes:
    """Write a body; one without anything in it is none at all."""
    return json.dumps(body, ensure_ascii=False).encode() if body else b""
