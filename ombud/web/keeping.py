"""Keep hints for good, many in one commit: whoever comes while one is written is in the next."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ombud.store import Hint

#: Deliveries that may wait for a commit; who comes after is told to come again.
MOST: Final = 10_000
#: Deliveries in one commit.
BATCH: Final = 1_000


class Full(Exception):
    """Say that too many wait already."""


class Keeping:
    """Gather hints and commit them in a thread of its own, one batch at a time."""

    def __init__(
        self,
        put: Callable[[Sequence[Hint]], None],
        wake: Callable[[str], None],
        *,
        took: Callable[[float], None] = lambda _: None,
        most: int = MOST,
    ) -> None:
        """Prepare.

        Args:
            put: keeps hints for good, all or none.
            wake: told the accounts of which hints were kept.
            took: told how long each commit took, in seconds.
            most: deliveries that may wait.

        """
        self._put = put
        self._wake = wake
        self._took = took
        self._most = most
        self._waiting: list[tuple[Sequence[Hint], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hints")

    @property
    def waiting(self) -> int:
        """Give how many deliveries wait for a commit."""
        return len(self._waiting)

    async def keep(self, hints: Sequence[Hint]) -> None:
        """Return once hints are kept for good.

        Raises:
            Full: too many wait.
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
                failed: BaseException | None = None
                try:
                    await loop.run_in_executor(self._thread, self._timed, hints)
                except Exception as error:  # noqa: BLE001 (whoever waits is told what it was)
                    failed = error
                for _, kept in batch:
                    # Whoever waited too long has gone.
                    if not kept.done():
                        if failed is None:
                            kept.set_result(None)
                        else:
                            kept.set_exception(failed)
                if failed is None:
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
