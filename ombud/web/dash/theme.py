"""A reader's choice of light or dark, kept in a cookie that says nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse

from ombud.web.dash.frame import THEMES
from ombud.web.dash.guard import local
from ombud.web.dash.session import near_without_tls
from sync.persons import Refused

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask

_YEAR: Final = 365 * 24 * 60 * 60


def choose(ask: Ask, form: FormData) -> Response:
    """Keep a theme for a year and lead back to the page it was chosen on."""
    theme, back = form.get("theme"), form.get("back")
    if not isinstance(theme, str) or theme not in THEMES:
        raise Refused("Choose auto, light or dark")
    answer = RedirectResponse(local(back if isinstance(back, str) else None), status_code=303)
    answer.set_cookie(
        "theme", theme, max_age=_YEAR, path="/", secure=not near_without_tls(ask.request), httponly=True, samesite="lax",
    )  # fmt: skip
    return answer
