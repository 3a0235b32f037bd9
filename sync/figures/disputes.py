"""Disputes: what people said against findings, how it was decided, and how often each rule is wrong by that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.model.instant import iso
from sync.decisions import shown_as
from sync.places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.store import DisputeRow
    from ombud.store.book import Book
    from ombud.store.book.improve import Place
    from sync.service import Service


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one dispute.

    Attributes:
        row: as it is kept.
        place: where its complaint is; `None` for one that is in the book no more.
        shown: what a form says that the row was.

    """

    row: DisputeRow
    place: Place | None
    shown: str

    @property
    def target(self) -> str:
        """Say which complaint it is about."""
        return f"case {self.row.case[:12]}" if self.place is None else self.place.key

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        row = self.row
        return {
            "id": row.id,
            "outcome": row.outcome,
            "binding": row.binding,
            "rule": row.rule,
            "complaint": None if self.place is None else f"{self.place.account}:{self.place.ticket}",
            "why": row.why,
            "disputed_by": row.disputed_name,
            "disputed": iso(row.disputed),
            "decided_by": row.decided_name,
            "decided": None if row.decided is None else iso(row.decided),
            "decided_why": row.decided_why,
            "shown": self.shown,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wrongness:
    """Count how often a rule was found wrong, by disputes that were decided and samples that were reviewed.

    Attributes:
        rule: its id.
        disputed: disputes.
        decided: those that were decided.
        upheld: those in which the finding was wrong.
        sample: failures that were drawn and reviewed.
        mistaken: those of them that were none.

    """

    rule: str
    disputed: int
    decided: int
    upheld: int
    sample: int
    mistaken: int

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "rule": self.rule,
            "disputed": self.disputed,
            "decided": self.decided,
            "upheld": self.upheld,
            "sample": self.sample,
            "mistaken": self.mistaken,
        }


@dataclass(frozen=True, slots=True)
class Disputed:
    """Hold every dispute that the reader may see, the newest first, and every rule that was looked at."""

    lines: Sequence[Line]
    rules: Sequence[Wrongness]

    @property
    def waiting(self) -> list[Line]:
        """Give those that wait for a decision, the longest first."""
        return [each for each in reversed(self.lines) if each.row.outcome is None]

    @property
    def decided(self) -> list[Line]:
        """Give those that were decided, the last one first."""
        told = [each for each in self.lines if each.row.outcome is not None]
        return sorted(told, key=lambda each: -(each.row.decided or 0))

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "disputes": [each.as_json() for each in self.lines],
            "rules": [each.as_json() for each in self.rules],
        }


def count_disputes(service: Service, book: Book, groups: frozenset[str]) -> Disputed:
    """Give the disputes that somebody in these groups may see; rules are counted by what they may see, too."""
    with service.store.acts() as acts:
        rows, reviews = acts.disputes(), acts.reviews()
    places = Places(service, book, groups, [row.case for row in rows])
    seen = [row for row in rows if places.shows(row.case, row.binding)]
    rules = sorted({row.rule for row in seen} | {each.rule for each in reviews})
    told = []
    for rule in rules:
        of = [row for row in seen if row.rule == rule]
        looked = [each for each in reviews if each.rule == rule]
        told.append(
            Wrongness(
                rule,
                len(of),
                sum(row.outcome is not None for row in of),
                sum(row.outcome == "upheld" for row in of),
                sum(each.sample for each in looked),
                sum(each.mistaken for each in looked),
            )
        )
    lines = [Line(row, places.of(row.case), shown_as(row)) for row in reversed(seen)]
    return Disputed(lines, sorted(told, key=lambda each: (-each.disputed, each.rule)))
