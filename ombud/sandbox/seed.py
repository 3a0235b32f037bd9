"""A believable complaints desk, and the truth about which rules are broken in it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ombud.sandbox import seed_texts as texts
from ombud.sandbox.bed import Bed, Ticket
from ombud.sandbox.patterns import PATTERNS
from ombud.sandbox.records import Person
from ombud.sandbox.seed_laying import AGENTS, Laid, cast, lay, timed
from ombud.sandbox.seed_life import (
    CRITICAL,
    DESK_ZONE,
    HIGH,
    LOW,
    ORDINARY,
    Life,
    Pattern,
    Step,
)
from ombud.sandbox.seed_noise import scatter
from ombud.sandbox.truth import Planted, Truth, printed
from ombud.sandbox.world import DEFAULT_NOW

#: The last Monday before the end of the horizon, Friday 8 January 2027 at five.
_LAST_MONDAY = date(2027, 1, 4)
_SHORTEST = 90
_TO_DELETE, _TO_MOVE, _QUESTIONS, _SUPPORT = 5, 5, 12, 45

_FRIDAY = ORDINARY.at(
    created="Fri 10:20",
    hello="Fri 14:00",
    ack="Fri 14:30",
    assess="1:Mon 11:00",
    start="1:Mon 12:00",
    summary="1:Wed 11:00",
    answer="1:Thu 10:00",
    respond="1:Thu 11:00",
    decide="1:Fri 10:00",
    tell="1:Fri 11:30",
    close="1:Fri 14:00",
)
_REOPENED = (
    ORDINARY.edit("again", "1:Thu 10:00", "investigating", reason="They wrote again.")
    .edit("respond_again", "1:Thu 14:00", "responded")
    .edit("close_again", "1:Fri 10:00", "done")
)
_WAITING = ORDINARY.edit("wait", "Tue 16:00", "waiting").edit(
    "resume", "Wed 11:00", "investigating"
)
#: Lives that break nothing; cut short at the end of the horizon they are open and not yet due.
CONFORMING: tuple[Life, ...] = (
    ORDINARY,
    ORDINARY,
    LOW,
    HIGH,
    CRITICAL,
    CRITICAL.set("assess", safety="yes"),
    _FRIDAY,
    _FRIDAY.set("created", severity="high"),
    _REOPENED,
    _WAITING,
    ORDINARY.set("close", outcome="withdrawn"),
    ORDINARY.at(created="Mon 08:05"),
)


def seed(world: Bed, *, seed: int, tickets: int = 400, days: int = 90) -> Truth:
    """Furnish a world and return the truth about it; the same seed gives the same world.

    The horizon ends on 8 January 2027 at 17:00 in Berlin, where the world's clock is set, and reaches back `days`.
    From 400 tickets on, every rule of the standard profile has five failures and five near misses at least;
    below that the patterns are a random part of them. Raises ValueError for fewer than 90 days.
    """
    if days < _SHORTEST:
        message = f"the patterns need {_SHORTEST} days, not {days}"
        raise ValueError(message)
    world.clock.set(DEFAULT_NOW)
    chance = random.Random(seed)
    customers = _customers(world)
    planted = list(PATTERNS)
    chance.shuffle(planted)
    others = _TO_DELETE + _TO_MOVE + _QUESTIONS + _SUPPORT
    if tickets < len(planted) + others:
        planted = planted[: max(tickets * 2 // 3, 0)]
        others = 0
    plans: list[tuple[Pattern | None, list[tuple[datetime, Step]]]] = [
        (pattern, timed(pattern.life, chance.choice(pattern.mondays), chance))
        for pattern in planted
    ]
    weeks = days // 7
    for _ in range(tickets - len(planted) - others):
        monday = _LAST_MONDAY - timedelta(weeks=chance.randrange(weeks))
        plans.append((None, timed(chance.choice(CONFORMING), monday, chance)))
    plans.sort(key=lambda plan: plan[1][0][0])
    failures: list[Planted] = []
    near_misses: list[Planted] = []
    laid: list[Ticket] = []
    for pattern, steps in plans:
        one = lay(world, steps, cast(chance, customers), chance)
        laid.append(one.issue)
        if pattern is not None:
            failures += _planted(pattern, one, pattern.breaks, "fail")
            near_misses += _planted(pattern, one, pattern.nearly, "not_fail")
    if others:
        laid += _unjudged(world, customers, chance, weeks)
    scatter(world, laid, chance)
    return Truth(
        seed,
        len(world.issues),
        printed(world.clock.now()),
        tuple(failures),
        tuple(near_misses),
    )


#: `seed` is also the name of the number it takes.
_furnish = seed


def seed_into(world: Bed, *, seed: int = 1, tickets: int = 400, days: int = 90) -> dict[str, Any]:
    """Furnish a world as `seed` does and return the truth as plain values."""
    return _furnish(world, seed=seed, tickets=tickets, days=days).as_dict()


def _customers(world: Bed) -> list[str]:
    """Let the same people complain at every seed, and in every helpdesk: they come by more than one."""
    chance, accounts = random.Random(60), []
    names = [f"{given} {family}" for given in texts.GIVEN for family in texts.FAMILY]
    for number, name in enumerate(chance.sample(names, 60), 1):
        account = f"acc-s{number:03d}"
        domain = chance.choice(("example.org", "example.com"))
        world.people[account] = Person(account, name, f"customer{number:03d}@{domain}", "customer")
        accounts.append(account)
    return accounts


def _planted(
    pattern: Pattern, laid: Laid, pairs: Sequence[tuple[str, str]], verdict: str
) -> Iterator[Planted]:
    for rule, step in pairs:
        yield Planted(
            laid.issue.id,
            laid.issue.key,
            rule,
            _occurrence(laid, step),
            verdict,
            pattern.name,
        )


def _occurrence(laid: Laid, step: str) -> str:
    return "-" if step == "-" else printed(laid.instants[step])


def _unjudged(
    world: Bed, customers: Sequence[str], chance: random.Random, weeks: int
) -> list[Ticket]:
    """Lay down what no rule may judge: questions, support, and complaints deleted or moved away."""
    kept: list[Ticket] = []
    for number in range(_TO_DELETE + _TO_MOVE + _QUESTIONS + _SUPPORT):
        born = _some_time(chance, weeks)
        agent, customer = chance.choice(AGENTS), chance.choice(customers)
        project, kind = ("SUP", "10003") if number < _SUPPORT else ("CMP", "10001")
        question = _SUPPORT <= number < _SUPPORT + _QUESTIONS
        title, body = chance.choice(texts.COMPLAINTS)
        product = chance.choice(texts.PRODUCTS)
        issue = world.create(
            project,
            "10002" if question else kind,
            {
                "summary": title.replace("{product}", product),
                "description": body.replace("{product}", product),
                "reporter": customer,
            },
            customer,
            born,
        )
        world.comment(issue.id, agent, chance.choice(texts.ANSWERS), when=born + timedelta(hours=3))
        world.edit(issue.id, {"assignee": agent}, agent, born + timedelta(hours=4))
        if chance.random() < 0.7:
            closing = born + timedelta(days=1, hours=chance.randrange(5))
            world.edit(issue.id, {}, agent, closing, to_status="10010")
        if number >= _SUPPORT + _QUESTIONS + _TO_MOVE:
            world.delete(issue.id, born + timedelta(days=2), agent)
            continue
        if number >= _SUPPORT + _QUESTIONS:
            world.move(issue.id, "SUP", born + timedelta(days=2), agent)
        kept.append(issue)
    return kept


def _some_time(chance: random.Random, weeks: int) -> datetime:
    day = (
        _LAST_MONDAY
        - timedelta(weeks=chance.randrange(1, weeks))
        + timedelta(days=chance.randrange(7))
    )
    return datetime(
        day.year,
        day.month,
        day.day,
        chance.randrange(8, 20),
        chance.randrange(60),
        chance.randrange(60),
        chance.randrange(1000) * 1000,
        DESK_ZONE,
    )
