"""What people call complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ombud.store.book.book import Book


def named(book: Book) -> Iterator[tuple[Any, ...]]:
    """Give every complaint twice, by its key and as account:ticket, each with account, ticket, case and decision.

    A key that two helpdesks have names neither, and complaints that only some groups may see are not named.
    """
    yield from book.stream(
        "SELECT key, any_value(account), any_value(ticket), any_value(kase), any_value(outcome) FROM complaint "
        "WHERE restricted IS NULL GROUP BY key HAVING count(*) = 1 "
        "UNION ALL SELECT account || ':' || ticket, account, ticket, kase, outcome FROM complaint "
        "WHERE restricted IS NULL"
    )
