"""What stands before every route of the dashboard: who asks, whether they may, and a line for the audit trail."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ombud.store import StoreError
from ombud.web.dash.alone import Alone, Framed
from ombud.web.dash.problem import API, problem
from ombud.web.dash.session import Sessions
from ombud.web.dash.tokens import Tokens, brought
from ombud.web.dash.viewer import Viewer
from ombud.web.shield import Inside
from sync.access_audit import Trail
from sync.access_limit import Limit
from sync.staff import Roster

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.datastructures import FormData
    from starlette.routing import BaseRoute
    from starlette.types import Message

    from ombud.store import SessionRow, StaffRow
    from sync.access_secrets import Passwords
    from sync.service import Service

SIGN_IN: Final = "/signin"
SETUP: Final = "/setup"
#: Bytes of a form; a file of survey answers may be larger.
_FORM: Final = 1 << 20
_FILE: Final = 20 << 20
_LONGEST_NEXT: Final = 4_000
_log = logging.getLogger(__name__)


class Denied(Exception):
    """Say why a request is not answered as it asked: a status, and a sentence without a full stop."""

    def __init__(self, status: int, why: str) -> None:
        """Keep both."""
        super().__init__(why)
        self.status = status


class Guard:
    """Know who asks, and let through what they may."""

    def __init__(self, service: Service, *, passwords: Passwords | None = None) -> None:
        """Prepare; nothing is read yet.

        Args:
            service: what everything is asked of.
            passwords: makes and verifies passwords; Argon2id by its library's parameters without.

        """
        self.service = service
        self.trail = Trail(service.store.access, service.now)
        self.sessions = Sessions(service, self.trail)
        self.tokens = Tokens(service, self.trail)
        self.roster = Roster(service, passwords)
        self.near = Inside(None)
        #: Failed sign-ins: of a login, wherever they come from, and from an address, whatever they are for.
        self.by_login = Limit(5, service.now)
        self.by_address = Limit(30, service.now)
        #: Puts a page into its frame, with the rail where there is one.
        self.framed: Framed = Alone(service)
        self._proxies = [ipaddress.ip_network(p) for p in service.settings.dashboard.proxies]
        self._staffed = False

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Give the routes of signing in, of one's own account, and of the staff."""
        # They need the guard.
        from ombud.web.dash.account import Account
        from ombud.web.dash.signin import SignIn
        from ombud.web.dash.staff import StaffPages

        return [*SignIn(self).routes, *Account(self).routes, *StaffPages(self).routes]

    def close(self) -> None:
        """Keep what waits for the audit trail."""
        self.trail.close()

    def viewer(self, request: Request) -> Viewer | None:
        """Give who asks, by API token or else by session; `None` for nobody. Asks the database."""
        state = request.state
        if not hasattr(state, "ombud_viewer"):
            state.ombud_session, state.ombud_viewer = self._found(request)
        found: Viewer | None = state.ombud_viewer
        return found

    @staticmethod
    def session(request: Request) -> SessionRow | None:
        """Give the session that `viewer` found; `None` for an API token."""
        found: SessionRow | None = getattr(request.state, "ombud_session", None)
        return found

    @classmethod
    def csrf_of(cls, request: Request) -> str:
        """Give what stands in each form as `csrf`; "" where nobody is signed in."""
        session = cls.session(request)
        return "" if session is None else session.csrf

    async def opened(
        self, request: Request, action: str, show: Callable[[Viewer], Awaitable[Response]]
    ) -> Response:
        """Answer a GET for whoever may; others are led to sign in, or told that they may not.

        Args:
            request: the request.
            action: what it takes; an export's line in the audit trail is kept for good before it is answered.
            show: makes the answer; it may set `request.state.rows`, the complaints that it shows.

        """
        try:
            viewer = await run_in_threadpool(self.viewer, request)
            if viewer is None:
                return await run_in_threadpool(self.led, request)
            self._check(request, viewer, action)
            answer = await show(viewer)
            # What cannot be kept in the audit trail is not shown.
            what = "export" if action == "export" else "page"
            await run_in_threadpool(self.audit, request, viewer, what)
        except Denied as denied:
            return self.refusal(request, denied)
        except StoreError as error:
            return _failed(request, error)
        return answer

    async def posted(
        self,
        request: Request,
        action: str,
        do: Callable[[Viewer, FormData], Awaitable[Response]],
    ) -> Response:
        """Answer a POST for whoever may, where the form is one of ours and was sent from one of our pages.

        Args:
            request: the request.
            action: what it takes.
            do: acts, and answers.

        """
        try:
            viewer = await run_in_threadpool(self.viewer, request)
            if viewer is None:
                # What they meant to send is lost: the page before is what they want to see again.
                return await run_in_threadpool(self.led, request)
            self._check(request, viewer, action)
            async with bounded(request).form(max_files=1, max_fields=1_000) as form:
                self.check_form(request, form, viewer)
                await run_in_threadpool(self.audit, request, viewer, "act", action)
                return await do(viewer, form)
        except Denied as denied:
            return self.refusal(request, denied)
        except StoreError as error:
            return _failed(request, error)

    def check_form(self, request: Request, form: Mapping[str, object], viewer: Viewer) -> None:
        """Refuse a form that was not sent from a page of ours to whom it was shown; raises `Denied`.

        A program with an API token sends no cookie that others could make it send: its forms need no mark.
        """
        if viewer.scopes is not None:
            return
        told, wanted = form.get("csrf"), self.csrf_of(request)
        fits = isinstance(told, str) and wanted and hmac.compare_digest(told.encode(), wanted.encode())  # fmt: skip
        if not (self.from_here(request) and fits):
            self.trail.note(viewer.id, "denied", request.url.path, "not sent from a page of this session")  # fmt: skip
            raise Denied(
                403, "This form is out of date, or was not sent from this site. Open the page again"
            )

    def from_here(self, request: Request) -> bool:
        """Tell whether a browser says that a page of ours sent a request; one that says nothing is not believed."""
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None and site != "same-origin":
            return False
        # Pages that tell no referrer are told from by "null".
        if origin is None or origin == "null":
            return site is not None
        return self._ours(request, origin)

    def audit(
        self, request: Request, viewer: Viewer, what: str, query: str | None = None, rows: int | None = None
    ) -> None:  # fmt: skip
        """Have it kept who looked at what: pages within a moment, everything else before this returns.

        Args:
            request: the request.
            viewer: who asks.
            what: page, export, act, signin or denied.
            query: what was done; the address's own query without.
            rows: complaints shown or taken out; `request.state.rows` without.

        """
        put = self.trail.note if what in {"page", "denied"} else self.trail.keep
        told = request.url.query if query is None else query
        counted = getattr(request.state, "rows", None) if rows is None else rows
        put(viewer.id, what, request.url.path, told, counted)

    def led(self, request: Request) -> Response:
        """Give what somebody gets whom nobody knows: the way to sign in, or 401 for programs. Asks the database."""
        if for_programs(request):
            return problem(
                401,
                "Bring an API token, as Authorization: Bearer ombud_...",
                headers={"www-authenticate": 'Bearer realm="ombud"'},
            )
        if not self.staffed and self.near(request):
            return RedirectResponse(SETUP, status_code=303)
        told = request.url.path
        if request.method != "GET":
            told = _page_before(request)
        elif request.url.query:
            told += f"?{request.url.query}"
        told = local(told)
        return RedirectResponse(
            SIGN_IN if told == "/" else f"{SIGN_IN}?next={quote(told, safe='/')}", status_code=303
        )

    def refusal(self, request: Request, denied: Denied) -> Response:
        """Say why not."""
        if for_programs(request):
            return problem(denied.status, f"{denied}.")
        return self.framed(
            request,
            getattr(request.state, "ombud_viewer", None),
            "signin_denied.html",
            "Not done",
            status=denied.status,
            why=str(denied),
        )

    @property
    def staffed(self) -> bool:
        """Tell whether there is any staff; asks the database until there is."""
        self._staffed = self._staffed or self.service.store.access.anybody()
        return self._staffed

    def address(self, request: Request) -> str:
        """Give the address of who asks, by the word of a proxy that is trusted: the last it was told of.

        Of IPv6 it is the network of 64 bits, for whoever has one address there has them all.
        """
        direct = request.client.host if request.client is not None else ""
        told = request.headers.get("x-forwarded-for")
        if told is None or not self._trusts(direct):
            return _network(direct) or direct
        return _network(told.rpartition(",")[2].strip()) or direct

    def base(self, request: Request) -> str | None:
        """Give the address that people reach us by; `None` where nothing we believe tells it."""
        url = self.service.settings.serve.url
        if url is not None and not self.near(request):
            return url.rstrip("/")
        return f"http://{request.headers['host']}" if self.near(request) else None

    def of(self, staff: StaffRow, scopes: frozenset[str] | None = None) -> Viewer:
        """Give one of the staff as who asks."""
        return Viewer(
            staff.id,
            staff.name,
            staff.login,
            self.roster.person(staff),
            staff.role,
            staff.circle,
            self.service.zone if staff.zone is None else ZoneInfo(staff.zone),
            scopes,
        )

    def _found(self, request: Request) -> tuple[SessionRow | None, Viewer | None]:
        if brought(request) is not None:
            by_token = self.tokens.find(request)
            if by_token is None:
                return None, None
            token, staff = by_token
            return None, self.of(staff, frozenset(token.scopes.split()))
        found = self.sessions.find(request)
        return (None, None) if found is None else (found[0], self.of(found[1]))

    def _check(self, request: Request, viewer: Viewer, action: str) -> None:
        if viewer.may(action):
            return
        self.audit(request, viewer, "denied", f"{action} {request.url.query}".strip())
        who = f"as {viewer.role}" if viewer.scopes is None else "with this token"
        raise Denied(403, f"You may not do this {who}. Ask an admin")

    def _ours(self, request: Request, origin: str) -> bool:
        url = self.service.settings.serve.url
        if url is not None and origin == _origin(url):
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and parts.netloc == request.headers.get("host")

    def _trusts(self, address: str) -> bool:
        try:
            told = ipaddress.ip_address(address)
        except ValueError:
            return False
        return told.is_loopback or any(told in each for each in self._proxies)


