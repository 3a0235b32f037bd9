"""Waivers as they stand: who asked, who approved, what ends when, and how much of what was checked is waived."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.model.facts import Verdict
from ombud.model.instant import DAY, iso
from sync.decisions import shown_as
from sync.figures.overview import by_rule
from sync.places import Places
from sync.waivers import STATES, state, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store import WaiverRow
    from ombud.store.book import Book, Filter
    from ombud.store.book.improve import Place
    from sync.figures.overview import RuleCounts
    from sync.service import Service

#: States in which a waiver excuses something.
HOLDING = ("active", "expiring")


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one waiver of the register.

    Attributes:
        row: as it is kept.
        state: requested, active, expiring, expired, revoked or refused.
        place: where its complaint is; `None` for one that is not for a single complaint, or is in the book no more.
        shown: what a form says that the row was.
        note: why it excuses nothing though it holds; "" where it does.

    """

    row: WaiverRow
    state: str
    place: Place | None
    shown: str
    note: str = ""

    @property
    def target(self) -> str:
        """Say what it is for."""
        if self.place is not None:
            return self.place.key
        if self.row.case is not None:
            return f"case {self.row.case[:12]}"
        if self.row.predicate is not None:
            told = self.row.predicate.replace('"', "").replace(":", ": ").replace(",", ", ")
            return f"{told} of {self.row.binding}"
        return f"every complaint of {self.row.binding}"

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        row = self.row
        return {
            "id": row.id,
            "state": self.state,
            "binding": row.binding,
            "rule": row.rule,
            "complaint": None if self.place is None else f"{self.place.account}:{self.place.ticket}",
            "where": row.predicate,
            "why": row.why,
            "requested_by": row.requested_name,
            "requested": iso(row.requested),
            "until": iso(row.until),
            "approved_by": row.approved_name,
            "approved": None if row.approved is None else iso(row.approved),
            "ended_by": row.ended_name,
            "ended": None if row.ended is None else iso(row.ended),
            "ended_why": row.ended_why,
            "note": self.note,
            "shown": self.shown,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waivers:
    """Hold the register.

    Attributes:
        lines: every waiver that the reader may see, the newest first.
        waived: checks that are waived, of the complaints asked for.
        checks: checks that were judged: passed, failed, unknown, pending or waived.
        rules: rules with a waived check, those with the most first.

    """

    lines: Sequence[Line]
    waived: int
    checks: int
    rules: Sequence[RuleCounts]

    @property
    def states(self) -> dict[str, int]:
        """Count by state, in the order of a waiver's life."""
        counted = Counter(each.state for each in self.lines)
        return {each: counted[each] for each in STATES}

    def of(self, *states: str) -> list[Line]:
        """Give those in certain states."""
        return [each for each in self.lines if each.state in states]

    @property
    def waiting(self) -> list[Line]:
        """Give those that wait for somebody, the longest first."""
        return sorted(self.of("requested"), key=lambda each: each.row.requested)

    @property
    def ahead(self) -> list[Line]:
        """Give those that hold, by when they end."""
        return sorted(self.of(*HOLDING), key=lambda each: each.row.until)

    @property
    def approvers(self) -> list[tuple[str, int, int]]:
        """Give who approved how many, and how many of those hold; the most first."""
        counted: dict[str, list[Line]] = {}
        for each in self.lines:
            if each.row.approved is not None:
                counted.setdefault(each.row.approved_name or "an account of the helpdesk", []).append(each)  # fmt: skip
        told = [
            (name, len(of), sum(each.state in HOLDING for each in of))
            for name, of in counted.items()
        ]
        return sorted(told, key=lambda each: (-each[1], each[0]))

    def ages(self, now: Instant) -> list[tuple[str, int]]:
        """Count those that hold by how long they have held."""
        bounds = (("up to 7 days", 7), ("8 to 30 days", 30), ("31 to 90 days", 90), ("longer", 10**6))  # fmt: skip
        counted = dict.fromkeys((name for name, _ in bounds), 0)
        for each in self.of(*HOLDING):
            days = (now - (each.row.approved or now)) / DAY
            counted[next(name for name, most in bounds if days <= most)] += 1
        return list(counted.items())

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "states": self.states,
            "waived": self.waived,
            "checks": self.checks,
            "waivers": [each.as_json() for each in self.lines],
        }


def count_waivers(service: Service, book: Book, asked: Filter) -> Waivers:
    """Give the register for somebody who may see what `asked` lets them; the share is of the complaints it asks for."""
    with service.store.acts() as acts:
        rows = acts.waivers()
    places = Places(service, book, asked.groups, [row.case for row in rows])
    now = service.now()
    soon = service.settings.waivers.expiring_days * DAY
    lines = [
        Line(row, state(row, now, expiring=soon), places.of(row.case), shown_as(row), _note(service, row))
        for row in reversed(rows)
        if places.shows(row.case, row.binding)
    ]  # fmt: skip
    told = by_rule(book, asked)
    rules = sorted(
        (each for each in told if each.counts.get(Verdict.waived)),
        key=lambda each: (-each.counts[Verdict.waived], each.rule.id),
    )
    return Waivers(
        lines,
        sum(each.counts[Verdict.waived] for each in rules),
        sum(_checked(each.counts) for each in told),
        rules,
    )


def _checked(counts: Mapping[Verdict, int]) -> int:
    return sum(count for verdict, count in counts.items() if verdict is not Verdict.not_applicable)


def _note(service: Service, row: WaiverRow) -> str:
    bound = next((each for each in service.bounds if each.name == row.binding), None)
    if bound is None:
        return f"ombud.toml no longer has {row.binding}: it excuses nothing"
    told = unreadable(bound, row)
    return "" if told is None else f"it excuses nothing: {told}"
