"""Population measures: what a set of complaints shows that no single one can. Numbers, never verdicts.

A measure counts over a cohort: the complaints that reached a milestone within the period, or those that
are open. Each complaint of the cohort ends in exactly one place: in the denominator (and maybe in the
numerator), left out because the measure says nothing of it, unknown because evidence is missing, or
pending because its time has not passed yet. A comparison with an empty field is false here, as in `must`:
a field that was left blank has no value to count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, assert_never

from ombud.model.facts import UNKNOWN
from ombud.model.instant import DAY
from policies.english import condition, moment
from policies.expression import Expression, names
from policies.row import compile_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ombud.model.facts import Complaint, Instant, Unknown
    from policies.english import Vocabulary

#: The cohort of the complaints that are not closed now, whenever they came.
OPEN: Final = "open"
#: Below so many cases a share says more of chance than of the desk: counts are shown, and no rate.
SMALL: Final = 30


@dataclass(frozen=True, slots=True)
class Share:
    """Count those of which a condition holds.

    Attributes:
        of: what is counted.
        among: what belongs to the denominator; `None` means the whole cohort.

    """

    of: Expression
    among: Expression | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """Count those that have a forerunner: the same values in a complaint received shortly before.

    Attributes:
        same: fields whose values must all be the same, and filled in.
        within_days: how long before at most, in days of 24 hours, receipt to receipt.

    """

    same: tuple[str, ...]
    within_days: int


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Count those that were followed by another of the same kind, whose time for that has passed.

    Attributes:
        same: fields whose values must all be the same, and filled in.
        within_days: how long after the cohort's milestone, in days of 24 hours, until the other's receipt.

    """

    same: tuple[str, ...]
    within_days: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Count those in which a field was given another value after a milestone.

    Attributes:
        field: the field; one that was empty at the milestone is left out.
        after: the milestone.

    """

    field: str
    after: str


@dataclass(frozen=True, slots=True)
class Per:
    """Count how many there are for each value of a field: open complaints per handler.

    Attributes:
        field: the field; complaints in which it is empty are left out.

    """

    field: str


Body: TypeAlias = Share | Repeat | Recurrence | Changed | Per


@dataclass(frozen=True, slots=True)
class Measure:
    """Name what is counted; a pack declares its measures beside its rules.

    Attributes:
        id: "other_share" and the like.
        title: what it shows, in a few words.
        cohort: a milestone, or `open`.
        body: what is counted of the cohort.

    """

    id: str
    title: str
    cohort: str
    body: Body

    @property
    def names(self) -> frozenset[str]:
        """Give the canonical fields and milestones that it reads."""
        body, asked = self.body, {self.cohort} - {OPEN}
        match body:
            case Share(of, among):
                asked |= names(of) | (names(among) if among is not None else frozenset())
            case Repeat(same) | Recurrence(same):
                asked |= {*same, "received"}
            case Changed(name, after):
                asked |= {name, after}
            case Per(name):
                asked.add(name)
            case _:
                assert_never(body)
        return frozenset(asked)

    def formula(self, vocabulary: Vocabulary) -> str:
        """Say in one sentence what is counted of what."""
        if self.cohort == OPEN:
            cohort = "complaints that are open"
        else:
            cohort = f"complaints whose {moment(self.cohort)} lies in the period"
        body = self.body
        match body:
            case Share(of, among):
                where = f" and where {condition(among, vocabulary)}" if among is not None else ""
                return f"Of the {cohort}{where}: those where {condition(of, vocabulary)}."
            case Repeat(same, days):
                return (
                    f"Of the {cohort}: those received at most {days} days after another "
                    f"with the same {_together(same, vocabulary)}."
                )
            case Recurrence(same, days):
                return (
                    f"Of the {cohort}, {days} days or more ago: those followed within {days} days "
                    f"by another with the same {_together(same, vocabulary)}."
                )
            case Changed(name, after):
                return (
                    f"Of the {cohort} with {_label(name, vocabulary)} filled in by the "
                    f"{moment(after)}: those in which it was changed afterwards."
                )
            case Per(name):
                return f"The {cohort}, divided by how many different values of {_label(name, vocabulary)} they have."
            case _:
                assert_never(body)


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold what a measure counted.

    Attributes:
        measure: the measure.
        cohort: complaints in the cohort, those too whose membership is unknown.
        numerator: how many were counted.
        denominator: of how many; for `per`, of how many different values.
        unknown: complaints of which it cannot be told, in neither number.
        left_out: complaints of which the measure says nothing, in neither number.
        pending: complaints whose time has not passed yet, in neither number.
        groups: for `per`, each value and its count, the largest first.

    """

    measure: Measure
    cohort: int
    numerator: int
    denominator: int
    unknown: int = 0
    left_out: int = 0
    pending: int = 0
    groups: tuple[tuple[str, int], ...] = ()

    @property
    def value(self) -> float | None:
        """Give the share between 0 and 1, or complaints per value; `None` where nothing is to be divided."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def small(self) -> bool:
        """Tell whether there are too few cases for a rate."""
        counted = self.numerator if isinstance(self.measure.body, Per) else self.denominator
        return counted < SMALL


def measure(
    measures: Sequence[Measure],
    complaints: Iterable[Complaint],
    now: Instant,
    since: Instant | None = None,
) -> list[Measured]:
    """Count every measure in one pass; what is held of a complaint is a few values.

    Args:
        measures: what to count.
        complaints: every complaint there is, in any order: forerunners may lie before the period.
        now: the end of the period, no earlier than the last event of any complaint.
        since: its beginning; `None` takes everything.

    """
    counts = [_count(each, now, since) for each in measures]
    for complaint in complaints:
        for count in counts:
            count.add(complaint)
    return [count.result() for count in counts]


class _Count(Protocol):
    def add(self, complaint: Complaint) -> None: ...

    def result(self) -> Measured: ...


def _count(of: Measure, now: Instant, since: Instant | None) -> _Count:
    cohort, body = _Cohort(of.cohort, now, since), of.body
    match body:
        case Share():
            return _Told(of, cohort, _share(body))
        case Changed():
            return _Told(of, cohort, _changed(body))
        case Per():
            return _Values(of, cohort, body)
        case Repeat() | Recurrence():
            return _Series(of, cohort, body, now)
        case _:
            assert_never(body)


@dataclass(frozen=True, slots=True)
class _Cohort:
    name: str
    now: Instant
    since: Instant | None

    def entered(self, complaint: Complaint) -> Instant | Unknown | None:
        """Give when a complaint came into the cohort; `None` where it does not belong to it."""
        if self.name == OPEN:
            if complaint.stage is UNKNOWN:
                return UNKNOWN
            return None if complaint.stage == "closed" else self.now
        reached = complaint.row.get(self.name, UNKNOWN)
        if reached is UNKNOWN:
            return UNKNOWN
        if not isinstance(reached, int) or reached > self.now:
            return None
        return reached if self.since is None or reached >= self.since else None


#: Of one complaint: counted, in the denominator alone, left out (`None`), or unknown.
_Answer: TypeAlias = "bool | Unknown | None"


@dataclass(slots=True)
class _Told:
    """Count what each complaint tells by itself."""

    of: Measure
    cohort: _Cohort
    tell: Callable[[Complaint], _Answer]
    found: Counter[object] = field(default_factory=Counter)

    def add(self, complaint: Complaint) -> None:
        entered = self.cohort.entered(complaint)
        if entered is not None:
            self.found[UNKNOWN if entered is UNKNOWN else self.tell(complaint)] += 1

    def result(self) -> Measured:
        found = self.found
        return Measured(
            self.of,
            found.total(),
            found[True],
            found[True] + found[False],
            unknown=found[UNKNOWN],
            left_out=found[None],
        )


def _share(body: Share) -> Callable[[Complaint], _Answer]:
    of = compile_row(body.of, "must")
    among = compile_row(body.among, "must") if body.among is not None else None

    def tell(complaint: Complaint) -> _Answer:
        belongs = True if among is None else among(complaint.row)
        if not belongs:
            return UNKNOWN if belongs is None else None
        held = of(complaint.row)
        return UNKNOWN if held is None else held

    return tell


def _changed(body: Changed) -> Callable[[Complaint], _Answer]:
    def tell(complaint: Complaint) -> _Answer:
        after = complaint.row.get(body.after, UNKNOWN)
        if not isinstance(after, int):
            return UNKNOWN if after is UNKNOWN else None
        values = complaint.changes.get(body.field, ())
        before = [each.value for each in values if each.at <= after]
        later = [each.value for each in values if each.at > after]
        held = before[-1] if before else (None if complaint.horizon is None else UNKNOWN)
        if held is None:
            return None
        if held is UNKNOWN or UNKNOWN in later:
            return UNKNOWN
        return any(value is not None and value != held for value in later)

    return tell


@dataclass(slots=True)
class _Values:
    """Count complaints per value of a field."""

    of: Measure
    cohort: _Cohort
    body: Per
    values: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    left_out: int = 0

    def add(self, complaint: Complaint) -> None:
        entered = self.cohort.entered(complaint)
        if entered is None:
            return
        value = complaint.row.get(self.body.field, UNKNOWN)
        if entered is UNKNOWN or value is UNKNOWN:
            self.unknown += 1
        elif value is None:
            self.left_out += 1
        else:
            self.values[str(value)] += 1

    def result(self) -> Measured:
        counted = self.values.total()
        return Measured(
            self.of,
            counted + self.unknown + self.left_out,
            counted,
            len(self.values),
            unknown=self.unknown,
            left_out=self.left_out,
            groups=tuple(sorted(self.values.items(), key=lambda each: (-each[1], each[0]))),
        )


@dataclass(slots=True)
class _Series:
    """Count complaints by those of the same kind before or after them."""

    of: Measure
    cohort: _Cohort
    body: Repeat | Recurrence
    now: Instant
    #: Values -> (received, case, when it came into the cohort or `None`), of every complaint.
    kinds: dict[tuple[object, ...], list[tuple[Instant, str, Instant | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    unknown: int = 0
    left_out: int = 0

    def add(self, complaint: Complaint) -> None:
        row = complaint.row
        entered = self.cohort.entered(complaint)
        values = tuple(row.get(name, UNKNOWN) for name in self.body.same)
        received = row.get("received", UNKNOWN)
        if entered is UNKNOWN or UNKNOWN in values or not isinstance(received, int):
            self.unknown += entered is not None
        elif None in values:
            self.left_out += entered is not None
        else:
            self.kinds[values].append((received, complaint.case, entered))

    def result(self) -> Measured:
        span = self.body.within_days * DAY
        found: Counter[bool | None] = Counter()
        for members in self.kinds.values():
            members.sort(key=lambda each: each[:2])
            received = [each[0] for each in members]
            for index, (when, _, entered) in enumerate(members):
                if entered is None:
                    continue
                if isinstance(self.body, Repeat):
                    found[index > 0 and when - received[index - 1] <= span] += 1
                elif entered + span > self.now:
                    found[None] += 1
                else:
                    found[_any_between(received, entered, entered + span)] += 1
        return Measured(
            self.of,
            found.total() + self.unknown + self.left_out,
            found[True],
            found[True] + found[False],
            unknown=self.unknown,
            left_out=self.left_out,
            pending=found[None],
        )


def _any_between(ordered: Sequence[Instant], after: Instant, until: Instant) -> bool:
    index = bisect_right(ordered, after)
    return index < len(ordered) and ordered[index] <= until


def _label(name: str, vocabulary: Mapping[str, object]) -> str:
    known = getattr(vocabulary.get(name), "label", "")
    label = known or name.replace("_", " ")
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def _together(fields: Sequence[str], vocabulary: Vocabulary) -> str:
    return " and ".join(_label(name, vocabulary) for name in fields)
