"""Which values each filter can be set to, with how many complaints have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.store.book.filter import COLUMNS, NONE, Filter

if TYPE_CHECKING:
    from ombud.store.book.book import Book

#: Word of the filter -> field of the filter whose column it is about.
_OFFERED: Final = {
    "helpdesk": "helpdesks",
    "binding": "bindings",
    "project": "projects",
    "team": "teams",
    "channel": "channels",
    "product": "products",
    "category": "categories",
    "severity": "severities",
    "stage": "stages",
    "outcome": "outcomes",
    "cause": "causes",
    "pack": "packs",
}


def options(book: Book, groups: frozenset[str]) -> dict[str, list[tuple[str, int]]]:
    """Give the values of each filter, the most frequent first, of what these groups may see."""

    def found() -> dict[str, list[tuple[str, int]]]:
        where, values = Filter(groups=groups).where()
        # One pass over the table for all of them.
        columns = [COLUMNS[field] for field in _OFFERED.values()]
        sets = ", ".join(f"({column})" for column in columns)
        rows = book.ask(
            f"SELECT {', '.join(columns)}, grouping_id({', '.join(columns)}), count(*) "
            f"FROM complaint c WHERE {where} GROUP BY GROUPING SETS ({sets})",
            values,
        )
        told: dict[str, list[tuple[str, int]]] = {name: [] for name in _OFFERED}
        last = len(columns) - 1
        for row in rows:
            # The one column that is grouped by is the one whose bit is not set.
            place = next(i for i in range(len(columns)) if not row[-2] >> (last - i) & 1)
            value = row[place]
            told[list(_OFFERED)[place]].append((NONE if value is None else value, row[-1]))
        for each in told.values():
            each.sort(key=lambda one: (-one[1], one[0]))
        return told

    return book.remembered(("options", groups), found)
