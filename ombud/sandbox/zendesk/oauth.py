"""Sign-in: API tokens, and OAuth with client credentials, codes with PKCE, and tokens that are used up."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from ombud.sandbox.http import Answer, Call
from ombud.sandbox.zendesk.http import RefusedError
from ombud.sandbox.zendesk.records import User

_LIFE = timedelta(hours=8)
_CODE_LIFE = timedelta(minutes=2)


@dataclass(slots=True)
class Token:
    """An access token: whose, with which scopes, until when, and its refresh token."""

    user: int
    scopes: frozenset[str]
    until: datetime
    refresh: str | None = None


@dataclass(slots=True)
class _Code:
    scopes: frozenset[str]
    redirect: str
    challenge: str | None
    until: datetime


@dataclass(slots=True)
class SignIn:
    """Know who may sign in, and with what.

    Attributes:
        email, token: the API token of the account's administrator.
        client_id, client_secret: of the OAuth client.
        user: whom the client's tokens stand for.
        tokens: access tokens in force.
    """

    email: str
    token: str
    user: User
    client_id: str = "complaints_watch"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(24))
    tokens: dict[str, Token] = field(default_factory=dict)
    _codes: dict[str, _Code] = field(default_factory=dict)

    def who(self, call: Call, now: datetime) -> tuple[User | None, frozenset[str] | None]:
        """Return who signed a call and with which scopes; nobody without a header, a 401 with a wrong one."""
        header = call.headers.get("Authorization")
        if header is None:
            return None, None
        scheme, _, rest = header.partition(" ")
        if scheme.lower() == "bearer":
            held = self.tokens.get(rest)
            if held is None or held.until <= now:
                raise RefusedError(
                    401,
                    {
                        "error": "invalid_token",
                        "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
                    },
                )
            return self.user, held.scopes
        try:
            name, _, word = base64.b64decode(rest).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = word = ""
        if name == f"{self.email}/token" and secrets.compare_digest(word, self.token):
            return self.user, None
        raise RefusedError(401, {"error": "Couldn't authenticate you"})

    def authorize(self, call: Call, now: datetime) -> Answer:
        """Show the page that asks a person; this one always says yes, and sends them back at once."""
        redirect = call.one("redirect_uri") or ""
        if call.one("client_id") != self.client_id or not redirect:
            raise RefusedError(
                400, {"error": "invalid_client", "error_description": "No such client"}
            )
        code = secrets.token_urlsafe(16)
        challenge = (
            call.one("code_challenge") if call.one("code_challenge_method") == "S256" else None
        )
        scopes = frozenset((call.one("scope") or "read").split())
        self._codes[code] = _Code(scopes, redirect, challenge, now + _CODE_LIFE)
        back = urlencode({"code": code, "state": call.one("state") or ""})
        return Answer(302, b"", {"Location": f"{redirect}?{back}"})

    def grant(self, call: Call, now: datetime) -> Answer:
        """Give a token for credentials, a code or a refresh token; the last deletes what it replaces."""
        try:
            told = json.loads(call.body or b"null")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise _no("invalid_request", "The request is missing a required parameter")
        if told.get("client_id") != self.client_id:
            raise _no("invalid_client", "Client authentication failed", 401)
        kind = told.get("grant_type")
        if kind == "client_credentials":
            self._secret(told)
            return self._give(_scopes(told), now, refreshed=False)
        if kind == "authorization_code":
            code = self._codes.pop(str(told.get("code")), None)
            if code is None or code.until <= now or told.get("redirect_uri") != code.redirect:
                raise _no("invalid_grant", "The provided access grant is invalid or expired")
            if code.challenge is None:
                self._secret(told)
            elif code.challenge != challenge_of(str(told.get("code_verifier"))):
                raise _no("invalid_grant", "The code verifier does not match")
            return self._give(code.scopes, now, refreshed=True)
        if kind == "refresh_token":
            found = [
                (name, held)
                for name, held in self.tokens.items()
                if held.refresh is not None and held.refresh == told.get("refresh_token")
            ]
            if not found:
                raise _no("invalid_grant", "The refresh token is invalid or was used before")
            del self.tokens[found[0][0]]
            return self._give(found[0][1].scopes, now, refreshed=True)
        raise _no("unsupported_grant_type", f"{kind} is not supported")

    def _secret(self, told: dict[str, object]) -> None:
        if told.get("client_secret") != self.client_secret:
            raise _no("invalid_client", "Client authentication failed", 401)

    def _give(self, scopes: frozenset[str], now: datetime, *, refreshed: bool) -> Answer:
        access = secrets.token_hex(32)
        held = Token(
            self.user.id, scopes, now + _LIFE, secrets.token_hex(32) if refreshed else None
        )
        self.tokens[access] = held
        told = {
            "access_token": access,
            "token_type": "bearer",
            "scope": " ".join(sorted(scopes)),
            "expires_in": int(_LIFE.total_seconds()),
        }
        if held.refresh is not None:
            told["refresh_token"] = held.refresh
        return Answer(200, told)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _scopes(told: dict[str, object]) -> frozenset[str]:
    return frozenset(str(told.get("scope") or "read").split())


def _no(error: str, said: str, status: int = 400) -> RefusedError:
    return RefusedError(status, {"error": error, "error_description": said})
