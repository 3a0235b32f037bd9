"""The table of where people were told of a notice, as it was then."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer
from sqlalchemy import String as _String

String = _String().with_variant(_String(collation="C"), "postgresql")

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table; those of earlier versions stay as they are."""
    op.create_table(
        "telling",
        Column("notice", Integer, primary_key=True, autoincrement=False),
        Column("channel", String, primary_key=True),
        Column("sent", BigInteger, nullable=False),
        Column("message", String, nullable=False),
        sqlite_with_rowid=False,
    )
