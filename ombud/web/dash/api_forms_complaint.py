"""The form of one complaint in the API."""

from __future__ import annotations

from ombud.web.dash.api_forms import Told


class ValueTold(Told):
    """The value of a field: its kind says whether it is there, is unknown, or its words are not kept."""

    kind: str
    value: str | None


class MoveTold(Told):
    """Whose move it is, what they have to do, and by when."""

    who: str
    what: str
    by: str | None


class FindingTold(Told):
    """A finding of one complaint; of a rule that was asked several times, the last time."""

    rule: str
    title: str
    verdict: str
    standing: str
    severity: str
    clauses: list[str]
    mode: str
    entered: str | None
    due: str | None
    reasons: list[str]
    mend: list[str]
    """What puts it right."""
    sum: list[tuple[str, str]]
    """How a deadline was reckoned, line by line."""
    waiver: str
    failed_before: list[str]


class GapTold(Told):
    """A rule that cannot be judged, and what it reads that nothing maps."""

    rule: str
    missing: list[str]


class HappenedTold(Told):
    """Something that happened to a complaint."""

    at: str
    what: str
    who: str
    lane: str
    verdicts: list[tuple[str, str]]
    """Verdicts that hang on it, each with its words."""
    decision_log: list[int]


class StageTold(Told):
    """A step of a complaint; the last one is now."""

    stage: str
    entered: str | None
    by_ombud: bool


class FieldsTold(Told):
    """The fields that the mapping reads, at each step and now."""

    steps: list[StageTold]
    left_out: int
    """Steps that are left out after the first."""
    fields: dict[str, list[ValueTold]]


class LineTold(Told):
    """A line of the decision log about a complaint."""

    seq: int
    known: str
    rule: str
    occurrence: str
    verdict: str
    standing: str
    action: str
    hash: str


class OneComplaintTold(Told):
    """One complaint, judged now from what is stored, with everything that shows why."""

    case: str
    account: str
    ticket: str
    key: str
    url: str
    """Where it is in the helpdesk; empty where that is no address of the web."""
    binding: str
    tickets: list[str]
    known_at: str | None
    judged_at: str
    stage: str | None
    stage_since: str | None
    status: str
    waiting_for: str
    owner: ValueTold
    received: str | None
    channel: ValueTold
    severity: ValueTold
    pack: str
    before_policy: bool
    history_complete: bool
    move: MoveTold
    findings: list[FindingTold]
    not_judged: list[GapTold]
    log: list[HappenedTold]
    fields: FieldsTold
    decision_log: list[LineTold]
    digests: dict[str, str]
    """Of everything a verdict depends on."""
    sha256: str
    """Of all of this."""
