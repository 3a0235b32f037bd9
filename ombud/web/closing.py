"""The page "Can I close this?": for agents, opened by the address in a ticket's note, read from the store alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ombud.model.instant import SECOND
from ombud.store import Hint, StoreError
from ombud.web.keeping import Full
from ombud.web.pages import page
from ombud.web.shield import nothing
from sync.note import points
from sync.page import PAGES, opened, outlook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.web.keeping import Keeping
    from sync.live.pulse import Pulse
    from sync.service import Service

#: Who asks again within so long asks for the same look.
_SAME_LOOK: Final = 5 * SECOND
_LONGEST: Final = 200


class Closing:
    """Show a ticket's page, and have the ticket looked at again."""

    def __init__(self, service: Service, pulses: Mapping[str, Pulse], keeping: Keeping) -> None:
        """Prepare."""
        self._service = service
        self._pulses = pulses
        self._keeping = keeping

    @property
    def routes(self) -> list[Route]:
        """Give the routes."""
        path = f"{PAGES}{{account}}/{{ticket}}"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.look_again, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the page; whoever has no key for it sees nothing."""
        ref = self._opened(request)
        return nothing() if ref is None else await run_in_threadpool(self._show, ref)

    async def look_again(self, request: Request) -> Response:
        """Have the ticket looked at, as if a hook had told of it."""
        ref = self._opened(request)
        if ref is None:
            return nothing()
        now = self._service.now()
        try:
            await self._keeping.keep([Hint(ref, f"page {ref.id} {now // _SAME_LOOK}", now)])
        except (Full, StoreError):
            return Response(status_code=503, headers={"retry-after": "5"})
        return RedirectResponse(f"{request.url.path}?{request.url.query}", status_code=303)

    def _opened(self, request: Request) -> Ref | None:
        account, ticket = request.path_params["account"], request.path_params["ticket"]
        key = request.query_params.get("k", "")
        if max(len(account), len(ticket), len(key)) > _LONGEST:
            return None
        return opened(self._service.settings, self._service.store, account, ticket, key)

    def _show(self, ref: Ref) -> Response:
        try:
            found = outlook(self._service, ref)
            waits, looked = self._service.store.live.last_look(ref)
        except StoreError:
            return Response(status_code=503, headers={"retry-after": "5"})
        if found is None:
            return page("unknown.html")
        return page(
            "closing.html",
            found=found,
            zone=found.zone,
            tongue=found.tongue,
            says=found.tongue.on_page,
            points=points,
            waits=waits,
            read=self._read(ref.account, looked),
            link=_link(found.url),
        )

    def _read(self, account: str, looked: Instant | None) -> Instant | None:
        """Give as of when the helpdesk was asked for what changed; `None` where this process did not ask yet."""
        pulse = self._pulses.get(account)
        swept = pulse.last_sweep if pulse is not None else None
        return max(filter(None, (swept, looked)), default=None)


def _link(url: str) -> str:
    """Give an address of the helpdesk's that may be followed; "" for any other."""
    try:
        return url if urlsplit(url).scheme in {"http", "https"} else ""
    except ValueError:
        return ""
