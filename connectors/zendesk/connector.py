"""The connector for Zendesk: reader and writer behind the one protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connectors.errors import HelpdeskError, Kind
from connectors.zendesk.budget import Budget
from connectors.zendesk.reader import Reader
from connectors.zendesk.site import Site
from connectors.zendesk.writer import Writer
from ombud.model.connector import Check, NativeField, NativeStatus, Schema
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
        Seen,
    )
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import Plan
    from ombud.settings import Account

    Json = Mapping[str, Any]

_SYSTEM: Final = (
    ("assignee", "Assignee", Nature.person),
    ("requester", "Requester", Nature.person),
    ("group", "Group", Nature.choice),
    ("priority", "Priority", Nature.choice),
    ("form", "Form", Nature.choice),
    ("subject", "Subject", Nature.words),
)
#: Types of fields that stand for properties which tickets carry under names of their own.
_PROPERTIES: Final = frozenset(
    {
        "subject",
        "description",
        "status",
        "custom_status",
        "tickettype",
        "priority",
        "group",
        "assignee",
    }
)
#: Hours within which what was solved can hardly be mended, and is closed all the same.
EARLY: Final = 24
_MAILS: Final = (
    "notification_user",
    "notification_group",
    "notification_webhook",
    "notification_target",
)


class Zendesk:
    """Speak with one Zendesk account."""

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
        self._writer = Writer(self._site, self._reader, Budget(account, clock))

    @property
    def calls(self) -> Mapping[str, int]:
        """Give the calls made so far, by operation."""
        return self._site.client.calls

    @property
    def ignored(self) -> Mapping[str, int]:
        """Give the kinds of audit events passed over so far, counted."""
        return self._reader.ignored

    def through(self, gate: Gate) -> None:
        """Have every request pass a gate that others of the account share."""
        self._site.client.gate = gate

    def check(self) -> Sequence[Check]:
        """Test sign-in and each scope with its reason, and list the rules that would cross a move back."""
        try:
            me = self._site.user(self._site.me)
        except HelpdeskError as error:
            return [Check("Sign-in", ok=False, why=error.detail or str(error), remedy=error.remedy)]
        found = [Check("Sign-in", ok=True, why=f"as {me.get('role', 'somebody')}")]
        found.append(self._may_read())
        scope = "write"
        found.append(
            Check(
                scope,
                ok=None,
                why=self.manifest.scopes[scope],
                remedy="Nothing is written to find out: a token that may not write is told so at the first write",
            )
        )
        return [*found, self._note(), *self._rules()]

    def _may_read(self) -> Check:
        why = self.manifest.scopes["read"]
        try:
            self._site.client.get(
                "/api/v2/incremental/tickets/cursor",
                {"start_time": 0, "per_page": 1},
                operation="GET /api/v2/incremental/tickets/cursor",
            )
        except HelpdeskError as error:
            if error.kind not in {Kind.permission, Kind.signin, Kind.missing}:
                raise
            remedy = (
                "The export is for administrators: use an account of that role, and the scope read"
            )
            return Check("read", ok=False, why=error.detail or why, remedy=remedy)
        return Check("read", ok=True, why=why)

    def _note(self) -> Check:
        """Look at the field that holds our text: agents should see it, and not be able to write in it."""
        name = "Our text's field"
        number = self._site.note_field
        if number is None:
            remedy = "Make a multi-line field that agents cannot edit, and name its id: options = {note_field = …}"
            return Check(name, ok=None, why="none is named: agents see notes only", remedy=remedy)
        held = next((f for f in self._site.listed("ticket_fields") if int(f["id"]) == number), None)
        if held is None:
            return Check(
                name, ok=False, why=f"there is no field {number}", remedy="Check note_field"
            )
        editable = bool(held.get("agent_can_edit"))
        return Check(
            name,
            ok=None if editable else True,
            why="agents can write in it"
            if editable
            else f"“{held['title']}”, agents cannot edit it",
            remedy="Set it to read-only for agents",
        )

    def _rules(self) -> Iterator[Check]:
        """List automations that close what is solved, and triggers that act when a ticket is opened again."""
        remedy = (
            "What it has closed cannot be opened again: give it the 28 days that Zendesk allows"
        )
        yield _or_none(
            self._crossing("automations", "What closes solved tickets", _closes, remedy),
            "automations",
        )
        for kind in ("automations", "triggers"):
            early = self._crossing(kind, f"What closes too early ({kind})", _closes_early, remedy)
            if early.why and early.ok:
                # Closed before anybody could mend it, or before we so much as see it solved.
                yield replace(early, ok=False)
        remedy = "A move back sets these off too: look at Admin Center > Triggers"
        yield _or_none(
            self._crossing("triggers", "What fires on a reopen", _answers, remedy), "triggers"
        )

    def _crossing(self, kind: str, what: str, meant: Callable[[Json], bool], remedy: str) -> Check:
        """List the rules of a kind that are meant; `ok` is unknown where they may not be read."""
        try:
            rules = [each for each in self._site.listed(kind) if each.get("active", True)]
        except HelpdeskError as error:
            if error.kind not in {Kind.permission, Kind.missing}:
                raise
            return Check(what, ok=None, why=f"the account may not read {kind}", remedy=remedy)
        told = [
            f"“{each['title']}”{_after(each)}{', which tells people' if _mails(each) else ''}"
            for each in rules
            if meant(each)
        ]
        return Check(what, ok=True, why="; ".join(told), remedy=remedy)

    def list_fields(self) -> Sequence[NativeField]:
        """List the account's fields, drop-downs with their options."""
        found = [NativeField(name, title, nature) for name, title, nature in _SYSTEM]
        natures = self._reader.natures()
        for each in self._site.listed("ticket_fields"):
            if each["type"] in _PROPERTIES:
                continue
            options = {
                str(option["value"]): str(option["name"])
                for option in each.get("custom_field_options") or ()
            }
            nature = natures.get(str(each["id"]), Nature.words)
            found.append(NativeField(str(each["id"]), str(each["title"]), nature, options))
        return found

    def list_statuses(self) -> Sequence[NativeStatus]:
        """List the account's statuses with the system's word for each, and closed, which is nobody's own."""
        own = [
            NativeStatus(name, str(told["agent_label"]), str(told["status_category"]))
            for name, told in self._site.statuses.items()
        ]
        words = ("new", "open", "pending", "hold", "solved")
        return [
            *(own or [NativeStatus(word, word.title(), word) for word in words]),
            NativeStatus("closed", "Closed", "closed"),
        ]

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
        """Read tickets with all their audits."""
        return self._reader.read(seen, schema)

    def act(self, plan: Plan, key: str, now: Callable[[], Instant]) -> Receipt:
        """Carry out a plan and read it back."""
        return self._writer.act(plan, key, now)

    def find(self, ref: Ref, key: str) -> Receipt | None:
        """Find what became of a write."""
        return self._writer.find(ref, key)

    def remove_ours(self, ref: Ref) -> Receipt:
        """Take our tags and our text off a ticket."""
        return self._writer.remove_ours(ref)

    def list_ours(self, interest: Interest) -> Iterable[Ref]:
        """List the tickets that carry anything of ours."""
        return self._reader.list_ours(interest, Schema())


