"""Tables of what people decide, as they were then: waivers, disputes, rollout, switches, what is in force, words."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

String = _String().with_variant(_String(collation="C"), "postgresql")
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create every table of the second version; those of the first stay as they are."""
    op.create_table(
        "word",
        Column("account", String, primary_key=True),
        Column("ticket", String, primary_key=True),
        Column("event", String, primary_key=True),
        Column("vendor", String, nullable=False),
        Column("verb", String, nullable=False),
        Column("argument", Text),
        Column("actor", String),
        Column("happened", BigInteger, nullable=False),
        Column("state", String, nullable=False),
        Column("answer", Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "waiver",
        Column("id", String, primary_key=True),
        Column("binding", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("kase", String),
        Column("predicate", Text),
        Column("why", Text, nullable=False),
        Column("requested_by", String, nullable=False),
        Column("requested_name", String),
        Column("requested", BigInteger, nullable=False),
        Column("until", BigInteger, nullable=False),
        Column("approved_by", String),
        Column("approved_name", String),
        Column("approved", BigInteger),
        Column("ended_by", String),
        Column("ended_name", String),
        Column("ended", BigInteger),
        Column("ended_why", Text),
        Column("event", String),
    )
    op.create_index("waiver_rule", "waiver", ["binding", "rule"])
    op.create_table(
        "explanation",
        Column("id", String, primary_key=True),
        Column("binding", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("kase", String, nullable=False),
        Column("why", Text, nullable=False),
        Column("told_by", String, nullable=False),
        Column("told_name", String),
        Column("told", BigInteger, nullable=False),
        Column("event", String),
    )
    op.create_index("explanation_case", "explanation", ["kase", "rule"])
    op.create_table(
        "dispute",
        Column("id", String, primary_key=True),
        Column("binding", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("kase", String, nullable=False),
        Column("why", Text, nullable=False),
        Column("disputed_by", String, nullable=False),
        Column("disputed_name", String),
        Column("disputed", BigInteger, nullable=False),
        Column("event", String),
        Column("outcome", String),
        Column("decided_by", String),
        Column("decided_name", String),
        Column("decided", BigInteger),
        Column("decided_why", Text),
    )
    op.create_index("dispute_rule", "dispute", ["binding", "rule", "disputed"])
    op.create_table(
        "rollout",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("binding", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("mode", String, nullable=False),
        Column("former", String, nullable=False),
        Column("since", BigInteger, nullable=False),
        Column("approved_by", String),
        Column("approved_name", String),
        Column("why", Text, nullable=False),
        Column("gates", Text, nullable=False),
        Column("despite", Text),
        Column("backtest", Text),
        Column("backtest_digest", String),
    )
    op.create_index("rollout_rule", "rollout", ["binding", "rule"])
    op.create_table(
        "review",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("binding", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("reviewed", BigInteger, nullable=False),
        Column("sample", Integer, nullable=False),
        Column("mistaken", Integer, nullable=False),
        Column("reviewed_by", String, nullable=False),
        Column("reviewed_name", String),
    )
    op.create_index("review_rule", "review", ["binding", "rule"])
    op.create_table(
        "switch",
        Column("id", String, primary_key=True),
        Column("account", String, nullable=False),
        Column("stopped_by", String, nullable=False),
        Column("stopped_name", String),
        Column("stopped", BigInteger, nullable=False),
        Column("stopped_why", Text, nullable=False),
        Column("resumed_by", String),
        Column("resumed_name", String),
        Column("resumed", BigInteger),
        Column("resumed_why", Text),
    )
    op.create_index("switch_account", "switch", ["account"])
    op.create_table(
        "force",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("binding", String, nullable=False),
        Column("digest", String, nullable=False),
        Column("content", Text, nullable=False),
        Column("since", BigInteger, nullable=False),
        Column("approved_by", String),
        Column("approved_name", String),
        Column("why", Text, nullable=False),
    )
    op.create_index("force_binding", "force", ["binding"])
    op.create_table(
        "run",
        Column("id", String, primary_key=True),
        Column("binding", String, nullable=False),
        Column("label", Text, nullable=False),
        Column("begun", BigInteger, nullable=False),
        Column("ended", BigInteger),
        Column("reads", Boolean, nullable=False),
        Column("cursor", String),
        Column("counts", Text, nullable=False),
    )
    op.create_index("run_binding", "run", ["binding", "ended"])
    op.create_table(
        "moved",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("account", String, nullable=False),
        Column("ticket", String, nullable=False),
        Column("binding", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("done", BigInteger, nullable=False),
    )
    op.create_index("moved_rule", "moved", ["binding", "rule", "done"])
