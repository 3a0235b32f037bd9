"""One world's day: agents act, hooks go out, the process is moved on beat by beat, and killed where that is ordered."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

from ombud.chaos.day import DST, ROUND, ROUNDS, TURN
from ombud.chaos.process import Died, Process
from ombud.sandbox.end_state import State, end_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ombud.chaos.day import Day
    from ombud.chaos.mischief import Mischief
    from ombud.chaos.place import Place

#: Beats after a round, in seconds from one to the next; the last is repeated until the next round.
_RESTS: Final = (70, 140, 300, 700, 1900, 3700, 7300, 14_500, 29_000)
#: Beats after the last round, with deadlines in them that nobody keeps.
_QUIET: Final = (*_RESTS, 43_200, 86_400, 86_400, 3 * 86_400)
#: The same where nothing is disturbed.
_CALM_RESTS: Final = (140, 3_700, 40_000)
_CALM_QUIET: Final = (140, 3_700, 86_400, 2 * 86_400)
#: How long after the last round everything ends.
_END: Final = timedelta(days=20)
#: Acts between two beats where nothing is disturbed.
_TOGETHER: Final = 16
#: What counts as the night on which clocks change.
_AROUND: Final = timedelta(hours=12)
#: Starts of a process within one beat before something is wrong with the run itself.
_STARTS: Final = 20


@dataclass(slots=True)
class Ended:
    """Hold how a world ended, and what it took.

    Attributes:
        states: by vendor, what every ticket shows.
        tickets: by vendor, the day's tickets by number.
        names: by vendor, what a ticket is called in `states`, by its id.
        report: what our own database says.
        counts: beats, acts, calls, kills and the like.
        wrong: what must never be, seen on the way.

    """

    states: dict[str, State]
    tickets: dict[str, dict[int, str]]
    names: dict[str, dict[str, str]]
    report: Mapping[str, Any]
    counts: Counter[str]
    wrong: list[str] = field(default_factory=list)


class Run:
    """Play a day in a place."""

    def __init__(
        self,
        place: Place,
        day: Day,
        mischief: Mischief | None = None,
        tamper: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; without mischief nothing disturbs the day."""
        self.place = place
        self.day = day
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.skew = 0.0
        self.process: Process | None = None
        self._mischief = mischief
        self._tamper = tamper
        self._left = deque(day.deeds)

    @property
    def now(self) -> datetime:
        """Give the helpdesks' present."""
        return self.place.clock.now()

    def play(self) -> Ended:
        """Play the whole day, and the quiet after it."""
        try:
            self._open()
            for number in range(ROUNDS):
                self._round(number)
            calm = self._mischief is None
            self._rest(_CALM_QUIET if calm else _QUIET, None)
            for each in self.place.helpdesks:
                each.world.tick()
            for seconds in (0, 140):
                self.reach(self.day.begins(ROUNDS) + _END + timedelta(seconds=seconds))
                self.beat()
            report = self.ask("report")
            states = {each.vendor: end_state(each.world) for each in self.place.helpdesks}
            self.ask("night")
            self.ask("tick")
            self._again(report, states)
            self._count()
            if self.process is not None:
                self.process.stop(self.now)
            return Ended(
                states,
                {each.vendor: dict(each.shift.tickets) for each in self.place.helpdesks},
                {each.vendor: each.names() for each in self.place.helpdesks},
                report,
                self.counts,
                self.wrong,
            )
        finally:
            if self.process is not None:
                self.process.kill()

    def ask(self, what: str, **told: Any) -> Any:
        """Have the process do something; it is started anew where it was killed meanwhile."""
        for _ in range(_STARTS):
            process = self.process or self.start()
            try:
                return process.ask(what, self.now, self.skew, **told)
            except Died:
                self.died()
        raise RuntimeError("the process does not stay alive")

    def start(self, *, door: bool = True) -> Process:
        """Start a process, and give it where it has the accounts."""
        process = self.another({} if self._mischief is None else self._mischief.laid)
        self.counts["processes"] += 1
        if process.ready:
            self.process = process
            if door:
                with suppress(Died):
                    process.ask("open", self.now)
        return process

    def another(self, laid: Mapping[str, int] | None = None) -> Process:
        """Start a process beside the one that is there, if one is."""
        config, tamper = self.place.config, self._tamper
        return Process(config, self.now, self.pass_time, laid=laid or {}, tamper=tamper)

    def died(self) -> None:
        """Note that the process was killed."""
        self.process = None
        self.counts["kills"] += 1
        if self._mischief is not None:
            self._mischief.died()

    def pass_time(self, seconds: float) -> datetime:
        """Let time pass, with what agents do meanwhile; give the present after that."""
        self.reach(self.now + timedelta(seconds=seconds))
        return self.now

    def reach(self, until: datetime) -> None:
        """Let everything happen that is to happen by an instant."""
        clock = self.place.clock
        while self._left and self._left[0][0] <= until:
            when, deed = self._left.popleft()
            clock.set(max(when, clock.now()))
            for each in self.place.helpdesks:
                if self._mischief is not None:
                    self._mischief.before_deed(each)
                self.counts["deeds"] += each.shift.do(deed) is not None
        clock.set(max(until, clock.now()))

    def deliver(self) -> None:
        """Send the hooks that are due; a process that is there is told the time before, for it minds how old they are."""
        if self.process is not None:
            self.ask("wake")
        for each in self.place.helpdesks:
            self.counts["deliveries"] += each.server.hooks.flush()

    def _open(self) -> None:
        """Read the empty helpdesks, and have them tell what changes."""
        self.start()
        self.ask("install")
        # A door that was opened before knows of no hook yet, and looks again when it is asked.
        self.ask("tick")
        self.reach(self.day.begins(0))
        self.ask("tick")

    def _round(self, number: int) -> None:
        ends = self.day.begins(number) + ROUND
        if self._mischief is not None:
            self._mischief.round(number)
        while self._left and self._left[0][0] < ends:
            together = _TOGETHER if self._mischief is None else self._mischief.together
            last = self._left[min(together, len(self._left)) - 1][0]
            self.reach(min(last, ends) + timedelta(seconds=1))
            self.beat()
        self.reach(ends)
        if number < ROUNDS - 1:
            rests = _CALM_RESTS if self._mischief is None else _RESTS
            self._rest(rests, self.day.begins(number + 1))

    def _rest(self, rests: tuple[int, ...], until: datetime | None) -> None:
        """Go on beat by beat; from some time on nothing is disturbed any more."""
        begun = self.now
        calm = False
        self.wrong += self._hinted()
        for seconds in chain(rests, repeat(rests[-1]) if until is not None else ()):
            then = self.now + timedelta(seconds=seconds)
            if until is not None:
                then = min(then, until - timedelta(seconds=30))
            if not calm and then >= begun + self.day.calm:
                calm = True
                if self._mischief is not None:
                    self._mischief.calm(last=until is None)
            if then <= self.now:
                return
            self.reach(then)
            self.beat()

    def beat(self) -> None:
        """Send hooks, and have the process do what is due."""
        self.counts["beats"] += 1
        self.counts["beats around a change of clocks"] += self.day.start in DST and (
            abs(self.now - self.day.start - TURN) < _AROUND
        )
        if self._mischief is None:
            self.deliver()
            self.ask("tick")
        else:
            self._mischief.beat()

    def _again(self, report: Mapping[str, Any], states: dict[str, State]) -> None:
        """Find what a census still changes, though everything had settled before."""
        after = self.ask("report")
        for name in ("findings", "posted", "waiting"):
            if after[name] != report[name]:
                self.wrong.append(f"the census changed {name}")
        for each in self.place.helpdesks:
            if end_state(each.world) != states[each.vendor]:
                self.wrong.append(f"the census changed what {each.vendor} shows")

    def _hinted(self) -> list[str]:
        """Name tickets of which a hook was acknowledged and not kept."""
        kept = self.ask("hints")
        taken: dict[tuple[str, str], set[str]] = {}
        for each in self.place.helpdesks:
            for line in each.server.hooks.lines():
                if line["state"] == "done":
                    at = (each.vendor, str(line["ticket"]))
                    taken.setdefault(at, set()).add(line["delivery"])
        return [
            f"{vendor} {ticket}: {len(names)} hooks were acknowledged, and fewer kept"
            for (vendor, ticket), names in taken.items()
            if kept.get(f"{vendor}:{ticket}", 0) < len(names)
        ]

    def _count(self) -> None:
        for told in self.ask("calls").values():
            self.counts["calls of the last process"] += sum(told.values())
        for each in self.place.helpdesks:
            self.counts["calls"] += len(each.server.calls)
