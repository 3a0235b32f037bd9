"""Which tickets are being settled in this process: each by one at a time, many beside one another."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ombud.model.event import Ref


class Flight:
    """Keep whoever settles a ticket alone with it, in this process; the lease keeps other processes away."""

    def __init__(self) -> None:
        """Begin with nobody at work."""
        self._held: set[Ref] = set()
        self._freed = threading.Condition()

    @contextmanager
    def hold(self, refs: Iterable[Ref]) -> Iterator[None]:
        """Hold tickets for as long as the block runs, all of them or none; waits for whoever holds one."""
        wanted = set(refs)
        with self._freed:
            self._freed.wait_for(lambda: not wanted & self._held)
            self._held |= wanted
        try:
            yield
        finally:
            with self._freed:
                self._held -= wanted
                self._freed.notify_all()
