"""Counts of clocks: deadlines by when they were due, and how long they took."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from ombud.model.instant import MINUTE
from ombud.store.book.layout import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Instant, Verdict
    from ombud.store.book.book import Book
    from ombud.store.book.filter import Filter

#: Told apart as in time or late; both have a time that can be measured.
_TOLD = "v.verdict IN (0, 1) AND v.entered IS NOT NULL"


class Opened(NamedTuple):
    """Lay out when the desk of a binding is open.

    Attributes:
        binding: the binding.
        opens: beginnings of the spans, in order; the first lies before everything that is asked.
        closes: their ends.
        before: the open time before each, in microseconds.

    """

    binding: str
    opens: Sequence[Instant]
    closes: Sequence[Instant]
    before: Sequence[int]


class Took(NamedTuple):
    """Count clocks of one severity that took so many minutes.

    Attributes:
        minutes: from the start to the stop, else to the closing, else to now.
        stopped: clocks that were stopped then.
        running: clocks that were not.
        severity: the severity; `None` where none is told.
        passed: those in time.
        failed: those that were late.

    """

    minutes: int
    stopped: int
    running: int
    severity: str | None = None
    passed: int = 0
    failed: int = 0


class Longest(NamedTuple):
    """Name the clock that took longest, in microseconds; `working` is `None` where no calendar is known."""

    account: str
    ticket: str
    key: str
    wall: int
    working: int | None
    running: bool


def undated(book: Book, asked: Filter) -> dict[int, int]:
    """Count by rule findings that cannot be told and have no due, of complaints received in the period."""
    where, values = asked.but(date="received").findings()
    rows = book.ask(
        f"SELECT v.rule, count(*) FROM verdict v JOIN complaint c USING (n) WHERE {where} "
        "AND v.verdict = 5 AND v.due IS NULL GROUP BY v.rule",
        values,
    )
    return dict(rows)


def by_due(
    book: Book, asked: Filter, begins: Sequence[Instant], end: Instant
) -> dict[int, dict[Instant, dict[Verdict, int]]]:
    """Count findings by rule, by the stretch of time in which they were due, and by verdict.

    Args:
        book: the book.
        asked: which findings; its period is not asked for.
        begins: the first instants of the stretches, in order.
        end: the first instant after the last.

    """
    where, values = asked.but(begin=None, end=None, days=None).findings()
    rows = book.ask(
        "SELECT v.rule, s.begin, v.verdict, count(*) FROM "
        f"(SELECT v.rule, v.due, v.verdict FROM verdict v JOIN complaint c USING (n) WHERE v.due >= ? AND v.due < ? AND {where}) v "
        "ASOF JOIN (SELECT unnest(?::BIGINT[]) AS begin) s ON v.due >= s.begin GROUP BY ALL",
        [begins[0], end, *values, list(begins)],
    )
    found: dict[int, dict[Instant, dict[Verdict, int]]] = {}
    for rule, begin, code, count in rows:
        found.setdefault(rule, {}).setdefault(begin, {})[WORDS[code]] = count
    return found


def reach(book: Book, asked: Filter) -> tuple[Instant, Instant] | None:
    """Give the first start and the last stop of the clocks due in the period; `None` where there is none."""
    where, values = asked.findings(by_due=True)
    first, last = book.one(
        "SELECT min(v.entered), max(coalesce(v.stop, v.entered)) FROM verdict v JOIN complaint c USING (n) "
        f"WHERE {where} AND v.entered IS NOT NULL",
        values,
    )
    return None if first is None else (first, last)


def took(
    book: Book, asked: Filter, laid: Sequence[Opened], now: Instant
) -> tuple[list[Took], list[Took], Longest | None]:
    """Give how long the clocks due in the period took: by the wall clock, in working time, and the longest.

    Clocks that are waived or do not apply are left out; one without a stop has run until the complaint was
    closed, or until now. Working
    time is the open time of the binding's calendar; where that is not known, a clock is only in the first.
    """
    timed, values = _timed(asked, laid, now, "v.verdict IN (0, 1, 2) AND v.entered IS NOT NULL")
    rows = book.ask(
        f"{timed} SELECT grouping(t.wall), coalesce(t.wall, t.working), count(*) FILTER (t.stop IS NOT NULL), "
        "count(*) FILTER (t.stop IS NULL), t.severity, count(*) FILTER (t.verdict = 0), count(*) FILTER (t.verdict = 1) FROM "
        f"(SELECT wall // {MINUTE} AS wall, working // {MINUTE} AS working, severity, verdict, stop FROM t) t "
        "GROUP BY GROUPING SETS ((t.wall, t.severity), (t.working, t.severity))",
        values,
    )
    wall = [Took(*row[1:]) for row in rows if not row[0]]
    working = [Took(*row[1:]) for row in rows if row[0] and row[1] is not None]
    # The open time of one clock needs no look at the others.
    told, bound = _timed(asked, (), now, "v.verdict IN (0, 1, 2) AND v.entered IS NOT NULL")
    longest = book.ask(
        f"{told} SELECT c.account, c.ticket, c.key, t.wall, t.stop IS NULL, t.binding, t.entered, t.until "
        "FROM t JOIN complaint c USING (n) ORDER BY t.wall DESC, c.n LIMIT 1",
        bound,
    )
    found = None
    for account, ticket, key, span, running, binding, entered, until in longest:
        desk = next((each for each in laid if each.binding == binding), None)
        open_time = None if desk is None else _opened_by(desk, until) - _opened_by(desk, entered)
        found = Longest(account, ticket, key, span, open_time, running)
    return wall, working, found


def _opened_by(desk: Opened, at: Instant) -> int:
    """Give the open time of a desk until an instant."""
    place = bisect_right(desk.opens, at) - 1
    return desk.before[place] + min(at, desk.closes[place]) - desk.opens[place]


def shares_used(book: Book, asked: Filter, bins: int) -> list[tuple[int, int]]:
    """Count stopped clocks due in the period by the tenth of the time allowed that they took: in time, and late.

    Tenth 9 and those below it are in time, 10 and above late; the last holds everything longer.
    """
    where, values = asked.findings(by_due=True)
    used = "10 * (v.stop - v.entered) // greatest(v.due - v.entered, 1)"
    rows = book.ask(
        # What is in time is never drawn behind the term, nor the other way round.
        f"SELECT v.verdict, CASE v.verdict WHEN 0 THEN least(greatest({used}, 0), 9) "
        f"ELSE least(greatest({used}, 10), {int(bins) - 1}) END AS tenth, count(*) "
        "FROM verdict v JOIN complaint c USING (n) "
        f"WHERE {where} AND {_TOLD} AND v.stop IS NOT NULL AND v.due IS NOT NULL GROUP BY ALL",
        values,
    )
    found = [0] * bins
    for _, tenth, count in rows:
        found[tenth] += count
    return [(tenth, count) for tenth, count in enumerate(found)]


class Waited(NamedTuple):
    """Sum up how long complaints were in a status while a clock ran.

    Attributes:
        account: the helpdesk.
        status: the native status, or the stage.
        cause: who put them there.
        complaints: how many.
        time: all of their time in it, in microseconds.

    """

    account: str
    status: str
    cause: str
    complaints: int
    time: int


def waited(
    book: Book, asked: Filter, statuses: Iterable[tuple[str, str]], stages: Iterable[str], now: Instant
) -> list[Waited]:  # fmt: skip
    """Give how long the clocks due in the period ran while complaints were in certain statuses or stages.

    Args:
        book: the book.
        asked: which clocks.
        statuses: helpdesks with native statuses.
        stages: stages.
        now: until when what is not over has lasted.

    """
    told, named = list(statuses), list(stages)
    conditions = ["(c.account = ? AND s.status = ?)"] * len(told) + ["s.stage = ?"] * len(named)
    if not conditions:
        return []
    where, values = asked.findings(by_due=True)
    begin = "greatest(s.entered, v.entered)"
    end = f"least(coalesce(s.ended, {int(now)}), coalesce(v.stop, {int(now)}))"
    rows = book.ask(
        f"SELECT c.account, coalesce(s.status, s.stage), s.cause, count(DISTINCT s.n), sum({end} - {begin})::BIGINT "
        "FROM step s JOIN verdict v USING (n) JOIN complaint c USING (n) "
        f"WHERE ({' OR '.join(conditions)}) AND v.entered IS NOT NULL AND {end} > {begin} AND {where} GROUP BY ALL ORDER BY 5 DESC",
        [*(each for pair in told for each in pair), *named, *values],
    )
    return [Waited(*row) for row in rows]


def _timed(
    asked: Filter, laid: Sequence[Opened], now: Instant, told: str
) -> tuple[str, list[object]]:
    """Give a query `t` of clocks due in the period with their wall and working time, and its values."""
    where, values = asked.findings(by_due=True)
    clocks = (
        f"SELECT c.n, c.binding, c.severity, v.verdict, v.entered, v.stop, "
        # What was closed without a stop was watched until then, and no longer.
        f"coalesce(v.stop, greatest(CASE WHEN NOT c.open THEN c.closed END, v.entered), greatest({int(now)}, v.entered)) AS until "
        f"FROM verdict v JOIN complaint c USING (n) WHERE {where} AND {told}"
    )
    if not laid:
        return (
            f"WITH t AS (SELECT *, until - entered AS wall, NULL::BIGINT AS working FROM ({clocks}))",
            values,
        )
    spans = " UNION ALL ".join(
        ["SELECT ? AS binding, unnest(?::BIGINT[]) AS opens, unnest(?::BIGINT[]) AS closes, unnest(?::BIGINT[]) AS before"]
        * len(laid)
    )  # fmt: skip
    bound: list[object] = []
    for each in laid:
        bound += [each.binding, list(each.opens), list(each.closes), list(each.before)]
    timed = (
        f"WITH o AS ({spans}), t AS (SELECT k.*, k.until - k.entered AS wall, "
        "b.before + least(k.until, b.closes) - b.opens - (a.before + least(k.entered, a.closes) - a.opens) AS working "
        f"FROM ({clocks}) k ASOF LEFT JOIN o a ON k.binding = a.binding AND k.entered >= a.opens "
        "ASOF LEFT JOIN o b ON k.binding = b.binding AND k.until >= b.opens)"
    )
    return timed, [*bound, *values]