def local(path: str | None) -> str:
    """Give a path of ours that somebody may be led to; "/" for anything that could lead elsewhere, or in a circle."""
    if not path or len(path) > _LONGEST_NEXT or not path.startswith("/") or path.startswith("//"):
        return "/"
    # Browsers read a backslash as a slash, and leave out what does not show.
    if "\\" in path or not path.isascii() or not path.isprintable():
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    circles = parts.path in {SETUP, "/signout"} or (parts.path + "/").startswith(f"{SIGN_IN}/")
    return "/" if parts.scheme or parts.netloc or circles else path


def for_programs(request: Request) -> bool:
    """Tell whether a program asks, who can make nothing of a page."""
    return request.url.path.startswith(API) or brought(request) is not None


def bounded(request: Request) -> Request:
    """Give a request whose body is refused once it is larger than a form may be; raises `Denied` as it is read."""
    many = request.headers.get("content-type", "").startswith("multipart/")
    most, size = _FILE if many else _FORM, 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > most:
            raise Denied(413, f"This is larger than {most >> 20} MiB")
        return message

    return Request(request.scope, receive)


def _failed(request: Request, error: StoreError) -> Response:
    _log.warning("%s could not be answered: %s", quote(request.url.path), error)
    later = {"retry-after": "5"}
    if for_programs(request):
        return problem(503, str(error), headers=later)
    return PlainTextResponse(f"The database does not answer: {error}", 503, later)


def _page_before(request: Request) -> str:
    """Give the page that a form was sent from."""
    told = request.headers.get("referer", "")
    try:
        parts = urlsplit(told)
    except ValueError:
        return "/"
    if parts.netloc != request.headers.get("host"):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _network(address: str) -> str:
    """Give an address of IPv4, or the network of one of IPv6; "" where it is neither."""
    try:
        told = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(told, ipaddress.IPv6Address):
        plain = told.ipv4_mapped
        return str(ipaddress.ip_network((told, 64), strict=False) if plain is None else plain)
    return str(told)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
