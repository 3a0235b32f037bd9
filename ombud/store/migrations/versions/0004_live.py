"""The tables of what happens as it happens, as they were then: hints, notices, the completeness ledger."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, text
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

String = _String().with_variant(_String(collation="C"), "postgresql")
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables; those of earlier versions stay as they are."""
    op.create_table(
        "hint",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("account", String, nullable=False),
        Column("vendor", String, nullable=False),
        Column("ticket", String, nullable=False),
        Column("delivery", String, nullable=False),
        Column("arrived", BigInteger, nullable=False),
        Column("done", BigInteger),
    )
    op.create_index("hint_delivery", "hint", ["account", "delivery"], unique=True)
    op.create_index(
        "hint_open",
        "hint",
        ["account", "ticket"],
        sqlite_where=text("done IS NULL"),
        postgresql_where=text("done IS NULL"),
    )
    op.create_table(
        "notice",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("key", String, nullable=False, unique=True),
        Column("kind", String, nullable=False),
        Column("account", String, nullable=False),
        Column("vendor", String, nullable=False),
        Column("ticket", String, nullable=False),
        Column("binding", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("severity", String, nullable=False),
        Column("due", BigInteger),
        Column("made", BigInteger, nullable=False),
        Column("told", Text, nullable=False),
        Column("next_try", BigInteger),
        Column("tries", Integer, nullable=False),
        Column("sent", BigInteger),
    )
    op.create_table(
        "ledger",
        Column("account", String, primary_key=True),
        Column("binding", String, primary_key=True),
        Column("day", String, primary_key=True),
        Column("taken", BigInteger, nullable=False),
        Column("expected", Integer, nullable=False),
        Column("read", Integer, nullable=False),
        Column("missing", Integer, nullable=False),
        Column("unreadable", Integer, nullable=False),
        Column("quarantined", Integer, nullable=False),
        Column("lag", BigInteger),
        sqlite_with_rowid=False,
    )
