"""What disturbs a day: faults drawn from a seed, laid one after the other, and counted when they have struck."""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ombud.chaos import kinds
from ombud.chaos.place import IN_TIME, LOOK, MUTE, READ, WRITE
from ombud.chaos.process import Died, Process
from ombud.sandbox.hooks import Telling
from ombud.sandbox.jira.server import JiraServer
from ombud.sandbox.seed_life import FIELD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.chaos.place import Helpdesk
    from ombud.chaos.run import Run

#: Share of the hooks that each fault of hooks strikes, and how many at most.
_SHARE: Final = 0.15
_HOOKS: Final = {"lost": 1_000, "doubled": 20, "oversize": 1}
_SOME: Final = 6
_EVER: Final = 10**9
_DAY: Final = timedelta(hours=24)
_FLOOD: Final = 150
#: Times that one fault of an answer strikes in a row: more than once where the first is tried again at once.
_TIMES: Final = {"limited_half_an_hour": 2, "half_an_answer": 2, "web_page": 2, "foreign_404": 1}
#: For how many beats a fault lasts.
_BEATS: Final = {"clock_forward": 4, "clock_back": 4}
_HELD: Final = {"database_locked": "held", "disk_full": "full"}
_KILLS: Final = {
    "killed_after_commit": "commit",
    "killed_before_call": "before_call",
    "killed_after_call": "after_call",
}
_ANSWERS: Final = frozenset(each.name for each in (*kinds.READS, *kinds.WRITES)) - {"index_lag"}
_WRITES: Final = frozenset(each.name for each in kinds.WRITES) | {"foreign_404"}
_MEDDLING: Final = frozenset({"agent_meanwhile", "mended_meanwhile"})
#: Faults of answers that are not the sandbox's own.
_ASIDE: Final = _MEDDLING | {"token_expired"}
_COLLEAGUE: Final = "acc-bert"
#: What hooks the door must not acknowledge, whatever the vendor.
REFUSED: Final = frozenset({"forged", "foreign", "oversize"})


