"""A Request Tracker ticket as events: transactions, the values it began with, queue moves and merges."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from connectors import messages
from connectors.rt.site import NOBODY, SYSTEM, Body
from ombud.model.event import CREATED, Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.instant import SECOND, instant
from ombud.model.mapping import STATUS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.rt.site import Site
    from ombud.model.connector import Schema
    from ombud.model.event import Native
    from ombud.model.facts import Instant

    Json = Mapping[str, Any]

#: Edits of one person within so long are one change: RT splits a screen into transactions.
TOGETHER: Final = 5 * SECOND
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)Z?")
_MESSAGES: Final = frozenset({"Correspond", "Comment"})
_SKIPPED: Final = frozenset({"EmailRecord", "CommentEmailRecord"})
#: RT's word that the mail it was sending did not go out.
_FAILED: Final = "SystemError"


def instant_in(text: str) -> Instant:
    """Read one of RT's times: UTC, to the second."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of RT's")
    return instant(datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC))


def native_value(values: Sequence[str]) -> tuple[Native, Nature]:
    """Give a custom field's values as events carry them, and their nature: times are times, the rest is words."""
    texts = tuple(_timed(value) for value in values if value)
    if not texts:
        return None, Nature.words
    nature = (
        Nature.moment if all(_TIME.fullmatch(value) for value in values if value) else Nature.words
    )
    return (texts[0] if len(texts) == 1 else texts), nature


def _timed(value: str) -> str:
    """Write a time the way both the ticket and its history can be compared: in UTC, with its zone."""
    found = _TIME.fullmatch(value)
    return f"{found[1]}T{found[2]}Z" if found else value


