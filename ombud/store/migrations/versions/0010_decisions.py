"""The decision log by case, so that a complaint's page finds its lines without reading all of it."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the index."""
    op.create_index("decision_case", "decision", ["kase"])
