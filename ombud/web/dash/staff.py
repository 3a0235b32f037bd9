"""The staff: who may look, as what, until when; and what each of them looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from ombud.model.instant import instant_of, moment
from ombud.web.dash.guard import Denied
from sync.persons import Refused
from sync.staff import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response

    from ombud.model.facts import Instant
    from ombud.web.dash.guard import Guard
    from ombud.web.dash.viewer import Viewer

_PATH = "/staff"
#: What a line of the audit trail is -> what the tab calls it.
_KINDS = {
    "page": "Pages",
    "export": "Exports",
    "act": "Acts",
    "signin": "Sign-ins",
    "denied": "Denied",
}
_TABS = (("", "All"), *_KINDS.items())
_LINES = 200


class StaffPages:
    """Show and change the staff."""

    def __init__(self, guard: Guard) -> None:
        """Prepare."""
        self._guard = guard
        self._access = guard.service.store.access

    @property
    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route(_PATH, self.show, methods=["GET"]),
            Route(_PATH, self._does(self._add), methods=["POST"]),
            Route(f"{_PATH}/audit", self.audit, methods=["GET"]),
            Route(f"{_PATH}/{{staff}}", self._does(self._change), methods=["POST"]),
            Route(f"{_PATH}/{{staff}}/disable", self._does(self._disable), methods=["POST"]),
            Route(f"{_PATH}/{{staff}}/enable", self._does(self._enable), methods=["POST"]),
            Route(f"{_PATH}/{{staff}}/link", self._does(self._link), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the staff."""

        async def shown(viewer: Viewer) -> Response:
            return await run_in_threadpool(self._page, request, viewer)

        return await self._guard.opened(request, "log_read", shown)

    async def audit(self, request: Request) -> Response:
        """Show who looked at what, the newest first."""

        async def shown(viewer: Viewer) -> Response:
            return await run_in_threadpool(self._audit, request, viewer)

        return await self._guard.opened(request, "log_read", shown)

    def _audit(self, request: Request, viewer: Viewer) -> Response:
        told = request.query_params
        of, what, before = told.get("staff", ""), told.get("what", ""), told.get("before", "")
        what = what if what in _KINDS else ""
        whole = before.isascii() and before.isdigit() and len(before) < 19
        self._guard.trail.flush()
        lines = self._access.audited(
            of=of or None,
            what=what or None,
            before=int(before) if whole else None,
            most=_LINES,
        )
        return self._guard.framed(
            request,
            viewer,
            "staff_audit.html",
            "Who looked at what",
            lines=lines,
            names={row.id: row.name for row in self._access.staff()},
            tabs=[(_address(each, of), name, "", each == what) for each, name in _TABS],
            of=of,
            older=_address(what, of, lines[-1][0]) if len(lines) == _LINES else "",
        )

    def _add(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        row = self._guard.roster.add(
            _text(form, "login"),
            name=_text(form, "name"),
            role=_text(form, "role"),
            by=viewer.person,
            person=_text(form, "person") or None,
            groups=_groups(form),
            zone=_text(form, "zone") or None,
            until=self._until(form, viewer),
        )
        return self._linked(request, viewer, row.id)

    def _change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        until = self._until(form, viewer)
        self._guard.roster.change(
            _whose(request),
            by=viewer.person,
            role=_text(form, "role"),
            groups=_groups(form) or (),
            until=until,
            endless=until is None,
        )
        return RedirectResponse(_PATH, status_code=303)

    def _disable(self, request: Request, viewer: Viewer, _form: FormData) -> Response:
        self._guard.roster.disable(_whose(request), by=viewer.person)
        return RedirectResponse(_PATH, status_code=303)

    def _enable(self, request: Request, viewer: Viewer, _form: FormData) -> Response:
        self._guard.roster.enable(_whose(request), by=viewer.person)
        return RedirectResponse(_PATH, status_code=303)

    def _link(self, request: Request, viewer: Viewer, _form: FormData) -> Response:
        return self._linked(request, viewer, _whose(request))

    def _linked(self, request: Request, viewer: Viewer, staff: str) -> Response:
        link = self._guard.roster.link(staff, by=viewer.person)
        return self._page(
            request, viewer, link=f"{self._guard.base(request) or ''}{link}", of=staff
        )

    def _does(
        self, do: Callable[[Request, Viewer, FormData], Response]
    ) -> Callable[[Request], object]:
        async def posted(request: Request) -> Response:
            async def act(viewer: Viewer, form: FormData) -> Response:
                return await run_in_threadpool(self._done, do, request, viewer, form)

            return await self._guard.posted(request, "staff_manage", act)

        return posted

    def _done(
        self,
        do: Callable[[Request, Viewer, FormData], Response],
        request: Request,
        viewer: Viewer,
        form: FormData,
    ) -> Response:
        try:
            return do(request, viewer, form)
        except Refused as why:
            return self._page(request, viewer, error=f"{why}.", status=409)

    def _until(self, form: FormData, viewer: Viewer) -> Instant | None:
        """Read an end: the end of a day, as the reader counts it."""
        told = _text(form, "until")
        if not told:
            return None
        at = instant_of(told, viewer.zone, day_end=True)
        if at is None:
            raise Refused(f"{told!r} is no date. Write the year first, as in 2026-12-31")
        return at

    def _page(
        self,
        request: Request,
        viewer: Viewer,
        *,
        error: str = "",
        link: str = "",
        of: str = "",
        status: int = 200,
    ) -> Response:
        now = self._guard.service.now()
        staff = [
            (
                row,
                self._guard.roster.person(row),
                row.let_in(now),
                "" if row.until is None else f"{moment(row.until, viewer.zone):%Y-%m-%d}",
            )
            for row in self._access.staff()
        ]
        return self._guard.framed(
            request,
            viewer,
            "staff.html",
            "Staff",
            status=status,
            staff=staff,
            roles=ROLES,
            manages=viewer.may("staff_manage"),
            error=error,
            link=link,
            linked=next((row.name for row, *_ in staff if row.id == of), ""),
        )


def _address(what: str, of: str, before: int | None = None) -> str:
    told = {"what": what, "staff": of, "before": "" if before is None else str(before)}
    query = urlencode({name: value for name, value in told.items() if value})
    return f"{_PATH}/audit?{query}" if query else f"{_PATH}/audit"


def _whose(request: Request) -> str:
    return str(request.path_params["staff"])


def _text(form: FormData, name: str) -> str:
    told = form.get(name)
    if told is not None and not isinstance(told, str):
        raise Denied(400, f"{name} is a file")
    return (told or "").strip()


def _groups(form: FormData) -> list[str] | None:
    told = [each.strip() for each in _text(form, "groups").split(",") if each.strip()]
    return told or None
