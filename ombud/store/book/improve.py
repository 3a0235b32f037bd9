"""What the pages of people's decisions ask of the book: where cases are, and who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.store.book.filter import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ombud.store.book.book import Book

#: Cases asked for in one query.
_PART: Final = 1_000


class Place(NamedTuple):
    """Say where a complaint is: the account and id of the ticket that leads it, and what people call it."""

    account: str
    ticket: str
    key: str


def places(book: Book, cases: Iterable[str], groups: frozenset[str]) -> dict[str, Place]:
    """Give by case where complaints are, of those that somebody in these groups may see."""
    wanted, found = sorted(set(cases)), dict[str, Place]()
    for begin in range(0, len(wanted), _PART):
        where, values = Filter(
            cases=tuple(wanted[begin : begin + _PART]), groups=groups
        ).where()  # fmt: skip
        rows = book.ask(
            f"SELECT c.kase, c.account, c.ticket, c.key FROM complaint c WHERE {where}", values
        )
        found |= {row[0]: Place(*row[1:]) for row in rows}
    return found


class Channel(NamedTuple):
    """Say how complaints come by one channel.

    Attributes:
        name: the channel; `None` for those without one.
        complaints: received since the beginning of what is looked at.
        last: when the last one was received.
        usual: the middle of the gaps between them, in microseconds; `None` of fewer than two.
        longest: the longest gap; `None` of fewer than two.

    """

    name: str | None
    complaints: int
    last: int
    usual: int | None
    longest: int | None


def channels(book: Book, asked: Filter) -> list[Channel]:
    """Say how complaints come by each channel, those that have said nothing for the longest time first."""
    where, values = asked.where()
    rows = book.ask(
        "WITH told AS (SELECT c.channel, c.received, c.received - lag(c.received) OVER "
        f"(PARTITION BY c.channel ORDER BY c.received) AS gap FROM complaint c WHERE {where} AND c.received IS NOT NULL) "
        "SELECT channel, count(*), max(received), median(gap)::BIGINT, max(gap) FROM told GROUP BY channel "
        "ORDER BY max(received), channel",
        values,
    )
    return [Channel(*row) for row in rows]


class Came(NamedTuple):
    """Count complaints of one root cause, of all that were received within the same time."""

    of: int
    total: int


def came(book: Book, asked: Filter, cause: str, begin: int, end: int) -> Came:
    """Count complaints of a root cause received from an instant until another, and all of them.

    Args:
        book: the book.
        asked: who may see what.
        cause: the root cause.
        begin: the first instant.
        end: the instant after the last.

    """
    where, values = asked.but(begin=begin, end=end).where()
    return Came(
        *book.one(
            f"SELECT count(*) FILTER (c.root_cause = ?), count(*) FROM complaint c WHERE {where}",
            [cause, *values],
        )
    )


def causes(book: Book, groups: frozenset[str]) -> list[tuple[str, int]]:
    """Give the root causes that complaints have, with how many, the most frequent first."""
    where, values = Filter(groups=groups).where()
    rows = book.ask(
        f"SELECT c.root_cause, count(*) AS many FROM complaint c WHERE {where} AND c.root_cause IS NOT NULL "
        "GROUP BY c.root_cause ORDER BY many DESC, c.root_cause",
        values,
    )
    return [(row[0], row[1]) for row in rows]
