"""What the lanes of one complaint show on one axis of time: stages, messages, clocks, and what Ombud did."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.calendar import Horizon
from ombud.model.event import Cause, Kind, Side
from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, instant, moment
from ombud.model.mapping import STATUS
from policies.rule import Deadline
from sync.figures.complaint_findings import elapses, time_left
from sync.figures.complaint_words import whom
from sync.findings import label_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.model.calendar import Calendar
    from ombud.model.event import Event
    from ombud.model.facts import Complaint, Instant
    from policies.judge import Judgement
    from sync.binding import Bound, Edition
    from sync.figures.complaint_log import Entry

#: Clocks that are drawn: those that run and those that were missed go first.
MOST_CLOCKS: Final = 7
#: Days that are laid out one by one; a longer time is drawn evenly.
_MOST_DAYS: Final = 120
#: Stages, messages and marks that are drawn, the last of them.
_MOST_MARKS: Final = 60
_RANK: Final = {Verdict.pending: 0, Verdict.failed: 1, Verdict.unknown: 2, Verdict.passed: 3}


class Band(NamedTuple):
    """Hold a stretch of time with a label."""

    begin: Instant
    end: Instant
    label: str


class Point(NamedTuple):
    """Hold a moment: what kind of thing it was, and its words."""

    at: Instant
    kind: str
    words: str


class Clock(NamedTuple):
    """Hold one clock.

    Attributes:
        label: what it waits for.
        term: how long it may take.
        begin: when it started.
        end: when it was stopped, or now.
        stop: when it was stopped; `None` where it runs.
        due: when it is due; `None` while it is paused.
        pauses: when it did not run.
        always: whether it runs at night too.
        verdict: how it stands.
        left: time left, or, once it was stopped, by how much it was in time; below zero where late.

    """

    label: str
    term: str
    begin: Instant
    end: Instant
    stop: Instant | None
    due: Instant | None
    pauses: tuple[tuple[Instant, Instant], ...]
    always: bool
    verdict: Verdict
    left: int | None


class Lanes(NamedTuple):
    """Hold what is drawn.

    Attributes:
        begin: the axis begins here.
        end: and ends here.
        now: the present on it; `None` where it is closed and all is over.
        open: when the desk is open, from, to; `None` where time is drawn evenly.
        days: local midnights.
        stages: the stages it was in.
        waits: when it waited for somebody.
        messages: those to and from the customer.
        clocks: the clocks.
        more: clocks that are not drawn.
        verdicts: what Ombud found.
        moves: when Ombud moved it back.
        notes: when Ombud wrote into the ticket.

    """

    begin: Instant
    end: Instant
    now: Instant | None
    open: tuple[tuple[Instant, Instant], ...] | None
    days: tuple[Instant, ...]
    stages: tuple[Band, ...]
    waits: tuple[Band, ...]
    messages: tuple[Point, ...]
    clocks: tuple[Clock, ...]
    more: int
    verdicts: tuple[Point, ...]
    moves: tuple[Point, ...]
    notes: tuple[Point, ...]


def lanes_of(
    bound: Bound,
    edition: Edition | None,
    complaint: Complaint,
    events: Sequence[Event],
    judgements: Sequence[Judgement],
    entries: Sequence[Entry],
    now: Instant,
) -> Lanes | None:
    """Give what is drawn; `None` of a complaint of which nothing is dated."""
    calendar = bound.calendar if edition is None else edition.calendars[edition.calendar]
    running = complaint.stage != "closed"
    received = complaint.row.get("received")
    # Lines of the decision log say when something was noted, which may be long after it happened.
    times = [event.happened for event in events]
    times += [each.at for each in entries if each.lane == "people"]
    if isinstance(received, int):
        times.append(received)
    if not times:
        return None
    begin = min(times)
    last = max([*times, now]) if running else _over(complaint, begin, max(times))
    clocks = sorted(
        _clocks(bound, edition, judgements, now), key=lambda each: (_RANK.get(each.verdict, 4), each.due or 0)
    )  # fmt: skip
    shown = sorted(clocks[:MOST_CLOCKS], key=lambda each: (each.begin, each.due or each.end))
    room = max(2 * DAY, (last - begin) * 35 // 100)
    ends = [each.due for each in shown if each.due is not None and each.due <= last + room]
    end = max([last, *ends])
    end += max(HOUR, (end - begin) // 50)
    open_spans, days = _laid(calendar, begin, end)
    return Lanes(
        begin,
        end,
        now if running and now <= end else None,
        open_spans,
        days,
        tuple(_stages(complaint, last)),
        tuple(
            Band(each.begin, each.end if each.end is not None else last, whom(each.waiting))
            for each in complaint.waits[-_MOST_MARKS:]
        ),
        tuple(each for each in _messages(events) if each.at <= end)[-_MOST_MARKS:],
        tuple(shown),
        len(clocks) - len(shown),
        tuple(each for each in _verdicts(entries) if each.at <= end)[-_MOST_MARKS:],
        tuple(
            Point(each.happened, "moved", "moved back")
            for each in events
            if each.cause is Cause.ourselves and each.field == STATUS
        )[-_MOST_MARKS:],
        tuple(
            Point(each.happened, "note", "note written")
            for each in events
            if each.kind is Kind.message and each.message is not None and each.message.key is not None
        )[-_MOST_MARKS:],
    )  # fmt: skip


def _over(complaint: Complaint, begin: Instant, last: Instant) -> Instant:
    """Give until when a closed complaint is drawn: what comes long after its closing is only in the log."""
    closed = max((each.at for each in complaint.transitions if each.until is None), default=last)
    return min(last, closed + max(DAY, (closed - begin) // 2))


def _laid(
    calendar: Calendar, begin: Instant, end: Instant
) -> tuple[tuple[tuple[Instant, Instant], ...] | None, tuple[Instant, ...]]:
    """Lay the days out; a time that is too long, or beyond the days that are known, is drawn evenly."""
    first = moment(begin, calendar.tzinfo).date()
    last = moment(end, calendar.tzinfo).date()
    count = (last - first).days + 1
    step = max(1, count // _MOST_DAYS)
    days = tuple(
        instant(datetime.combine(first + timedelta(days=each), time(), calendar.tzinfo))
        for each in range(0, count, step)
    )
    if count > _MOST_DAYS:
        return None, days
    try:
        lines = calendar.explain(begin, end)
    except Horizon:
        return None, days
    return tuple(span for line in lines for span in line.open), days


def _stages(complaint: Complaint, last: Instant) -> Iterator[Band]:
    for each in complaint.transitions[-_MOST_MARKS:]:
        if each.entering == "closed" and each.until is None:
            yield Band(each.at, each.at, "closed")
        else:
            yield Band(each.at, each.until if each.until is not None else last, each.entering)


def _messages(events: Sequence[Event]) -> Iterator[Point]:
    for event in sorted(events, key=lambda each: each.order):
        told = event.message
        if event.kind is not Kind.message or told is None or told.public is False or told.key:
            continue
        customer = {Side.complainant, Side.representative}
        if told.by in customer:
            yield Point(event.happened, "from", "from the customer")
        elif told.to in customer or told.public:
            words = ", ".join(sorted(each.replace("_", " ") for each in told.kinds))
            words = "automatic" if told.automatic and not words else words
            yield Point(event.happened, "to", words or "to the customer")


def _verdicts(entries: Sequence[Entry]) -> Iterator[Point]:
    for each in entries:
        if each.lane == "ombud" and each.lines:
            # The log's lines repeat what the helpdesk's own moments show already.
            continue
        for mark in each.marks[:2]:
            yield Point(each.at, mark.verdict.value, mark.words)


def _clocks(
    bound: Bound, edition: Edition | None, judgements: Sequence[Judgement], now: Instant
) -> Iterator[Clock]:
    for each in judgements:
        timing, body = each.timing, each.rule.body
        if timing is None or timing.start is None or timing.verdict is Verdict.not_applicable or edition is None:  # fmt: skip
            continue
        calendar = edition.calendar_of(each.rule)
        begin = timing.since if timing.since is not None else timing.start
        stop, due = timing.stop, timing.due
        end = max(begin, stop if stop is not None else now)
        length, always = timing.length, elapses(timing)
        at = stop if stop is not None else now
        left = None if due is None else time_left(calendar, at, due, timing)
        label = label_of(bound, body.stops[0] if isinstance(body, Deadline) else "last_update")
        pauses = tuple(
            (held.begin, min(end, held.end if held.end is not None else end)) for held in timing.pauses
        )  # fmt: skip
        words = "" if length is None else str(length).replace("_", " ")
        if not isinstance(body, Deadline):
            words = f"every {words}" if words else ""
        yield Clock(label, words, begin, end, stop, due, pauses, always, timing.verdict, left)
