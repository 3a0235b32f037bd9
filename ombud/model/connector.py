"""The one door to a helpdesk: what every connector offers, and the values that pass through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ombud.model.event import Event, Native, Nature, Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import Plan

#: A ticket's attributes a scope may ask for, each with every name it goes by (id and name), case kept:
#: "project", "queue", "type", "form", "product", "tag", and "field.<native id>".
Facets = "Mapping[str, tuple[str, ...]]"


class Capability(StrEnum):
    """Name what a connector may or may not be able to do."""

    history = "history"
    messages = "messages"
    sweep = "sweep"
    """Lists what changed since a cursor."""
    tags = "tags"
    living_text = "living_text"
    move_back = "move_back"
    find_write = "find"
    """Finds what became of a write by its key."""
    lifecycle = "lifecycle"
    """Knows the allowed edges between statuses."""
    hooks = "hooks"
    """Tells us what changes as it changes."""


class Guarding(StrEnum):
    """Say how a write is protected from a person's change at the same moment."""

    atomic = "atomic"
    check_then_act = "check_then_act"
    none = "none"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Declare a connector: what it is and what it can do. Read from its manifest.yaml.

    Attributes:
        vendor: short name, equal to the folder's.
        title: name for people ("Jira Cloud").
        api: the vendor's API and version.
        capabilities: what it can do.
        guard: how writes are guarded.
        sign_in: way of signing in -> names of the secrets it needs, suffixes of environment variables
            ("EMAIL", "TOKEN"), those that may be missing with a `?` behind; the first way is the default.
        scopes: permission -> why it is needed.
        request_seconds: longest a request can live, in seconds: an uncertain write waits twice as long.
        limits: rate limits in words, for people.
        oauth: scope of a token -> why it is needed; those for writing begin with `write`.
        updates_a_minute: how often the vendor lets one user update tickets of an account; 0 where it sets no such limit.
        hooks: permission to install a hook -> why it is needed; one with a colon in it is a scope of a token.

    """

    vendor: str
    title: str
    api: str
    capabilities: frozenset[Capability]
    guard: Guarding
    sign_in: Mapping[str, tuple[str, ...]]
    scopes: Mapping[str, str]
    request_seconds: float
    limits: str = ""
    oauth: Mapping[str, str] = field(default_factory=dict)
    hooks: Mapping[str, str] = field(default_factory=dict)
    updates_a_minute: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """Tell that a ticket changed, with what decides whether it is a complaint.

    Attributes:
        ref: the ticket.
        key: what people call it ("CMP-12", "4711").
        revision: the vendor's revision; equal revision means nothing new.
        facets: attributes for the scope.
        preview: whatever the connector wants back in `read` to save a call; nobody else looks inside.
        stored: whether its history up to now is stored already, so that only what is new need be read.
        later: whether it is done with and costs calls of its own: a first reading takes those still open first.

    """

    ref: Ref
    key: str
    revision: str
    facets: Mapping[str, tuple[str, ...]]
    preview: object = None
    stored: bool = False
    later: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Carry a page of changed tickets and the cursor that stands after it.

    Attributes:
        seen: the tickets.
        cursor: opaque text; it moves only in the transaction that stored the page.
        total: how many tickets the whole sweep may bring, if the vendor says.

    """

    seen: tuple[Seen, ...]
    cursor: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """Name one allowed move from the ticket's present status.

    Attributes:
        to_status: native status it leads to.
        id: the vendor's transition id, where it has one.
        needs: native fields the move asks for.
        name: what people call the move.

    """

    to_status: str
    id: str | None = None
    needs: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Ours:
    """Tell what of ours a ticket carries.

    Attributes:
        tags: our tags on it.
        text: digest of our living text as kept beside it; `None` when there is none.
        keys: keys of our writes that the helpdesk remembers.
        moved_back: instants of our own move-backs, from the helpdesk's history.

    """

    tags: frozenset[str] = frozenset()
    text: str | None = None
    keys: frozenset[str] = frozenset()
    moved_back: tuple[Instant, ...] = ()


#: A revision that ends so was looked at too soon: another change of the same second may follow unseen.
UNSETTLED: Final = "~"
#: Kinds of links that always make one case, whatever a mapping says: a closed ticket goes on in another.
FOLLOW_UP: Final = "follow_up"
MERGED: Final = "merged"


