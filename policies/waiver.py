"""Waivers: a failure that somebody other than the requester has excused, for a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ombud.model.facts import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ombud.model.facts import Complaint, Instant, Row
    from policies.judge import Judgement


@dataclass(frozen=True, slots=True)
class Waiver:
    """Excuse one rule's failure; it always ends, and nobody approves their own.

    Attributes:
        rule: rule id.
        case: the case it is for; `None` for every case.
        why: the reason given.
        requested_by: keyed identifier of who asked.
        approved_by: keyed identifier of who approved; never the same.
        since: from when it holds.
        until: when it ends.
        holds: the condition over the complaint's row that has to be true, not unknown; `None` for no condition.
        id: its name, for people.

    """

    rule: str
    case: str | None
    why: str
    requested_by: str
    approved_by: str
    since: Instant
    until: Instant
    holds: Callable[[Row], bool | None] | None = field(default=None, compare=False)
    id: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no waiver."""
        if self.requested_by == self.approved_by:
            raise ValueError("a waiver is approved by somebody other than its requester")
        if not self.why.strip():
            raise ValueError("a waiver says why")
        if self.until <= self.since:
            raise ValueError("a waiver ends after it begins")

    def covers(self, complaint: Complaint) -> bool:
        """Tell whether a complaint is meant, whatever the time; a condition that cannot be told does not cover it."""
        if self.case is not None and self.case != complaint.case:
            return False
        return self.holds is None or self.holds(complaint.row) is True


def waive(
    judged: Sequence[Judgement], complaint: Complaint, waivers: Iterable[Waiver], now: Instant
) -> list[Judgement]:
    """Turn failures that a waiver excuses as of `now` into waived ones; a rule that is not waivable keeps its breach.

    A failure that a waiver touches is looked at again when that waiver begins or ends: `recheck` says when.
    """
    by_rule: dict[str, list[Waiver]] = {}
    for waiver in waivers:
        if now < waiver.until:
            by_rule.setdefault(waiver.rule, []).append(waiver)
    if not by_rule:
        return list(judged)
    return [
        _waived(each, complaint, by_rule[each.rule.id], now)
        if each.rule.id in by_rule and each.rule.waivable and _fails(each)
        else each
        for each in judged
    ]


def _fails(judged: Judgement) -> bool:
    return Verdict.failed in {judged.verdict, judged.standing}


def _waived(
    judged: Judgement, complaint: Complaint, waivers: Sequence[Waiver], now: Instant
) -> Judgement:
    touching = [each for each in waivers if each.covers(complaint)]
    if not touching:
        return judged
    told = [each.until if each.since <= now else each.since for each in touching]
    recheck = min(told if judged.recheck is None else [*told, judged.recheck])
    if not any(each.since <= now for each in touching):
        return judged._replace(recheck=recheck)
    return judged._replace(
        verdict=Verdict.waived if judged.verdict is Verdict.failed else judged.verdict,
        standing=Verdict.waived if judged.standing is Verdict.failed else judged.standing,
        recheck=recheck,
    )
