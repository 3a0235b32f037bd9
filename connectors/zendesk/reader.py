"""Read Zendesk: the export by cursor says what changed, each ticket's audits say how."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import HelpdeskError, Kind
from connectors.zendesk.history import (
    NAMES,
    Story,
    instant_in,
    is_ours,
    native_value,
    ours_of,
)
from connectors.zendesk.site import CLOSED, EXPORTED, PER_PAGE
from connectors.zendesk.tail import Tail, tail
from ombud.model.connector import (
    FOLLOW_UP,
    MERGED,
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
from ombud.model.event import Kind as EventKind
from ombud.model.event import Nature, Ref
from ombud.model.instant import instant
from ombud.model.mapping import STATUS
from ombud.model.mark import PREFIX
from ombud.model.word import CALLED_BY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connectors.zendesk.site import Site
    from ombud.model.connector import Interest, Schema
    from ombud.model.event import Event, Native

    Json = Mapping[str, Any]

#: Types of fields whose values are ids of a vocabulary.
_CHOICES: Final = frozenset({"tagger", "multiselect", "checkbox"})
#: So long before the first sweep the stream of events is taken up: what it repeats does no harm.
_BEFORE: Final = timedelta(minutes=2)
#: A look within so long of an update may have come before another update of the same second.
_UNSETTLED: Final = timedelta(seconds=2)
#: What tickets hold people in.
_PEOPLE: Final = ("requester_id", "assignee_id")
#: Keys of our writes that are remembered.
_KEYS: Final = 10
_CALLS_A_MINUTE: Final = 400
#: The kind of the link from an incident to its problem: the property that holds it.
PROBLEM: Final = "problem_id"


@dataclass(frozen=True, slots=True)
class _Preview:
    """Hold what a sweep saw of a ticket: the ticket, and its audits since the last sweep, if the stream told them."""

    ticket: Json
    news: tuple[Json, ...] = ()


@dataclass(slots=True)
class Reader:
    """Read one account.

    Attributes:
        site: the connection.
        ignored: kinds of events that were passed over, counted: side conversations, ratings, and what is yet unknown.

    """

    site: Site
    ignored: Counter[str] = field(default_factory=Counter)
    _natures: dict[str, Nature] | None = None

    def changed(self, cursor: str | None, interest: Interest, schema: Schema) -> Iterator[Page]:  # noqa: ARG002 (the export is of the whole account)
        """List tickets changed since the cursor; it is never made anew from the present.

        The last minute is withheld, whichever way one asks: what it held comes with the next sweep. A ticket comes
        once for each state that the system gave it.
        """
        params: dict[str, object] = {
            "per_page": EXPORTED,
            "include": "users",
            "support_type_scope": "all",
        }
        news: Tail | None = None
        if cursor is None:
            params["start_time"] = 0
            events = int((self.site.clock.now() - _BEFORE).timestamp())
        else:
            stands = json.loads(cursor)
            params["cursor"], events = stands["cursor"], int(stands["events"])
        told: set[tuple[int, int]] = set()
        listed: set[str] = set()
        while True:
            answer = self.site.client.get(
                "/api/v2/incremental/tickets/cursor",
                params,
                operation="GET /api/v2/incremental/tickets/cursor",
            ).json()
            self.site.know(answer.get("users") or ())
            fresh = [
                each
                for each in answer["tickets"]
                if (int(each["id"]), int(each.get("generated_timestamp") or 0)) not in told
            ]
            told |= {(int(each["id"]), int(each.get("generated_timestamp") or 0)) for each in fresh}
            listed |= {str(each["id"]) for each in answer["tickets"]}
            after = answer.get("after_cursor") or params.get("cursor")
            if fresh and cursor is not None and news is None:
                news = tail(self.site, events)
            if news is not None and answer.get("end_of_stream"):
                # Told again from a second that was told already: whatever came twice has the same id.
                events = news.since(listed)
            yield Page(
                tuple(self._seen(each, news=news) for each in fresh),
                json.dumps({"cursor": after, "events": events}) if after else "",
            )
            if answer.get("end_of_stream"):
                return
            if after is None or after == params.get("cursor"):
                raise HelpdeskError(
                    Kind.broken,
                    self.site.account,
                    "GET /api/v2/incremental/tickets/cursor",
                    detail="the export goes round in circles",
                    remedy="It is tried again from where it stands",
                )
            params = {key: value for key, value in params.items() if key != "start_time"}
            params["cursor"] = after

    def look(self, refs: Sequence[Ref], schema: Schema) -> Iterator[Seen]:  # noqa: ARG002 (the protocol's)
        """Look at named tickets; those deleted are not among them."""
        for start in range(0, len(refs), PER_PAGE):
            names = ",".join(ref.id for ref in refs[start : start + PER_PAGE])
            answer = self.site.client.get(
                "/api/v2/tickets/show_many",
                {"ids": names, "include": "users"},
                operation="GET /api/v2/tickets/show_many",
            ).json()
            self.site.know(answer.get("users") or ())
            yield from (self._seen(each, looked=True) for each in answer["tickets"])

    def estimate(self, cursor: str | None, interest: Interest) -> Estimate:  # noqa: ARG002 (the protocol's)
        """Foretell a sweep: at first, an export's page for each thousand tickets and the audits of each."""
        if cursor is not None:
            return Estimate(None, 2, 2.0)
        told = self.site.client.get("/api/v2/tickets/count").json()["count"]
        tickets = int(told["value"])
        calls = tickets + tickets // EXPORTED + 2
        return Estimate(tickets, calls, calls * 60 / _CALLS_A_MINUTE)

    def read(self, seen: Sequence[Seen], schema: Schema) -> Iterator[Reading]:
        """Read tickets with all their audits, a call for each; one that cannot be understood stops no other."""
        blind = [each.ref for each in seen if not isinstance(each.preview, _Preview)]
        found = {each.ref: each for each in self.look(blind, schema)} if blind else {}
        for each in seen:
            known = found.get(each.ref, each)
            if not isinstance(known.preview, _Preview):
                yield Reading(
                    each.ref,
                    None,
                    gone=Gone.unreachable,
                    detail="not shown: deleted, or hidden from us",
                )
                continue
            try:
                yield self._read(
                    each.ref, replace(known, stored=each.stored), known.preview, schema
                )
            except (KeyError, TypeError, ValueError) as error:
                yield Reading(
                    each.ref,
                    None,
                    gone=Gone.malformed,
                    detail=f"not understood: {type(error).__name__}",
                )

    def _read(self, ref: Ref, seen: Seen, preview: _Preview, schema: Schema) -> Reading:
        ticket = preview.ticket
        if ticket["status"] == "deleted":
            scrubbed = ticket.get("subject") == "SCRUBBED"
            return Reading(
                ref, None, gone=Gone.deleted, detail="scrubbed" if scrubbed else "deleted"
            )
        whole = not (seen.stored and preview.news and self._tells_all(ticket, preview.news, schema))
        try:
            audits = self.site.audits(ref.id) if whole else preview.news
        except HelpdeskError as error:
            if error.kind is not Kind.missing:
                raise
            # The export tells of the deletion by the vendor's own word, in its time.
            return Reading(
                ref, None, gone=Gone.unreachable, detail="its audits are not shown any more"
            )
        story = Story(self.site, ticket, audits, schema, self.natures())
        people = story.people() | {int(ticket[name]) for name in _PEOPLE if ticket.get(name)}
        people |= {int(value) for value in self._looked_up(ticket) if value.isdigit()}
        self.site.meet(people)
        events = list(story.events())
        self.ignored.update(story.ignored)
        return Reading(
            ref,
            self._actual(ref, seen, ticket, audits, events, schema, story),
            tuple(events),
            complete=any(each.kind is EventKind.created for each in events),
            whole=whole,
            people=self._people(sorted(people)),
        )

    def _tells_all(self, ticket: Json, news: Sequence[Json], schema: Schema) -> bool:
        """Tell whether the stream is enough: nothing of ours is on the ticket or in it, and no merge may hide in it.

        How often we moved the ticket back before is not asked for then: it has been mended since.
        """
        return (
            ticket["status"] != CLOSED
            and not self.note_of(ticket)
            and not any(tag.startswith(PREFIX) for tag in ticket.get("tags") or ())
            and all(int(audit["author_id"]) != self.site.me for audit in news)
            and not any(_asks_for_more(audit, schema) for audit in news)
        )

    def _actual(
        self,
        ref: Ref,
        seen: Seen,
        ticket: Json,
        audits: Sequence[Json],
        events: Sequence[Event],
        schema: Schema,
        story: Story,
    ) -> Actual:
        current: dict[str, tuple[Native, Nature]] = {
            name: native_value(value, story.nature(name))
            for name, value in self._values(ticket).items()
            if name in schema.fields
        }
        status = self.status_of(ticket)
        current[STATUS] = (status, Nature.choice)
        until = instant_in(ticket["updated_at"])
        covered = [each for each in events if each.happened <= until]
        me = self.site.me
        ours = {str(audit["id"]) for audit in audits if is_ours(audit, me)}
        return Actual(
            ref=ref,
            key=seen.key,
            url=self.site.display(ref.id),
            revision=seen.revision,
            head=covered[-1].change if covered else None,
            theirs=next(
                (
                    each.change
                    for each in reversed(covered)
                    if each.field == STATUS and each.change not in ours
                ),
                None,
            ),
            status=status,
            facets=seen.facets,
            fields={name: value for name, (value, _) in current.items()},
            natures={name: nature for name, (_, nature) in current.items()},
            edges=None,
            ours=self.state(ticket, audits),
            links=frozenset(
                (*self._links(ticket), *_problem(ref, ticket, audits), *_merges(events))
            ),
            ended=ticket["status"] == CLOSED,
            reassigned=_reassigned(audits),
            shows=self.site.note_field is not None,
        )

    def state(self, ticket: Json, audits: Sequence[Json]) -> Ours:
        """Give what of ours a ticket carries: its tags, and what our updates say of themselves."""
        mine = [audit for audit in audits if is_ours(audit, self.site.me)]
        texts = [ours_of(audit)["text"] for audit in mine if "text" in ours_of(audit)]
        text = texts[-1] if texts else None
        if self.site.note_field is not None and not self.note_of(ticket):
            text = None
        return Ours(
            tags=frozenset(tag for tag in ticket.get("tags") or () if tag.startswith(PREFIX)),
            text=text or None,
            keys=frozenset(_keys(audits)[-_KEYS:]),
            moved_back=tuple(
                instant_in(audit["created_at"]) for audit in mine if ours_of(audit).get("back")
            ),
        )

    def note_of(self, ticket: Json) -> object:
        """Give what stands in the field of ours; nothing where none is named."""
        return self._custom(ticket).get(str(self.site.note_field))

    def status_of(self, ticket: Json) -> str:
        """Give the native status: the account's own by its id, or the system's word; closed is closed."""
        if ticket["status"] == CLOSED or ticket.get("custom_status_id") is None:
            return self.site.default_status(str(ticket["status"]))
        return str(ticket["custom_status_id"])

    def _values(self, ticket: Json) -> dict[str, object]:
        found: dict[str, object] = {name: ticket.get(native) for native, name in NAMES.items()}
        return found | {"subject": ticket.get("subject"), **self._custom(ticket)}

    @staticmethod
    def _custom(ticket: Json) -> dict[str, object]:
        return {str(each["id"]): each.get("value") for each in ticket.get("custom_fields") or ()}

    def _looked_up(self, ticket: Json) -> list[str]:
        """Give the users that custom fields name."""
        natures = self.natures()
        return [
            str(value)
            for name, value in self._custom(ticket).items()
            if value and natures.get(name) is Nature.person
        ]

    def natures(self) -> dict[str, Nature]:
        """Give what sort of value each custom field carries; of words, the value itself tells."""
        natures = self._natures
        if natures is None:
            natures = {}
            for each in self.site.listed("ticket_fields"):
                if each["type"] in _CHOICES:
                    natures[str(each["id"])] = Nature.choice
                elif each["type"] == "lookup":
                    natures[str(each["id"])] = Nature.person
                elif each["type"] in {"integer", "decimal"}:
                    natures[str(each["id"])] = Nature.number
            self._natures = natures
        return natures

    def _seen(self, ticket: Json, *, looked: bool = False, news: Tail | None = None) -> Seen:
        name = str(ticket["id"])
        revision = str(ticket["updated_at"])
        if ticket["status"] == "deleted":
            # A deletion need not count as an update.
            revision += "/deleted"
        now = self.site.clock.now()
        if looked and instant_in(str(ticket["updated_at"])) > instant(now - _UNSETTLED):
            revision += UNSETTLED
        return Seen(
            Ref(self.site.account, "zendesk", name),
            f"#{name}",
            revision,
            self._facets(ticket),
            _Preview(ticket, tuple(news.audits.get(name, ())) if news and news.whole else ()),
            later=ticket["status"] in {CLOSED, "solved"},
        )

    def _facets(self, ticket: Json) -> dict[str, tuple[str, ...]]:
        form = str(ticket.get("ticket_form_id") or "")
        found: dict[str, tuple[str, ...]] = {"tag": tuple(ticket.get("tags") or ())}
        if form:
            names = (form, self.site.forms[form]) if form in self.site.forms else (form,)
            found |= {"form": names, "project": names}
        for name, native in (("brand", "brand_id"), ("group", "group_id"), ("type", "type")):
            if ticket.get(native):
                found[name] = (str(ticket[native]),)
        for name, value in self._custom(ticket).items():
            if value not in (None, "", []):
                values = value if isinstance(value, list) else [value]
                found[f"field.{name}"] = tuple(str(each) for each in values)
        return found

    def _links(self, ticket: Json) -> Iterator[Link]:
        """Give follow-ups: a closed ticket goes on in another, which is the same case."""
        others = [*(ticket.get("followup_ids") or ())]
        source = (ticket.get("via") or {}).get("source") or {}
        before = ticket.get("via_followup_source_id")
        if source.get("rel") == "follow_up":
            before = (source.get("from") or {}).get("ticket_id", before)
        for number in (*others, *([before] if before is not None else ())):
            yield Link(FOLLOW_UP, Ref(self.site.account, "zendesk", str(number)))

    def _people(self, numbers: Iterable[int]) -> dict[str, dict[str, str]]:
        """Give what is known of the people of a ticket: one person may be known elsewhere by the same address."""
        found = {}
        for number in numbers:
            told = self.site.user(number)
            named = {key: str(told[key]) for key in ("name", "email") if told.get(key)}
            if named:
                found[str(number)] = named
        return found

    def list_ours(self, interest: Interest, schema: Schema) -> Iterable[Ref]:
        """List the tickets that carry a tag of ours, or words in our field; closed ones cannot be changed."""
        for page in self.changed(None, interest, schema):
            for each in page.seen:
                assert isinstance(each.preview, _Preview)
                ticket = each.preview.ticket
                if ticket["status"] in {CLOSED, "deleted"}:
                    continue
                if self.note_of(ticket) or any(
                    tag.startswith(PREFIX) for tag in ticket.get("tags") or ()
                ):
                    yield each.ref


