"""Fold events into the facts of one complaint: order-free, gaps told, changes applied whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ombud.model.event import CALL, RECEIPT, Cause, Kind, digest
from ombud.model.facts import UNKNOWN, Change, Complaint, Evidence, Said, Stay, Transition
from ombud.model.instant import instant_of
from ombud.model.mapping import (
    DECLASSIFIED_REASON,
    LANGUAGE,
    RECEIVED_AT,
    STATUS,
    FieldEvidence,
    MessageEvidence,
    StageEvidence,
    StatusEvidence,
)
from ombud.model.word import A_CALL, Malformed, Verb, asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.event import Event, Message, Native, Ref
    from ombud.model.facts import Instant, Unknown, Value
    from ombud.model.mapping import Mapping


#: Asked of every event of every ticket: a look-up in the enumeration costs more than what is done with it.
_FIELD, _OBSERVED, _MESSAGE = Kind.field, Kind.observed, Kind.message
_CREATED, _MERGED, _UNDELIVERED = Kind.created, Kind.merged, Kind.undelivered
#: What folding means; another number has everything settled again that was folded before.
FOLDING = 2
#: Evidence that goes with the move it is read from.
_BY_MOVE = frozenset({"stage", "status"})


def case_of(ref: Ref) -> str:
    """Give the id of the case whose earliest-received member is `ref`."""
    return digest("case", ref.account, ref.vendor, ref.id)


class Fold:
    """Fold histories by one mapping; build it once, use it for many tickets.

    The order of the events does not matter, nor do doubles: they are sorted by (happened, messages
    before changes of the same instant, seq, id) and taken once by id. A change is applied whole before
    any transition in it is recorded, because a closing screen carries root cause and status together.
    A move that we took back reaches a milestone only for as long as it lasted; it stays a transition.
    """

    def __init__(self, mapping: Mapping, tracked: frozenset[str] = frozenset()) -> None:
        """Prepare the look-ups a mapping asks for; of `tracked` fields every value is kept, not only the last."""
        self.mapping = mapping
        # Each receipt that was told is kept: the earliest counts, and an edited one is reported.
        self.tracked = (tracked | {RECEIVED_AT}) & mapping.fields.keys()
        self._canonical: dict[str, list[str]] = {}
        for name, of in mapping.fields.items():
            self._canonical.setdefault(of.id, []).append(name)
        self._by_stage: dict[str, list[str]] = {}
        self._by_status: dict[str, list[str]] = {}
        self._by_field: dict[str, list[tuple[str, str | None]]] = {}
        self._by_message: list[tuple[str, MessageEvidence]] = []
        for name, lines in mapping.evidence.items():
            for line in lines:
                match line:
                    case StageEvidence(stage):
                        self._by_stage.setdefault(stage, []).append(name)
                    case StatusEvidence(status):
                        self._by_status.setdefault(status, []).append(name)
                    case FieldEvidence(of_field, value):
                        self._by_field.setdefault(of_field, []).append((name, value))
                    case MessageEvidence():
                        self._by_message.append((name, line))
        #: Message evidence whose kind has markers for some languages only, its kind left out.
        self._tongues: list[tuple[str, MessageEvidence, frozenset[str]]] = [
            (name, replace(line, kind=None), mapping.languages[line.kind])
            for name, line in self._by_message
            if line.kind is not None and line.kind in mapping.languages
        ]
        self._blank: dict[str, Value] = dict.fromkeys(sorted(mapping.fields))
        self._blank |= dict.fromkeys(sorted(mapping.evidence))
        self._blank |= {"received": None, "recorded": None, "reopened": None, "last_update": None}
        self._unseen: dict[str, Value] = dict.fromkeys(self._blank, UNKNOWN)

    def fold(
        self, events: Iterable[Event], *, complete: bool = True, lead: Ref | None = None
    ) -> Complaint:
        """Fold the events of all members of one case.

        Args:
            events: the members' events, in any order, doubles allowed; at least one.
            complete: whether history reaches back to creation; if not, what came before is unknown.
            lead: member whose fields and status are the case's; the earliest created unless given.

        """
        ordered = sorted(
            {(event.ref, event.id): event for event in events}.values(),
            key=lambda e: (e.happened, e.kind is not _MESSAGE, e.seq, e.id),
        )
        folding = _Folding(self, ordered, complete=complete, lead=lead)
        complaint = folding.run()
        if folding.taken_back:
            # What will not stand has to be known before whatever happened meanwhile is weighed.
            knowing = frozenset(folding.taken_back)
            folding = _Folding(self, ordered, complete=complete, lead=lead, in_vain=knowing)
            complaint = folding.run()
        return complaint


@dataclass(slots=True)
class _Open:
    """A transition being written: its stay is not over yet."""

    event: Event
    leaving: str | Unknown | None
    entering: str
    from_status: str | None
    to_status: str | None
    row: dict[str, Value]
    until: Instant | None = None
    stay: dict[str, Value] | None = None


@dataclass(slots=True)
class _Folding:
    fold: Fold
    events: Sequence[Event]
    complete: bool
    lead: Ref | None
    in_vain: frozenset[str] = frozenset()
    """Moves of which it is known that we take them back."""
    row: dict[str, Value] = field(init=False)
    native: dict[str, Native] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    doubts: dict[str, Instant] = field(default_factory=dict)
    transitions: list[_Open] = field(default_factory=list)
    waits: list[Stay] = field(default_factory=list)
    gaps: list[tuple[str, Instant]] = field(default_factory=list)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    beside: dict[Ref, dict[str, Value]] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    lent: dict[str, Native] = field(default_factory=dict)
    inherited: Instant | None = None
    lost: set[tuple[Ref, str]] = field(default_factory=set)
    stage: str | Unknown | None = None
    status: str | None = None
    merged: set[Ref] = field(default_factory=set)
    undone: str | None = None
    stay: list[str] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)
    passing: set[str] = field(default_factory=set)

    def run(self) -> Complaint:
        self.row = dict(self.fold._blank if self.complete else self.fold._unseen)  # noqa: SLF001 (one concept, two classes)
        births: dict[Ref, Event] = {}
        for event in self.events:
            if event.kind is _CREATED or event.ref not in births:
                births[event.ref] = event
            if event.kind is _MERGED:
                self.merged.add(event.ref)
            elif event.kind is _UNDELIVERED:
                self.lost.add((event.ref, str(event.after)))
        members = sorted(births, key=lambda ref: (births[ref].happened, ref))
        if self.lead is None:
            self.lead = next((ref for ref in members if ref not in self.merged), members[0])
        birth = births[members[0]]
        self.row["recorded"] = birth.happened
        self.evidence["recorded"] = Evidence(birth.id, birth.happened, "creation", birth.actor)
        for group in _changes(self.events):
            self._apply(group)
        self._receive(birth)
        if not self.complete:
            self._forget_before(self.events[0].happened)
        return Complaint(
            case=case_of(members[0]),
            refs=tuple(members),
            lead=self.lead,
            row=self.row,
            evidence=self.evidence,
            transitions=tuple(self._closed(each) for each in self.transitions),
            waits=tuple(self.waits),
            stage=self.stage,
            status=self.status,
            last_event=self.events[-1].id if self.events else None,
            doubts=self.doubts,
            gaps=tuple(self.gaps),
            horizon=None if self.complete else self.events[0].happened,
            undone=self.undone,
            changes={name: tuple(told) for name, told in self.changes.items()},
            said=tuple(self.said),
            beside=tuple(row for _, row in sorted(self.beside.items())),
        )

    def _apply(self, group: Sequence[Event]) -> None:
        moves: list[Event] = []
        for event in group:
            kind = event.kind
            if kind is _FIELD or kind is _OBSERVED:
                if event.ref == self.lead and event.field is not None:
                    if event.field == STATUS:
                        moves.append(event)
                    else:
                        self._set(event, event.field)
            elif kind is _MESSAGE:
                if event.message is not None:
                    message = event.message
                    if self.lost and (event.ref, event.id) in self.lost:
                        message = replace(message, delivered=False)
                    self._say(event, message)
                    self._hear(event, message)
            elif kind is Kind.word:
                self._speak(event)
            elif kind is Kind.lent and event.ref == self.lead and event.field is not None:
                self._lend(event, event.field)
        for event in moves:
            self._move(event)

    def _set(self, event: Event, name: str) -> None:
        held = self.native.get(name, None if self.complete else UNKNOWN)
        contradicted = event.before != held and event.before is not UNKNOWN and held is not UNKNOWN
        if event.kind is _OBSERVED or contradicted:
            self.gaps.append((name, event.happened))
            for canonical in self.fold._canonical.get(name, ()):  # noqa: SLF001
                for each in self.transitions[self.since.get(name, 0) :]:
                    each.row[canonical] = UNKNOWN
        self.native[name] = event.after
        self.since[name] = len(self.transitions)
        mapping = self.fold.mapping
        for canonical in self.fold._canonical.get(name, ()):  # noqa: SLF001
            value = mapping.value(mapping.fields[canonical], event.after)
            if value is None and self.lent:
                value = mapping.value(mapping.fields[canonical], self.lent.get(name))
            self.row[canonical] = value
            if canonical in self.fold.tracked:
                self._track(canonical, value, event, gap=event.kind is _OBSERVED or contradicted)
            for milestone, wanted in self.fold._by_field.get(canonical, ()):  # noqa: SLF001
                if value is UNKNOWN:
                    self._doubt(milestone, event.happened)
                elif value is not None and (wanted is None or value == wanted):
                    self._reach(milestone, event, "field")

    def _lend(self, event: Event, name: str) -> None:
        """Take a problem's value: it counts where the complaint's own field is empty, and never in its place."""
        if name == RECEIPT:
            told = str(event.after) if event.after is not None else ""
            self.inherited = instant_of(told, self.fold.mapping.tzinfo)
            return
        self.lent[name] = event.after
        held = self.native.get(name, None if self.complete else UNKNOWN)
        if held is UNKNOWN:
            return
        for canonical in self.fold._canonical.get(name, ()):  # noqa: SLF001
            of = self.fold.mapping.fields[canonical]
            if self.fold.mapping.value(of, held) is None:
                value = self.fold.mapping.value(of, event.after)
                self.row[canonical] = value
                if canonical in self.fold.tracked:
                    self._track(canonical, value, event, gap=False)
                for milestone, wanted in self.fold._by_field.get(canonical, ()):  # noqa: SLF001
                    if value is UNKNOWN:
                        self._doubt(milestone, event.happened)
                    elif value is not None and (wanted is None or value == wanted):
                        self._reach(milestone, event, "field")

    def _speak(self, event: Event) -> None:
        """Take an agent's word, so far as it is one about facts; a malformed one says nothing."""
        argument = event.after if isinstance(event.after, str) else None
        told = asked(event.field or "", argument, self.fold.mapping.tzinfo)
        if isinstance(told, Malformed):
            return
        recorded = self.row["recorded"]
        if told.verb is Verb.called:
            self._say(event, A_CALL)
            self._hear(event, A_CALL)
        elif told.verb is Verb.received:
            # Receipt is never later than what recorded it.
            if told.when is not None and isinstance(recorded, int) and told.when <= recorded:
                self.row[RECEIVED_AT] = told.when
                self._track(RECEIVED_AT, told.when, event, gap=False)
        elif told.verb is Verb.not_complaint and not isinstance(
            self.row.get(DECLASSIFIED_REASON), str
        ):
            self.row[DECLASSIFIED_REASON] = told.reason

    def _set_beside(self, event: Event, name: str) -> None:
        """Keep the tracked fields of a member that does not lead."""
        mapping = self.fold.mapping
        for canonical in self.fold._canonical.get(name, ()):  # noqa: SLF001
            if canonical in self.fold.tracked:
                value = mapping.value(mapping.fields[canonical], event.after)
                self.beside.setdefault(event.ref, {})[canonical] = value

    def _track(self, name: str, value: Value, event: Event, *, gap: bool) -> None:
        """Keep a value; where the history before it contradicts itself, what came before is unknown."""
        kept = self.changes.setdefault(name, [])
        if gap and kept:
            kept[-1] = kept[-1]._replace(value=UNKNOWN)
        elif gap:
            kept.append(Change(self.events[0].happened, UNKNOWN, "-", "-"))
        if not kept or kept[-1].value is UNKNOWN or kept[-1].value != value:
            kept.append(Change(event.happened, value, event.id, event.change, event.actor))

    def _say(self, event: Event, message: Message) -> None:
        if message.public and message.key is None and message.delivered is not False:
            self.said.append(
                Said(
                    event.happened,
                    event.id,
                    event.actor,
                    message.by,
                    message.to,
                    message.automatic,
                    message.kinds,
                )
            )

    def _hear(self, event: Event, message: Message) -> None:
        for milestone, line in self.fold._by_message:  # noqa: SLF001
            if self.evidence.get(milestone) is not None:
                continue
            matched = line.matches(message)
            if matched is None:
                self._doubt(milestone, event.happened)
            elif matched:
                self._reach(milestone, event, "message")
        if self.fold._tongues and message.public and not message.kinds:  # noqa: SLF001
            self._hear_unmarked(event, message)
        if (
            message.public
            and message.by == "agent"
            and not message.automatic
            and message.key is None
            and message.delivered is not False
            and CALL not in message.kinds
        ):
            self.row["last_update"] = event.happened
            self.evidence["last_update"] = Evidence(
                event.id, event.happened, "message", event.actor
            )

    def _hear_unmarked(self, event: Event, message: Message) -> None:
        """Doubt what an unmarked message may have been, where its language has no markers."""
        tongue = self.row.get(LANGUAGE)
        if tongue is None:
            return
        spoken = "" if tongue is UNKNOWN else str(tongue).lower().replace("_", "-").split("-")[0]
        for milestone, line, languages in self.fold._tongues:  # noqa: SLF001
            if spoken not in languages and line.matches(message):
                self._doubt(milestone, event.happened)

    def _move(self, event: Event) -> None:
        mapping = self.fold.mapping
        to = event.after if isinstance(event.after, str) else None
        told = event.before if isinstance(event.before, str) else None
        if self.status is not None and told is not None and told != self.status:
            self.gaps.append((STATUS, event.happened))
        came_from = told or self.status
        leaving: str | Unknown | None
        if came_from is None or event.before is UNKNOWN:
            leaving = None if self.complete and event.before is not UNKNOWN else UNKNOWN
        else:
            left = mapping.stages.get(came_from)
            leaving = left.stage if left else UNKNOWN
        entered = mapping.stages.get(to) if to is not None else None
        stage: str | Unknown = entered.stage if entered else UNKNOWN
        self._wait(event, entered.waiting if entered else None)
        if to is not None and event.cause is not Cause.ourselves:
            for milestone in self.fold._by_status.get(to, ()):  # noqa: SLF001
                self._reach(milestone, event, "status")
        if stage != leaving or stage is UNKNOWN:
            self._leave(event)
            if event.cause is not Cause.ourselves:
                self.undone, self.stay = None, []
            elif self.undone is None and self.transitions:
                self.undone = self.transitions[-1].event.id
                self._take_back()
            # Our own way back is evidence of nothing: it reaches no milestone and is no occurrence.
            if stage is not UNKNOWN and event.cause is not Cause.ourselves:
                self._enter(event, leaving, stage, came_from, to)
        if event.cause is not Cause.ourselves:
            self.stay.append(event.id)
        self.stage, self.status = stage, to

    def _leave(self, event: Event) -> None:
        for each in reversed(self.transitions):
            if each.until is not None:
                break
            each.until, each.stay = event.happened, dict(self.row)
        if self.stage == "closed" and event.cause is not Cause.ourselves:
            self._reach("reopened", event, "stage")

    def _enter(
        self,
        event: Event,
        leaving: str | Unknown | None,
        stage: str,
        from_status: str | None,
        to_status: str | None,
    ) -> None:
        for milestone in self.fold._by_stage.get(stage, ()):  # noqa: SLF001
            self._reach(milestone, event, "stage")
        self.transitions.append(
            _Open(event, leaving, stage, from_status, to_status, dict(self.row))
        )

    def _take_back(self) -> None:
        """Forget what nothing shows but the moves of a stay that we ended."""
        self.taken_back += self.stay
        for milestone in self.passing - self.evidence.keys():
            unknown = milestone in self.doubts or not self.complete
            self.row[milestone] = UNKNOWN if unknown else None
        self.passing.clear()

    def _reach(self, milestone: str, event: Event, by: str) -> None:
        if milestone in self.evidence:
            return
        if by in _BY_MOVE and event.id in self.in_vain:
            if milestone in self.passing:
                return
            self.passing.add(milestone)
        else:
            self.evidence[milestone] = Evidence(event.id, event.happened, by, event.actor)
        self.row[milestone] = event.happened
        if milestone in self.fold.mapping.milestone_stages:
            self.transitions.append(
                _Open(event, self.stage, milestone, self.status, self.status, dict(self.row))
            )

    def _doubt(self, milestone: str, when: Instant) -> None:
        if milestone not in self.evidence and milestone not in self.doubts:
            self.doubts[milestone] = when
            if milestone not in self.passing:
                self.row[milestone] = UNKNOWN

    def _wait(self, event: Event, waiting: str | None) -> None:
        when = event.happened
        last = self.waits[-1] if self.waits else None
        if last is not None and last.end is None:
            if last.waiting == waiting:
                return
            self.waits[-1] = Stay(last.waiting, last.begin, when, last.actor)
        if waiting is not None:
            self.waits.append(Stay(waiting, when, None, event.actor))

    def _receive(self, birth: Event) -> None:
        """Set legal receipt: the field, else the message the mapping marks, else creation; never after creation."""
        at, shown = birth.happened, Evidence(birth.id, birth.happened, "creation", birth.actor)
        marked = self.evidence.get("received")
        told = self.row.get(RECEIVED_AT)
        others = [row[RECEIVED_AT] for row in self.beside.values() if RECEIVED_AT in row]
        if told is not UNKNOWN:
            known = (told, *others, self.inherited)
            told = min((each for each in known if isinstance(each, int)), default=told)
        if isinstance(told, int) and told <= birth.happened:
            at, shown = told, Evidence(birth.id, told, "field", birth.actor)
        elif told is UNKNOWN and RECEIVED_AT in self.fold.mapping.fields:
            self.row["received"] = UNKNOWN
            for each in self.transitions:
                each.row["received"] = UNKNOWN
            return
        elif marked is not None and marked.by == "message" and marked.at <= birth.happened:
            at, shown = marked.at, marked
        self.evidence["received"] = shown
        self.row["received"] = at
        for each in self.transitions:
            each.row["received"] = at

    def _forget_before(self, first: Instant) -> None:
        """Leave unknown what may have happened before the history begins."""
        for milestone in self.fold._blank:  # noqa: SLF001
            shown = self.evidence.get(milestone)
            if (
                milestone in {"recorded", "received"}
                and shown is not None
                and shown.by == "creation"
            ):
                self.row[milestone] = UNKNOWN
                for each in self.transitions:
                    each.row[milestone] = UNKNOWN
            elif shown is not None:
                self.doubts.setdefault(milestone, first)

    @staticmethod
    def _closed(each: _Open) -> Transition:
        event = each.event
        return Transition(
            event=event.id,
            change=event.change,
            ref=event.ref,
            leaving=each.leaving,
            entering=each.entering,
            from_status=each.from_status,
            to_status=each.to_status,
            at=event.happened,
            actor=event.actor,
            cause=event.cause,
            row=each.row,
            until=each.until,
            stay=each.stay,
        )


def _changes(events: Sequence[Event]) -> Iterable[list[Event]]:
    """Group events by change, a group standing where its first event stands; messages stand alone."""
    groups: dict[tuple[Ref, str], list[Event]] = {}
    alone: list[list[Event]] = []
    for event in events:
        if event.kind is _MESSAGE:
            alone.append([event])
            continue
        key = (event.ref, event.change)
        held = groups.get(key)
        if held is None:
            groups[key] = held = []
            alone.append(held)
        held.append(event)
    return alone
