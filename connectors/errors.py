"""What can go wrong with a helpdesk: six kinds, told apart by a table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(StrEnum):
    """Say what sort of trouble it is, which decides what is done about it."""

    signin = "signin"
    """Nobody is signed in: everything stops until somebody mends it."""
    permission = "permission"
    """The account may not do this."""
    missing = "missing"
    """Not there, or hidden from us: the vendors do not say which."""
    refused = "refused"
    """Understood and refused: trying the same again is of no use."""
    busy = "busy"
    """Unreachable or limiting: to be tried again later."""
    broken = "broken"
    """The answer cannot be understood."""


class HelpdeskError(Exception):
    """Say what went wrong with which account; without secrets and without personal data.

    Attributes:
        kind: one of the six.
        account: the account.
        operation: what was asked, as method and path template.
        status: the HTTP status, if there was an answer.
        detail: what the helpdesk said.
        remedy: what to do.
        retry_after: seconds after which the helpdesk asks to be tried again.
        uncertain: whether it was a write that may or may not have happened.

    """

    def __init__(
        self,
        kind: Kind,
        account: str,
        operation: str,
        *,
        status: int | None = None,
        detail: str = "",
        remedy: str = "",
        retry_after: float | None = None,
        uncertain: bool = False,
    ) -> None:
        """Keep what is known."""
        self.kind = kind
        self.account = account
        self.operation = operation
        self.status = status
        self.detail = detail
        self.remedy = remedy
        self.retry_after = retry_after
        self.uncertain = uncertain
        answer = f" answered {status}" if status is not None else ""
        # Helpdesks end some of their sentences with a full stop, and some not.
        why = (detail or kind.value).rstrip().removesuffix(".")
        super().__init__(f"{account}: {operation}{answer}: {why}. {remedy}".strip())


class ConfigurationError(ValueError):
    """Refuse an account's settings before anything is sent."""


@dataclass(frozen=True, slots=True)
class Line:
    """Map statuses to a kind of trouble and its remedy.

    Attributes:
        statuses: HTTP statuses, first and last.
        kind: what sort of trouble it is.
        remedy: what to do.

    """

    statuses: tuple[int, int]
    kind: Kind
    remedy: str


#: The common table; a vendor's own lines come first.
TABLE: Final = (
    Line(
        (300, 399),
        Kind.signin,
        "Sign-in pages and other sites answer with redirects: check the url and the credentials",
    ),
    Line(
        (401, 401),
        Kind.signin,
        "Check the credentials in the environment or in .env, and that they have not expired",
    ),
    Line(
        (403, 403),
        Kind.permission,
        "Give the account the permission; `ombud accounts check` lists what is needed for what",
    ),
    Line(
        (404, 404), Kind.missing, "It was deleted, moved or hidden; or the url names another site"
    ),
    Line((410, 410), Kind.broken, "The vendor has switched this interface off: update Ombud"),
    Line((408, 408), Kind.busy, "Try again later"),
    Line((425, 425), Kind.busy, "Try again later"),
    Line(
        (429, 429),
        Kind.busy,
        "The vendor limits how often it is asked; it is tried again by itself",
    ),
    Line((400, 499), Kind.refused, "See what the helpdesk said"),
    Line((500, 599), Kind.busy, "The helpdesk is in trouble; it is tried again by itself"),
)


def line_of(status: int, table: Sequence[Line] = ()) -> Line | None:
    """Give the first line that speaks of a status; `None` for an answer that is fine."""
    for line in (*table, *TABLE):
        first, last = line.statuses
        if first <= status <= last:
            return line
    return None
