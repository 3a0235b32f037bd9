"""How Zendesk signs programs in: its OAuth server, what a token may do, and when API tokens end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors.errors import HelpdeskError, Kind
from connectors.http import checked_base
from connectors.oauth import Provider
from ombud.model.connector import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.http import Client
    from connectors.signin import Grant
    from ombud.settings import Account

#: API tokens stop working on this day; none can be made since 2026-10-27
#: (developer.zendesk.com/documentation/api-basics/authentication/oauth-migration).
TOKENS_END: Final = datetime(2027, 4, 30, tzinfo=UTC)
_AHEAD: Final = timedelta(days=90)
#: A refresh token lives no longer than told; none is lost by lying unused before that.
IDLE: Final[timedelta | None] = None


def provider(account: str, settings: Account, secrets: Mapping[str, str]) -> Provider:
    """Give Zendesk's OAuth server: the account's own address."""
    base = checked_base(account, settings.url)
    return Provider(
        authorize=f"{base}/oauth/authorizations/new",
        tokens=f"{base}/oauth/tokens",
        client_id=secrets["CLIENT_ID"],
        client_secret=secrets.get("CLIENT_SECRET"),
        pkce=True,
    )


def placed(client: Client, settings: Account, grant: Grant) -> Grant:  # noqa: ARG001 (each vendor is asked alike)
    """Add what Zendesk itself says a token may do; a token that may do nothing is refused that too."""
    try:
        told = client.get("/api/v2/oauth/tokens/current").json()
    except HelpdeskError as error:
        if error.kind in {Kind.permission, Kind.missing}:
            return grant
        raise
    scopes = frozenset(str(each) for each in told["token"].get("scopes") or ())
    return replace(grant, scopes=scopes)


def place(account: str, settings: Account) -> str:  # noqa: ARG001 (each vendor is asked alike)
    """Give the address at which a new token is tried."""
    return settings.url


def lent(way: str, secrets: Mapping[str, str]) -> str | None:
    """Give the token where no e-mail address goes with it: then it is one of OAuth."""
    return secrets["TOKEN"] if way == "token" and not secrets.get("EMAIL") else None


def foretell(way: str, secrets: Mapping[str, str], now: datetime) -> Iterator[Check]:
    """Say how long an API token will do."""
    if way != "token" or not secrets.get("EMAIL"):
        return
    told = f"API tokens end on {TOKENS_END:%Y-%m-%d}, and none can be made since 2026-10-27"
    remedy = 'Set options = {sign_in = "client_credentials"}, then run `ombud accounts connect`'
    if now >= TOKENS_END:
        yield Check("API token", ok=False, why=told, remedy=remedy)
    elif now >= TOKENS_END - _AHEAD:
        days = (TOKENS_END - now).days
        yield Check("API token", ok=None, why=f"{told}: {days} days left. {remedy}", remedy=remedy)
    else:
        yield Check("API token", ok=True, why=told, remedy=remedy)
