"""Ask a vendor's OAuth server for tokens; what each vendor does in its own way is a `Provider`."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.errors import HelpdeskError, Kind
from connectors.signin import CODE, CREDENTIALS, Grant
from ombud.model.instant import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from connectors.http import Client
    from ombud.model.clock import Clock
    from ombud.model.connector import Check
    from ombud.settings import Account

#: What a server says of a refresh token, or a code, that it does not take.
_SPENT: Final = frozenset({"invalid_grant", "unauthorized_client"})
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Provider:
    """Say where and how a vendor gives tokens.

    Attributes:
        authorize: address that a person opens.
        tokens: address that gives tokens.
        client_id: the OAuth client, as it is registered with the vendor.
        client_secret: its secret; none for a public client.
        pkce: whether the vendor checks a code challenge (RFC 7636).
        extra: what the vendor wants besides in the address that a person opens.

    """

    authorize: str
    tokens: str
    client_id: str
    client_secret: str | None = field(repr=False)
    pkce: bool
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """Hold what one person's sign-in needs to remember until they come back.

    Attributes:
        redirect: the address they are sent back to.
        state: comes back with them; another one is not ours.
        verifier: proves to the vendor that who asks for the token is who sent them.

    """

    redirect: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


class Vendor(Protocol):
    """What a vendor's `signin.py` offers."""

    IDLE: timedelta | None
    """How long a refresh token may lie unused; `None` where it ends when it was told to."""

    def provider(self, account: str, settings: Account, secrets: Mapping[str, str]) -> Provider:
        """Give the vendor's OAuth server."""
        ...

    def place(self, account: str, settings: Account) -> str:
        """Give the address at which a new token is tried."""
        ...

    def placed(self, client: Client, settings: Account, grant: Grant) -> Grant:
        """Add what the vendor itself says of a token that signs the client's requests."""
        ...

    def lent(self, way: str, secrets: Mapping[str, str]) -> str | None:
        """Give the access token that stands among the secrets, if one does."""
        ...

    def foretell(self, way: str, secrets: Mapping[str, str], now: datetime) -> Iterator[Check]:
        """Say how long the secrets will do, where that is known."""
        ...


class OAuth:
    """Ask for tokens of one account; nothing is stored here."""

    def __init__(
        self, account: str, provider: Provider, open_client: Callable[[str], Client], clock: Clock
    ) -> None:
        """Prepare; nothing is asked yet."""
        self.account = account
        self.provider = provider
        self._open = open_client
        self._clock = clock

    def address(self, visit: Visit, scopes: Sequence[str]) -> str:
        """Give the address at which a person lets us in."""
        told = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": visit.redirect,
            "scope": " ".join(scopes),
            "state": visit.state,
            **self.provider.extra,
        }
        if self.provider.pkce:
            digest = hashlib.sha256(visit.verifier.encode()).digest()
            told["code_challenge"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            told["code_challenge_method"] = "S256"
        return f"{self.provider.authorize}?{urlencode(told)}"

    def by_return(self, visit: Visit, address: str) -> Grant:
        """Exchange the code in the address that a person came back to.

        Raises:
            HelpdeskError: they came back from elsewhere, refused, or the code is not taken.

        """
        if not address:
            raise self._no("nobody came back in time")
        told = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        # Compared before anything else in it is believed.
        if not secrets.compare_digest(told.get("state", "").encode(), visit.state.encode()):
            raise self._no(
                "the address does not carry the state that was sent: it belongs to another sign-in"
            )
        if "code" not in told:
            raise self._no(
                f"nobody was let in: {told.get('error_description') or told.get('error')}"
            )
        body = {"code": told["code"], "redirect_uri": visit.redirect}
        if self.provider.pkce:
            body["code_verifier"] = visit.verifier
        return self._granted("authorization_code", body, CODE)

    def by_credentials(self, scopes: Sequence[str]) -> Grant:
        """Ask for a token by the client's own secret."""
        return self._granted("client_credentials", {"scope": " ".join(scopes)}, CREDENTIALS)

    def by_refresh(self, refresh: str) -> Grant:
        """Exchange a refresh token for new tokens; where the answer is lost, the error is `uncertain`."""
        return self._granted("refresh_token", {"refresh_token": refresh}, CODE)

    def _granted(self, kind: str, body: Mapping[str, str], way: str) -> Grant:
        parts = urlsplit(self.provider.tokens)
        operation = f"POST {parts.path} ({kind})"
        whole = {"grant_type": kind, "client_id": self.provider.client_id, **body}
        if self.provider.client_secret:
            whole["client_secret"] = self.provider.client_secret
        try:
            answer = self._open(f"{parts.scheme}://{parts.netloc}").send(
                "POST", parts.path, whole, operation=operation
            )
            told = answer.json()
        except HelpdeskError as error:
            if error.kind is Kind.busy:
                raise
            if error.kind is Kind.broken:
                error.uncertain = True
                raise
            raise self._refused(kind, error) from error
        if not isinstance(told, dict) or not told.get("access_token"):
            raise HelpdeskError(
                Kind.broken,
                self.account,
                operation,
                detail="the answer holds no token",
                uncertain=True,
            )
        return self._read(told, way)

    def _read(self, told: Mapping[str, Any], way: str) -> Grant:
        now = instant(self._clock.now())
        life, refresh_life = told.get("expires_in"), told.get("refresh_token_expires_in")
        return Grant(
            access=str(told["access_token"]),
            refresh=str(told["refresh_token"]) if told.get("refresh_token") else None,
            obtained=now,
            until=None if life is None else now + int(life) * _SECOND,
            refresh_until=None if refresh_life is None else now + int(refresh_life) * _SECOND,
            scopes=frozenset(str(told.get("scope") or "").split()),
            way=way,
        )

    def _refused(self, kind: str, error: HelpdeskError) -> HelpdeskError:
        code = error.detail.partition(":")[0]
        name = self.account.upper()
        remedy = f"Check {name}_CLIENT_ID and {name}_CLIENT_SECRET"
        if code in _SPENT and kind != "client_credentials":
            remedy = again(self.account)
        return HelpdeskError(
            Kind.signin,
            self.account,
            error.operation,
            status=error.status,
            detail=error.detail,
            remedy=remedy,
        )

    def _no(self, detail: str) -> HelpdeskError:
        return HelpdeskError(
            Kind.signin, self.account, "sign-in", detail=detail, remedy=again(self.account)
        )


def again(account: str) -> str:
    """Say what to do where no token is of any use any more."""
    return f"Sign in again: ombud accounts connect {account}"


def said(content: bytes) -> str:
    """Read what an OAuth server says of an error, its code first (RFC 6749, 5.2)."""
    told = json.loads(content)
    return f"{told['error']}: {told.get('error_description', '')}"[:500]
