"""How Jira Cloud signs programs in: Atlassian's OAuth server, and the gateway to a site."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from connectors.errors import HelpdeskError, Kind
from connectors.http import checked_base
from connectors.oauth import Provider

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connectors.http import Client
    from connectors.signin import Grant
    from ombud.model.connector import Check
    from ombud.settings import Account

_AUTH: Final = "https://auth.atlassian.com"
_API: Final = "https://api.atlassian.com"
#: A refresh token that was not used for so long is of no use any more
#: (developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens).
IDLE: Final[timedelta | None] = timedelta(days=90)


def provider(account: str, settings: Account, secrets: Mapping[str, str]) -> Provider:
    """Give Atlassian's OAuth server, which knows no code challenge."""
    base = checked_base(account, str(settings.options.get("auth_url") or _AUTH))
    return Provider(
        authorize=f"{base}/authorize",
        tokens=f"{base}/oauth/token",
        client_id=secrets["CLIENT_ID"],
        client_secret=secrets["CLIENT_SECRET"],
        pkce=False,
        extra={"audience": "api.atlassian.com", "prompt": "consent"},
    )


def place(account: str, settings: Account) -> str:
    """Give the address of the gateway, at which a new token is tried."""
    return checked_base(account, str(settings.options.get("api_url") or _API))


def placed(client: Client, settings: Account, grant: Grant) -> Grant:
    """Find the account's site among those a token is good for, and its address behind the gateway.

    Raises:
        HelpdeskError: the token is not good for the account's site.

    """
    operation = "GET /oauth/token/accessible-resources"
    sites = client.get("/oauth/token/accessible-resources", operation=operation).json()
    host = urlsplit(site_address(settings)).netloc
    for each in sites:
        if urlsplit(str(each["url"])).netloc == host:
            scopes = frozenset(str(scope) for scope in each.get("scopes") or ())
            return replace(
                grant, base=behind(client.base, str(each["id"])), scopes=scopes or grant.scopes
            )
    known = ", ".join(str(each["url"]) for each in sites) or "none"
    raise HelpdeskError(
        Kind.signin,
        client.account,
        operation,
        detail=f"the sign-in is not good for {host}, only for: {known}",
        remedy=f"Check accounts.{client.account}.url, and choose that site when you let Ombud in",
    )


def cloud_id(client: Client) -> str:
    """Ask a site for the id that it has behind the gateway."""
    return str(client.get("/_edge/tenant_info").json()["cloudId"])


def behind(gateway: str, cloud: str) -> str:
    """Give a site's address behind the gateway."""
    return f"{gateway}/ex/jira/{quote(cloud, safe='')}"


def site_address(settings: Account) -> str:
    """Give the address at which people open the site."""
    return str(settings.options.get("site") or settings.url)


def lent(way: str, secrets: Mapping[str, str]) -> str | None:  # noqa: ARG001 (each vendor is asked alike)
    """Give none: an API token goes with an e-mail address."""
    return None


def foretell(way: str, secrets: Mapping[str, str], now: datetime) -> Iterator[Check]:  # noqa: ARG001 (each vendor is asked alike)
    """Foretell nothing: Atlassian tells nobody but a token's owner when it ends."""
    return iter(())
