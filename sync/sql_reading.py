"""The SQL reading of a backtest: facts kept as Parquet, judged by DuckDB, the same counts as row by row.

Guards are conditions on one row: each entering of a stage, or each complaint, is judged by one SELECT for
its stage. Deadlines compare the dues kept beside with their stops and with now. Every SELECT has the same
shape, so that counting, drawing, comparing and what would have shown are asked once for all of them.
"""
# ruff: noqa: S608

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from ombud.model.facts import Verdict
from ombud.store.facts import COMPLAINT, FactsReader
from sync.dues import needs
from sync.facts import Layout, facts_folder, stamp, write_facts
from sync.missing_dues import write_missing
from sync.questions import period, questions
from sync.reckoning import reckonable
from sync.row_reading import ACTING, review, same_fold
from sync.tally import FACETS, Act, Drawn, Tally, Turned, mondays
from sync.tried import Asked, Backtest, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sync.questions import Question
    from sync.service import Service

    Tell = Callable[[int, int | None, str], None]

#: Verdict -> what it adds to a rule's packed count: three counts of 31 bits in one sum; the rest is spared.
_PACKED: Final = {Verdict.passed: 1, Verdict.failed: 1 << 31, Verdict.unknown: 1 << 62}
_BITS: Final = 31
_MASK: Final = (1 << _BITS) - 1


def readable(service: Service, asked: Asked) -> str | None:
    """Say why the SQL reading can not answer; `None` where it can."""
    service.refresh()
    if service.waivers(asked.bound):
        return "waivers are in force, which are applied complaint by complaint"
    if asked.against is not None and asked.compares and not same_fold(asked.bound, asked.against):
        return "the pack in force understands some fields otherwise"
    return None


@contextmanager
def open_facts(
    service: Service, asked: Asked, *, tell: Tell | None = None
) -> Iterator[tuple[FactsReader, Layout]]:
    """Give facts that are fresh, and hold the dues of every rule that is asked for; written where they are not."""
    bounds = [asked.bound]
    if asked.against is not None and asked.compares:
        bounds.append(asked.against)
    layout = Layout.of(*bounds)
    folder = facts_folder(service, asked.bound)
    made = stamp(service, asked, layout)
    wanted = list(needs(bounds))
    if not folder.fresh(made):
        with folder.rewritten(made) as beside:
            judged = [need for need in wanted if not reckonable(need)]
            write_facts(service, asked, layout, beside, judged, tell=tell)
    with FactsReader(folder) as reader:
        if not reader.unique(COMPLAINT, "n"):
            raise Unreadable("two cases have the same number")
        write_missing(service, asked, reader, wanted, tell=tell)
        yield reader, layout


def read_sql(service: Service, asked: Asked, *, tell: Tell | None = None) -> Backtest:
    """Judge facts kept as Parquet, and tally what that gives."""
    with open_facts(service, asked, tell=tell) as (reader, _):
        tally = read_facts(reader, asked)
    return Backtest(asked, tally, "sql", review(service, asked, tally))


def read_facts(reader: FactsReader, asked: Asked) -> Tally:
    """Tally what facts give whose dues are all there."""
    tally = asked.tally()
    reader.lay_out("monday", {"begins": mondays(asked.bound.mapping.tzinfo)[0]})
    reader.run(
        "CREATE OR REPLACE TABLE act "
        "(kase VARCHAR, account VARCHAR, happened BIGINT, until BIGINT, agent VARCHAR, moves BOOLEAN)"
    )
    reader.run(
        "CREATE OR REPLACE TABLE turned "
        "(kase VARCHAR, account VARCHAR, ticket VARCHAR, rule VARCHAR, failing BOOLEAN)"
    )
    _population(reader, asked, tally)
    for question in questions(reader, asked, tally.facet):
        _count(reader, question, asked, tally)
        _show(reader, question, asked)
        if asked.sample:
            _draw(reader, question, asked, tally)
        if asked.compares:
            _compare(reader, question)
    _act(reader, tally)
    _turn(reader, tally)
    return tally


def _population(reader: FactsReader, asked: Asked, tally: Tally) -> None:
    where, values = period(asked)
    filled = ", ".join(f"count(*) FILTER (WHERE t_{name} <> '')" for name in FACETS)
    (row,) = reader.ask(f"SELECT count(*), {filled} FROM {COMPLAINT} WHERE {where}", values)
    ((whole,),) = reader.ask(f"SELECT count(*) FROM {COMPLAINT}")
    tally.complaints, tally.left_out = row[0], whole - row[0]
    for name, number in zip(FACETS, row[1:], strict=True):
        tally.filled[name] += number


def count_verdicts(reader: FactsReader, asked: Asked) -> Counter[tuple[str, str]]:
    """Count the verdicts of every rule, and nothing else."""
    found: Counter[tuple[str, str]] = Counter()
    for question in questions(reader, asked, FACETS[-1]):
        for told in _counted(reader, question, ""):
            for rule, verdict, number in _unpacked(question, told):
                found[rule, verdict] += number
    return found


def _count(reader: FactsReader, question: Question, asked: Asked, tally: Tally) -> None:
    """Count verdicts by week and by team in one pass."""
    names = dict(zip(*mondays(asked.bound.mapping.tzinfo), strict=True))
    for grouping, week, team, *told in _counted(reader, question, "GROUPING(week), week, team, "):
        for rule, verdict, number in _unpacked(question, told):
            if grouping == 0:
                tally.count(rule, verdict, names.get(week, ""), number)
            else:
                tally.teams[tally.facet, team, rule, verdict] += number


