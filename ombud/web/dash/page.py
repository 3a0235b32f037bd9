"""What a page and a form of the dashboard are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask


class Page(NamedTuple):
    """Name a page.

    Attributes:
        path: where it is.
        title: what the rail and the heading call it; "" where the rail leaves it out.
        group: the rail's group; "" stands at the top.
        show: answers.
        action: what its reader has to be allowed.

    """

    path: str
    title: str
    group: str
    show: Callable[[Ask], Response]
    action: str = "read"


class Form(NamedTuple):
    """Name what a form does: where it is sent, who may, and what comes of it."""

    path: str
    action: str
    do: Callable[[Ask, FormData], Response]
