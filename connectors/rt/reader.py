"""Read Request Tracker: one stream of transactions for every ticket, histories where they are not stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import HelpdeskError, Kind
from connectors.rt.history import Story, instant_in, native_value
from connectors.rt.site import NOBODY, PER_PAGE, quoted
from ombud.model.connector import (
    UNSETTLED,
    Actual,
    Estimate,
    Gone,
    Link,
    Ours,
    Page,
    Reading,
    Seen,
)
from ombud.model.event import Nature, Ref
from ombud.model.instant import SECOND, instant
from ombud.model.mapping import STATUS
from ombud.model.mark import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connectors.rt.site import Site
    from ombud.model.connector import Interest, Schema
    from ombud.model.event import Native

    Json = Mapping[str, Any]

#: Ids are taken before they are committed: so many before the last one seen are looked at again.
OVERLAP: Final = 50
#: Transactions taken together: a page of changed tickets.
WINDOW: Final = 20
#: A look within so long of a change may have come before another change of the same second.
_UNSETTLED: Final = 5 * SECOND


@dataclass(frozen=True, slots=True)
class _Preview:
    """Hold what a sweep saw of a ticket: the ticket, and its transactions since the last sweep, if it read them."""

    ticket: Json
    rows: tuple[Json, ...] = ()

    @property
    def enough(self) -> bool:
        """Tell whether the rows are all that is new: a ticket that changed queues is read whole."""
        moved = any(row["Type"] == "Set" and row["Field"] == "Queue" for row in self.rows)
        return bool(self.rows) and not moved


@dataclass(slots=True)
class Reader:
    """Read one server."""

    site: Site

    def changed(self, cursor: str | None, interest: Interest, schema: Schema) -> Iterator[Page]:
        """List tickets changed since the cursor, by the stream of transactions; at first, whole queues."""
        if cursor is None:
            yield from self._first(interest, schema)
            return
        last = int(json.loads(cursor)["transaction"])
        rows: list[Json] = []
        for number, page in enumerate(self.site.since(max(last - OVERLAP, 0)), 1):
            rows.extend(page)
            if number % WINDOW == 0:
                last = max(last, *(int(row["id"]) for row in rows))
                yield self._page(rows, last, schema)
                rows = []
        last = max([last, *(int(row["id"]) for row in rows)])
        yield self._page(rows, last, schema)

    def _first(self, interest: Interest, schema: Schema) -> Iterator[Page]:
        """List whole queues; the stream goes on from the transaction that was the newest before."""
        newest = self.newest()
        queues = " OR ".join(f"Queue = {quoted(name)}" for name in interest.projects) or "id > 0"
        for tickets in self.site.tickets(queues, links=schema.links):
            seen = [
                Seen(
                    self._ref(str(each["id"])),
                    str(each["id"]),
                    str(each["LastUpdated"]),
                    self.facets(each),
                    _Preview(each),
                )
                for each in tickets
            ]
            yield Page(tuple(seen), "")
        yield Page((), json.dumps({"transaction": newest}))

    def newest(self) -> int:
        """Give the newest transaction of a ticket that we can see."""
        return max((int(row["id"]) for row in self.site.newest()), default=0)

    def _page(self, rows: Sequence[Json], last: int, schema: Schema) -> Page:
        by_ticket: dict[str, list[Json]] = {}
        for row in rows:
            by_ticket.setdefault(str(row["ObjectId"]), []).append(row)
        seen: list[Seen] = []
        for ticket in self._tickets(list(by_ticket), schema):
            asked = str(ticket["asked"])
            told = by_ticket[asked]
            revision = str(max(int(row["id"]) for row in told))
            preview = _Preview(ticket, tuple(told))
            seen.append(Seen(self._ref(asked), asked, revision, self.facets(ticket), preview))
        return Page(tuple(seen), json.dumps({"transaction": last}))

    def look(self, refs: Sequence[Ref], schema: Schema) -> Iterator[Seen]:
        """Look at named tickets."""
        for ticket in self._tickets([ref.id for ref in refs], schema):
            asked = str(ticket["asked"])
            revision = str(ticket["LastUpdated"])
            if instant_in(revision) > instant(self.site.clock.now()) - _UNSETTLED:
                revision += UNSETTLED
            # A look gives no transactions: the history is read whole.
            yield Seen(
                self._ref(asked),
                asked,
                revision,
                self.facets(ticket),
                _Preview(ticket),
            )

    def _tickets(self, names: Sequence[str], schema: Schema) -> Iterator[Json]:
        """Give tickets, those too that no search shows because they were merged or deleted."""
        for start in range(0, len(names), PER_PAGE):
            part = names[start : start + PER_PAGE]
            found: set[str] = set()
            query = " OR ".join(f"id = {int(name)}" for name in part)
            for tickets in self.site.tickets(query, links=schema.links):
                for ticket in tickets:
                    found.add(str(ticket["id"]))
                    yield {**ticket, "asked": str(ticket["id"])}
            for name in part:
                hidden = self.ticket(name) if name not in found else None
                if hidden is not None:
                    yield {**hidden, "asked": name}

    def ticket(self, name: str) -> Json | None:
        """Give one ticket as it is, with what it was merged into in its place; `None` where it is not shown."""
        try:
            answer = self.site.client.get(
                f"/ticket/{name}", {"fields[Queue]": "Name"}, operation="GET /ticket/{id}"
            )
        except HelpdeskError as error:
            if error.kind in {Kind.missing, Kind.permission}:
                return None
            raise
        told: dict[str, Any] = answer.json()
        told["etag"] = (answer.headers.get("ETag") or "").strip('W/"')
        return told

    def estimate(self, cursor: str | None, interest: Interest) -> Estimate:
        """Foretell a sweep: a history for each ticket at first, a page for each hundred transactions later."""
        if cursor is not None:
            count = max(self.newest() - int(json.loads(cursor)["transaction"]), 0)
            return Estimate(None, 4 + count // 80, (4 + count // 80) * 0.3)
        queues = " OR ".join(f"Queue = {quoted(name)}" for name in interest.projects) or "id > 0"
        told = self.site.client.get("/tickets", {"query": queues, "per_page": 1}).json()
        tickets = int(told.get("total") or 0)
        return Estimate(tickets, tickets + tickets // PER_PAGE + 3, tickets * 0.3)

    def read(self, seen: Sequence[Seen], schema: Schema) -> Iterator[Reading]:
        """Read tickets: only what is new where the rest is stored, else their whole history."""
        for each in seen:
            try:
                yield self._read(each, schema)
            except (KeyError, TypeError, ValueError) as error:
                yield Reading(
                    each.ref,
                    None,
                    gone=Gone.malformed,
                    detail=f"not understood: {type(error).__name__}",
                )

    def _read(self, seen: Seen, schema: Schema) -> Reading:
        preview = seen.preview if isinstance(seen.preview, _Preview) else None
        ticket = preview.ticket if preview is not None else self.ticket(seen.ref.id)
        if ticket is None:
            return Reading(
                seen.ref,
                None,
                gone=Gone.unreachable,
                detail="not shown: deleted, or hidden from us",
            )
        if str(ticket["id"]) != seen.ref.id:
            return Reading(
                seen.ref, None, gone=Gone.merged, into=self._ref(str(ticket["id"])), detail="merged"
            )
        if ticket["Status"] == "deleted":
            return Reading(seen.ref, None, gone=Gone.deleted, detail="deleted")
        whole = preview is None or not preview.enough or not seen.stored
        rows: Sequence[Json] = (
            self.site.history(seen.ref.id) if whole or preview is None else preview.rows
        )
        return self.reading(seen, ticket, rows, schema, whole=whole)

    def reading(
        self, seen: Seen, ticket: Json, rows: Sequence[Json], schema: Schema, *, whole: bool
    ) -> Reading:
        """Turn a ticket and its transactions into a reading."""
        story = Story(self.site, ticket, rows, schema, self.site.body)
        current = {
            name: value
            for name, value in self.values(ticket).items()
            if name in schema.fields | {STATUS, "owner"}
        }
        state = self.state(ticket)
        newest = str(max((int(row["id"]) for row in rows), default=0))
        since = story.linked()
        people = {}
        for user in (*(ticket.get("Requestor") or ()), *(ticket.get("Cc") or ())):
            people[str(user["id"])] = {"email": str(user["id"])}
        actual = Actual(
            ref=seen.ref,
            key=seen.ref.id,
            url=self.site.display(seen.ref.id),
            revision=newest,
            head=story.head(),
            theirs=story.head(theirs=True),
            status=str(ticket["Status"]),
            facets=self.facets(ticket),
            fields={name: value for name, (value, _) in current.items()},
            natures={name: nature for name, (_, nature) in current.items()},
            edges=None,
            ours=replace(state, moved_back=story.moved_back()),
            links=frozenset(
                Link(str(each["ref"]), self._ref(str(each["id"])), since.get(str(each["id"])))
                for each in ticket.get("_hyperlinks") or ()
                if each.get("type") == "ticket" and each["ref"] != "self"
            ),
            reassigned=story.reassigned(),
        )
        events = tuple(story.events(current, whole=whole))
        return Reading(seen.ref, actual, events, whole=whole, people=people)

    def values(self, ticket: Json) -> dict[str, tuple[Native, Nature]]:
        """Give a ticket's values by native id."""
        owner = str((ticket.get("Owner") or {}).get("id", ""))
        requestors = tuple(str(user["id"]) for user in ticket.get("Requestor") or ())
        found: dict[str, tuple[Native, Nature]] = {
            STATUS: (str(ticket["Status"]), Nature.choice),
            "owner": (owner if owner and owner != NOBODY else None, Nature.person),
            "requestor": ((requestors[0] if requestors else None), Nature.person),
        }
        for field in ticket.get("CustomFields") or ():
            found[f"cf.{field['id']}"] = native_value(field.get("values") or ())
        return found

    def state(self, ticket: Json) -> Ours:
        """Give what of ours a ticket carries, from our own fields."""
        held = {
            field["name"]: [value for value in field.get("values") or () if value]
            for field in ticket.get("CustomFields") or ()
        }
        ours = self.site.ours
        lines = [line for text in held.get(ours.key, ()) for line in str(text).split()]
        digests = [line.removeprefix("text:") for line in lines if line.startswith("text:")]
        return Ours(
            tags=frozenset(flag for flag in held.get(ours.flags, ()) if flag.startswith(PREFIX)),
            text=digests[0] if digests else None,
            keys=frozenset(line.removeprefix("k:") for line in lines if line.startswith("k:")),
        )

    def facets(self, ticket: Json) -> dict[str, tuple[str, ...]]:
        """Give a ticket's attributes for the scope."""
        queue = ticket.get("Queue") or {}
        names = tuple(str(queue[key]) for key in ("Name", "id") if queue.get(key))
        found: dict[str, tuple[str, ...]] = {"queue": names, "project": names}
        for field in ticket.get("CustomFields") or ():
            values = tuple(str(value) for value in field.get("values") or ())
            if values:
                found[f"field.cf.{field['id']}"] = values
        return found

    def list_ours(self, interest: Interest) -> Iterable[Ref]:
        """List the tickets in which a field of ours is filled in."""
        queues = " OR ".join(f"Queue = {quoted(name)}" for name in interest.projects) or "id > 0"
        for tickets in self.site.tickets(f"({queues})"):
            for ticket in tickets:
                # An emptied field holds one value that is none.
                held = {
                    field["name"]
                    for field in ticket.get("CustomFields") or ()
                    if any(field.get("values") or ())
                }
                if held & self.site.ours.names:
                    yield self._ref(str(ticket["id"]))

    def _ref(self, name: str) -> Ref:
        return Ref(self.site.account, "rt", name)
