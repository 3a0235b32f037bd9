"""The first tables, as they were then: written out, so that later changes of the tables leave this step alone."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, text
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

String = _String().with_variant(_String(collation="C"), "postgresql")
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table of the first version."""
    op.create_table(
        "meta",
        Column("name", String, primary_key=True),
        Column("told", Text, nullable=False),
    )
    op.create_table(
        "cursor",
        Column("account", String, primary_key=True),
        Column("binding", String, primary_key=True),
        Column("told", Text, nullable=False),
    )
    op.create_table(
        "epoch",
        Column("account", String, primary_key=True),
        Column("number", Integer, nullable=False),
    )
    op.create_table(
        "ticket",
        Column("account", String, primary_key=True),
        Column("ticket", String, primary_key=True),
        Column("vendor", String, nullable=False),
        Column("key", String, nullable=False),
        Column("url", String, nullable=False),
        Column("revision", String, nullable=False),
        Column("decision", String, nullable=False),
        Column("binding", String, nullable=False),
        Column("kase", String),
        Column("settled", String),
        Column("recheck", BigInteger),
        Column("failures", Integer, nullable=False),
        Column("trouble", String),
        Column("gone", String),
        Column("refused", String),
        Column("complete", Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ticket_case", "ticket", ["kase"])
    op.create_index("ticket_key", "ticket", ["key"])
    op.create_index("ticket_recheck", "ticket", ["account", "recheck"])
    op.create_table(
        "event",
        Column("account", String, primary_key=True),
        Column("ticket", String, primary_key=True),
        Column("id", String, primary_key=True),
        Column("vendor", String, nullable=False),
        Column("change", String, nullable=False),
        Column("seq", Integer().with_variant(BigInteger(), "postgresql"), nullable=False),
        Column("happened", BigInteger, nullable=False),
        Column("recorded", BigInteger, nullable=False),
        Column("actor", String),
        Column("cause", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("field", String),
        Column("nature", String, nullable=False),
        Column("before", Text),
        Column("after", Text),
        Column("message", Text),
        Column("source", String),
        Column("known", BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "link",
        Column("account", String, primary_key=True),
        Column("ticket", String, primary_key=True),
        Column("vendor", String, nullable=False),
        Column("to_account", String, primary_key=True),
        Column("to_ticket", String, primary_key=True),
        Column("to_vendor", String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("link_to", "link", ["to_account", "to_ticket"])
    op.create_table(
        "casekey",
        Column("kase", String, primary_key=True),
        Column("wrapped", String),
    )
    op.create_table(
        "person",
        Column("kase", String, primary_key=True),
        Column("who", String, primary_key=True),
        Column("secret", Text, nullable=False),
    )
    op.create_table(
        "finding",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("key", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("kase", String, nullable=False),
        Column("account", String, nullable=False),
        Column("vendor", String, nullable=False),
        Column("ticket", String, nullable=False),
        Column("binding", String, nullable=False),
        Column("occurrence", String, nullable=False),
        Column("entered", BigInteger),
        Column("verdict", String, nullable=False),
        Column("standing", String, nullable=False),
        Column("severity", String, nullable=False),
        Column("due", BigInteger),
        Column("stop", BigInteger),
        Column("recheck", BigInteger),
        Column("reasons", Text, nullable=False),
        Column("mode", String, nullable=False),
        Column("pack", String, nullable=False),
        Column("pack_digest", String, nullable=False),
        Column("since", BigInteger, nullable=False),
        Column("until", BigInteger),
        Column("withdrawn", String),
    )
    op.create_index(
        "finding_open",
        "finding",
        ["kase", "key"],
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    )
    op.create_table(
        "decision",
        Column("seq", Integer, primary_key=True, autoincrement=False),
        Column("known", BigInteger, nullable=False),
        Column("kase", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("occurrence", String, nullable=False),
        Column("verdict", String, nullable=False),
        Column("standing", String, nullable=False),
        Column("action", String, nullable=False),
        Column("digests", Text, nullable=False),
        Column("previous", String, nullable=False),
        Column("hash", String, nullable=False),
    )
    op.create_table(
        "token",
        Column("account", String, primary_key=True),
        Column("sealed", Text, nullable=False),
        Column("until", BigInteger),
    )
    op.create_table(
        "outbox",
        Column("account", String, primary_key=True),
        Column("ticket", String, primary_key=True),
        Column("vendor", String, nullable=False),
        Column("plan", Text, nullable=False),
        Column("key", String, nullable=False),
        Column("state", String, nullable=False),
        Column("urgent", Boolean, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_try", BigInteger, nullable=False),
        Column("uncertain_since", BigInteger),
    )
    op.create_table(
        "sent",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("account", String, nullable=False),
        Column("vendor", String, nullable=False),
        Column("ticket", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("done", BigInteger, nullable=False),
    )
    op.create_index("sent_account", "sent", ["account", "kind", "done"])
