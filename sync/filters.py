"""Filters as they stand in an address: read, written, and said in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ombud.model.facts import STAGES, Verdict
from ombud.store.book import GRADES, Filter
from ombud.store.book.causes import repeating
from ombud.store.book.filter import NONE
from ombud.store.book.flow import WORDS, asked_of_ways
from sync.periods import DEFAULT, before, days_of, read_period

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store.book import RuleInfo
    from ombud.store.book.causes import Same
    from sync.periods import Period

#: Word in an address -> field of the filter: any of several values.
LISTS: Final = {
    "helpdesk": "helpdesks",
    "binding": "bindings",
    "project": "projects",
    "team": "teams",
    "channel": "channels",
    "product": "products",
    "category": "categories",
    "severity": "severities",
    "stage": "stages",
    "outcome": "outcomes",
    "cause": "causes",
    "pack": "packs",
    "grade": "grades",
    "owner": "owners",
    "case": "cases",
}
#: Word in an address -> field of the filter: yes or no.
FLAGS: Final = {
    "open": "open",
    "late": "late",
    "moved": "moved_back",
    "waived": "waived",
}
#: What a word is called by people, where not by itself.
TITLES: Final = {
    "by": "grouped by",
    "moved": "moved back",
    "cause": "root cause",
    "grade": "major rules",
    "due": "next due",
    "due-in": "due",
    "q": "key",
    "enforced": "enforced by",
    "known": "as known on",
    "before": "before policy",
    "repeat": "again within 90 days, same cause and",
    "variant": "way",
    "step": "went through",
    "edge": "went from and to",
    "deviation": "required path",
}
#: Words that say how a page is shown, not what it counts.
VIEWS: Final = frozenset({"page", "sort", "by", "clock", "show", "theme", "format", "size", "seed", "tab", "from", "to", "notice", "mark"})  # fmt: skip
_VERDICTS: Final = {each.value: each for each in Verdict}
#: How a complaint stands by its major rules, in words.
GRADE_WORDS: Final = {
    "first": "right first time",
    "after": "right after intervention",
    "failing": "a major rule failed",
    "unknown": "cannot be told",
    "pending": "not over yet",
    "none": "judged by no major rule",
}
#: Characters of one value, and values of one word.
LONGEST: Final = 400
MOST: Final = 200


class BadFilter(ValueError):
    """Say which words of an address are not understood, and what to write instead."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the problems."""
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Asking:
    """Hold what an address asks for.

    Attributes:
        filter: the complaints and findings.
        period: the period it names.
        against: the period it is compared with; `None` for none.
        known: what was known then; `None` for now.
        words: the filter's words, in order, without those of the view.
        view: the other words.
        zone: the zone its days are in.

    """

    filter: Filter
    period: Period
    against: Period | None
    known: Instant | None
    words: tuple[tuple[str, str], ...]
    view: tuple[tuple[str, str], ...]
    zone: ZoneInfo

    def link(self, path: str, **changed: str | Iterable[str] | None) -> str:
        """Give an address of a page with this filter, but for some words; `None` takes a word away."""
        told = {name.replace("_", "-"): value for name, value in changed.items()}
        kept = [(name, value) for name, value in self.words if name not in told]
        for name, value in told.items():
            if isinstance(value, str):
                kept.append((name, value))
            elif value is not None:
                kept += [(name, each) for each in value]
        return f"{path}?{urlencode(kept)}" if kept else path

    @property
    def query(self) -> str:
        """Give the filter's words as they stand in an address."""
        return urlencode(self.words)

    def compared(self) -> Filter | None:
        """Give the filter for the period it is compared with."""
        if self.against is None:
            return None
        return self.filter.but(
            begin=self.against.begin,
            end=self.against.end,
            days=days_of(self.against, self.zone) if self.filter.days is not None else None,
        )

    def in_words(self) -> list[str]:
        """Say the filter in words, one part each."""
        said = [f"{self.filter.date} {self.period.spoken}"]
        grouped: dict[str, list[str]] = {}
        for name, value in self.words:
            if name not in {"period", "date", "against"}:
                grouped.setdefault(name, []).append(value)
        for name, values in grouped.items():
            shown = [GRADE_WORDS.get(each, each) if name == "grade" else each for each in values]
            shown = ["none" if each == NONE else each.replace("_", " ") for each in shown]
            said.append(f"{TITLES.get(name, name)}: {' or '.join(shown)}")
        return said


def read_filter(
    words: Iterable[tuple[str, str]],
    *,
    rules: Mapping[int, RuleInfo],
    now: Instant,
    zone: ZoneInfo,
    groups: frozenset[str],
    desks: frozenset[str] = frozenset(),
) -> Asking:
    """Read an address's words.

    Args:
        words: names and values, repeated names as they come.
        rules: rules by their numbers in the book.
        now: the present instant.
        zone: where days begin and end.
        groups: groups whose restricted complaints the reader may see.
        desks: zones of the desks; where it is the reader's alone, whole days can be counted from the rollup.

    Raises:
        BadFilter: words that are not understood, all of them at once.

    """
    given: dict[str, list[str]] = {}
    view: list[tuple[str, str]] = []
    for name, value in words:
        if name in VIEWS:
            view.append((name, value))
        elif value != "":
            given.setdefault(name, []).append(value)
    reading = _Reading(given, rules, now, zone)
    asked = reading.read().but(groups=groups)
    if reading.repeat is not None:
        asked = asked.but(steps=(*asked.steps, repeating(reading.repeat, groups)))
    if desks != {zone.key}:
        asked = asked.but(days=None)
    if reading.problems:
        raise BadFilter(reading.problems)
    kept = [(name, value) for name, values in given.items() for value in dict.fromkeys(values)]
    return Asking(asked, reading.period, reading.against, reading.known, tuple(kept), tuple(view), zone)  # fmt: skip


