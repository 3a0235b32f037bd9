"""A Zendesk ticket as events: its audits, each event by its own way, and what the ticket stands at now."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from connectors import messages
from connectors.zendesk.site import CLOSED, OURS, SYSTEM
from ombud.model.event import CREATED, Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.instant import instant
from ombud.model.mapping import STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.zendesk.site import Site
    from ombud.model.connector import Schema
    from ombud.model.event import Native
    from ombud.model.facts import Instant

    Json = Mapping[str, Any]

#: What audits call a property -> what mappings call it; a custom field goes by its number.
NAMES: Final = {
    "assignee_id": "assignee",
    "requester_id": "requester",
    "group_id": "group",
    "ticket_form_id": "form",
    "priority": "priority",
    "type": "type",
    "brand_id": "brand",
    "organization_id": "organization",
}
PERSONS: Final = frozenset({"assignee", "requester"})
_MESSAGES: Final = frozenset({"Comment", "VoiceComment"})
_WRITTEN: Final = frozenset({"Create", "Change"})
#: Ways in which staff write on screen or by the API, as audits and as the export of events call them.
_STAFF_WAYS: Final = frozenset(
    {"web", "web form", "web_form", "mobile", "api", "web service", "web_service"}
)
#: A comment that begins with a quotation or with code.
_QUOTED: Final = re.compile(r"\s*(<div[^>]*>\s*)*<(blockquote|pre|code)\b", re.IGNORECASE)
_MACRO: Final = "AgentMacroReference"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?")


def instant_in(text: str) -> Instant:
    """Read one of Zendesk's times: UTC, to the second."""
    return instant(datetime.fromisoformat(text).astimezone(UTC))


def native_value(value: object, nature: Nature | None = None) -> tuple[Native, Nature]:
    """Give a value as events carry it: ids come as numbers or as text, times are told by their form."""
    if value is None or value in ("", []):
        return None, nature or Nature.words
    if isinstance(value, bool):
        return ("true" if value else "false"), Nature.choice
    if isinstance(value, list):
        return tuple(str(each) for each in value), nature or Nature.words
    text = str(value)
    if nature is None:
        nature = Nature.moment if _MOMENT.fullmatch(text) else Nature.words
    return text, nature


