"""What is to be decided about the scope: tickets it leaves open, what was missed, and channels that fell silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.model.event import Ref
from ombud.model.instant import iso
from ombud.model.scope import Decision
from ombud.store.book import Filter
from ombud.store.book.improve import channels
from sync.periods import read_period
from sync.places import Places
from sync.sampling import missed_of
from sync.scoping import shown_ticket

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store import Outside, SampledRow, SampleRow, TriageRow
    from ombud.store.book import Book
    from ombud.store.book.improve import Channel
    from sync.sampling import Missed
    from sync.service import Service

#: How far channels are looked back at, and of how many complaints it can be told what is usual.
BACK: Final = "last-365d"
_ENOUGH: Final = 10
#: Decisions that are listed.
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Open:
    """Hold a ticket that waits for a decision; `shown` is what a form says that was decided."""

    ticket: Outside
    shown: str

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        ticket = self.ticket
        return {"ticket": str(ticket.ref), "key": ticket.key, "binding": ticket.binding, "url": ticket.url, "shown": self.shown}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decided:
    """Hold what somebody decided last about a ticket.

    Attributes:
        row: the decision.
        ticket: as it was last seen; `None` where its account is gone.
        shown: what a form says that was decided.
        heeded: whether it was looked at since.

    """

    row: TriageRow
    ticket: Outside | None
    shown: str
    heeded: bool

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        row = self.row
        return {
            "ticket": f"{row.account}:{row.ticket}",
            "key": row.key,
            "decision": row.decision,
            "why": row.why,
            "decided_by": row.decided_name,
            "decided": iso(row.decided),
            "heeded": self.heeded,
            "shown": self.shown,
        }


@dataclass(frozen=True, slots=True)
class Silence:
    """Say whether a channel fell silent.

    Attributes:
        channel: the channel with its gaps.
        since: how long no complaint has come by it, in microseconds.
        state: "silent" where that is longer than ever in the year before, "usual", or "few" to say.

    """

    channel: Channel
    since: int
    state: str

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        told = self.channel
        return {
            "channel": told.name,
            "complaints": told.complaints,
            "last": iso(told.last),
            "usual_gap_us": told.usual,
            "longest_gap_us": told.longest,
            "silent_us": self.since,
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class Sampled:
    """Hold a sample with its tickets and what it found."""

    row: SampleRow
    tickets: Sequence[SampledRow]
    missed: Missed

    def as_json(self) -> dict[str, object]:
        """Give it for programs; what was found is told once everything was looked at."""
        row = self.row
        return {
            "id": row.id,
            "account": row.account,
            "seed": row.seed,
            "size": row.size,
            "population": row.population,
            "drawn": iso(row.drawn),
            "drawn_by": row.drawn_name,
            "waiting": self.missed.waiting,
            "found": None if self.missed.waiting else self.missed.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Triaged:
    """Hold all of it."""

    open: Sequence[Open]
    decided: Sequence[Decided]
    samples: Sequence[Sampled]
    silences: Sequence[Silence]

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "open": [each.as_json() for each in self.open],
            "decided": [each.as_json() for each in self.decided],
            "samples": [each.as_json() for each in self.samples],
            "channels": [each.as_json() for each in self.silences],
        }


def count_triage(
    service: Service, book: Book, groups: frozenset[str], *, now: Instant, zone: ZoneInfo
) -> Triaged:
    """Give what is to be decided, for somebody in these groups."""
    with service.store.improve.reading() as acts:
        undecided = acts.undecided()
        said = acts.said([each.ref for each in undecided])
        latest: dict[tuple[str, str], TriageRow] = {}
        for row in acts.triaged():
            latest.pop((row.account, row.ticket), None)
            latest[row.account, row.ticket] = row
        rows = list(reversed(latest.values()))[:_MOST]
        refs = {(row.account, row.ticket): ref for row in rows if (ref := _ref(service, row))}
        seen = acts.outside(list(refs.values()))
        samples = [(row, acts.sampled(row.id)) for row in acts.samples()]
    states = service.store.states(list(refs.values()))
    cases = {ref: state.case for ref, state in states.items()}
    places = Places(service, book, groups, cases.values())
    decided = []
    for row in rows:
        ref = refs.get((row.account, row.ticket))
        if ref is not None and not places.shows(cases.get(ref), row.binding):
            continue
        ticket = None if ref is None else seen.get(ref)
        shown = "" if ref is None else shown_ticket(ref, row)
        decided.append(Decided(row, ticket, shown, _heeded(row, ticket)))
    return Triaged(
        [
            Open(each, shown_ticket(each.ref, said.get(each.ref)))
            for each in undecided
            if each.ref not in said or said[each.ref].decision == Decision.undecided
        ],
        decided,
        [Sampled(row, tickets, missed_of(row, tickets)) for row, tickets in samples],
        silences(book, groups, now=now, zone=zone),
    )


def sample_of(service: Service, name: str) -> Sampled | None:
    """Give one sample; `None` where there is none of that name."""
    with service.store.improve.reading() as acts:
        row = next((each for each in acts.samples() if each.id == name), None)
        return (
            None if row is None else Sampled(row, told := acts.sampled(name), missed_of(row, told))
        )


def silences(book: Book, groups: frozenset[str], *, now: Instant, zone: ZoneInfo) -> list[Silence]:
    """Say which channels fell silent: nothing came for longer than ever in the year before."""
    year = read_period(BACK, now, zone)
    return [
        Silence(each, max(now - each.last, 0), _state(each, now))
        for each in channels(book, Filter(begin=year.begin, end=year.end, groups=groups))
    ]


def _state(channel: Channel, now: Instant) -> str:
    if channel.longest is None or channel.complaints < _ENOUGH:
        return "few"
    return "silent" if now - channel.last > channel.longest else "usual"


def _heeded(row: TriageRow, ticket: Outside | None) -> bool:
    if ticket is None:
        return True
    if row.decision == Decision.complaint:
        return ticket.decision == Decision.complaint
    return row.decision == Decision.undecided or ticket.decision != Decision.undecided


def _ref(service: Service, row: TriageRow) -> Ref | None:
    account = service.settings.accounts.get(row.account)
    return None if account is None else Ref(row.account, account.vendor, row.ticket)
