"""What every answer carries and who may look inside: nothing of ours runs, is framed or is told elsewhere."""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: A page needs our own style sheet and scripts, pictures of ours, and nothing else; nothing in its text runs.
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}
#: A proxy says so by one of these; behind it everybody looks near.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Shield:
    """Put headers on every answer of an application."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, shielded)


class Inside:
    """Tell who may see how the process fares: this machine itself, or whoever has the token."""

    def __init__(self, token: str | None) -> None:
        """Keep the token; without one, this machine alone may look."""
        self._token = token

    def __call__(self, request: Request) -> bool:
        """Tell whether a request may look inside."""
        told = request.headers.get("authorization", "")
        if self._token and told.startswith("Bearer "):
            given = told.removeprefix("Bearer ").encode()
            return hmac.compare_digest(given, self._token.encode())
        return _near(request)

    def only(self, show: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Show something inside alone; to others there is nothing."""

        def shown(request: Request) -> Response:
            return show(request) if self(request) else nothing()

        return shown


def nothing() -> Response:
    """Give the one answer to whoever asks for what is not there, or not theirs."""
    return Response(status_code=404)


def _near(request: Request) -> bool:
    """Tell whether somebody on this machine asks, not through a proxy, and not for another's name."""
    client, headers = request.client, request.headers
    if client is None or not _loopback(client.host) or any(name in headers for name in _FORWARDED):
        return False
    return _near_host(headers)


def _near_host(headers: Headers) -> bool:
    """Tell whether a request is for this machine by name: another name may have been made to lead here."""
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return host == "localhost" or _loopback(host)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
