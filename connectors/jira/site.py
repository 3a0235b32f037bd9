"""One Jira site: who we are there, in which zone, and what its addresses look like."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.errors import HelpdeskError, Kind
from connectors.http import Client, checked_base
from connectors.jira.signin import behind, cloud_id, place, site_address
from connectors.signin import Fixed, basic
from ombud.model.instant import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.facts import Instant
    from ombud.settings import Account

#: Where our state stands beside an issue: no screen, no changelog, not seen by people.
PROPERTY = "ombud"
#: Our mark on our own changes, in `historyMetadata.type`.
OURS = "ombud"


@dataclass(frozen=True, slots=True)
class Me:
    """Say who the account is: accountId, and the zone in which Jira reads times in JQL."""

    id: str
    zone: ZoneInfo


class Site:
    """Hold the connection to one site."""

    def __init__(
        self,
        account: str,
        settings: Account,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        on_wait: Callable[[str, float], None] | None,
        authorizer: Authorizer | None = None,
    ) -> None:
        """Prepare the connection; nothing is asked yet."""
        self.account = account
        self.settings = settings
        self._authorizer = authorizer or Fixed(basic(secrets["EMAIL"], secrets["TOKEN"]))
        self._open = partial(
            Client,
            account,
            headers={},
            clock=clock,
            sleep=sleep,
            ca=settings.ca,
            proxy=settings.proxy,
            explain=_said,
            on_wait=on_wait,
        )
        # Refused at once, not at the first question.
        checked_base(account, settings.url)
        self._me: Me | None = None

    @cached_property
    def client(self) -> Client:
        """Give the client of the site, or of the gateway before it where tokens are good for that alone."""
        base = self._authorizer.base or self.settings.url
        if self.settings.options.get("sign_in") == "scoped":
            # Nobody need be signed in to ask this.
            cloud = cloud_id(self._open(base=site_address(self.settings)))
            base = behind(place(self.account, self.settings), cloud)
        return self._open(base=base, authorizer=self._authorizer)

    @property
    def me(self) -> Me:
        """Say who we are; raises `HelpdeskError` (signin) where Jira takes us for nobody.

        An unknown token is answered like an empty site: only this question tells them apart.
        """
        # Another thread may have it asked again meanwhile.
        me = self._me
        if me is None:
            told = self.client.get("/rest/api/3/myself").json()
            name = told.get("accountId") if isinstance(told, dict) else None
            if not name:
                raise HelpdeskError(
                    Kind.signin,
                    self.account,
                    "GET /rest/api/3/myself",
                    detail="the site takes us for an anonymous visitor",
                    remedy=f"Check {self.account.upper()}_EMAIL and {self.account.upper()}_TOKEN",
                )
            try:
                zone = ZoneInfo(told.get("timeZone") or "UTC")
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise HelpdeskError(
                    Kind.broken,
                    self.account,
                    "GET /rest/api/3/myself",
                    detail=f"the account's time zone {told.get('timeZone')!r} is not known",
                    remedy="Set another time zone in the account's Jira profile",
                ) from error
            self._me = me = Me(name, zone)
        return me

    def forget_me(self) -> None:
        """Ask again who we are the next time: zone and account may change between two sweeps."""
        self._me = None

    def browse(self, key: str) -> str:
        """Give the address at which people open an issue, on the account's own origin."""
        parts = urlsplit(site_address(self.settings))
        return f"{parts.scheme}://{parts.netloc}/browse/{key}"


def instant_in(text: object) -> Instant:
    """Read one of Jira's times: ISO 8601 with an offset, or milliseconds as a number."""
    if isinstance(text, (int, float)):
        # Seconds since the epoch in one example of the vendor's, milliseconds elsewhere.
        return int(text * 1_000_000) if text < 1e11 else int(text * 1000)
    return instant(datetime.fromisoformat(str(text)))


def _said(content: bytes) -> str:
    """Read what Jira says of an error."""
    told: Any = json.loads(content)
    messages = [str(each) for each in told.get("errorMessages") or []]
    messages += [f"{field}: {text}" for field, text in (told.get("errors") or {}).items()]
    if not messages and told.get("message"):
        # The gateway's way of saying it.
        messages = [str(told["message"])]
    return "; ".join(messages)[:500]


def mark(key: str) -> dict[str, object]:
    """Give our mark for the history: by it our own changes are told from those of people."""
    return {
        "type": OURS,
        "activityDescription": "Complaint policy",
        "generator": {"id": "ombud", "type": "application"},
        "extraData": {"key": key},
    }