class Story:
    """Tell one ticket's events from its audits, oldest first."""

    def __init__(
        self,
        site: Site,
        ticket: Json,
        audits: Sequence[Json],
        schema: Schema,
        natures: Mapping[str, Nature],
    ) -> None:
        """Prepare to tell; `natures` says what sort of value each custom field carries."""
        self._site = site
        self._ticket = ticket
        self._audits = audits
        self._schema = schema
        self._natures = natures
        self._ref = Ref(site.account, "zendesk", str(ticket["id"]))
        self._wanted = schema.fields | {STATUS}
        self.ignored: Counter[str] = Counter()
        self._status: str | None = None
        self._hidden = {
            str(each.get("comment_id"))
            for audit in audits
            for each in audit["events"]
            if each["type"] == "CommentPrivacyChange"
        }

    def people(self) -> set[int]:
        """Give everybody who wrote something, for their roles."""
        found = {int(audit["author_id"]) for audit in self._audits}
        for audit in self._audits:
            found |= {
                int(each["author_id"])
                for each in audit["events"]
                if each["type"] in _MESSAGES and each.get("author_id") is not None
            }
        return found | {int(self._ticket["requester_id"])}

    def events(self) -> Iterator[Event]:
        """Tell everything that happened."""
        for audit in self._audits:
            born = any(each["type"] == "Create" for each in audit["events"])
            if born:
                yield self._made(audit, {"id": CREATED}, CREATED, Kind.created)
            entered = self._entered(audit)
            for each in audit["events"]:
                yield from self._event(audit, each, entered)

    def _event(self, audit: Json, each: Json, entered: Mapping[str, str]) -> Iterator[Event]:
        kind = each["type"]
        if kind in _WRITTEN:
            yield from self._written(audit, each, entered)
        elif kind in _MESSAGES:
            message = self._message(audit, each)
            yield message
            yield from self._around(audit, each, message)
        elif kind == "Notification":
            yield from self._notice(audit, each)
        else:
            self.ignored[kind] += 1
        merged = _merged_into(audit)
        if kind in _MESSAGES and merged is not None:
            told = self._made(audit, {**each, "id": f"{each['id']}.merged"}, None, Kind.merged)
            yield told._replace(field="merged", after=merged)

    def _written(self, audit: Json, each: Json, entered: Mapping[str, str]) -> Iterator[Event]:
        field, born = str(each["field_name"]), each["type"] == "Create"
        if str(each["id"]) in entered:
            before = self._status
            if before is None and not born:
                before = self._status_before(each)
            self._status = entered[str(each["id"])]
            told = self._made(audit, each, CREATED if born else None, Kind.field)
            name = f"{CREATED}.{STATUS}" if born else str(each["id"])
            yield told._replace(id=name, field=STATUS, before=before, after=self._status)
            return
        name = NAMES.get(field, field)
        if name not in self._wanted or name == STATUS:
            return
        nature = self.nature(name)
        after, found = native_value(each.get("value"), nature)
        before_, other = native_value(each.get("previous_value"), nature)
        told = self._made(audit, each, CREATED if born else None, Kind.field)
        ident = f"{CREATED}.{name}" if born else str(each["id"])
        if born and after is None:
            return
        yield told._replace(
            id=ident,
            field=name,
            nature=found if after is not None else other,
            before=before_,
            after=after,
        )

    def _status_before(self, each: Json) -> str | None:
        """Give the native status that a change left, by its own word: where what came before it is not told."""
        value = each.get("previous_value")
        if value is None:
            return None
        return (
            self._site.default_status(str(value)) if each["field_name"] == "status" else str(value)
        )

    def _entered(self, audit: Json) -> dict[str, str]:
        """Give the native status that an audit's events enter, by the id of the event that says so.

        An account with statuses of its own tells of each change twice, the system's word first; what was
        written before it had any tells the word alone. Within one audit a trigger may take back what a
        person did: every event keeps its place.
        """
        found: dict[str, str] = {}
        events = [each for each in audit["events"] if each["type"] in _WRITTEN]
        for place, each in enumerate(events):
            value = each.get("value")
            if value is None:
                continue
            if each["field_name"] == "custom_status_id":
                found[str(each["id"])] = str(value)
            elif each["field_name"] == "status" and (
                value == CLOSED
                or not any(
                    other["field_name"] == "custom_status_id"
                    and _by_rule(audit, other) == _by_rule(audit, each)
                    for other in events[place + 1 :]
                )
            ):
                found[str(each["id"])] = self._site.default_status(str(value))
        return found

    def nature(self, name: str) -> Nature | None:
        """Give the nature of a field; `None` where its values tell."""
        if name in PERSONS:
            return Nature.person
        return Nature.choice if name in NAMES.values() else self._natures.get(name)

    def _message(self, audit: Json, each: Json) -> Event:
        author = int(each.get("author_id") or audit["author_id"])
        # What was made private later was public when it was sent.
        public = bool(each.get("public")) or str(each["id"]) in self._hidden
        by = Side.automation if _by_rule(audit, each) else self._side(author)
        ours = is_ours(audit, self._site.me)
        kinds: frozenset[str] = frozenset()
        if public and not ours:
            kinds = messages.marked(self._schema, str(each.get("body") or ""))
            if self._schema.typed_by_change and by is not Side.automation:
                kinds |= self._typed(audit)
        to = None
        if public:
            to = Side.complainant if by in {Side.agent, Side.automation} else Side.agent
        made = self._made(audit, each, None, Kind.message)
        return made._replace(
            actor=None if author == SYSTEM else str(author),
            message=Message(
                public=public,
                by=by,
                to=to,
                automatic=by is Side.automation,
                kinds=kinds,
                key="ours" if ours else None,
            ),
        )

    def _around(self, audit: Json, each: Json, made: Event) -> Iterator[Event]:
        """Tell what else a message says: a word to us, or that it was sent to nobody."""
        message = made.message
        if message is None or message.key is not None:
            return
        if message.public:
            held_back = (audit.get("metadata") or {}).get("notifications_suppressed_for") or ()
            sent = message.to is Side.complainant and not message.automatic
            if sent and self._ticket["requester_id"] in held_back:
                yield messages.undelivered(made, "suppressed")
        elif message.by is Side.agent and _on_screen(audit, each):
            word = messages.word(made, str(each.get("body") or ""))
            if word is not None:
                yield word

    def _typed(self, audit: Json) -> frozenset[str]:
        """Give the kinds named by the macro, the tags and the field of the same update; a trigger's tags are not its."""
        macros: list[str] = []
        tags: set[str] = set()
        values: list[str] = []
        for each in audit["events"]:
            if each["type"] == _MACRO:
                macros.append(str(each.get("macro_id")))
            elif each["type"] in _WRITTEN and not _by_rule(audit, each):
                name = str(each["field_name"])
                if name == "tags":
                    tags |= set(_tags(each.get("value"))) - set(_tags(each.get("previous_value")))
                elif name == self._schema.kind_field:
                    values.append(str(each.get("value")))
        return messages.changed(self._schema, macros=macros, tags=tags, values=values)

    def _notice(self, audit: Json, each: Json) -> Iterator[Event]:
        """Tell of mail that a rule sent to the complainant; to others it is nobody's message."""
        sent = {str(number) for number in each.get("recipients") or ()}
        if str(self._ticket["requester_id"]) not in sent:
            return
        message = Message(public=True, by=Side.automation, to=Side.complainant, automatic=True)
        yield self._made(audit, each, None, Kind.message)._replace(message=message)

    def _side(self, author: int) -> Side | None:
        if author == SYSTEM:
            return Side.automation
        if author == int(self._ticket["requester_id"]):
            return Side.complainant
        role = self._site.user(author).get("role")
        if role is None:
            return None
        if role != "end-user":
            return Side.agent
        along = {int(each) for each in self._ticket.get("email_cc_ids") or ()}
        return Side.representative if author in along else Side.third_party

    def _made(self, audit: Json, each: Json, change: str | None, kind: Kind) -> Event:
        """Make an event: a rule's effects are a change of their own, though they stand in a person's audit."""
        by_rule = _by_rule(audit, each)
        author = int(audit["author_id"])
        if by_rule:
            cause = Cause.automation if _rel(audit, each) == "automation" else Cause.rule
        elif is_ours(audit, self._site.me):
            cause = Cause.ourselves
        elif author == SYSTEM:
            cause = Cause.automation
        else:
            mail = str((audit.get("via") or {}).get("channel")) == "email"
            cause = Cause.mail if mail else Cause.person
        happened = instant_in(audit["created_at"])
        ident = str(each["id"])
        seq = int(audit["id"]) if ident == CREATED else int(ident.split(".", maxsplit=1)[0])
        return Event(
            ident,
            self._ref,
            change or change_of(audit, each),
            seq,
            happened,
            happened,
            None if by_rule or author == SYSTEM else str(author),
            cause,
            kind,
            source=_source(audit),
        )


