"""What a Jira does by itself: closes again what was taken back, changes fields on a transition, closes what lies idle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ombud.sandbox.records import Act, Issue

if TYPE_CHECKING:
    from ombud.sandbox.world import World

_ROBOT, _API = "acc-robot", "acc-ombud"
_DONE = "10010"


@dataclass(slots=True)
class ClosesAgain:
    """Close a ticket again once it was taken out of a done status.

    Attributes:
        times: how often for one ticket; None for ever.
        seconds: how long afterwards, on the world's clock; 0 at once, after the write that provoked it.
        against: whose move provokes it; None anybody's.
        unsigned: whether the changelog names no author, as happens with automation.
    """

    times: int | None = None
    seconds: float = 0.0
    actor: str = _ROBOT
    against: str | None = _API
    unsigned: bool = False
    ran: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class PostFunction:
    """Set fields (None empties one) within every transition to a status, in its changelog entry."""

    to: str
    fields: Mapping[str, Any]
    leaving: str | None = None
    ran: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class ClosesIdle:
    """Close what has not been touched for so many hours in a status."""

    status: str
    hours: float
    to: str = _DONE
    actor: str = _ROBOT
    ran: Counter[str] = field(default_factory=Counter)


Automation = ClosesAgain | PostFunction | ClosesIdle
KINDS: dict[str, type[Automation]] = {
    "closes_again": ClosesAgain,
    "post_function": PostFunction,
    "closes_idle": ClosesIdle,
}


class Automations:
    """The automations of a world; `rules` may be changed at any time."""

    def __init__(self, world: World) -> None:
        self.rules: list[Automation] = []
        self._world = world
        self._due: list[tuple[datetime, ClosesAgain, str, str]] = []
        self._looked: datetime | None = None

    def order(self, orders: list[dict[str, Any]]) -> None:
        """Replace every automation; each is told by its "kind" and what that takes. What waits is forgotten."""
        made = []
        for order in orders:
            told = dict(order)
            kind = KINDS.get(str(told.pop("kind", None)))
            if kind is None:
                message = f"no such automation, known: {', '.join(KINDS)}"
                raise ValueError(message)
            made.append(kind(**told))
        self.rules, self._due = made, []

    def report(self) -> list[dict[str, Any]]:
        """Tell what is ordered and how often it ran."""
        names = {made: name for name, made in KINDS.items()}
        return [{"kind": names[type(each)], "ran": each.ran.total()} for each in self.rules]

    def on_the_way(self, issue: Issue, to: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a transition changes once its post-functions have had their say."""
        made = dict(values)
        for rule in self.rules:
            if isinstance(rule, PostFunction) and rule.to == to:
                if rule.leaving is not None and rule.leaving != issue.status:
                    continue
                rule.ran[issue.id] += 1
                made |= rule.fields
        return made

    def react(self, act: Act) -> None:
        """Do, or put off, what a committed write provokes."""
        if act.what != "transition" or act.entry is None:
            return
        moved = next((item for item in act.entry.items if item.field_id == "status"), None)
        if moved is None or moved.before is None or moved.after is None:
            return
        statuses = self._world.statuses
        if statuses[moved.before].category != "done" or statuses[moved.after].category == "done":
            return
        for rule in self.rules:
            if not isinstance(rule, ClosesAgain) or rule.against not in (None, act.actor):
                continue
            if rule.times is not None and rule.ran[act.issue.id] >= rule.times:
                continue
            rule.ran[act.issue.id] += 1
            due = self._world.clock.now() + timedelta(seconds=rule.seconds)
            self._due.append((due, rule, act.issue.id, moved.before))
        self._run_due()

    def tick(self) -> None:
        """Do what has become due by the world's clock."""
        self._run_due()
        now = self._world.clock.now()
        idle = [rule for rule in self.rules if isinstance(rule, ClosesIdle)]
        if not idle or (self._looked is not None and now - self._looked < timedelta(minutes=1)):
            return
        self._looked = now
        for rule in idle:
            before = now - timedelta(hours=rule.hours)
            for issue in list(self._world.visible()):
                if issue.status == rule.status and issue.updated <= before:
                    rule.ran[issue.id] += 1
                    self._world.edit(issue.id, {}, rule.actor, to_status=rule.to)

    def _run_due(self) -> None:
        now = self._world.clock.now()
        due = [each for each in self._due if each[0] <= now]
        self._due = [each for each in self._due if each[0] > now]
        for _, rule, number, status in due:
            issue = self._world.find(number)
            if issue is not None and issue.status != status:
                absent = rule.unsigned
                self._world.edit(
                    number, {}, rule.actor, to_status=status, cause_author_absent=absent
                )