def _counted(reader: FactsReader, question: Question, by: str) -> Iterator[Sequence[Any]]:
    """Count in packed sums where several rules are asked at once, else by verdict."""
    numbers = sorted(question.tried)
    if not numbers:
        return
    if question.guard:
        cases = " ".join(f"WHEN '{verdict.value}' THEN {adds}" for verdict, adds in _PACKED.items())
        sums = ", ".join(f"sum(CASE v{n} {cases} ELSE 0 END)" for n in numbers)
        sql = f"SELECT {by}count(*), {sums} FROM ({question.sql})"
        groups = " GROUP BY GROUPING SETS ((week), (team))" if by else ""
    else:
        # A week takes a join, which whoever only counts can do without.
        weeks = " ASOF LEFT JOIN monday ON happened >= begins" if by else ""
        source = f"SELECT *, begins AS week FROM ({question.sql}){weeks}" if by else question.bare
        sql = f"SELECT {by}v0, count(*) FROM ({source}) WHERE v0 IS NOT NULL"
        groups = " GROUP BY GROUPING SETS ((week, v0), (team, v0))" if by else " GROUP BY v0"
    yield from reader.ask(sql + groups, question.values)


def _unpacked(question: Question, told: Sequence[Any]) -> Iterator[tuple[str, str, int]]:
    if not question.guard:
        yield question.rules[0].id, told[0], told[1]
        return
    whole, *sums = told
    for number, packed in zip(sorted(question.tried), sums, strict=True):
        left = whole
        for place, verdict in enumerate(_PACKED):
            counted = (int(packed or 0) >> (place * _BITS)) & _MASK
            left -= counted
            if counted:
                yield question.rules[number].id, verdict.value, counted
        if left:
            yield question.rules[number].id, Verdict.not_applicable.value, left


def _show(reader: FactsReader, question: Question, asked: Asked) -> None:
    """Keep the rows that would have shown something on the ticket."""
    modes = {n: asked.mode(question.rules[n]) for n in question.tried}
    acting = [f"v{n} = 'fail'" for n in sorted(modes) if modes[n] in ACTING]
    blocking = [f"v{n} = 'fail'" for n in sorted(modes) if modes[n] == "block"]
    if acting:
        moves = f"movable AND COALESCE({' OR '.join(blocking)}, false)" if blocking else "false"
        reader.run(
            f"INSERT INTO act SELECT kase, account, happened, until, agent, {moves} "
            f"FROM ({question.sql}) WHERE {' OR '.join(acting)}",
            question.values,
        )


def _act(reader: FactsReader, tally: Tally) -> None:
    rows = reader.ask("SELECT kase, account, happened, until, agent, moves FROM act ORDER BY kase")
    for _, acts in groupby(rows, key=itemgetter(0)):
        each = list(acts)
        tally.act(each[0][1], [Act(*row[2:]) for row in each])


def _draw(reader: FactsReader, question: Question, asked: Asked, tally: Tally) -> None:
    """Draw the lowest lots of each rule."""
    fails = ", ".join(f"CASE WHEN v{n} = 'fail' THEN {n} END" for n in sorted(question.tried))
    if not fails:
        return
    ids = [rule.id for rule in question.rules]
    sql = (
        f"SELECT number, kase, account, ticket, occurrence, lot FROM (SELECT *, md5(concat_ws(':', ?, "
        f"list_extract(?, number + 1), kase, occurrence)) AS lot FROM (SELECT kase, account, ticket, occurrence, "
        f"unnest([{fails}]) AS number FROM ({question.sql})) WHERE number IS NOT NULL) "
        "QUALIFY row_number() OVER (PARTITION BY number ORDER BY lot) <= ?"
    )
    for number, case, account, ticket, occurrence, lot in reader.ask(
        sql, [asked.seed, ids, *question.values, asked.sample]
    ):
        tally.draw(Drawn(lot, ids[number], case, account, ticket, occurrence))


def _compare(reader: FactsReader, question: Question) -> None:
    """Keep the findings that the version in force judges otherwise."""
    fails = "IS NOT DISTINCT FROM 'fail'"
    # A finding's number: even where it fails no more, odd where it fails now.
    turned = ", ".join(
        f"CASE WHEN (v{n} {fails}) <> (w{n} {fails}) THEN {2 * n} + (v{n} {fails})::INT END"
        for n in sorted(question.differ)
    )
    if turned:
        reader.run(
            "INSERT INTO turned SELECT kase, account, ticket, list_extract(?, number // 2 + 1), "
            "number % 2 = 1 FROM (SELECT kase, account, ticket, "
            f"unnest([{turned}]) AS number FROM ({question.sql})) WHERE number IS NOT NULL",
            [[rule.id for rule in question.rules], *question.values],
        )


def _turn(reader: FactsReader, tally: Tally) -> None:
    rows = reader.ask(
        "SELECT rule, kase, account, ticket, failing FROM turned ORDER BY kase, failing DESC, rule"
    )
    for _, turned in groupby(rows, key=itemgetter(1)):
        tally.turn(Turned(*row) for row in turned)
