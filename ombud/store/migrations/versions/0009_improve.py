"""The tables of triage and of corrective actions."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

String = _String().with_variant(_String(collation="C"), "postgresql")
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables; those of earlier versions stay as they are."""
    op.create_table(
        "triage",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("account", String, nullable=False),
        Column("ticket", String, nullable=False),
        Column("key", String, nullable=False),
        Column("binding", String, nullable=False),
        Column("decision", String, nullable=False),
        Column("why", Text, nullable=False),
        Column("decided_by", String, nullable=False),
        Column("decided_name", String),
        Column("decided", BigInteger, nullable=False),
    )
    op.create_index("triage_ticket", "triage", ["account", "ticket"])
    op.create_table(
        "triage_sample",
        Column("id", String, primary_key=True),
        Column("account", String),
        Column("seed", String, nullable=False),
        Column("size", Integer, nullable=False),
        Column("population", Integer, nullable=False),
        Column("drawn", BigInteger, nullable=False),
        Column("drawn_by", String, nullable=False),
        Column("drawn_name", String),
    )
    op.create_table(
        "triage_answer",
        Column("sample", String, primary_key=True),
        Column("place", Integer, primary_key=True, autoincrement=False),
        Column("account", String, nullable=False),
        Column("ticket", String, nullable=False),
        Column("key", String, nullable=False),
        Column("answer", String),
        Column("answered_by", String),
        Column("answered_name", String),
        Column("answered", BigInteger),
    )
    op.create_table(
        "corrective",
        Column("id", String, primary_key=True),
        Column("title", Text, nullable=False),
        Column("root_cause", String),
        Column("why", Text, nullable=False),
        Column("owner", String, nullable=False),
        Column("due", String, nullable=False),
        Column("check_due", String, nullable=False),
        Column("made", BigInteger, nullable=False),
        Column("made_by", String, nullable=False),
        Column("made_name", String),
        Column("done", BigInteger),
        Column("done_by", String),
        Column("done_name", String),
        Column("done_what", Text),
        Column("checked", BigInteger),
        Column("checked_by", String),
        Column("checked_name", String),
        Column("effect", String),
        Column("checked_why", Text),
        Column("dropped", BigInteger),
        Column("dropped_by", String),
        Column("dropped_name", String),
        Column("dropped_why", Text),
    )
    op.create_index("corrective_cause", "corrective", ["root_cause"])