class Mischief:
    """Disturb a run."""

    def __init__(self, seed: int, ordered: Sequence[str]) -> None:
        """Prepare faults of these kinds."""
        self.chance = random.Random(seed)  # noqa: S311 (repeatable chance, not secrecy)
        self.ordered = list(ordered)
        self.fired: Counter[str] = Counter()
        #: At what the next process dies.
        self.laid: dict[str, int] = {}
        #: Tickets that agents changed out of turn, by vendor; those that were mended out of turn.
        self.touched: set[tuple[str, str]] = set()
        self.mended: set[tuple[str, str]] = set()
        self._run: Run
        self._waiting: deque[str] = deque()
        #: Faults of answers, by helpdesk and by whether they strike writes: one of each is laid at a time.
        self._answers: dict[tuple[str, bool], deque[str]] = {}
        self._active: dict[tuple[str, bool], tuple[str, datetime]] = {}
        self._machine: str | None = None
        self._lasts = 0
        self._calm = True
        self._killing: str | None = None

    @property
    def together(self) -> int:
        """Give how many acts happen before the next beat."""
        return self.chance.randint(1, 6)

    @property
    def silent(self) -> list[str]:
        """Name the kinds that were ordered and never struck."""
        return [each for each in self.ordered if not self.fired[each]]

    def begin(self, run: Run) -> None:
        """Take up a run: every fault of an answer goes to one of its helpdesks, all others wait their turn."""
        self._run = run
        vendors = [each.vendor for each in run.place.helpdesks]
        self._answers = {
            (vendor, writes): deque() for vendor in vendors for writes in (False, True)
        }
        aside = {each.name for each in kinds.HOOKS} | {"dst_night", "index_lag"}
        for name in self.chance.sample(self.ordered, len(self.ordered)):
            if name in aside:
                continue
            if name in _ANSWERS:
                possible = kinds.FAULTS[name].vendors & set(vendors)
                vendor = self.chance.choice(sorted(possible))
                self._answers[vendor, name in _WRITES].append(name)
            else:
                self._waiting.append(name)
        # A day is too long to begin with.
        for queue in self._answers.values():
            if "down_for_a_day" in queue:
                queue.remove("down_for_a_day")
                queue.append("down_for_a_day")

    def round(self, number: int) -> None:
        """Begin to disturb."""
        self._calm = False
        self._lay_hooks(all_lost="index_lag" in self.ordered and number == 0)

    def calm(self, *, last: bool) -> None:
        """Let go of everything; what has not struck yet comes in the next round, if there is one."""
        self._calm = True
        self._end_machine()
        for helpdesk in self._run.place.helpdesks:
            self._note_answers(helpdesk)
            for at in [each for each in self._active if each[0] == helpdesk.vendor]:
                name, _ = self._active.pop(at)
                if not self.fired[name]:
                    self._answers[at].appendleft(name)
            helpdesk.set_token(helpdesk.server.token)
            helpdesk.server.faults.order([])
            helpdesk.meddler.waiting.clear()
            self._count_hooks(helpdesk)
            helpdesk.server.hooks.faults.order([])
            if isinstance(helpdesk.server, JiraServer):
                helpdesk.server.world.index.lag_seconds = 0
        if last:
            # What is late or waits to be overtaken comes now: nothing is left under way.
            for helpdesk in self._run.place.helpdesks:
                helpdesk.server.hooks.flush()
        self.laid = {}
        if self._killing is not None:
            self._waiting.appendleft(self._killing)
            self._killing = None
            if self._run.process is not None:
                self._run.process.kill()
                self._run.process = None

    def before_deed(self, helpdesk: Helpdesk) -> None:
        """Have the search show some changes late and others at once."""
        if "index_lag" in self.ordered and isinstance(helpdesk.server, JiraServer):
            late = not self._calm and self.chance.random() < 0.5
            helpdesk.server.world.index.lag_seconds = 200 if late else 0
            self.fired["index_lag"] += late

    def died(self) -> None:
        """Count what killed the process; the next trap is laid with the next beat."""
        if self._killing is not None:
            self.fired[self._killing] += 1
            self._killing, self.laid = None, {}

    def beat(self) -> None:
        """Do a beat, with what disturbs it."""
        run = self._run
        if not self._calm:
            self._next()
        run.deliver()
        told: dict[str, Any] = {}
        if self._machine in _HELD:
            told[_HELD[self._machine]] = True
        crowd = self._machine == "all_at_once"
        if self._machine == "overtaken":
            self._overtaken()
            return
        wrong = run.ask("tick", crowd=crowd, **told)
        self._judge(wrong)
        for helpdesk in run.place.helpdesks:
            self._note_answers(helpdesk)

    # What goes on one after the other.

    def _next(self) -> None:
        """Lay what comes next, where what was laid before has struck or lasted long enough."""
        for helpdesk in self._run.place.helpdesks:
            self._lay_answers(helpdesk)
        if self._machine is not None:
            self._lasts -= 1
            if self._lasts > 0 or (not self.fired[self._machine] and self._machine in _PATIENT):
                return
            self._end_machine()
        if self._waiting and self._killing is None:
            name = self._waiting.popleft()
            if name in _KILLS:
                self._lay_kill(name)
            else:
                self._machine, self._lasts = name, _BEATS.get(name, 1)
                getattr(self, f"_{name}", lambda: None)()

    def _end_machine(self) -> None:
        if self._machine is not None and not self.fired[self._machine]:
            self._waiting.append(self._machine)
        self._machine = None
        self._run.skew = 0.0

    def _judge(self, wrong: Sequence[str]) -> None:
        """Count what was seen to strike."""
        name = self._machine
        if name == "database_locked":
            self.fired[name] += "locked" in wrong
        elif name == "disk_full":
            self.fired[name] += "store" in wrong
        elif name == "all_at_once":
            self.fired[name] += any(each.startswith("crowd of") for each in wrong)
        elif name in {"clock_forward", "clock_back"}:
            self.fired[name] += 1

    # Answers.

    def _lay_answers(self, helpdesk: Helpdesk) -> None:
        """Lay a fault of reading and one of writing, where those before have struck."""
        changed = False
        for writes in (False, True):
            changed |= self._lay_answer(helpdesk, (helpdesk.vendor, writes))
        if not changed:
            return
        laid = [self._active[at][0] for at in self._active if at[0] == helpdesk.vendor]
        if "down_for_a_day" in laid:
            # It strikes everything: what else is laid waits.
            laid = ["down_for_a_day"]
        orders = [self._order(helpdesk.vendor, name) for name in laid if name not in _ASIDE]
        helpdesk.server.faults.order(orders)

    def _lay_answer(self, helpdesk: Helpdesk, at: tuple[str, bool]) -> bool:
        now = self._run.now
        active = self._active.get(at)
        if active is not None:
            name, since = active
            if not self.fired[name] or (name == "down_for_a_day" and now < since + _DAY):
                return False
            if name == "token_expired":
                helpdesk.set_token(helpdesk.server.token)
            del self._active[at]
        if not self._answers[at]:
            return active is not None
        name = self._answers[at].popleft()
        self._active[at] = (name, now)
        if name == "token_expired":
            helpdesk.set_token("no longer")
        elif name in _MEDDLING:
            self._meddle(helpdesk, name)
        return True

    def _order(self, vendor: str, name: str) -> dict[str, Any]:
        nth = self.chance.randint(1, 2)
        status = {"kind": "status", "nth": nth, "times": _TIMES.get(name, 1)}
        made: dict[str, dict[str, Any]] = {
            "down_for_a_day": {"match": "", "kind": "status", "status": 503, "times": _EVER},
            "limited_half_an_hour": status
            | {"match": READ[vendor], "status": 429, "headers": {"Retry-After": "1800"}},
            "half_an_answer": status | {"match": READ[vendor], "kind": "cut_body"},
            "web_page": status | {"match": READ[vendor], "kind": "non_json"},
            "foreign_404": status | {"match": LOOK[vendor], "status": 404, "body": "not here"},
            "lost_reply": status | {"match": WRITE[vendor], "kind": "lost_reply"},
            "half_a_reply": status | {"match": WRITE[vendor], "kind": "cut_body"},
            "failed_after_commit": status | {"match": WRITE[vendor], "status": 500, "commit": True},
            "conflict": status | {"match": WRITE[vendor], "kind": "conflict_409"},
            "swallowed": status
            | {"match": MUTE[vendor], "status": 204 if vendor == "jira" else 200, "body": ""},
        }
        return made[name]

    def _note_answers(self, helpdesk: Helpdesk) -> None:
        """Count the faults of answers that are laid, where they struck."""
        laid = [self._active[at][0] for at in self._active if at[0] == helpdesk.vendor]
        if "token_expired" in laid:
            refused = sum(each["status"] == 401 for each in helpdesk.server.calls)
            self.fired["token_expired"] = refused
        if "down_for_a_day" in laid:
            laid = ["down_for_a_day"]
        names = [name for name in laid if name not in _ASIDE]
        for name, told in zip(names, helpdesk.server.faults.report(), strict=False):
            self.fired[name] = max(self.fired[name], told["struck"])

    def _meddle(self, helpdesk: Helpdesk, name: str) -> None:
        vendor = helpdesk.vendor
        day = self._run.day

        def changes(ticket: str) -> bool:
            side = helpdesk.shift.side
            if not side.writable(ticket):
                return False
            side.edit(ticket, {"priority": self.chance.choice(["1", "5"])}, _COLLEAGUE, None)
            self.touched.add((vendor, ticket))
            self.fired[name] += 1
            return True

        def mends(ticket: str) -> bool:
            number = next((n for n, id_ in helpdesk.shift.tickets.items() if id_ == ticket), None)
            side = helpdesk.shift.side
            if number not in day.mended or side.is_open(ticket) or not side.writable(ticket):
                return False
            if not side.is_empty(ticket, FIELD["root_cause"]):
                return False
            deed = day.mended[number]
            lacking = {k: v for k, v in deed.fields.items() if side.is_empty(ticket, k)}
            self.mended.add((vendor, ticket))
            self.fired[name] += 1
            side.edit(ticket, lacking, deed.by, None)
            return True

        if name == "agent_meanwhile":
            helpdesk.meddler.waiting.append((WRITE[vendor], changes))
        else:
            helpdesk.meddler.waiting.append((IN_TIME[vendor], mends))

    # Hooks.

    def _lay_hooks(self, *, all_lost: bool) -> None:
        orders = []
        for name in (each.name for each in kinds.HOOKS):
            if name in self.ordered or (name == "lost" and all_lost):
                share = 1.0 if name == "lost" and all_lost else _SHARE
                orders.append(
                    {
                        "kind": name,
                        "share": share,
                        "times": _EVER,
                        "seed": self.chance.randrange(1_000),
                    }
                    if name == "lost"
                    else {
                        "kind": name,
                        "share": 1.0,
                        "nth": self.chance.randint(2, 12),
                        "times": _HOOKS.get(name, _SOME),
                    }
                )
        for helpdesk in self._run.place.helpdesks:
            # What befalls a hook rarely comes before what does so often.
            orders.sort(key=lambda each: each["kind"] == "lost")
            helpdesk.server.hooks.faults.order(orders)

    def _count_hooks(self, helpdesk: Helpdesk) -> None:
        for each in helpdesk.server.hooks.faults.report():
            if each["kind"] in self.ordered:
                self.fired[each["kind"]] += each["fired"]

    def _flood(self) -> None:
        """Have well signed hooks come of tickets that never were."""
        for helpdesk in self._run.place.helpdesks:
            hooks = helpdesk.server.hooks
            latest = [line["hook"] for line in hooks.lines() if line["attempt"]]
            attempts = hooks.attempts(latest[-1]) if latest else []
            if not attempts:
                continue
            true = attempts[-1].delivery
            body = helpdesk.server.registry
            told = json.loads(true.body)
            for number in range(_FLOOD):
                ticket = str(800_000_000 + number)
                hooks.tell(
                    true.hook,
                    true.url,
                    true.secret,
                    Telling(true.event, ticket, body.of_another(told, ticket)),
                )
            self.fired["flood"] += _FLOOD

    # Processes.

    def _lay_kill(self, name: str) -> None:
        most = 12 if name == "killed_after_commit" else 4
        self._killing = name
        self.laid = {_KILLS[name]: self.chance.randint(1, most)}
        self._run.ask("trap", laid=self.laid)

    def _second_process(self) -> None:
        run = self._run
        if run.process is None:
            return
        other = Process(run.place.config, run.now, run.pass_time, laid={}, tamper=lambda: None)
        if other.ready:
            run.wrong.append("two processes had an account at once")
            other.kill()
        else:
            self.fired["second_process"] += 1

    def _overtaken(self) -> None:
        """Hold a process up after it has read, and have another take its accounts over: their locks were swept away."""
        run = self._run
        first = run.process or run.start()
        with suppress(Died):
            first.ask("trap", run.now, laid={"pause": self.chance.randint(1, 2)})
            said, _ = first.begin("tick", run.now, run.skew)
            if said != "paused":
                return
            for helpdesk in run.place.helpdesks:
                (run.place.folder / f"ombud.db.{helpdesk.vendor}.lock").unlink()
            run.pass_time(30)
            second = run.start(door=False)
            second.ask("tick", run.now)
            before = second.ask("fingerprint", run.now)
            wrong = first.go_on()
            after = second.ask("fingerprint", run.now)
            first.kill()
            second.ask("open", run.now)
            if "stale" not in wrong or before != after:
                run.wrong.append("a process that had lost its account went on writing")
            self.fired["overtaken"] += 1

    # Clocks.

    def _clock_forward(self) -> None:
        self._run.skew = 7200.0

    def _clock_back(self) -> None:
        self._run.skew = -3600.0


#: What is laid until it strikes.
_PATIENT: Final = frozenset({"database_locked", "disk_full", "all_at_once", "overtaken", "flood"})
