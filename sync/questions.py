"""What is asked of facts: for each grain one SELECT that gives every rule's verdict, all of one shape.

No text of a pack stands in a statement: constants are bound, columns and files are named by us.
"""
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from ombud.model.instant import instant
from ombud.store.facts import COMPLAINT, TRANSITION
from policies.load import in_force
from policies.rule import Guard
from policies.sql import verdict_sql
from sync.dues import needs
from sync.tried import judged_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.model.facts import Instant
    from ombud.store.facts import FactsReader
    from policies.rule import Rule
    from sync.binding import Bound, Edition
    from sync.dues import Need
    from sync.tried import Asked

#: Before and after every receipt.
_BEGIN, _END = -(1 << 62), 1 << 62


@dataclass(frozen=True)
class Question:
    """Ask one grain's rules at once.

    Attributes:
        sql: a SELECT of kase, account, ticket, occurrence, happened, team, agent, until, movable, of
            guards the week, and verdicts: v0, v1, … by the pack that is tried, w0, w1, … by the one in force.
        values: its bound values.
        rules: the rules, in that order.
        tried: those of them that the pack that is tried has.
        differ: those that the version in force has otherwise, or not at all, or alone.
        guard: whether they give the verdicts of guards alone.
        bare: a SELECT of the verdicts alone, where that takes less; the same values belong to it.

    """

    sql: str
    values: list[object]
    rules: list[Rule]
    tried: frozenset[int]
    differ: frozenset[int]
    guard: bool
    bare: str = ""


@dataclass(frozen=True)
class _Span:
    """A span of receipts in which one edition of each version holds."""

    begin: Instant
    end: Instant
    tried: Edition | None
    against: Edition | None
    newest: bool

    def sql(self) -> tuple[str, list[object]]:
        unknown = "m_received IS NULL OR m_received < 0 OR " if self.newest else ""
        return f"({unknown}(m_received >= ? AND m_received < ?))", [self.begin, self.end]


def period(asked: Asked) -> tuple[str, list[object]]:
    """Give the condition that a complaint was received within the period."""
    since = asked.since if asked.since is not None else _BEGIN
    return "(begun IS NULL OR (begun >= ? AND begun <= ?))", [since, asked.until]


def questions(reader: FactsReader, asked: Asked, facet: str) -> Iterator[Question]:
    """Give what is to be asked: of each stage, of complaints as a whole, and of each rule's dues."""
    for span in _spans(asked):
        yield from _guards(reader, asked, span, facet)
    yield from _clocks(reader, asked, facet)


def _spans(asked: Asked) -> Iterator[_Span]:
    """Cut time by receipt where another edition begins to hold."""
    against = asked.against if asked.compares else None
    bounds = [bound for bound in (asked.bound, against) if bound is not None]
    for day, begin, end in _cuts(bounds):
        yield _Span(begin, end, _holding(asked.bound, day), _holding(against, day), newest=False)
    # Where the receipt is not known the newest edition judges.
    newest = asked.bound.judge.newest
    yield _Span(0, 0, newest, against.judge.newest if against is not None else None, newest=True)


def _cuts(bounds: Sequence[Bound]) -> Iterator[tuple[date | None, Instant, Instant]]:
    """Give the spans of time in which the same editions hold: first day, and first instant to last."""
    days = {
        day
        for bound in bounds
        for each in bound.judge.editions
        for day in (
            each.effective_from,
            each.effective_to + timedelta(days=1) if each.effective_to is not None else None,
        )
        if day is not None
    }
    newest = bounds[0].judge.newest
    zone = newest.calendars[newest.calendar].tzinfo
    edges = {day: instant(datetime.combine(day, time(), tzinfo=zone)) for day in sorted(days)}
    cuts: list[tuple[date | None, Instant]] = [(None, _BEGIN), *edges.items(), (None, _END)]
    for (day, begin), (_, end) in pairwise(cuts):
        yield day, begin, end


def received_within(need: Need) -> tuple[str, list[object]]:
    """Give the condition that a rule's edition is the one that holds for a complaint."""
    spans = [
        _Span(begin, end, need.edition, None, newest=False)
        for day, begin, end in _cuts([need.bound])
        if _holding(need.bound, day) is need.edition
    ]
    if need.edition is need.bound.judge.newest:
        spans.append(_Span(0, 0, need.edition, None, newest=True))
    told = [each.sql() for each in spans]
    values = [value for _, held in told for value in held]
    return f"({' OR '.join(sql for sql, _ in told) or 'false'})", values


def _holding(bound: Bound | None, day: date | None) -> Edition | None:
    if bound is None or day is None:
        return None
    return in_force(bound.judge.editions, day)


def _judged(bound: Bound | None, edition: Edition | None, asked: Asked) -> dict[str, Rule]:
    if bound is None or edition is None:
        return {}
    return {
        rule.id: rule
        for rule in judged_rules(edition)
        if asked.only is None or rule.id in asked.only
    }


