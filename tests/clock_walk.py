"""A second opinion on deadlines and cadences: from an example's events as written, by the day-walk's dues.

It shares no code with the judge but the closures of conditions, which are held against SQL elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ombud.model.facts import UNKNOWN
from ombud.model.instant import instant, moment
from policies.row import compile_row
from policies.rule import Agreed, AnyOf, Cadence, Deadline, PauseRule
from tests import day_walk
from tests.calendar_strategies import walked
from tests.day_walk import Desk

Told = tuple[str, str, datetime | None]
NOTHING = ("not_applicable", "not_applicable", None)


@dataclass(frozen=True)
class Case:
    """A complaint as its events tell of it.

    Attributes:
        events: as written, oldest first.
        unknown: fields of which nothing was known at the beginning.
        types: field -> its type.
        milestones: every milestone there is.
        reached: milestone -> when; what was never reached stands not in it.
        desk: whose hours count.

    """

    events: Sequence[Mapping[str, Any]]
    unknown: Sequence[str]
    types: Mapping[str, str]
    milestones: Collection[str]
    reached: Mapping[str, datetime]
    desk: Desk

    def values(self, name: str) -> Iterator[tuple[datetime, Any]]:
        """Every value a field took, as facts hold it."""
        if name in self.unknown:
            yield when_of(self.events[0]), UNKNOWN
        for each in self.events:
            if name in each.get("set", {}):
                yield when_of(each), self.fact(name, each["set"][name])

    def fact(self, name: str, value: Any) -> Any:
        if value == "":
            return None
        if self.types[name] == "instant":
            return instant(datetime.fromisoformat(value))
        return {True: "yes", False: "no"}[value] if self.types[name] == "flag" else value

    def row(self, at: datetime) -> dict[str, Any]:
        """All facts as they stood at an instant, that instant included."""
        found: dict[str, Any] = dict.fromkeys(self.types)
        for name in self.types:
            for when, value in self.values(name):
                if when <= at:
                    found[name] = value
        found |= dict.fromkeys(self.milestones)
        return found | {name: instant(when) for name, when in self.reached.items() if when <= at}

    def first_row(self) -> dict[str, Any]:
        """All fields as first filled in."""
        return {
            name: next((value for _, value in self.values(name) if value is not None), None)
            for name in self.types
        }

    def next_value(self, name: str, at: datetime) -> Any:
        """The first value of a field after an instant."""
        later = (value for when, value in self.values(name) if when > at and value is not None)
        return next(later, None)

    def spans(self, rule: PauseRule) -> Iterator[tuple[datetime, datetime | None]]:
        """When something that stops the clock was so."""
        begun = None
        for each in self.events:
            now = when_of(each)
            holds = begun is not None
            if rule.kind == "while":
                if rule.name in each.get("set", {}):
                    holds = each["set"][rule.name] is True
            elif "stage" in each:
                holds = rule.name == (each["stage"] if rule.kind == "stage" else each.get("waiting"))  # fmt: skip
            if holds and begun is None:
                begun = now
            elif not holds and begun is not None:
                yield begun, now
                begun = None
        if begun is not None:
            yield begun, None

    def pauses(self, rules: Sequence[PauseRule], stop: datetime | None, now: datetime) -> list:
        """The pauses of rules, each cut at its cap and at the stop."""
        found: list[tuple[datetime, datetime | None]] = []
        for rule in rules:
            for begin, told in self.spans(rule):
                end = told
                cap = walked(self.desk, begin, rule.cap, [])
                assert cap is not None
                if end is None and stop is None and now < cap:
                    found.append((begin, None))
                    continue
                ends = [each for each in (end, stop, cap) if each is not None]
                found.append((begin, min(ends)))
        return [(begin, end) for begin, end in found if end is None or end > begin]


def when_of(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["when"])


def deadline(case: Case, body: Deadline, now: datetime) -> Told | None:
    """Say what a deadline comes to as of `now`: verdict, standing, due; `None` where it has not begun."""
    held = case.row(now)
    start = held.get(body.start)
    if start is None:
        return None
    if start is UNKNOWN:
        return "unknown", "unknown", None
    stops = [case.reached[name] for name in body.stops if name in case.reached]
    return _clock(case, body, moment(start), min(stops, default=None), now)


def cadence(case: Case, body: Cadence, said: Sequence[datetime], now: datetime) -> Told:
    """Say what a cadence comes to, word by word."""
    start, stop = case.reached["received"], case.reached.get(body.stop)
    heard = [at for at in said if start < at <= (stop or now)]
    marks = [start, *heard]
    found = [
        _clock(case, body, begin, until, now)
        for begin, until in zip(marks, [*heard, stop], strict=True)
    ]
    verdicts = [each[0] for each in found]
    verdict = next((each for each in ("fail", "unknown") if each in verdicts), verdicts[-1])
    standing = "pass" if stop is not None else found[-1][1]
    return verdict, "not_applicable" if verdict == "not_applicable" else standing, found[-1][2]


def _clock(
    case: Case, body: Deadline | Cadence, start: datetime, stop: datetime | None, now: datetime
) -> Told:
    as_of = body.as_of if isinstance(body, Deadline) else "stop"
    row = case.row(now if as_of == "last" else stop or now)
    if as_of == "first":
        row = {**case.row(now), **case.first_row()}
    if isinstance(body, Cadence) and stop is not None:
        # What was blank when a silence ended is judged by its next value.
        row |= {name: case.next_value(name, stop) for name in case.types if row[name] is None}
    applies = True if body.when is None else compile_row(body.when, "when")(row)
    if applies is False:
        return NOTHING
    found = [_outcome(case, body, start, stop, now, each) for each in _chosen(body.terms, row)]
    told = found[0]
    if any(each[:2] != told[:2] for each in found):
        told = ("unknown", "unknown", None)
    if applies is None and told[0] != "pass":
        told = ("unknown", "unknown", told[2])
    return told


def _chosen(terms: Any, row: Mapping[str, Any]) -> list[list[Any]]:
    """The lengths that may hold, each with those that an agreed date falls back upon."""
    for i, (when, length) in enumerate(terms):
        holds = True if when is None else compile_row(when, "when")(row)
        if holds is False:
            continue
        rest = _chosen(terms[i + 1 :], row)
        mine = [[length, *each] for each in rest] if isinstance(length, Agreed) else [[length]]
        return mine if holds else mine + rest
    return []


def _due(
    case: Case, length: list[Any], start: datetime, held: day_walk.Pauses, until: datetime
) -> datetime | None:
    first = length[0]
    if isinstance(first, AnyOf):
        dues = [walked(case.desk, start, term, held) for term in first.terms]
        return None if None in dues else max(each for each in dues if each is not None)
    if not isinstance(first, Agreed):
        return walked(case.desk, start, first, held)
    due = _due(case, length[1:], start, held, until)
    for when, value in case.values(first.field):
        if when <= until and isinstance(value, int) and (due is None or when <= due):
            due = moment(value)
    return due


def _outcome(
    case: Case,
    body: Deadline | Cadence,
    start: datetime,
    stop: datetime | None,
    now: datetime,
    length: list[Any],
) -> Told:
    held = case.pauses(body.pauses, stop, now)
    due = _due(case, length, start, held, stop or now)
    perhaps = None
    extension = body.extension if isinstance(body, Deadline) else None
    if extension is not None and due is not None and extension.by in case.reached:
        notice = case.reached[extension.by]
        must = extension.must
        holds = True if must is None else compile_row(must, "must")(case.row(notice))
        if notice <= due and holds is not False:
            extended = walked(case.desk, start, extension.term, held)
            due, perhaps = (extended, None) if holds else (due, extended)
    if due is None:
        return "pending", "pending", None
    if stop is not None:
        if stop <= due:
            return "pass", "pass", due
        return "unknown" if perhaps is not None and stop <= perhaps else "fail", "pass", due
    if now <= due:
        return "pending", "pending", due
    told = "unknown" if perhaps is not None and now <= perhaps else "fail"
    return told, told, due