class _Reading:
    def __init__(
        self,
        given: dict[str, list[str]],
        rules: Mapping[int, RuleInfo],
        now: Instant,
        zone: ZoneInfo,
    ) -> None:
        self.problems: list[str] = []
        self._given, self._rules, self._now, self._zone = given, rules, now, zone
        self.period = read_period(DEFAULT, now, zone)
        self.against: Period | None = None
        self.known: Instant | None = None
        self.repeat: Same | None = None

    def read(self) -> Filter:
        for name, values in self._given.items():
            if len(values) > MOST or any(len(value) > LONGEST for value in values):
                self.problems.append(f"{name[:40]}: that is too much for an address")
                return Filter()
        known = LISTS.keys() | FLAGS.keys() | _OTHERS | set(WORDS)
        self.problems += [
            f"{name[:40]}: there is no such filter"
            for name in self._given
            if name not in known
        ]  # fmt: skip
        self._read_periods()
        asked = Filter(
            begin=self.period.begin, end=self.period.end, days=days_of(self.period, self._zone)
        )
        date = self._choice("date", ("received", "due", "closed"))
        if date:
            asked = asked.but(date=date)
        for name, field in LISTS.items():
            asked = asked.but(**{field: tuple(dict.fromkeys(self._given.get(name, ())))})
        self._check_choices("stage", (*STAGES, NONE))
        self._check_choices("grade", GRADES)
        for name, field in FLAGS.items():
            asked = asked.but(**{field: self._flag(name)})
        if self._flag("before") is False:
            asked = asked.but(before=False)
        repeat = self._choice("repeat", ("complainant", "product"))
        if repeat is not None:
            self.repeat = "complainant" if repeat == "complainant" else "product"
        enforced = self._choice("enforced", ("moved-back", "person"))
        if enforced:
            asked = asked.but(moved_back=enforced == "moved-back")
        asked = asked.but(text=(self._given.get("q") or [""])[-1])
        asked = asked.but(
            verdicts=self._verdicts("verdict"), standings=self._verdicts("standing")
        )  # fmt: skip
        undated = self._given.get("due-in", [""])[-1] == NONE
        due, found_due = self._span("due"), None if undated else self._span("due-in")
        if due is not None:
            asked = asked.but(due=(due.begin, due.end))
        if found_due is not None:
            asked = asked.but(found_due=(found_due.begin, found_due.end))
        asked = asked.but(undated=undated)
        ways, problems = asked_of_ways(self._given, self._rules)
        self.problems += problems
        return asked.but(steps=tuple(ways), rules=self._rule_numbers())

    def _read_periods(self) -> None:
        self.period = self._span("period") or self.period
        against = self._given.get("against", [""])[-1]
        if against == "before":
            self.against = before(self.period, self._zone, self._now)
        elif against:
            self.against = self._span("against")
        known = self._given.get("known", [""])[-1]
        if known:
            told = self._span("known")
            if told is not None and told.end is not None:
                if told.end - 1 >= self._now:
                    self.problems.append(f"known: {known} is not over yet")
                self.known = told.end - 1

    def _span(self, name: str) -> Period | None:
        told = self._given.get(name)
        if not told:
            return None
        try:
            return read_period(told[-1], self._now, self._zone)
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return None

    def _choice(self, name: str, allowed: Sequence[str]) -> str | None:
        self._check_choices(name, allowed)
        told = self._given.get(name)
        return told[-1] if told and told[-1] in allowed else None

    def _check_choices(self, name: str, allowed: Sequence[str]) -> None:
        self.problems += [
            f"{name}: {value!r} is none of {', '.join(allowed)}"
            for value in self._given.get(name, ())
            if value not in allowed
        ]

    def _flag(self, name: str) -> bool | None:
        told = self._choice(name, ("yes", "no"))
        return None if told is None else told == "yes"

    def _verdicts(self, name: str) -> tuple[Verdict, ...]:
        self._check_choices(name, tuple(_VERDICTS))
        return tuple(_VERDICTS[each] for each in self._given.get(name, ()) if each in _VERDICTS)

    def _rule_numbers(self) -> tuple[int, ...] | None:
        named, clauses = self._given.get("rule"), self._given.get("clause")
        severities = self._given.get("rule-severity")
        if not (named or clauses or severities):
            return None
        self._check_choices("rule-severity", ("major", "minor", "observation"))
        return tuple(
            number
            for number, rule in self._rules.items()
            if (not named or rule.id in named)
            and (not clauses or any(under(each, told) for each in rule.clauses for told in clauses))
            and (not severities or rule.severity in severities)
        )


_OTHERS: Final = frozenset(
    {"period", "date", "against", "known", "verdict", "standing", "rule", "clause", "rule-severity", "due", "due-in", "q", "enforced", "before", "repeat"}
)  # fmt: skip


def under(clause: str, told: str) -> bool:
    """Tell whether a rule's clause, as "ISO 10002:2018 7.4.1", is one that is asked for, or lies under it."""
    standard, _, number = clause.rpartition(" ")
    wanted_standard, _, wanted = told.rpartition(" ")
    if wanted_standard and wanted_standard != standard:
        return False
    return number == wanted or number.startswith(f"{wanted}.")


def within(asking: Asking, period: Period) -> Asking:
    """Give the same question of another period."""
    words = [(name, value) for name, value in asking.words if name != "period"]
    return replace(
        asking,
        filter=asking.filter.but(
            begin=period.begin,
            end=period.end,
            days=days_of(period, asking.zone) if asking.filter.days is not None else None,
        ),
        period=period,
        words=(("period", period.key), *words),
    )
