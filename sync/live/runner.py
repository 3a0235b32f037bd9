"""Every account live in one process: threads around desks, a clean start and a clean stop."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from connectors.errors import HelpdeskError
from connectors.gate import Gate
from ombud.store import Busy, StaleLease, StoreError
from sync.live.desk import Desk
from sync.live.pulse import Pulse
from sync.live.tell import Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ombud.model.facts import Instant
    from ombud.store import Waiting
    from sync.service import Service

#: Longest wait between two looks at what is due, in seconds.
BEAT: Final = 1.0
#: Seconds after which an account is tried again that another process holds.
RETRY: Final = 30.0
#: Seconds that what is under way has to end when the process stops.
PATIENCE: Final = 10.0
_log = logging.getLogger(__name__)


class Runner:
    """Run every account that ombud.toml names; a webhook wakes, the state decides."""

    def __init__(self, service: Service) -> None:
        """Prepare; nothing runs yet."""
        self.service = service
        self._lines = {
            name: Line(service, name) for name in service.settings.accounts if service.asks(name)
        }
        self._stopping = threading.Event()
        self._telling = threading.Thread(target=self._tell, name="telling", daemon=True)

    def start(self) -> None:
        """Start every account, and tell people what they have to know."""
        for line in self._lines.values():
            line.start()
        self._telling.start()

    def stop(self) -> None:
        """Stop: nothing new is begun, what is under way ends."""
        self._stopping.set()
        for line in self._lines.values():
            line.stop()
        for line in self._lines.values():
            line.join()
        if self._telling.ident is not None:
            self._telling.join(PATIENCE)

    def _tell(self) -> None:
        """Tell people beat by beat; a channel that hangs holds up nothing but this."""
        teller = Teller(self.service)
        while not self._stopping.is_set():
            try:
                teller.tell_due(self.service.now())
            except Exception as error:  # noqa: BLE001 (what cannot be told now is told later)
                _log.warning("nobody was told: %s: %s", type(error).__name__, error)
            self._stopping.wait(BEAT)

    def wake(self, account: str) -> None:
        """Tell an account that a hint was kept."""
        self._lines[account].wake()

    def status(self) -> Mapping[str, Pulse]:
        """Give how every account fares."""
        return {name: line.pulse for name, line in self._lines.items()}


class Line:
    """Run one account: one thread finds out what is due, some settle, one looks the account through."""

    def __init__(self, service: Service, account: str) -> None:
        """Prepare."""
        self.pulse = Pulse(account)
        self._service = service
        self._account = account
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._busy: set[object] = set()
        self._lock = threading.Lock()
        self._main = threading.Thread(target=self._run, name=f"{account} line", daemon=True)

    def start(self) -> None:
        """Start."""
        self._main.start()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()
        self._woken.set()

    def join(self) -> None:
        """Wait for what is under way."""
        if self._main.ident is not None:
            self._main.join(PATIENCE)

    def wake(self) -> None:
        """Look for hints at once."""
        self._woken.set()

    def _run(self) -> None:
        """Hold the account for as long as it can be held; what goes wrong is tried again."""
        while not self._stopping.is_set():
            try:
                with self._service.store.lease(self._account) as epoch:
                    self._live(epoch)
            except Busy as error:
                self.pulse.why = str(error)
            except StaleLease as error:
                _log.warning("%s", error)
            except Exception as error:  # noqa: BLE001 (one account's trouble is not the others')
                self.pulse.why = f"{type(error).__name__}: {error}"
                _log.exception("%s stopped; it is tried again", self._account)
            finally:
                self.pulse.held = False
            self._stopping.wait(RETRY)

    def _live(self, epoch: int) -> None:
        desk = Desk(self._service, self._account, epoch)
        desk.share(Gate(self._service.clock, self._service.sleep))
        self.pulse.held, self.pulse.why = True, ""
        desk.pulse = self.pulse
        lost = threading.Event()

        def sweeping() -> None:
            while not (self._stopping.is_set() or lost.is_set()):
                if desk.sweep_due and not desk.resting:
                    self._asking(desk, desk.sweep, lost)
                if not desk.resting and desk.night_due:
                    self._asking(desk, desk.night, lost)
                self._stopping.wait(BEAT)

        sweeper = threading.Thread(target=sweeping, name=f"{self._account} sweep", daemon=True)
        workers = self._service.settings.serve.workers
        with ThreadPoolExecutor(workers, thread_name_prefix=f"{self._account} worker") as pool:
            sweeper.start()
            try:
                while not (self._stopping.is_set() or lost.is_set()):
                    self._woken.clear()
                    if not desk.resting:
                        self._dispatch(desk, pool, lost)
                    self._woken.wait(BEAT)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        sweeper.join(PATIENCE)
        if lost.is_set():
            raise StaleLease(f"{self._account} was taken over by another process")

    def _dispatch(self, desk: Desk, pool: ThreadPoolExecutor, lost: threading.Event) -> None:
        """Hand out what is due."""
        now, store = desk.service.now(), desk.service.store
        desk.attend()
        for each in desk.waiting(self._under_way()):
            self._once(each.ref, pool, partial(self._hear, desk, each, lost))
        if _past(store.next_due(self._account), now):
            self._once("fire", pool, lambda: self._asking(desk, desk.fire, lost))
        if _past(store.next_try(self._account), now):
            # What waits may have to go on waiting: it is looked at again with the next beat, and not at once.
            self._once("send", pool, lambda: self._asking(desk, desk.send, lost), more=False)

    def _under_way(self) -> set[object]:
        with self._lock:
            return set(self._busy)

    def _once(
        self, what: object, pool: ThreadPoolExecutor, do: Callable[[], None], *, more: bool = True
    ) -> None:
        """Have something done that is not under way already; `more` says to look again when it has ended."""
        with self._lock:
            if what in self._busy:
                return
            self._busy.add(what)

        def done() -> None:
            try:
                if not self._stopping.is_set():
                    do()
            finally:
                with self._lock:
                    self._busy.discard(what)
                if more:
                    # More may have come up meanwhile.
                    self._woken.set()

        pool.submit(done)

    def _hear(self, desk: Desk, waiting: Waiting, lost: threading.Event) -> None:
        if desk.resting or desk.gate is None:
            return
        # Whether it enforces something is known only once it was read.
        with desk.gate.urgent():
            self._asking(desk, lambda: desk.hear([waiting]), lost)

    def _asking(self, desk: Desk, do: Callable[[], object], lost: threading.Event) -> None:
        """Do a piece of work; an account that cannot be asked rests, a lease that is lost ends all."""
        try:
            do()
        except HelpdeskError as error:
            self._rest(desk, error, lost)
        except StaleLease:
            lost.set()
        except StoreError as error:
            # A disk that is full, a database that is locked: nothing is lost, it is done again.
            _log.warning("%s: %s", self._account, error)
            desk.pulse.rest(desk.service.now(), str(error))
        except Exception as error:  # noqa: BLE001 (one ticket's trouble is not the others')
            _log.exception("%s: a piece of work failed; it is done again", self._account)
            desk.pulse.rest(desk.service.now(), f"{type(error).__name__}")
        else:
            desk.pulse.went_well()

    def _rest(self, desk: Desk, error: HelpdeskError, lost: threading.Event) -> None:
        """Rest, and keep what people are to be told of it."""
        try:
            desk.rest(error)
        except StaleLease:
            lost.set()
        except StoreError as trouble:
            _log.warning("%s: %s", self._account, trouble)


def _past(instant: Instant | None, now: Instant) -> bool:
    return instant is not None and instant <= now
