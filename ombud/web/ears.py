"""Whose a secret path is: found by digest, looked up again where hooks were installed meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ombud.model.hook import Ear

#: Seconds between two looks, however many ask for what nobody knows.
AGAIN: Final = 1.0
#: Seconds after which what is known is looked up in any case: a hook may have been removed.
OLD: Final = 30.0
_log = logging.getLogger(__name__)


class Source(NamedTuple):
    """Hold whose deliveries come by a path: account, vendor, and what verifies and reads them."""

    account: str
    vendor: str
    ear: Ear


class Ears:
    """Find the ear of a path; which paths there are is not to be told from how long an answer takes."""

    def __init__(self, load: Callable[[], Mapping[str, tuple[str, str, Ear]]]) -> None:
        """Look up for the first time; raises `StoreError`."""
        self._load = load
        self._held = self._looked_up()
        self._when: float | None = None
        self._looking = False

    @property
    def accounts(self) -> list[str]:
        """Give the accounts that have a hook."""
        return sorted({each.account for each in self._held.values()})

    def of(self, path: str) -> Source | None:
        """Give the source of a path; `None` where nobody has it."""
        return self._held.get(_digest(path))

    async def again(self, path: str, *, after: float = AGAIN) -> Source | None:
        """Give the source of a path as it is by now; `None` where it was looked up a moment ago, or nobody has it."""
        return self.of(path) if await self.refresh(after=after) else None

    async def refresh(self, *, after: float = 0) -> bool:
        """Look up again, unless that was done within so many seconds; tell whether it was."""
        now = asyncio.get_running_loop().time()
        if self._looking or (self._when is not None and now - self._when < after):
            return False
        self._looking, self._when = True, now
        try:
            self._held = await asyncio.to_thread(self._looked_up)
        except StoreError as error:
            _log.warning("hooks cannot be looked up: %s", error)
            return False
        finally:
            self._looking = False
        return True

    async def keep_fresh(self) -> None:
        """Look up every now and then, for ever."""
        while True:
            await asyncio.sleep(OLD)
            await self.refresh(after=OLD / 2)

    def _looked_up(self) -> dict[bytes, Source]:
        return {_digest(path): Source(*told) for path, told in self._load().items()}


def _digest(path: str) -> bytes:
    """Hide where a guess parts from what is right: digests of neighbours are no neighbours."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()
