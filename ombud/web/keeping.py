"""Keep hints for good, many in one commit: whoever comes while one is written is in the next."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ombud.store import Hint

    _Waiting = tuple[Sequence[Hint], asyncio.Future[None]]

#: Deliveries that may wait for a commit; who comes after is told to come again.
MOST: Final = 10_000
#: Deliveries in one commit.
BATCH: Final = 1_000


#: Seconds that a commit may take before those who wait for it are sent away: vendors wait for 10 to 20.
PATIENCE: Final = 5.0


class Full(Exception):
    """Say that too many wait already, or have waited too long."""


class Keeping:
    """Gather hints and commit them in a thread of its own, one batch at a time."""

    def __init__(
        self,
        put: Callable[[Sequence[Hint]], None],
        wake: Callable[[str], None],
        *,
        took: Callable[[float], None] = lambda _: None,
        most: int = MOST,
        patience: float = PATIENCE,
    ) -> None:
        """Prepare.

        Args:
            put: keeps hints for good, all or none.
            wake: told the accounts of which hints were kept.
            took: told how long each commit took, in seconds.
            most: deliveries that may wait.
            patience: seconds that a commit may take before those who wait are sent away.

        """
        self._put = put
        self._wake = wake
        self._took = took
        self._most = most
        self._patience = patience
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hints")

    @property
    def waiting(self) -> int:
        """Give how many deliveries wait for a commit."""
        return len(self._waiting)

    async def keep(self, hints: Sequence[Hint]) -> None:
        """Return once hints are kept for good.

        Raises:
            Full: too many wait, or it takes too long; they may be kept all the same, and are known when they come again.
            StoreError: they could not be kept.

        """
        if len(self._waiting) >= self._most:
            raise Full
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._waiting.append((hints, kept))
        if self._writing is None:
            self._writing = loop.create_task(self._write(loop))
        await kept

    async def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                hints = [hint for each, _ in batch for hint in each]
                commit = loop.run_in_executor(self._thread, self._timed, hints)
                # One timer for all of them.
                done, _ = await asyncio.wait([commit], timeout=self._patience)
                if not done:
                    _tell([*batch, *self._waiting], Full())
                    self._waiting = []
                try:
                    await commit
                except Exception as error:  # noqa: BLE001 (whoever waits is told what it was)
                    _tell(batch, error)
                    continue
                _tell(batch, None)
                for account in {hint.ref.account for hint in hints}:
                    self._wake(account)
        finally:
            self._writing = None

    def _timed(self, hints: Sequence[Hint]) -> None:
        began = time.perf_counter()
        self._put(hints)
        self._took(time.perf_counter() - began)

    def close(self) -> None:
        """End the thread, once what is under way is written."""
        self._thread.shutdown()


def _tell(batch: Sequence[_Waiting], failed: BaseException | None) -> None:
    for _, kept in batch:
        # Whoever was told already, or has gone.
        if kept.done():
            continue
        if failed is None:
            kept.set_result(None)
        else:
            kept.set_exception(failed)
