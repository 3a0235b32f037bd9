"""What a backtest counts, the same whichever reading feeds it, and what the helpdesk would have seen of it."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from hashlib import md5
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.instant import instant, moment
from sync.decide import ACCOUNT_SPAN, PER_ACCOUNT, PER_TICKET, QUIET, TICKET_SPAN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.event import Ref
    from ombud.model.facts import Instant

#: What a complaint may be grouped by, the first that the data has; `project` is the key's prefix.
FACETS: Final = ("org_unit", "owner", "project")
#: Notes per complaint, at most: what is missing later is written into the note that stands there.
NOTES: Final = 3
#: Changed complaints that are listed; more are counted.
MOST_LISTED: Final = 10_000
#: Who is asked to mend where nothing says whose complaint it is.
NOBODY: Final = ""
_FIRST_YEAR, _LAST_YEAR = 1990, 2045


class Act(NamedTuple):
    """Say that a complaint failed a rule that acts, at one moment.

    Attributes:
        when: when; `None` where the failure has no moment.
        until: when the complaint moved on; `None` while it stays.
        agent: whose complaint it was then.
        moves: whether it would be moved back for it.

    """

    when: Instant | None
    until: Instant | None
    agent: str
    moves: bool


class Drawn(NamedTuple):
    """Hold a finding drawn for review; ordered by its lot.

    Attributes:
        lot: digest of the seed and the finding.
        rule: rule id.
        case: case id.
        account: the ticket's account.
        ticket: its id.
        occurrence: a guard's entering event, else `-`.

    """

    lot: str
    rule: str
    case: str
    account: str
    ticket: str
    occurrence: str


class Turned(NamedTuple):
    """Name a finding that the version in force judges otherwise.

    Attributes:
        rule: rule id.
        case: case id.
        account: the ticket's account.
        ticket: its id.
        failing: whether it fails now and did not before; else the other way round.

    """

    rule: str
    case: str
    account: str
    ticket: str
    failing: bool


@dataclass
class Tally:
    """Count verdicts, and what they would have made visible.

    Attributes:
        zone: the desk's zone, for days and weeks.
        seed: of the sample.
        draws: how many findings of each rule may be drawn.
        complaints: judged.
        left_out: complaints not received within the period.
        verdicts: (rule, verdict) -> findings.
        weeks: (Monday, rule, verdict) -> findings; Monday as an ISO date, "" where it is not known.
        teams: (facet, value, rule, verdict) -> findings.
        filled: facet -> complaints that have a value for it.
        flagged: complaints that would have carried a flag.
        moves: moments at which a complaint would have been moved back, by account.
        moved: complaints that would have been moved back at least once.
        insisted: failures that would have asked a person instead, the budget being spent.
        notes: (agent, day) -> notes.
        drawn: rule -> the lowest lots.
        turned: (rule, failing) -> findings that the version in force judges otherwise.
        turned_cases: complaints with at least one finding newly failing, newly passing.
        listed: those findings, up to a limit.

    """

    zone: ZoneInfo
    seed: str = "1"
    draws: int = 20
    complaints: int = 0
    left_out: int = 0
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    weeks: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    teams: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    moves: dict[str, list[Instant]] = field(default_factory=lambda: defaultdict(list))
    moved: int = 0
    insisted: int = 0
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)
    drawn: dict[str, list[tuple[int, Drawn]]] = field(default_factory=lambda: defaultdict(list))
    turned: Counter[tuple[str, bool]] = field(default_factory=Counter)
    turned_cases: Counter[bool] = field(default_factory=Counter)
    listed: list[Turned] = field(default_factory=list)

    def count(self, rule: str, verdict: str, week: str, number: int = 1) -> None:
        """Count findings of one rule and verdict in one week."""
        self.verdicts[rule, verdict] += number
        self.weeks[week, rule, verdict] += number

    def act(self, account: str, acts: Sequence[Act]) -> None:
        """Take in everything that one complaint would have shown."""
        if not acts:
            return
        self.flagged += 1
        dated = sorted((each for each in acts if each.when is not None), key=_order)
        spent: deque[Instant] = deque()
        notes: dict[Instant, str] = {}
        moved = False
        for each in dated:
            when = each.when or 0
            if each.moves:
                while spent and spent[0] <= when - TICKET_SPAN:
                    spent.popleft()
                if len(spent) >= PER_TICKET:
                    self.insisted += 1
                else:
                    spent.append(when)
                    self.moves[account].append(when)
                    moved = True
            elif each.until is not None and each.until - when < QUIET:
                continue
            notes.setdefault(when, each.agent)
        self.moved += moved
        for when, agent in list(notes.items())[:NOTES]:
            self.notes[agent, self.day(when)] += 1

    def draw(self, drawn: Drawn) -> None:
        """Keep a finding for the sample if its lot is low enough."""
        held = self.drawn[drawn.rule]
        # A heap gives its least first, so that lots are kept upside down.
        entry = (-int(drawn.lot, 16), drawn)
        if len(held) < self.draws:
            heapq.heappush(held, entry)
        elif self.draws and entry[0] > held[0][0]:
            heapq.heapreplace(held, entry)

    def sample(self, size: int) -> list[Drawn]:
        """Give so many findings, every rule in turn, the lowest lots first."""
        ranked = [
            (rank, drawn.lot, drawn)
            for held in self.drawn.values()
            for rank, (_, drawn) in enumerate(sorted(held, key=lambda each: each[1].lot))
        ]
        return [drawn for _, _, drawn in sorted(ranked)[:size]]

    def turn(self, turned: Iterable[Turned]) -> None:
        """Take in the findings of one complaint that the version in force judges otherwise."""
        ways = set()
        for each in turned:
            ways.add(each.failing)
            self.turned[each.rule, each.failing] += 1
            if len(self.listed) < MOST_LISTED:
                self.listed.append(each)
        for way in ways:
            self.turned_cases[way] += 1

    @property
    def facet(self) -> str:
        """Give what the data lets complaints be grouped by."""
        return next((name for name in FACETS if self.filled[name]), FACETS[-1])

    def over_budget(self) -> int:
        """Give how many move-backs an account's hourly budget would have turned into questions to a person."""
        over = 0
        for moments in self.moves.values():
            spent: deque[Instant] = deque()
            for when in sorted(moments):
                while spent and spent[0] <= when - ACCOUNT_SPAN:
                    spent.popleft()
                if len(spent) >= PER_ACCOUNT:
                    over += 1
                else:
                    spent.append(when)
        return over

    def week(self, at: Instant | None) -> str:
        """Give the Monday of the week, on the desk's clock, in which an instant lies."""
        if at is None:
            return ""
        edges, names = mondays(self.zone)
        index = bisect_right(edges, at) - 1
        return names[index] if index >= 0 else ""

    def day(self, at: Instant) -> str:
        """Give the local day of an instant."""
        return moment(at, self.zone).date().isoformat()


def lot(seed: str, rule: str, case: str, occurrence: str) -> str:
    """Draw a finding's lot: the same for the same seed, in every reading."""
    return md5(f"{seed}:{rule}:{case}:{occurrence}".encode(), usedforsecurity=False).hexdigest()


@lru_cache(maxsize=8)
def mondays(zone: ZoneInfo) -> tuple[list[Instant], list[str]]:
    """Give the midnights that begin weeks in a zone, and their days as ISO dates."""
    day, last = date(_FIRST_YEAR, 1, 1), date(_LAST_YEAR, 12, 31)
    day += timedelta(days=-day.weekday() % 7)
    edges, names = [], []
    while day <= last:
        edges.append(instant(datetime.combine(day, time(), tzinfo=zone)))
        names.append(day.isoformat())
        day += timedelta(days=7)
    return edges, names


def project(key: str, ref: Ref) -> str:
    """Give the facet that a ticket has anyway: the project in its key, else its account."""
    prefix, dash, number = key.rpartition("-")
    return prefix if dash and prefix and number.isdigit() else ref.account


def _order(act: Act) -> tuple[Instant, str, bool]:
    return act.when or 0, act.agent, not act.moves
