"""The table of problem tickets that complaints stem from, as it was then."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column
from sqlalchemy import String as _String

String = _String().with_variant(_String(collation="C"), "postgresql")

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table; those of earlier versions stay as they are."""
    op.create_table(
        "problem",
        Column("account", String, primary_key=True),
        Column("ticket", String, primary_key=True),
        Column("stem", String, primary_key=True),
        Column("vendor", String, nullable=False),
        Column("revision", String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("problem_stem", "problem", ["account", "stem"])
