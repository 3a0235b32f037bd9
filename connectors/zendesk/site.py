"""One Zendesk account: who we are there, what its statuses, forms and users are, and how to page through it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from connectors.errors import HelpdeskError, Kind, Line
from connectors.http import Client
from connectors.signin import Fixed, basic, bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.settings import Account

    Json = Mapping[str, Any]

#: Zendesk shows so many tickets, users or audits at a time.
PER_PAGE: Final = 100
#: And so many rows of an export.
EXPORTED: Final = 1000
#: The name under which an update's metadata carries what is ours.
OURS: Final = "ombud"
#: The author of what triggers and automations do.
SYSTEM: Final = -1
CLOSED: Final = "closed"
#: A page must not point at itself for ever.
_MOST_PAGES: Final = 10_000
_TABLE: Final = (
    Line((409, 409), Kind.refused, "It is judged again as it stands now"),
    Line((422, 422), Kind.refused, "See what the helpdesk says"),
)


class Site:
    """Hold the connection to one account."""

    def __init__(
        self,
        account: str,
        settings: Account,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        on_wait: Callable[[str, float], None] | None,
        authorizer: Authorizer | None = None,
    ) -> None:
        """Prepare the connection; nothing is asked yet."""
        self.account = account
        self.clock = clock
        told = settings.options.get("note_field")
        self.note_field = int(told) if told is not None else None
        self._base = settings.url.rstrip("/")
        self.client = Client(
            account,
            self._base,
            {},
            clock=clock,
            sleep=sleep,
            ca=settings.ca,
            proxy=settings.proxy,
            table=_TABLE,
            explain=said,
            on_wait=on_wait,
            authorizer=authorizer or Fixed(authorization(secrets)),
        )
        self._roles: dict[int, Json] = {}

    @cached_property
    def me(self) -> int:
        """Give our own user; raises `HelpdeskError` where nobody is signed in, which Zendesk answers with 200."""
        told = self.client.get("/api/v2/users/me").json()["user"]
        if told.get("id") is None:
            raise HelpdeskError(
                Kind.signin,
                self.account,
                "GET /api/v2/users/me",
                detail="nobody is signed in",
                remedy="Check the e-mail address and the token",
            )
        self._roles[int(told["id"])] = told
        return int(told["id"])

    @cached_property
    def statuses(self) -> dict[str, Json]:
        """Give the account's own statuses by id; none where its plan has none."""
        return {str(each["id"]): each for each in self._optional("custom_statuses")}

    @cached_property
    def forms(self) -> dict[str, str]:
        """Give the names of forms by id; none where the plan has none."""
        return {str(each["id"]): str(each["name"]) for each in self._optional("ticket_forms")}

    def _optional(self, name: str) -> list[Json]:
        try:
            return list(self.listed(name))
        except HelpdeskError as error:
            if error.kind in {Kind.permission, Kind.missing}:
                return []
            raise

    def listed(self, name: str) -> Iterator[Json]:
        """Give a list of settings: fields, forms, statuses, triggers, automations."""
        path: str | None = f"/api/v2/{name}"
        for _ in range(_MOST_PAGES):
            told = self.client.get(str(path), operation=f"GET /api/v2/{name}").json()
            yield from told[name]
            following = told.get("next_page")
            if not following:
                return
            path = self._local(str(following))

    def default_status(self, category: str) -> str:
        """Give the native status that stands for one of the system's words."""
        if category == CLOSED:
            return CLOSED
        for name, told in self.statuses.items():
            if told["status_category"] == category and told.get("default"):
                return name
        return category

    def category(self, status: str) -> str:
        """Give the system's word for a native status."""
        told = self.statuses.get(status)
        return status if told is None else str(told["status_category"])

    def audits(self, ticket: str) -> list[Json]:
        """Give a ticket's audits, oldest first; those of an archived ticket come all at once."""
        found: list[Json] = []
        params: dict[str, object] = {"page[size]": PER_PAGE}
        for _ in range(_MOST_PAGES):
            told = self.client.get(
                f"/api/v2/tickets/{ticket}/audits",
                params,
                operation="GET /api/v2/tickets/{id}/audits",
            ).json()
            found += told["audits"]
            # A next link is named where there is no next page; only this says so.
            meta = told.get("meta") or {}
            if not meta.get("has_more"):
                return sorted(found, key=lambda each: (each["created_at"], int(each["id"])))
            params["page[after]"] = meta["after_cursor"]
        raise HelpdeskError(
            Kind.broken, self.account, "GET /api/v2/tickets/{id}/audits", detail="pages repeat"
        )

    def ticket(self, name: str) -> Json | None:
        """Give one ticket; `None` where it is not shown."""
        try:
            told: Json = self.client.get(
                f"/api/v2/tickets/{name}", operation="GET /api/v2/tickets/{id}"
            ).json()["ticket"]
        except HelpdeskError as error:
            if error.kind in {Kind.missing, Kind.permission}:
                return None
            raise
        return told

    def know(self, users: Iterable[Json]) -> None:
        """Remember users that came beside tickets."""
        for each in users:
            self._roles[int(each["id"])] = each

    def meet(self, numbers: Iterable[int]) -> None:
        """Ask for users that are not known yet, a hundred at a time; those deleted stay unknown."""
        wanted = sorted({number for number in numbers if number > 0} - self._roles.keys())
        for start in range(0, len(wanted), PER_PAGE):
            part = wanted[start : start + PER_PAGE]
            names = ",".join(str(number) for number in part)
            self.know(
                self.client.get(
                    "/api/v2/users/show_many",
                    {"ids": names},
                    operation="GET /api/v2/users/show_many",
                ).json()["users"]
            )
            for number in part:
                self._roles.setdefault(number, {"id": number})

    def user(self, number: int) -> Json:
        """Give what is known of a user."""
        return self._roles.get(number, {"id": number})

    def display(self, ticket: str) -> str:
        """Give the address at which agents open a ticket, on the account's own origin."""
        return f"{self._base}/agent/tickets/{ticket}"

    def _local(self, address: str) -> str:
        """Give a vendor's link as a path on the account's own origin."""
        parts = urlsplit(address)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


def authorization(secrets: Mapping[str, str]) -> dict[str, str]:
    """Sign in by an API token, or by an OAuth access token where no e-mail address goes with it."""
    if not secrets.get("EMAIL"):
        return bearer(secrets["TOKEN"])
    return basic(f"{secrets['EMAIL']}/token", secrets["TOKEN"])


def said(content: bytes) -> str:
    """Read what Zendesk says from any of its four kinds of errors; the 422's details field by field."""
    told = json.loads(content)
    if not isinstance(told, dict):
        return ""
    error, details = told.get("error"), told.get("details")
    if isinstance(details, dict):
        lines = [
            str(each.get("description", ""))
            for name in sorted(details)
            for each in details[name]
            if isinstance(each, dict)
        ]
        return "; ".join(line for line in lines if line)[:500]
    if isinstance(error, dict):
        return f"{error.get('title', '')}: {error.get('message', '')}"[:500]
    if isinstance(told.get("errors"), list):
        return "; ".join(str(each.get("title", "")) for each in told["errors"])[:500]
    return str(told.get("description") or told.get("error_description") or error or "")[:500]