class Story:
    """Tell one ticket's events from its transactions, oldest first."""

    def __init__(
        self,
        site: Site,
        ticket: Json,
        rows: Sequence[Json],
        schema: Schema,
        body: Callable[[str], Body],
    ) -> None:
        """Prepare to tell; `body` gives a message's text, and the way it came, by its transaction."""
        self._site = site
        self._ticket = ticket
        self._schema = schema
        self._body = body
        self._id = str(ticket["id"])
        every = sorted(rows, key=lambda row: int(row["id"]))
        self._lost = _lost(every)
        self._rows = [row for row in every if row["Type"] not in _SKIPPED | {_FAILED}]
        self._names = {
            f"cf.{field['id']}": field["name"] for field in ticket.get("CustomFields") or ()
        }
        self._requestors = {str(user["id"]) for user in ticket.get("Requestor") or ()}
        self._others = {str(user["id"]) for user in ticket.get("Cc") or ()}
        self._queue = str((ticket.get("Queue") or {}).get("id", ""))

    def ref(self, row: Json) -> Ref:
        """Give the ticket a transaction happened to: after a merge both streams come as one."""
        return Ref(self._site.account, "rt", str(row.get("ObjectId") or self._id))

    def changes(self) -> dict[str, str]:
        """Give each transaction's change: the first of those by one person within seconds, nobody else between them."""
        found: dict[str, str] = {}
        open_: dict[str, tuple[str, str, Instant]] = {}
        for row in self._rows:
            ticket, creator, happened = (
                str(row.get("ObjectId")),
                _creator(row),
                instant_in(row["Created"]),
            )
            if creator == SYSTEM:
                # What RT does by itself is a change of its own and interrupts nobody.
                found[str(row["id"])] = str(row["id"])
                continue
            held = open_.get(ticket)
            if held is None or held[1] != creator or happened - held[2] > TOGETHER:
                open_[ticket] = held = (str(row["id"]), creator, happened)
            found[str(row["id"])] = held[0]
        return found

    def head(self, *, theirs: bool = False) -> str | None:
        """Give the last change that is no message and not of our fields; with `theirs`, of its status and not by us."""
        changes = self.changes()
        told = [
            row
            for row in self._rows
            if row["Type"] not in _MESSAGES | {"Create"}
            and not self._is_ours(row)
            and not (theirs and (_creator(row) == self._site.user or not _moves(row)))
        ]
        return changes[str(told[-1]["id"])] if told else None

    def reassigned(self) -> frozenset[str]:
        """Give the changes that gave the ticket to another owner."""
        changes = self.changes()
        return frozenset(changes[str(row["id"])] for row in self._rows if _gives(row))

    def given(self, change: str) -> str | None:
        """Give, by number, whom a change took the ticket from; `None` where it did not, or others have it since.

        Where somebody took it and gave it away within seconds, whom it was taken from last.
        """
        changes = self.changes()
        last = next((row for row in reversed(self._rows) if _gives(row)), None)
        if last is None or changes[str(last["id"])] != change:
            return None
        return str(last["OldValue"])

    def moved_back(self) -> tuple[Instant, ...]:
        """Give when we moved the ticket: our own changes of status, those within seconds counted once."""
        changes = self.changes()
        moves = {
            changes[str(row["id"])]: instant_in(row["Created"])
            for row in self._rows
            if row["Type"] == "Status" and _creator(row) == self._site.user
        }
        return tuple(moves.values())

    def linked(self) -> dict[str, Instant]:
        """Give when the ticket was last joined to each other one, where the rows at hand tell."""
        return {
            str(row["NewValue"]).rpartition("/")[2]: instant_in(row["Created"])
            for row in self._rows
            if row["Type"] == "AddLink" and self.ref(row).id == self._id
        }

    def events(
        self, current: Mapping[str, tuple[Native, Nature]], *, whole: bool
    ) -> Iterator[Event]:
        """Tell the events; `whole` says that the rows go back to the ticket's creation."""
        changes = self.changes()
        queues = self._queues()
        values = {name: value for name, (value, _) in current.items()}
        told: list[Event] = []
        # Walking back from the present values gives those before each change, and at last the first ones.
        for row in reversed(self._rows):
            if str(row.get("ObjectId") or self._id) != self._id:
                told.extend(self._foreign(row, changes))
                continue
            told.extend(self._event(row, changes, values, current, queues[str(row["id"])]))
        told.reverse()
        if whole:
            yield from self._birth(values, current, queues)
        yield from told

    def _queues(self) -> dict[str, str]:
        """Give the queue the ticket was in before each transaction, by walking back from the present one."""
        queue = self._queue
        found: dict[str, str] = {"": queue}
        for row in reversed(self._rows):
            if row["Type"] == "Set" and row["Field"] == "Queue" and self.ref(row).id == self._id:
                queue = str(row["OldValue"])
            found[str(row["id"])] = queue
        found[""] = queue
        return found

    def _status(self, told: str, queue: str) -> str:
        """Give a status as the mapping knows it; in another queue the same word may mean another thing."""
        return told if queue == self._queue else f"queue {queue}/{told}"

    def _birth(
        self,
        values: Mapping[str, Native],
        current: Mapping[str, tuple[Native, Nature]],
        queues: Mapping[str, str],
    ) -> Iterator[Event]:
        row = next(
            (
                each
                for each in self._rows
                if each["Type"] == "Create" and self.ref(each).id == self._id
            ),
            None,
        )
        if row is None:
            return
        ref, born, actor = self.ref(row), instant_in(row["Created"]), _creator(row)
        cause = Cause.mail if actor in self._requestors else Cause.person
        seq = int(row["id"])

        def event(name: str, kind: Kind, field: str | None, nature: Nature, after: Native) -> Event:
            return Event(
                name, ref, CREATED, seq, born, born, actor, cause, kind, field, nature, None, after
            )

        yield event(CREATED, Kind.created, None, Nature.choice, None)
        for name in sorted(values):
            after: Native = values[name]
            if name == STATUS and isinstance(after, str):
                after = self._status(after, queues[""])
            if after is not None:
                yield event(f"{CREATED}.{name}", Kind.field, name, current[name][1], after)

    def _event(
        self,
        row: Json,
        changes: Mapping[str, str],
        values: dict[str, Native],
        current: Mapping[str, tuple[Native, Nature]],
        queue: str,
    ) -> Iterator[Event]:
        kind = row["Type"]
        if kind in _MESSAGES:
            # Walking back, what comes of a message is yielded before it.
            yield from reversed(self._heard(row, changes))
        elif kind == "Status":
            left, entered = str(row["OldValue"]), str(row["NewValue"])
            values[STATUS] = left
            yield self._field(
                row,
                changes,
                STATUS,
                Nature.choice,
                self._status(left, queue),
                self._status(entered, queue),
            )
        elif kind == "CustomField":
            name = f"cf.{row['Field']}"
            if name in current and not self._is_ours(row):
                yield self._custom(row, changes, values, current, name)
        elif kind == "Set" and row["Field"] == "Owner":
            before, after = self._owner(row["OldValue"]), self._owner(row["NewValue"])
            values["owner"] = before
            yield self._field(row, changes, "owner", Nature.person, before, after)
        elif kind == "Set" and row["Field"] == "Queue":
            yield from self._moved(row, changes, values)
        elif kind == "AddLink" and row["Field"] == "MergedInto":
            into = (
                str(row["NewValue"]).rpartition("-")[2] or str(row["NewValue"]).rpartition("/")[2]
            )
            yield self._made(
                row, changes, str(row["id"]), Kind.merged, "merged", Nature.choice, None, into
            )

    def _moved(
        self, row: Json, changes: Mapping[str, str], values: Mapping[str, Native]
    ) -> Iterator[Event]:
        """Tell a queue move: the status it arrives in is entered, whether or not its name changed.

        Walking back, the event that comes first in time is yielded last.
        """
        status = values.get(STATUS)
        arrived = str(row["NewValue"])
        if isinstance(status, str) and not self._maps_status(row):
            yield self._made(
                row,
                changes,
                f"{row['id']}.s",
                Kind.field,
                STATUS,
                Nature.choice,
                UNKNOWN,
                self._status(status, arrived),
            )
        yield self._field(row, changes, "queue", Nature.choice, str(row["OldValue"]), arrived)

    def _maps_status(self, row: Json) -> bool:
        """Tell whether the move wrote a change of status of its own, as it does where lifecycles differ in names."""
        near = range(int(row["id"]) - 3, int(row["id"]) + 4)
        return any(
            each["Type"] == "Status"
            and int(each["id"]) in near
            and each["Created"] == row["Created"]
            for each in self._rows
        )

    def _custom(
        self,
        row: Json,
        changes: Mapping[str, str],
        values: dict[str, Native],
        current: Mapping[str, tuple[Native, Nature]],
        name: str,
    ) -> Event:
        """Tell a custom field's change; fields of several values write one transaction for each."""
        removed, added = _timed(str(row["OldValue"] or "")), _timed(str(row["NewValue"] or ""))
        held = values[name]
        after = held
        parts = list(held) if isinstance(held, tuple) else [held] if isinstance(held, str) else []
        several = isinstance(held, tuple) or not (removed and added)
        before: Native
        if held is UNKNOWN or (added and added not in parts and parts):
            # What the history says was set is not what was there: nobody knows what came before.
            before, after = (removed or None), (added or None)
            values[name] = before if not several else UNKNOWN
        elif several:
            rest = [part for part in parts if part != added]
            rest += [removed] if removed else []
            before = rest[0] if len(rest) == 1 else tuple(rest) or None
            values[name] = before
        else:
            before = removed or None
            values[name] = before
        return self._field(row, changes, name, current[name][1], before, after)

    def _heard(self, row: Json, changes: Mapping[str, str]) -> list[Event]:
        """Tell a message and what comes of it: a word to us, or that it was not sent."""
        message = self._message(row, changes)
        told = message.message
        found = [message]
        failed = self._lost.get(str(row["id"]))
        if failed is not None:
            found.append(messages.undelivered(message, failed))
        if told is not None and not told.public and told.by is Side.agent and told.key is None:
            body = self._body(str(row["id"]))
            word = messages.word(message, body.begins) if body.by_hand else None
            found += [] if word is None else [word]
        return found

    def _message(self, row: Json, changes: Mapping[str, str]) -> Event:
        actor = _creator(row)
        public = row["Type"] == "Correspond"
        by = self._side(actor)
        ours = actor == self._site.user
        kinds: frozenset[str] = frozenset()
        if public and not ours:
            if self._schema.markers:
                kinds = messages.marked(self._schema, self._body(str(row["id"])).text)
            if self._schema.kind_field is not None:
                kinds |= self._typed(row, changes)
        message = Message(
            public=public,
            by=by,
            to=(Side.complainant if by in {Side.agent, Side.automation} else Side.agent)
            if public
            else None,
            automatic=by is Side.automation,
            kinds=kinds,
            key="ours" if ours else None,
        )
        made = self._made(
            row, changes, str(row["id"]), Kind.message, None, Nature.choice, None, None
        )
        return Event(
            made.id, made.ref, made.change, made.seq, made.happened, made.recorded, actor, made.cause, Kind.message,
            message=message,
        )  # fmt: skip

    def _typed(self, row: Json, changes: Mapping[str, str]) -> frozenset[str]:
        """Give the kinds that a field named on the screen on which the message was written."""
        change = changes[str(row["id"])]
        values = [
            str(each["NewValue"])
            for each in self._rows
            if each["Type"] == "CustomField"
            and f"cf.{each['Field']}" == self._schema.kind_field
            and each["NewValue"]
            and changes[str(each["id"])] == change
        ]
        return messages.changed(self._schema, values=values)

    def _foreign(self, row: Json, changes: Mapping[str, str]) -> Iterator[Event]:
        """Tell what happened to a ticket before it was merged into this one: its birth, its messages, its merging."""
        if row["Type"] == "Create":
            yield self._made(row, changes, CREATED, Kind.created, None, Nature.choice, None, None)
        elif row["Type"] in _MESSAGES:
            yield self._message(row, changes)
        elif row["Type"] == "AddLink" and row["Field"] == "MergedInto":
            yield self._made(
                row, changes, str(row["id"]), Kind.merged, "merged", Nature.choice, None, self._id
            )

    def _side(self, actor: str) -> Side:
        """Tell whose side an author is on: a requestor complains, an address that is no login is a third party."""
        if actor == SYSTEM:
            return Side.automation
        if actor in self._requestors:
            return Side.complainant
        if actor in self._others:
            return Side.representative
        return Side.third_party if "@" in actor else Side.agent

    def _is_ours(self, row: Json) -> bool:
        return (
            row["Type"] == "CustomField"
            and self._names.get(f"cf.{row['Field']}") in self._site.ours.names
        )

    def _owner(self, told: object) -> Native:
        """Give an owner: RT writes numbers in the history, names on the ticket; only the present one has both."""
        owner = self._ticket.get("Owner") or {}
        name = str(owner.get("id", ""))
        number = str(told or "")
        if number in {"6", ""}:
            return None
        last = next(
            (r for r in reversed(self._rows) if r["Type"] == "Set" and r["Field"] == "Owner"), None
        )
        if last is not None and str(last["NewValue"]) == number and name != NOBODY:
            return name
        return f"#{number}"

    def _field(
        self,
        row: Json,
        changes: Mapping[str, str],
        field: str,
        nature: Nature,
        before: Native,
        after: Native,
    ) -> Event:
        return self._made(row, changes, str(row["id"]), Kind.field, field, nature, before, after)

    def _made(
        self,
        row: Json,
        changes: Mapping[str, str],
        name: str,
        kind: Kind,
        field: str | None,
        nature: Nature,
        before: Native,
        after: Native,
    ) -> Event:
        actor, happened = _creator(row), instant_in(row["Created"])
        cause = (
            Cause.ourselves
            if actor == self._site.user
            else Cause.rule
            if actor == SYSTEM
            else Cause.person
        )
        change = CREATED if name == CREATED else changes[str(row["id"])]
        return Event(
            name, self.ref(row), change, int(row["id"]), happened, happened, actor, cause, kind, field, nature, before, after
        )  # fmt: skip


def _gives(row: Json) -> bool:
    """Tell whether a transaction gives a ticket to another owner."""
    return bool(row["Type"] == "Set" and row["Field"] == "Owner")


def _moves(row: Json) -> bool:
    """Tell whether a transaction may have changed a ticket's status: a move between queues may, too."""
    return bool(row["Type"] == "Status" or (row["Type"] == "Set" and row["Field"] == "Queue"))


def _creator(row: Json) -> str:
    return str((row.get("Creator") or {}).get("id", ""))


def _lost(rows: Sequence[Json]) -> dict[str, str]:
    """Give the messages whose mail RT could not send, each with the transaction that says so.

    Where some mail of it was sent and some not, nobody can tell whose: it is taken as sent.
    """
    found: dict[str, str] = {}
    last: dict[str, str | None] = {}
    for row in rows:
        ticket = str(row.get("ObjectId"))
        if row["Type"] in _MESSAGES:
            last[ticket] = str(row["id"])
        elif row["Type"] in _SKIPPED:
            last[ticket] = None
        elif row["Type"] == _FAILED:
            message = last.get(ticket)
            if message is not None:
                found.setdefault(message, str(row["id"]))
    return found
