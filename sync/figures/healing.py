"""Each helpdesk in detail: hooks, what waits, what was told, which complaints are not read, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.instant import SECOND
from sync.completeness import span
from sync.figures.health import healths
from sync.figures.ledger import ledgers
from sync.hooks import HookKeeper
from sync.live.blindness import watched
from sync.places import Places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book import Book
    from ombud.store.ledger import Lacking
    from sync.figures.health import Health
    from sync.figures.ledger import Ledger
    from sync.live.blindness import Watched
    from sync.live.pulse import Pulse
    from sync.service import Service

#: Complaints that are named; the ledger counts all of them.
NAMED: Final = 100
_UNKNOWN_CASE: Final = "?"
#: What is told of an account -> what that means.
EPISODES: Final = {
    "sweep": "it could not be looked through",
    "signin": "the sign-in is lost",
    "hints": "tickets change and no hint comes",
    "clock": "its clock and ours are apart",
}


class Mend(NamedTuple):
    """Say what is wrong, and what mends it: a command, or words where none does."""

    what: str
    command: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Hold one helpdesk in detail.

    Attributes:
        health: how its data are.
        swept: when it was last looked through, by this process or another; `None` where nobody knows.
        hook: whether it tells of changes by itself, in words.
        hooked: whether a hook is installed; `None` where its kind of helpdesk has none.
        ledgers: its completeness by day.
        lacking: complaints that are not read, of those that the reader may see.
        withheld: how many more are not named: restricted, or perhaps so.
        mends: what is wrong, with what mends it.
        next_try: when the next waiting write is tried; `None` where none waits.
        calls: requests to it since this process began, by what was asked.

    """

    health: Health
    swept: Instant | None
    hook: str
    hooked: bool | None
    ledgers: Sequence[Ledger]
    lacking: Sequence[Lacking]
    withheld: int
    mends: Sequence[Mend]
    next_try: Instant | None
    calls: Mapping[str, int]

    @property
    def lag(self) -> int | None:
        """Give the longest time from a change to our knowing it, by the newest day of the ledger; `None` where unknown."""
        lags = [
            each.days[0].row.lag for each in self.ledgers if each.days and each.days[0].row is not None
        ]  # fmt: skip
        return max((each for each in lags if each is not None), default=None)

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return self.health.as_json() | {
            "hook": self.hook,
            "ledger": [each.as_json() for each in self.ledgers],
            "mends": [{"what": each.what, "command": each.command, "how": each.words} for each in self.mends],
        }  # fmt: skip


def desks(
    service: Service, pulses: Mapping[str, Pulse], book: Book, groups: frozenset[str], now: Instant
) -> list[Desk]:
    """Give every helpdesk in detail.

    Args:
        service: the service.
        pulses: how each account fares that this process looks after.
        book: tells which complaints are restricted.
        groups: groups whose restricted complaints the reader may see.
        now: the present instant.

    """
    return [
        _desk(service, each, pulses.get(each.account), book, groups, now)
        for each in healths(service, pulses, now)
    ]


def ago(then: Instant, now: Instant) -> str:
    """Say how long ago something was: "just now", "3 min ago"."""
    past = now - then
    return "just now" if past < SECOND else f"{span(past)} ago"


def _desk(
    service: Service,
    health: Health,
    pulse: Pulse | None,
    book: Book,
    groups: frozenset[str],
    now: Instant,
) -> Desk:
    account = health.account
    watch = watched(service, account)
    swept = max((at for at in (health.swept, watch.swept) if at is not None), default=None)
    hook, hooked = _hook(service, account, health, now)
    found = service.store.live.lacking(account, NAMED + 1)
    places = Places(service, book, groups, [each.case for each in found])
    # Of what was never read nobody can tell whether it is restricted.
    seen = [each for each in found if places.shows(each.case or _UNKNOWN_CASE, each.binding)]
    told = ledgers(service, account)
    return Desk(
        health,
        swept,
        hook,
        hooked,
        told,
        seen[:NAMED],
        len(found) - len(seen),
        _mends(service, health, watch, pulse, told, now, hooked=hooked),
        service.store.next_try(account) if health.plans else None,
        service.calls(account),
    )


def _hook(service: Service, account: str, health: Health, now: Instant) -> tuple[str, bool | None]:
    keeper = HookKeeper(service)
    heard = "nothing heard yet" if health.hinted is None else f"heard {ago(health.hinted, now)}"
    if account not in keeper.accounts:
        return "none: its changes are found by looking through", None
    kept = keeper.kept(account)
    if kept is None or not kept.kind:
        return ("not installed by us" if health.hinted else "none installed") + f", {heard}", False
    return f"installed, {heard}", True


def _mends(
    service: Service,
    health: Health,
    watch: Watched,
    pulse: Pulse | None,
    told: Sequence[Ledger],
    now: Instant,
    *,
    hooked: bool | None,
) -> list[Mend]:
    account, complete = health.account, health.complete
    found: list[Mend] = []
    if health.state == "never":
        return [Mend("It was never read", f"ombud sync {account}")]
    if health.state == "stopped":
        found.append(Mend(f"Nothing is written to it: {health.why}", f"ombud rollout resume {account}"))  # fmt: skip
    broken = service.breaker(account).check(now)
    if broken is not None:
        found.append(Mend(f"Nothing is written for a while: {broken.why}", words=broken.remedy))
    commands = {"signin": f"ombud accounts connect {account}", "hints": f"ombud hooks check {account}"}  # fmt: skip
    for name, since in watch.told.items():
        what = EPISODES.get(name, name.removeprefix("hook/"))
        told_since = f"{what[:1].upper()}{what[1:]}, since {ago(since, now)}"
        if name == "clock":
            found.append(Mend(told_since, words="Set this machine's clock by a time server"))
        elif name.startswith("hook/"):
            found.append(Mend(f"Hook: {told_since}", f"ombud hooks check {account}"))
        else:
            found.append(Mend(told_since, commands.get(name, f"ombud accounts check {account}")))
    if health.state == "late":
        found.append(Mend("Its sweep is late", "ombud serve"))
    if pulse is not None and pulse.why and "sweep" not in watch.told:
        found.append(Mend(pulse.why, f"ombud accounts check {account}"))
    if complete.listed and (complete.day is None or complete.lacking):
        found.append(Mend("No census says how complete it is", f"ombud accounts census {account}"))
    holes = sum(each.holes for each in told)
    if holes:
        days = "1 day has" if holes == 1 else f"{holes:,} days have"
        found.append(Mend(f"{days} no census", words="It comes in the night while ombud serve runs"))  # fmt: skip
    if complete.missing:
        found.append(
            Mend(f"{complete.missing:,} complaints are not shown any more", f"ombud accounts check {account}", "They were deleted, or our account lost access to them")
        )  # fmt: skip
    if complete.unreadable or complete.quarantined:
        many = complete.unreadable + complete.quarantined
        found.append(Mend(f"{many:,} complaints could not be read", "ombud doctor"))
    if hooked is False and health.hinted is None:
        found.append(Mend("No hook: changes are known later", f"ombud hooks install {account}"))
    return found
