"""The door for hooks: a delivery is verified, its hint kept for good, and only then answered.

Whoever does not know an account's secret path and signature gets one and the same answer, and learns nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.hook import Unheard, headers_of
from ombud.store import Hint, StoreError
from ombud.web.keeping import Full
from sync.hooks import DOOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from ombud.model.facts import Instant
    from ombud.web.ears import Ears, Source
    from ombud.web.figures import Figures
    from ombud.web.keeping import Keeping

#: Bytes of a body; vendors send a few thousand. What is larger is refused, and the sweep finds the ticket.
LARGEST: Final = 1 << 20
#: Seconds that a body may take to come.
READ_SECONDS: Final = 5.0
#: Deliveries under way at a time.
MOST: Final = 512
#: Seconds between two lines in the log that say the same.
_QUIET: Final = 60.0
_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """Hold an answer; none has a body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]


_EMPTY: Final = (b"content-length", b"0")
# What was not read must not be taken for the next request.
_CLOSE: Final = (b"connection", b"close")
KEPT: Final = Answer(204, ())
NOBODY: Final = Answer(404, (_EMPTY, _CLOSE))
LARGE: Final = Answer(413, (_EMPTY, _CLOSE))
SLOW: Final = Answer(408, (_EMPTY, _CLOSE))
#: Jira tries again whatever stands there, Zendesk where it is less than 60 seconds.
BUSY: Final = Answer(503, (_EMPTY, _CLOSE, (b"retry-after", b"5")))


class _Gone(Exception):
    """Say that the other side has hung up."""


class _TooLarge(Exception):
    """Say that a body goes on beyond the limit."""


class Door:
    """Answer what comes to `DOOR`; an ASGI application that stands before all others, for they cost time."""

    def __init__(
        self,
        ears: Ears,
        keeping: Keeping,
        figures: Figures,
        now: Callable[[], Instant],
        *,
        largest: int = LARGEST,
        read_seconds: float = READ_SECONDS,
        most: int = MOST,
    ) -> None:
        """Prepare."""
        self._ears = ears
        self._keeping = keeping
        self._count = figures.delivered
        self._now = now
        self._largest = largest
        self._read_seconds = read_seconds
        self._most = most
        self._under_way = 0
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._under_way >= self._most:
            answer, account, outcome = BUSY, "", "busy"
        else:
            self._under_way += 1
            try:
                answer, account, outcome = await self._answer(scope, receive)
            except _Gone:
                return
            finally:
                self._under_way -= 1
        self._count(account, outcome)
        if answer is not KEPT:
            self._say(account, outcome)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        await send({"type": "http.response.body"})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Answer, str, str]:
        """Give the answer, the account, and what became of the delivery in one word."""
        if _length(scope) > self._largest:
            return LARGE, "", "large"
        path = scope["path"].removeprefix(DOOR)
        source = self._ears.of(path) or await self._ears.again(path)
        if source is None or scope["method"] != "POST":
            return NOBODY, "", "unknown"
        account = source.account
        try:
            async with asyncio.timeout(self._read_seconds):
                body = await self._read(receive)
        except _TooLarge:
            return LARGE, account, "large"
        except TimeoutError:
            return SLOW, account, "slow"
        now = self._now()
        try:
            heard = await self._hear(source, path, scope, body, now)
        except Unheard as unheard:
            return NOBODY, account, unheard.reason
        if not heard:
            return KEPT, account, "nothing"
        try:
            await self._keeping.keep(heard)
        except Full:
            return BUSY, account, "busy"
        except StoreError as error:
            _log.warning("%s: a hint could not be kept: %s", account, error)
            return BUSY, account, "failed"
        return KEPT, account, "kept"

    async def _hear(
        self, source: Source, path: str, scope: Scope, body: bytes, now: Instant
    ) -> list[Hint]:
        headers = headers_of(scope["headers"])
        try:
            heard = source.ear.hear(headers, body, now)
        except Unheard:
            # Its secret may be another since a moment.
            fresh = await self._ears.again(path)
            if fresh is None:
                raise
            heard = fresh.ear.hear(headers, body, now)
        if len(heard.refs) < 2:
            return [Hint(ref, heard.delivery, now) for ref in heard.refs]
        # A delivery's name stands once.
        return [Hint(ref, f"{heard.delivery} {ref.id}", now) for ref in heard.refs]

    async def _read(self, receive: Receive) -> bytes:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > self._largest:
                raise _TooLarge
            return body
        parts, size = [], 0
        while True:
            if message["type"] == "http.disconnect":
                raise _Gone
            part = message.get("body", b"")
            parts.append(part)
            size += len(part)
            if size > self._largest:
                raise _TooLarge
            if not message.get("more_body"):
                return b"".join(parts)
            message = await receive()

    def _say(self, account: str, outcome: str) -> None:
        """Log why something was not taken: account and reason, and of a flood a line a minute."""
        now = asyncio.get_running_loop().time()
        last, count = self._said.get((account, outcome), (-_QUIET, 0))
        if now - last < _QUIET:
            self._said[account, outcome] = (last, count + 1)
            return
        self._said[account, outcome] = (now, 0)
        more = f", and {count:,} more since the last line" if count else ""
        _log.warning(
            "%s: a delivery was not taken: %s%s",
            account or "nobody's",
            outcome,
            more,
            extra={"account": account, "reason": outcome},
        )


def _length(scope: Scope) -> int:
    """Give the length that is announced; 0 where none is."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
