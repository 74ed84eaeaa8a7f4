"""An article may have a shorter headline beside its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Articles that are there already have none."""
    op.add_column("articles", sa.Column("short_title", sa.Text(), nullable=False, server_default=""))
