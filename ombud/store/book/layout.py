"""What the book holds: its tables, the values that fill them, and the codes it writes verdicts by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.facts import Verdict
from ombud.store.book.ways import Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant

#: Layout of the tables; a book of another one is built anew.
LAYOUT: Final = 4
#: Verdict -> its code in the book.
CODES: Final = {
    Verdict.passed: 0,
    Verdict.failed: 1,
    Verdict.pending: 2,
    Verdict.waived: 3,
    Verdict.not_applicable: 4,
    Verdict.unknown: 5,
}
#: Code -> verdict.
WORDS: Final = {code: verdict for verdict, code in CODES.items()}
#: How a complaint stands by its major rules: right the first time, right after something was mended, not right,
#: not to be told, not over yet, or judged by none of them.
GRADES: Final = ("first", "after", "failing", "unknown", "pending", "none")


class Case(NamedTuple):
    """Hold one complaint as the book keeps it; instants in microseconds UTC, `None` where not reached or unknown.

    Attributes:
        kase: its case id.
        account: the account of the ticket that leads it.
        vendor: that account's vendor.
        ticket: that ticket's id.
        key: what people call it.
        url: where people open it.
        binding: the binding it is judged by.
        project: the project or queue in its key, else the account.
        team: the organisational unit, if one is mapped.
        channel: how it came.
        product: what it is about.
        category: what kind it is.
        severity: how grave it is.
        owner: keyed identifier of whose it is.
        stage: its stage now.
        status: its native status now.
        received: when it was received.
        recorded: when it was recorded.
        acknowledged: when it was acknowledged.
        assessed: when it was assessed.
        responded: when it was answered.
        decided: when it was decided.
        closed: when it was closed.
        outcome: the decision.
        root_cause: its root cause.
        corrective_action: what was done about that.
        complainant: keyed identifier of who complained.
        pack: the pack's version that judges it.
        before: whether it was received before the policy.
        restricted: the group that may see it; `None` where everybody may.
        complete: whether its history reaches back to its creation.
        open: whether it is open.
        reopened: how often a person opened it again.
        moved_back: how often Ombud moved it back.
        major: major rules that failed at some time.
        failing: rules that fail as they stand.
        failed: findings that failed when they were judged.
        unknown: findings that cannot be told.
        pending: findings that are not due yet.
        waived: findings that are waived.
        grade: one of `GRADES`.
        due: the next deadline that runs.
        late_since: the earliest missed deadline that still runs.
        answer_due: when the answer is or was due.
        answered: when it was given.
        answer: code of the verdict on the answer.
        recheck: when the clock alone changes a verdict.
        day: the local day of receipt at the desk, in days since 1970-01-01.

    """

    kase: str
    account: str
    vendor: str
    ticket: str
    key: str
    url: str
    binding: str
    project: str
    team: str | None
    channel: str | None
    product: str | None
    category: str | None
    severity: str | None
    owner: str | None
    stage: str | None
    status: str | None
    received: Instant | None
    recorded: Instant | None
    acknowledged: Instant | None
    assessed: Instant | None
    responded: Instant | None
    decided: Instant | None
    closed: Instant | None
    outcome: str | None
    root_cause: str | None
    corrective_action: str | None
    complainant: str | None
    pack: str
    before: bool
    restricted: str | None
    complete: bool
    open: bool
    reopened: int
    moved_back: int
    major: int
    failing: int
    failed: int
    unknown: int
    pending: int
    waived: int
    grade: str
    due: Instant | None
    late_since: Instant | None
    answer_due: Instant | None
    answered: Instant | None
    answer: int | None
    recheck: Instant | None
    day: int | None


class Checked(NamedTuple):
    """Hold one finding: the rule's number, when its stage was entered, both verdicts by code, dues and the mode's rank."""

    rule: int
    entered: Instant | None
    verdict: int
    standing: int
    due: Instant | None
    stop: Instant | None
    mode: int


class Step(NamedTuple):
    """Hold one entering of a stage; Ombud's own ways back are none, and are counted in `moved_back`."""

    place: int
    stage: str
    status: str | None
    entered: Instant
    ended: Instant | None
    cause: str


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """Describe a rule that the book holds findings of.

    Attributes:
        ordinal: its number in the book.
        id: its id.
        pack: id of its pack.
        title: what it asks, in a few words.
        sentence: the same in a sentence.
        clauses: "ISO 10002:2018 7.4" and the like.
        severity: major, minor or observation.
        kind: guard, deadline, cadence, invariant or integrity.
        start: what starts a deadline's clock; "" for others.
        stops: what stops it.
        entering: the stage a guard is asked at; "" for others.
        demands: stages that a guard asks to have been reached.

    """

    ordinal: int
    id: str
    pack: str
    title: str
    sentence: str
    clauses: tuple[str, ...]
    severity: str
    kind: str
    start: str = ""
    stops: tuple[str, ...] = ()
    entering: str = ""
    demands: tuple[str, ...] = ()


_TYPES: Final = {
    "str": "VARCHAR",
    "str | None": "VARCHAR",
    "Instant": "BIGINT",
    "Instant | None": "BIGINT",
    "int": "INTEGER",
    "int | None": "INTEGER",
    "bool": "BOOLEAN",
    "list[Instant]": "BIGINT[]",
}
_NARROW: Final = {"rule": "SMALLINT", "verdict": "UTINYINT", "standing": "UTINYINT", "mode": "UTINYINT"}  # fmt: skip


def _columns(of: type) -> dict[str, str]:
    told = of.__annotations__
    return {name: _NARROW.get(name, _TYPES[_name(kind)]) for name, kind in told.items()}


def _name(kind: object) -> str:
    return str(getattr(kind, "__forward_arg__", kind))


#: Table -> column -> DuckDB's type.
TABLES: Final[dict[str, dict[str, str]]] = {
    "complaint": {"n": "INTEGER", **_columns(Case)},
    "verdict": {"n": "INTEGER", **_columns(Checked), "day": "INTEGER"},
    "step": {"n": "INTEGER", **_columns(Step)},
    "way": {"n": "INTEGER", **_columns(Way)},
}
#: What the rollup of verdicts keeps apart; anything else is counted from the findings themselves.
ROLLED: Final[Sequence[str]] = (
    "day", "account", "binding", "project", "pack", "before", "restricted", "open", "rule", "verdict", "standing",
)  # fmt: skip
