"""What passes between the service and the database, and how events are written down."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ombud.model.connector import Gone
from ombud.model.event import OLD_KINDS, Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.scope import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.connector import Seen
    from ombud.model.event import Native
    from ombud.model.facts import Instant, Verdict
    from ombud.model.finding import Finding
    from ombud.store.tellings import Notice

#: Failures after which a ticket is quarantined: tried ever more seldom, its rules unknown.
QUARANTINE = 3


@dataclass(frozen=True, slots=True)
class TicketState:
    """Say how a ticket was left by its last settle.

    Attributes:
        ref: the ticket.
        key: what people call it.
        url: where people open it.
        revision: the vendor's revision that was settled.
        decision: complaint, not a complaint, undecided.
        binding: the binding it was settled under.
        case: its case, for complaints.
        settled: digest of everything it was settled with.
        recheck: when the clock alone changes it; after a failure, when it is tried again.
        failures: failures in a row.
        trouble: what failed last.
        gone: why it cannot be read.
        refused: transition that the helpdesk would not let us undo.
        complete: whether its history reaches back to its creation.

    """

    ref: Ref
    key: str
    url: str
    revision: str
    decision: Decision
    binding: str
    case: str | None = None
    settled: str | None = None
    recheck: Instant | None = None
    failures: int = 0
    trouble: str | None = None
    gone: Gone | None = None
    refused: str | None = None
    complete: bool = True

    @classmethod
    def outside(cls, seen: Seen, decision: Decision, binding: str) -> TicketState:
        """Note a ticket that is no complaint, or undecided: nothing of it is judged or read."""
        return cls(seen.ref, seen.key, "", seen.revision, decision, binding)

    @classmethod
    def awaited(cls, seen: Seen, decision: Decision, binding: str) -> TicketState:
        """Note a ticket that is to be read yet, after those that matter more."""
        return cls(seen.ref, seen.key, "", "", decision, binding, recheck=0)

    def rests(self, revision: str, settled: str, now: Instant) -> bool:
        """Tell whether nothing has changed: not the ticket, not what judges it, and no clock has run out.

        A ticket that was not shown any more, and is shown again, has changed.
        """
        if self.gone is Gone.unreachable or (self.recheck is not None and self.recheck <= now):
            return False
        if self.failures:
            return True
        return self.revision == revision and self.settled == settled

    @property
    def quarantined(self) -> bool:
        """Tell whether it failed so often that it is tried only now and then."""
        return self.failures >= QUARANTINE


@dataclass(frozen=True, slots=True)
class Posting:
    """Hold a plan to be sent: its JSON, its key, and whether it enforces something."""

    plan: str
    key: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class Posted:
    """Hold a plan as it waits in the outbox."""

    ref: Ref
    plan: str
    key: str
    state: str
    attempts: int
    uncertain_since: Instant | None


@dataclass(frozen=True, slots=True)
class Settled:
    """Hold what settling one ticket brought, to be stored in the page's transaction.

    Attributes:
        state: the ticket as it is left.
        events: events not stored before.
        people: keyed identifier -> personal data.
        findings: the case's findings, every verdict; `None` leaves those stored as they are.
        posting: the plan to send; `None` drops one that waits, unless its outcome is uncertain.
        why: what was decided, for the log.
        digests: of everything a verdict depends on.
        withdrawn: why findings of the case that are not in `findings` are withdrawn.
        former: the case the ticket belonged to before; with its last ticket gone, its findings are withdrawn.
        links: what the ticket is joined to; `None` leaves those stored as they are.
        touched: other stored tickets to settle afresh, because their case is another now.
        notices: what people are to be told of it.

    """

    state: TicketState
    events: Sequence[Event] = ()
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: Sequence[Finding] | None = None
    posting: Posting | None = None
    why: str = "none"
    digests: str = ""
    withdrawn: str | None = None
    former: str | None = None
    links: frozenset[Ref] | None = None
    touched: frozenset[Ref] = frozenset()
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True)
class Triage:
    """Name a ticket that the scope leaves undecided."""

    ref: str
    key: str
    binding: str
    url: str


@dataclass(frozen=True, slots=True)
class Interval:
    """Hold a finding as it was known over a time.

    Attributes:
        key: digest of rule, case and occurrence.
        rule: rule id.
        case: case id.
        ref: the ticket.
        binding: the binding that was judged.
        occurrence: what was judged: an event's id, or `-`.
        entered: when that was.
        verdict: at the transition, or as of the judgement.
        standing: as of the judgement.
        severity: major, minor or observation.
        due: a deadline's due instant.
        reasons: what is wrong, one sentence each.
        mode: effective mode.
        pack_digest: digest of the pack as configured.
        since: when it became known.
        until: when something else became known; `None` while it holds.
        withdrawn: why nothing took its place.

    """

    key: str
    rule: str
    case: str
    ref: Ref
    binding: str
    occurrence: str
    entered: Instant | None
    verdict: Verdict
    standing: Verdict
    severity: str
    due: Instant | None
    reasons: tuple[str, ...]
    mode: str
    pack_digest: str
    since: Instant
    until: Instant | None
    withdrawn: str | None


def event_row(event: Event, known: Instant) -> tuple[Any, ...]:
    """Write an event as a row of `event`, in the order of its columns."""
    ref = event.ref
    return (
        ref.account,
        ref.id,
        event.id,
        ref.vendor,
        event.change,
        event.seq,
        event.happened,
        event.recorded,
        event.actor,
        str(event.cause),
        str(event.kind),
        event.field,
        str(event.nature),
        _written(event.before),
        _written(event.after),
        None if event.message is None else _message_text(event.message),
        event.source,
        known,
    )


def event_of(row: Sequence[Any]) -> Event:
    """Read an event from a row of `event`."""
    (account, ticket, name, vendor, change, seq, happened, recorded, actor, cause, kind, of_field, nature, before, after, message, source, _) = row  # fmt: skip
    return Event(
        id=name,
        ref=Ref(account, vendor, ticket),
        change=change,
        seq=seq,
        happened=happened,
        recorded=recorded,
        actor=actor,
        cause=_CAUSES[cause],
        kind=_KINDS[kind],
        field=of_field,
        nature=_NATURES[nature],
        before=_read(before),
        after=_read(after),
        message=None if message is None else _message(message),
        source=source,
    )


_encode = json.JSONEncoder(ensure_ascii=False).encode
_CAUSES = {each.value: each for each in Cause}
_KINDS = {each.value: each for each in Kind}
_NATURES = {each.value: each for each in Nature}


def _written(value: Native) -> str | None:
    """Write a native value: text behind `=`, text with a NUL as JSON, several behind `[`, unknown as `?`."""
    if value is None:
        return None
    if value is UNKNOWN:
        return "?"
    # PostgreSQL keeps no NUL.
    return f"={value}" if isinstance(value, str) and "\0" not in value else _encode(value)


def _read(text: str | None) -> Native:
    if text is None:
        return None
    if text[0] == "=":
        return text[1:]
    if text[0] == '"':
        return str(json.loads(text))
    return UNKNOWN if text == "?" else tuple(json.loads(text))


@lru_cache(4096)
def _message_text(message: Message) -> str:
    return json.dumps(
        [
            message.public,
            None if message.by is None else message.by.value,
            None if message.to is None else message.to.value,
            message.automatic,
            sorted(message.kinds),
            message.key,
            *(() if message.delivered is None else (message.delivered,)),
        ]
    )


@lru_cache(4096)
def _message(text: str) -> Message:
    public, by, to, automatic, kinds, key, *delivered = json.loads(text)
    return Message(
        public=public,
        by=None if by is None else Side(by),
        to=None if to is None else Side(to),
        automatic=automatic,
        kinds=frozenset(OLD_KINDS.get(kind, kind) for kind in kinds),
        key=key,
        delivered=delivered[0] if delivered else None,
    )
