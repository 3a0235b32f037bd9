"""What closing a complaint would need, found by judging what guards its closing as if it were closed now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from policies.waiver import waive
from sync.findings import find, told_of
from sync.note import points

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Finding, Spoken
    from policies.judge import Judgement
    from policies.waiver import Waiver
    from sync.binding import Bound

CLOSED: Final = "closed"
#: Occurrence of a closing that has not happened.
IF_CLOSED: Final = "if-closed"
_ACTING: Final = frozenset({"flag", "block"})


def judge_closing(
    bound: Bound, complaint: Complaint, waivers: Sequence[Waiver], now: Instant
) -> list[Judgement]:
    """Judge what guards the closing of a complaint, were it closed now with all that stands in it, waivers minded."""
    stays = complaint.transitions
    at = max(now, stays[-1].at) if stays else now
    judged = bound.judge.if_entered(complaint, CLOSED, IF_CLOSED, at)
    return waive(judged, complaint, waivers, now)


def needed_to_close(
    bound: Bound, complaint: Complaint, waivers: Sequence[Waiver], now: Instant
) -> list[Spoken]:
    """Give what would be asked for, were a complaint closed now, by the rules that act; nothing where it is closed."""
    if complaint.stage == CLOSED:
        return []
    judged = judge_closing(bound, complaint, waivers, now)
    return _unique(
        (each.rule.id, told_of(bound, each)) for each in _failed(bound, complaint, judged)
    )


def findings_of(bound: Bound, complaint: Complaint, judged: Iterable[Judgement]) -> list[Finding]:
    """Give the findings of what would fail, of the rules that act."""
    failed = _failed(bound, complaint, judged)
    return [
        each
        for each in (find(bound, complaint, failed, url="") if failed else ())
        if each.occurrence == IF_CLOSED
    ]


def labels(findings: Iterable[Finding]) -> list[str]:
    """Give what people call the things that findings ask for, each once."""
    return [each.label for each in _unique((each.rule, points(each)) for each in findings)]


def _failed(bound: Bound, complaint: Complaint, judged: Iterable[Judgement]) -> list[Judgement]:
    """Keep the failures of rules that act; before the policy none does."""
    if bound.before_policy(complaint):
        return []
    return [
        each
        for each in judged
        if each.verdict is Verdict.failed and bound.mode(each.rule) in _ACTING
    ]


def _unique(told: Iterable[tuple[str, Sequence[Spoken]]]) -> list[Spoken]:
    """Keep of each label the first; what has none is called by its rule."""
    found: dict[str, Spoken] = {}
    for rule, spoken in told:
        for point in spoken:
            named = point if point.label else point._replace(label=rule)
            found.setdefault(named.label, named)
    return list(found.values())
