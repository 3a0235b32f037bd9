"""One's own account: where one is signed in, the password, API tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from ombud.web.dash.guard import Denied
from ombud.web.dash.session import keep
from ombud.web.dash.viewer import SCOPES
from sync.persons import Refused

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response

    from ombud.store import SessionRow
    from ombud.web.dash.guard import Guard
    from ombud.web.dash.viewer import Viewer

_PATH = "/account"
#: Days that a token lasts unless something else is asked for.
_USUAL_DAYS = 90
#: Characters by which a session is named in a form.
_NAMED = 16


class Account:
    """Show and change one's own account."""

    def __init__(self, guard: Guard) -> None:
        """Prepare."""
        self._guard = guard
        self._access = guard.service.store.access

    @property
    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route(_PATH, self.show, methods=["GET"]),
            Route(f"{_PATH}/password", self.set_password, methods=["POST"]),
            Route(f"{_PATH}/sessions/end", self.end_session, methods=["POST"]),
            Route(f"{_PATH}/tokens", self.make_token, methods=["POST"]),
            Route(f"{_PATH}/tokens/revoke", self.revoke_token, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show it."""

        async def shown(viewer: Viewer) -> Response:
            return await run_in_threadpool(self._page, request, viewer)

        return await self._guard.opened(request, "read", shown)

    async def set_password(self, request: Request) -> Response:
        """Take a new password, from whoever knows the old one."""

        async def do(viewer: Viewer, form: FormData) -> Response:
            return await run_in_threadpool(self._set_password, request, viewer, form)

        return await self._guard.posted(request, "read", do)

    async def end_session(self, request: Request) -> Response:
        """Sign out somewhere else, or everywhere else."""

        async def do(viewer: Viewer, form: FormData) -> Response:
            return await run_in_threadpool(self._end_session, request, viewer, form)

        return await self._guard.posted(request, "read", do)

    async def make_token(self, request: Request) -> Response:
        """Make an API token, and show it this once."""

        async def do(viewer: Viewer, form: FormData) -> Response:
            return await run_in_threadpool(self._make_token, request, viewer, form)

        return await self._guard.posted(request, "token_make", do)

    async def revoke_token(self, request: Request) -> Response:
        """Have an API token let nobody in any more."""

        async def do(viewer: Viewer, form: FormData) -> Response:
            self._session(request)
            token = str(form.get("token", ""))
            await run_in_threadpool(self._guard.tokens.revoke, token, viewer.id)
            return RedirectResponse(_PATH, status_code=303)

        return await self._guard.posted(request, "read", do)

    def _set_password(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        guard, session = self._guard, self._session(request)
        row = self._access.by_id(viewer.id)
        if row is None or not guard.service.settings.dashboard.passwords:
            raise Denied(403, "There is no password to change")
        old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
        if row.password is not None:
            # Whoever found an open browser must not guess at leisure.
            seconds = guard.by_login.wait(row.login) or guard.by_login.begin(row.login)
            if seconds:
                why = f"Too many tries failed. Try again in {seconds} seconds."
                return self._page(request, viewer, error=why, status=429)
            if not guard.roster.passwords.fits(row.password, old):
                guard.audit(request, viewer, "denied", "password")
                return self._page(request, viewer, error="The old password is wrong.", status=401)
            guard.by_login.clear(row.login)
        if new != again:
            return self._page(
                request, viewer, error="The new password was not repeated alike.", status=400
            )
        try:
            guard.roster.set_password(row.id, new, by=viewer.person, keep=session.id)
        except Refused as why:
            return self._page(request, viewer, error=f"{why}.", status=400)
        begun = guard.sessions.begin(row, request)
        answer = RedirectResponse(f"{_PATH}?done=password", status_code=303)
        keep(answer, request, begun)
        return answer

    def _end_session(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        here = self._session(request)
        named = str(form.get("session", ""))
        for each in self._access.sessions(viewer.id):
            if each.id != here.id and named in {"others", each.id[:_NAMED]}:
                self._access.end_session(each.id, viewer.id)
        return RedirectResponse(_PATH, status_code=303)

    def _make_token(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        self._session(request)
        scopes = [each for each in form.getlist("scope") if isinstance(each, str)]
        days = str(form.get("days", ""))
        try:
            made = self._guard.tokens.make(
                viewer.id,
                name=str(form.get("name", "")),
                scopes=scopes,
                days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
            )
        except Refused as why:
            return self._page(request, viewer, error=f"{why}.", status=400)
        # It stands in no address, and is not shown again.
        return self._page(request, viewer, made=made)

    def _session(self, request: Request) -> SessionRow:
        """Give the session; an API token may not change the account it belongs to."""
        session = self._guard.session(request)
        if session is None:
            raise Denied(403, "This takes a browser that is signed in, not an API token")
        return session

    def _page(
        self, request: Request, viewer: Viewer, *, error: str = "", made: str = "", status: int = 200
    ) -> Response:  # fmt: skip
        guard, here = self._guard, self._guard.session(request)
        now, told = guard.service.now(), guard.service.settings.dashboard
        row = self._access.by_id(viewer.id)
        sessions = [
            (each.id[:_NAMED], each, here is not None and each.id == here.id)
            for each in self._access.sessions(viewer.id)
            if guard.sessions.holds(each, now)
        ]
        return guard.framed(
            request,
            viewer,
            "account.html",
            "Your account",
            status=status,
            row=row,
            sessions=sessions,
            tokens=[(each, each.holds(now)) for each in self._access.tokens(viewer.id)],
            scopes=tuple(SCOPES),
            makes=viewer.may("token_make"),
            days=min(_USUAL_DAYS, told.token_days),
            longest=told.token_days,
            passwords=told.passwords,
            error=error,
            made=made,
            done=request.query_params.get("done") == "password",
        )
