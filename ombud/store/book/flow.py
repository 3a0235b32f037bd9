"""Ways that complaints took, counted in the book: variants, times between steps, deviations, and who they are."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ombud.model.facts import STAGES
from ombud.store.book.ways import BETWEEN, BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ombud.store.book.book import Book
    from ombud.store.book.filter import Filter
    from ombud.store.book.layout import RuleInfo

#: What an activity can be -> the columns of `way` that hold the activities and their times.
COLUMNS: Final = {"stage": ("stages", "entered"), "status": ("statuses", "moved")}
#: Words of an address that ask for ways.
WORDS: Final = ("variant", "step", "edge", "deviation")
#: Kinds of deviation that a stage stands behind.
KINDS: Final = ("missing", "extra", "order")
#: What else can be asked of a way: kept to the path, off it in any manner, cannot be told, nothing is demanded of it.
OTHERS: Final = ("none", "any", "unknown", "unasked")
_DIGITS: Final = 12


class Walked(NamedTuple):
    """Count complaints that took the same way and deviate alike; masks have a bit for each stage.

    Attributes:
        way: activities in order.
        open: whether they are open.
        missing: stages demanded and never reached.
        extra: stages entered again.
        turned: demanded stages entered after a later one.
        told: whether rules demanded something, and it can be told whether it came about.
        asked: whether rules demanded something.
        complaints: how many.

    """

    way: tuple[str, ...]
    open: bool
    missing: int
    extra: int
    turned: int
    told: bool
    asked: bool
    complaints: int


class Span(NamedTuple):
    """Hold the time between two activities that followed each other: how often, its median and ninth decile in microseconds."""

    times: int
    median: int
    p90: int


def path_of(rules: Mapping[int, RuleInfo]) -> tuple[str, ...]:
    """Give the required path: received, every stage that some guard demands, closed; only the ends where none does."""
    demanded = {stage for rule in rules.values() for stage in rule.demands}
    return tuple(stage for stage in STAGES if stage in demanded or stage in {"received", "closed"})


def walked(book: Book, asked: Filter, activity: str = "stage") -> list[Walked]:
    """Count the ways of complaints, with how they deviate."""
    where, values = asked.where()
    column, _ = COLUMNS[activity]
    given, of_rules = _judged(book.rules)

    def found() -> list[Walked]:
        rows = book.ask(
            f"{given} SELECT {column}, open, missing, extra, turned, told, asked, count(*) "
            f"FROM (SELECT c.*, {_masks(book.rules)}, w.{column} FROM complaint c JOIN way w USING (n) "
            f"LEFT JOIN demanded d USING (n) WHERE {where}) GROUP BY ALL",
            [*of_rules, *values],
        )
        return [Walked(tuple(row[0].split(BETWEEN)) if row[0] else (), *row[1:]) for row in rows]

    return book.remembered(("walked", asked, activity), found)


def lasted(book: Book, asked: Filter, activity: str = "stage") -> dict[tuple[str, ...], int]:
    """Give the median time from the first activity to the last of closed complaints, by way."""
    where, values = asked.where()
    column, times = COLUMNS[activity]

    def found() -> dict[tuple[str, ...], int]:
        rows = book.ask(
            f"SELECT w.{column}, quantile_disc(w.{times}[-1] - w.{times}[1], 0.5) FROM complaint c JOIN way w USING (n) "
            f"WHERE NOT c.open AND w.{column} <> '' AND {where} GROUP BY w.{column}",
            values,
        )
        return {tuple(row[0].split(BETWEEN)): row[1] for row in rows}

    return book.remembered(("lasted", asked, activity), found)


def spans(book: Book, asked: Filter, activity: str = "stage") -> dict[tuple[str, str], Span]:
    """Give the times between activities that followed each other directly."""
    where, values = asked.where()
    column, times = COLUMNS[activity]

    def found() -> dict[tuple[str, str], Span]:
        rows = book.ask(
            "SELECT a, b, count(*), quantile_disc(y - x, [0.5, 0.9]) FROM (SELECT unnest(names[:-2]) AS a, "
            "unnest(names[2:]) AS b, unnest(times[:-2]) AS x, unnest(times[2:]) AS y "
            f"FROM (SELECT string_split(w.{column}, chr(31)) AS names, w.{times} AS times FROM complaint c "
            f"JOIN way w USING (n) WHERE len(w.{times}) > 1 AND {where})) GROUP BY a, b",
            values,
        )
        return {(a, b): Span(count, *both) for a, b, count, both in rows}

    return book.remembered(("spans", asked, activity), found)


def late(book: Book, asked: Filter) -> dict[int, int]:
    """Count closed complaints that missed a deadline, by the number of its rule."""
    clocks = [number for number, rule in book.rules.items() if rule.kind == "deadline"]
    if not clocks:
        return {}
    where, values = asked.where()

    def found() -> dict[int, int]:
        rows = book.ask(
            "SELECT v.rule, count(DISTINCT v.n) FROM verdict v JOIN complaint c USING (n) WHERE v.verdict = 1 "
            f"AND v.rule IN ({', '.join('?' * len(clocks))}) AND NOT c.open AND {where} GROUP BY v.rule",
            [*clocks, *values],
        )
        return {row[0]: row[1] for row in rows}

    return book.remembered(("late", asked), found)


def digest_of(way: Sequence[str], activity: str = "stage") -> str:
    """Give the name a variant has in an address."""
    told = hashlib.md5(BETWEEN.join(way).encode(), usedforsecurity=False).hexdigest()
    return _said(activity, told[:_DIGITS])


def step_of(name: str, activity: str = "stage") -> str:
    """Give the name an activity has in an address."""
    return _said(activity, _coded(name))


def edge_of(before: str, after: str, activity: str = "stage") -> str:
    """Give the name an edge has in an address; an empty end is the beginning or the end of ways."""
    return _said(activity, f"{_coded(before)}>{_coded(after)}")


def asked_of_ways(
    given: Mapping[str, Iterable[str]], rules: Mapping[int, RuleInfo]
) -> tuple[list[tuple[str, tuple[object, ...]]], list[str]]:
    """Read the words of an address that ask for ways.

    Args:
        given: `WORDS` -> the values of each; several of one are any of them.
        rules: rules by their numbers in the book.

    Returns:
        Conditions for `Filter.steps`, and what is not understood.

    """
    reading: dict[str, Callable[[str], tuple[str, list[object]]]] = {
        "variant": _variant,
        "step": _step,
        "edge": _edge,
        "deviation": lambda value: _deviation(value, rules),
    }
    told: list[tuple[str, tuple[object, ...]]] = []
    problems: list[str] = []
    for name, read in reading.items():
        parts: list[str] = []
        values: list[object] = []
        for value in given.get(name, ()):
            try:
                text, taken = read(value)
            except ValueError as error:
                problems.append(f"{name}: {error}")
                continue
            parts.append(text)
            values += taken
        if parts:
            told.append((f"({' OR '.join(parts)})", tuple(values)))
    return told, problems


def _variant(value: str) -> tuple[str, list[object]]:
    column, told = _column(value)
    if len(told) != _DIGITS or set(told) - set("0123456789abcdef"):
        raise ValueError(f"{value!r} is no variant; follow a link on the page Flow")
    return _ways(f"substr(md5(w.{column}), 1, {_DIGITS}) = ?"), [told]


def _step(value: str) -> tuple[str, list[object]]:
    column, told = _column(value)
    return _ways(_holds(column)), [f"{BETWEEN}{_plain(told)}{BETWEEN}"]


def _edge(value: str) -> tuple[str, list[object]]:
    column, told = _column(value)
    before, mark, after = told.partition(">")
    if not mark or not (before or after):
        raise ValueError(f"{value!r} is no step between two; write it as before>after")
    before, after = _plain(before), _plain(after)
    whole = f"chr(31) || w.{column} || chr(31)"
    if not before:
        return _ways(f"starts_with({whole}, ?)"), [f"{BETWEEN}{after}{BETWEEN}"]
    if not after:
        return _ways(f"ends_with({whole}, ?)"), [f"{BETWEEN}{before}{BETWEEN}"]
    return _ways(_holds(column)), [f"{BETWEEN}{before}{BETWEEN}{after}{BETWEEN}"]


def _deviation(value: str, rules: Mapping[int, RuleInfo]) -> tuple[str, list[object]]:
    kind, _, stage = value.partition(":")
    if value == "none":
        condition = "asked AND told AND missing = 0 AND extra = 0 AND turned = 0"
    elif value == "any":
        condition = "asked AND (missing > 0 OR extra > 0 OR turned > 0)"
    elif value == "unknown":
        condition = "asked AND NOT told AND missing = 0 AND extra = 0 AND turned = 0"
    elif value == "unasked":
        condition = "NOT asked"
    elif kind in KINDS and stage in BITS:
        condition = f"asked AND {'turned' if kind == 'order' else kind} & {BITS[stage]} > 0"
    else:
        known = ", ".join(f"{each}:stage" for each in KINDS)
        raise ValueError(f"{value!r} is none of {known}, {', '.join(OTHERS)}")
    given, values = _judged(rules)
    return (
        f"c.n IN ({given} SELECT n FROM (SELECT c.n, {_masks(rules)} FROM complaint c JOIN way w USING (n) "
        f"LEFT JOIN demanded d USING (n) WHERE NOT c.open) WHERE {condition})"
    ), values


def _judged(rules: Mapping[int, RuleInfo]) -> tuple[str, list[object]]:
    """Give the stages that findings demand of each complaint: failed, not to be told, any at all; none that are waived."""
    demanding = {
        number: sum(BITS[stage] for stage in rule.demands)
        for number, rule in rules.items()
        if rule.demands
    }
    if not demanding:
        return (
            "WITH demanded AS (SELECT n, 0 AS failed, 0 AS unsure, 0 AS asked FROM verdict WHERE false)",
            [],
        )
    marks = ", ".join("(?, ?)" for _ in demanding)
    wanted = ", ".join("?" * len(demanding))
    values: list[object] = [each for pair in demanding.items() for each in pair]
    sql = (
        "WITH demanded AS (SELECT v.n, bit_or(m.mask) FILTER (v.verdict = 1) AS failed, "
        "bit_or(m.mask) FILTER (v.verdict = 5) AS unsure, bit_or(m.mask) AS asked "
        f"FROM verdict v JOIN (VALUES {marks}) m(rule, mask) ON v.rule = m.rule "
        f"WHERE v.rule IN ({wanted}) AND v.verdict <> 3 GROUP BY v.n)"
    )
    return sql, [*values, *demanding]


def _masks(rules: Mapping[int, RuleInfo]) -> str:
    on = sum(BITS[stage] for stage in path_of(rules))
    return (
        "coalesce(d.failed, 0) & ~(w.seen | w.shown) AS missing, "
        f"w.again AS extra, w.turned & {on} AS turned, "
        "(c.complete AND coalesce(d.unsure, 0) & ~(w.seen | w.shown) = 0) AS told, "
        "(coalesce(d.asked, 0) > 0 AND NOT c.before) AS asked"
    )


def _ways(condition: str) -> str:
    return f"c.n IN (SELECT w.n FROM way w WHERE {condition})"


def _holds(column: str) -> str:
    return f"contains(chr(31) || w.{column} || chr(31), ?)"


def _said(activity: str, told: str) -> str:
    return told if activity == "stage" else f"{activity}:{told}"


def _column(value: str) -> tuple[str, Any]:
    activity, mark, told = value.partition(":")
    if not mark or activity not in COLUMNS:
        activity, told = "stage", value
    return COLUMNS[activity][0], told


def _coded(name: str) -> str:
    return name.replace("%", "%25").replace(">", "%3E")


def _plain(name: str) -> str:
    return name.replace("%3E", ">").replace("%25", "%")
