"""How often a sign-in may fail: after some tries everybody has to wait, twice as long each time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.instant import HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from ombud.model.facts import Instant

#: The longest that anybody waits.
LONGEST: Final = 15 * MINUTE
#: What failed so long ago does not count any more.
_FORGOTTEN: Final = HOUR
#: Names that are remembered; the one that failed longest ago is forgotten first.
_MOST: Final = 20_000
_DOUBLINGS: Final = 12


class _Failures(NamedTuple):
    tries: int
    last: Instant


class Limit:
    """Count what failed by name: a login, an address. In memory: a start forgets it.

    A try counts when it begins and is taken back when it succeeds: many at once find each other.
    """

    def __init__(self, free: int, now: Callable[[], Instant]) -> None:
        """Let so many tries fail before anybody waits."""
        self._free = free
        self._now = now
        self._held: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, name: str) -> int:
        """Give the seconds until a name may try again; 0 where it may now."""
        with self._lock:
            return self._wait(name)

    def begin(self, name: str) -> int:
        """Count a try where a name may try now and give 0; else the seconds until it may."""
        with self._lock:
            seconds = self._wait(name)
            if seconds == 0:
                held = self._held.get(name)
                self._held[name] = _Failures(1 if held is None else held.tries + 1, self._now())
                self._held.move_to_end(name)
                while len(self._held) > _MOST:
                    self._held.popitem(last=False)
            return seconds

    def clear(self, name: str) -> None:
        """Forget what failed under a name."""
        with self._lock:
            self._held.pop(name, None)

    def undo(self, name: str) -> None:
        """Take back one try that did not fail."""
        with self._lock:
            held = self._held.get(name)
            if held is not None:
                self._held[name] = held._replace(tries=max(held.tries - 1, 0))

    def _wait(self, name: str) -> int:
        held = self._held.get(name)
        if held is None:
            return 0
        since = self._now() - held.last
        if since >= _FORGOTTEN:
            del self._held[name]
            return 0
        over = held.tries - self._free
        if over < 0:
            return 0
        left = min(SECOND << min(over, _DOUBLINGS), LONGEST) - since
        return max(-(-left // SECOND), 0)
