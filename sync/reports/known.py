"""Find the tickets that a survey's file names, and import the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.store.book.named import named
from sync.reports.survey import Imported, Known, read_survey

if TYPE_CHECKING:
    from pathlib import Path

    from ombud.model.facts import Instant
    from ombud.store.book import Book
    from sync.persons import Person
    from sync.reports.survey import Tell
    from sync.service import Service


def import_survey(
    service: Service,
    book: Book,
    path: Path,
    *,
    by: Person,
    now: Instant,
    scale: int = 5,
    tell: Tell | None = None,
    name: str | None = None,
) -> Imported:
    """Read a file of answers and keep them; a file that is imported again changes nothing.

    Args:
        service: keeps them.
        book: knows the tickets.
        path: the file.
        by: who imports it.
        now: when.
        scale: the best score where the file names none.
        tell: is told how far it is.
        name: what people call the file.

    Raises:
        BadSurvey: something of the file is wrong; nothing is kept.

    """
    known = {each[0]: Known(*each[1:]) for each in named(book)}
    rows, strangers = read_survey(
        path, service.zone, known.get, by=by.name, now=now, scale=scale, tell=tell, name=name
    )
    new = service.store.reports.put_answers(rows)
    answered = sum(each.process is not None or each.outcome is not None for each in rows)
    return Imported(len(rows), answered, new, strangers)
