"""A post that is late is told once, and what is neither queued nor ended is found without a look at the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

IS_UNSETTLED = sa.text("state IN ('held', 'sending', 'unconfirmed')")


def upgrade() -> None:
    """Nothing was told so far."""
    op.add_column("deliveries", sa.Column("late_told", sa.BigInteger()))
    op.create_index(
        "ix_deliveries_unsettled",
        "deliveries",
        ["state", "account", "id"],
        sqlite_where=IS_UNSETTLED,
        postgresql_where=IS_UNSETTLED,
    )
