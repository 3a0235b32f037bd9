"""The findings of one complaint as cards: what is wrong, how to mend it, and the sum or the facts that show why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.calendar import Horizon
from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.instant import HOUR, MINUTE, iso
from ombud.model.term import Term, Unit
from policies.rule import Agreed, AnyOf, Cadence, Deadline, Guard
from sync.figures.complaint_words import Value, cut, value_of, whom
from sync.findings import label_of
from sync.sum import due_words, sum_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Instant
    from ombud.model.finding import Finding
    from ombud.store import WaiverRow
    from policies.deadline import Timing
    from policies.history import Paused
    from policies.judge import Judgement
    from policies.rule import Rule
    from sync.binding import Bound, Edition
    from sync.figures.complaint_words import People

#: Sentences of a sum, and pauses in it; more are only counted.
_MOST_LINES, _MOST_PAUSES, _MOST_FACTS = 8, 4, 8
_ORDER: Final = {
    Verdict.failed: 0,
    Verdict.pending: 1,
    Verdict.unknown: 2,
    Verdict.waived: 3,
    Verdict.passed: 4,
    Verdict.not_applicable: 5,
}
_WEIGHTS: Final = {"major": 0, "minor": 1, "observation": 2}


class SumLine(NamedTuple):
    """Hold one line of a sum: what stands before it, the words, and whether it is the total."""

    head: str
    words: str
    total: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """Hold what is told of one rule.

    Attributes:
        rule: its id.
        pack: id of its pack; "" for a rule that every binding has.
        title: what it asks.
        said: what is wrong, in a sentence; "" where nothing is.
        more: what else is wrong.
        mend: how to mend it, a sentence each.
        verdict: when it was judged.
        standing: as it stands now.
        severity: how grave a breach is.
        clauses: where it stands.
        mode: how far it acts.
        entered: since when, or at what moment it was asked.
        due: when it is due.
        left: time until then, in microseconds; below zero where it is past; `None` where nothing runs.
        elapses: whether nights and closed days count in that.
        sum: how that came about.
        waivable: whether a breach may be waived.
        waiver: what it is waived by, in words.
        earlier: when it failed on earlier occasions.

    """

    rule: str
    pack: str
    title: str
    said: str
    more: tuple[str, ...]
    mend: tuple[str, ...]
    verdict: Verdict
    standing: Verdict
    severity: str
    clauses: tuple[str, ...]
    mode: str
    entered: Instant | None
    due: Instant | None
    left: int | None
    elapses: bool
    sum: tuple[SumLine, ...]
    waivable: bool
    waiver: str
    earlier: tuple[Instant, ...]

    @property
    def mended(self) -> bool:
        """Tell whether it failed when it was judged, and does not any more."""
        return self.verdict is Verdict.failed and self.standing is not Verdict.failed

    def as_json(self) -> dict[str, object]:
        """Give it for programs; instants as ISO 8601 in UTC."""
        return {
            "rule": self.rule,
            "title": self.title,
            "verdict": self.verdict.value,
            "standing": self.standing.value,
            "severity": self.severity,
            "clauses": list(self.clauses),
            "mode": self.mode,
            "entered": iso(self.entered),
            "due": iso(self.due),
            "reasons": [each for each in (self.said, *self.more) if each],
            "mend": list(self.mend),
            "sum": [[each.head, each.words] for each in self.sum],
            "waiver": self.waiver,
            "failed_before": [iso(each) for each in self.earlier],
        }


def cards_of(
    bound: Bound,
    edition: Edition | None,
    people: People,
    findings: Sequence[Finding],
    judgements: Sequence[Judgement],
    waivers: Sequence[WaiverRow],
    now: Instant,
) -> list[Card]:
    """Give a card for each rule, the failures first; of a rule that was asked several times, the last time counts."""
    why = {(each.rule.id, each.occurrence): each for each in judgements}
    rules = {rule.id: rule for rule in (edition.pack.rules if edition is not None else ())}
    last: dict[str, Finding] = {}
    earlier: dict[str, list[Instant]] = {}
    for each in findings:
        held = last.get(each.rule)
        if held is not None:
            older, each_last = (held, each) if (each.entered or 0) >= (held.entered or 0) else (each, held)  # fmt: skip
            if older.verdict is Verdict.failed and older.entered is not None:
                earlier.setdefault(each.rule, []).append(older.entered)
            last[each.rule] = each_last
        else:
            last[each.rule] = each
    found = [
        _card(
            bound,
            edition,
            people,
            each,
            why.get((each.rule, each.occurrence)),
            rules.get(each.rule),
            tuple(sorted(earlier.get(each.rule, ()))),
            waivers,
            now,
        )
        for each in last.values()
    ]
    found.sort(
        key=lambda card: (
            _ORDER[card.verdict],
            card.mended,
            _WEIGHTS.get(card.severity, 3),
            card.due is None,
            card.due or 0,
            card.rule,
        )
    )
    return found


def _card(
    bound: Bound,
    edition: Edition | None,
    people: People,
    finding: Finding,
    judged: Judgement | None,
    rule: Rule | None,
    earlier: tuple[Instant, ...],
    waivers: Sequence[WaiverRow],
    now: Instant,
) -> Card:
    reasons = tuple(cut(each, 400) for each in finding.reasons)
    calendar = None if edition is None or rule is None else edition.calendar_of(rule)
    lines: tuple[SumLine, ...] = ()
    if judged is not None and calendar is not None:
        lines = tuple(_lines(bound, people, judged, calendar, now))
    standing = finding.standing
    if not lines:
        lines = (SumLine("now", _stands(finding), total=True),)
    left = None
    if calendar is not None and finding.due is not None and finding.stop is None:
        left = time_left(calendar, now, finding.due, None if judged is None else judged.timing)
    mend = () if standing not in {Verdict.failed, Verdict.pending} else tuple(dict.fromkeys(cut(each.advice, 400) for each in finding.fixes))  # fmt: skip
    return Card(
        rule=finding.rule,
        pack=finding.pack.partition(" ")[0] if rule is not None else "",
        title=rule.title if rule is not None else finding.rule.replace(".", ": ").replace("_", " "),
        said=reasons[0] if reasons else "",
        more=reasons[1:],
        mend=tuple(_without(each, reasons) for each in mend),
        verdict=finding.verdict,
        standing=standing,
        severity=finding.severity,
        clauses=finding.clauses,
        mode=finding.mode,
        entered=finding.entered,
        due=finding.due,
        left=left,
        elapses=judged is not None and elapses(judged.timing),
        sum=lines,
        waivable=rule is not None and rule.waivable,
        waiver=_waived_by(finding, waivers, now),
        earlier=earlier,
    )


def _without(advice: str, reasons: tuple[str, ...]) -> str:
    """Take from an advice what the reason says already."""
    for reason in reasons:
        if advice.startswith(reason) and len(advice) > len(reason):
            return advice[len(reason) :].strip()
    return advice


def elapses(timing: Timing | None) -> bool:
    """Tell whether a clock runs at night too."""
    length = None if timing is None else timing.length
    return isinstance(length, Term) and length.unit is Unit.hours


def time_left(
    calendar: Calendar, begin: Instant, end: Instant, timing: Timing | None
) -> int | None:
    """Give the time that a clock runs between two instants; `None` beyond the days that are known."""
    if elapses(timing):
        return end - begin
    try:
        return calendar.open_between(begin, end)
    except Horizon:
        return None


def _waived_by(finding: Finding, rows: Sequence[WaiverRow], now: Instant) -> str:
    if finding.verdict is not Verdict.waived:
        return ""
    for row in rows:
        until = row.until if row.ended is None else min(row.until, row.ended)
        if row.rule == finding.rule and row.case in {None, finding.case} and row.approved is not None and until > now:  # fmt: skip
            by = row.approved_name or "an account of the helpdesk"
            asked = row.requested_name or "an account of the helpdesk"
            return f"approved by {by}, asked for by {asked}: {cut(row.why, 300)}"
    return "by a waiver that held then"


def _lines(
    bound: Bound, people: People, judged: Judgement, calendar: Calendar, now: Instant
) -> Iterator[SumLine]:
    body = judged.rule.body
    if isinstance(body, Deadline | Cadence):
        if judged.timing is not None:
            yield from _clock_lines(bound, judged.timing, body, calendar, now)
        return
    yield from _fact_lines(bound, people, judged, calendar)


def _clock_lines(
    bound: Bound,
    timing: Timing,
    body: Deadline | Cadence,
    calendar: Calendar,
    now: Instant,
) -> Iterator[SumLine]:
    """Add a clock up: from when, how long, what did not count, and when it is due."""
    if timing.verdict is Verdict.not_applicable:
        yield SumLine("=", "does not apply to this complaint", total=True)
        return
    start = timing.since if timing.since is not None else timing.start
    if start is None:
        yield SumLine("=", "nobody can tell when it is due", total=True)
        return
    begun = "last word to the customer" if timing.since is not None else label_of(bound, body.start)
    yield SumLine("from", f"{begun}, {due_words(start, calendar, start=True)}")
    if timing.length is not None:
        yield SumLine("+", str(timing.length))
    if timing.due is not None:
        lines = list(_counted(calendar, start, timing))
        yield from (SumLine("", each) for each in lines[:_MOST_LINES])
        if len(lines) > _MOST_LINES:
            yield SumLine("", f"and {len(lines) - _MOST_LINES} lines more")
    for each in timing.pauses[:_MOST_PAUSES]:
        yield SumLine("\u2212", _pause_words(each, calendar))
    if len(timing.pauses) > _MOST_PAUSES:
        yield SumLine("\u2212", f"{len(timing.pauses) - _MOST_PAUSES} pauses more")
    stop = body.stops[0] if isinstance(body, Deadline) else "last_update"
    if timing.stop is not None:
        late = timing.due is not None and timing.stop > timing.due
        said = "" if timing.due is None else f": {'late' if late else 'in time'}"
        yield SumLine("until", f"{label_of(bound, stop)}, {due_words(timing.stop, calendar)}{said}")
    elif timing.verdict is Verdict.pending and timing.due is not None:
        left = time_left(calendar, now, timing.due, timing)
        if left is not None:
            yield SumLine("left", f"{_hours(left)} h{'' if elapses(timing) else ' of open time'}")
    if timing.due is None:
        paused = any(each.end is None for each in timing.pauses)
        words = "paused: nothing is due while it waits" if paused else "nobody can tell when it is due"  # fmt: skip
        yield SumLine("=", words, total=True)
    else:
        yield SumLine("=", f"due {due_words(timing.due, calendar)}", total=True)


def _counted(calendar: Calendar, start: Instant, timing: Timing) -> Iterator[str]:
    length, pauses = timing.length, [each[:2] for each in timing.pauses]
    if isinstance(length, Agreed):
        yield f"agreed: {length}"
        return
    terms = length.terms if isinstance(length, AnyOf) else (length,) if isinstance(length, Term) else ()  # fmt: skip
    for term in terms:
        try:
            due = calendar.due_at(start, term, pauses)
            if due is not None:
                prefix = f"{term}: " if len(terms) > 1 else ""
                yield from (f"{prefix}{each}" for each in sum_words(calendar, start, due, pauses, term))  # fmt: skip
        except Horizon:
            yield "beyond the days whose holidays are known"


def _pause_words(each: Paused, calendar: Calendar) -> str:
    name = whom(each.rule.name)
    why = f"waiting for the {name}" if each.rule.kind == "waiting" else name
    until = "now" if each.end is None else due_words(each.end, calendar)
    capped = ", up to its cap" if each.end is not None and each.end == each.capped else ""
    return f"paused {due_words(each.begin, calendar, start=True)} to {until}{capped}: {why}"


def _fact_lines(
    bound: Bound, people: People, judged: Judgement, calendar: Calendar
) -> Iterator[SumLine]:
    """Say what was there when a rule was asked, and what is there now."""
    rule, body = judged.rule, judged.rule.body
    if judged.entered is not None:
        entering = (
            f"entering {body.entering}, " if isinstance(body, Guard) and body.entering else ""
        )
        yield SumLine("asked", f"{entering}{due_words(judged.entered, calendar)}")
    names = [each for each in rule.reads if each in rule.needs or each in bound.mapping.names]
    for name in names[:_MOST_FACTS]:
        then = value_of(bound, people, name, judged.row.get(name, UNKNOWN))
        since = value_of(bound, people, name, judged.now.get(name, UNKNOWN))
        told = _worded(then, calendar)
        if since != then:
            told = f"{told}; now {_worded(since, calendar)}"
        yield SumLine(label_of(bound, name), told)
    if len(names) > _MOST_FACTS:
        yield SumLine("", f"and {len(names) - _MOST_FACTS} fields more")
    yield SumLine("now", _stand_words(judged.verdict, judged.standing), total=True)


def _worded(value: Value, calendar: Calendar) -> str:
    return due_words(value.at, calendar) if value.at is not None else value.text


def _stands(finding: Finding) -> str:
    return _stand_words(finding.verdict, finding.standing)


def _stand_words(verdict: Verdict, standing: Verdict) -> str:
    if verdict is Verdict.failed:
        return "still so" if standing is Verdict.failed else "mended since"
    words: Mapping[Verdict, str] = {
        Verdict.passed: "as it should be",
        Verdict.unknown: "cannot be told: evidence is missing",
        Verdict.pending: "not due yet",
        Verdict.waived: "waived",
        Verdict.not_applicable: "does not apply to this complaint",
    }
    return words[verdict]


def _hours(micros: int) -> str:
    sign, left = ("\u2212", -micros) if micros < 0 else ("", micros)
    return f"{sign}{left // HOUR}:{left % HOUR // MINUTE:02d}"
