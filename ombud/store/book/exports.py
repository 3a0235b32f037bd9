"""Rows of the book for files: complaints, findings, deadlines and the ways that complaints took, as they come."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ombud.model.facts import Verdict
from ombud.store.book.layout import CODES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book.book import Book
    from ombud.store.book.filter import Filter

#: Columns of complaints that name people, by keyed identifiers; they are in no file.
PERSONAL: Final = frozenset({"owner", "complainant"})


class DueRow(NamedTuple):
    """Hold a deadline that runs, or was missed and still runs."""

    kase: str
    account: str
    ticket: str
    key: str
    url: str
    rule: int
    entered: Instant | None
    due: Instant
    late: bool


class Way(NamedTuple):
    """Hold the way a complaint took: values of the columns asked for, and its steps."""

    values: tuple[Any, ...]
    steps: tuple[tuple[str, str | None, Instant, str], ...]


def count_complaints(book: Book, asked: Filter) -> int:
    """Count the complaints of a filter."""
    where, values = asked.where()
    return int(book.one(f"SELECT count(*) FROM complaint c WHERE {where}", values)[0])


def complaints(book: Book, asked: Filter, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Give complaints by receipt, the oldest first; codes of verdicts as their words."""
    where, values = asked.where()
    told = ", ".join(f"c.{each}" for each in columns)
    places = [place for place, each in enumerate(columns) if each == "answer"]
    rows = book.stream(
        f"SELECT {told} FROM complaint c WHERE {where} ORDER BY c.received NULLS LAST, c.key, c.n",
        values,
    )
    for row in rows:
        if not places:
            yield row
            continue
        spelled = list(row)
        for place in places:
            spelled[place] = None if row[place] is None else WORDS[row[place]].value
        yield tuple(spelled)


def count_findings(book: Book, asked: Filter) -> int:
    """Count the findings of a filter."""
    where, values = asked.findings()
    return int(
        book.one(
            f"SELECT count(*) FROM verdict v JOIN complaint c USING (n) WHERE {where}", values
        )[0]
    )


def findings(book: Book, asked: Filter) -> Iterator[tuple[Any, ...]]:
    """Give findings: key, account, ticket, rule's number, instant of entering, both verdicts in words, due, stop."""
    where, values = asked.findings()
    rows = book.stream(
        "SELECT c.key, c.account, c.ticket, v.rule, v.entered, v.verdict, v.standing, v.due, v.stop "
        f"FROM verdict v JOIN complaint c USING (n) WHERE {where} ORDER BY c.received NULLS LAST, c.key, c.n, v.rule, v.entered",
        values,
    )
    for row in rows:
        yield (*row[:5], WORDS[row[5]].value, WORDS[row[6]].value, *row[7:])


def dues(book: Book, asked: Filter, most: int) -> list[DueRow]:
    """Give deadlines of open complaints that run, or were missed and still run, the earliest first; so many at most."""
    where, values = asked.but(begin=None, end=None, days=None, open=True).where()
    rows = book.ask(
        "SELECT c.kase, c.account, c.ticket, c.key, c.url, v.rule, v.entered, v.due, v.standing = ? "
        f"FROM verdict v JOIN complaint c USING (n) WHERE v.due IS NOT NULL AND (v.standing = ? OR (v.standing = ? "
        f"AND v.stop IS NULL)) AND {where} ORDER BY v.due, c.key, c.kase, v.rule, v.entered LIMIT ?",
        [CODES[Verdict.failed], CODES[Verdict.pending], CODES[Verdict.failed], *values, most],
    )
    return [DueRow(*row) for row in rows]


def ways(book: Book, asked: Filter, columns: Sequence[str], most: int) -> Iterator[Way]:
    """Give the ways complaints took, the oldest first, so many at most; of a complaint without steps there is none."""
    where, values = asked.where()
    told = ", ".join(f"c.{each}" for each in columns)
    rows = book.stream(
        f"SELECT c.n, s.stage, s.status, s.entered, s.cause, {told} FROM (SELECT * FROM complaint c WHERE {where} "
        "ORDER BY c.received NULLS LAST, c.key, c.n LIMIT ?) c JOIN step s USING (n) "
        "ORDER BY c.received NULLS LAST, c.key, c.n, s.place",
        [*values, most],
    )
    for _, group in groupby(rows, key=lambda row: row[0]):
        held = list(group)
        yield Way(tuple(held[0][5:]), tuple(row[1:5] for row in held))