def _asks_for_more(audit: Json, schema: Schema) -> bool:
    """Tell whether only the audit says all: how a note to us came about, by which macro a reply was written."""
    return any(
        str(each.get("body") or "").startswith(CALLED_BY)
        or bool(schema.macros and each.get("public"))
        for each in audit["events"]
    )


def _problem(ref: Ref, ticket: Json, audits: Sequence[Json]) -> Iterator[Link]:
    """Give the problem that an incident stems from, and since when, where the audits at hand tell."""
    problem = ticket.get("problem_id")
    if problem is None:
        return
    told = [
        instant_in(audit["created_at"])
        for audit in audits
        for each in audit["events"]
        if each.get("field_name") == PROBLEM and str(each.get("value")) == str(problem)
    ]
    yield Link(PROBLEM, ref._replace(id=str(problem)), told[-1] if told else None)


def _keys(audits: Sequence[Json]) -> list[str]:
    """Give the keys of updates, of other installations too, since somebody last took all of them away."""
    told = [str(ours_of(audit).get("key")) for audit in audits if ours_of(audit)]
    return told[len(told) - told[::-1].index("") :] if "" in told else told


def _reassigned(audits: Sequence[Json]) -> frozenset[str]:
    """Give the changes in whose audits somebody, or a rule, gave the ticket to others."""
    given = [
        str(audit["id"])
        for audit in audits
        if any(
            each["type"] == "Change" and each.get("field_name") in {"assignee_id", "group_id"}
            for each in audit["events"]
        )
    ]
    return frozenset((*given, *(f"{name}.rule" for name in given)))


def _merges(events: Sequence[Event]) -> Iterator[Link]:
    for each in events:
        if each.kind is EventKind.merged and isinstance(each.after, str):
            yield Link(MERGED, Ref(each.ref.account, each.ref.vendor, each.after))
