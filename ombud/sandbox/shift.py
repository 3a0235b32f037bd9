"""Agents at work: what they do in a day, drawn from a seed, so that the same day can be played twice.

An act depends on nothing but what the ticket itself shows when it is done: an agent who finds a note fills in what is
missing. Rounds have breaks between them; within a round nothing follows upon a closing that a move back could cross,
so that a day on which notes come late ends as one on which they come at once, if every break is long enough.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from ombud.sandbox import seed_texts as texts
from ombud.sandbox.records import Person
from ombud.sandbox.seed_laying import AGENTS
from ombud.sandbox.seed_life import CHOICE, FIELD, STATUS
from ombud.sandbox.sides import Side, side_of
from ombud.sandbox.world import World
from ombud.sandbox.zendesk.world import ZendeskWorld

Do = Literal["create", "edit", "say", "close", "mend", "insist"]
CUSTOMERS: Final = ("acc-c01", "acc-c02", "acc-c03", "acc-c04", "acc-c05")
#: Kinds of days that complaints have: ten in a row hold them all.
_KINDS: Final = ("clean",) * 3 + ("mended",) * 3 + ("insisted",) + ("left open",) * 3
_ROUND: Final = timedelta(hours=3)
_BREAK: Final = timedelta(hours=1)
#: Two acts on a ticket are so far apart, more than the coarsest vendor's instants.
_APART: Final = timedelta(seconds=5)
_CLOSING: Final = {
    FIELD["outcome"]: CHOICE["outcome"]["upheld"],
    FIELD["root_cause"]: CHOICE["root_cause"]["billing"],
    FIELD["action"]: texts.ACTIONS[0],
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One timed act.

    Attributes:
        at: how long after the day's beginning.
        round: which part of the day, from 0; what falls between two is a break.
        ticket: which ticket of the day, from 0.
        by: the account that does it, by its name in Jira's desk.
        do: create, edit (fields, perhaps a status), say (a comment), close (whatever is missing), mend (where a note
            is shown and the ticket is open: fill in those of the fields that are empty, and close), insist (there: close again as it is).
        fields: by the names and ids of Jira's desk.
    """

    number: int
    at: timedelta
    round: int
    ticket: int
    by: str
    do: Do
    fields: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None
    text: str = ""
    public: bool = False
    project: str = "CMP"


def plan(
    seed: int,
    *,
    agents: int = 6,
    complaints: int = 20,
    ordinary: int = 5,
    rounds: int = 3,
    notes: Sequence[str] = (),
) -> list[Deed]:
    """Draw a day in the order of its acts.

    Args:
        seed: of everything that chance decides.
        agents: how many work.
        complaints: tickets of the complaints desk.
        ordinary: other tickets of the same helpdesk.
        rounds: parts of the day; the first brings tickets and first closings, the others answers to notes.
        notes: internal notes that agents write now and then, besides their own.

    """
    chance = random.Random(seed)
    drawn: list[tuple[timedelta, Deed]] = []
    kinds: list[str] = []
    for ticket in range(complaints + ordinary):
        agent = staff(agents)[chance.randrange(agents)]
        customer = chance.choice(CUSTOMERS)
        if ticket >= complaints:
            parts = {0: _ordinary(chance, agent, customer)}
        else:
            kinds = kinds or chance.sample(_KINDS, len(_KINDS))
            parts = _complaint(chance, kinds.pop(), agent, customer, rounds, notes)
        for number, deeds in parts.items():
            drawn += _timed(chance, number, ticket, deeds)
    drawn.sort(key=lambda pair: (pair[0], pair[1].ticket))
    return [
        Deed(
            number, at, one.round, one.ticket, one.by, one.do, one.fields, one.to, one.text,
            one.public, one.project,
        )
        for number, (at, one) in enumerate(drawn)
    ]  # fmt: skip


def staff(agents: int) -> list[str]:
    """Return the accounts of so many agents: the desk's own first."""
    return [*AGENTS, *(f"acc-a{number:03d}" for number in range(len(AGENTS), agents))][:agents]


@dataclass(slots=True)
class Shift:
    """A day being worked in a world.

    Attributes:
        side: the helpdesk.
        tickets: the helpdesk's own ids of the day's tickets.
    """

    side: Side
    tickets: dict[int, str] = field(default_factory=dict)

    def do(self, deed: Deed) -> str | None:
        """Do one act at the world's present; return the ticket's id, or None where there was nothing to do."""
        if deed.do == "create":
            made = self.side.create(deed.project, deed.fields, deed.by)
            self.tickets[deed.ticket] = made
            return made
        ticket = self.tickets.get(deed.ticket)
        if ticket is None or not self.side.writable(ticket):
            return None
        if deed.do == "say":
            self.side.say(ticket, deed.by, deed.text, public=deed.public)
            return ticket
        fields = dict(deed.fields)
        if deed.do in ("mend", "insist"):
            if not self.side.shows_note(ticket) or not self.side.is_open(ticket):
                return None
            if deed.do == "mend":
                fields = {k: v for k, v in fields.items() if self.side.is_empty(ticket, k)}
        self.side.edit(ticket, fields, deed.by, deed.to)
        return ticket


