"""What disturbs a day: faults drawn from a seed, laid one after the other, and counted when they have struck."""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ombud.chaos import kinds
from ombud.chaos.place import IN_TIME, LOOK, MUTE, READ, WRITE
from ombud.chaos.process import Died
from ombud.sandbox.hooks import Telling
from ombud.sandbox.http import Answer
from ombud.sandbox.jira.server import JiraServer
from ombud.sandbox.seed_life import FIELD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.chaos.place import Helpdesk
    from ombud.chaos.run import Run
    from ombud.sandbox.http import Call

#: Share of the hooks that each fault of hooks strikes, and how many at most.
_SHARE: Final = 0.15
_HOOKS: Final = {"lost": 1_000, "doubled": 20, "oversize": 1}
_SOME: Final = 6
_EVER: Final = 10**9
#: How often is often.
_OFTEN: Final = 10
_DAY: Final = timedelta(hours=24)
_FLOOD: Final = 150
#: Times that one fault of an answer strikes in a row: more than once where the first is tried again at once.
_TIMES: Final = {"limited_half_an_hour": 2, "half_an_answer": 2, "web_page": 2, "foreign_404": 1}
#: For how many beats a fault lasts.
_BEATS: Final = {"clock_forward": 4, "clock_back": 4, "token_expired": 3}
_HELD: Final = {"database_locked": "held", "disk_full": "full"}
_KILLS: Final = {
    "killed_after_commit": "commit",
    "killed_before_call": "before_call",
    "killed_after_call": "after_call",
}
_DOWN: Final = "down_for_a_day"
_ANSWERS: Final = frozenset(each.name for each in (*kinds.READS, *kinds.WRITES)) - {
    _DOWN,
    "index_lag",
    "token_expired",
}
_MEDDLING: Final = frozenset({"agent_meanwhile", "mended_meanwhile", "swallowed"})
_COLLEAGUE: Final = "acc-bert"
#: What hooks the door must not acknowledge, whatever the vendor.
REFUSED: Final = frozenset({"forged", "foreign", "oversize"})


