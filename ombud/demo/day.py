"""A day of agents on the demonstration's Jira, live: how many notes they get, and what of their other work is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import Ref
from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.end_state import end_state, trespasses
from ombud.sandbox.shift import plan, shift
from ombud.store import Hint
from sync.live.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from ombud.sandbox.world import World
    from sync.service import Service

AGENTS: Final = 6
COMPLAINTS: Final = 20
ORDINARY: Final = 20
_SEED: Final = 7
#: Seconds in which a hook comes.
_HOOK: Final = 1


class Day(NamedTuple):
    """Count what a day brought, by the helpdesk's own journal.

    Attributes:
        complaints: of the day.
        closed: closings of these by agents.
        moved_back: closings that were undone.
        notes: that Ombud wrote; one that is edited in place is one.
        agents: who worked.
        ordinary: other tickets of the same projects.
        touched: how many of those Ombud wrote to.
        trespasses: notes written twice or in public, and changes that are none of ours.

    """

    complaints: int
    closed: int
    moved_back: int
    notes: int
    agents: int
    ordinary: int
    touched: int
    trespasses: int

    def sentence(self) -> str:
        """Say it in sentences."""
        return (
            f"{self.agents} agents worked a day on {self.complaints} complaints and {self.ordinary} other tickets of the "
            f"same projects. Ombud wrote {self.notes} notes: {self.notes / self.complaints:.1f} per complaint, "
            f"{self.notes / self.agents:.1f} per agent and day. {self.moved_back} of {self.closed} closings were undone. "
            f"By the helpdesk's own journal {self.touched or 'none'} of the other tickets "
            f"{'were' if self.touched != 1 else 'was'} written to, and {self.trespasses or 'nothing'} was written twice, in public or to a foreign field."
        )


def play(
    service: Service, world: World, account: str, tell: Callable[[int, int | None, str], None]
) -> Day:
    """Play a day; every act is told by a hook, and looked at as it comes; `tell` hears how far it is."""
    begun = len(world.journal.lines())
    start = world.clock.now()
    day = shift(world, agents=AGENTS)
    closed: list[str] = []
    with service.store.lease(account) as epoch:
        desk = Desk(service, account, epoch)
        desk.tick()
        deeds = plan(_SEED, agents=AGENTS, complaints=COMPLAINTS, ordinary=ORDINARY)
        for number, deed in enumerate(deeds):
            tell(number, len(deeds), "")
            world.clock.set(max(start + deed.at, world.clock.now()))
            ticket = day.do(deed)
            if ticket is None:
                continue
            closed += [ticket] if deed.do in {"close", "mend", "insist"} else []
            world.clock.advance(_HOOK)
            hint = Hint(
                Ref(account, "jira", ticket), f"deed {deed.number} {deed.at}", service.now()
            )
            service.store.live.put_hints([hint])
            desk.tick()
    ours = [each for each in world.journal.lines(begun) if each["actor"] == API_ACCOUNT.account_id]
    of_the_day = {str(each) for each in day.tickets.values()}
    ordinary = {each for each in of_the_day if world.issues[each].type != _complaint_type(world)}
    state = {world.issues[each].key for each in of_the_day}
    shown = {key: told for key, told in end_state(world).items() if key in state}
    return Day(
        complaints=len(of_the_day - ordinary),
        closed=sum(each not in ordinary for each in closed),
        moved_back=desk.pulse.moved_back,
        notes=sum(each["what"] == "comment" and each["issue"] in of_the_day for each in ours),
        agents=AGENTS,
        ordinary=len(ordinary),
        touched=len({each["issue"] for each in ours} & ordinary),
        trespasses=len(trespasses(shown)),
    )


def _complaint_type(world: World) -> str:
    return next(name for name, kind in world.issue_types.items() if kind.name == "Complaint")