def _conditions(rule: Json) -> list[Json]:
    told = rule.get("conditions") or {}
    return [*(told.get("all") or ()), *(told.get("any") or ())]


def _or_none(found: Check, kind: str) -> Check:
    return found if found.why else replace(found, why=f"no one of its {kind}")


def _mails(rule: Json) -> bool:
    return any(str(action["field"]) in _MAILS for action in rule.get("actions") or ())


def _closes(rule: Json) -> bool:
    return any(
        each["field"] == "status" and str(each["value"]) == "closed"
        for each in rule.get("actions") or ()
    )


def _closes_early(rule: Json) -> bool:
    """Tell whether a rule closes what was solved less than a day ago; a trigger does so at once."""
    hours = [str(each["value"]) for each in _conditions(rule) if each["field"] == "SOLVED"]
    return _closes(rule) and not any(each.isdigit() and int(each) >= EARLY for each in hours)


def _answers(rule: Json) -> bool:
    return any(
        each["field"] in {"status", "custom_status_id"}
        and each.get("operator") in {"value", "changed", "value_previous", "not_value_previous"}
        for each in _conditions(rule)
    )


def _after(rule: Json) -> str:
    hours = next((each["value"] for each in _conditions(rule) if each["field"] == "SOLVED"), None)
    return f" after {hours} hours" if hours is not None else ""
