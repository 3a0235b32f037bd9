"""Say which verdicts and moments of each rule no example shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ombud.model.facts import Verdict
from ombud.model.instant import DAY, MINUTE, moment
from policies.rule import Cadence, Deadline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ombud.model.facts import Instant
    from policies.example import Outcome
    from policies.pack import Pack
    from policies.rule import Rule

#: Kinds of gaps, in the order in which they are told.
SHOWN: Final = {
    "pass": "no example passes",
    "fail": "no example fails",
    "not_applicable": "no example shows to what it does not apply",
    "minute before": "no example stands in the last minute before it is due",
    "minute after": "no example stands in the first minute after it was due",
    "clock change": "no example spans a night in which the clocks change",
}
#: Verdicts in time, and late.
_IN_TIME: Final = (Verdict.passed, Verdict.pending)


@dataclass(frozen=True, slots=True)
class Missing:
    """Name one thing that a rule's examples do not show.

    Attributes:
        rule: the rule's id.
        kind: which of `SHOWN`.

    """

    rule: str
    kind: str

    def __str__(self) -> str:
        return f"{self.rule}: {SHOWN[self.kind]}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Tell how far examples cover a pack.

    Attributes:
        asked: how many things were asked for.
        missing: those that no example shows.

    """

    asked: int
    missing: tuple[Missing, ...]


def coverage(pack: Pack, outcomes: Iterable[Outcome]) -> Coverage:
    """Hold a pack's rules against what became of its examples; one that did not come out covers nothing.

    Args:
        pack: the edition whose rules are asked for.
        outcomes: what became of the examples, those of other editions too.

    """
    of_rule: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if (
            outcome.verdict is outcome.example.expect
            and outcome.example.pack.version == pack.version
        ):
            of_rule.setdefault(outcome.example.rule, []).append(outcome)
    asked = 0
    missing: list[Missing] = []
    for rule in pack.rules:
        shown = of_rule.get(rule.id, [])
        for kind in _asked(rule, shown):
            asked += 1
            if not any(_shows(kind, outcome) for outcome in shown):
                missing.append(Missing(rule.id, kind))
    return Coverage(asked, tuple(missing))


def _asked(rule: Rule, shown: Sequence[Outcome]) -> Iterator[str]:
    yield from ("pass", "fail")
    if rule.body.when is not None:
        yield "not_applicable"
    if isinstance(rule.body, Deadline | Cadence):
        yield from ("minute before", "minute after")
        if not shown or any(_has_clock_changes(outcome) for outcome in shown):
            yield "clock change"


def _shows(kind: str, outcome: Outcome) -> bool:
    match kind:
        case "pass" | "fail" | "not_applicable":
            return outcome.verdict.value == kind
        case "minute before":
            return (
                any(0 <= left <= MINUTE for left in _left(outcome)) and outcome.verdict in _IN_TIME
            )
        case "minute after":
            return (
                any(-MINUTE <= left < 0 for left in _left(outcome))
                and outcome.verdict is Verdict.failed
            )
        case _:
            return _spans_clock_change(outcome)


def _left(outcome: Outcome) -> Iterator[int]:
    """Give how long before the due the clock was stopped or looked at, at the moments that may decide."""
    due = outcome.due
    if due is None:
        return
    judged = outcome.judgement
    if judged is not None and judged.stop is not None:
        yield due - judged.stop
    else:
        yield due - outcome.example.as_of
    if judged is not None and isinstance(judged.rule.body, Cadence):
        yield from (due - said.at for said in outcome.example.complaint.said)


def _has_clock_changes(outcome: Outcome) -> bool:
    """Tell whether the desk's zone has summer time in the year of the example."""
    at = outcome.example.as_of
    return len({_offset(outcome, at + month * 30 * DAY) for month in range(12)}) > 1


def _spans_clock_change(outcome: Outcome) -> bool:
    judged = outcome.judgement
    if judged is None or judged.entered is None or outcome.due is None:
        return False
    return _offset(outcome, judged.entered) != _offset(outcome, outcome.due)


def _offset(outcome: Outcome, at: Instant) -> object:
    return moment(at, ZoneInfo(outcome.example.calendar.zone)).utcoffset()
