"""How programs are told that something is not answered as they asked: one form for every error (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

#: Everything that is for programs stands under it.
API: Final = "/api/"
#: Media type of every error that programs get.
MEDIA: Final = "application/problem+json"


def problem(
    status: int,
    detail: str,
    *,
    problems: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Give an error for programs.

    Args:
        status: the answer's status.
        detail: a sentence that says why, and what to do.
        problems: each thing that is wrong with the request, where there may be several.
        headers: further headers.

    """
    told = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "problems": list(problems),
    }
    return JSONResponse(told, status, dict(headers or {}), MEDIA)
