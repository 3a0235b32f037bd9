"""A process of ours, seen from outside: it is started, told what time it is and what to do, and killed."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any

from ombud.chaos.worker import work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path


class Died(Exception):
    """Say that a process was killed before it answered."""


class Failed(Exception):
    """Say that a process ended by an error of its own, which is no fault that was ordered."""


class Process:
    """One process; no other thread of this one may talk with it."""

    def __init__(
        self,
        config: Path,
        now: datetime,
        sleep: Callable[[float], datetime],
        *,
        laid: Mapping[str, int],
        tamper: Callable[[], None],
    ) -> None:
        """Start it.

        Args:
            config: its configuration.
            now: the present.
            sleep: has time pass while it sleeps, and gives the present after that.
            laid: at what it dies, see `Trap`.
            tamper: takes safeguards away, in it alone.

        """
        self._sleep = sleep
        self._pipe, other = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                self._pipe.close()
                tamper()
                work(other, config, now, laid)
                code = 0
            except BaseException:  # noqa: BLE001 (whatever it was is told to the other side)
                other.send(("failed", traceback.format_exc()))
            finally:
                os._exit(code)
        other.close()
        self._ended = False
        #: Whether it holds its accounts; where not, another process does.
        self.ready = self._listen()[0] == "ready"

    def ask(self, what: str, now: datetime, skew: float = 0.0, **told: Any) -> Any:
        """Have something done, and give the answer.

        Raises:
            Died: it was killed.
            Failed: it ended by an error of its own.

        """
        said, answer = self.begin(what, now, skew, **told)
        while said == "paused":
            said, answer = self._go_on()
        return answer

    def begin(self, what: str, now: datetime, skew: float = 0.0, **told: Any) -> tuple[str, Any]:
        """Have something done; give "done" and the answer, or "paused" where it was held up."""
        try:
            self._pipe.send((what, {"now": now, "skew": skew, **told}))
        except (BrokenPipeError, ConnectionResetError) as error:
            self._reap()
            raise Died from error
        return self._listen()

    def go_on(self) -> Any:
        """Let it go on after a pause; give the answer it owes."""
        said, answer = self._go_on()
        while said == "paused":
            said, answer = self._go_on()
        return answer

    def _go_on(self) -> tuple[str, Any]:
        self._pipe.send(None)
        return self._listen()

    def stop(self, now: datetime) -> None:
        """Have it end."""
        if not self._ended:
            self._pipe.send(("stop", {"now": now, "skew": 0.0}))
            self._reap()

    def kill(self) -> None:
        """Kill it."""
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()

    def _listen(self) -> tuple[str, Any]:
        while True:
            try:
                said, told = self._pipe.recv()
            except (EOFError, ConnectionResetError) as error:
                self._reap()
                raise Died from error
            if said == "sleep":
                self._pipe.send(self._sleep(told))
                continue
            if said == "failed":
                self._reap()
                raise Failed(told)
            if said == "busy":
                self._reap()
            return said, told

    def _reap(self) -> None:
        if not self._ended:
            os.waitpid(self.pid, 0)
            self._pipe.close()
            self._ended = True