class Link(NamedTuple):
    """Join a ticket to another.

    Attributes:
        kind: the vendor's kind of link, by its id or its name; where it has both, two links say so.
        to: the other ticket.
        since: when they were joined, where the history tells; `None` is taken as always.

    """

    kind: str
    to: Ref
    since: Instant | None = None


@dataclass(frozen=True, slots=True)
class Actual:
    """Tell how a ticket stands, looked at before its history was read: history may hold more, never less.

    Attributes:
        ref: the ticket (its own ref after a merge).
        key: what people call it.
        url: where a person opens it, on the account's own origin.
        revision: the vendor's revision.
        head: id of the last change covered by this look, as `Event.change`; `None` when nothing changed yet.
        theirs: id of the last change of its status that is not ours; `None` when there is none.
        status: native status.
        facets: attributes for the scope.
        fields: native values now, by native field id.
        natures: nature of each of those fields.
        edges: allowed moves from here; `None` where they were not asked for.
        ours: what of ours it carries.
        links: what it is joined to now, where the schema asks for links.
        ended: whether the vendor lets nobody change it any more.
        reassigned: ids of changes that gave it to another owner or group, so far as they were read.
        shows: whether a text of ours can be shown on it, and changed, without a note being added.

    """

    ref: Ref
    key: str
    url: str
    revision: str
    head: str | None
    theirs: str | None
    status: str | None
    facets: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, Native]
    natures: Mapping[str, Nature]
    edges: tuple[Edge, ...] | None
    ours: Ours
    links: frozenset[Link] = frozenset()
    ended: bool = False
    reassigned: frozenset[str] = frozenset()
    shows: bool = True


class Gone(StrEnum):
    """Say why a ticket cannot be read; only the vendor's own word makes it deleted."""

    deleted = "deleted"
    merged = "merged"
    unreachable = "unreachable"
    """Deleted or hidden: the vendor answers both the same."""
    malformed = "malformed"


@dataclass(frozen=True, slots=True)
class Reading:
    """Carry one ticket as read.

    Attributes:
        ref: the ticket asked for.
        actual: how it stands; `None` when it could not be read.
        events: its history, in the source's order: the whole of it, or what is new where the rest is stored.
        complete: whether history reaches back to creation; if not, what came before is unknown.
        whole: whether `events` is the whole history; where it is what is new, `complete` says nothing.
        people: personal data seen: native id -> {"name": ..., "email": ...}; encrypted when stored.
        gone: why it could not be read.
        into: the ref it was merged into.
        detail: for people and logs, without personal data.

    """

    ref: Ref
    actual: Actual | None
    events: tuple[Event, ...] = ()
    complete: bool = True
    whole: bool = True
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gone: Gone | None = None
    into: Ref | None = None
    detail: str = ""


class Outcome(StrEnum):
    """Say how a write ended."""

    done = "done"
    """Written and read back."""
    refused = "refused"
    """The vendor refused, or read-back shows that it did not take."""
    stale = "stale"
    """The ticket is no longer at the revision or head that was judged: nothing was written."""
    uncertain = "uncertain"
    """No answer, or no ticket to be seen: it may or may not have been written. Resolve by `find`."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Tell what became of a write.

    Attributes:
        outcome: done, refused, stale or uncertain.
        revision: the vendor's revision after it, when known.
        detail: what the vendor said, for people and logs, without personal data.
        done: which parts of the plan are in place ("tags", "text", "note", "move_back").
        moved_to: native status the ticket stands in after a move back.

    """

    outcome: Outcome
    revision: str | None = None
    detail: str = ""
    done: frozenset[str] = frozenset()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NativeField:
    """Describe a field of the helpdesk, for mapping and `ombud fields`.

    Attributes:
        id: native id, as it stands in mappings.
        name: what people call it (neither unique nor stable).
        nature: what sort of value it carries.
        options: native option id -> name, for choices.
        writable: whether people can fill it in on a screen; `None` where unknown.

    """

    id: str
    name: str
    nature: Nature
    options: Mapping[str, str] = field(default_factory=dict)
    writable: bool | None = None


