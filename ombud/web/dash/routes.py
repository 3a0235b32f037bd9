"""Where each page of the dashboard is, what it needs, and how a request becomes a question to a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from ombud.store import StoreError
from ombud.web.dash.api import METHODS, api_pages, refuse_method
from ombud.web.dash.ask import Ask
from ombud.web.dash.frame import failed, preparing, refused
from ombud.web.dash.notice import marked
from ombud.web.dash.pages import FORMS, PAGES
from ombud.web.dash.problem import API, problem
from ombud.web.dash.views import views_of
from sync.book import Progress
from sync.filters import BadFilter, read_filter
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from ombud.model.facts import Instant
    from ombud.store.book import Book
    from ombud.web.dash.guard import Guard
    from ombud.web.dash.page import Form, Page
    from ombud.web.dash.viewer import Viewer
    from sync.book import Bookkeeper
    from sync.filters import Asking
    from sync.live.pulse import Pulse
    from sync.service import Service

_LATER: Final = {"retry-after": "5"}


@dataclass(frozen=True)
class Dashboard:
    """Answer requests for pages and forms."""

    service: Service
    keeper: Bookkeeper
    guard: Guard
    pulses: Mapping[str, Pulse]

    @property
    def pages(self) -> Sequence[Page]:
        """Give every page, in the order of the rail."""
        return PAGES

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Give every route: pages, forms, and those of signing in."""
        found: list[BaseRoute] = list(self.guard.routes)
        pages = (*PAGES, *api_pages())
        found += [Route(page.path, self._shows(page), methods=["GET"]) for page in pages]
        found += [Route(form.path, self._does(form), methods=["POST"]) for form in FORMS]
        found.append(Route(f"{API}{{rest:path}}", refuse_method, methods=METHODS))
        return found

    def ask(self, request: Request, viewer: Viewer) -> Ask | Progress:
        """Make a request a question; give how far the book of a past day is, until it is there.

        Raises:
            BadFilter: the address asks for something that is not understood.

        """
        now = self.service.now()
        book = self.keeper.book
        asking = self._read(request, viewer, book, now)
        if asking.known is not None:
            past = self.keeper.as_known(asking.known)
            if isinstance(past, Progress):
                return past
            book = past
            # Rules have other numbers in another book.
            asking = self._read(request, viewer, book, now)
        return Ask(
            request, viewer, asking, book, self.keeper, self.service, self.pulses, now,
            self.guard.csrf_of(request), PAGES, views_of(self.service, viewer),
        )  # fmt: skip

    def _read(self, request: Request, viewer: Viewer, book: Book, now: Instant) -> Asking:
        return read_filter(
            request.query_params.multi_items(),
            rules=book.rules,
            now=now,
            zone=viewer.zone,
            groups=viewer.groups,
            desks=frozenset(bound.mapping.tzinfo.key for bound in self.service.bounds),
        )

    def _shows(self, page: Page) -> Callable[[Request], object]:
        async def show(request: Request) -> Response:
            return await self.guard.opened(request, page.action, partial(self._show, page, request))

        return show

    def _does(self, form: Form) -> Callable[[Request], object]:
        async def do(request: Request) -> Response:
            return await self.guard.posted(request, form.action, partial(self._do, form, request))

        return do

    async def _show(self, page: Page, request: Request, viewer: Viewer) -> Response:
        return await run_in_threadpool(self._answer, request, viewer, page.show)

    async def _do(self, form: Form, request: Request, viewer: Viewer, told: FormData) -> Response:
        return await run_in_threadpool(
            self._answer, request, viewer, lambda ask: marked(form.do(ask, told), ask.csrf)
        )

    def _answer(
        self, request: Request, viewer: Viewer, show: Callable[[Ask], Response]
    ) -> Response:
        machine = request.url.path.startswith(API)
        try:
            ask = self.ask(request, viewer)
            if isinstance(ask, Progress):
                if machine:
                    far = f": {ask.done} of {ask.total} complaints" if ask.total else ""
                    detail = f"What was known then is being judged{far}. Ask again"
                    return problem(503, detail, headers=_LATER)
                return preparing(self, request, viewer, ask)
            return show(ask)
        except BadFilter as error:
            if machine:
                return problem(400, "Some words are not understood", problems=error.problems)
            return refused(self, request, viewer, error.problems)
        except Refused as error:
            if machine:
                return problem(409, str(error))
            return refused(self, request, viewer, [str(error)], status=409)
        except StoreError as error:
            if machine:
                return problem(503, str(error), headers=_LATER)
            return failed(self, request, viewer, str(error))
