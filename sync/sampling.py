"""Samples of tickets that are no complaints, looked at without being told why they are none: how many were missed.

Whoever looks is shown the ticket alone. What a sample says is told once every ticket of it was looked at: figures on
the way could sway whoever answers next.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from ombud.model.event import Ref
from ombud.store import SampledRow, SampleRow, name_of
from sync.decisions import overtaken
from sync.figures.limits import score_interval
from sync.note import wall
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.store import Outside
    from sync.persons import Person
    from sync.service import Service

#: Tickets of one sample, at most.
MOST: Final = 500
ANSWERS: Final = {
    "complaint": "a complaint",
    "not_a_complaint": "not a complaint",
    "cannot_tell": "cannot tell",
}


def wilson(of: int, total: int) -> tuple[float, float]:
    """Give the Wilson score interval of 95 % for a share; from 0 to 1 of nothing.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not total:
        return 0.0, 1.0
    return score_interval(of / total, total)


@dataclass(frozen=True, slots=True)
class Missed:
    """Say what a sample found.

    Attributes:
        complaints: tickets that are complaints, by whoever looked: they were missed.
        none: tickets that are none.
        untold: tickets of which it cannot be told.
        waiting: tickets that nobody has looked at.
        population: tickets that the sample stands for.

    """

    complaints: int
    none: int
    untold: int
    waiting: int
    population: int

    @property
    def told(self) -> int:
        """Give the tickets of which it can be told."""
        return self.complaints + self.none

    @property
    def share(self) -> float | None:
        """Give the share that was missed, of those that can be told; `None` of none."""
        return self.complaints / self.told if self.told else None

    @property
    def interval(self) -> tuple[float, float]:
        """Give its interval of 95 %.

        What cannot be told may be either: the lower end counts all of it as none, the upper end as complaints.
        """
        total = self.told + self.untold
        return wilson(self.complaints, total)[0], wilson(self.complaints + self.untold, total)[1]

    @property
    def in_population(self) -> tuple[int, int]:
        """Give between how many complaints that is in all that the sample stands for."""
        low, high = self.interval
        least = max(round(low * self.population), self.complaints)
        return least, max(round(high * self.population), least)

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "complaints": self.complaints,
            "none": self.none,
            "untold": self.untold,
            "waiting": self.waiting,
            "population": self.population,
            "share": self.share,
            "interval": list(self.interval),
        }


def missed_of(sample: SampleRow, rows: Sequence[SampledRow]) -> Missed:
    """Count what was answered."""
    said = [row.answer for row in rows]
    return Missed(
        said.count("complaint"),
        said.count("not_a_complaint"),
        said.count("cannot_tell"),
        said.count(None),
        sample.population,
    )


def draw(
    service: Service, *, size: int, seed: str, by: Person, account: str | None = None
) -> SampleRow:
    """Draw a sample of the tickets that are no complaints; the same seed draws the same of the same tickets.

    Raises:
        Refused: the size is none, there are no such tickets, or one was drawn by that seed already.

    """
    if not 1 <= size <= MOST:
        raise Refused(f"A sample has 1 to {MOST} tickets. Choose another size")
    seed = seed.strip()[:40] or "1"
    if account is not None and account not in service.settings.accounts:
        raise Refused(
            f"There is no account {account!r}. There are: {', '.join(service.settings.accounts)}"
        )

    def order(of: str, ticket: str) -> str:
        return sha256(f"{seed}/{of}/{ticket}".encode()).hexdigest()

    now = service.now()
    population, chosen = service.store.improve.draw(size, order, account)
    if not chosen:
        raise Refused("There is no ticket outside the scope, so there is nothing to draw from")
    name = name_of("sample", account, seed, size, population, now)
    row = SampleRow(name, account, seed, len(chosen), population, now, *by)
    with service.store.improve.writing() as acts:
        for each in acts.samples():
            if (each.account, each.seed, each.population) == (account, seed, population):
                raise Refused(
                    f"A sample with seed {seed} was drawn by {each.drawn_name} on {wall(each.drawn, service.zone)}. "
                    "Take another seed"
                )
        acts.keep(row)
        for place, (of, ticket, key) in enumerate(chosen, 1):
            acts.keep(SampledRow(name, place, of, ticket, key))
        acts.log("sample drawn", name, row, by=by.key, known_at=now)
    return row


def answer(service: Service, sample: str, place: int, said: str, *, by: Person) -> SampledRow:
    """Say what a ticket of a sample is, by looking at the ticket alone.

    Raises:
        Refused: there is no such ticket, no such answer, or somebody has answered.

    """
    if said not in ANSWERS:
        raise Refused(f"The answers are: {', '.join(ANSWERS.values())}. Choose one")
    now = service.now()
    with service.store.improve.writing() as acts:
        row = next((each for each in acts.sampled(sample) if each.place == place), None)
        if row is None:
            raise Refused("There is no such ticket in the sample. Load the page again")
        if row.answered is not None:
            who = row.answered_name or "somebody"
            raise overtaken(f"{row.key} was looked at by {who} on {wall(row.answered, service.zone)}")  # fmt: skip
        row = row._replace(answer=said, answered_by=by.key, answered_name=by.name, answered=now)
        acts.keep(row)
        acts.log("sample answered", f"{sample}/{place}", row, by=by.key, known_at=now)
    return row


def tickets_of(service: Service, rows: Sequence[SampledRow]) -> dict[int, Outside]:
    """Give the tickets of a sample as they were last seen, by their places."""
    vendors = {name: account.vendor for name, account in service.settings.accounts.items()}
    refs = {
        row.place: Ref(row.account, vendors[row.account], row.ticket)
        for row in rows
        if row.account in vendors
    }
    with service.store.improve.reading() as acts:
        seen = acts.outside(list(refs.values()))
    return {place: seen[ref] for place, ref in refs.items() if ref in seen}
