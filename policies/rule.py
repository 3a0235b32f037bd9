"""A rule as a value: what is asked when a stage is entered, within a term, again and again, or at every moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ombud.model.term import Term, Unit
from policies.english import (
    cadence_sentence,
    deadline_sentence,
    guard_sentence,
    integrity_sentence,
    invariant_sentence,
)
from policies.expression import Expression, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from policies.english import Labelled

Severity: TypeAlias = Literal["major", "minor", "observation"]
Mode: TypeAlias = Literal["off", "observe", "flag", "block"]
#: Which value counts where a field has changed: the one that stands, that stood at the stop, or that came first.
AsOf: TypeAlias = Literal["last", "stop", "first"]
#: So long a pause stops a clock where a rule does not say: none may last for ever.
DEFAULT_CAP: Final = Term(20, Unit.business_days)


@dataclass(frozen=True, slots=True)
class Clause:
    """Name the place in a standard that a rule answers to.

    Attributes:
        standard: "ISO 10002:2018" and the like.
        clause: its number.

    """

    standard: str
    clause: str

    def __str__(self) -> str:
        return f"{self.standard} {self.clause}"


@dataclass(frozen=True, slots=True)
class RuleSource:
    """Say where a rule's figure stands, and how far that was checked.

    Attributes:
        ref: the rule's own number ("DISP 1.6.2R").
        status: "confirmed" in a primary text, or "unverified".
        verified: the day it was looked at.
        url: where.
        note: what was found.

    """

    ref: str
    status: str
    verified: date
    url: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """Ask what must hold when a stage is entered, or of the complaint at any time.

    Attributes:
        entering: the stage; `None` makes it a standing condition of the complaint.
        when: whether it applies; `None` means always.
        must: what must hold.

    """

    entering: str | None
    when: Expression | None
    must: Expression


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Take the later of several terms for the due, and the earlier for the warning.

    Attributes:
        terms: two or more.

    """

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return f"the later of {' and '.join(str(term) for term in self.terms)}"


@dataclass(frozen=True, slots=True)
class Agreed:
    """Take a date that was agreed for the complaint; one agreed after the due that held by then is void.

    Attributes:
        field: the field that holds it.

    """

    field: str

    def __str__(self) -> str:
        return f"the date in “{self.field.replace('_', ' ')}”"


Length: TypeAlias = Term | AnyOf | Agreed
Terms: TypeAlias = tuple[tuple[Expression | None, Length], ...]


