"""A Zendesk account's state and everything that may happen to it, with no wire in sight."""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.journal import Journal
from ombud.sandbox.world import DEFAULT_NOW
from ombud.sandbox.zendesk import desk
from ombud.sandbox.zendesk.automations import solve_incidents
from ombud.sandbox.zendesk.records import (
    SYSTEM,
    Act,
    Audit,
    CustomStatus,
    Event,
    Rule,
    Ticket,
    TicketField,
    User,
    channel,
    rule_via,
)
from ombud.sandbox.zendesk.triggers import PLAIN, SLOT, meets

Values = Mapping[str, Any]
_MOST_RUNS = 10
ARCHIVE_AFTER = timedelta(days=120)


class ZendeskWorld:
    """Hold users and tickets, and apply every update at an instant of a clock, to the second.

    The calls below ask for no permission and no required field: those belong to the wire. Before `open()` the
    account is being furnished: no trigger runs and nothing is journalled.
    """

    def __init__(
        self, clock: SteppableClock | None = None, *, journal: Journal | None = None
    ) -> None:
        self.clock = clock or SteppableClock(DEFAULT_NOW)
        self.journal = journal or Journal()
        self.lock = threading.RLock()
        self.users: dict[int, User] = {desk.ADMIN.id: copy(desk.ADMIN)}
        self.statuses: dict[int, CustomStatus] = {each.id: each for each in desk.STATUSES}
        self.fields: dict[int, TicketField] = {
            each.id: copy(each) for each in (*desk.SYSTEM_FIELDS, *desk.custom_fields())
        }
        self.forms = {form.id: form for form in desk.forms()}
        self.rules: list[Rule] = [replace(desk.CLOSE, ran=Counter())]
        self.tickets: dict[int, Ticket] = {}
        self.audits: dict[int, Audit] = {}
        self.request: str | None = None
        self.live = False
        #: Who is told of every committed update once the account is open, while its lock is held.
        self.listeners: list[Callable[[Act], None]] = []
        #: What the account does about an update, once everybody has been told of it.
        self.reactions: list[Callable[[Act], None]] = [lambda act: solve_incidents(self, act)]
        #: Macros: id -> title and what they write.
        self.macros: dict[int, tuple[str, Values]] = {}
        self._acts = 0
        self._next = 2_000_000
        self._ran: datetime | None = None
        self._stamps: list[tuple[int, int]] = []
        self._log: list[tuple[int, int]] = []

    def open(self) -> None:
        """Let time pass for what was furnished; from here on triggers run and acts are journalled."""
        self.run_automations()
        self.live = True

    def create(
        self,
        values: Values,
        author: int,
        when: datetime | None = None,
        *,
        via: dict[str, Any] | None = None,
        custom: dict[str, Any] | None = None,
    ) -> Ticket:
        """Create a ticket; `values` are those of an update, `comment` being the first message."""
        with self.lock:
            moment = self._moment(when)
            number = len(self.tickets) + 1
            way = via or channel("web")
            ticket = Ticket(
                number,
                moment,
                moment,
                moment,
                str(values.get("subject", "")),
                int(values.get("requester_id") or author),
                author,
                int(values.get("ticket_form_id") or next(iter(self.forms))),
                "",
                0,
                way,
                description=values["comment"]["body"],
                follows=values.get("via_followup_source_id"),
                ai_agent=bool(values.get("ai_agent")),
            )
            self.tickets[number] = ticket
            audit = self._audit(ticket, moment, author, way, custom)
            self._comment(audit, values["comment"], author, None)
            self._tell(audit, "Create", "requester_id", None, ticket.requester, None)
            self._tell(audit, "Create", "subject", None, ticket.subject, None)
            self._tell(audit, "Create", "ticket_form_id", None, ticket.form, None)
            given = {
                name: value
                for name, value in values.items()
                if name not in {"comment", "subject", "requester_id", "ticket_form_id"}
            }
            status = self._status(given) or self._default("new")
            self._change_status(ticket, audit, *status, None, kind="Create")
            self._apply(ticket, audit, given, None, kind="Create")
            if ticket.follows is not None:
                self.tickets[ticket.follows].followups.append(number)
                self._touch(self.tickets[ticket.follows], moment)
            self._finish(ticket, audit, moment)
            return ticket

    def update(
        self,
        number: int,
        values: Values,
        author: int,
        when: datetime | None = None,
        *,
        via: dict[str, Any] | None = None,
        custom: dict[str, Any] | None = None,
        origin: dict[str, Any] | None = None,
    ) -> Audit:
        """Apply an update and return its audit, empty where nothing changed.

        `origin` is the `via` of its events where a rule made them.
        """
        with self.lock:
            ticket, moment = self.tickets[number], self._moment(when)
            audit = self._audit(ticket, moment, author, via or channel("web"), custom)
            comment = values.get("comment")
            if values.get("macro") is not None:
                title = self.macros.get(int(values["macro"]), ("A macro", {}))[0]
                told = {"macro_id": str(values["macro"]), "macro_title": title}
                self._event(audit, "AgentMacroReference", told, origin)
            if comment:
                self._comment(audit, comment, author, origin)
            self._apply(ticket, audit, values, origin)
            if comment and self.live:
                self._answered(ticket, audit, int(comment.get("author_id") or author))
            self._finish(ticket, audit, moment)
            return audit

    def delete(self, number: int, author: int, when: datetime | None = None) -> None:
        """Put a ticket among the deleted ones: its audits are gone, the export tells of it once more."""
        with self.lock:
            ticket, moment = self.tickets[number], self._moment(when)
            ticket.status, ticket.deleted_at = "deleted", moment
            self._touch(ticket, moment)
            self._note(moment, author, "delete", number, {})
            self._told("delete", ticket, moment, author)

    def scrub(self, number: int) -> None:
        """Take the content of a deleted ticket, as happens 30 days after."""
        with self.lock:
            ticket = self.tickets[number]
            ticket.subject = ticket.description = "SCRUBBED"
            ticket.fields, ticket.tags = {}, []
            moment = self._moment(None)
            self._touch(ticket, moment)
            self._told("scrub", ticket, moment, SYSTEM)

    def purge(self, number: int) -> None:
        """Take a deleted ticket away for good: no export tells of it any more."""
        with self.lock:
            ticket = self.tickets.pop(number)
            self._stamps.remove((int(ticket.generated.timestamp()), number))

    def merge(self, source: int, target: int, author: int, when: datetime | None = None) -> None:
        """Close a ticket into another, with a comment on both."""
        said = f"Request #{source} was closed and merged into this request."
        self.update(target, {"comment": {"body": said, "public": False}}, author, when)
        via = {
            "channel": "web",
            "source": {"from": {}, "to": {"ticket_id": target}, "rel": "merge"},
        }
        body = f"This request was closed and merged into request #{target}."
        values = {
            "comment": {"body": body, "public": False},
            "add_tags": ["closed_by_merge"],
            "status": "closed",
        }
        self.update(source, values, author, when, via=via)

    def redact(self, number: int, event: int, author: int) -> None:
        """Take the words of a comment away; an audit of its own says that it was done, and not what they were."""
        with self.lock:
            ticket, moment = self.tickets[number], self._moment(None)
            for audit in ticket.audits:
                for each in audit.events:
                    if each.id == event:
                        each.told["body"] = "▇▇▇▇"
            audit = self._audit(ticket, moment, author, channel("web"), None)
            self._event(audit, "CommentRedactionEvent", {"comment_id": event}, None)
            self._finish(ticket, audit, moment)

    def hide(self, number: int, event: int, author: int) -> None:
        """Make a public comment private."""
        with self.lock:
            ticket, moment = self.tickets[number], self._moment(None)
            for audit in ticket.audits:
                for each in audit.events:
                    if each.id == event:
                        each.told["public"] = False
            audit = self._audit(ticket, moment, author, channel("web"), None)
            self._event(audit, "CommentPrivacyChange", {"comment_id": event, "public": False}, None)
            self._finish(ticket, audit, moment)

    def touch(self, number: int) -> None:
        """Let the system touch a ticket: it is exported again, though nobody updated it."""
        with self.lock:
            self._touch(self.tickets[number], self._moment(None))

    def apply_macro(self, number: int, macro: int, author: int) -> Audit:
        """Let an agent apply a macro and send what it wrote: one update, which names it."""
        return self.update(number, {**self.macros[macro][1], "macro": macro}, author)

    def deactivate(self, number: int) -> None:
        """Suspend an agent; what is assigned to them stays so."""
        with self.lock:
            self.users[number].suspended = True

    def tick(self) -> None:
        """Let automations do what has become due by the clock; every request over the wire does so first."""
        with self.lock:
            self.run_automations()

    def run_automations(self) -> None:
        """Run what is due by the hour: an automation takes a ticket at the first full hour after its time."""
        now = self._moment(None)
        if self._ran is not None and now < self._ran + timedelta(hours=1):
            return
        self._ran = now.replace(minute=0, second=0)
        for rule in self.rules:
            if rule.hours is None or not rule.active:
                continue
            for ticket in list(self.tickets.values()):
                since = ticket.solved_at
                if ticket.status != "solved" or since is None:
                    continue
                due = since + timedelta(hours=rule.hours)
                ran = (due + timedelta(minutes=59, seconds=59)).replace(minute=0, second=0)
                if ran <= now:
                    way = rule_via(rule)
                    rule.ran[ticket.id] += 1
                    self.update(ticket.id, rule.actions, SYSTEM, ran, via=way, origin=way)

    def archived(self, ticket: Ticket) -> bool:
        """Tell whether a ticket has been closed for so long that lists no longer show it."""
        closed = ticket.closed_at
        return closed is not None and self.clock.now() - closed >= ARCHIVE_AFTER

    def exported(
        self, after: tuple[int, int], until: datetime, most: int
    ) -> tuple[list[Ticket], bool]:
        """Return tickets by when anything touched them, after a place and not later than an instant."""
        start = bisect_right(self._stamps, after)
        end = bisect_right(self._stamps, (int(until.timestamp()), 1 << 62))
        rows = self._stamps[start : min(start + most, end)]
        return [self.tickets[number] for _, number in rows], start + most >= end

    def logged(self, start: int, until: datetime, most: int) -> tuple[list[Audit], bool]:
        """Return audits of all tickets from a second on, oldest first, and whether these are all."""
        first = bisect_right(self._log, (start, -1))
        end = bisect_right(self._log, (int(until.timestamp()), 1 << 62))
        last = min(first + most, end)
        # A page never ends within a second: the next one begins with a second of its own.
        while last < end and last > first and self._log[last][0] == self._log[last - 1][0]:
            last += 1
        return [self.audits[number] for _, number in self._log[first:last]], last >= end

    def _apply(
        self,
        ticket: Ticket,
        audit: Audit,
        values: Values,
        origin: dict[str, Any] | None,
        *,
        kind: str = "Change",
    ) -> None:
        for name in PLAIN:
            if name in values:
                slot = SLOT.get(name, name)
                before = getattr(ticket, slot)
                if before != values[name]:
                    setattr(ticket, slot, values[name])
                    self._tell(audit, kind, name, before, values[name], origin)
        tags = [*ticket.tags]
        for number, value in values.get("custom_fields", {}).items():
            before = ticket.fields.get(number)
            if before == value:
                continue
            ticket.fields[number] = value
            self._tell(audit, kind, str(number), before, value, origin)
            if self.fields[number].type == "tagger":
                tags = [tag for tag in tags if tag != before] + ([value] if value else [])
        tags = list(values["tags"]) if "tags" in values else tags
        tags += [tag for tag in values.get("add_tags", ()) if tag not in tags]
        tags = [tag for tag in tags if tag not in values.get("remove_tags", ())]
        if set(tags) != set(ticket.tags):
            before, ticket.tags = ticket.tags, tags
            self._tell(audit, kind, "tags", before, tags, origin)
        if kind == "Change":
            status = self._status(values)
            if status is not None:
                self._change_status(ticket, audit, *status, origin)
        if "notify" in values:
            told = {"recipients": [ticket.requester], "subject": ticket.subject, **values["notify"]}
            self._event(audit, "Notification", told, origin)

    def _status(self, values: Values) -> tuple[str, int | None] | None:
        """Give the system's status and the account's own that an update asks for."""
        wanted = values.get("custom_status_id")
        if wanted is not None:
            return self.statuses[int(wanted)].category, int(wanted)
        status = values.get("status")
        if status is None:
            return None
        return ("closed", None) if status == "closed" else self._default(status)

    def _default(self, category: str) -> tuple[str, int]:
        found = next(
            each.id for each in self.statuses.values() if each.category == category and each.default
        )
        return category, found

    def _change_status(
        self,
        ticket: Ticket,
        audit: Audit,
        status: str,
        custom: int | None,
        origin: dict[str, Any] | None,
        *,
        kind: str = "Change",
    ) -> None:
        if status != ticket.status:
            self._tell(audit, kind, "status", ticket.status or None, status, origin)
            ticket.solved_at = audit.created if status == "solved" else ticket.solved_at
            ticket.closed_at = audit.created if status == "closed" else None
            ticket.status = status
        if custom is not None and custom != ticket.custom_status:
            before = ticket.custom_status or None
            self._tell(audit, kind, "custom_status_id", before, custom, origin)
            ticket.custom_status = custom

    def _answered(self, ticket: Ticket, audit: Audit, author: int) -> None:
        """Open a ticket again that waited, or was solved, when its requester writes."""
        writer = self.users.get(author)
        waited = ticket.status in {"pending", "hold", "solved"}
        if writer is not None and writer.role == "end-user" and waited:
            self._change_status(ticket, audit, *self._default("open"), None)

    def _run_triggers(self, ticket: Ticket, audit: Audit) -> None:
        ran: set[int] = set()
        for _ in range(_MOST_RUNS):
            fired = next(
                (
                    rule
                    for rule in self.rules
                    if rule.hours is None
                    and rule.active
                    and rule.id not in ran
                    and (rule.times is None or rule.ran[ticket.id] < rule.times)
                    and meets(rule, ticket, audit)
                ),
                None,
            )
            if fired is None:
                return
            ran.add(fired.id)
            fired.ran[ticket.id] += 1
            self._apply(ticket, audit, fired.actions, rule_via(fired))

    def _comment(
        self, audit: Audit, comment: Values, author: int, origin: dict[str, Any] | None
    ) -> None:
        told = {
            "author_id": int(comment.get("author_id") or author),
            "body": comment["body"],
            "public": bool(comment.get("public", True)),
        }
        self._event(audit, "Comment", told, origin)

    def _tell(
        self,
        audit: Audit,
        kind: str,
        name: str,
        before: Any,
        after: Any,
        origin: dict[str, Any] | None,
    ) -> None:
        told = {"field_name": name, "value": _text(after)}
        if kind == "Change":
            told["previous_value"] = _text(before)
        self._event(audit, kind, told, origin)

    def _event(
        self, audit: Audit, kind: str, told: dict[str, Any], via: dict[str, Any] | None
    ) -> None:
        self._next += 1
        audit.events.append(Event(self._next, kind, told, via))

    def _audit(
        self,
        ticket: Ticket,
        moment: datetime,
        author: int,
        via: dict[str, Any],
        custom: dict[str, Any] | None,
    ) -> Audit:
        self._next += 1
        return Audit(self._next, ticket.id, moment, author, via, custom or {})

    def _finish(self, ticket: Ticket, audit: Audit, moment: datetime) -> None:
        if not audit.events:
            return
        if self.live and ticket.status != "closed":
            self._run_triggers(ticket, audit)
        ticket.audits.append(audit)
        ticket.updated = max(ticket.updated, moment)
        self.audits[audit.id] = audit
        insort(self._log, (int(moment.timestamp()), audit.id))
        self._touch(ticket, moment)
        told = [{"type": each.type, **each.told} for each in audit.events]
        detail = {"audit": audit.id, "events": told, "via": audit.via, "custom": audit.custom}
        self._note(moment, audit.author, "audit", ticket.id, detail)
        self._told("audit", ticket, moment, audit.author, audit)

    def _touch(self, ticket: Ticket, moment: datetime) -> None:
        old = (int(ticket.generated.timestamp()), ticket.id)
        place = bisect_right(self._stamps, old) - 1
        if place >= 0 and self._stamps[place] == old:
            del self._stamps[place]
        ticket.generated = max(ticket.generated, moment)
        insort(self._stamps, (int(ticket.generated.timestamp()), ticket.id))

    def _note(self, moment: datetime, author: int, what: str, ticket: int, detail: Any) -> None:
        if self.live:
            self.journal.append(moment, str(author), what, str(ticket), detail, self.request)

    def _told(
        self,
        what: Literal["audit", "delete", "scrub"],
        ticket: Ticket,
        moment: datetime,
        author: int,
        audit: Audit | None = None,
    ) -> None:
        if not self.live:
            return
        self._acts += 1
        act = Act(self._acts, what, ticket, moment, author, audit)
        for tell in (*self.listeners, *self.reactions):
            tell(act)

    def _moment(self, when: datetime | None) -> datetime:
        return (when or self.clock.now()).astimezone(UTC).replace(microsecond=0)

    def events(self) -> Iterator[tuple[Ticket, Audit, Event]]:
        """Walk everything that ever happened."""
        for ticket in self.tickets.values():
            for audit in ticket.audits:
                for event in audit.events:
                    yield ticket, audit, event


def _text(value: Any) -> Any:
    """Write a value as audits do: numbers as text, lists as lists."""
    if value is None or isinstance(value, list | bool):
        return value
    return str(value)
