"""One delivery over the wire: loopback only, with a limit on connecting and one on the reply."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_MOST_OF_A_REPLY = 65_536


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: a status, or what went wrong ("timeout", "connection", "not a loopback address")."""

    status: int | None
    trouble: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def loopback(url: str) -> bool:
    """Tell whether an address is this machine's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http":
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(
    url: str, headers: Mapping[str, str], body: bytes, *, connect: float, reply: float
) -> Outcome:
    """Post a body and read the reply; limits are seconds of real time, redirects are not followed."""
    if not loopback(url):
        return Outcome(None, "not a loopback address")
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=connect)
    try:
        line.connect()
        line.sock.settimeout(reply)
        # A receiver may refuse before it has read everything: its answer is on the line then.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.request("POST", path, body, dict(headers))
        answer = line.getresponse()
        told = answer.read(_MOST_OF_A_REPLY)
        return Outcome(answer.status, None, {k.title(): v for k, v in answer.getheaders()}, told)
    except TimeoutError:
        return Outcome(None, "timeout")
    except (OSError, http.client.HTTPException):
        return Outcome(None, "connection")
    finally:
        line.close()
