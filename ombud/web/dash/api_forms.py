"""The form of everything the API answers; its document is made of these, and a test holds answers against it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """Have these fields, each of them, and no others."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PeriodTold(Told):
    """A stretch of time; instants are ISO 8601 in UTC."""

    key: str
    """As it stands in an address."""
    label: str
    """As people read it."""
    begin: str | None
    """Its first instant; null from the beginning."""
    end: str | None
    """The first instant after it; null for ever."""


class AboutTold(Told):
    """What the figures rest on."""

    period: PeriodTold | None
    """The period; null where the answer has none."""
    cohort: str | None
    """The date that has to lie in the period: received, due or closed."""
    compared: PeriodTold | None
    """The period it is compared with."""
    filter: dict[str, list[str]]
    """The words of the filter as they were understood."""
    said: list[str]
    """The filter in words."""
    known: str | None
    """The past instant whose knowledge this is; null for now."""
    cutoff: str | None
    """Up to when the figures know what happened."""
    complete_percent: float | None
    """The smallest share of any helpdesk's tickets that is read; null where nobody knows."""
    completeness: list[str]
    """How complete each helpdesk's data are, in words."""
    building: bool
    """Whether the figures are being brought up to date at this moment."""
    packs: list[str]
    """Versions of packs in force."""
    zone: str
    """The zone in which days begin and end."""
    groups: list[str]
    """Groups whose restricted complaints are counted; those of others are in no number. `*` is every group."""


class ShareTold(Told):
    """A share with everything that has to stand beside it."""

    of: int
    total: int
    """Of how many that can be told."""
    share: float | None
    """`of` by `total`; null for fewer than thirty."""
    unknown: int
    pending: int
    waived: int


class Verdicts(Told):
    """Findings by verdict."""

    passed: int = Field(alias="pass")
    failed: int = Field(alias="fail")
    pending: int
    waived: int
    not_applicable: int
    unknown: int


class ClauseTold(Verdicts):
    """A group of clauses with its findings."""

    clause: str
    title: str
    weakest_rule: str | None


class DueTold(Told):
    """A day with answers that are due on it."""

    since: str = Field(alias="from")
    answers: int


class WeekTold(Told):
    """A week of receipt; `monday` is in days since 1970-01-01."""

    monday: int
    right: int
    """Complaints without a major failure."""
    told: int
    """Complaints of which it can be told."""
    unknown: int


class OverviewTold(Told):
    """The figures of the first page."""

    complaints: int
    grades: dict[str, int]
    """How complaints stand by their major rules."""
    without_major_failure: ShareTold
    answered_on_time: ShareTold
    acknowledged_on_time: ShareTold
    late_now: int
    """Complaints that are late now, whenever they were received."""
    open_now: int
    clauses: list[ClauseTold]
    due: list[DueTold]
    weeks: list[WeekTold]


class RuleTold(Verdicts):
    """A rule with its figures."""

    rule: str
    pack: str
    title: str
    clauses: list[str]
    severity: str
    kind: str
    modes: dict[str, str]
    """How far it acts, by binding."""
    passed_of: ShareTold
    disputed: int
    disputes_upheld: int


class RulesTold(Told):
    """Every rule, in the order of the standard."""

    rules: list[RuleTold]


class MonthTold(Verdicts):
    """A rule's findings of complaints received in one month."""

    month: str
    passed_of: ShareTold


class BreakdownTold(Told):
    """A rule's findings of complaints with one value of a field."""

    value: str | None
    checked: int
    failed: int


class StepTold(Told):
    """A step of a rule's rollout."""

    when: str
    binding: str
    former: str
    mode: str
    by: str
    why: str


class OneRuleTold(RuleTold):
    """One rule: where it stands, who it fails, how it came along."""

    sentence: str
    months: list[MonthTold]
    failing_by: dict[str, list[BreakdownTold]]
    """Word of the filter -> its values."""
    steps: list[StepTold]
    """The newest first."""


