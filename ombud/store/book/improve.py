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
