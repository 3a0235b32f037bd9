"""The process that is disturbed: door and desks as `ombud serve` has them, moved on beat by beat through a pipe."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import resource
import signal
import sqlite3
import threading
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

from connectors.errors import HelpdeskError
from connectors.gate import Gate
from connectors.http import Client
from ombud.model.facts import Verdict
from ombud.store import Busy, StaleLease, StoreError
from ombud.web.app import make_app
from ombud.web.listen import Listening, bind
from sync.hooks import HookKeeper
from sync.live.desk import Desk
from sync.live.night import night
from sync.service import Service, database_path, open_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from multiprocessing.connection import Connection
    from pathlib import Path

#: A database that is held is waited for this long, in thousandths of a second: the product waits longer.
_BUSY: Final = 50
#: Seconds of real time in which the door opens and shuts.
_DOOR: Final = 10.0
_THREADS: Final = 3
Told = dict[str, Any]


class PipeClock:
    """Tell the time that the other end of the pipe told last; to sleep is to ask for it to pass."""

    def __init__(self, pipe: Connection, now: datetime) -> None:
        """Begin at an instant."""
        self.pipe = pipe
        self.present = now
        self.skew = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Give the present, by a clock that may be off."""
        return self.present + self.skew

    def sleep(self, seconds: float) -> None:
        """Have time pass: others act meanwhile."""
        with self._lock:
            self.pipe.send(("sleep", seconds))
            self.present = self.pipe.recv()


