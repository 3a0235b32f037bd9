"""The form of what looks closer in the API: clocks, causes, groups, flow, coverage, the decision log."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ombud.web.dash.api_forms import ShareTold, Told, Verdicts


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
