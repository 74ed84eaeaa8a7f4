"""What an answer asks for is kept, failed posts may wait for a person, apps may be slowed, posts may be deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # microseconds since 1970, UTC


def upgrade() -> None:
    """Earlier attempts asked for nothing, earlier failures wait for nobody, and nothing was deleted."""
    op.add_column("attempts", sa.Column("remedy", sa.Text(), nullable=False, server_default="none"))
    op.add_column("deliveries", sa.Column("task", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("doors", sa.Column("slowed", sa.Boolean(), nullable=False, server_default=sa.false()))
    is_task = sa.column("task", sa.Boolean()) == sa.true()
    op.create_index(
        "ix_deliveries_tasks", "deliveries", ["account", "id"], sqlite_where=is_task, postgresql_where=is_task
    )
    _deletions()


def _deletions() -> None:
    op.create_table(
        "deletions",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("delivery", NUMBER, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("finished", MOMENT),
        sa.Column("outcome", sa.Text()),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("cost", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deletions"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name="fk_deletions_delivery"),
    )
    op.create_index("ix_deletions_delivery", "deletions", ["delivery"])
