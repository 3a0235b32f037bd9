"""Write to Request Tracker: fields first, the status last; RT answers 200 to what it refuses, so all is read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import HelpdeskError, Kind
from connectors.rt.history import Story
from connectors.rt.site import NOBODY
from ombud.model.connector import Outcome, Receipt, Schema
from ombud.model.mark import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.rt.reader import Reader
    from connectors.rt.site import Site
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import MoveBack, Plan

    Json = Mapping[str, Any]

#: Keys of our writes that a ticket remembers.
_KEYS: Final = 10
_STALE: Final = 412


@dataclass(slots=True)
class Writer:
    """Write to one server. Our fields and our internal comments are ours; nothing goes to the complainant."""

    site: Site
    reader: Reader

    def act(self, plan: Plan, key: str, now: Callable[[], Instant]) -> Receipt:  # noqa: ARG002 (the protocol's)
        """Carry out a plan and read it back; acting again under the same key doubles nothing."""
        name = plan.ref.id
        ticket = self.reader.ticket(name)
        if ticket is None or str(ticket["id"]) != name:
            # Or somebody else said so: it is looked at afresh before anything is given up.
            return Receipt(
                Outcome.uncertain,
                detail="the ticket is not shown: deleted, merged, or hidden from us",
            )
        later = [
            row
            for row in self.site.history(name, since=int(plan.revision))
            if int(row["id"]) > int(plan.revision)
        ]
        if self._foreign(later):
            return Receipt(
                Outcome.stale, ticket["etag"] or None, "somebody changed the ticket meanwhile"
            )
        back = plan.move_back
        moved = any(row["Type"] == "Status" for row in later)
        if back is not None and not moved and ticket["Status"] != back.from_status:
            return Receipt(Outcome.stale, ticket["etag"] or None, "the ticket has moved on")
        try:
            self._fields(plan, ticket, key)
            if plan.notify and plan.text and not any(row["Type"] == "Comment" for row in later):
                self._comment(name, plan.text)
            detail, shown = "", None
            if back is not None:
                shown = self._back(name, back)
            if back is not None and back.owner:
                detail, shown = self._owner(ticket, back), None
        except HelpdeskError as error:
            if error.status == _STALE:
                return Receipt(Outcome.stale, detail="somebody changed the ticket meanwhile")
            if error.kind in {Kind.refused, Kind.permission}:
                return Receipt(Outcome.refused, detail=error.detail or str(error))
            if error.kind is Kind.missing:
                return Receipt(Outcome.uncertain, detail=error.detail or str(error))
            raise
        return self._read_back(plan, key, detail, shown or self.reader.ticket(name))

    def find(self, ref: Ref, key: str) -> Receipt | None:
        """Find what became of a write: its key stands in our field."""
        ticket = self.reader.ticket(ref.id)
        if ticket is None or key not in self.reader.state(ticket).keys:
            return None
        return Receipt(Outcome.done, ticket["etag"] or None, moved_to=str(ticket["Status"]))

    def remove_ours(self, ref: Ref) -> Receipt:
        """Empty our fields; comments cannot be deleted in RT, and ours say whose they are."""
        ours = self.site.ours
        self._put(ref.id, {"CustomFields": {ours.flags: [], ours.note: "", ours.key: []}}, None)
        ticket = self.reader.ticket(ref.id)
        left = ticket is None or any(
            any(field.get("values") or ())
            for field in ticket.get("CustomFields") or ()
            if field["name"] in ours.names
        )
        return Receipt(
            Outcome.refused if left else Outcome.done,
            detail="our fields are not empty" if left else "",
        )

    def _foreign(self, rows: Sequence[Json]) -> bool:
        """Tell whether anybody but us changed the ticket: mail that RT sends is no change."""
        return any(
            row["Type"] not in {"EmailRecord", "CommentEmailRecord"}
            and str((row.get("Creator") or {}).get("id")) != self.site.user
            for row in rows
        )

    def _fields(self, plan: Plan, ticket: Json, key: str) -> None:
        ours, state = self.site.ours, self.reader.state(ticket)
        held = {
            field["name"]: field.get("values") or [] for field in ticket.get("CustomFields") or ()
        }
        flags = sorted((state.tags | plan.add_tags) - plan.remove_tags)
        # Flags that are not ours, if anybody put some there, stay.
        flags += [flag for flag in held.get(ours.flags, ()) if not flag.startswith(PREFIX)]
        digest = plan.text_digest if plan.text is not None else state.text
        keys = [*sorted(state.keys - {key})[-(_KEYS - 1) :], key]
        marks = ([f"text:{digest}"] if digest else []) + [f"k:{each}" for each in keys]
        told: dict[str, object] = {ours.flags: flags, ours.key: marks}
        if plan.text is not None:
            told[ours.note] = plan.text
        if key not in state.keys:
            self._put(plan.ref.id, {"CustomFields": told}, ticket["etag"])

    def _put(self, name: str, body: Mapping[str, object], etag: str | None) -> None:
        headers = {"If-Match": f'"{etag}"'} if etag else None
        self.site.client.send(
            "PUT", f"/ticket/{name}", body, headers=headers, operation="PUT /ticket/{id}"
        )

    def _comment(self, name: str, text: str) -> None:
        """Add an internal comment: a comment is never mailed to the requestor, a correspondence would be."""
        self.site.client.send(
            "POST",
            f"/ticket/{name}/comment",
            {"Content": text, "ContentType": "text/plain"},
            operation="POST /ticket/{id}/comment",
        )

    def _back(self, name: str, back: MoveBack) -> Json | None:
        """Move a ticket back along the lifecycle, and give it as it stands then.

        RT refuses what its edges do not allow, and says 200.
        """
        ticket: Json | None = None
        for target in back.to_statuses:
            self._put(name, {"Status": target}, None)
            ticket = self.reader.ticket(name)
            if ticket is not None and ticket["Status"] == target:
                break
        return ticket

    def _owner(self, ticket: Json, back: MoveBack) -> str:
        """Give the ticket back to whom the undone change took it from, else to its queue; say where RT will not."""
        name = str(ticket["id"])
        story = Story(self.site, ticket, self.site.history(name), Schema(), self.site.body)
        given = story.given(back.change)
        if given is None:
            # Nobody lost it, or somebody has given it to others since.
            return ""
        held = _owner_of(ticket)
        for owner in (given, NOBODY):
            self._put(name, {"Owner": owner}, None)
            if _owner_of(self.reader.ticket(name) or {}) != held:
                return ""
        return "its owner of before cannot have it back"

    def _read_back(self, plan: Plan, key: str, detail: str, ticket: Json | None) -> Receipt:
        if ticket is None:
            return Receipt(Outcome.uncertain, detail="the ticket is not shown any more")
        state = self.reader.state(ticket)
        done: set[str] = set()
        if plan.add_tags <= state.tags and not plan.remove_tags & state.tags:
            done.add("tags")
        if key in state.keys and (plan.text is None or state.text == plan.text_digest):
            done.add("text")
        back = plan.move_back
        if back is None or ticket["Status"] in back.to_statuses:
            done.add("move_back")
        whole = len(done) == 3
        if not whole:
            detail = f"only {', '.join(sorted(done)) or 'nothing'} took effect"
        status = str(ticket["Status"]) if back is not None else None
        return Receipt(
            Outcome.done if whole else Outcome.refused,
            ticket["etag"] or None,
            detail,
            frozenset(done),
            status,
        )


def _owner_of(ticket: Json) -> str:
    return str((ticket.get("Owner") or {}).get("id", ""))