def shift(world: World | ZendeskWorld, *, agents: int = 6) -> Shift:
    """Let agents come to work in a world."""
    side = side_of(world)
    for number, account in enumerate(staff(agents)[len(AGENTS) :], len(AGENTS) + 1):
        mail = f"{account}@sandbox.test"
        side.hire(Person(account, f"Agent {number}", mail, "agent"))
    return Shift(side)


def _complaint(
    chance: random.Random,
    kind: str,
    agent: str,
    customer: str,
    rounds: int,
    notes: Sequence[str],
) -> dict[int, list[Deed]]:
    # Closings that lack something are those of serious complaints, which nobody may close so.
    quiet = kind in {"clean", "left open"}
    severity = chance.choice(["medium", "high"]) if quiet else "high"
    closing = _CLOSING | {FIELD["approver"]: next(each for each in AGENTS if each != agent)}
    receipt = {
        "summary": chance.choice(texts.SUMMARIES)[:80],
        "reporter": customer,
        "assignee": agent,
        FIELD["channel"]: chance.choice(list(CHOICE["channel"].values())),
        FIELD["product"]: chance.choice(texts.PRODUCTS),
        FIELD["remedy"]: chance.choice(texts.REMEDIES),
        FIELD["complainant"]: customer,
        FIELD["severity"]: CHOICE["severity"][severity],
    }
    assessed = {
        FIELD["category"]: CHOICE["category"]["billing"],
        FIELD["safety"]: CHOICE["safety"]["no"],
    }
    morning = [
        _deed(customer, "create", receipt),
        _said(agent, "We have received your complaint and will look into it."),
        _moved(agent, "acknowledged"),
        _moved(agent, "assessed", assessed),
        _moved(agent, "investigating"),
        _deed(agent, "edit", {FIELD["summary"]: chance.choice(texts.SUMMARIES)}),
        _said(agent, "#response Here is what we found and what we offer."),
        _moved(agent, "responded", {FIELD["offer"]: chance.choice(texts.OFFERS)}),
        _moved(agent, "decided"),
        _said(agent, "#decision This is what we have decided."),
    ]
    noise = [
        _note(agent, text)
        for text in (*notes, "Asked the warehouse.", "Customer rang, wants news.")
    ]
    if kind == "left open":
        morning = morning[: chance.randrange(2, 8)]
    for _ in range(chance.randrange(3)):
        morning.insert(chance.randrange(1, len(morning) + 1), chance.choice(noise))
    if chance.random() < 0.3:
        tagged = _deed(agent, "edit", {"priority": chance.choice(["2", "4"])})
        morning.insert(chance.randrange(1, len(morning) + 1), tagged)
    parts = {0: morning}
    if kind == "left open":
        return parts
    if kind == "clean":
        morning.append(_closed(agent, "close", closing))
        return parts
    lacking = dict(closing)
    del lacking[FIELD["root_cause"]]
    if chance.random() < 0.5:
        del lacking[FIELD["action"]]
    morning.append(_closed(agent, "close", lacking))
    if chance.random() < 0.5:
        # Somebody writes just when the ticket may be moved back.
        morning.append(chance.choice(noise))
    for number in range(1, rounds):
        last = kind == "mended" or number == rounds - 1
        wanted: Do = "mend" if kind == "mended" else "insist"
        parts[number] = [_closed(agent, wanted, closing if wanted == "mend" else None)]
        if last:
            break
    return parts


def _ordinary(chance: random.Random, agent: str, customer: str) -> list[Deed]:
    fields = {"summary": "A question", "reporter": customer, "assignee": agent}
    asked = _deed(customer, "create", fields, project="SUP")
    done = [asked, _said(agent, "Here you are."), _moved(agent, "acknowledged")]
    return [*done, _closed(agent, "close")] if chance.random() < 0.7 else done


def _timed(
    chance: random.Random, number: int, ticket: int, deeds: list[Deed]
) -> list[tuple[timedelta, Deed]]:
    begin = number * (_ROUND + _BREAK)
    seconds = int(_ROUND.total_seconds()) - len(deeds) * int(_APART.total_seconds())
    instants = sorted(chance.randrange(seconds) for _ in deeds)
    return [
        (
            begin + timedelta(seconds=second) + place * _APART,
            Deed(
                0, timedelta(), number, ticket, one.by, one.do, one.fields, one.to, one.text,
                one.public, one.project,
            ),
        )
        for place, (second, one) in enumerate(zip(instants, deeds, strict=True))
    ]  # fmt: skip


def _deed(
    by: str, do: Do, fields: Mapping[str, Any] | None = None, *, project: str = "CMP"
) -> Deed:
    return Deed(0, timedelta(), 0, 0, by, do, dict(fields or {}), project=project)


def _moved(by: str, stage: str, fields: Mapping[str, Any] | None = None) -> Deed:
    return Deed(0, timedelta(), 0, 0, by, "edit", dict(fields or {}), STATUS[stage])


def _closed(by: str, do: Do, fields: Mapping[str, Any] | None = None) -> Deed:
    return Deed(0, timedelta(), 0, 0, by, do, dict(fields or {}), STATUS["done"])


def _said(by: str, text: str) -> Deed:
    return Deed(0, timedelta(), 0, 0, by, "say", text=text, public=True)


def _note(by: str, text: str) -> Deed:
    return Deed(0, timedelta(), 0, 0, by, "say", text=text)
