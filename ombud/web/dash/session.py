"""Who is signed in: the cookie of a browser, and what of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.instant import DAY, HOUR, MINUTE
from ombud.store import SessionRow
from ombud.web.shield import Inside
from sync.access_secrets import digest_of, draw

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ombud.model.facts import Instant
    from ombud.store import StaffRow
    from sync.access_audit import Trail
    from sync.service import Service

#: The browser takes it back over TLS only, for this host only, and shows it to no script.
COOKIE: Final = "__Host-ombud"
#: Without TLS, on this machine alone.
NEAR_COOKIE: Final = "ombud"
#: When a session was seen last is noted so often.
_SEEN_EVERY: Final = MINUTE
_LONGEST: Final = 100
_near: Final = Inside(None)


class Begun(NamedTuple):
    """Hold a new session: what the browser keeps, and what we keep."""

    secret: str
    row: SessionRow


class Sessions:
    """Begin, find and end sessions."""

    def __init__(self, service: Service, trail: Trail) -> None:
        """Keep what is needed."""
        self._service = service
        self._access = service.store.access
        self._trail = trail
        told = service.settings.dashboard
        self._idle: Final = int(told.idle_hours * HOUR)
        self._longest: Final = int(told.longest_days * DAY)

    def begin(self, staff: StaffRow, request: Request) -> Begun:
        """Begin a session for one of the staff; the browser's former one ends."""
        now = self._service.now()
        secret = draw()
        until = now + self._longest
        if staff.until is not None:
            until = min(until, staff.until)
        row = SessionRow(digest_of(secret), staff.id, draw(), now, now, until)
        former = _secret(request)
        self._access.begin_session(row, instead=None if former is None else digest_of(former))
        return Begun(secret, row)

    def find(self, request: Request) -> tuple[SessionRow, StaffRow] | None:
        """Give a request's session and whose it is; `None` where nobody is signed in, or not any more."""
        secret = _secret(request)
        found = None if secret is None else self._access.signed_in(digest_of(secret))
        if found is None:
            return None
        row, staff = found
        now = self._service.now()
        if not self.holds(row, now) or not staff.let_in(now):
            return None
        if now - row.seen >= _SEEN_EVERY:
            self._trail.seen(row.id, now)
        return row, staff

    def holds(self, row: SessionRow, now: Instant) -> bool:
        """Tell whether a session has not ended by itself."""
        return now < row.until and now - row.seen < self._idle

    def end(self, row: SessionRow) -> None:
        """End a session."""
        self._access.end_session(row.id, row.staff)


def keep(response: Response, request: Request, begun: Begun) -> None:
    """Have the browser keep a session."""
    near = near_without_tls(request)
    response.set_cookie(
        NEAR_COOKIE if near else COOKIE,
        begun.secret,
        max_age=(begun.row.until - begun.row.created) // 1_000_000,
        path="/",
        secure=not near,
        httponly=True,
        samesite="lax",
    )


def drop(response: Response, request: Request) -> None:
    """Have the browser forget its session."""
    near = near_without_tls(request)
    response.delete_cookie(
        NEAR_COOKIE if near else COOKIE, path="/", secure=not near, httponly=True, samesite="lax"
    )


def near_without_tls(request: Request) -> bool:
    """Tell whether the browser speaks to this machine without TLS: everybody else must speak it."""
    return request.url.scheme == "http" and _near(request)


def _secret(request: Request) -> str | None:
    secret = request.cookies.get(NEAR_COOKIE if near_without_tls(request) else COOKIE)
    return secret if secret and len(secret) <= _LONGEST else None
