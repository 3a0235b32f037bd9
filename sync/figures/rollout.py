"""Where the rollout stands: how far each rule acts, what holds it there, and what waits for an approval."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ombud.model.instant import DAY, HOUR, iso
from sync.binding import MODES
from sync.force import differences
from sync.rolling import first_sync, shown_change, shown_rule, shown_stop
from sync.rollout import rules_of, standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant
    from ombud.store import StepRow, StopRow
    from policies.rule import Rule
    from sync.binding import Bound
    from sync.force import Held
    from sync.rollout import Standing
    from sync.service import Service

_WEEK: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a rule of the list.

    Attributes:
        rule: the rule.
        mode: how far it acts.
        ceiling: how far pack and ombud.toml let it.
        since: since when, as far as that is known.
        open: failures that stand.
        disputes: raised within a week and not rejected.
        move_backs: done within an hour.

    """

    rule: Rule
    mode: str
    ceiling: str
    since: Instant | None
    open: int
    disputes: int
    move_backs: int

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "rule": self.rule.id,
            "mode": self.mode,
            "ceiling": self.ceiling,
            "since": None if self.since is None else iso(self.since),
            "open": self.open,
            "disputes_a_week": self.disputes,
            "move_backs_an_hour": self.move_backs,
        }


@dataclass(frozen=True, slots=True)
class Desk:
    """Hold an account with its stop; `shown` is what a form says of it."""

    account: str
    stop: StopRow | None
    shown: str


@dataclass(frozen=True, slots=True)
class Change:
    """Hold a change that waits: what differs, or why it cannot be loaded; `shown` is what a form says of it."""

    held: Held
    differences: Sequence[str]
    shown: str


@dataclass(frozen=True, slots=True)
class One:
    """Hold one rule with all of its rollout.

    Attributes:
        bound: the binding.
        rule: the rule.
        standing: where it stands, with the gates of the next mode.
        steps: what was decided, the newest first.
        backtest: what the last backtest that a step recorded said; `None` without one.
        shown: what a form says of it.

    """

    bound: Bound
    rule: Rule
    standing: Standing
    steps: Sequence[StepRow]
    backtest: dict[str, Any] | None
    shown: str

    @property
    def lower(self) -> Sequence[str]:
        """Give the modes that it can be taken down to."""
        return MODES[: MODES.index(self.standing.mode)]


def list_rules(service: Service, bound: Bound) -> list[Line]:
    """Give how far each rule of a binding acts, in the pack's order."""
    now, first = service.now(), first_sync(service, bound)
    with service.store.acts() as acts:
        last = {each.rule: each for each in acts.steps(bound.name)}
        open_ones = acts.open_findings(bound.name)
        disputed = Counter(
            each.rule
            for each in acts.disputes(binding=bound.name)
            if each.disputed > now - _WEEK and each.outcome != "rejected"
        )
        moved = Counter(rule for rule, _ in acts.moved(bound.name, now - HOUR))
    found = []
    for rule in rules_of(bound):
        mode, step = bound.mode(rule), last.get(rule.id)
        since = step.since if step is not None and step.mode == mode else first
        found.append(
            Line(rule, mode, bound.ceiling(rule), since, open_ones.get(rule.id, 0), disputed[rule.id], moved[rule.id])
        )  # fmt: skip
    return found


def one_rule(service: Service, bound: Bound, rule: Rule) -> One:
    """Give one rule's rollout with the gates of its next mode."""
    with service.store.acts() as acts:
        told = standing(
            acts, bound, rule, service.settings.rollout, service.now(), first_sync(service, bound)
        )
        steps = list(reversed(acts.steps(bound.name, rule.id)))
    kept = next((each.backtest for each in steps if each.backtest is not None), None)
    return One(
        bound,
        rule,
        told,
        steps,
        None if kept is None else json.loads(kept),
        shown_rule(bound, rule.id, steps[0] if steps else None),
    )


def desks(service: Service) -> list[Desk]:
    """Give every account with its stop."""
    with service.store.acts() as acts:
        stops = {account: acts.stopped(account) for account in service.settings.accounts}
    return [Desk(account, held, shown_stop(account, held)) for account, held in stops.items()]


def changes(service: Service) -> list[Change]:
    """Give what ombud.toml asks for and is not in force."""
    return [
        Change(
            held,
            [] if held.wanted is None else differences(service.footing.bounds[name], held.wanted),
            shown_change(held),
        )
        for name, held in service.footing.held.items()
    ]
