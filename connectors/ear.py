"""What all ears share: signatures compared in constant time, instants held to a window, bodies read cheaply."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

import orjson

from ombud.model.hook import Unheard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.facts import Instant

#: No helpdesk's ticket has a longer number.
_LONGEST_ID: Final = 20


def verify(secret: str, told: bytes | None, *parts: bytes) -> None:
    """Hold a signature against the HMAC-SHA256 of what was signed, in constant time.

    Raises:
        Unheard: "unsigned" where there is none or nothing to sign with, "forged" where it is another.

    """
    # Anybody can sign with an empty secret.
    if told is None or not secret:
        raise Unheard("unsigned")
    if not hmac.compare_digest(keyed(secret, *parts), told):
        raise Unheard("forged")


def keyed(secret: str, *parts: bytes) -> bytes:
    """Give the HMAC-SHA256 of parts that follow one another."""
    return hmac.digest(secret.encode(), b"".join(parts), "sha256")


def within(told: Instant, now: Instant, *, before: int, after: int) -> None:
    """Refuse what was signed longer ago than `before`, or further ahead than `after`, in microseconds.

    Raises:
        Unheard: "stale".

    """
    if not now - before <= told <= now + after:
        raise Unheard("stale")


def parsed(body: bytes) -> Mapping[str, Any]:
    """Read a body that must be a JSON object; raises `Unheard` ("malformed").

    The reader gives up at a depth of 1,024 instead of following a body down.
    """
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unheard("malformed") from error
    if not isinstance(told, dict):
        raise Unheard("malformed")
    return told


def part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give a part of a body that may be missing; raises `Unheard` ("malformed") where it is no object."""
    found = told.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unheard("malformed")
    return found


def number(told: object) -> str:
    """Read a ticket's number, which vendors write as a number or as a text; raises `Unheard` ("malformed")."""
    text = str(told) if isinstance(told, int) and not isinstance(told, bool) else told
    if isinstance(text, str) and len(text) <= _LONGEST_ID and text.isascii() and text.isdigit():
        return text
    raise Unheard("malformed")


def digest(*parts: bytes) -> str:
    """Name a delivery by what it says."""
    return hashlib.sha256(b"".join(parts)).hexdigest()
