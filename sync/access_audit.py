"""Who looked at what: reads are kept together a moment later, acts and exports before they are answered."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from ombud.store import AuditRow, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ombud.model.facts import Instant
    from ombud.store import Access

#: Seconds that a line waits for others before all are committed together.
PAUSE: Final = 0.5
#: Lines that may wait; who comes after waits for the commit.
MOST: Final = 5_000
_LONGEST: Final = 2_000
_log = logging.getLogger(__name__)


class Trail:
    """Keep an audit trail; a read costs no commit of its own."""

    def __init__(
        self, access: Access, now: Callable[[], Instant], *, pause: float = PAUSE, most: int = MOST
    ) -> None:
        """Prepare; a thread begins with the first line.

        Args:
            access: keeps the lines.
            now: tells when something is done.
            pause: seconds that a line waits for others.
            most: lines that may wait.

        """
        self._access = access
        self._now = now
        self._pause = pause
        self._most = most
        self._waiting: list[AuditRow] = []
        self._seen: dict[str, Instant] = {}
        self._used: dict[str, Instant] = {}
        self._lock = threading.Lock()
        # Held while lines are committed, so that they stay in their order.
        self._commit = threading.Lock()
        self._something = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, staff: str | None, what: str, path: str, query: str, rows: int | None = None) -> None:  # fmt: skip
        """Have a line kept within a moment; raises `StoreError` where too many wait and the database takes none."""
        with self._lock:
            self._waiting.append(self._line(staff, what, path, query, rows))
            full = len(self._waiting) >= self._most
            self._start()
        if full:
            self.flush()
        else:
            self._something.set()

    def keep(self, staff: str | None, what: str, path: str, query: str, rows: int | None = None) -> None:  # fmt: skip
        """Keep a line for good, and all that wait; raises `StoreError` where the database takes none."""
        with self._lock:
            self._waiting.append(self._line(staff, what, path, query, rows))
        self.flush()

    def seen(self, session: str, at: Instant) -> None:
        """Have it noted when a session was seen last."""
        with self._lock:
            self._seen[session] = at
            self._start()
        self._something.set()

    def used(self, token: str, at: Instant) -> None:
        """Have it noted when a token was used last."""
        with self._lock:
            self._used[token] = at
            self._start()
        self._something.set()

    def flush(self) -> None:
        """Keep what waits; raises `StoreError` where the database takes none: it waits on."""
        with self._commit:
            with self._lock:
                lines, self._waiting = self._waiting, []
                seen, self._seen = self._seen, {}
                used, self._used = self._used, {}
                self._something.clear()
            if not (lines or seen or used):
                return
            try:
                self._access.note(lines, seen=list(seen.items()), used=list(used.items()))
            except StoreError:
                with self._lock:
                    self._waiting = lines + self._waiting
                raise

    def close(self) -> None:
        """Keep what waits, and end the thread."""
        self._stopping.set()
        self._something.set()
        if self._thread is not None:
            self._thread.join()
        self._flush_or_say()

    def _line(self, staff: str | None, what: str, path: str, query: str, rows: int | None) -> AuditRow:  # fmt: skip
        return AuditRow(self._now(), staff, what, path[:_LONGEST], query[:_LONGEST], rows)

    def _start(self) -> None:
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._something.wait()
            self._stopping.wait(self._pause)
            self._flush_or_say()

    def _flush_or_say(self) -> None:
        try:
            self.flush()
        except StoreError as error:
            _log.warning("the audit trail could not be kept, and is tried again: %s", error)