class Trap:
    """Kill this process, or hold it up, at what is waited for."""

    def __init__(self, pipe: Connection, laid: Mapping[str, int]) -> None:
        """Lay in wait.

        Args:
            pipe: to tell of a pause.
            laid: "commit", "before_call", "after_call" or "pause" -> at which one from now.

        """
        self._pipe = pipe
        self.laid = dict(laid)
        self._seen: Counter[str] = Counter()
        event.listen(Engine, "after_cursor_execute", self._executed)
        once, trap = Client._once, self  # noqa: SLF001 (chaos reaches into what it disturbs)

        def asked(client: Client, method: str, *arguments: Any, **named: Any) -> Any:
            writes = not named.get("safe", True)
            if writes:
                trap.strike("before_call")
            answer = once(client, method, *arguments, **named)
            if writes:
                trap.strike("after_call")
            elif method == "POST" or "audits" in str(arguments[0]):
                trap.strike("pause")
            return answer

        Client._once = asked  # type: ignore[assignment, method-assign]  # noqa: SLF001

    def _executed(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement == "COMMIT":
            self.strike("commit")

    def strike(self, what: str) -> None:
        """Count one, and do what is to be done at it."""
        if what not in self.laid:
            return
        self._seen[what] += 1
        if self._seen[what] < self.laid[what]:
            return
        del self.laid[what], self._seen[what]
        if what == "pause":
            self._pipe.send(("paused", None))
            self._pipe.recv()
        else:
            os.kill(os.getpid(), signal.SIGKILL)


class Worker:
    """Do what the other end of the pipe asks for."""

    def __init__(self, service: Service, pipe: Connection, clock: PipeClock, trap: Trap) -> None:
        """Prepare; no lease is held."""
        self._service = service
        self._pipe = pipe
        self._clock = clock
        self._trap = trap
        self._desks: list[Desk] = []
        self._door: Listening | None = None

    def run(self) -> None:
        """Hold the accounts and answer, until told to stop; says "busy" where another process holds one."""
        store = self._service.store
        with ExitStack() as stack:
            try:
                for account in self._service.settings.accounts:
                    epoch = stack.enter_context(store.lease(account))
                    desk = Desk(self._service, account, epoch)
                    desk.share(Gate(self._clock, self._clock.sleep))
                    self._desks.append(desk)
            except Busy as error:
                self._pipe.send(("busy", str(error)))
                return
            self._pipe.send(("ready", None))
            while True:
                what, told = self._pipe.recv()
                self._clock.present = told.pop("now")
                self._clock.skew = timedelta(seconds=told.pop("skew"))
                if what == "stop":
                    return
                self._pipe.send(("done", getattr(self, f"do_{what}")(**told)))

    def do_install(self) -> None:
        """Have the helpdesks tell what changes."""
        keeper = HookKeeper(self._service)
        for account in self._service.settings.accounts:
            keeper.install(account)

    def do_open(self) -> None:
        """Open the door."""
        app = make_app(self._service, HookKeeper(self._service).ears, {}, lambda _: None)
        port = int(str(self._service.settings.serve.url).rpartition(":")[2])
        self._door = Listening(app, bind("127.0.0.1", port))
        self._door.start()
        waited = threading.Event()
        for _ in range(int(_DOOR * 200)):
            if self._door.started:
                return
            waited.wait(0.005)
        raise TimeoutError("the door does not open")

    def do_wake(self) -> None:
        """Do nothing: the door has the present time now."""

    def do_trap(self, laid: dict[str, int]) -> None:
        """Lay in wait."""
        self._trap.laid.update(laid)

    def do_tick(self, held: bool = False, full: bool = False, crowd: bool = False) -> list[str]:  # noqa: FBT001, FBT002 (they come by a pipe)
        """Do what is due; give what went wrong, in a word each."""
        wrong: list[str] = []
        with self._held() if held else self._filled() if full else ExitStack():
            for desk in self._desks:
                if crowd:
                    wrong += self._crowd(desk)
                wrong += self._asking(desk, desk.tick)
        return wrong

    def do_night(self) -> list[str]:
        """Take the census."""
        wrong: list[str] = []
        for desk in self._desks:
            wrong += self._asking(desk, partial(night, self._service, desk.account, desk.epoch))
        return wrong

    def do_report(self) -> Told:
        """Tell how everything stands."""
        store = self._service.store
        try:
            log: int | str = store.verify_log()
        except StoreError as error:
            log = str(error)
        findings: list[Told] = []
        waiting, posted = [], []
        for desk in self._desks:
            findings += [
                {
                    "account": desk.account,
                    "ticket": each.ref.id,
                    "rule": each.rule,
                    "occurrence": each.occurrence,
                    "verdict": str(each.verdict),
                    "standing": str(each.standing),
                }
                for each in store.findings(account=desk.account)
                if each.until is None and each.verdict is not Verdict.not_applicable
            ]
            waiting += [each.ref.id for each in store.live.waiting(desk.account)]
            posted += [[each.ref.id, each.state] for each in store.posted(desk.account, 2**62)]
        return {
            "findings": findings,
            "waiting": waiting,
            "posted": posted,
            "log": log,
            "broken": [desk.pulse.broken for desk in self._desks if desk.pulse.broken],
            "quick_check": store.quick_check(),
        }

    def do_fingerprint(self) -> str:
        """Tell two states of the database apart."""
        store, parts = self._service.store, []
        for desk in self._desks:
            parts += [repr(each) for each in store.findings(account=desk.account)]
            parts += [repr(each) for each in store.posted(desk.account, 2**62)]
            for bound in desk.bounds:
                parts.append(repr(store.cursor(desk.account, bound.name)))
                parts += [repr(state) for page in store.complaints(bound.name) for state in page]
        parts.append(json.dumps(store.counts()))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def do_calls(self) -> Told:
        """Count what was asked of each helpdesk."""
        return {desk.account: dict(desk.connector.calls) for desk in self._desks}

    def do_hints(self) -> dict[str, int]:
        """Count the hints that were kept, by account and ticket."""
        with closing(sqlite3.connect(database_path(self._service.settings))) as raw:
            rows = raw.execute("SELECT account, ticket, count(*) FROM hint GROUP BY 1, 2")
            return {f"{account}:{ticket}": count for account, ticket, count in rows}

    def _asking(self, desk: Desk, do: Callable[[], object]) -> list[str]:
        """Do a piece of work as the runner does: whatever goes wrong, it is done again later."""
        try:
            do()
        except HelpdeskError as error:
            desk.rest(error)
            return [str(error.kind.value)]
        except StaleLease:
            return ["stale"]
        except StoreError as error:
            desk.pulse.rest(self._service.now(), str(error))
            return ["locked" if isinstance(error, Busy) else "store"]
        return []

    def _crowd(self, desk: Desk) -> list[str]:
        """Have several threads do the same at once."""
        wrong: list[str] = []
        together = threading.Barrier(_THREADS)
        waiting = desk.waiting()

        def work() -> None:
            together.wait()
            wrong.extend(self._asking(desk, lambda: desk.hear(waiting)))
            wrong.extend(self._asking(desk, desk.send))

        threads = [threading.Thread(target=work) for _ in range(_THREADS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return [f"crowd of {len(waiting)}", *wrong] if waiting else wrong

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the database as another program would."""
        raw = sqlite3.connect(database_path(self._service.settings), isolation_level=None)
        try:
            raw.execute("BEGIN IMMEDIATE")
            yield
        finally:
            raw.close()

    @contextmanager
    def _filled(self) -> Iterator[None]:
        """Let no file be written to, as a disk that is full does not let one grow."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def work(pipe: Connection, config: Path, now: datetime, laid: Mapping[str, int]) -> None:
    """Be the process: open the service and answer until told to stop."""
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    event.listen(Engine, "connect", _impatient)
    clock = PipeClock(pipe, now)
    with open_service(config, clock, sleep=clock.sleep) as service:
        Worker(service, pipe, clock, Trap(pipe, laid)).run()


def _impatient(raw: Any, _record: Any) -> None:
    raw.execute(f"PRAGMA busy_timeout={_BUSY}").close()
