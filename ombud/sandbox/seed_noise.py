"""What every real desk is full of and no rule minds: ranks, links, notes, bulk edits, long histories."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ombud.sandbox import seed_texts as texts
from ombud.sandbox.bed import Bed, Ticket
from ombud.sandbox.seed_laying import AGENTS

_RANK, _LINE = "customfield_10019", "customfield_10060"
#: When somebody labelled half the desk at once: every ticket's entry has this very second.
_BULK_EDITS = (
    (datetime(2026, 11, 27, 8, 0, 0, tzinfo=UTC), "quarter-review"),
    (datetime(2026, 12, 18, 15, 30, 7, tzinfo=UTC), "before-the-holidays"),
)


def scatter(world: Bed, issues: Sequence[Ticket], chance: random.Random) -> None:
    """Strew noise over tickets that exist; nothing here touches a field, a status or a word a rule reads."""
    now = world.clock.now()
    for issue in issues:
        last = issue.created
        for _ in range(chance.randrange(4)):
            last = _later(last, now, chance)
            _one(world, issue, last, chance)
    _bulk(world, issues)
    _long_histories(world, issues, chance)
    for first, second in zip(issues[::17], issues[5::17], strict=False):
        if first is not second:
            when = _later(max(first.created, second.created), now, chance)
            relation = chance.choice(("Duplicate", "Relates", "Cloners"))
            world.link(first.id, second.id, relation, when, chance.choice(AGENTS))


def _one(world: Bed, issue: Ticket, when: datetime, chance: random.Random) -> None:
    kind = chance.randrange(5)
    if kind == 0:
        rank = f"0|i{chance.randrange(10**5):05d}:"
        world.edit(issue.id, {_RANK: rank}, chance.choice(AGENTS), when)
    elif kind == 1:
        robot = chance.choice(("acc-robot", "acc-app"))
        world.comment(issue.id, robot, chance.choice(texts.AUTOMATIC_REPLIES), when=when)
    elif kind == 2:
        note = chance.choice(texts.INTERNAL_NOTES)
        world.comment(issue.id, chance.choice(AGENTS), note, public=False, when=when)
    elif kind == 3:
        customer = issue.fields["reporter"]
        world.comment(issue.id, customer, chance.choice(texts.CUSTOMER_NOTES), when=when)
    else:
        line = f"{chance.choice(texts.PRODUCTS)} / {chance.randrange(100)}"
        world.edit(issue.id, {_LINE: line}, "acc-robot", when, cause_author_absent=True)


def _bulk(world: Bed, issues: Sequence[Ticket]) -> None:
    for when, label in _BULK_EDITS:
        present = [issue for issue in issues if issue.created < when][:60]
        for issue in present:
            labels = [*issue.fields.get("labels", ()), label]
            world.edit(issue.id, {"labels": labels}, "acc-dina", when)


def _long_histories(world: Bed, issues: Sequence[Ticket], chance: random.Random) -> None:
    """Give a few tickets more entries, or more comments, than one page holds."""
    for count, issue in zip((45, 60, 120, 150), issues[::23], strict=False):
        for number in range(count):
            when = issue.created + timedelta(minutes=7 * (number + 1), milliseconds=13)
            world.edit(issue.id, {"priority": str(number % 2 + 1)}, "acc-robot", when)
    for count, issue in zip((25, 40, 110), issues[3::29], strict=False):
        for number in range(count):
            when = issue.created + timedelta(minutes=11 * (number + 1), milliseconds=17)
            said = f"{number + 1}: {chance.choice(texts.CUSTOMER_NOTES)}"
            world.comment(issue.id, issue.fields["reporter"], said, when=when)


def _later(moment: datetime, now: datetime, chance: random.Random) -> datetime:
    room = max((now - moment).total_seconds() - 1, 0)
    return moment + timedelta(milliseconds=chance.randrange(1, 1 + max(1, int(room * 400))))
