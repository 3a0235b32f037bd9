"""A finding: what a rule says of a complaint, with its reasons and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ombud.model.event import digest
from ombud.model.facts import Verdict
from ombud.model.instant import HOUR, iso

if TYPE_CHECKING:
    from ombud.model.event import Ref
    from ombud.model.facts import Instant


@dataclass(frozen=True, slots=True)
class Fix:
    """Say how to mend one reason.

    Attributes:
        field: canonical field or milestone.
        label: its name for people.
        native: native field id, where one is mapped.
        allowed: values that will do, by the helpdesk's own names; empty means any.
        url: where to do it.
        advice: what to do, in one sentence.

    """

    field: str
    label: str
    native: str | None
    allowed: tuple[str, ...]
    url: str
    advice: str


class Spoken(NamedTuple):
    """Say one thing that is wrong to an agent.

    Attributes:
        label: its name for people; "" where the line stands for itself.
        line: what is wrong and how to mend it.

    """

    label: str
    line: str


class Finding(NamedTuple):
    """State a rule's verdict on a complaint at one occurrence; immutable, an interval in the store.

    Attributes:
        key: digest of rule, case and occurrence.
        rule: rule id.
        case: case id.
        ref: the ticket.
        binding: the binding that was judged.
        occurrence: a guard's entering event, a deadline's start event, `-` for a condition.
        entered: when that was; `None` for a condition.
        verdict: at the transition, or as of the judgement.
        standing: now.
        severity: major, minor or observation.
        clauses: "ISO 10002:2018 7.4" and the like.
        due: a deadline's due instant.
        stop: when a deadline was stopped.
        recheck: next instant at which the clock alone can change it.
        reasons: what is wrong, one sentence each; empty for a pass.
        fixes: how to mend it.
        mode: effective mode: off, observe, flag, block, or "before policy".
        pack: "iso10002 1.0.0".
        pack_digest: digest of the pack as configured.
        cause: why a deadline failed, where that is not simply lateness ("late_classification").
        warn: what to warn of before the due, where the term has an earlier part.
        operational: when it is due by the desk's own clock.
        silence: longest time without a word to the complainant, in microseconds; cadences only.
        spoken: what an agent is told of it in the desk's language; empty where reasons and fixes say it. It is not stored.

    """

    key: str
    rule: str
    case: str
    ref: Ref
    binding: str
    occurrence: str
    entered: Instant | None
    verdict: Verdict
    standing: Verdict
    severity: str
    clauses: tuple[str, ...]
    due: Instant | None
    stop: Instant | None
    recheck: Instant | None
    reasons: tuple[str, ...]
    fixes: tuple[Fix, ...]
    mode: str
    pack: str
    pack_digest: str
    cause: str | None = None
    warn: Instant | None = None
    operational: Instant | None = None
    silence: int | None = None
    spoken: tuple[Spoken, ...] = ()

    def as_json(self, *, url: str) -> dict[str, object]:
        """Give the finding as one line of `ombud check --format json`; times are ISO 8601 in UTC."""
        return {
            "rule": self.rule,
            "ref": str(self.ref),
            "case": self.case,
            "account": self.ref.account,
            "url": url,
            "occurrence": self.occurrence,
            "verdict": self.verdict.value,
            "standing": self.standing.value,
            "severity": self.severity,
            "clauses": list(self.clauses),
            "entered": iso(self.entered),
            "due": iso(self.due),
            "operational_due": iso(self.operational),
            "cause": self.cause,
            "longest_silence_hours": None
            if self.silence is None
            else round(self.silence / HOUR, 2),
            "reasons": list(self.reasons),
            "fix": [
                {
                    "field": fix.field,
                    "label": fix.label,
                    "native": fix.native,
                    "allowed": list(fix.allowed),
                    "url": fix.url,
                    "advice": fix.advice,
                }
                for fix in self.fixes
            ],
            "mode": self.mode,
            "pack": self.pack,
            "pack_digest": self.pack_digest,
            "key": self.key,
        }


def finding_key(rule: str, case: str, occurrence: str) -> str:
    """Give the key under which a finding is known, whatever its verdict."""
    return digest(rule, case, occurrence)
