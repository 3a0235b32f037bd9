"""Complaints that come by both helpdesks: the same customer, and a ticket in Zendesk that names the one in Jira."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from ombud.sandbox.bed import Bed
from ombud.sandbox.seed_laying import Cast, lay, timed
from ombud.sandbox.seed_life import ORDINARY, QUIET_MONDAYS
from ombud.sandbox.zendesk.laying import Laying

_AGENT, _OTHER = "acc-anna", "acc-bert"
_LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Shared:
    """Name both tickets of a complaint."""

    jira: str
    zendesk: str


def share(jira: Bed, zendesk: Laying) -> list[Shared]:
    """Lay a few complaints into both helpdesks, in Zendesk an hour later; either side alone breaks no rule."""
    made = []
    for number, monday in enumerate(QUIET_MONDAYS[:3], 1):
        chance = random.Random(number)
        players = Cast(_AGENT, _OTHER, f"acc-s{number:03d}")
        steps = timed(ORDINARY, monday, chance)
        issue = lay(jira, steps, players, random.Random(number)).issue
        later = [(moment + _LATER, step) for moment, step in steps]
        ticket = lay(zendesk, later, players, random.Random(number)).issue
        zendesk.name(ticket.id, issue.key, _OTHER, later[0][0] + timedelta(minutes=5))
        made.append(Shared(issue.key, ticket.key))
    return made


def half_close(jira: Bed, zendesk: Laying) -> Shared:
    """Lay in a complaint that is solved in Zendesk while it is open in Jira."""
    born = jira.clock.now() - timedelta(hours=3)
    fields = {
        "summary": "The contract was cancelled by mistake",
        "reporter": "acc-s004",
        "assignee": _AGENT,
    }
    issue = jira.create("CMP", "10001", fields, "acc-s004", born)
    ticket = zendesk.create("CMP", "10001", fields, "acc-s004", born + _LATER)
    zendesk.name(ticket.id, issue.key, _OTHER, born + _LATER)
    said = "We have your complaint, and look into it."
    zendesk.comment(ticket.id, _OTHER, said, when=born + _LATER)
    zendesk.edit(ticket.id, {}, _OTHER, born + _LATER * 2, to_status="10010")
    return Shared(issue.key, ticket.key)
