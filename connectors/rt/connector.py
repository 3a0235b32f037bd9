"""The connector for Request Tracker: reader and writer behind the one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.errors import HelpdeskError
from connectors.rt.reader import Reader
from connectors.rt.site import Site, quoted
from connectors.rt.writer import Writer
from ombud.model.connector import Check, NativeField, NativeStatus
from ombud.model.event import Nature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import (
        Estimate,
        Gate,
        Interest,
        Manifest,
        Page,
        Reading,
        Receipt,
        Schema,
        Seen,
    )
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import Plan
    from ombud.settings import Account


class RequestTracker:
    """Speak with one Request Tracker."""

    def __init__(
        self,
        account: str,
        settings: Account,
        secrets: Mapping[str, str],
        *,
        manifest: Manifest,
        clock: Clock,
        sleep: Callable[[float], None],
        on_wait: Callable[[str, float], None] | None = None,
        authorizer: Authorizer | None = None,
    ) -> None:
        """Prepare the connection; nothing is asked yet."""
        self.account = account
        self.manifest = manifest
        self._queue = str(settings.options.get("queue", "Complaints"))
        self._site = Site(
            account,
            settings,
            secrets,
            clock=clock,
            sleep=sleep,
            on_wait=on_wait,
            authorizer=authorizer,
        )
        self._reader = Reader(self._site)
        self._writer = Writer(self._site, self._reader)

    @property
    def calls(self) -> Mapping[str, int]:
        """Give the calls made so far, by operation."""
        return self._site.client.calls

    def through(self, gate: Gate) -> None:
        """Have every request pass a gate that others of the account share."""
        self._site.client.gate = gate

    def check(self) -> Sequence[Check]:
        """Test sign-in and, as far as it can be done without writing, each right with its reason."""
        client = self._site.client
        try:
            version = client.get("/rt").json().get("Version", "")
        except HelpdeskError as error:
            return [Check("Sign-in", ok=False, why=error.detail or str(error), remedy=error.remedy)]
        found = [Check("Sign-in", ok=True, why=f"Request Tracker {version}")]
        sample = self._sample()
        reasons = self.manifest.scopes
        seen = sample is not None
        found += [
            Check(
                right,
                ok=seen or None,
                why=reasons[right],
                remedy="" if seen else self._grant(right),
            )
            for right in ("SeeQueue", "ShowTicket")
        ]
        names = {field["name"] for field in (sample or {}).get("CustomFields") or ()}
        found.append(
            Check(
                "SeeCustomField",
                ok=bool(names) if seen else None,
                why=reasons["SeeCustomField"],
                remedy=self._grant("SeeCustomField"),
            )
        )
        for name in sorted(self._site.ours.names):
            remedy = f"Add a custom field {name!r} to queue {self._queue}, or name another in the account's options"
            found.append(
                Check(
                    f"Field {name}",
                    ok=(name in names) if seen else None,
                    why="holds what is ours",
                    remedy=remedy,
                )
            )
        kinds = (
            {row["Type"] for row in self._site.history(str(sample["id"]))}
            if sample is not None
            else set()
        )
        mail = True if "EmailRecord" in kinds else None
        found.append(
            Check(
                "ShowOutgoingEmail",
                ok=mail,
                why=reasons["ShowOutgoingEmail"],
                remedy=self._grant("ShowOutgoingEmail"),
            )
        )
        found += [
            Check(right, ok=None, why=reasons[right], remedy=self._grant(right))
            for right in (
                "ShowTicketComments",
                "ModifyCustomField",
                "CommentOnTicket",
                "ModifyTicket",
                "ReassignTicket",
            )
        ]
        found.append(
            Check(
                "What fires on a reopen",
                ok=None,
                why="RT does not let an ordinary account read scrips",
                remedy="Look at Admin > Scrips for On Status Change and On Correspond, and at the templates they send",
            )
        )
        return found

    def _grant(self, right: str) -> str:
        return f"Grant {right} on queue {self._queue} to {self._site.user}"

    def _sample(self) -> Mapping[str, Any] | None:
        for tickets in self._site.tickets(f"Queue = {quoted(self._queue)}"):
            if tickets:
                return self._reader.ticket(str(tickets[0]["id"]))
        return None

    def list_fields(self) -> Sequence[NativeField]:
        """List the custom fields of the queue, as one of its tickets shows them."""
        found = [
            NativeField("owner", "Owner", Nature.person),
            NativeField("requestor", "Requestor", Nature.person),
        ]
        for field in (self._sample() or {}).get("CustomFields") or ():
            options: dict[str, str] = {}
            try:
                told = self._site.client.get(
                    f"/customfield/{field['id']}", operation="GET /customfield/{id}"
                ).json()
                options = {str(value): str(value) for value in told.get("Values") or ()}
            except HelpdeskError:
                # Ordinary accounts may not read a field's own page: its values stay unlisted.
                options = {}
            found.append(
                NativeField(
                    f"cf.{field['id']}",
                    field["name"],
                    Nature.choice if options else Nature.words,
                    options,
                )
            )
        return found

    def list_statuses(self) -> Sequence[NativeStatus]:
        """List the statuses that tickets of the queue are in or have moved through."""
        names: dict[str, None] = {}
        for tickets in self._site.tickets(f"Queue = {quoted(self._queue)}"):
            names.update(dict.fromkeys(str(ticket["Status"]) for ticket in tickets))
        for rows in self._site.transactions("Type = 'Status'"):
            names.update(
                dict.fromkeys(str(row[end]) for row in rows for end in ("OldValue", "NewValue"))
            )
        return [NativeStatus(name, name) for name in names]

    def estimate(self, cursor: str | None, interest: Interest) -> Estimate:
        """Foretell a sweep."""
        return self._reader.estimate(cursor, interest)

    def changed(self, cursor: str | None, interest: Interest, schema: Schema) -> Iterator[Page]:
        """List tickets changed since the cursor."""
        return self._reader.changed(cursor, interest, schema)

    def look(self, refs: Sequence[Ref], schema: Schema) -> Iterator[Seen]:
        """Look at named tickets."""
        return self._reader.look(refs, schema)

    def read(self, seen: Sequence[Seen], schema: Schema) -> Iterator[Reading]:
        """Read tickets."""
        return self._reader.read(seen, schema)

    def act(self, plan: Plan, key: str, now: Callable[[], Instant]) -> Receipt:
        """Carry out a plan and read it back."""
        return self._writer.act(plan, key, now)

    def find(self, ref: Ref, key: str) -> Receipt | None:
        """Find what became of a write."""
        return self._writer.find(ref, key)

    def remove_ours(self, ref: Ref) -> Receipt:
        """Empty our fields on a ticket."""
        return self._writer.remove_ours(ref)

    def list_ours(self, interest: Interest) -> Iterable[Ref]:
        """List the tickets that carry anything of ours."""
        return self._reader.list_ours(interest)
