"""Show why: what a rule asks, what was there at the time, and the sum of every deadline."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.instant import DAY, HOUR, MINUTE, moment
from ombud.model.term import Term
from policies.rule import Cadence, Deadline, Integrity
from sync.again import judge_again
from sync.findings import label_of
from sync.note import wall

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Complaint, Instant, Row
    from ombud.model.finding import Finding
    from ombud.store import Store, TicketState
    from policies.history import Paused
    from policies.judge import Judgement
    from policies.rule import Rule
    from policies.waiver import Waiver
    from sync.binding import Bound, Edition
    from sync.elsewhere import Elsewhere

#: A longer sum shows its beginning and its end.
_LONG_SUM, _ENDS = 40, 8


def explain(
    bound: Bound,
    elsewhere: Elsewhere,
    store: Store,
    state: TicketState,
    rule: str | None,
    waivers: Sequence[Waiver],
    now: Instant,
    said: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[str]:
    """Give the explanation of one ticket's findings, line by line, in the desk's zone.

    `said` is what people said of the case, by rule: waivers, explanations, disputes.
    """
    zone = bound.mapping.tzinfo
    for judged in judge_again(bound, elsewhere, store, waivers, now=now, only=state.ref):
        complaint = judged.complaint
        edition = bound.judge.of(complaint)
        sums = {(each.rule.id, each.occurrence): each for each in judged.judgements}
        yield f"{judged.key}  {judged.url}".rstrip()
        yield f"received {_time(complaint.row.get('received'), zone)}, stage {_word(complaint.stage)}, judged as of {wall(now, zone)} {zone.key}"
        if edition is None:
            yield f"received before {bound.pack.id} holds: none of its rules judges it"
        else:
            yield f"by {edition.pack.title_version}"
        for finding in judged.findings:
            if rule is None or finding.rule == rule:
                yield ""
                why = sums.get((finding.rule, finding.occurrence))
                yield from _finding(bound, complaint, finding, why, edition, zone)
                yield from (f"  {line}" for line in said.get(finding.rule, ()))
    for gap in bound.judge.gaps:
        if rule is None or gap.rule.id == rule:
            yield ""
            yield f"NOT JUDGED {gap.rule.id}: nothing maps {', '.join(gap.missing)}"


def _finding(
    bound: Bound,
    complaint: Complaint,
    finding: Finding,
    why: Judgement | None,
    edition: Edition | None,
    zone: ZoneInfo,
) -> Iterator[str]:
    yield f"{finding.verdict.value.upper():<8} {finding.rule}  (now: {finding.standing.value}; {finding.severity}; {', '.join(finding.clauses)})"
    if why is not None:
        yield f"  asks: {why.rule.sentence(bound.pack_of(complaint).vocabulary)}"
        for source in why.rule.sources:
            yield f"  source: {source.ref} ({source.status}, {source.verified.isoformat()})"
    if finding.entered is not None:
        yield f"  since: {wall(finding.entered, zone)} (event {finding.occurrence})"
    for reason in finding.reasons:
        yield f"  reason: {reason}"
    if why is None or edition is None:
        return
    body = why.rule.body
    if isinstance(body, Deadline | Cadence):
        yield from _sum(bound, why, edition.calendar_of(why.rule))
    if isinstance(body, Deadline | Cadence | Integrity):
        for name in sorted(why.rule.tracked):
            yield from _history(bound, complaint, name, zone)
        return
    yield from _facts(bound, why.rule, why.row, zone)


def _history(bound: Bound, complaint: Complaint, name: str, zone: ZoneInfo) -> Iterator[str]:
    """Show each value that a field took, since earlier ones count as well."""
    for change in complaint.changes.get(name, ()):
        told = wall(change.value, zone) if isinstance(change.value, int) else _word(change.value)
        yield f"  {label_of(bound, name)}: {told} since {wall(change.at, zone)}"


def _facts(bound: Bound, rule: Rule, row: Row, zone: ZoneInfo) -> Iterator[str]:
    known = rule.needs | bound.mapping.names
    for name in sorted(rule.names & known):
        value = row.get(name, UNKNOWN)
        instant = name in bound.mapping.evidence or name in {
            "received",
            "recorded",
            "reopened",
            "last_update",
        }
        told = _time(value, zone) if instant else _word(value)
        yield f"  then: {label_of(bound, name)} = {told}"


def _sum(bound: Bound, why: Judgement, calendar: Calendar) -> Iterator[str]:
    """Print the sum of a clock in its own zone: each local day, what counted of it, and why nothing did."""
    timing, zone = why.timing, calendar.tzinfo
    if timing is None or timing.start is None or timing.due is None:
        paused = timing is not None and any(each.end is None for each in timing.pauses)
        yield (
            "  the clock is paused: it waits for somebody"
            if paused
            else "  no due date can be told"
        )
        return
    body = why.rule.body
    term = timing.length if isinstance(timing.length, Term) else None
    start = timing.since if timing.since is not None else timing.start
    yield f"  sum ({timing.length}, {zone.key}):"
    lines = calendar.explain(start, timing.due, [each[:2] for each in timing.pauses], term)
    for index, line in enumerate(lines):
        if len(lines) > _LONG_SUM and _ENDS <= index < len(lines) - _ENDS:
            if index == _ENDS:
                yield f"    ... {len(lines) - 2 * _ENDS} days like these ..."
            continue
        spans = ", ".join(f"{moment(a, zone):%H:%M}-{moment(b, zone):%H:%M}" for a, b in line.open)
        idle = f", {_length(line.paused)} paused" if line.paused else ""
        counted = f"{_length(line.counted):>8}{idle}" if line.open else f"{'-':>8}"
        number = f"day {line.number:<3} " if line.number is not None else ""
        yield f"    {line.day:%a %d %b %Y}  {number}{counted}  {spans or 'closed'}{f'  ({line.note})' if line.note else ''}"
    for each in timing.pauses:
        yield f"    {_pause(each, zone)}"
    yield f"    due {wall(timing.due, zone)}"
    if timing.warn is not None:
        yield f"    to be warned of {wall(timing.warn, zone)}"
    if timing.operational is not None:
        yield f"    by the desk's own clock {wall(timing.operational, zone)}"
    if timing.silence is not None:
        yield f"    longest silence {timing.silence / DAY:.1f} days"
    stop = body.stops[0] if isinstance(body, Deadline) else "last_update"
    if timing.stop is not None:
        yield f"    {label_of(bound, stop)} {wall(timing.stop, zone)}: {'late' if timing.stop > timing.due else 'in time'}"
    elif timing.verdict is Verdict.failed:
        yield f"    {label_of(bound, stop)}: never"


def _pause(each: Paused, zone: ZoneInfo) -> str:
    """Say of a pause from when to when, why, by whom, and by which rule."""
    until = "now" if each.end is None else wall(each.end, zone)
    name = each.rule.name.replace("_", " ")
    why = {"waiting": f"waiting for the {name}", "stage": name, "while": name}[each.rule.kind]
    by = f", by {each.actor[:8]}" if each.actor is not None else ""
    source = f" ({each.rule.source})" if each.rule.source is not None else ""
    capped = ", up to its cap" if each.end is not None and each.end == each.capped else ""
    return f"paused from {wall(each.begin, zone)} to {until}{capped}: {why}{by}{source}"


def _length(micros: int) -> str:
    minutes = micros // MINUTE
    hours = minutes * MINUTE // HOUR
    return f"{hours}:{minutes - hours * 60:02d} h"


def _word(value: object) -> str:
    if value is None:
        return "empty"
    return "unknown" if value is UNKNOWN else str(value)


def _time(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, int):
        return wall(value, zone)
    return "not reached" if value is None else "unknown"
