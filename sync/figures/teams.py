"""The figures of teams, channels and the like: how each does, held against what chance allows for its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.store.book.teams import GROUPED, grouped
from sync.figures.limits import beyond
from sync.figures.overview import Share

if TYPE_CHECKING:
    from ombud.store.book import Book, Filter
    from ombud.store.book.teams import Grouped

#: What complaints can be grouped by; figures by person need the setting `figures_by_agent`.
PERSON: Final = "owner"
OFFERED: Final = tuple(each for each in GROUPED if each != PERSON)


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Hold one group.

    Attributes:
        counts: its counts.
        share: without a major failure, of those that can be told.
        beyond: the limit that it lies outside of, in percent of groups that chance keeps within it ("95", "99.8"), and
            whether above; `None` where it lies within, or is too small to be held against any.

    """

    counts: Grouped
    share: Share
    beyond: tuple[str, bool] | None

    def as_json(self, by: str) -> dict[str, object]:
        """Give it for programs."""
        counts = self.counts
        return {
            by: counts.name,
            "complaints": counts.complaints,
            "without_major_failure": self.share.as_json(),
            "open": counts.open,
            "late_now": counts.late,
            "moved_back": counts.moved_back,
            "outside_limit": None if self.beyond is None else f"{'above' if self.beyond[1] else 'below'} {self.beyond[0]} %",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Hold the figures of groups.

    Attributes:
        by: what they are grouped by.
        all: the share of all groups together.
        large: groups of thirty and more that can be told, the lowest share first.
        small: the others, by name: they have counts and no rank.

    """

    by: str
    all: Share
    large: tuple[GroupLine, ...]
    small: tuple[GroupLine, ...]

    @property
    def outside(self) -> tuple[GroupLine, ...]:
        """Give those that chance does not explain: outside the outer limit."""
        return tuple(each for each in self.large if each.beyond and each.beyond[0] == "99.8")

    @property
    def complaints(self) -> int:
        """Give all complaints."""
        return sum(each.counts.complaints for each in (*self.large, *self.small))

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "by": self.by,
            "all": self.all.as_json(),
            "groups": [each.as_json(self.by) for each in (*self.large, *self.small)],
        }


class NotByPerson(Exception):
    """Say that figures by person are not switched on."""


def count_groups(book: Book, asked: Filter, by: str, *, by_person: bool) -> GroupFigures:
    """Count complaints by one of `GROUPED`.

    Args:
        book: the book.
        asked: which complaints.
        by: what they are grouped by.
        by_person: whether figures by the person who owns a complaint are switched on.

    Raises:
        NotByPerson: they are asked for, and are not.

    """
    if by == PERSON and not by_person:
        raise NotByPerson
    rows = grouped(book, asked, by)
    right, told = sum(row.right for row in rows), sum(row.right + row.failing for row in rows)
    every = Share(right, told, sum(row.unknown for row in rows), sum(row.pending for row in rows))
    lines = []
    for row in rows:
        share = Share(row.right, row.right + row.failing, row.unknown, row.pending)
        outside = None if share.few or every.value is None else beyond(share.of, share.total, every.value)  # fmt: skip
        lines.append(GroupLine(row, share, outside))
    large = sorted(
        (each for each in lines if not each.share.few),
        key=lambda each: (each.share.value, each.counts.name or ""),
    )
    small = sorted(
        (each for each in lines if each.share.few),
        key=lambda each: (each.counts.name is None, each.counts.name or ""),
    )
    return GroupFigures(by, every, tuple(large), tuple(small))
