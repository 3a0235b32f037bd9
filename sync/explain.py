"""Show why: what a rule asks, what was there at the time, and the sum of every deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.instant import HOUR, MINUTE, moment
from policies.judge import pauses_of
from policies.rule import Deadline
from sync.again import judge_again
from sync.findings import label_of
from sync.note import wall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Complaint, Instant, Row
    from ombud.model.finding import Finding
    from ombud.store import Store, TicketState
    from policies.rule import Rule
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.elsewhere import Elsewhere


def explain(
    bound: Bound,
    elsewhere: Elsewhere,
    store: Store,
    state: TicketState,
    rule: str | None,
    waivers: Sequence[Waiver],
    now: Instant,
) -> Iterator[str]:
    """Give the explanation of one ticket's findings, line by line, in the desk's zone."""
    zone = bound.mapping.tzinfo
    rules = {each.id: each for each in bound.pack.rules}
    for judged in judge_again(bound, elsewhere, store, waivers, now=now, only=state.ref):
        complaint = judged.complaint
        yield f"{judged.key}  {judged.url}".rstrip()
        yield f"received {_time(complaint.row.get('received'), zone)}, stage {_word(complaint.stage)}, judged as of {wall(now, zone)} {zone.key}"
        for finding in judged.findings:
            if rule is None or finding.rule == rule:
                yield ""
                yield from _finding(bound, complaint, finding, rules.get(finding.rule), zone)
    for gap in bound.judge.gaps:
        if rule is None or gap.rule.id == rule:
            yield ""
            yield f"NOT JUDGED {gap.rule.id}: nothing maps {', '.join(gap.missing)}"


def _finding(
    bound: Bound, complaint: Complaint, finding: Finding, rule: Rule | None, zone: ZoneInfo
) -> Iterator[str]:
    yield f"{finding.verdict.value.upper():<8} {finding.rule}  (now: {finding.standing.value}; {finding.severity}; {', '.join(finding.clauses)})"
    if rule is not None:
        yield f"  asks: {rule.sentence(bound.pack.vocabulary)}"
    if finding.entered is not None:
        yield f"  since: {wall(finding.entered, zone)} (event {finding.occurrence})"
    for reason in finding.reasons:
        yield f"  reason: {reason}"
    if rule is None:
        return
    if isinstance(rule.body, Deadline):
        yield from _sum(bound, complaint, finding, rule.body, zone)
        return
    row = next(
        (each.row for each in complaint.transitions if each.event == finding.occurrence),
        complaint.row,
    )
    yield from _facts(bound, rule, row, zone)


def _facts(bound: Bound, rule: Rule, row: Row, zone: ZoneInfo) -> Iterator[str]:
    for name in sorted(rule.names):
        value = row.get(name, UNKNOWN)
        instant = name in bound.mapping.evidence or name in {
            "received",
            "recorded",
            "reopened",
            "last_update",
        }
        told = _time(value, zone) if instant else _word(value)
        yield f"  then: {label_of(bound, name)} = {told}"


def _sum(
    bound: Bound, complaint: Complaint, finding: Finding, body: Deadline, zone: ZoneInfo
) -> Iterator[str]:
    """Print the sum of a deadline: each local day, what counted of it, and why nothing did."""
    if finding.entered is None or finding.due is None:
        waiting = any(wait.end is None and wait.waiting in body.pauses for wait in complaint.waits)
        yield (
            "  the clock is paused: it waits for somebody"
            if waiting
            else "  no due date can be told"
        )
        return
    pauses = pauses_of(complaint, body.pauses, finding.stop)
    yield "  sum:"
    for line in bound.calendar.explain(finding.entered, finding.due, pauses):
        spans = ", ".join(f"{moment(a, zone):%H:%M}-{moment(b, zone):%H:%M}" for a, b in line.open)
        paused = f", {_length(line.paused)} paused" if line.paused else ""
        counted = f"{_length(line.counted):>8}{paused}" if line.open else f"{'-':>8}"
        yield f"    {line.day:%a %d %b %Y}  {counted}  {spans or 'closed'}{f'  ({line.note})' if line.note else ''}"
    yield f"    due {wall(finding.due, zone)}"
    if finding.stop is not None:
        late = finding.stop > finding.due
        yield f"    {label_of(bound, body.stop)} {wall(finding.stop, zone)}: {'late' if late else 'in time'}"
    elif finding.verdict is Verdict.failed:
        yield f"    {label_of(bound, body.stop)}: never"


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
