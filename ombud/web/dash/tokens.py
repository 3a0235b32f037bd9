"""API tokens: made by somebody signed in, shown once, and never able to do more than whoever made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.instant import DAY, MINUTE
from ombud.store import TokenRow, name_of
from ombud.web.dash.viewer import SCOPES
from sync.access_secrets import digest_of, draw
from sync.persons import Refused
from sync.staff import cleaned

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request

    from ombud.store import StaffRow
    from sync.access_audit import Trail
    from sync.service import Service

#: Stands before every token, so that one in the wrong place is recognised.
PREFIX: Final = "ombud_"
#: When a token was used last is noted so often.
_USED_EVERY: Final = MINUTE
_BEARER: Final = "bearer"
_LONGEST: Final = 200
#: Tokens that somebody may hold at a time.
_MOST: Final = 50


class Tokens:
    """Make, find and revoke API tokens."""

    def __init__(self, service: Service, trail: Trail) -> None:
        """Keep what is needed."""
        self._service = service
        self._access = service.store.access
        self._trail = trail

    def make(self, staff: str, *, name: str, scopes: Collection[str], days: int) -> str:
        """Make a token and give it; it cannot be shown again.

        Args:
            staff: whose, by identifier.
            name: what it is for.
            scopes: of read, export, write.
            days: how long it lasts.

        Raises:
            Refused: something is not right.

        """
        name, longest = cleaned(name), self._service.settings.dashboard.token_days
        if not name:
            raise Refused("A token has a name: say what it is for")
        if not scopes or not set(scopes) <= set(SCOPES):
            raise Refused(f"A token is for some of {', '.join(SCOPES)}")
        if not 1 <= days <= longest:
            raise Refused(f"A token lasts for 1 to {longest} days")
        now = self._service.now()
        if sum(each.holds(now) for each in self._access.tokens(staff)) >= _MOST:
            raise Refused(f"You have {_MOST} tokens. Revoke one that is not needed any more")
        secret = f"{PREFIX}{draw()}"
        told = " ".join(each for each in SCOPES if each in scopes)
        sha256 = digest_of(secret)
        row = TokenRow(name_of("token", sha256), sha256, staff, name, told, now, now + days * DAY)
        self._access.put_token(row)
        return secret

    def find(self, request: Request) -> tuple[TokenRow, StaffRow] | None:
        """Give the token that a request brings and whose it is; `None` where it lets nobody in."""
        secret = brought(request)
        if not secret or len(secret) > _LONGEST or not secret.startswith(PREFIX):
            return None
        found = self._access.by_token(digest_of(secret))
        if found is None:
            return None
        row, staff = found
        now = self._service.now()
        if (
            not row.holds(now)
            or not staff.let_in(now)
            or not set(row.scopes.split()) <= set(SCOPES)
        ):
            return None
        if row.used is None or now - row.used >= _USED_EVERY:
            self._trail.used(row.id, now)
        return row, staff

    def revoke(self, name: str, staff: str) -> bool:
        """Have one of somebody's tokens let nobody in any more; tell whether there was one."""
        return self._access.revoke_token(name, staff, self._service.now())


def brought(request: Request) -> str | None:
    """Give what a request brings as a token; `None` where it brings none."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    return told.strip() if scheme.lower() == _BEARER else None
