"""Backtests of single rules beside everything else: one at a time, kept until the process ends.

A promotion records what its rule would have done to everything stored; on a large store that takes longer than a page
may. One that was made with another configuration, or more than a day ago, does not count.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from ombud.model.instant import DAY
from sync.backtest import backtest
from sync.persons import Refused
from sync.rollout import rule_of
from sync.tried import Asked

if TYPE_CHECKING:
    from ombud.model.facts import Instant
    from sync.binding import Bound
    from sync.service import Service

#: How long a backtest says something of today.
_FRESH: Final = DAY
_log = logging.getLogger(__name__)


@dataclass
class Tryout:
    """Say how far a backtest is, and what came of it.

    Attributes:
        digest: of the configuration it was made by.
        begun: when it was begun.
        done: complaints judged.
        summary: what it says, once it has ended.
        failed: why it did not.

    """

    digest: str
    begun: Instant
    done: int = 0
    summary: dict[str, Any] | None = None
    failed: str = ""

    @property
    def runs(self) -> bool:
        """Tell whether it goes on."""
        return self.summary is None and not self.failed


class Tryouts:
    """Keep the backtests of one service."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: dict[tuple[str, str], Tryout] = {}
        self._lock = threading.Lock()

    def of(self, bound: Bound, rule: str, now: Instant) -> Tryout | None:
        """Give the last backtest of a rule, if it says something of today."""
        found = self._held.get((bound.name, rule))
        if found is None or found.digest != bound.digest or now - found.begun > _FRESH:
            return None
        return found

    def begin(self, service: Service, bound: Bound, rule: str) -> threading.Thread:
        """Begin a backtest of a rule, and give its thread; raises `Refused` while another runs."""
        rule_of(bound, rule)
        with self._lock:
            for (binding, other), each in self._held.items():
                if each.runs:
                    raise Refused(
                        f"A backtest of {other} of {binding} runs. Wait until it has ended"
                    )
            held = Tryout(bound.digest, service.now())
            self._held[bound.name, rule] = held
        thread = threading.Thread(
            target=_run, args=(service, bound, rule, held), name="backtest", daemon=True
        )
        thread.start()
        return thread


def _run(service: Service, bound: Bound, rule: str, held: Tryout) -> None:
    def tell(done: int, _total: int | None, _why: str) -> None:
        held.done = done

    try:
        # As far as pack and ombud.toml let it go: a rule that is off now is judged nowhere else.
        free = bound.parts.bound(bound.settings, {}, "block")
        asked = Asked(free, None, None, held.begun, sample=0, only=frozenset({rule}))
        result = backtest(service, asked, tell=tell)
        held.summary = result.summary() | {"rules": result.rules()}
    except Exception as error:  # noqa: BLE001 (a thread of its own: the page says what failed)
        _log.warning("the backtest of %s failed: %s", rule, error, exc_info=error)
        held.failed = str(error) or type(error).__name__


_HELD: Final[WeakKeyDictionary[Service, Tryouts]] = WeakKeyDictionary()
_HELD_LOCK: Final = threading.Lock()


def tryouts(service: Service) -> Tryouts:
    """Give the backtests of a service."""
    with _HELD_LOCK:
        return _HELD.setdefault(service, Tryouts())