@dataclass(frozen=True, slots=True)
class NativeStatus:
    """Describe a status: native id, name, and the vendor's own category if it has one."""

    id: str
    name: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Report one thing `ombud accounts check` looked at.

    Attributes:
        name: what was checked ("Browse projects").
        ok: whether it holds; `None` where it could not be found out.
        why: what Ombud needs it for.
        remedy: what to do where it does not hold.

    """

    name: str
    ok: bool | None
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """Tell a connector what reading must look for.

    Attributes:
        fields: native field ids whose values are wanted in `Actual.fields`.
        markers: message kind -> literal texts that mark it.
        agents: native ids of people known to be on the agents' side, beyond what the vendor says.
        horizon: history before this instant is not asked for; `None` asks for all.
        links: whether the tickets a ticket is joined to are wanted.
        macros: native id of a macro or template -> message kind.
        tags: tag set in the same change as a message -> message kind.
        kind_field: native id of a field that names a message's kind in the same change.
        kind_values: that field's native values -> message kind.

    """

    fields: frozenset[str] = frozenset()
    markers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    agents: frozenset[str] = frozenset()
    horizon: Instant | None = None
    links: bool = False
    macros: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    kind_field: str | None = None
    kind_values: Mapping[str, str] = field(default_factory=dict)

    @property
    def typed_by_change(self) -> bool:
        """Tell whether what was changed together with a message may say what it is."""
        return bool(self.macros or self.tags or self.kind_field)


@dataclass(frozen=True, slots=True)
class Interest:
    """Tell a sweep which tickets may matter, so that whole projects are never listed in vain.

    Attributes:
        projects: project or queue names or ids any binding names; empty means all.

    """

    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Foretell a sweep: tickets to read, calls it takes, and seconds at the vendor's limits."""

    tickets: int | None
    calls: int | None
    seconds: float | None


class Gate(Protocol):
    """Let requests of one account through, enforcement first.

    Attributes:
        skew: by how much the helpdesk's clock is ahead of ours, in microseconds; `None` before it told.

    """

    skew: int | None

    def urgent(self) -> AbstractContextManager[None]:
        """Let what this thread asks within the block go first."""
        ...

    def turn(self, operation: str) -> AbstractContextManager[None]:
        """Wait for a turn to ask something, and hold it while the answer comes."""
        ...

    def close(self, operation: str, seconds: float) -> None:
        """Let nobody ask for an operation for so many seconds."""
        ...

    def closed(self, operation: str) -> float:
        """Give the seconds for which an operation must not be asked for."""
        ...

    def note(self, headers: Mapping[str, str]) -> None:
        """Read from an answer how much the vendor still lets us ask."""
        ...


class Connector(Protocol):
    """Speak with one account of one helpdesk. Every verb may be repeated without harm."""

    manifest: Manifest
    account: str
    #: HTTP calls made so far, by method and path template: for estimates and figures.
    calls: Mapping[str, int]

    def through(self, gate: Gate) -> None:
        """Have every request pass a gate that others of the account share."""
        ...

    def check(self) -> Sequence[Check]:
        """Test sign-in and each permission, saying what it is for; list what fires on a reopen."""
        ...

    def list_fields(self) -> Sequence[NativeField]:
        """List the helpdesk's fields."""
        ...

    def list_statuses(self) -> Sequence[NativeStatus]:
        """List the helpdesk's statuses."""
        ...

    def estimate(self, cursor: str | None, interest: Interest) -> Estimate:
        """Foretell what a sweep from the cursor would cost."""
        ...

    def changed(self, cursor: str | None, interest: Interest, schema: Schema) -> Iterator[Page]:
        """List tickets changed since the cursor (with overlap); `None` starts from the beginning."""
        ...

    def look(self, refs: Sequence[Ref], schema: Schema) -> Iterator[Seen]:
        """Look at named tickets as a sweep would; what cannot be reached is left out."""
        ...

    def read(self, seen: Sequence[Seen], schema: Schema) -> Iterator[Reading]:
        """Read tickets with their full history, in as few calls as the vendor allows."""
        ...

    def act(self, plan: Plan, key: str, now: Callable[[], Instant]) -> Receipt:
        """Carry out a plan and read it back. Guarded by the plan's revision and head."""
        ...

    def find(self, ref: Ref, key: str) -> Receipt | None:
        """Find what became of a write by its key; `None` when the helpdesk knows nothing of it."""
        ...

    def remove_ours(self, ref: Ref) -> Receipt:
        """Remove all that is ours from a ticket: tags, living text, notes, properties."""
        ...

    def list_ours(self, interest: Interest) -> Iterable[Ref]:
        """List the tickets that carry anything of ours."""
        ...
