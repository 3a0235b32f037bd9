"""When a ticket's row was last written, so that figures kept beside follow without looking at every one."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; what was written before counts as of the beginning."""
    op.add_column("ticket", Column("changed", BigInteger, nullable=False, server_default="0"))
    op.create_index("ticket_changed", "ticket", ["changed"])
