"""One Request Tracker: who we are there, which fields are ours, and how to page through it."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.http import Client
from connectors.signin import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.settings import Account

    Json = Mapping[str, Any]

#: RT gives no more at a time, whatever is asked for.
PER_PAGE: Final = 100
#: So many empty pages in a row are taken for the end.
_EMPTY_PAGES: Final = 3
#: Pages of transactions looked through for one that we may see, before tickets are asked instead.
_FAR: Final = 3
#: RT itself, as the author of what its scrips do.
SYSTEM: Final = "RT_System"
NOBODY: Final = "Nobody"
TRANSACTION_FIELDS: Final = "Type,Field,OldValue,NewValue,Creator,Created,ObjectType,ObjectId,Data"
TICKET_FIELDS: Final = (
    "Status,Created,LastUpdated,Queue,Owner,Creator,Requestor,Cc,CustomFields,Subject"
)


#: What RT calls the ways in by which staff write on screen or by the API; mail comes by another.
_BY_HAND: Final = frozenset({"web", "mobile", "rest", "rest2"})
_WAY: Final = re.compile(r"^X-RT-Interface:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
#: Asks for the texts of a message, and for what wraps them, which names the way it came.
_TEXTS: Final = json.dumps(
    [
        {"field": "ContentType", "operator": "LIKE", "value": "text/"},
        {
            "field": "ContentType",
            "operator": "LIKE",
            "value": "multipart/",
            "entry_aggregator": "OR",
        },
    ]
)
_QUOTED: Final = re.compile(r"\s*(<(div|p)[^>]*>\s*)*<(blockquote|pre|code)\b", re.IGNORECASE)
_LINE: Final = re.compile(r"<br\s*/?>|</(p|div|h\d|li)>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Body:
    """Hold what a message says while it is read.

    Attributes:
        text: all its text parts, for markers.
        begins: its first part as plain text.
        by_hand: whether it was written on screen or by the API, by RT's own word.

    """

    text: str
    begins: str
    by_hand: bool


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
        authorizer: Authorizer | None = None,
    ) -> None:
        """Prepare the connection; nothing is asked yet."""
        self.account = account
        self.clock = clock
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
            {},
            clock=clock,
            sleep=sleep,
            ca=settings.ca,
            proxy=settings.proxy,
            explain=_said,
            on_wait=on_wait,
            authorizer=authorizer or Fixed({"Authorization": f"token {secrets['TOKEN']}"}),
        )
        self._base = base

    def display(self, ticket: str) -> str:
        """Give the address at which people open a ticket, on the account's own origin."""
        return f"{self._base}/Ticket/Display.html?id={ticket}"

    def pages(
        self,
        path: str,
        params: Mapping[str, object],
        operation: str,
        *,
        most: int | None = None,
    ) -> Iterator[list[Json]]:
        """Page through a collection to its end, or through so many pages at most.

        Ordinary users are not told how many rows there are, and those they may not see are taken out after
        paging: an empty page need not be the end, and several in a row are taken for it where nobody knows
        better. Whoever knows the last row stops there, and says how many pages it may be away.
        """
        page, empty = 1, 0
        while empty < _EMPTY_PAGES if most is None else page <= most:
            told = self.client.get(
                path, {**params, "per_page": PER_PAGE, "page": page}, operation=operation
            ).json()
            rows: list[Json] = told["items"]
            empty = 0 if rows else empty + 1
            yield rows
            if told.get("total") is not None and page >= int(told.get("pages") or 0):
                return
            page += 1

    def transactions(
        self, query: str, *, order: str = "ASC", most: int | None = None
    ) -> Iterator[list[Json]]:
        """Give transactions of tickets by id: ids only grow, and one stream serves every ticket."""
        params = {
            "query": f"ObjectType = 'RT::Ticket' AND {query}",
            "orderby": "id",
            "order": order,
            "fields": TRANSACTION_FIELDS,
        }
        yield from self.pages("/transactions", params, "GET /transactions", most=most)

    def newest(self) -> list[Json]:
        """Give the newest transactions of tickets that we may see, the newest first; one at least, if there are any."""
        looked = self.transactions("id > 0", order="DESC", most=_FAR)
        return next((rows for rows in looked if rows), None) or self._newest_by_ticket()

    def _newest_by_ticket(self) -> list[Json]:
        """Give the newest transaction of the ticket changed last: a search leaves out what we may not see."""
        params = {"query": "id > 0", "orderby": "LastUpdated", "order": "DESC", "per_page": 1}
        found = self.client.get("/tickets", params, operation="GET /tickets").json()["items"]
        return self.history(str(found[0]["id"]))[:1] if found else []

    def since(self, transaction: int) -> Iterator[list[Json]]:
        """Give what came after a transaction, oldest first.

        The newest are asked for first: they tell where to stop, and mostly they are all there is.
        """
        tail = self.newest()[::-1]
        known = int(tail[0]["id"]) if tail else 0
        if known > transaction:
            # No more rows can lie between two ids than there are ids, whoever may see them.
            most = (known - transaction) // PER_PAGE + 1
            query = f"id > {transaction} AND id <= {known}"
            for rows in self.transactions(query, most=most):
                if rows:
                    yield rows
                if rows and int(rows[-1]["id"]) == known:
                    break
        left = [row for row in tail if int(row["id"]) > max(transaction, known)]
        if left:
            yield left

    def history(self, ticket: str, *, since: int | None = None) -> list[Json]:
        """Give a ticket's whole history, newest first, that of tickets merged into it too.

        With `since`, what is newer than that transaction, and perhaps some of what is not. It is read from
        the newest back: that transaction, or the creation of every ticket in it, is its end.
        """
        found: list[Json] = []
        params = {"fields": TRANSACTION_FIELDS, "orderby": "id", "order": "DESC"}
        for rows in self.pages(f"/ticket/{ticket}/history", params, "GET /ticket/{id}/history"):
            found += rows
            if since is not None and rows and int(rows[-1]["id"]) <= since:
                break
            born = {row["ObjectId"] for row in found if row["Type"] == "Create"}
            if found and all(row["ObjectId"] in born for row in found):
                break
        return found

    def tickets(self, query: str, *, links: bool = False) -> Iterator[list[Json]]:
        """Give tickets by ascending id, with their links if asked; deleted and merged ones are never among them."""
        params = {
            "query": query,
            "orderby": "id",
            "order": "ASC",
            "fields": f"{TICKET_FIELDS},_hyperlinks" if links else TICKET_FIELDS,
            "fields[Queue]": "Name,Lifecycle",
        }
        yield from self.pages("/tickets", params, "GET /tickets")

    def body(self, transaction: str) -> Body:
        """Give the text of a message; it is read for its markers, and for a word to us, and forgotten.

        One call gives its text parts, and not the pictures and files that came with it.
        """
        found = self.client.get(
            f"/transaction/{transaction}/attachments",
            {
                "fields": "ContentType,Headers,Content,Filename",
                "query": _TEXTS,
                "per_page": PER_PAGE,
            },
            operation="GET /transaction/{id}/attachments",
        ).json()["items"]
        texts = [each for each in found if str(each.get("ContentType")).startswith("text/")]
        own: Json = next((each for each in texts if not each.get("Filename")), {})
        begins = str(own.get("Content") or "")
        if str(own.get("ContentType")).startswith("text/html"):
            begins = _unmarked(begins)
        ways = (_WAY.search(str(each.get("Headers") or "")) for each in found)
        way = next((told[1].lower() for told in ways if told), "")
        text = "\n".join(str(each.get("Content") or "") for each in texts)
        return Body(text, begins, way in _BY_HAND)


def quoted(text: str) -> str:
    """Quote a text for TicketSQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _said(content: bytes) -> str:
    told = json.loads(content)
    return str(told.get("message", ""))[:500] if isinstance(told, dict) else ""


def _unmarked(text: str) -> str:
    """Read a text in HTML as far as its first line matters; nothing where it begins with a quotation."""
    if _QUOTED.match(text):
        return ""
    return html.unescape(_TAG.sub("", _LINE.sub("\n", text))).strip()