@dataclass(frozen=True, slots=True)
class PauseRule:
    """Say what stops a clock for a while; overlapping ones count once.

    Attributes:
        kind: what it is: waiting for somebody, being in a stage, or a flag that is set.
        name: whom, which stage, which flag.
        cap: how long it stops the clock at most, from its own beginning.
        source: the rule that lists it.

    """

    kind: Literal["waiting", "stage", "while"]
    name: str
    cap: Term = DEFAULT_CAP
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """Lengthen a deadline once, by a notice sent before it is due.

    Attributes:
        by: the milestone that extends it.
        term: the new length, from the same start.
        must: what the notice has to hold, as the fields stood then.

    """

    by: str
    term: Term
    must: Expression | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """Ask that one milestone follow another within a term.

    Attributes:
        start: milestone, or field with an instant, that starts the clock.
        stops: what stops it; of several the earliest.
        terms: the first whose condition applies counts; the last has none.
        when: whether it applies; `None` means always.
        as_of: which value counts where a field that conditions ask for has changed.
        clock: whose clock it is: a regulator's, or the desk's own.
        calendar: its calendar's name; `None` means the binding's.
        pauses: what does not count.
        extension: how it may be lengthened.
        operational: what the desk's own clock does not count besides; it is shown, and judges nothing.

    """

    start: str
    stops: tuple[str, ...]
    terms: Terms
    when: Expression | None = None
    as_of: AsOf = "last"
    clock: Literal["regulatory", "operational"] = "regulatory"
    calendar: str | None = None
    pauses: tuple[PauseRule, ...] = ()
    extension: Extension | None = None
    operational: tuple[PauseRule, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cadence:
    """Ask that the complainant hear from us again and again, never a term apart.

    Attributes:
        start: milestone from which on.
        stop: milestone until which.
        kinds: kinds of messages that count; none means every message of a person of the desk.
        terms: as of a deadline, from one message to the next.
        when: whether it applies.
        calendar: its calendar's name; `None` means the binding's.
        pauses: what does not count.

    """

    start: str
    stop: str
    kinds: frozenset[str]
    terms: Terms
    when: Expression | None = None
    calendar: str | None = None
    pauses: tuple[PauseRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Invariant:
    """Ask what must hold at every moment between two milestones.

    Attributes:
        start: milestone from which on.
        stop: milestone until which; `None` means for ever.
        when: at which moments it applies; `None` means at all.
        must: what must hold.
        allow: so long it may fail at a time; `None` means not at all.
        calendar: the calendar that measures that; `None` means the binding's.

    """

    start: str
    stop: str | None
    when: Expression | None
    must: Expression
    allow: Term | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Integrity:
    """Ask that a value once written is not rewritten without a reason in the same change.

    Attributes:
        fields: fields that are watched.
        reason: field that says why.
        when: whether it applies, as the complaint stands now.

    """

    fields: tuple[str, ...]
    reason: str
    when: Expression | None = None


Body: TypeAlias = Guard | Deadline | Cadence | Invariant | Integrity


@dataclass(frozen=True)
class Rule:
    """State one requirement of a pack; its id is never used again for another.

    Attributes:
        id: "close.with_root_cause" and the like.
        title: what it asks, in a few words.
        clauses: where that stands.
        severity: how grave a breach is.
        mode: how far it may act, at most.
        waivable: whether a breach may be waived.
        body: what it asks.
        sources: where its figure stands.
        tracks: tracks of complaints it holds for; empty means all.
        own_when: its own condition, that of its tracks left out.

    """

    id: str
    title: str
    clauses: tuple[Clause, ...]
    severity: Severity
    mode: Mode
    waivable: bool
    body: Body
    sources: tuple[RuleSource, ...] = ()
    tracks: tuple[str, ...] = ()
    own_when: Expression | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """Give the canonical fields and milestones that judging it reads."""
        return frozenset(_names(self.body))

    @cached_property
    def needs(self) -> frozenset[str]:
        """Give the names without which it cannot be judged; a track whose field nothing maps takes nobody."""
        return frozenset(_names(replace(self.body, when=self.own_when)))

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Give the same in a fixed order."""
        return tuple(sorted(self.names))

    @cached_property
    def tracked(self) -> frozenset[str]:
        """Give the names of which it needs every value, not only the last."""
        body = self.body
        match body:
            case Guard():
                return frozenset()
            case Deadline() | Cadence():
                return frozenset(_clock_names(body))
            case Invariant(_, _, when, must):
                return names(must) | (names(when) if when is not None else frozenset())
            case Integrity(fields, reason):
                return frozenset({*fields, reason})

    @cached_property
    def clause_names(self) -> tuple[str, ...]:
        """Give its clauses as text."""
        return tuple(str(clause) for clause in self.clauses)

    def sentence(self, vocabulary: Mapping[str, Labelled]) -> str:
        """Say in one sentence what the rule asks; `vocabulary` names the fields for people."""
        said = _sentence(replace(self.body, when=self.own_when), vocabulary)
        if not self.tracks:
            return said
        return f"Track {' or '.join(each.replace('_', ' ') for each in self.tracks)}: {said}"


def _sentence(body: Body, vocabulary: Mapping[str, Labelled]) -> str:
    match body:
        case Guard(entering, when, must):
            return guard_sentence(entering, when, must, vocabulary)
        case Deadline(start, stops, _, when):
            extended = body.extension
            return deadline_sentence(
                start,
                stops,
                [(each, str(length)) for each, length in body.terms],
                [(pause.kind, pause.name) for pause in body.pauses],
                (extended.by, str(extended.term), extended.must) if extended is not None else None,
                when,
                vocabulary,
            )
        case Cadence(start, stop, kinds, _, when):
            return cadence_sentence(
                start,
                stop,
                kinds,
                [(each, str(length)) for each, length in body.terms],
                [(pause.kind, pause.name) for pause in body.pauses],
                when,
                vocabulary,
            )
        case Invariant(start, stop, when, must, allow):
            allowed = None if allow is None else str(allow)
            return invariant_sentence(start, stop, when, must, allowed, vocabulary)
        case Integrity(fields, reason, when):
            return integrity_sentence(fields, reason, when, vocabulary)


def _names(body: Body) -> Iterator[str]:
    when = body.when
    if when is not None:
        yield from names(when)
    match body:
        case Guard(_, _, must):
            yield from names(must)
        case Deadline():
            yield body.start
            yield from body.stops
            if body.extension is not None:
                yield body.extension.by
            yield from _clock_names(body)
        case Cadence():
            yield body.start
            yield body.stop
            yield from _clock_names(body)
        case Invariant():
            yield body.start
            if body.stop is not None:
                yield body.stop
            yield from names(body.must)
        case Integrity(fields, reason):
            yield from fields
            yield reason


def _clock_names(body: Deadline | Cadence) -> Iterator[str]:
    """Give what a clock's conditions, agreed dates and pauses ask for."""
    if body.when is not None:
        yield from names(body.when)
    for when, length in body.terms:
        if when is not None:
            yield from names(when)
        if isinstance(length, Agreed):
            yield length.field
    pauses: Iterable[PauseRule] = body.pauses
    if isinstance(body, Deadline):
        if body.extension is not None and body.extension.must is not None:
            yield from names(body.extension.must)
        pauses = (*pauses, *(body.operational or ()))
    for pause in pauses:
        if pause.kind == "while":
            yield pause.name
