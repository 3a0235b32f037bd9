"""Find the tickets that are one case: joined by a kind of link that the mapping names, merged, or named by a field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ombud.model.connector import FOLLOW_UP, MERGED
from ombud.model.event import Kind, Ref
from ombud.model.scope import Decision
from sync.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ombud.model.connector import Reading
    from ombud.model.event import Event
    from ombud.model.facts import Instant
    from ombud.store import Store, TicketState
    from sync.binding import Bound
    from sync.elsewhere import Elsewhere
    from sync.ingest import Privacy

#: Asked of every event of every ticket: a look-up in the enumeration costs more than the comparison.
_MERGED = Kind.merged


@dataclass(slots=True)
class Cases:
    """Know which tickets of a page belong together, and with which stored ones; most stand alone.

    A link counts from either end: helpdesks tell it on both, but not at the same moment.

    Attributes:
        store: the database.
        bound: the binding of the page.
        elsewhere: the other helpdesks.
        privacy: pseudonyms, for histories read in this page.
        now: the present instant.
        readings: the page's tickets that are complaints.
        known: their stored events.

    """

    store: Store
    bound: Bound
    elsewhere: Elsewhere
    privacy: Privacy
    now: Instant
    readings: Mapping[Ref, Reading]
    known: Mapping[Ref, Sequence[Event]]
    _told: dict[Ref, frozenset[Ref]] = field(init=False)
    _stored: dict[Ref, set[Ref]] = field(init=False)
    _beside: dict[Ref, set[Ref]] = field(init=False)

    @classmethod
    def of_page(
        cls,
        store: Store,
        bound: Bound,
        elsewhere: Elsewhere,
        privacy: Privacy,
        now: Instant,
        readings: Iterable[Reading],
        decisions: Mapping[Ref, Decision],
        known: Mapping[Ref, Sequence[Event]],
    ) -> Cases:
        """Take in a page, and the stored links that reach it."""
        complaints = {
            each.ref: each
            for each in readings
            if each.actual is not None
            and decisions.get(each.ref, Decision.complaint) is Decision.complaint
        }
        return cls(store, bound, elsewhere, privacy, now, complaints, known)

    def __post_init__(self) -> None:
        """Follow links until no further ticket is reached."""
        self._told = {ref: frozenset(self._joined(each)) for ref, each in self.readings.items()}
        self._stored = {}
        keys = {
            Ref(ref.account, ref.vendor, each.actual.key): ref
            for ref, each in (self.readings.items() if self.elsewhere.named else ())
            if each.actual is not None
        }
        asked: set[Ref] = set()
        ahead = {*self._told, *keys}.union(*self._told.values())
        while ahead:
            asked |= ahead
            pairs = self.store.links(sorted(ahead))
            for one, other in pairs:
                self._stored.setdefault(one, set()).add(other)
            ahead = {ref for pair in pairs for ref in pair} - asked
        self._beside = {}
        for one in {*self._stored, *self._told}:
            for other in self._told.get(one, self._stored.get(one, ())):
                # Another helpdesk may have been told a ticket's key where we know it by its id.
                end = keys.get(other, other)
                self._beside.setdefault(one, set()).add(end)
                self._beside.setdefault(end, set()).add(one)

    def _joined(self, reading: Reading) -> Iterator[Ref]:
        """Give the tickets that one names: by links that make a case, and in fields that hold another's name."""
        actual, kinds = reading.actual, self.bound.mapping.links | {FOLLOW_UP, MERGED}
        if actual is None:
            return
        yield from (
            link.to for link in actual.links if link.kind in kinds and link.to != reading.ref
        )
        for name, account in self.bound.mapping.refs.items():
            value = actual.fields.get(name)
            told = self.elsewhere.ref(account, value.strip()) if isinstance(value, str) else None
            if told is not None and told.id:
                yield self.store.named(told) or told

    def relinked(self, ref: Ref) -> frozenset[Ref] | None:
        """Give a ticket's links where they are not those stored; `None` where nothing changed."""
        told = self._told.get(ref, frozenset())
        return None if told == self._stored.get(ref, set()) else told

    def others(self, ref: Ref, events: Iterable[Event] = ()) -> set[Ref]:
        """Give the other tickets of a ticket's case; its own events tell which were merged."""
        found = {ref}
        ahead = {ref}
        while ahead:
            ahead = {each for one in ahead for each in self._beside.get(one, ())} - found
            found |= ahead
        for event in events:
            if event.kind is _MERGED and isinstance(event.after, str):
                found |= {event.ref, Ref(ref.account, ref.vendor, event.after)}
        return found - {ref}

    def circle(self, ref: Ref, events: Iterable[Event]) -> Circle:
        """Give the other tickets of a ticket's case with their histories, as this page read them or as they are stored."""
        others = self.others(ref, events)
        if not others:
            return _NOBODY
        found: dict[Ref, Sequence[Event]] = {
            each: ingest(
                self.readings[each],
                self.known.get(each, ()),
                self.privacy,
                self.bound.mapping,
                self.now,
            )
            for each in sorted(others & self.readings.keys())
        }
        left = self.store.states(sorted(others))
        states = {
            name: state
            for name, state in left.items()
            if state.case is not None and name not in self.readings
        }
        found |= self.store.events(sorted(states))
        urls = {name: state.url for name, state in states.items()}
        bindings = {name: state.binding for name, state in states.items()}
        for each in others & self.readings.keys():
            actual = self.readings[each].actual
            urls[each] = actual.url if actual is not None else ""
            bindings[each] = self.bound.name
        people: dict[str, Mapping[str, str]] = {}
        if any(each.account != ref.account for each in found):
            for case in sorted({state.case for state in states.values() if state.case is not None}):
                people |= self.store.recall(case)
            for each in (ref, *found):
                reading = self.readings.get(each)
                if reading is not None:
                    people |= {
                        self.privacy.person(native): told for native, told in reading.people.items()
                    }
        complete = all(self._reaches_back(each, left.get(each)) for each in found)
        return Circle(frozenset(others), found, urls, bindings, people, complete)

    def _reaches_back(self, ref: Ref, state: TicketState | None) -> bool:
        """Tell whether a ticket's history is known from its creation: by this reading of the whole, else as stored."""
        reading = self.readings.get(ref)
        if reading is not None and (reading.whole or state is None):
            return reading.complete
        return state is not None and state.complete

    def touched(self, cases: Iterable[str | None], others: frozenset[Ref]) -> frozenset[Ref]:
        """Give the stored tickets outside this page whose case is another since it was read."""
        members = self.store.members([case for case in cases if case is not None])
        return frozenset((members | others) - self.readings.keys())


@dataclass(frozen=True, slots=True)
class Circle:
    """Hold the other tickets of a case.

    Attributes:
        refs: every ticket that links lead to, those too that are not known.
        events: histories of those known as complaints.
        urls: where people open them.
        bindings: name of each one's binding.
        people: personal data by keyed identifier, where more than one helpdesk is in it.
        complete: whether every history reaches back to its creation.

    """

    refs: frozenset[Ref]
    events: Mapping[Ref, Sequence[Event]]
    urls: Mapping[Ref, str]
    bindings: Mapping[Ref, str]
    people: Mapping[str, Mapping[str, str]]
    complete: bool

    def across(self, ref: Ref) -> bool:
        """Tell whether another helpdesk has a ticket of the case."""
        return any(each.account != ref.account for each in self.events)


_NOBODY = Circle(frozenset(), {}, {}, {}, {}, complete=True)
