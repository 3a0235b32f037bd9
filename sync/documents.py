"""Documents beside clauses: named with a link, an owner and a day of review; looked at again; taken away."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ombud.store import DocumentRow, name_of
from sync.decisions import check_shown
from sync.note import wall
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from zoneinfo import ZoneInfo

    from ombud.store import Shelf
    from sync.persons import Person
    from sync.service import Service

#: What a document is.
KINDS: Final = {
    "policy": "Policy",
    "training": "Training",
    "audit": "Audit",
    "minutes": "Minutes",
    "other": "Other",
}
_SHORT: Final = 120
_LONG: Final = 1_000
_LINK: Final = 500


def add_document(
    service: Service,
    *,
    clause: str,
    kind: str,
    title: str,
    link: str,
    owner: str,
    review_by: str,
    by: Person,
    known: Collection[str],
    once: str | None = None,
) -> DocumentRow:
    """Name a document for a clause.

    Args:
        service: the service.
        clause: the clause it is for.
        kind: one of `KINDS`.
        title: what it is called.
        link: where it lies, https://…; "" for one on paper.
        owner: who keeps it.
        review_by: the day by which somebody looks at it again, as 2026-12-31.
        by: who names it.
        known: clauses that there are.
        once: the same word names the same document once.

    Raises:
        Refused: something is missing or not understood.

    """
    now = service.now()
    if clause not in known:
        raise Refused("There is no such clause. Choose one from the list")
    if kind not in KINDS:
        raise Refused(f"A document is one of {', '.join(KINDS)}. Choose one")
    row = DocumentRow(
        id=name_of("document", once or (clause, title, now, by.key)),
        clause=clause,
        kind=kind,
        title=_said(title, "what it is called", _SHORT),
        link=_link(link),
        owner=_said(owner, "who keeps it", _SHORT),
        review_by=_day(review_by),
        made=now,
        made_by=by.key,
        made_name=by.name,
    )
    with service.store.documents.writing() as shelf:
        held = shelf.document(row.id)
        if held is not None:
            return held
        shelf.keep(row, act="document added", by=by.key, now=now)
    return row


def review_document(
    service: Service, name: str, *, review_by: str, by: Person, shown: str | None
) -> DocumentRow:
    """Say that a document was looked at and still holds, and when it is looked at next; raises `Refused`."""
    now = service.now()
    with _changing(service, name, shown) as (shelf, held):
        row = held._replace(
            reviewed=now, reviewed_by=by.key, reviewed_name=by.name, review_by=_day(review_by)
        )
        if row.review_by <= held.review_by:
            raise Refused(f"It was to be looked at by {held.review_by}. Give a later day")
        shelf.keep(row, act="document reviewed", by=by.key, now=now)
    return row


def remove_document(
    service: Service, name: str, *, why: str, by: Person, shown: str | None
) -> DocumentRow:
    """Take a document away from its clause; that it was there stays known. Raises `Refused`."""
    now = service.now()
    with _changing(service, name, shown) as (shelf, held):
        row = held._replace(
            removed=now, removed_by=by.key, removed_name=by.name, removed_why=_said(why, "why it goes", _LONG)
        )  # fmt: skip
        shelf.keep(row, act="document removed", by=by.key, now=now)
    return row


def last_of_document(row: DocumentRow, zone: ZoneInfo) -> str:
    """Say what was done last about a document, by whom and when, without a full stop."""
    told = (
        (row.removed, row.removed_name, "removed"),
        (row.reviewed, row.reviewed_name, "reviewed"),
    )
    for when, who, did in told:
        if when is not None:
            return f"The document was {did} by {who or 'somebody'} on {wall(when, zone)}"
    return f"The document was added by {row.made_name or 'somebody'} on {wall(row.made, zone)}"


@contextmanager
def _changing(
    service: Service, name: str, shown: str | None
) -> Iterator[tuple[Shelf, DocumentRow]]:
    with service.store.documents.writing() as shelf:
        row = shelf.document(name)
        if row is None:
            raise Refused(f"There is no document {name!r}. Load the page again")
        last = last_of_document(row, service.zone)
        check_shown(row, shown, last)
        if row.removed is not None:
            raise Refused(f"{last}. Add it again")
        yield shelf, row


def _said(told: str, what: str, most: int) -> str:
    said = " ".join(told.split())
    if not said:
        raise Refused(f"Say {what}")
    if len(said) > most:
        raise Refused(f"That is too long for {what}: {most:,} characters at most")
    return said


def _day(told: str) -> str:
    try:
        return date.fromisoformat(told.strip()).isoformat()
    except ValueError:
        raise Refused("Say by which day it is looked at again. Write it as 2026-12-31") from None


def _link(told: str) -> str:
    """Take an address that people can follow, or none; nothing that would run in a browser."""
    link = told.strip()
    if not link:
        return ""
    wrong = Refused("That is no address to follow. Write https://…, or leave it empty")
    if len(link) > _LINK or not link.isprintable() or " " in link:
        raise wrong
    try:
        parts = urlsplit(link)
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or "@" in parts.netloc:
        raise wrong
    return link
