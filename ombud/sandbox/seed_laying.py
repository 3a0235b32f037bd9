"""Laying a life into a world: who plays which part, which words are said, at which instants."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from ombud.sandbox import seed_texts as texts
from ombud.sandbox.bed import Bed, Ticket
from ombud.sandbox.seed_life import CHOICE, FIELD, STATUS, Life, Step, moment

AGENTS = ("acc-anna", "acc-bert", "acc-cleo", "acc-dina", "acc-emil", "acc-faye")
_WORDS: dict[str, Sequence[str]] = {
    "product": texts.PRODUCTS,
    "remedy": texts.REMEDIES,
    "summary": texts.SUMMARIES,
    "offer": texts.OFFERS,
    "action": texts.ACTIONS,
    "reason": texts.REASONS,
}
_PEOPLE = ("owner", "approver", "subject", "complainant")


@dataclass(frozen=True, slots=True)
class Laid:
    """A ticket and the instant of each step of its life, "receipt" among them."""

    issue: Ticket
    instants: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays which part: agent, other, customer, robot, app."""

    agent: str
    other: str
    customer: str

    def account(self, part: str) -> str:
        """Return the account that plays a part; nobody's deeds are the automation's, unsigned."""
        fixed = {"robot": "acc-robot", "app": "acc-app", "nobody": "acc-robot"}
        return fixed.get(part) or str(getattr(self, part))


def cast(chance: random.Random, customers: Sequence[str]) -> Cast:
    """Draw two different agents and a customer."""
    agent, other = chance.sample(AGENTS, 2)
    return Cast(agent, other, chance.choice(customers))


def timed(life: Life, monday: date, chance: random.Random) -> list[tuple[datetime, Step]]:
    """Return the steps in order with their instants; loose ones drift by up to ten minutes, never past the next."""
    planned = sorted(
        ((moment(monday, step.at), step) for step in life.steps), key=lambda pair: pair[0]
    )
    drifted = []
    for position, (instant, planned_step) in enumerate(planned):
        step = planned_step
        before = planned[position - 1][0] if position else None
        after = planned[position + 1][0] if position + 1 < len(planned) else None
        drift = chance.randrange(600)
        room = 600 if after is None else int((after - instant).total_seconds()) // 2
        if step.pinned or instant in (before, after):
            room = 0
        if "received" in step.fields:
            received = moment(monday, step.fields["received"])
            step = replace(step, fields={**step.fields, "received": received})
        drifted.append((instant + timedelta(seconds=min(drift, room)), step))
    return drifted


def lay(
    world: Bed,
    steps: Sequence[tuple[datetime, Step]],
    players: Cast,
    chance: random.Random,
    *,
    issue_type: str = "10001",
) -> Laid:
    """Create the ticket and take every step that is not later than the world's present."""
    now = world.clock.now()
    instants: dict[str, datetime] = {}
    (born, first), *rest = steps
    product = chance.choice(texts.PRODUCTS)
    pool = texts.HOSTILE if chance.random() < 0.15 else texts.COMPLAINTS
    title, body = chance.choice(pool)
    fields = _native(first.fields, players, chance)
    fields["summary"] = title.replace("{product}", product)
    fields["description"] = body.replace("{product}", product)
    fields["reporter"] = players.customer
    issue = world.create("CMP", issue_type, fields, players.account(first.by), born)
    instants[first.name] = world.told(born)
    instants["receipt"] = first.fields.get("received", world.told(born))
    for instant, step in rest:
        if instant > now:
            break
        instants[step.name] = world.told(instant)
        actor = players.account(step.by)
        if step.text is not None:
            said = f"{step.text} {chance.choice(texts.ANSWERS)}"
            world.comment(issue.id, actor, said, public=step.public, when=instant)
            continue
        world.edit(
            issue.id,
            _native(step.fields, players, chance),
            actor,
            instant,
            to_status=STATUS[step.to] if step.to else None,
            cause_author_absent=step.by == "nobody",
        )
    return Laid(issue, instants)


def _native(fields: Mapping[str, Any], players: Cast, chance: random.Random) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for name, value in fields.items():
        native = FIELD[name]
        if value is None:
            written[native] = None
        elif name in CHOICE:
            written[native] = CHOICE[name][value]
        elif name in _PEOPLE:
            written[native] = players.account(value)
        elif name in _WORDS:
            written[native] = chance.choice(_WORDS[name])
        else:
            written[native] = value.isoformat() if isinstance(value, datetime) else value
    return written