def change_of(audit: Json, each: Json) -> str:
    """Name the change that an event belongs to."""
    return (
        f"{audit['id']}.rule" if _by_rule(audit, each) and not _whole(audit) else str(audit["id"])
    )


def ours_of(audit: Json) -> Json:
    """Give what an update of ours says of itself; nothing for others'."""
    told = ((audit.get("metadata") or {}).get("custom") or {}).get(OURS)
    return told if isinstance(told, dict) else {}


def is_ours(audit: Json, me: int) -> bool:
    """Tell whether an audit carries our mark and is by us; others may use the same account."""
    return int(audit["author_id"]) == me and bool(ours_of(audit))


def _whole(audit: Json) -> bool:
    """Tell whether a whole audit is a rule's."""
    return bool((audit.get("via") or {}).get("channel") == "rule")


def _on_screen(audit: Json, each: Json) -> bool:
    """Tell whether somebody wrote this himself: by no rule, macro, merge or mail, and not quoting."""
    way = audit.get("via") or {}
    html = str(each.get("html_body") or "")
    return (
        str(way.get("channel")) in _STAFF_WAYS
        and (way.get("source") or {}).get("rel") is None
        and not _by_rule(audit, each)
        and int(each.get("author_id") or audit["author_id"]) == int(audit["author_id"])
        and not any(other["type"] == _MACRO for other in audit["events"])
        and not _QUOTED.match(html)
    )


def _tags(value: object) -> Sequence[str]:
    """Read tags: a list, or words apart by spaces."""
    if isinstance(value, str):
        return value.split()
    return [str(each) for each in value] if isinstance(value, list) else []


def _by_rule(audit: Json, each: Json) -> bool:
    way = each.get("via") or audit.get("via") or {}
    return bool(way.get("channel") == "rule")


def _rel(audit: Json, each: Json) -> str:
    way = each.get("via") or audit.get("via") or {}
    return str((way.get("source") or {}).get("rel"))


def _merged_into(audit: Json) -> str | None:
    source = (audit.get("via") or {}).get("source") or {}
    to = (source.get("to") or {}).get("ticket_id")
    return str(to) if source.get("rel") == "merge" and to is not None else None


def _source(audit: Json) -> str | None:
    told = ((audit.get("metadata") or {}).get("custom") or {}).get("source_event")
    return None if told is None else str(told)
