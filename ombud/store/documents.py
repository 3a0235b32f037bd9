"""Documents beside clauses: rows, and the transaction that keeps them, each act with its line of the decision log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

from ombud.store.acts import Acts
from ombud.store.documents_tables import clause_document
from ombud.store.engine import reading, writing
from ombud.store.migrate import check_version
from ombud.store.statements import Clash, Put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from ombud.model.facts import Instant
    from ombud.store.personal import Vault

_PUT: Final = Put(clause_document, Clash.replace)


class DocumentRow(NamedTuple):
    """Hold a document as kept; its fields are the columns of `clause_document`."""

    id: str
    clause: str
    kind: str
    title: str
    link: str
    owner: str
    review_by: str
    made: Instant
    made_by: str
    made_name: str | None
    reviewed: Instant | None = None
    reviewed_by: str | None = None
    reviewed_name: str | None = None
    removed: Instant | None = None
    removed_by: str | None = None
    removed_name: str | None = None
    removed_why: str | None = None


class Shelf(Acts):
    """Read and keep documents, over one connection: everything or nothing where it writes."""

    def document(self, name: str) -> DocumentRow | None:
        """Give one document, removed or not."""
        query = select(*clause_document.c).where(clause_document.c.id == name)
        return self._one(DocumentRow, query)

    def documents(self) -> list[DocumentRow]:
        """Give the documents that are not removed, by clause and title."""
        query = (
            select(*clause_document.c)
            .where(clause_document.c.removed.is_(None))
            .order_by(clause_document.c.clause, clause_document.c.title, clause_document.c.id)
        )
        return self._rows(DocumentRow, query)

    def keep(self, row: DocumentRow, *, act: str, by: str, now: Instant) -> None:
        """Keep a document in place of the one with its identifier, with a line in the decision log.

        Args:
            row: it.
            act: what was done.
            by: keyed identifier of who did it.
            now: when.

        """
        _PUT.rows(self._db, [tuple(row)])
        self.log(act, row.id, row, by=by, known_at=now)


class Documents:
    """Open the transactions."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Take over the store's engine."""
        self._engine = engine
        self._vault = vault

    @contextmanager
    def writing(self) -> Iterator[Shelf]:
        """Keep documents, one act after the other."""
        with writing(self._engine) as db:
            check_version(db)
            shelf = Shelf(db, self._vault)
            shelf.in_turn()
            yield shelf

    @contextmanager
    def reading(self) -> Iterator[Shelf]:
        """Read documents."""
        with reading(self._engine) as db:
            yield Shelf(db, self._vault)
