"""What a complaint has of the ticket it stems from: a problem's findings where its own are empty, a receipt where it was split off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ombud.model.connector import UNSETTLED
from ombud.model.event import RECEIPT, Cause, Event, Kind
from ombud.model.facts import UNKNOWN
from ombud.model.instant import iso
from ombud.store import Settled, TicketState
from sync.ingest import ingest
from sync.scoping import scoped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ombud.model.connector import Actual, Connector, Reading, Seen
    from ombud.model.event import Native, Ref
    from ombud.model.facts import Instant
    from ombud.store import Store
    from sync.binding import Bound
    from sync.ingest import Privacy

#: How the id of a lent event begins; behind it stand the problem, since when it is one, and the problem's own event.
_LENT: Final = "lent"
_MARK: Final = "/"


@dataclass(slots=True)
class Stems:
    """Know the problems that a page's complaints stem from.

    Attributes:
        bound: the binding.
        store: the database.
        privacy: pseudonyms, for problems read here.
        now: the present instant.
        events: each problem's history.
        revisions: its revision when it was read; "" where that is not known.
        settled: problems that are no complaints themselves, to be stored with their history.

    """

    bound: Bound
    store: Store
    privacy: Privacy
    now: Instant
    events: dict[Ref, Sequence[Event]] = field(default_factory=dict)
    revisions: dict[Ref, str] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)

    def meet(self, connector: Connector, readings: Sequence[Reading]) -> None:
        """Read the problems that a page's tickets name, those that are not known; no transaction is open."""
        if not self.bound.mapping.stems:
            return
        wanted = {stem for each in readings if each.actual for stem in self._named(each.actual)}
        if not wanted:
            return
        known = self.store.events(sorted(wanted))
        here = {each.ref: each for each in readings if each.ref in wanted}
        for ref in wanted & (known.keys() | here.keys()):
            told = here.get(ref)
            self.events[ref] = (
                known.get(ref, ()) if told is None else self._history(told, known.get(ref, ()))
            )
        self.revisions = dict(self.store.stems(self.bound.account))
        missing = sorted(wanted - self.events.keys())
        if missing:
            self.read(connector, list(connector.look(missing, self.bound.schema)))

    def read(self, connector: Connector, seen: Sequence[Seen]) -> None:
        """Read problems, and keep those that are no complaints for storing."""
        looked = {each.ref: each for each in seen}
        known = self.store.events(sorted(looked))
        for reading in connector.read(seen, self.bound.schema):
            if reading.actual is None:
                continue
            ref, stored = reading.ref, known.get(reading.ref, ())
            self.events[ref] = events = self._history(reading, stored)
            revision = looked[ref].revision
            self.revisions[ref] = "" if revision.endswith(UNSETTLED) else revision
            decision = scoped(self.store, self.bound, [(ref, looked[ref].facets)])[ref]
            if decision != "complaint":
                ids = {each.id for each in stored}
                self.settled.append(
                    Settled(
                        TicketState.outside(looked[ref], decision, self.bound.name),
                        events=[each for each in events if each.id not in ids],
                    )
                )

    def named(self, readings: Sequence[Reading]) -> Iterator[tuple[Ref, list[tuple[Ref, str]]]]:
        """Give the problems that each ticket stems from, with their revisions; nothing where none are mapped."""
        if not self.bound.mapping.stems:
            return
        for each in readings:
            if each.actual is not None:
                named = [ref for ref in self._named(each.actual) if ref in self.events]
                yield each.ref, [(ref, self.revisions.get(ref, "")) for ref in named]

    def lent(
        self, actual: Actual, own: Sequence[Event], members: Collection[Ref]
    ) -> Iterator[Event]:
        """Give what problems lend a complaint, beyond what is stored: every value since the two were joined.

        Args:
            actual: the complaint's ticket, with its links.
            own: its events as known.
            members: tickets of the same case, which lend nothing.

        """
        held = [each for each in own if each.kind is Kind.lent]
        born = min((each.happened for each in own if each.kind is Kind.created), default=None)
        if born is None:
            born = min((each.happened for each in own if each.kind is not Kind.lent), default=0)
        joined = self._named(actual)
        natives = self._natives()
        for ref, since in joined.items():
            if ref in members or ref not in self.events:
                continue
            begun = since if since is not None else _since(held, ref)
            first = max(born, begun if begun is not None else born)
            if ref in self._linked(actual, self.bound.mapping.splits):
                yield from self._receipt(actual.ref, ref, born)
            if ref in self._linked(actual, self.bound.mapping.problem.links):
                for each in self.events[ref]:
                    if each.field in natives and each.kind in {Kind.field, Kind.observed}:
                        yield _lent(each, actual.ref, ref, first)
        yield from self._ended(held, joined)

    def _ended(
        self, held: Sequence[Event], joined: Mapping[Ref, Instant | None]
    ) -> Iterator[Event]:
        """Take back what a problem lent that the ticket is not joined to any more."""
        last = {(_stem(each), each.field): each for each in held}
        for (stem, name), each in last.items():
            if each.after is not None and all(ref.id != stem for ref in joined):
                # The helpdesk's clock may be ahead of ours: what ends comes after what it ends.
                ended = max(self.now, each.happened)
                yield each._replace(
                    id=f"{each.id}{_MARK}ended",
                    change=f"{each.change}{_MARK}ended",
                    happened=ended,
                    recorded=ended,
                    actor=None,
                    cause=Cause.automation,
                    field=name,
                    after=None,
                )

    def _named(self, actual: Actual) -> dict[Ref, Instant | None]:
        """Give the problems that a ticket names, and since when."""
        kinds = self.bound.mapping.stems
        found: dict[Ref, Instant | None] = {}
        for link in sorted(actual.links, key=lambda each: (each.to, each.kind)):
            if link.kind in kinds and link.to != actual.ref:
                found[link.to] = found.get(link.to) or link.since
        return found

    @staticmethod
    def _linked(actual: Actual, kinds: Collection[str]) -> set[Ref]:
        return {link.to for link in actual.links if link.kind in kinds}

    def _receipt(self, ref: Ref, stem: Ref, born: Instant) -> Iterator[Event]:
        """Give the receipt that a ticket inherits from the one it was split from: no clock starts anew."""
        told = self.events[stem]
        received = self.bound.fold.fold(told).row.get("received") if told else None
        if not isinstance(received, int):
            return
        name = _MARK.join((_LENT, stem.id, str(born), f"received.{received}"))
        yield Event(
            id=name,
            ref=ref,
            change=name,
            seq=0,
            happened=born,
            recorded=born,
            actor=None,
            cause=Cause.automation,
            kind=Kind.lent,
            field=RECEIPT,
            after=iso(received),
        )

    def _natives(self) -> frozenset[str]:
        mapping = self.bound.mapping
        return frozenset(mapping.fields[name].id for name in mapping.problem.fields)

    def _history(self, reading: Reading, known: Sequence[Event]) -> list[Event]:
        return ingest(reading, known, self.privacy, self.bound.mapping, self.now)


def _lent(told: Event, ref: Ref, stem: Ref, first: Instant) -> Event:
    """Give a problem's change as one that it lends: at its own time, but not before the two were joined."""
    after: Native = told.after
    return told._replace(
        id=_MARK.join((_LENT, stem.id, str(first), told.id)),
        ref=ref,
        change=_MARK.join((_LENT, stem.id, str(first), told.change)),
        happened=max(told.happened, first),
        kind=Kind.lent,
        before=UNKNOWN,
        after=after,
        message=None,
    )


def _stem(lent: Event) -> str:
    return lent.id.split(_MARK)[1]


def _since(held: Sequence[Event], stem: Ref) -> Instant | None:
    """Give since when a problem lends by what is stored: a reading of what is new alone does not tell."""
    return next((int(each.id.split(_MARK)[2]) for each in held if _stem(each) == stem.id), None)
