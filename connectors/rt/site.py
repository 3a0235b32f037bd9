"""One Request Tracker: who we are there, which fields are ours, and how to page through it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.http import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ombud.model.clock import Clock
    from ombud.settings import Account

    Json = Mapping[str, Any]

#: RT gives no more at a time, whatever is asked for.
PER_PAGE: Final = 100
#: Rows are filtered after paging: so many empty pages in a row are an end.
_EMPTY_PAGES: Final = 3
#: RT itself, as the author of what its scrips do.
SYSTEM: Final = "RT_System"
NOBODY: Final = "Nobody"
TRANSACTION_FIELDS: Final = "Type,Field,OldValue,NewValue,Creator,Created,ObjectType,ObjectId,Data"
TICKET_FIELDS: Final = (
    "Status,Created,LastUpdated,Queue,Owner,Creator,Requestor,Cc,CustomFields,Subject"
)


@dataclass(frozen=True, slots=True)
class OurFields:
    """Name the custom fields that are ours, by their names.

    Attributes:
        flags: takes several of our tags.
        note: takes the living text.
        key: takes the digest of the text and the keys of our writes.

    """

    flags: str
    note: str
    key: str

    @property
    def names(self) -> frozenset[str]:
        """Give the three names."""
        return frozenset((self.flags, self.note, self.key))


class Site:
    """Hold the connection to one server."""

    def __init__(
        self,
        account: str,
        settings: Account,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        on_wait: Callable[[str, float], None] | None,
    ) -> None:
        """Prepare the connection; nothing is asked yet."""
        self.account = account
        options = settings.options
        self.user = str(options.get("user", "ombud"))
        self.ours = OurFields(
            flags=str(options.get("flags_field", "Ombud flags")),
            note=str(options.get("note_field", "Ombud note")),
            key=str(options.get("key_field", "Ombud key")),
        )
        base = settings.url.rstrip("/").removesuffix("/REST/2.0")
        self.client = Client(
            account,
            f"{base}/REST/2.0",
            {"Authorization": f"token {secrets['TOKEN']}"},
            clock=clock,
            sleep=sleep,
            ca=settings.ca,
            proxy=settings.proxy,
            explain=_said,
            on_wait=on_wait,
        )
        self._base = base

    def display(self, ticket: str) -> str:
        """Give the address at which people open a ticket, on the account's own origin."""
        return f"{self._base}/Ticket/Display.html?id={ticket}"

    def pages(
        self, path: str, params: Mapping[str, object], operation: str
    ) -> Iterator[list[Json]]:
        """Page through a collection until it stays empty: totals are hidden from ordinary users."""
        page, empty = 1, 0
        while empty < _EMPTY_PAGES:
            told = self.client.get(
                path, {**params, "per_page": PER_PAGE, "page": page}, operation=operation
            ).json()
            rows: list[Json] = told["items"]
            if rows:
                empty = 0
                yield rows
            else:
                empty += 1
            if told.get("total") is not None and page >= int(told.get("pages") or 0):
                return
            page += 1

    def transactions(self, query: str) -> Iterator[list[Json]]:
        """Give transactions of tickets by ascending id: ids only grow, and one stream serves every ticket."""
        params = {
            "query": f"ObjectType = 'RT::Ticket' AND {query}",
            "orderby": "id",
            "order": "ASC",
            "fields": TRANSACTION_FIELDS,
        }
        yield from self.pages("/transactions", params, "GET /transactions")

    def history(self, ticket: str) -> list[Json]:
        """Give a ticket's whole history, that of tickets merged into it too."""
        params = {"fields": TRANSACTION_FIELDS}
        return [
            row
            for rows in self.pages(f"/ticket/{ticket}/history", params, "GET /ticket/{id}/history")
            for row in rows
        ]

    def tickets(self, query: str) -> Iterator[list[Json]]:
        """Give tickets by ascending id; deleted and merged ones are never among them."""
        params = {
            "query": query,
            "orderby": "id",
            "order": "ASC",
            "fields": TICKET_FIELDS,
            "fields[Queue]": "Name,Lifecycle",
        }
        yield from self.pages("/tickets", params, "GET /tickets")

    def body(self, transaction: str) -> str:
        """Give the text of a message; it is read for its markers and forgotten."""
        parts: list[str] = []
        found = self.client.get(
            f"/transaction/{transaction}/attachments",
            {"fields": "ContentType", "per_page": PER_PAGE},
            operation="GET /transaction/{id}/attachments",
        ).json()
        for each in found["items"]:
            if not str(each.get("ContentType", "")).startswith("text/"):
                continue
            told = self.client.get(
                f"/attachment/{each['id']}", operation="GET /attachment/{id}"
            ).json()
            parts.append(decoded(told.get("Content") or ""))
        return "\n".join(parts)


def decoded(content: str) -> str:
    """Read an attachment's content, which RT sends as base64."""
    import base64

    return base64.b64decode(content).decode("utf-8", "replace")


def quoted(text: str) -> str:
    """Quote a text for TicketSQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _said(content: bytes) -> str:
    told = json.loads(content)
    return str(told.get("message", ""))[:500] if isinstance(told, dict) else ""
