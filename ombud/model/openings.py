"""When a desk is open, as a monotone map between instants and open time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ombud.model.facts import Instant
    from ombud.model.term import Pause

#: Later than anything a calendar lays out.
NEVER: Final = 1 << 62
_BEGIN: Final = itemgetter(0)


class Hints:
    """Find a place among sorted marks in about one step, where a bisection takes a dozen.

    `places[(value - marks[0]) >> shift]` is the last mark below that bucket; the place sought is there or
    a little further on.
    """

    __slots__ = ("places", "shift")

    def __init__(self, marks: Sequence[int], last: int) -> None:
        """Lay out about one bucket for each mark, for values from the first mark up to `last`."""
        first = marks[0]
        self.shift = max(((last - first) // len(marks)).bit_length() - 1, 0)
        buckets = range(first, last + 1, 1 << self.shift)
        self.places = [max(bisect_left(marks, bucket) - 1, 0) for bucket in buckets]


class Openings:
    """Hold the spans in which a desk is open; immutable.

    Attributes:
        opens: the spans' beginnings, after an empty span at the first instant known and before one that
            never comes: so each instant has a span at or before it and one after it.
        closes: their ends, not open any more.
        before: the open time before each span, in microseconds.
        total: the open time of all spans.

    """

    __slots__ = ("_laid", "before", "closes", "opens", "total")

    def __init__(
        self, spans: Iterable[tuple[Instant, Instant]], begin: Instant, end: Instant
    ) -> None:
        """Merge spans that overlap or touch, and cut them at `begin` and `end`."""
        cut = ((max(opens, begin), min(closes, end)) for opens, closes in spans)
        self.opens, self.closes = _merged(
            [(begin, begin), *(span for span in cut if span[0] < span[1])]
        )
        self.before = [0]
        for opens, closes in zip(self.opens, self.closes, strict=True):
            self.before.append(self.before[-1] + closes - opens)
        self.total = self.before[-1]
        self.opens.append(NEVER)
        self.closes.append(NEVER)
        hints, hints_before = Hints(self.opens, end), Hints(self.before, self.total)
        # All that a due looks at, to be taken in hand at once: one by one it costs a tenth more.
        self._laid = (
            self.opens,
            self.closes,
            self.before,
            begin,
            end,
            hints.places,
            hints.shift,
            hints_before.places,
            hints_before.shift,
        )

    def after(self, start: Instant, length: int) -> Instant:
        """Give the instant at which so much open time has passed since `start`.

        The close, where both a close and the next opening fit; `NEVER` where there is not so much left.
        """
        # Written out in one piece, as is `after_pauses`: this is where deadlines are reckoned.
        opens, closes, before, origin, _, places, shift, places_before, shift_before = self._laid
        place = places[(start - origin) >> shift]
        while opens[place + 1] <= start:
            place += 1
        if start < closes[place]:
            target = before[place] + start - opens[place] + length
        else:
            target = before[place + 1] + length
        if target > self.total:
            return NEVER
        place = places_before[target >> shift_before]
        while before[place + 1] < target:
            place += 1
        return opens[place] + target - before[place]

    def after_pauses(self, start: Instant, length: int, pauses: Sequence[Pause]) -> Instant | None:
        """As `after`, without the open time inside pauses; `None` while one of them holds it up."""
        opens, closes, before, origin, last, places, shift, places_before, shift_before = self._laid
        place = places[(start - origin) >> shift]
        while opens[place + 1] <= start:
            place += 1
        # Up to `cursor` all is counted; until there the desk was open for `since`.
        cursor = start
        since = (
            before[place + 1] if start >= closes[place] else before[place] + start - opens[place]
        )
        target = since + length
        count = len(pauses)
        if count > 1 and (count > 2 or pauses[0][0] > pauses[1][0]):
            pauses = sorted(pauses, key=_BEGIN)
        for begin, end in pauses:
            held = since
            if begin > cursor:
                if begin >= last:
                    break
                if opens[place + 1] <= begin:
                    place = places[(begin - origin) >> shift]
                    while opens[place + 1] <= begin:
                        place += 1
                if begin >= closes[place]:
                    held = before[place + 1]
                else:
                    held = before[place] + begin - opens[place]
                if held >= target:
                    break
            if end is None:
                return None
            if end <= cursor or end <= begin:
                continue
            if end >= last:
                return NEVER
            if opens[place + 1] <= end:
                place = places[(end - origin) >> shift]
                while opens[place + 1] <= end:
                    place += 1
            if end >= closes[place]:
                until = before[place + 1]
            else:
                until = before[place] + end - opens[place]
            target += until - held
            cursor = end
            since = until
        if target > self.total:
            return NEVER
        place = places_before[target >> shift_before]
        while before[place + 1] < target:
            place += 1
        return opens[place] + target - before[place]

    def until(self, at: Instant) -> int:
        """Give the open time from the first instant until `at`."""
        place = bisect_right(self.opens, at) - 1
        return self.before[place] + min(at, self.closes[place]) - self.opens[place]

    def reached(self, target: int) -> Instant:
        """Give the instant until which there was so much open time, none or too much excepted."""
        place = bisect_left(self.before, target) - 1
        return self.opens[place] + target - self.before[place]

    def holds(self, at: Instant) -> bool:
        """Tell whether the desk is open; the closing instant itself is not."""
        return at < self.closes[bisect_right(self.opens, at) - 1]

    def following(self, at: Instant) -> Instant:
        """Give the next opening after an instant, `NEVER` where there is none."""
        return self.opens[bisect_right(self.opens, at)]

    def within(self, begin: Instant, end: Instant) -> Iterator[tuple[Instant, Instant]]:
        """Give the spans between two instants, cut at both."""
        place = bisect_right(self.opens, begin) - 1
        while self.opens[place] < end:
            opens, closes = max(self.opens[place], begin), min(self.closes[place], end)
            if opens < closes:
                yield opens, closes
            place += 1


def _merged(spans: Iterable[tuple[Instant, Instant]]) -> tuple[list[Instant], list[Instant]]:
    opens: list[Instant] = []
    closes: list[Instant] = []
    for begin, end in sorted(spans):
        if closes and begin <= closes[-1]:
            closes[-1] = max(closes[-1], end)
        else:
            opens.append(begin)
            closes.append(end)
    return opens, closes
