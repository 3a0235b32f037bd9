"""The application that `ombud serve` serves: the door, health, figures, pages, and where the dashboard comes in."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ombud.web.closing import Closing
from ombud.web.dash.problem import API, problem
from ombud.web.door import Door
from ombud.web.ears import Ears
from ombud.web.figures import Figures
from ombud.web.keeping import Keeping
from ombud.web.pages import STATIC
from ombud.web.shield import Inside, Shield, nothing
from ombud.web.state import State
from sync.hooks import DOOR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ombud.model.hook import Ear
    from sync.live.pulse import Pulse
    from sync.service import Service


def make_app(
    service: Service,
    ears: Callable[[], Mapping[str, tuple[str, str, Ear]]],
    pulses: Mapping[str, Pulse],
    wake: Callable[[str], None],
    *,
    token: str | None = None,
    mounts: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """Put the application together; raises `StoreError` where the hooks cannot be looked up.

    Args:
        service: what everything is asked of.
        ears: gives whose each secret path is.
        pulses: how each account fares.
        wake: told an account for which a hint was kept.
        token: opens figures and reasons to whoever brings it; without, they are for this machine alone.
        mounts: the dashboard's routes.

    """
    figures = Figures()
    figures.watch(service, pulses)
    keeping = Keeping(service.store.live.put_hints, wake, took=figures.commit.observe)
    figures.queue(lambda: keeping.waiting)
    heard = Ears(ears)
    inside = Inside(token)
    state = State(service, pulses, heard, figures, inside)

    @asynccontextmanager
    async def alive(_app: Starlette) -> AsyncIterator[None]:
        fresh = asyncio.create_task(heard.keep_fresh())
        try:
            yield
        finally:
            fresh.cancel()
            with suppress(asyncio.CancelledError):
                await fresh
            keeping.close()

    routes = [
        Route("/health/live", state.live),
        Route("/health/ready", state.ready),
        Route("/metrics", inside.only(state.metrics)),
        *Closing(service, pulses, keeping).routes,
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/status", inside.only(state.front)),
        *mounts,
    ]
    pages = Starlette(
        routes=routes,
        exception_handlers={404: _nothing, 405: _nothing, 500: _broken},
        lifespan=alive,
    )
    return before(Door(heard, keeping, figures, service.now), Shield(pages))


def before(door: ASGIApp, others: ASGIApp) -> ASGIApp:
    """Have hooks go to the door, and everything else to others."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        to_door = scope["type"] == "http" and scope["path"].startswith(DOOR)
        await (door if to_door else others)(scope, receive, send)

    return app


async def _broken(request: Request, _error: Exception) -> Response:
    """Say that a mistake of ours kept a request from being answered, and nothing of what it was."""
    said = "Something went wrong here. The log of ombud serve says what"
    if request.url.path.startswith(API):
        return problem(500, said)
    return PlainTextResponse(f"{said}.", 500)


async def _nothing(_request: Request, _error: Exception) -> Response:
    return nothing()
