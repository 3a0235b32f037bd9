"""What closing a complaint would need, found by judging it as if it were closed now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ombud.model.event import Cause
from ombud.model.facts import Transition, Verdict
from sync.findings import find
from sync.note import points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Finding, Spoken
    from policies.judge import Judgement
    from sync.binding import Bound

    Judge = Callable[[Complaint], Iterable[Judgement]]

CLOSED: Final = "closed"
#: Occurrence of a closing that has not happened.
IF_CLOSED: Final = "if-closed"
_ACTING: Final = frozenset({"flag", "block"})


def judge_closing(complaint: Complaint, judge: Judge, now: Instant) -> list[Judgement]:
    """Judge what guards the closing of a complaint, were it closed now with all that stands in it."""
    return [each for each in judge(_as_if_closed(complaint, now)) if each.occurrence == IF_CLOSED]


def needed_to_close(
    bound: Bound, complaint: Complaint, judge: Judge, now: Instant
) -> list[Finding]:
    """Give what would fail, were a complaint closed now, of the rules that act; nothing where it is closed.

    Args:
        bound: the binding.
        complaint: its facts.
        judge: judges a complaint as it would stand, waivers minded.
        now: the present instant.

    """
    if complaint.stage == CLOSED:
        return []
    return findings_of(bound, complaint, judge_closing(complaint, judge, now))


def findings_of(bound: Bound, complaint: Complaint, judged: Sequence[Judgement]) -> list[Finding]:
    """Give the findings of what would fail, of the rules that act."""
    failed = [each for each in judged if each.verdict is Verdict.failed]
    return [
        each
        for each in (find(bound, complaint, failed, url="") if failed else ())
        if each.occurrence == IF_CLOSED and each.mode in _ACTING
    ]


def needs(findings: Iterable[Finding]) -> list[Spoken]:
    """Give the things that findings ask for, each once, as agents are told of them."""
    told: dict[str, Spoken] = {}
    for finding in findings:
        for point in points(finding):
            named = point if point.label else point._replace(label=finding.rule)
            told.setdefault(named.label, named)
    return list(told.values())


def labels(findings: Iterable[Finding]) -> list[str]:
    """Give what people call the things that findings ask for, each once."""
    return [each.label for each in needs(findings)]


def _as_if_closed(complaint: Complaint, now: Instant) -> Complaint:
    """Give a complaint as it would be, were it closed now; what it entered before is left out, for it is not asked."""
    stays = complaint.transitions
    closing = Transition(
        event=IF_CLOSED,
        change=IF_CLOSED,
        ref=complaint.lead,
        leaving=complaint.stage,
        entering=CLOSED,
        from_status=complaint.status,
        to_status=None,
        at=max(now, stays[-1].at) if stays else now,
        actor=None,
        cause=Cause.person,
        row=complaint.row,
        until=None,
        stay=None,
    )
    return replace(complaint, transitions=(closing,))
