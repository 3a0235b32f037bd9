"""Read what our scrip in Request Tracker tells: a ticket was touched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.ear import number, parsed, verify, within
from ombud.model.event import Ref
from ombud.model.hook import Heard, Unheard
from ombud.model.instant import MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.facts import Instant
    from ombud.model.hook import Kept

#: The scrip tries once, at once: what comes later than this is played back, or a clock is wrong.
WINDOW: Final = 5 * MINUTE
_TIME: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE: Final = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


class RtEar:
    """Read the deliveries of one account, signed by our own scrip: seconds since 1970, a dot, the body."""

    def __init__(self, account: str, vendor: str, kept: Kept) -> None:
        """Keep what deliveries are verified by."""
        self._account = account
        self._vendor = vendor
        self._secret = kept.secret

    def hear(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Heard:
        """Verify and read one delivery; raises `Unheard`."""
        sent, signature = headers.get("x-ombud-timestamp"), headers.get("x-ombud-signature")
        if sent is None or signature is None:
            raise Unheard("unsigned")
        found = _SIGNATURE.fullmatch(signature)
        if found is None or _TIME.fullmatch(sent) is None:
            raise Unheard("forged")
        verify(self._secret, bytes.fromhex(found[1]), sent.encode("ascii", "replace"), b".", body)
        within(int(sent) * SECOND, now, before=WINDOW, after=WINDOW)
        told = parsed(body)
        ref = Ref(self._account, self._vendor, number(told.get("ticket")))
        return Heard(f"transaction {number(told.get('transaction'))}", (ref,))
