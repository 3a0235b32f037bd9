"""Write to Jira: labels, our note, our property, a way back; each read back, nothing repeated blindly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import HelpdeskError, Kind
from connectors.jira.adf import document
from connectors.jira.history import field_of, in_order, key_in, touches
from connectors.jira.reader import within
from connectors.jira.site import OURS, PROPERTY, mark
from connectors.jira.transitions import Ways
from ombud.model.connector import Outcome, Receipt
from ombud.model.mark import PREFIX, TAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.jira.reader import Reader
    from connectors.jira.site import Site
    from ombud.model.connector import Interest
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import MoveBack, Plan

    Json = Mapping[str, Any]

#: Keys of our writes that an issue remembers.
_KEYS: Final = 20
#: Stands for no assignee.
NOBODY: Final = ""
_INTERNAL: Final = {"key": "sd.public.comment", "value": {"internal": True}}


@dataclass(frozen=True, slots=True)
class _Look:
    """Hold a fresh look at an issue, past the search index."""

    revision: str
    status: str
    assignee: str | None
    resolved: bool
    labels: frozenset[str]
    state: Mapping[str, Any]
    histories: tuple[Json, ...]

    @property
    def head(self) -> str | None:
        return str(self.histories[-1]["id"]) if self.histories else None

    def ours_since(self, head: str | None) -> bool:
        """Tell whether nothing but our own changes came after `head`."""
        names = [str(each["id"]) for each in self.histories]
        # Imported histories may carry ids that do not grow with time: what counts is their order.
        later = (
            self.histories[names.index(head) + 1 :]
            if head in names
            else self.histories
            if head is None
            else None
        )
        return later is not None and all(
            (each.get("historyMetadata") or {}).get("type") == OURS for each in later
        )

    def moved_under(self, key: str) -> bool:
        """Tell whether a move of ours under this key is in the history."""
        return any(_key_of(each) == key and touches(each, "status") for each in self.histories)

    def taken(self, change: str) -> tuple[str | None, str | None] | None:
        """Give whom a change took the issue from, and whom it gave it to; `None` where it did neither."""
        for history in self.histories:
            for item in history["items"] if str(history["id"]) == change else ():
                if field_of(item) == "assignee":
                    return item.get("from") or None, item.get("to") or None
        return None

    def owner_for(self, back: MoveBack | None) -> str | None:
        """Give to whom a move back gives the issue, `NOBODY` where nobody had it; `None` where it leaves that alone.

        That is so where the change gave it to nobody else, or where somebody has given it to others since.
        """
        taken = self.taken(back.change) if back is not None and back.owner else None
        if taken is None or self.assignee != taken[1]:
            return None
        return taken[0] or NOBODY


def _key_of(history: Json) -> str | None:
    meta = history.get("historyMetadata") or {}
    return (meta.get("extraData") or {}).get("key") if meta.get("type") == OURS else None


@dataclass(slots=True)
class Writer:
    """Write to one site. Every text is internal; labels that are not ours are never in a request."""

    site: Site
    reader: Reader

    def act(self, plan: Plan, key: str, now: Callable[[], Instant]) -> Receipt:  # noqa: ARG002 (the protocol's)
        """Carry out a plan, the move last, and read it back; acting again under the same key doubles nothing."""
        look = self._look(plan.ref)
        if look is None:
            # Or somebody else said so: it is looked at afresh before anything is given up.
            return Receipt(
                Outcome.uncertain, detail="the issue is not shown: deleted, or hidden from us"
            )
        back = plan.move_back
        begun = look.moved_under(key)
        if not look.ours_since(plan.head):
            return Receipt(Outcome.stale, look.revision, "somebody changed the issue meanwhile")
        if back is not None and not begun and look.status != back.from_status:
            return Receipt(Outcome.stale, look.revision, "the issue has moved on")
        try:
            self._labels(plan, look, key)
            self._note(plan, look, key)
            if back is not None and not (begun and look.status in back.to_statuses):
                Ways(self.site).back(plan.ref.id, look.status, back.to_statuses, key)
            owner = look.owner_for(back)
            detail = "" if owner is None else self._owner(plan.ref.id, owner, key)
        except HelpdeskError as error:
            if error.status == 409:
                return Receipt(Outcome.stale, look.revision, error.detail)
            if error.kind in {Kind.refused, Kind.permission}:
                return Receipt(Outcome.refused, detail=error.detail or str(error))
            if error.kind is Kind.missing:
                return Receipt(Outcome.uncertain, detail=error.detail or str(error))
            raise
        return self._read_back(plan, detail, owner)

    def find(self, ref: Ref, key: str) -> Receipt | None:
        """Find what became of a write by its key: in our property, or on a change of ours."""
        look = self._look(ref)
        if look is None:
            return None
        if look.moved_under(key) or key in (look.state.get("keys") or ()):
            return Receipt(Outcome.done, look.revision, moved_to=look.status)
        return None

    def remove_ours(self, ref: Ref) -> Receipt:
        """Remove our labels, our notes and our property; nothing else."""
        look = self._look(ref)
        if look is None:
            return Receipt(
                Outcome.refused, detail="the issue is not shown: deleted, or hidden from us"
            )
        ours = sorted(label for label in look.labels if label.startswith(PREFIX))
        try:
            if ours:
                self._put_labels(ref.id, [{"remove": label} for label in ours], "uninstall")
            for comment in list(self.reader.comments(ref.id)):
                if key_in(comment) is not None:
                    self._delete_note(ref.id, str(comment["id"]))
            if look.state:
                self._delete(
                    f"/rest/api/3/issue/{ref.id}/properties/{PROPERTY}",
                    "issue/{id}/properties/{key}",
                )
        except HelpdeskError as error:
            if error.kind in {Kind.refused, Kind.permission}:
                return Receipt(Outcome.refused, detail=error.detail or str(error))
            raise
        after = self._look(ref)
        clean = (
            after is not None
            and not after.state
            and not any(label.startswith(PREFIX) for label in after.labels)
        )
        return Receipt(
            Outcome.done if clean else Outcome.refused,
            detail="" if clean else "something of ours is left",
        )

    def list_ours(self, interest: Interest) -> Iterator[Ref]:
        """List the issues with a label of ours."""
        labels = ", ".join(sorted(TAGS))
        projects = f"{within(interest)} AND " if interest.projects else ""
        yield from self.reader.search_ids(f"{projects}labels in ({labels}) ORDER BY key ASC")

    def _owner(self, issue: str, owner: str, key: str) -> str:
        """Give the issue back to whom the undone change took it from; say why where Jira will not."""
        try:
            self.site.client.send(
                "PUT",
                f"/rest/api/3/issue/{issue}",
                {
                    "fields": {"assignee": {"accountId": owner} if owner else None},
                    "historyMetadata": mark(key),
                },
                operation="PUT /rest/api/3/issue/{id}",
            )
        except HelpdeskError as error:
            if error.kind not in {Kind.refused, Kind.permission, Kind.missing}:
                raise
            return f"its owner of before cannot have it back: {error.detail or error}"
        return ""

    def _look(self, ref: Ref) -> _Look | None:
        params = {"fields": "status,labels,updated,assignee,resolution", "properties": PROPERTY}
        try:
            issue = self.site.client.get(
                f"/rest/api/3/issue/{ref.id}", params, operation="GET /rest/api/3/issue/{id}"
            ).json()
        except HelpdeskError as error:
            if error.kind is Kind.missing:
                return None
            raise
        histories: list[Json] = []
        start = 0
        while True:
            page = self.site.client.get(
                f"/rest/api/3/issue/{ref.id}/changelog",
                {"startAt": start, "maxResults": 100},
                operation="GET /rest/api/3/issue/{id}/changelog",
            ).json()
            histories.extend(page["values"])
            start += len(page["values"])
            if not page["values"] or page.get("isLast") or start >= page["total"]:
                break
        fields = issue["fields"]
        return _Look(
            revision=str(fields["updated"]),
            status=str(fields["status"]["id"]),
            assignee=(fields.get("assignee") or {}).get("accountId"),
            resolved=fields.get("resolution") is not None,
            labels=frozenset(fields.get("labels") or ()),
            state=(issue.get("properties") or {}).get(PROPERTY) or {},
            histories=tuple(in_order(histories)),
        )

    def _labels(self, plan: Plan, look: _Look, key: str) -> None:
        verbs = [{"add": tag} for tag in sorted(plan.add_tags - look.labels)]
        verbs += [{"remove": tag} for tag in sorted(plan.remove_tags & look.labels)]
        if verbs:
            self._put_labels(plan.ref.id, verbs, key)

    def _put_labels(self, issue: str, verbs: list[dict[str, str]], key: str) -> None:
        self.site.client.send(
            "PUT",
            f"/rest/api/3/issue/{issue}",
            {"update": {"labels": verbs}, "historyMetadata": mark(key)},
            operation="PUT /rest/api/3/issue/{id}",
        )

    def _note(self, plan: Plan, look: _Look, key: str) -> None:
        """Write the living text into our one internal comment, and remember beside the issue what it says."""
        state = dict(look.state)
        if plan.text is not None:
            note = state.get("note") or self._find_note(plan.ref.id)
            state["note"] = self._write_note(plan.ref.id, note, plan.text, key)
            state["text"] = plan.text_digest
        keys = [each for each in state.get("keys") or () if each != key]
        # A move is known by its own mark in the history; every other write by its key here.
        if plan.move_back is None:
            keys.append(key)
        told = {"text": state.get("text"), "note": state.get("note"), "keys": keys[-_KEYS:]}
        if told != dict(look.state):
            self.site.client.send(
                "PUT",
                f"/rest/api/3/issue/{plan.ref.id}/properties/{PROPERTY}",
                told,
                operation="PUT /rest/api/3/issue/{id}/properties/{key}",
            )

    def _write_note(self, issue: str, note: str | None, text: str, key: str) -> str | None:
        if not text:
            if note is not None:
                self._delete_note(issue, note)
            return None
        body: dict[str, object] = {
            "body": document(text),
            "properties": [_INTERNAL, {"key": PROPERTY, "value": {"key": key}}],
        }
        path = f"/rest/api/3/issue/{issue}/comment"
        if note is not None:
            try:
                self.site.client.send(
                    "PUT",
                    f"{path}/{note}",
                    body,
                    operation="PUT /rest/api/3/issue/{id}/comment/{id}",
                )
            except HelpdeskError as error:
                if error.kind is not Kind.missing:
                    raise
            else:
                return note
        told = self.site.client.send(
            "POST", path, body, operation="POST /rest/api/3/issue/{id}/comment"
        ).json()
        return str(told["id"])

    def _find_note(self, issue: str) -> str | None:
        """Find our note where our property does not know of it: its answer may have been lost."""
        for comment in self.reader.comments(issue, newest_first=True):
            if key_in(comment) is not None:
                return str(comment["id"])
        return None

    def _delete_note(self, issue: str, note: str) -> None:
        self._delete(f"/rest/api/3/issue/{issue}/comment/{note}", "issue/{id}/comment/{id}")

    def _delete(self, path: str, template: str) -> None:
        try:
            self.site.client.send("DELETE", path, operation=f"DELETE /rest/api/3/{template}")
        except HelpdeskError as error:
            if error.kind is not Kind.missing:
                raise

    def _read_back(self, plan: Plan, detail: str, owner: str | None) -> Receipt:
        look = self._look(plan.ref)
        if look is None:
            return Receipt(Outcome.uncertain, detail="the issue is not shown any more")
        done: set[str] = set()
        if plan.add_tags <= look.labels and not plan.remove_tags & look.labels:
            done.add("tags")
        if plan.text is None or look.state.get("text") == plan.text_digest:
            done.add("text")
        back = plan.move_back
        if back is None or look.status in back.to_statuses:
            done.add("move_back")
        whole = len(done) == 3
        if owner is not None and (look.assignee or NOBODY) != owner:
            detail = detail or "its owner of before does not have it"
        if back is not None and look.resolved:
            # Going back clears it only where the workflow, or a screen on the way, lets it.
            detail = "; ".join(filter(None, ("its resolution is still set", detail)))
        return Receipt(
            Outcome.done if whole else Outcome.refused,
            look.revision,
            detail or ("" if whole else f"only {', '.join(sorted(done)) or 'nothing'} took effect"),
            frozenset(done),
            look.status if back is not None else None,
        )
