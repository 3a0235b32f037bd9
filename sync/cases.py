"""Find the tickets that are one case: joined by a kind of link that the mapping names, or merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ombud.model.connector import FOLLOW_UP, MERGED
from ombud.model.event import Kind, Ref
from ombud.model.scope import Decision
from sync.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ombud.model.connector import Reading
    from ombud.model.event import Event
    from ombud.model.facts import Instant
    from ombud.store import Store
    from sync.binding import Bound
    from sync.ingest import Privacy


@dataclass(slots=True)
class Cases:
    """Know which tickets of a page belong together, and with which stored ones; most stand alone.

    A link counts from either end: helpdesks tell it on both, but not at the same moment.

    Attributes:
        store: the database.
        bound: the binding; a case has tickets of one binding.
        privacy: pseudonyms, for histories read in this page.
        now: the present instant.
        readings: the page's tickets that are complaints.
        known: their stored events.

    """

    store: Store
    bound: Bound
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
        return cls(store, bound, privacy, now, complaints, known)

    def __post_init__(self) -> None:
        """Follow links until no further ticket is reached."""
        kinds = self.bound.mapping.links | {FOLLOW_UP, MERGED}
        self._told = {
            ref: frozenset(
                link.to for link in reading.actual.links if link.kind in kinds and link.to != ref
            )
            for ref, reading in self.readings.items()
            if reading.actual is not None
        }
        self._stored = {}
        asked: set[Ref] = set()
        ahead = set(self._told).union(*self._told.values())
        while ahead:
            asked |= ahead
            pairs = self.store.links(sorted(ahead))
            for one, other in pairs:
                self._stored.setdefault(one, set()).add(other)
            ahead = {ref for pair in pairs for ref in pair} - asked
        self._beside = {}
        for one in {*self._stored, *self._told}:
            for other in self._told.get(one, self._stored.get(one, ())):
                self._beside.setdefault(one, set()).add(other)
                self._beside.setdefault(other, set()).add(one)

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
            if event.kind is Kind.merged and isinstance(event.after, str):
                found |= {event.ref, Ref(ref.account, ref.vendor, event.after)}
        return found - {ref}

    def events_of(self, others: set[Ref]) -> list[Event]:
        """Give the histories of other tickets of a case, as this page read them or as they are stored."""
        if not others:
            return []
        found: list[Event] = []
        for ref in sorted(others & self.readings.keys()):
            known = self.known.get(ref, ())
            found += ingest(self.readings[ref], known, self.privacy, self.bound.mapping, self.now)
        states = self.store.states(sorted(others - self.readings.keys()))
        stored = [
            ref
            for ref, state in states.items()
            if state.case is not None and state.binding == self.bound.name
        ]
        for told in self.store.events(stored).values():
            found += told
        return found

    def url(self, ref: Ref) -> str:
        """Give where people open a ticket of this page or a stored one."""
        reading = self.readings.get(ref)
        if reading is not None and reading.actual is not None:
            return reading.actual.url
        state = self.store.states([ref]).get(ref)
        return state.url if state is not None else ""

    def touched(self, cases: Iterable[str | None], others: set[Ref]) -> frozenset[Ref]:
        """Give the stored tickets outside this page whose case is another since it was read."""
        members = self.store.members([case for case in cases if case is not None])
        return frozenset((members | others) - self.readings.keys())
