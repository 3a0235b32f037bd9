"""Read what Zendesk's webhooks tell: a ticket was touched, whatever else the body says."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, Final

from connectors.ear import digest, number, parsed, part, verify, within
from ombud.model.event import Ref
from ombud.model.hook import Heard, Unheard
from ombud.model.instant import MINUTE, instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.facts import Instant
    from ombud.model.hook import Kept

#: What Zendesk signs trials of a webhook with that is not made yet: printed in its documentation, so nobody's secret
#: (developer.zendesk.com/documentation/webhooks/verifying).
TEST_SECRET: Final = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 (public, and refused)
#: Zendesk gives no tolerance; so long may a delivery be under way, and so far may clocks be apart.
WINDOW: Final = 5 * MINUTE
_EVENTS: Final = "zen:event-type:ticket."
_LONGEST_NAME: Final = 200


class ZendeskEar:
    """Read the deliveries of one account.

    Source: developer.zendesk.com/documentation/webhooks/verifying (time and raw body are signed).
    """

    def __init__(self, account: str, vendor: str, kept: Kept) -> None:
        """Keep what deliveries are verified by."""
        self._account = account
        self._vendor = vendor
        self._secret = "" if kept.secret == TEST_SECRET else kept.secret

    def hear(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Heard:
        """Verify and read one delivery; raises `Unheard`."""
        sent = headers.get("x-zendesk-webhook-signature-timestamp")
        if sent is None:
            raise Unheard("unsigned")
        signature = _signature(headers.get("x-zendesk-webhook-signature"))
        verify(self._secret, signature, sent.encode("ascii", "replace"), body)
        within(_instant(sent), now, before=WINDOW, after=WINDOW)
        if not body:
            # A test of the connection has none.
            return Heard(digest(sent.encode("ascii", "replace")), ())
        told = parsed(body)
        name = told.get("id")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            name = digest(sent.encode("ascii", "replace"), body)
        event = told.get("type")
        if not isinstance(event, str) or not event.startswith(_EVENTS):
            return Heard(name, ())
        ticket = number(part(told, "detail").get("id"))
        return Heard(name, (Ref(self._account, self._vendor, ticket),))


def _signature(told: str | None) -> bytes | None:
    if told is None:
        return None
    try:
        return base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unheard("forged") from error


def _instant(text: str) -> Instant:
    try:
        return instant(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise Unheard("malformed") from error