class Mischief:
    """Disturb a run."""

    def __init__(self, seed: int, ordered: Sequence[str], *, often: bool = False) -> None:
        """Prepare faults of these kinds; `often` has each strike wherever it can, and not once."""
        self.chance = random.Random(seed)  # noqa: S311 (repeatable chance, not secrecy)
        self.ordered = list(ordered)
        self._often = often
        self.fired: Counter[str] = Counter()
        #: At what the next process dies.
        self.laid: dict[str, int] = {}
        #: Tickets that agents changed out of turn, by vendor; those that were mended out of turn.
        self.touched: set[tuple[str, str]] = set()
        self.mended: set[tuple[str, str]] = set()
        self._run: Run
        self._waiting: deque[str] = deque()
        self._kills: deque[str] = deque()
        #: Faults of answers that have not struck yet, by helpdesk; and those laid, as the helpdesk reports them.
        self._answers: dict[str, list[str]] = {}
        self._laid: dict[str, list[str]] = {}
        self._since: datetime
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
        self._answers = {vendor: [] for vendor in vendors}
        aside = {each.name for each in kinds.HOOKS} | {"dst_night", "index_lag"}
        for name in self.chance.sample(self.ordered, len(self.ordered)):
            if name in _ANSWERS:
                possible = kinds.FAULTS[name].vendors & set(vendors)
                self._answers[self.chance.choice(sorted(possible))].append(name)
            elif name in _KILLS:
                self._kills.append(name)
            elif name not in aside:
                self._waiting.append(name)
        if _DOWN in self._waiting:
            # A day is too long to begin with.
            self._waiting.remove(_DOWN)
            self._waiting.append(_DOWN)

    def round(self, number: int) -> None:
        """Begin to disturb."""
        self._calm = False
        for helpdesk in self._run.place.helpdesks:
            self._lay_answers(helpdesk)
        deaf = "index_lag" in self.ordered or (self._often and "lost" in self.ordered)
        self._lay_hooks(all_lost=deaf and number == 0)

    def calm(self, *, last: bool) -> None:
        """Let go of everything; what has not struck yet comes in the next round, if there is one."""
        self._calm = True
        self._end_machine()
        for helpdesk in self._run.place.helpdesks:
            self._note_answers(helpdesk)
            helpdesk.set_token(helpdesk.server.token)
            helpdesk.server.faults.order([])
            self._laid.pop(helpdesk.vendor, None)
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
            self._kills.appendleft(self._killing)
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
            if self._often and self.fired[self._killing] < _OFTEN:
                self._kills.append(self._killing)
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
            try:
                self._overtaken()
            except Died:
                run.died()
            return
        if self._machine == "flood" and not self.fired["flood"]:
            self._flood()
        wrong = run.ask("tick", crowd=crowd, **told)
        self._judge(wrong)
        for helpdesk in run.place.helpdesks:
            self._note_answers(helpdesk)

    # What goes on one after the other.

    def _next(self) -> None:
        """Lay what comes next, where what was laid before has struck or lasted long enough."""
        if self._kills and self._killing is None:
            self._lay_kill(self._kills.popleft())
        if self._machine is not None:
            self._lasts -= 1
            if self._machine == _DOWN and self._run.now < self._since + _DAY:
                return
            if self._lasts > 0 or (not self.fired[self._machine] and self._machine in _PATIENT):
                return
            name = self._machine
            self._end_machine()
            if self._often and self.fired[name]:
                self._waiting.append(name)
        if self._waiting:
            name = self._waiting.popleft()
            self._machine, self._lasts, self._since = name, _BEATS.get(name, 1), self._run.now
            getattr(self, f"_{name}", lambda: None)()

    def _end_machine(self) -> None:
        if self._machine is not None and not self.fired[self._machine]:
            self._waiting.append(self._machine)
        name, self._machine = self._machine, None
        self._run.skew = 0.0
        for helpdesk in self._run.place.helpdesks:
            if name == _DOWN:
                self._lay_answers(helpdesk)
            elif name == "token_expired":
                helpdesk.set_token(helpdesk.server.token)

    def _judge(self, wrong: Sequence[str]) -> None:
        """Count what was seen to strike."""
        name = self._machine
        if name == "database_locked":
            self.fired[name] += "locked" in wrong
        elif name == "disk_full":
            self.fired[name] += "store" in wrong
        elif name == "all_at_once":
            self.fired[name] += any(each.startswith("crowd of") for each in wrong)
        elif name == "token_expired":
            calls = [each for one in self._run.place.helpdesks for each in one.server.calls]
            self.fired[name] = sum(each["status"] == 401 for each in calls)
        elif name in {"clock_forward", "clock_back"}:
            self.fired[name] += 1

    # Answers.

    def _lay_answers(self, helpdesk: Helpdesk, *, down: bool = False) -> None:
        """Lay what has not struck yet, all at once: each strikes another call."""
        self._note_answers(helpdesk)
        vendor = helpdesk.vendor
        left = [name for name in self._answers[vendor] if self._often or not self.fired[name]]
        helpdesk.meddler.waiting.clear()
        for name in left:
            if name in _MEDDLING:
                self._meddle(helpdesk, name)
        # Whatever is left is answered by that one.
        self._laid[vendor] = [n for n in left if n not in _MEDDLING] + ([_DOWN] if down else [])
        helpdesk.server.faults.order([self._order(vendor, name) for name in self._laid[vendor]])

    def _note_answers(self, helpdesk: Helpdesk) -> None:
        """Count the faults of answers that are laid, where they struck."""
        laid = self._laid.get(helpdesk.vendor, [])
        for name, told in zip(laid, helpdesk.server.faults.report(), strict=True):
            self.fired[name] = max(self.fired[name], told["struck"])

    def _down_for_a_day(self) -> None:
        self._lay_answers(self.chance.choice(self._run.place.helpdesks), down=True)

    def _token_expired(self) -> None:
        for helpdesk in self._run.place.helpdesks:
            helpdesk.set_token("no longer")

    def _order(self, vendor: str, name: str) -> dict[str, Any]:
        nth = self.chance.randint(1, 3)
        times = _TIMES.get(name, 1) * (_OFTEN if self._often else 1)
        status = {"kind": "status", "nth": nth, "times": times}
        made: dict[str, dict[str, Any]] = {
            "down_for_a_day": {"match": "", "kind": "status", "status": 503, "times": _EVER},
            "limited_half_an_hour": status
            | {"match": READ[vendor], "status": 429, "headers": {"Retry-After": "1800"}},
            "half_an_answer": status | {"match": READ[vendor], "kind": "cut_body"},
            "web_page": status | {"match": READ[vendor], "kind": "non_json"},
            "foreign_404": status
            | {"match": f"{LOOK[vendor]}|{WRITE[vendor]}", "status": 404, "body": "not here"},
            "lost_reply": status | {"match": WRITE[vendor], "kind": "lost_reply"},
            "half_a_reply": status | {"match": WRITE[vendor], "kind": "cut_body"},
            "failed_after_commit": status | {"match": WRITE[vendor], "status": 500, "commit": True},
            "conflict": status | {"match": WRITE[vendor], "kind": "conflict_409"},
        }
        return made[name]

    def _meddle(self, helpdesk: Helpdesk, name: str) -> None:
        vendor = helpdesk.vendor
        day = self._run.day

        def changes(ticket: str, _call: Call) -> bool:
            side = helpdesk.shift.side
            if not side.writable(ticket):
                return False
            side.edit(ticket, {"priority": self.chance.choice(["1", "5"])}, _COLLEAGUE, None)
            self.touched.add((vendor, ticket))
            self.fired[name] += 1
            return True

        def swallows(_ticket: str, call: Call) -> bool | Answer:
            if b"status" in call.body:
                return False
            self.fired[name] += 1
            return Answer(204 if vendor == "jira" else 200, {})

        def mends(ticket: str, _call: Call) -> bool:
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

        what, do = {
            "agent_meanwhile": (WRITE[vendor], changes),
            "mended_meanwhile": (IN_TIME[vendor], mends),
            "swallowed": (MUTE[vendor], swallows),
        }[name]
        helpdesk.meddler.waiting += [(what, do)] * (_OFTEN if self._often else 1)

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
        most = 8 if name == "killed_after_commit" else 2
        self._killing = name
        self.laid = {_KILLS[name]: self.chance.randint(1, most)}
        self._run.ask("trap", laid=self.laid)

    def _second_process(self) -> None:
        run = self._run
        if run.process is None:
            return
        other = run.another()
        if other.ready:
            run.wrong.append("two processes had an account at once")
            other.kill()
        self.fired["second_process"] += 1

    def _overtaken(self) -> None:
        """Hold a process up after it has read, and have another take its accounts over: their locks were swept away."""
        run = self._run
        first = run.process or run.start()
        first.ask("trap", run.now, laid={"pause": self.chance.randint(1, 2)})
        said, _ = first.begin("tick", run.now, run.skew)
        if said != "paused":
            return
        for helpdesk in run.place.helpdesks:
            (run.place.folder / f"ombud.db.{helpdesk.vendor}.lock").unlink()
        run.pass_time(30)
        second = run.start(door=False)
        try:
            second.ask("tick", run.now)
            before = second.ask("fingerprint", run.now)
            wrong = first.go_on()
            after = second.ask("fingerprint", run.now)
        finally:
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
_PATIENT: Final = frozenset(
    {
        _DOWN,
        "token_expired",
        "database_locked",
        "disk_full",
        "all_at_once",
        "overtaken",
        "flood",
    }
)
