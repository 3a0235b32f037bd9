"""The book: judged complaints as columns, asked by the dashboard, reports and exports; derived and rebuildable."""

from __future__ import annotations

from ombud.store.book.book import Book, BookBusy, Writing, open_book
from ombud.store.book.filter import EVERYTHING, Filter
from ombud.store.book.layout import (
    CODES,
    GRADES,
    LAYOUT,
    WORDS,
    Case,
    Checked,
    RuleInfo,
    Step,
)

__all__ = [
    "CODES",
    "EVERYTHING",
    "GRADES",
    "LAYOUT",
    "WORDS",
    "Book",
    "BookBusy",
    "Case",
    "Checked",
    "Filter",
    "RuleInfo",
    "Step",
    "Writing",
    "open_book",
]