class ComplaintTold(Told):
    """A complaint of the list."""

    account: str
    ticket: str
    key: str
    stage: str | None
    received: str | None
    due: str | None
    """The next deadline that runs."""
    late_since: str | None
    """The earliest missed deadline that still runs."""
    severity: str | None
    team: str | None
    channel: str | None
    failing: int
    """Rules that fail as they stand."""
    verdict: str
    """The gravest verdict of what was asked for."""
    rule: str | None
    """The rule that it is about."""
    more: int
    """Other rules of the same verdict."""


class ComplaintsTold(Told):
    """A page of complaints."""

    complaints: list[ComplaintTold]
    total: int
    of: int
    """Complaints of the period, whatever else is asked."""
    page: int
    pages: int
    undated: int
    """Complaints that no period names, because nobody knows when they were received."""
    before_policy: int
    """Complaints left out because they were received before the policy."""


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


class SpentTold(Told):
    """An error budget: how many of the last 90 days may be late, and what is left of that."""

    total: int
    late: int
    allowed: float
    left: float | None
    burn: float | None


class ClockTold(Told):
    """One clock among all."""

    rule: str
    title: str
    on_time: ShareTold
    budget: SpentTold
    burn: dict[str, float | None]
    """Stretch of days -> how fast the budget was spent: 1 is as fast as allowed."""


class AheadTold(Told):
    """Clocks that are due between two days."""

    since: str | None = Field(alias="from")
    to: str | None
    clocks: int


class LateTold(Told):
    """Clocks that are late and still run, by the days between which they were due."""

    due_from: str | None
    due_to: str | None
    clocks: int


class TermTold(Told):
    """A term in words, and when it counts."""

    condition: str = Field(alias="if")
    term: str


class OneClockTold(ClockTold):
    """One clock in full; times in minutes, null where too few have stopped."""

    unknown_without_due: int
    median_minutes: float | None
    p90_minutes: float | None
    median_working_minutes: float | None
    p90_working_minutes: float | None
    longest_minutes: int | None
    still_running: int
    due: list[AheadTold]
    late_now: list[LateTold]
    terms: list[TermTold]


class ClocksTold(Told):
    """Every clock, the most important first, and one of them in full."""

    clocks: list[ClockTold]
    clock: OneClockTold | None
    """The one asked for, or else the most important; null where there is none."""


class CauseTold(Told):
    """A root cause: complaints closed with it, and of those decided for the complainant."""

    cause: str | None
    complaints: int
    upheld: int


class RepeatTold(Told):
    """A cause that came again within ninety days, for the same complainant or the same product."""

    cause: str | None
    complaints: int
    same_complainant: int
    same_product: int


class CausesTold(Told):
    """Root causes of complaints closed in the period, the most frequent first."""

    complaints: int
    causes: list[CauseTold]
    without_cause: int
    other_or_unknown: int
    upheld_with_cause: ShareTold
    repeats: list[RepeatTold]


class GroupTold(Told):
    """One group of complaints; its name stands under what is grouped by."""

    team: str | None = None
    channel: str | None = None
    helpdesk: str | None = None
    project: str | None = None
    product: str | None = None
    owner: str | None = None
    complaints: int
    without_major_failure: ShareTold
    open: int
    late_now: int
    moved_back: int
    outside_limit: str | None
    """Above or below which limit of chance; null within them, and for fewer than thirty."""


class GroupsTold(Told):
    """Groups of one kind: those with enough complaints for a rate first. They are in no order of merit."""

    by: str
    all: ShareTold
    groups: list[GroupTold]


class AskedTold(Told):
    """A rule that answers to a clause, and whether it is asked."""

    rule: str
    pack: str
    state: str
    bindings: dict[str, str]
    missing: list[str]


class DocumentTold(Told):
    """A document that stands beside a clause."""

    kind: str
    title: str
    link: str
    owner: str
    review_by: str | None


class CoveredTold(Verdicts):
    """A clause: what shows it, its rules with their findings, and its documents."""

    clause: str
    title: str
    shown_by: str
    documents_could_show: str
    """What documents show of it where tickets cannot."""
    documents_alone: bool
    """No ticket can show anything of it."""
    rules: list[AskedTold]
    passed_of: ShareTold
    documents: list[DocumentTold]


