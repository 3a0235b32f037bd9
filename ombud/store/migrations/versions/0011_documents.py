"""Documents beside clauses, as they were then."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

String = _String().with_variant(_String(collation="C"), "postgresql")
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table; those of earlier versions stay as they are."""
    op.create_table(
        "clause_document",
        Column("id", String, primary_key=True),
        Column("clause", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("title", Text, nullable=False),
        Column("link", Text, nullable=False),
        Column("owner", String, nullable=False),
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
    )
    op.create_index("clause_document_clause", "clause_document", ["clause"])
