"""The tables of what is reported, as they were then."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Double, Integer
from sqlalchemy import String as _String
from sqlalchemy import Text as _Text

String = _String().with_variant(_String(collation="C"), "postgresql")
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables; those of earlier versions stay as they are."""
    op.create_table(
        "kpi_snapshot",
        Column("month", String, primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("content", Text, nullable=False),
        Column("sha256", String, nullable=False),
        Column("digests", Text, nullable=False),
        Column("cutoff", BigInteger, nullable=False),
        Column("completeness", Text, nullable=False),
        Column("taken", BigInteger, nullable=False),
        Column("taken_by", String),
        Column("differences", Text, nullable=False),
    )
    op.create_table(
        "survey_answer",
        Column("id", String, primary_key=True),
        Column("account", String),
        Column("ticket", String, nullable=False),
        Column("kase", String),
        Column("asked", BigInteger, nullable=False),
        Column("process", Double),
        Column("outcome", Double),
        Column("best", Integer, nullable=False),
        Column("weight", Double, nullable=False),
        Column("decision", String),
        Column("imported", BigInteger, nullable=False),
        Column("imported_by", String),
    )
    op.create_index("survey_answer_asked", "survey_answer", ["asked"])
    op.create_index("survey_answer_case", "survey_answer", ["kase"])
    op.create_table(
        "review_entry",
        Column("id", String, primary_key=True),
        Column("period", String, nullable=False),
        Column("part", String, nullable=False),
        Column("told", Text, nullable=False),
        Column("owner", String),
        Column("due", String),
        Column("made", BigInteger, nullable=False),
        Column("made_by", String),
        Column("ended", BigInteger),
        Column("result", Text),
    )
    op.create_index("review_entry_period", "review_entry", ["period"])
    op.create_table(
        "report_schedule",
        Column("id", String, primary_key=True),
        Column("what", String, nullable=False),
        Column("query", Text, nullable=False),
        Column("every", String, nullable=False),
        Column("day", Integer, nullable=False),
        Column("hour", Integer, nullable=False),
        Column("channels", Text, nullable=False),
        Column("groups", Text, nullable=False),
        Column("made", BigInteger, nullable=False),
        Column("made_by", String),
        Column("sent", BigInteger),
        Column("tries", Integer, nullable=False),
        Column("next_try", BigInteger),
        Column("why", Text),
    )
