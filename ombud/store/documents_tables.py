"""The table of documents beside clauses: what shows what no ticket can show."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table

from ombud.store.tables import String, Text, metadata

#: A document that somebody named for a clause; one that was removed stays, with who removed it.
clause_document: Final = Table(
    "clause_document",
    metadata,
    Column("id", String, primary_key=True),
    #: "ISO 10002:2018 5.3" and the like.
    Column("clause", String, nullable=False),
    #: policy, training, audit, minutes or other.
    Column("kind", String, nullable=False),
    Column("title", Text, nullable=False),
    #: Where it lies; "" for one on paper.
    Column("link", Text, nullable=False),
    Column("owner", String, nullable=False),
    #: The day by which somebody looks at it again, as "2026-12-31".
    Column("review_by", String, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_name", String),
    Column("reviewed", BigInteger),
    Column("reviewed_by", String),
    Column("reviewed_name", String),
    Column("removed", BigInteger),
    Column("removed_by", String),
    Column("removed_name", String),
    Column("removed_why", Text),
    Index("clause_document_clause", "clause"),
)
