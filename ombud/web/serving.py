"""Everything that `ombud serve` runs, put together: accounts, door and dashboard, one start, one clean stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from connectors.errors import HelpdeskError, Kind
from ombud.web.app import make_app
from ombud.web.dash.running import Running
from ombud.web.listen import Listening, bind
from sync.hooks import HookKeeper
from sync.live.runner import Runner

if TYPE_CHECKING:
    from sync.service import Service

#: Seconds that what is under way has to end.
PATIENCE: Final = 10.0


class Pause:
    """Wait as connectors do for helpdesks, and no longer once everything stops."""

    def __init__(self) -> None:
        """Begin with nothing stopped."""
        self.stopping = threading.Event()

    def __call__(self, seconds: float) -> None:
        """Wait; raises `HelpdeskError` (busy) where it stops meanwhile: what was to follow is done after the next start."""
        if self.stopping.wait(seconds):
            raise HelpdeskError(Kind.busy, "", "wait", detail="Ombud stops")


class Serving:
    """Run accounts, door and dashboard together."""

    def __init__(
        self,
        service: Service,
        pause: Pause,
        *,
        host: str,
        port: int,
        token: str | None = None,
    ) -> None:
        """Take the port, and open every account; nothing runs yet.

        Raises:
            ConfigurationError: the port cannot be taken.
            SettingsError: an account lacks secrets.

        """
        self.accounts = [name for name in service.settings.accounts if service.asks(name)]
        for account in self.accounts:
            service.connector(account)
        self._pause = pause
        # What others began before is theirs to end.
        self._before = frozenset(threading.enumerate())
        self._runner = Runner(service)
        self.hooks = HookKeeper(service)
        ears = self.hooks.ears
        pulses = self._runner.status()
        self.dashboard = Running(service, pulses, stopping=pause.stopping)
        app = make_app(
            service, ears, pulses, self._runner.wake, token=token, mounts=self.dashboard.routes
        )
        self.door = Listening(app, bind(host, port))

    def start(self) -> None:
        """Start the door first: what it keeps waits for its account."""
        self.door.start()
        self._runner.start()
        self.dashboard.start()

    def stop(self) -> bool:
        """Take nothing new, and end what is under way within `PATIENCE`; tell whether everything has ended."""
        self._pause.stopping.set()
        self.door.stop()
        ending = threading.Thread(target=self._runner.stop, name="ending", daemon=True)
        ending.start()
        self.door.join(PATIENCE)
        ending.join(PATIENCE)
        self.dashboard.stop(PATIENCE)
        return not ending.is_alive() and self.door.ended.is_set() and not self._at_work()

    def _at_work(self) -> bool:
        """Tell whether a thread is left that the interpreter would wait for."""
        ours = set(threading.enumerate()) - self._before
        return any(not each.daemon for each in ours)
