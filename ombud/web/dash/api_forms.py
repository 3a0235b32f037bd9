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
