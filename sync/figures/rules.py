"""The figures of rules: how often each passes, why it fails, what people say against it, and how it came along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from ombud.store.book.counts import verdicts_by_month
from sync.figures.clauses import group_of, order
from sync.figures.overview import RuleCounts, by_rule, share_of
from sync.places import Places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book import Book, Filter, RuleInfo
    from sync.binding import Bound
    from sync.figures.clauses import Group
    from sync.figures.overview import Share
    from sync.service import Service

#: How far disputes are looked back at.
_MODES: Final = ("off", "observe", "flag", "block")


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one rule of the list.

    Attributes:
        rule: the rule.
        counts: its verdicts in the period.
        modes: how far it acts, by binding.
        disputes: disputes that were decided or wait, and of them those in which the finding was wrong.
        before: its share in the period before; `None` without one.

    """

    rule: RuleInfo
    counts: Mapping[Verdict, int]
    modes: Mapping[str, str]
    disputes: Disputes
    before: Share | None

    @property
    def share(self) -> Share:
        """Give the share that passed."""
        return share_of(self.counts)

    @property
    def mode(self) -> str:
        """Give the furthest it acts anywhere."""
        return max(self.modes.values(), key=_MODES.index, default="off")

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "rule": self.rule.id,
            "pack": self.rule.pack,
            "title": self.rule.title,
            "clauses": list(self.rule.clauses),
            "severity": self.rule.severity,
            "kind": self.rule.kind,
            "modes": dict(self.modes),
            **{verdict.value: self.counts.get(verdict, 0) for verdict in Verdict},
            "passed_of": self.share.as_json(),
            "disputed": self.disputes.asked,
            "disputes_upheld": self.disputes.upheld,
        }


@dataclass(frozen=True, slots=True)
class Disputes:
    """Count what people said against a rule's findings.

    Attributes:
        asked: disputes.
        decided: those that were decided.
        upheld: those in which the finding was wrong.

    """

    asked: int = 0
    decided: int = 0
    upheld: int = 0


def count_rules(
    service: Service, book: Book, asked: Filter, former: Filter | None
) -> list[tuple[Group, list[Line]]]:
    """Give every rule with its figures, by groups of clauses in the standard's order."""
    told = by_rule(book, asked)
    earlier = {} if former is None else {(each.rule.pack, each.rule.id): each.share for each in by_rule(book, former)}  # fmt: skip
    counted = {(each.rule.pack, each.rule.id) for each in told}
    # A rule of which nothing was found still is one.
    told += [
        RuleCounts(info, {})
        for info in book.rules.values()
        if (info.pack, info.id) not in counted and (asked.rules is None or info.ordinal in asked.rules)
    ]  # fmt: skip
    disputes = disputes_of(service, book, asked.groups)
    lines = [
        Line(
            each.rule,
            each.counts,
            modes_of(service.bounds, each.rule),
            disputes.get(each.rule.id, Disputes()),
            earlier.get((each.rule.pack, each.rule.id)),
        )
        for each in told
    ]
    grouped: dict[Group, list[Line]] = {}
    for line in lines:
        grouped.setdefault(group_of(line.rule), []).append(line)
    return [
        (group, sorted(grouped[group], key=lambda each: each.rule.ordinal))
        for group in order(grouped)
    ]


def modes_of(bounds: Sequence[Bound], rule: RuleInfo) -> dict[str, str]:
    """Give how far a rule acts, by binding."""
    return {
        bound.name: bound.modes[rule.id]
        for bound in bounds
        if bound.pack.id == rule.pack and rule.id in bound.modes
    }


def disputes_of(service: Service, book: Book, groups: frozenset[str]) -> dict[str, Disputes]:
    """Count disputes by rule, of those that somebody in these groups may see."""
    with service.store.acts() as acts:
        rows = acts.disputes()
    places = Places(service, book, groups, [row.case for row in rows])
    rows = [row for row in rows if places.shows(row.case, row.binding)]
    found: dict[str, Disputes] = {}
    for row in rows:
        was = found.get(row.rule, Disputes())
        found[row.rule] = Disputes(
            was.asked + 1,
            was.decided + (row.outcome is not None),
            was.upheld + (row.outcome == "upheld"),
        )
    return found


@dataclass(frozen=True, slots=True)
class Month:
    """Hold a rule's verdicts of complaints received in one month, which begins at `begin` (days since 1970)."""

    begin: int
    counts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class Held:
    """Hold one step of a rule's rollout."""

    when: Instant
    binding: str
    former: str
    mode: str
    by: str
    why: str


def months_of(book: Book, asked: Filter, rule: RuleInfo) -> list[Month]:
    """Give a rule's verdicts by the month of receipt, the oldest first."""
    told = verdicts_by_month(book, asked.but(rules=(rule.ordinal,)))
    return [Month(begin, counts) for begin, counts in sorted(told.items())]


def steps_of(service: Service, rule: str) -> list[Held]:
    """Give the steps of a rule's rollout, the newest first."""
    with service.store.acts() as acts:
        rows = acts.steps(rule=rule)
    return [
        Held(row.since, row.binding, row.former, row.mode, row.approved_name or row.approved_by or "Ombud", row.why)
        for row in reversed(rows)
    ]  # fmt: skip
