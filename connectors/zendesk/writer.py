"""Write to Zendesk: everything in one update that is refused where the ticket has moved on, and read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import HelpdeskError, Kind
from connectors.zendesk.history import instant_in, is_ours, ours_of
from connectors.zendesk.site import CLOSED, OURS
from ombud.model.connector import Outcome, Receipt
from ombud.model.mark import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.zendesk.budget import Budget
    from connectors.zendesk.reader import Reader
    from connectors.zendesk.site import Site
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import MoveBack, Plan

    Json = Mapping[str, Any]

_CONFLICT: Final = 409
#: Who has a ticket is left alone.
_UNTOUCHED: Final[Mapping[str, object]] = {}
_STALE = "somebody changed the ticket meanwhile"
_ENDED = "the ticket is closed: Zendesk lets nobody change or reopen it. Act while it is solved, or open a follow-up"


@dataclass(slots=True)
class Writer:
    """Write to one account. Every comment of ours is private; nothing goes to the complainant."""

    site: Site
    reader: Reader
    budget: Budget

    def act(self, plan: Plan, key: str, now: Callable[[], Instant]) -> Receipt:  # noqa: ARG002 (the protocol's)
        """Carry out a plan in one update; acting again under the same key doubles nothing."""
        name = plan.ref.id
        ticket = self.site.ticket(name)
        if ticket is None:
            # Or somebody else said so: it is looked at afresh before anything is given up.
            return Receipt(
                Outcome.uncertain, detail="the ticket is not shown: deleted, or hidden from us"
            )
        if ticket["status"] == CLOSED:
            return Receipt(Outcome.refused, str(ticket["updated_at"]), _ENDED)
        if str(ticket["updated_at"]) != plan.revision:
            audits = self.site.audits(name)
            if self._done(audits, key):
                return self._read_back(plan, key)
            if self._foreign(plan, audits):
                return Receipt(Outcome.stale, str(ticket["updated_at"]), _STALE)
        back = plan.move_back
        if back is not None and self.reader.status_of(ticket) != back.from_status:
            return Receipt(Outcome.stale, str(ticket["updated_at"]), "the ticket has moved on")
        owner = self._owner(ticket, back) if back is not None and back.owner else {}
        try:
            self._put(name, self._body(plan, key) | owner, str(ticket["updated_at"]))
        except HelpdeskError as error:
            return self._refused(plan, key, error)
        return self._read_back(plan, key, owner)

    def find(self, ref: Ref, key: str) -> Receipt | None:
        """Find what became of a write: its key stands in an audit of ours."""
        ticket = self.site.ticket(ref.id)
        if ticket is None or not self._done(self.site.audits(ref.id), key):
            return None
        status = self.reader.status_of(ticket)
        return Receipt(Outcome.done, str(ticket["updated_at"]), moved_to=status)

    def remove_ours(self, ref: Ref) -> Receipt:
        """Take our tags and our text away; private notes cannot be deleted, and ours say whose they are."""
        ticket = self.site.ticket(ref.id)
        if ticket is None or ticket["status"] == CLOSED:
            return Receipt(
                Outcome.refused, detail="the ticket is not shown" if ticket is None else _ENDED
            )
        tags = sorted(tag for tag in ticket.get("tags") or () if tag.startswith(PREFIX))
        body: dict[str, object] = {"remove_tags": tags, "metadata": {OURS: {"key": "", "text": ""}}}
        if self.site.note_field is not None:
            body["custom_fields"] = [{"id": self.site.note_field, "value": None}]
        try:
            self._put(ref.id, body, str(ticket["updated_at"]))
        except HelpdeskError as error:
            if error.kind in {Kind.refused, Kind.permission, Kind.missing}:
                return Receipt(Outcome.refused, detail=error.detail or str(error))
            raise
        after = self.site.ticket(ref.id) or {}
        left = [tag for tag in after.get("tags") or () if tag.startswith(PREFIX)]
        if self.reader.note_of(after):
            left.append("our text")
        return Receipt(
            Outcome.refused if left else Outcome.done,
            detail=f"left: {', '.join(left)}" if left else "",
        )

    def _owner(self, ticket: Json, back: MoveBack) -> dict[str, object]:
        """Give the ticket back to whom the undone change took it from: to the group alone where nobody is there.

        Nobody is there where nobody had it before, or where whoever had it is suspended, or an agent no more.
        """
        name = back.change.split(".", maxsplit=1)[0]
        audit = next((a for a in self.site.audits(str(ticket["id"])) if str(a["id"]) == name), None)
        found: dict[str, object] = {}
        for field in ("assignee_id", "group_id"):
            told = [
                each
                for each in (audit or {"events": ()})["events"]
                if each["type"] == "Change" and each.get("field_name") == field
            ]
            # What somebody has changed since stays as they left it.
            if told and _number(told[-1].get("value")) == ticket.get(field):
                found[field] = _number(told[0].get("previous_value"))
        owner = found.get("assignee_id")
        if isinstance(owner, int) and not self._works(owner):
            found["assignee_id"] = None
        if found.get("group_id", 0) is None:
            # It was in no group before: it stays with those who have it.
            del found["group_id"]
        return found

    def _works(self, number: int) -> bool:
        """Tell whether somebody can have a ticket assigned, by how they stand now."""
        try:
            told = self.site.client.get(
                f"/api/v2/users/{number}", operation="GET /api/v2/users/{id}"
            ).json()["user"]
        except HelpdeskError as error:
            if error.kind not in {Kind.missing, Kind.permission}:
                raise
            return False
        active = told.get("active") is not False and not told.get("suspended")
        return active and told.get("role") in {"agent", "admin"}

    def _body(self, plan: Plan, key: str) -> dict[str, object]:
        mark: dict[str, object] = {"key": key}
        told: dict[str, object] = {"metadata": {OURS: mark}}
        if plan.add_tags:
            told["additional_tags"] = sorted(plan.add_tags)
        if plan.remove_tags:
            told["remove_tags"] = sorted(plan.remove_tags)
        if plan.text is not None:
            mark["text"] = plan.text_digest or ""
            if self.site.note_field is not None:
                told["custom_fields"] = [{"id": self.site.note_field, "value": plan.text or None}]
        if plan.notify and plan.text:
            told["comment"] = {"body": plan.text, "public": False}
        if plan.move_back is not None:
            mark["back"] = plan.move_back.transition
            target = self._target(plan.move_back)
            if target in self.site.statuses:
                told["custom_status_id"] = int(target)
            else:
                told["status"] = target
        return told

    def _target(self, back: MoveBack) -> str:
        """Choose where to: a ticket is never new again, and closed is no way back."""
        allowed = [
            each
            for each in back.to_statuses
            if self.site.category(each) not in {"new", "solved", CLOSED}
        ]
        return allowed[0] if allowed else self.site.default_status("open")

    def _put(self, name: str, body: Mapping[str, object], stamp: str) -> None:
        self.budget.take(name)
        guarded = {**body, "safe_update": True, "updated_stamp": stamp}
        self.site.client.send(
            "PUT",
            f"/api/v2/tickets/{name}",
            {"ticket": guarded},
            operation="PUT /api/v2/tickets/{id}",
        )

    def _refused(self, plan: Plan, key: str, error: HelpdeskError) -> Receipt:
        if error.status == _CONFLICT:
            # The conflict may be with ourselves: an update of which we never got the answer.
            if self._done(self.site.audits(plan.ref.id), key):
                return self._read_back(plan, key)
            return Receipt(Outcome.stale, detail=_STALE)
        if error.kind in {Kind.refused, Kind.permission}:
            return Receipt(Outcome.refused, detail=error.detail or str(error))
        if error.kind is Kind.missing:
            return Receipt(Outcome.uncertain, detail=error.detail or str(error))
        raise error

    def _done(self, audits: Sequence[Json], key: str) -> bool:
        return any(
            is_ours(audit, self.site.me) and ours_of(audit).get("key") == key for audit in audits
        )

    def _foreign(self, plan: Plan, audits: Sequence[Json]) -> bool:
        """Tell whether anybody but us changed the ticket since it was judged, to the second."""
        judged = int((plan.head or "0").split(".", maxsplit=1)[0]) if plan.head != "created" else 0
        since = instant_in(plan.revision.rstrip("~"))
        return any(
            not is_ours(audit, self.site.me)
            and instant_in(audit["created_at"]) >= since
            and int(audit["id"]) > judged
            for audit in audits
        )

    def _read_back(self, plan: Plan, key: str, owner: Mapping[str, object] = _UNTOUCHED) -> Receipt:
        ticket = self.site.ticket(plan.ref.id)
        if ticket is None:
            return Receipt(Outcome.uncertain, detail="the ticket is not shown any more")
        state = self.reader.state(ticket, self.site.audits(plan.ref.id))
        done: set[str] = set()
        if plan.add_tags <= state.tags and not plan.remove_tags & state.tags:
            done.add("tags")
        if key in state.keys and (plan.text is None or state.text == (plan.text_digest or None)):
            done.add("text")
        status = self.reader.status_of(ticket)
        back = plan.move_back
        if back is None or status == self._target(back):
            done.add("move_back")
        whole = len(done) == 3
        detail = "" if whole else f"only {', '.join(sorted(done)) or 'nothing'} took effect"
        if any(ticket.get(field) != wanted for field, wanted in owner.items()):
            detail = detail or "its owner of before does not have it"
        return Receipt(
            Outcome.done if whole else Outcome.refused,
            str(ticket["updated_at"]),
            detail,
            frozenset(done),
            status if back is not None else None,
        )


def _number(told: object) -> int | None:
    """Read an id from an audit, where it comes as text."""
    return int(str(told)) if told not in {None, ""} else None
