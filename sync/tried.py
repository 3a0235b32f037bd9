"""What a backtest is asked, and what it found, in the forms that people and programs read."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ombud.model.facts import Verdict
from ombud.model.instant import iso
from sync.binding import MODES
from sync.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from policies.rule import Rule
    from sync.binding import Bound, Edition


class Unreadable(Exception):
    """Say why the SQL reading can not answer."""

    def __init__(self, why: str) -> None:
        """Take the reason, without a full stop."""
        super().__init__(f"SQL can not answer: {why}. Use --reading rows")


@dataclass(frozen=True, slots=True)
class Asked:
    """Say what a backtest is about.

    Attributes:
        bound: the binding with the pack to try.
        against: the same binding with the version in force; `None` compares with nothing.
        since: complaints received from here on; `None` takes all.
        until: as of when deadlines are judged; what happened later is left out.
        cap: the most that a rule may do, whatever it says itself.
        sample: findings to draw for review.
        seed: of that draw.
        only: rules to look at; `None` means all of the profile's.
        past: whether `until` was asked for, so that there may be events after it.

    """

    bound: Bound
    against: Bound | None
    since: Instant | None
    until: Instant
    cap: str = "block"
    sample: int = 20
    seed: str = "1"
    only: frozenset[str] | None = None
    past: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Give the rules that are looked at, of every edition of the pack."""
        found = {rule.id: rule for each in self.bound.judge.editions for rule in each.pack.rules}
        only = self.only
        return tuple(rule for rule in found.values() if only is None or rule.id in only)

    @property
    def compares(self) -> bool:
        """Tell whether there is another version to compare with, and not the very same."""
        against = self.against
        return against is not None and (
            against.digests != self.bound.digests or _judged_ids(against) != _judged_ids(self.bound)
        )

    def mode(self, rule: Rule) -> str:
        """Give what a rule would do: the most it may, up to the cap; the binding's own mode is not asked."""
        return min(rule.mode, self.cap, key=MODES.index)

    def tally(self) -> Tally:
        """Give a tally to begin with."""
        return Tally(self.bound.mapping.tzinfo, self.seed, self.sample)

    def covers(self, begun: Instant | None) -> bool:
        """Tell whether a complaint belongs to the period by its receipt; one without any time does."""
        return begun is None or (
            (self.since is None or self.since <= begun) and begun <= self.until
        )


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Hold a finding to be looked at by a person.

    Attributes:
        rule: rule id.
        ref: the ticket, "account:id".
        key: what people call it.
        url: where they open it.
        when: when it failed.
        reasons: why.

    """

    rule: str
    ref: str
    key: str
    url: str
    when: Instant | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Backtest:
    """Hold what a backtest found.

    Attributes:
        asked: what was asked.
        tally: the counts.
        reading: "rows" or "sql".
        review: the sample.

    """

    asked: Asked
    tally: Tally
    reading: str
    review: Sequence[Reviewed] = field(default_factory=tuple)

    def rules(self) -> list[dict[str, Any]]:
        """Give one line per rule: its verdicts, and what the version in force says otherwise."""
        verdicts, turned = self.tally.verdicts, self.tally.turned
        modes = {rule.id: self.asked.mode(rule) for rule in self.asked.rules}
        names = list(modes) + sorted({rule for rule, _ in turned} - set(modes))
        lines = []
        for name in names:
            counts = {each.value: verdicts[name, each.value] for each in Verdict}
            lines.append(
                {"rule": name, "mode": modes.get(name, "gone"), **counts}
                | {"failing_share": share(counts)}
                | {"newly_failing": turned[name, True], "newly_passing": turned[name, False]}
            )
        return lines

    def weeks(self) -> list[dict[str, Any]]:
        """Give one line per week, all rules together."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for (week, _, verdict), number in self.tally.weeks.items():
            found[week][verdict] += number
        return [
            {"week": week, **_all(counts), "failing_share": share(counts)}
            for week, counts in sorted(found.items())
        ]

    def teams(self) -> list[dict[str, Any]]:
        """Give one line per team, the most failures first."""
        facet = self.tally.facet
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for (of, team, _, verdict), number in self.tally.teams.items():
            if of == facet:
                found[team][verdict] += number
        lines = [
            {"team": team, **_all(counts), "failing_share": share(counts)}
            for team, counts in found.items()
        ]
        return sorted(lines, key=lambda line: (-line["fail"], line["team"]))

    def notes(self) -> dict[str, Any]:
        """Give how many notes an agent would have had on a day that brought any."""
        counts = sorted(self.tally.notes.values())
        return {
            "notes": sum(counts),
            "agent_days": len(counts),
            "median": statistics.median(counts) if counts else 0,
            "p90": counts[(len(counts) * 9 - 1) // 10] if counts else 0,
            "most": counts[-1] if counts else 0,
        }

    def summary(self) -> dict[str, Any]:
        """Give the counts as plain values."""
        asked, tally = self.asked, self.tally
        pack = asked.bound.pack
        return {
            "binding": asked.bound.name,
            "pack": pack.title_version,
            "profile": pack.profile,
            "params": dict(pack.params),
            "digests": dict(asked.bound.digests),
            "against": asked.against.pack.title_version if asked.against is not None else None,
            "since": iso(asked.since),
            "until": iso(asked.until),
            "reading": self.reading,
            "complaints": tally.complaints,
            "left_out": tally.left_out,
            "findings": tally.verdicts.total(),
            "verdicts": _all(self._verdicts()),
            "flagged": tally.flagged,
            "moved_back": tally.moved,
            "move_backs": sum(map(len, tally.moves.values())) - tally.over_budget(),
            "asked_a_person": tally.insisted + tally.over_budget(),
            "notes": self.notes(),
            "newly_failing": {
                "findings": sum(n for (_, way), n in tally.turned.items() if way),
                "complaints": tally.turned_cases[True],
            },
            "newly_passing": {
                "findings": sum(n for (_, way), n in tally.turned.items() if not way),
                "complaints": tally.turned_cases[False],
            },
            "not_judged": {
                gap.rule.id: list(gap.missing)
                for gap in asked.bound.judge.gaps
                if asked.only is None or gap.rule.id in asked.only
            },
            "facet": tally.facet,
        }

    def agents(self) -> list[dict[str, Any]]:
        """Give the notes of every agent and day that would have brought any."""
        return [
            {"agent": agent, "day": day, "notes": number}
            for (agent, day), number in sorted(self.tally.notes.items())
        ]

    def as_json(self) -> dict[str, Any]:
        """Give everything as plain values; times are ISO 8601 in UTC."""
        return self.summary() | {
            "rules": self.rules(),
            "weeks": self.weeks(),
            "teams": self.teams(),
            "agents": self.agents(),
            "sample": [
                {
                    "rule": each.rule,
                    "ref": each.ref,
                    "key": each.key,
                    "url": each.url,
                    "when": iso(each.when),
                    "reasons": list(each.reasons),
                }
                for each in self.review
            ],
            "turned": [
                {
                    "rule": each.rule,
                    "ref": f"{each.account}:{each.ticket}",
                    "now": "failing" if each.failing else "passing",
                }
                for each in self.tally.listed
            ],
        }

    def _verdicts(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (_, verdict), number in self.tally.verdicts.items():
            found[verdict] += number
        return found


def judged_rules(edition: Edition) -> tuple[Rule, ...]:
    """Give the rules of an edition that are judged, as they are: not switched off, and their data is mapped."""
    return edition.judge.rules


def _judged_ids(bound: Bound) -> list[list[str]]:
    return [[rule.id for rule in judged_rules(each)] for each in bound.judge.editions]


def share(counts: Mapping[str, int]) -> float | None:
    """Give the failing share of what was judged either way; `None` where nothing was."""
    judged = counts.get("pass", 0) + counts.get("fail", 0)
    return counts.get("fail", 0) / judged if judged else None


def _all(counts: Mapping[str, int]) -> dict[str, int]:
    return {each.value: counts.get(each.value, 0) for each in Verdict}
