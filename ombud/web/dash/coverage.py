"""Clause coverage: what tickets show of each clause, what only documents can show, and the documents."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from ombud.model.instant import moment
from ombud.web.dash.acting import fresh, named, reason, refusing, sent, shown, text, told_apart
from ombud.web.dash.frame import framed
from sync.decisions import shown_as
from sync.documents import KINDS, add_document, last_of_document, remove_document, review_document
from sync.figures.coverage import EDITION, STATES, count_coverage, known_clauses
from sync.persons import Refused

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.store import DocumentRow
    from ombud.web.dash.ask import Ask

FILTERS: Final = ("period", "date", "helpdesk", "product", "team", "pack", "channel", "binding", "known")  # fmt: skip
_BACK: Final = ("/coverage#documents", "Back to clause coverage")
_FIELDS: Final = ("clause", "kind", "title", "link", "owner", "review_by", "once")


def show(ask: Ask) -> Response:
    """Show every clause."""
    return _page(ask, {"clause": f"{EDITION} 5.3", "kind": "policy", "once": fresh()})


def do_add(ask: Ask, form: FormData) -> Response:
    """Name a document for a clause."""
    given = {name: text(form, name) for name in _FIELDS}
    try:
        row = add_document(
            ask.service,
            clause=given["clause"],
            kind=given["kind"],
            title=given["title"],
            link=given["link"],
            owner=given["owner"],
            review_by=given["review_by"],
            by=ask.viewer.person,
            known=known_clauses(ask.service),
            once=told_apart(form),
        )
    except Refused as why:
        return _page(ask, given, f"{why}.")
    return sent("/coverage", f"The document stands beside {row.clause}.")


@refusing(*_BACK)
def do_review(ask: Ask, form: FormData) -> Response:
    """Say that a document was looked at."""
    row = review_document(
        ask.service,
        named(ask, "name"),
        review_by=text(form, "review_by"),
        by=ask.viewer.person,
        shown=shown(form),
    )
    return sent("/coverage", f"It was looked at. It is looked at again by {row.review_by}.")


@refusing(*_BACK)
def do_remove(ask: Ask, form: FormData) -> Response:
    """Take a document away."""
    row = remove_document(
        ask.service, named(ask, "name"), why=reason(form), by=ask.viewer.person, shown=shown(form)
    )
    return sent("/coverage", f"The document stands beside {row.clause} no more.")


def _page(ask: Ask, given: dict[str, str], error: str = "") -> Response:
    today = moment(ask.now, ask.zone).date()
    told = count_coverage(ask.service, ask.book, ask.filter, today)
    return framed(
        ask,
        "coverage.html",
        title="Clause coverage",
        status=409 if error else 200,
        filters=FILTERS,
        told=told,
        counted=told.counted(),
        edition=EDITION,
        kinds=KINDS,
        states=STATES,
        clauses=list(known_clauses(ask.service).items()),
        overdue_days=lambda row: _overdue(row, today),
        shown_as=shown_as,
        last=lambda row: last_of_document(row, ask.zone).removeprefix("The document was "),
        given=given,
        error=error,
    )


def _overdue(row: DocumentRow, today: date) -> int:
    """Give by how many days a document's review is overdue; 0 where it is not."""
    return max(0, (today - date.fromisoformat(row.review_by)).days)
