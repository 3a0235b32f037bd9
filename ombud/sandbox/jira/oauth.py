"""Sign-in by OAuth (3LO): codes, refresh tokens good for one use each, and the gateway to the site."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.http import Answer, Call

_LIFE = timedelta(hours=1)
_IDLE = timedelta(days=90)
_CODE_LIFE = timedelta(minutes=2)
_OFFLINE = "offline_access"
#: Questions that are sent as POST.
_QUESTIONS = ("/search/jql", "/search/approximate-count", "/bulkfetch")


class ClosedError(Exception):
    """The gateway or the OAuth server says no, in words of its own and not in Jira's."""

    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body

    def answer(self) -> Answer:
        """Return the refusal as an answer."""
        return Answer(self.status, self.body)


@dataclass(slots=True)
class _Token:
    scopes: frozenset[str]
    until: datetime


@dataclass(slots=True)
class _Code:
    scopes: frozenset[str]
    redirect: str
    until: datetime


@dataclass(slots=True)
class Gateway:
    """Know the OAuth client, what it was allowed, and the tokens in force.

    Attributes:
        client_id, client_secret: of the OAuth client.
        cloud_id: the site's id behind the gateway.
        configured: scopes that the client is set up with; no others are granted.
        scoped_token: an API token with scopes, good behind the gateway alone.
        scoped: its scopes.
        tokens: access tokens in force.
        refreshes: refresh tokens in force.
        site_url: address of the site that people let the client in to; its own unless another is set.
    """

    client_id: str = "complaints-watch"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(24))
    cloud_id: str = "35273b54-0000-4000-8000-5a4d0b0c0d0e"
    configured: frozenset[str] = frozenset(
        {"read:jira-work", "read:jira-user", "write:jira-work", "manage:jira-webhook", _OFFLINE}
    )
    scoped_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    scoped: frozenset[str] = frozenset({"read:jira-work", "read:jira-user", "write:jira-work"})
    tokens: dict[str, _Token] = field(default_factory=dict)
    refreshes: dict[str, _Token] = field(default_factory=dict)
    site_url: str | None = None
    _codes: dict[str, _Code] = field(default_factory=dict)

    def answer(self, call: Call, now: datetime) -> Answer | None:
        """Answer what is no business of the site's; None for everything else."""
        if (call.method, call.path) == ("GET", "/_edge/tenant_info"):
            return Answer(200, {"cloudId": self.cloud_id})
        if (call.method, call.path) == ("GET", "/authorize"):
            return self._authorize(call, now)
        if (call.method, call.path) == ("POST", "/oauth/token"):
            return self._grant(call, now)
        if (call.method, call.path) == ("GET", "/oauth/token/accessible-resources"):
            return self._sites(call, now)
        return None

    def behind(self, path: str) -> str | None:
        """Return the site's own path for one that goes through the gateway."""
        before = f"/ex/jira/{self.cloud_id}"
        if path.startswith(f"{before}/"):
            return path.removeprefix(before)
        if path.startswith("/ex/"):
            raise ClosedError(404, {"code": 404, "message": "Not Found"})
        return None

    def admit(self, call: Call, path: str, now: datetime) -> str:
        """Return the e-mail address of who signed a call through the gateway, if the scopes allow it."""
        scheme, _, rest = (call.headers.get("Authorization") or "").partition(" ")
        scopes: frozenset[str] | None = None
        if scheme.lower() == "bearer":
            scopes = self._of(rest, now)
        elif scheme.lower() == "basic":
            scopes = self._of_basic(rest)
        if scopes is None:
            raise ClosedError(401, {"code": 401, "message": "Unauthorized"})
        if needed(call.method, path) not in scopes:
            raise ClosedError(401, {"code": 401, "message": "Unauthorized; scope does not match"})
        return API_ACCOUNT.email

    def _of(self, access: str, now: datetime) -> frozenset[str] | None:
        held = self.tokens.get(access)
        return None if held is None or held.until <= now else held.scopes

    def _of_basic(self, rest: str) -> frozenset[str] | None:
        try:
            name, _, word = base64.b64decode(rest).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        known = name == API_ACCOUNT.email and secrets.compare_digest(
            word.encode(), self.scoped_token.encode()
        )
        return self.scoped if known else None

    def _authorize(self, call: Call, now: datetime) -> Answer:
        """Ask a person; this one always says yes, and is sent back at once."""
        redirect = call.one("redirect_uri") or ""
        wanted = {
            "client_id": self.client_id,
            "audience": "api.atlassian.com",
            "response_type": "code",
        }
        if not redirect or any(call.one(name) != value for name, value in wanted.items()):
            raise ClosedError(
                400, {"error": "invalid_request", "error_description": "Something went wrong"}
            )
        code = secrets.token_urlsafe(16)
        asked = frozenset((call.one("scope") or "").split())
        self._codes[code] = _Code(asked & self.configured, redirect, now + _CODE_LIFE)
        back = urlencode({"state": call.one("state") or "", "code": code})
        return Answer(302, b"", {"Location": f"{redirect}?{back}"})

    def _grant(self, call: Call, now: datetime) -> Answer:
        try:
            told = json.loads(call.body or b"null")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise _no(400, "invalid_request", "Bad request")
        if (told.get("client_id"), told.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            raise _no(401, "access_denied", "Unauthorized")
        kind = told.get("grant_type")
        if kind == "authorization_code":
            code = self._codes.pop(str(told.get("code")), None)
            if code is None or code.until <= now or told.get("redirect_uri") != code.redirect:
                raise _no(403, "invalid_grant", "Invalid authorization code")
            return self._give(code.scopes, now)
        if kind == "refresh_token":
            held = self.refreshes.pop(str(told.get("refresh_token")), None)
            if held is None or held.until <= now:
                raise _no(403, "invalid_grant", "Unknown or invalid refresh token.")
            return self._give(held.scopes, now)
        raise _no(400, "unsupported_grant_type", f"{kind} is not supported")

    def _give(self, scopes: frozenset[str], now: datetime) -> Answer:
        access = secrets.token_hex(32)
        self.tokens[access] = _Token(scopes, now + _LIFE)
        told: dict[str, object] = {
            "access_token": access,
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
            "expires_in": int(_LIFE.total_seconds()),
        }
        if _OFFLINE in scopes:
            told["refresh_token"] = refresh = secrets.token_hex(32)
            self.refreshes[refresh] = _Token(scopes, now + _IDLE)
        return Answer(200, told)

    def _sites(self, call: Call, now: datetime) -> Answer:
        scheme, _, rest = (call.headers.get("Authorization") or "").partition(" ")
        scopes = self._of(rest, now) if scheme.lower() == "bearer" else None
        if scopes is None:
            raise ClosedError(401, {"code": 401, "message": "Unauthorized"})
        site = {
            "id": self.cloud_id,
            "url": self.site_url or call.base,
            "name": "sandbox",
            "scopes": sorted(scopes - {_OFFLINE}),
            "avatarUrl": f"{call.base}/avatar.png",
        }
        return Answer(200, [site])


def needed(method: str, path: str) -> str:
    """Return the classic scope that a request needs."""
    if path.endswith(("/myself", "/user")):
        return "read:jira-user"
    if path.endswith(("/webhook", "/webhook/refresh")):
        return "manage:jira-webhook"
    if path.endswith("/workflows"):
        return "manage:jira-configuration"
    if method == "GET" or path.endswith(_QUESTIONS):
        return "read:jira-work"
    return "write:jira-work"


def _no(status: int, error: str, said: str) -> ClosedError:
    return ClosedError(status, {"error": error, "error_description": said})
