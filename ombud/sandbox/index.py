"""The search index of a world: ordered by update, and a little behind the writes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import datetime, timedelta

from ombud.sandbox.records import Issue

_BULK = 64


class Index:
    """Answer what a search sees; a write becomes visible `lag_seconds` later on the world's clock.

    Until then a search sees the ticket as the index last knew it, or not at all if it is new.
    """

    def __init__(self) -> None:
        self.lag_seconds: float = 0
        self._seen: dict[int, Issue] = {}
        self._place: dict[int, datetime] = {}
        self._order: list[tuple[datetime, int]] = []
        self._dirty: set[int] = set()
        self._waiting: dict[int, list[tuple[datetime, Issue]]] = {}
        self._live: dict[int, Issue] = {}

    def written(self, issue: Issue, now: datetime, *, lagging: bool) -> None:
        """Take note of a committed write."""
        number = int(issue.id)
        if not lagging or self.lag_seconds <= 0:
            self._seen[number] = issue
            self._waiting.pop(number, None)
            self._dirty.add(number)
            return
        self._live[number] = issue
        visible = now + timedelta(seconds=self.lag_seconds)
        self._waiting.setdefault(number, []).append((visible, issue.snapshot()))

    def before(self, issue: Issue, *, lagging: bool) -> None:
        """Keep what the index knows of a ticket that is about to change."""
        number = int(issue.id)
        if lagging and self.lag_seconds > 0 and self._seen.get(number) is issue:
            self._seen[number] = issue.snapshot()

    def visible(self, number: int) -> Issue | None:
        """Return the ticket of that id as a search sees it."""
        return self._seen.get(number)

    def ordered(
        self,
        now: datetime,
        *,
        since: datetime | None = None,
        after: tuple[datetime, int] | None = None,
        descending: bool = False,
    ) -> Iterator[Issue]:
        """Walk the visible tickets by (updated, id), from `since` on and strictly past `after`."""
        self.catch_up(now)
        order = self._order
        low = 0 if since is None else bisect_left(order, (since, -1))
        high = len(order)
        if after is not None and descending:
            high = bisect_left(order, after)
        elif after is not None:
            low = max(low, bisect_right(order, after))
        places = range(high - 1, low - 1, -1) if descending else range(low, high)
        for place in places:
            yield self._seen[order[place][1]]

    def by_id(
        self, now: datetime, *, after: int | None = None, descending: bool = False
    ) -> Iterator[Issue]:
        """Walk the visible tickets by id, strictly past `after`."""
        self.catch_up(now)
        numbers = sorted(self._seen)
        low, high = 0, len(numbers)
        if after is not None and descending:
            high = bisect_left(numbers, after)
        elif after is not None:
            low = bisect_right(numbers, after)
        for number in numbers[low:high][:: -1 if descending else 1]:
            yield self._seen[number]

    def catch_up(self, now: datetime) -> None:
        """Make visible what has waited long enough, and put the order right."""
        for number in list(self._waiting):
            versions = self._waiting[number]
            due = [version for at, version in versions if at <= now]
            if due:
                self._seen[number] = due[-1]
                self._dirty.add(number)
            rest = [(at, version) for at, version in versions if at > now]
            if rest:
                self._waiting[number] = rest
            else:
                del self._waiting[number]
                self._seen[number] = self._live.pop(number)
        if self._dirty:
            self._reorder()

    def _reorder(self) -> None:
        few = len(self._dirty) <= _BULK
        for number in self._dirty:
            issue = self._seen[number]
            old = self._place.pop(number, None)
            if few and old is not None:
                del self._order[bisect_left(self._order, (old, number))]
            if issue.deleted is not None:
                del self._seen[number]
                continue
            self._place[number] = issue.updated
            if few:
                insort(self._order, (issue.updated, number))
        if not few:
            self._order = sorted((at, number) for number, at in self._place.items())
        self._dirty.clear()
