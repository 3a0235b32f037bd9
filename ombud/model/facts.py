"""What folding a complaint's events gives: values, milestones, stays and transitions.

Instants inside the model are `int` microseconds since 1970-01-01T00:00:00Z: always UTC, never naive,
exact, and the same in Python and in SQL. `ombud.model.instant` converts at the door.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.event import Cause, Ref, Side


class _Unknown(Enum):
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false; compare with `is UNKNOWN`")


#: The value of a field of which nothing can be said, because its evidence is missing. Never a pass.
UNKNOWN: Final = _Unknown.UNKNOWN
Unknown: TypeAlias = Literal[_Unknown.UNKNOWN]

#: Microseconds since the epoch, UTC.
Instant: TypeAlias = int

#: Present (text of a canonical value, number, instant), empty (`None`) or unknown.
Value: TypeAlias = str | int | float | Unknown | None

#: Canonical fields and milestones by name; a name that is absent counts as unknown.
Row: TypeAlias = "Mapping[str, Value]"

#: The stages of a complaint, in their order (a closed list).
STAGES: Final = (
    "received",
    "acknowledged",
    "assessed",
    "investigating",
    "responded",
    "decided",
    "closed",
)

#: Milestones every pack may ask for; packs may add their own.
MILESTONES: Final = (
    "received",
    "recorded",
    "acknowledged",
    "assessed",
    "investigated",
    "responded",
    "holding_sent",
    "decided",
    "decision_told",
    "remedy_done",
    "closed",
    "reopened",
    "escalated",
    "last_update",
)


class Verdict(StrEnum):
    """Say how a rule stands. Unknown never counts as pass."""

    passed = "pass"
    failed = "fail"
    pending = "pending"
    """Not yet due."""
    waived = "waived"
    not_applicable = "not_applicable"
    unknown = "unknown"
    """Evidence is missing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Say what shows that a milestone was reached.

    Attributes:
        event: id of the event that shows it.
        at: when it happened.
        by: which line of the mapping it satisfied ("stage", "field", "message", "creation").
        actor: keyed identifier of who caused it, if known.

    """

    event: str
    at: Instant
    by: str
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """Record one entering of a stage, with the whole change applied.

    Attributes:
        event: id of the entering event: the occurrence of every guard judged on it.
        change: the vendor's change group the event belongs to.
        ref: the ticket that moved.
        leaving: the stage left (`None` at creation; unknown where the status left is not mapped).
        entering: the stage entered.
        from_status: native status left.
        to_status: native status entered.
        at: when.
        actor: keyed identifier of who moved it, if known.
        cause: person, rule, automation, mail, or ourselves.
        row: fields and milestones as of then.
        until: when that stay ended (`None`: it lasts).
        stay: fields and milestones at the end of the stay (`None`: it lasts; take the complaint's own).

    """

    event: str
    change: str
    ref: Ref
    leaving: str | Unknown | None
    entering: str
    from_status: str | None
    to_status: str | None
    at: Instant
    actor: str | None
    cause: Cause
    row: Row
    until: Instant | None
    stay: Row | None


@dataclass(frozen=True, slots=True)
class Stay:
    """Record an interval in which a complaint waited for somebody.

    Attributes:
        waiting: whom for ("complainant", "third_party").
        begin: when the waiting began.
        end: when it ended; `None` while it lasts.
        actor: keyed identifier of who let it wait, if known.

    """

    waiting: str
    begin: Instant
    end: Instant | None
    actor: str | None = None


class Change(NamedTuple):
    """Record that a canonical field took another value.

    Attributes:
        at: when.
        value: the value it took; unknown where history cannot tell what it was from then on.
        event: the event that tells so.
        change: the vendor's change group of that event.
        actor: keyed identifier of who changed it, if known.

    """

    at: Instant
    value: Value
    event: str
    change: str
    actor: str | None = None


class Said(NamedTuple):
    """Record a message that the complainant could read, and no word of it.

    Attributes:
        at: when.
        event: the event that tells so.
        actor: keyed identifier of its author, if known.
        by: the author's side; `None` where it cannot be told.
        to: the addressee's side.
        automatic: sent without a person's act.
        kinds: kinds it was marked as.

    """

    at: Instant
    event: str
    actor: str | None
    by: Side | None
    to: Side | None
    automatic: bool
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Complaint:
    """Hold the facts of one case, folded from its events; never stored as truth.

    Attributes:
        case: digest of the earliest-received member ref.
        refs: member tickets, earliest first.
        lead: the member whose fields and status are the case's, and which carries our marks.
        row: fields and milestones now.
        evidence: milestone -> what shows it.
        transitions: enterings of stages, oldest first.
        waits: pauses by waiting state, oldest first.
        stage: stage now; `UNKNOWN` where nothing maps the native status.
        status: native status now.
        last_event: id of the last event folded, `None` for an empty history.
        doubts: milestone -> when it may have been reached by evidence that could not be told.
        gaps: native fields whose history contradicts itself, with the instant from which it is known again.
        horizon: history before this instant is unknown; `None` when it is complete.
        undone: the transition that we moved back and that nobody has made again.
        changes: values that a tracked field took, oldest first.
        said: messages that the complainant could read, oldest first; none of ours, none that bounced.
        beside: tracked fields of the members other than the lead, as they stand there: of merged
            complaints the strictest deadline counts.

    """

    case: str
    refs: tuple[Ref, ...]
    lead: Ref
    row: Row
    evidence: Mapping[str, Evidence]
    transitions: tuple[Transition, ...]
    waits: tuple[Stay, ...]
    stage: str | Unknown | None
    status: str | None
    last_event: str | None
    doubts: Mapping[str, Instant] = field(default_factory=dict)
    gaps: tuple[tuple[str, Instant], ...] = ()
    horizon: Instant | None = None
    undone: str | None = None
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    beside: tuple[Row, ...] = ()
