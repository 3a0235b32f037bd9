"""Sign in: by password, by a link that works once, by OpenID Connect; the first time by a code; and sign out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from ombud.settings import secret
from ombud.store import StoreError
from ombud.web.dash.guard import SETUP, SIGN_IN, Denied, bounded, local
from ombud.web.dash.oidc import Oidc, Unvouched
from ombud.web.dash.session import COOKIE, NEAR_COOKIE, drop, keep, near_without_tls
from ombud.web.shield import nothing
from sync.access_vouched import vouched
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response

    from ombud.store import StaffRow
    from ombud.web.dash.guard import Guard

#: What the issuer's secret is called, in the environment or in .env.
OIDC_SECRET: Final = "OMBUD_OIDC_SECRET"  # noqa: S105 (a variable's name)
_CALLBACK: Final = "/signin/callback"
_AWAY_SECONDS: Final = 600
_WRONG: Final = "Login or password is wrong."
_NOT_HERE: Final = (
    "This form was not sent from this site. Open the page again, and send it from there"
)
_log = logging.getLogger(__name__)


class SignIn:
    """Let people in and out."""

    def __init__(self, guard: Guard) -> None:
        """Prepare."""
        self._guard = guard
        self._service = guard.service
        self._told = guard.service.settings.dashboard
        oidc = self._told.oidc
        held = None if oidc is None else secret(OIDC_SECRET, guard.service.settings.folder)
        self._oidc = None if oidc is None else Oidc(oidc, held, guard.service.now)

    @property
    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route(SIGN_IN, self._calm(self.show), methods=["GET"]),
            Route(SIGN_IN, self._calm(self.by_password), methods=["POST"]),
            Route("/signin/once", self._calm(self.by_link), methods=["GET"]),
            Route("/signin/oidc", self._calm(self.leave), methods=["GET"]),
            Route(_CALLBACK, self._calm(self.come_back), methods=["GET"]),
            Route("/signout", self._calm(self.sign_out), methods=["POST"]),
            Route(SETUP, self._calm(self.show_setup), methods=["GET"]),
            Route(SETUP, self._calm(self.set_up), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the form; whoever is signed in goes on."""
        path = local(request.query_params.get("next"))
        if await run_in_threadpool(self._guard.viewer, request) is not None:
            return RedirectResponse(path, status_code=303)
        if self._guard.near(request) and not await run_in_threadpool(lambda: self._guard.staffed):
            return RedirectResponse(SETUP, status_code=303)
        return self._page(request, path)

    async def by_password(self, request: Request) -> Response:
        """Take a login and a password."""
        if not self._told.passwords:
            return nothing()
        form = await self._form(request)
        path = local(_text(form, "next"))
        return await run_in_threadpool(
            self._by_password, request, _text(form, "login"), _text(form, "password"), path
        )

    def _by_password(self, request: Request, login: str, password: str, path: str) -> Response:
        guard = self._guard
        name, address = login.strip().casefold()[:200], guard.address(request)
        seconds = max(guard.by_login.wait(name), guard.by_address.wait(address))
        # Counted before the hash is reckoned, or many tries at once would all be the first.
        seconds = seconds or guard.by_login.begin(name) or guard.by_address.begin(address)
        if seconds:
            return self._page(
                request,
                path,
                error=f"Too many tries failed. Try again in {_span(seconds)}.",
                status=429,
                wait=seconds,
            )
        row = guard.service.store.access.by_login(name)
        known = row is not None and row.let_in(guard.service.now())
        held = row.password if row is not None and known else None
        if not guard.roster.passwords.fits(held, password) or row is None or held is None:
            guard.trail.note(None if row is None else row.id, "denied", SIGN_IN, "password")
            _log.warning("a sign-in failed", extra={"address": address})
            return self._page(request, path, error=_WRONG, status=401)
        guard.by_login.clear(name)
        guard.by_address.undo(address)
        if guard.roster.passwords.weak(held):
            guard.roster.renew_hash(row.id, password)
        return self._let_in(request, row, "password", path)

    async def by_link(self, request: Request) -> Response:
        """Take a link that works once."""
        if request.method != "GET":
            # Whoever only looks whether it is there must not use it up.
            return nothing()
        code = request.query_params.get("code", "")
        row = await run_in_threadpool(self._guard.roster.by_link, code)
        path = local(request.query_params.get("next"))
        if row is None:
            error = "This link does not work, or not any more: it does once, within five minutes."
            return self._page(request, path, error=error, status=401)
        return await run_in_threadpool(self._let_in, request, row, "link", path)

    async def leave(self, request: Request) -> Response:
        """Lead a browser to the issuer."""
        base = self._guard.base(request)
        if self._oidc is None or request.method != "GET":
            return nothing()
        path = local(request.query_params.get("next"))
        if base is None:
            error = "Nothing tells the address that people come back to. Set [serve] url."
            return self._page(request, path, error=error, status=409)
        try:
            start = await run_in_threadpool(self._oidc.start, f"{base}{_CALLBACK}", path)
        except Unvouched as why:
            return self._unvouched(request, why)
        answer = RedirectResponse(start.address, status_code=303)
        near = near_without_tls(request)
        answer.set_cookie(
            _away(request),
            start.kept,
            max_age=_AWAY_SECONDS,
            path="/",
            secure=not near,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def come_back(self, request: Request) -> Response:
        """Take somebody back from the issuer."""
        if self._oidc is None or request.method != "GET":
            return nothing()
        return await run_in_threadpool(self._come_back, request, self._oidc)

    def _come_back(self, request: Request, oidc: Oidc) -> Response:
        kept = request.cookies.get(_away(request), "")
        try:
            claims, path = oidc.finish(dict(request.query_params), kept)
            row = vouched(self._service, self._guard.roster, oidc.told, claims)
        except Unvouched as why:
            answer = self._unvouched(request, why)
        except Refused as why:
            self._guard.trail.note(None, "denied", SIGN_IN, "oidc")
            answer = self._page(request, "/", error=f"{why}.", status=403)
        else:
            answer = self._let_in(request, row, "oidc", local(path))
        answer.delete_cookie(
            _away(request), path="/", secure=not near_without_tls(request), httponly=True
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        viewer = await run_in_threadpool(self._guard.viewer, request)
        session = self._guard.session(request)
        answer = RedirectResponse(SIGN_IN, status_code=303)
        if viewer is not None and session is not None:
            self._guard.check_form(request, await _read(request), viewer)
            await run_in_threadpool(self._guard.sessions.end, session)
            await run_in_threadpool(self._guard.audit, request, viewer, "signin", "signed out")
            drop(answer, request)
        return answer

    async def show_setup(self, request: Request) -> Response:
        """Show the form that makes the first of the staff; only this machine sees it, and only while there is none."""
        if not self._guard.near(request) or await run_in_threadpool(lambda: self._guard.staffed):
            return nothing()
        return self._setup(request, {"code": request.query_params.get("code", "")})

    async def set_up(self, request: Request) -> Response:
        """Make the first of the staff."""
        if not self._guard.near(request) or await run_in_threadpool(lambda: self._guard.staffed):
            return nothing()
        return await run_in_threadpool(self._set_up, request, await self._form(request))

    def _set_up(self, request: Request, form: FormData) -> Response:
        told = {name: _text(form, name) for name in ("code", "login", "name")}
        try:
            row = self._guard.roster.make_first(**told, password=_text(form, "password"))
        except Refused as why:
            return self._setup(request, told, error=f"{why}.", status=400)
        return self._let_in(request, row, "setup", "/")

    def _let_in(self, request: Request, row: StaffRow, how: str, path: str) -> Response:
        begun = self._guard.sessions.begin(row, request)
        self._guard.trail.keep(row.id, "signin", SIGN_IN, how)
        answer = RedirectResponse(path, status_code=303)
        keep(answer, request, begun)
        return answer

    async def _form(self, request: Request) -> FormData:
        """Read a form that nobody is signed in for; raises `Denied` where another site sent it."""
        if not self._guard.from_here(request):
            raise Denied(403, _NOT_HERE)
        return await _read(request)

    def _unvouched(self, request: Request, why: Unvouched) -> Response:
        _log.warning("a sign-in by OpenID Connect failed: %s", why)
        self._guard.trail.note(None, "denied", SIGN_IN, "oidc")
        error = "Signing in there did not work. Try again; the log of Ombud says why."
        return self._page(request, "/", error=error, status=502)

    def _page(
        self, request: Request, path: str, *, error: str = "", status: int = 200, wait: int = 0
    ) -> Response:
        oidc = self._told.oidc
        answer = self._guard.framed(
            request,
            None,
            "signin.html",
            "Sign in",
            status=status,
            path=path,
            error=error,
            passwords=self._told.passwords,
            vouching="" if oidc is None else oidc.name,
            leave=f"/signin/oidc?{urlencode({'next': path})}",
            insecure=self._insecure(request),
        )
        if wait:
            answer.headers["retry-after"] = str(wait)
        return answer

    def _setup(
        self, request: Request, told: Mapping[str, str], *, error: str = "", status: int = 200
    ) -> Response:
        return self._guard.framed(
            request,
            None,
            "setup.html",
            "Set up the dashboard",
            status=status,
            told={"code": "", "login": "", "name": ""} | dict(told),
            error=error,
        )

    @staticmethod
    def _insecure(request: Request) -> bool:
        """Tell whether the browser will keep no session, as far as anything tells: without TLS it keeps none."""
        proxied = "x-forwarded-proto" in request.headers or "forwarded" in request.headers
        return request.url.scheme == "http" and not near_without_tls(request) and not proxied

    def _calm(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:  # fmt: skip
        """Turn what goes wrong into an answer."""

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Denied as denied:
                return self._guard.refusal(request, denied)
            except StoreError as error:
                return self._guard.refusal(
                    request, Denied(503, f"The database does not answer: {error}")
                )

        return answered


async def _read(request: Request) -> FormData:
    async with bounded(request).form(max_files=0, max_fields=20) as form:
        return form


def _text(form: FormData, name: str) -> str:
    told = form.get(name)
    return told if isinstance(told, str) else ""


def _away(request: Request) -> str:
    """Give the name of the cookie of somebody who is at the issuer."""
    return f"{NEAR_COOKIE if near_without_tls(request) else COOKIE}-away"


def _span(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
