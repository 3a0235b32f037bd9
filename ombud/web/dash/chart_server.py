"""Charts as pages of their own: /chart/<name>.svg, .png and .json, with the page's filter, a theme and a width.

A chart sees what its page's reader sees: the same question, with the same groups, makes both.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from starlette.responses import JSONResponse, Response

from ombud.web.dash.charts import Look, to_png, to_svg
from ombud.web.dash.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from ombud.web.dash.ask import Ask
    from ombud.web.dash.charts import Spec

#: Narrowest and widest picture, in pixels; a width is rounded, so that few are ever drawn.
_WIDTHS: Final = (240, 1600)
_STEP: Final = 10
_USUAL: Final = 1032


def chart_pages(name: str, draw: Callable[[Ask, Look], Spec]) -> tuple[Page, ...]:
    """Give the addresses of one chart, to be put among the pages: as SVG, PNG and Vega-Lite."""
    return tuple(
        Page(f"/chart/{name}.{kind}", "", "", partial(_show, kind, name, draw))
        for kind in ("svg", "png", "json")
    )


def look_of(ask: Ask) -> Look:
    """Read theme and width from an address (`theme`, and `size` in pixels); what is not understood is the usual."""
    told = ask.view("size")
    width = int(told) if told.isascii() and told.isdigit() and len(told) < 6 else _USUAL
    low, high = _WIDTHS
    width = min(max(width, low), high)
    theme: Literal["light", "dark"] = "dark" if ask.view("theme") == "dark" else "light"
    return Look(theme, width - width % _STEP if width != _USUAL else width)


def _show(kind: str, name: str, draw: Callable[[Ask, Look], Spec], ask: Ask) -> Response:
    return drawn(kind, name, draw(ask, look_of(ask)))


def drawn(kind: str, name: str, spec: Spec) -> Response:
    """Give a specification as svg, png or json."""
    if kind == "json":
        return JSONResponse(spec)
    # Opened by itself, a picture loads nothing and runs nothing.
    headers = {
        "content-security-policy": "default-src 'none'; style-src 'none'; frame-ancestors 'none'; sandbox",
        "content-disposition": f'inline; filename="{name}.{kind}"',
    }
    if kind == "png":
        return Response(to_png(spec), media_type="image/png", headers=headers)
    return Response(to_svg(spec), media_type="image/svg+xml", headers=headers)