def _guards(reader: FactsReader, asked: Asked, span: _Span, facet: str) -> Iterator[Question]:
    """Ask the guards of one span: a SELECT for each stage, and one for what stands of complaints as a whole."""
    tried = _judged(asked.bound, span.tried, asked)
    against = _judged(asked.against, span.against, asked)
    stages: dict[str | None, dict[str, tuple[Rule | None, Rule | None]]] = {}
    for name in [*tried, *(name for name in against if name not in tried)]:
        for index, rule in enumerate((tried.get(name), against.get(name))):
            if rule is not None and isinstance(rule.body, Guard):
                pairs = stages.setdefault(rule.body.entering, {})
                held = pairs.get(name, (None, None))
                pairs[name] = (rule, held[1]) if index == 0 else (held[0], rule)
    for stage, pairs in stages.items():
        verdicts: dict[str, Any] = {}
        rules: list[Rule] = []
        mine: set[int] = set()
        differ: set[int] = set()
        for number, (new, old) in enumerate(pairs.values()):
            if new is not None:
                mine.add(number)
            if asked.compares and (new is None or old is None or new.body != old.body):
                differ.add(number)
            for letter, rule in (("v", new), ("w", old if number in differ else None)):
                if rule is not None and isinstance(rule.body, Guard):
                    verdicts[f"{letter}{number}"] = verdict_sql(
                        rule.body.when, rule.body.must, reader.column
                    )
            rules.append(new or old)  # type: ignore[arg-type]  # one of the two is there
        yield _question(
            reader, asked, span, stage, verdicts, rules, (frozenset(mine), frozenset(differ)), facet
        )


def _question(
    reader: FactsReader,
    asked: Asked,
    span: _Span,
    stage: str | None,
    verdicts: dict[str, Any],
    rules: list[Rule],
    which: tuple[frozenset[int], frozenset[int]],
    facet: str,
) -> Question:
    columns = ["kase", "account", "ticket", "begun", "m_received", "week", f"t_{facet}", "agent"]
    if stage is None:
        table = COMPLAINT
        told = (
            "'-' AS occurrence, begun AS happened, CAST(NULL AS BIGINT) AS until, false AS movable"
        )
        entering = ""
    else:
        table, columns = (
            TRANSITION,
            [*columns, "occurrence", "entering", "entered", "until", "movable"],
        )
        told = "occurrence, entered AS happened, until, movable"
        entering = " AND entering = ?"
    inner, values = reader.select_of(table, columns, verdicts)
    spans, more = period(asked)
    received, most = span.sql()
    names = [
        f"{label}" if label in verdicts else f"CAST(NULL AS VARCHAR) AS {label}"
        for number in range(len(rules))
        for label in (f"v{number}", f"w{number}")
    ]
    sql = (
        f"SELECT kase, account, ticket, {told}, week, t_{facet} AS team, agent, {', '.join(names)} "
        f"FROM ({inner}) WHERE {spans} AND {received}{entering}"
    )
    values = [*values, *more, *most, *([stage] if stage is not None else [])]
    mine, differ = which
    return Question(sql, values, rules, mine, differ, guard=True)


#: A verdict of a clock: what was reckoned where that says more than comparing.
_COMPARED: Final = """CASE WHEN recheck <= ? THEN after WHEN told IS NOT NULL THEN told
 WHEN due IS NULL THEN 'pending' WHEN stop IS NOT NULL THEN CASE WHEN stop <= due THEN 'pass' ELSE 'fail' END
 WHEN due >= ? THEN 'pending' ELSE 'fail' END"""


def _clocks(reader: FactsReader, asked: Asked, facet: str) -> Iterator[Question]:
    """Ask the dues of each rule, those of the version in force beside them."""
    bounds = (
        [asked.bound, asked.against]
        if asked.against is not None and asked.compares
        else [asked.bound]
    )
    rules: dict[str, Rule] = {}
    files: dict[str, tuple[list[str], list[str]]] = {}
    for index, bound in enumerate(bounds):
        for need in needs([bound]):
            if asked.only is None or need.rule.id in asked.only:
                rules.setdefault(need.rule.id, need.rule)
                files.setdefault(need.rule.id, ([], []))[index].append(need.name)
    spans, values = period(asked)
    now = asked.until
    head = (
        "n, occurrence, CASE WHEN due IS NULL THEN COALESCE(entered, begun) ELSE LEAST(due, ?) END "
        f"AS happened, {_COMPARED} AS verdict"
    )
    for name, (mine, theirs) in files.items():
        one, of_one = _union(reader, head, mine, spans, [now, now, now, *values])
        other, of_other = _union(reader, head, theirs, spans, [now, now, now, *values])
        if not theirs or mine == theirs:
            beside = "verdict" if theirs else "CAST(NULL AS VARCHAR)"
            told, bound_values = f"SELECT *, verdict AS v0, {beside} AS w0 FROM ({one})", of_one
        elif not mine:
            told = f"SELECT *, CAST(NULL AS VARCHAR) AS v0, verdict AS w0 FROM ({other})"
            bound_values = of_other
        else:
            told = (
                "SELECT COALESCE(a.n, b.n) AS n, COALESCE(a.occurrence, b.occurrence) AS occurrence, "
                "a.happened AS happened, a.verdict AS v0, b.verdict AS w0 "
                f"FROM ({one}) a FULL JOIN ({other}) b ON a.n = b.n AND a.occurrence = b.occurrence"
            )
            bound_values = [*of_one, *of_other]
        sql = (
            "SELECT kase, account, ticket, occurrence, happened, CAST(NULL AS BIGINT) AS until, "
            f"false AS movable, t_{facet} AS team, agent, v0, w0 FROM ({told}) JOIN {COMPLAINT} USING (n)"
        )
        here = frozenset([0] if mine else [])
        differ = frozenset([0] if asked.compares and mine != theirs else [])
        yield Question(sql, bound_values, [rules[name]], here, differ, guard=False, bare=told)


def _union(
    reader: FactsReader, head: str, names: Sequence[str], where: str, values: Sequence[object]
) -> tuple[str, list[object]]:
    """Ask the dues of all editions of a rule together."""
    parts = [f"SELECT {head} FROM {reader.dues(each)} WHERE {where}" for each in names]
    return " UNION ALL ".join(parts), [*values] * len(parts)