class CoverageTold(Told):
    """Clauses of each standard, in its order."""

    standards: dict[str, list[CoveredTold]]
    reviews_overdue: int


class EntryTold(Told):
    """A line of the decision log; of one that may not be seen there is its place in the chain alone."""

    seq: int
    known: str
    previous: str
    hash: str
    hidden: bool = False
    case: str = ""
    rule: str = ""
    occurrence: str = ""
    verdict: str = ""
    standing: str = ""
    action: str = ""
    digests: str = ""


class LogTold(Told):
    """Fifty lines of the decision log, the newest first."""

    lines: list[EntryTold]
    older: int | None
    """For `page`: where older lines begin; null where there are none."""
    total: int
    """Lines of the whole log."""


class NodeTold(Told):
    """An activity: complaints that had it, how often, and those that began and ended with it."""

    name: str
    complaints: int
    times: int
    begun: int
    ended: int


class EdgeTold(Told):
    """How often one activity followed another directly; times are in microseconds."""

    before: str
    after: str
    complaints: int
    times: int
    kind: Literal["step", "skip", "back", "again"]
    words: str
    key: str
    """Its name in an address, as `edge`."""
    median: int | None
    p90: int | None
    off: int
    """Closed complaints that deviated by it."""


class VariantTold(Told):
    """Closed complaints that took the same way; times are in microseconds."""

    way: list[str]
    key: str
    """Its name in an address, as `variant`."""
    complaints: int
    kept: int
    off: int
    missing: list[str]
    turned: list[str]
    extra: list[str]
    median: int | None


class DeviationTold(Told):
    """Closed complaints that left the required path in one manner."""

    kind: Literal["missing", "extra", "order", "late"]
    about: str
    words: str
    complaints: int
    before: int | None
    """How many in the period before."""


class PathTold(Told):
    """Closed complaints that kept to the required path, of those of which it can be told."""

    of: int
    total: int
    unknown: int
    pending: int
    waived: int


class FlowTold(Told):
    """What followed what, by which ways, and where complaints left the required path."""

    activity: Literal["stage", "status"]
    complaints: int
    open: int
    closed: int
    path: PathTold
    off: int
    unasked: int
    """Closed ones of which no rule demanded a step."""
    required: list[str]
    demanded: list[str]
    nodes: list[NodeTold]
    edges: list[EdgeTold]
    variants: list[VariantTold]
    deviations: list[DeviationTold]


class HelpdeskTold(Told):
    """How far one helpdesk is read."""

    account: str
    vendor: str
    state: Literal["fresh", "late", "gap", "unknown", "stopped", "file"]
    expected: int | None
    read: int
    missing: int
    unreadable: int
    quarantined: int
    share: float | None
    last_sweep: str | None
    last_hint: str | None
    hints_waiting: int
    writes_waiting: int
    why: str


class HealthTold(Told):
    """How healthy the data are that every figure rests on."""

    helpdesks: list[HelpdeskTold]


class WaiverTold(Told):
    """A waiver; instants are ISO 8601 in UTC."""

    id: str
    state: str
    binding: str
    rule: str
    complaint: str | None
    """Account and ticket; null for one that is not for a single complaint."""
    where: str | None
    why: str
    requested_by: str | None
    requested: str
    until: str
    approved_by: str | None
    approved: str | None
    ended_by: str | None
    ended: str | None
    ended_why: str | None
    note: str
    """Why it excuses nothing though it holds; empty where it does."""
    shown: str


class WaiversTold(Told):
    """The register, the newest first, and how much of what was checked is waived."""

    states: dict[str, int]
    waived: int
    checks: int
    waivers: list[WaiverTold]


class ProblemTold(Told):
    """Why a request is not answered as it asked (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    """A sentence that says why, and what to do."""
    problems: list[str]
    """Each thing that is wrong with the request."""
