"""What was just done, said on the page that follows: only in our own words, so it is marked by the session it is for."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask

_LENGTH: Final = 32


def mark_of(csrf: str, notice: str) -> str:
    """Give the mark of a notice within one session: nobody outside knows what makes it."""
    return hmac.new(csrf.encode(), notice.encode(), "sha256").hexdigest()[:_LENGTH]


def marked(answer: Response, csrf: str) -> Response:
    """Mark the notice in an answer's redirection, if it has one."""
    location = answer.headers.get("location", "")
    told = parse_qs(urlsplit(location).query).get("notice")
    if told and csrf:
        answer.headers["location"] = f"{location}&mark={mark_of(csrf, told[-1])}"
    return answer


def notice_of(ask: Ask) -> str | None:
    """Give what was just done; nothing for words that somebody else wrote into an address."""
    told = ask.view("notice")
    given = ask.view("mark")
    fits = bool(told and ask.csrf) and hmac.compare_digest(
        given.encode(), mark_of(ask.csrf, told).encode()
    )
    return told if fits else None
