"""Which of the complaints that acts are about somebody may see: restricted ones show to their group alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.store.book.filter import ALL_GROUPS
from ombud.store.book.improve import places
from sync.entries import RESTRICTED_TO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ombud.store.book import Book
    from ombud.store.book.improve import Place
    from sync.service import Service


class Places:
    """Know where some cases are, for somebody who is in some groups."""

    def __init__(
        self, service: Service, book: Book, groups: frozenset[str], cases: Iterable[str | None]
    ) -> None:
        """Look the cases up; `None` among them stands for no single complaint."""
        wanted = {case for case in cases if case is not None}
        every = frozenset({ALL_GROUPS})
        self._all = ALL_GROUPS in groups
        self._seen = places(book, wanted, groups)
        self._there = places(book, wanted - self._seen.keys(), every).keys()
        self._closed = {
            bound.name for bound in service.bounds if RESTRICTED_TO in bound.mapping.names
        }

    def of(self, case: str | None) -> Place | None:
        """Give where a case is; `None` for one that is not shown, or in the book no more."""
        return None if case is None else self._seen.get(case)

    def shows(self, case: str | None, binding: str) -> bool:
        """Tell whether an act about a case may be shown.

        Of a case that is in the book no more nobody can tell whether it is restricted, where its binding has
        restricted complaints at all: only those see it who see everything.
        """
        if case is None or self._all or case in self._seen:
            return True
        return case not in self._there and binding not in self._closed
