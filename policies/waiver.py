"""Waivers: a failure that somebody other than the requester has excused, for a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.model.facts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Instant
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

    """

    rule: str
    case: str | None
    why: str
    requested_by: str
    approved_by: str
    since: Instant
    until: Instant

    def __post_init__(self) -> None:
        """Refuse what is no waiver."""
        if self.requested_by == self.approved_by:
            raise ValueError("a waiver is approved by somebody other than its requester")
        if not self.why.strip():
            raise ValueError("a waiver says why")
        if self.until <= self.since:
            raise ValueError("a waiver ends after it begins")


def waive(
    judged: Sequence[Judgement], case: str, waivers: Iterable[Waiver], now: Instant
) -> list[Judgement]:
    """Turn failures that a waiver excuses as of `now` into waived ones; a rule that is not waivable keeps its breach."""
    excused = {
        waiver.rule
        for waiver in waivers
        if waiver.case in (None, case) and waiver.since <= now < waiver.until
    }
    if not excused:
        return list(judged)
    return [
        each._replace(
            verdict=Verdict.waived if each.verdict is Verdict.failed else each.verdict,
            standing=Verdict.waived if each.standing is Verdict.failed else each.standing,
        )
        if each.rule.id in excused and each.rule.waivable
        else each
        for each in judged
    ]
