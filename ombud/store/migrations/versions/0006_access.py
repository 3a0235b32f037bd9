"""The tables of who may look at the dashboard, as they were then."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

String = _String().with_variant(_String(collation="C"), "postgresql")
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables; those of earlier versions stay as they are."""
    op.create_table(
        "staff",
        Column("id", String, primary_key=True),
        Column("login", String, nullable=False, unique=True),
        Column("name", String, nullable=False),
        Column("person", String, nullable=False),
        Column("role", String, nullable=False),
        Column("password", String),
        Column("issuer", String),
        Column("subject", String),
        Column("groups", Text, nullable=False),
        Column("zone", String),
        Column("until", BigInteger),
        Column("disabled", BigInteger),
        Column("created", BigInteger, nullable=False),
        Column("created_by", String, nullable=False),
    )
    op.create_index("staff_subject", "staff", ["issuer", "subject"], unique=True)
    op.create_table(
        "session",
        Column("id", String, primary_key=True),
        Column("staff", String, nullable=False),
        Column("csrf", String, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("seen", BigInteger, nullable=False),
        Column("until", BigInteger, nullable=False),
    )
    op.create_index("session_staff", "session", ["staff"])
    op.create_table(
        "access_token",
        Column("id", String, primary_key=True),
        Column("sha256", String, nullable=False, unique=True),
        Column("staff", String, nullable=False),
        Column("name", String, nullable=False),
        Column("scopes", String, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("until", BigInteger, nullable=False),
        Column("used", BigInteger),
        Column("revoked", BigInteger),
    )
    op.create_index("access_token_staff", "access_token", ["staff"])
    op.create_table(
        "audit",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("happened", BigInteger, nullable=False),
        Column("staff", String),
        Column("what", String, nullable=False),
        Column("path", String, nullable=False),
        Column("query", Text, nullable=False),
        Column("rows", Integer),
    )
    op.create_index("audit_happened", "audit", ["happened"])
    op.create_index("audit_staff", "audit", ["staff", "happened"])
    op.create_table(
        "saved_view",
        Column("id", String, primary_key=True),
        Column("staff", String, nullable=False),
        Column("name", String, nullable=False),
        Column("page", String, nullable=False),
        Column("query", Text, nullable=False),
        Column("shared", Boolean, nullable=False),
        Column("created", BigInteger, nullable=False),
    )
    op.create_index("saved_view_staff", "saved_view", ["staff"])
