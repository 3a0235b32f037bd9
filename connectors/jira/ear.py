"""Read what Jira's webhooks tell: an issue was touched, whatever else the body says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.ear import digest, number, parsed, part, verify, within
from ombud.model.event import Ref
from ombud.model.hook import Heard, Unheard
from ombud.model.instant import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.facts import Instant
    from ombud.model.hook import Kept

#: Webhooks of apps, which Jira does not sign (no `secret` in its schema of them).
DYNAMIC: Final = "dynamic"
#: Jira tries again for half an hour; what is older was held up elsewhere, or is played back.
OLDEST: Final = 2 * HOUR
AHEAD: Final = 5 * MINUTE
_SIGNATURE: Final = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)
_COMMENTED: Final = re.compile(r"/issue/([0-9]{1,20})/comment/", re.ASCII)
_LONGEST_NAME: Final = 200


class JiraEar:
    """Read the deliveries of one account.

    Source: developer.atlassian.com/cloud/jira/platform/webhooks (headers, retries, bodies).
    """

    def __init__(self, account: str, vendor: str, kept: Kept) -> None:
        """Keep what deliveries are verified by."""
        self._account = account
        self._vendor = vendor
        self._secret = kept.secret
        self._signed = kept.kind != DYNAMIC

    def hear(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Heard:
        """Verify and read one delivery; raises `Unheard`."""
        if self._signed:
            verify(self._secret, _signature(headers.get("x-hub-signature")), body)
        told = parsed(body)
        sent = told.get("timestamp")
        if not isinstance(sent, int) or isinstance(sent, bool):
            raise Unheard("malformed")
        within(sent * 1000, now, before=OLDEST, after=AHEAD)
        name = digest(body)
        if not self._signed:
            # Of a signed one the body alone counts: whoever plays it back can give it any other name.
            given = headers.get("x-atlassian-webhook-identifier", "")
            if 0 < len(given) <= _LONGEST_NAME:
                name = given
        event = told.get("webhookEvent")
        if not isinstance(event, str):
            raise Unheard("malformed")
        if not event.startswith(("jira:issue_", "comment_")):
            return Heard(name, ())
        issue = part(told, "issue")
        if "id" in issue:
            ticket = number(issue["id"])
        else:
            # Data Center tells of a comment without its issue.
            found = _COMMENTED.search(str(part(told, "comment").get("self")))
            if found is None:
                raise Unheard("malformed")
            ticket = found[1]
        return Heard(name, (Ref(self._account, self._vendor, ticket),))


def _signature(told: str | None) -> bytes | None:
    """Read `sha256=` and the digest in hexadecimal; another method is as good as none."""
    if told is None:
        return None
    found = _SIGNATURE.fullmatch(told)
    if found is None:
        raise Unheard("forged")
    return bytes.fromhex(found[1])
