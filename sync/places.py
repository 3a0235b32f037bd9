"""Which of the complaints that acts are about somebody may see: restricted ones show to their group alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.store.book.filter import ALL_GROUPS
from ombud.store.book.improve import places
from sync.again import fold_page, judge_folded
from sync.entries import RESTRICTED_TO, UNTOLD, Entries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ombud.store.book import Book
    from ombud.store.book.improve import Place
    from sync.binding import Bound
    from sync.service import Service


class Places:
    """Know where some cases are, for somebody who is in some groups."""

    def __init__(
        self, service: Service, book: Book, groups: frozenset[str], cases: Iterable[str | None]
    ) -> None:
        """Look the cases up; `None` among them stands for no single complaint."""
        wanted = {case for case in cases if case is not None}
        every = frozenset({ALL_GROUPS})
        self._service = service
        self._groups = groups
        self._seen = places(book, wanted, groups)
        self._there = places(book, wanted - self._seen.keys(), every).keys()
        self._closed = {
            bound.name: bound for bound in service.bounds if RESTRICTED_TO in bound.mapping.names
        }

    def of(self, case: str | None) -> Place | None:
        """Give where a case is; `None` for one that is not shown, or is not in the book."""
        return None if case is None else self._seen.get(case)

    def shows(self, case: str | None, binding: str) -> bool:
        """Tell whether an act about a case may be shown."""
        if case is None or ALL_GROUPS in self._groups or case in self._seen:
            return True
        if case in self._there:
            return False
        bound = self._closed.get(binding)
        # It has left the book, or is not in it yet: the store tells whom it is restricted to.
        group = None if bound is None else _restricted(self._service, bound, case)
        return group is None or group in self._groups


def _restricted(service: Service, bound: Bound, case: str) -> str | None:
    """Give the group that a stored case is restricted to; of one that is no case any more that cannot be told."""
    page = [each for each in service.store.states_of([case]) if each.binding == bound.name]
    for folded in fold_page(bound, service.elsewhere, service.store, page):
        judged = judge_folded(bound, service.elsewhere, folded, (), service.now())
        return Entries(bound).case(judged, judged.findings).restricted
    return UNTOLD
