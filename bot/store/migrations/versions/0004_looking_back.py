"""Unclear posts are looked for by themselves: when, on which clocks, at what cost; posts that nobody claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # microseconds since 1970, UTC
TEXT = sa.Text()
REAL = sa.Float(53)


def upgrade() -> None:
    """Unconfirmed posts of before are looked for like new ones, and their lanes wait for that."""
    op.add_column("attempts", sa.Column("uptime", REAL))
    op.add_column("attempts", sa.Column("boot", TEXT))
    op.add_column("deliveries", sa.Column("frozen", NUMBER))
    op.add_column("lanes", sa.Column("closed_for", NUMBER))
    op.add_column("lanes", sa.Column("answered_at", MOMENT))
    op.add_column("doors", sa.Column("by_answers", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("doors", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    _indexes()
    _looks()
    _reads()
    _orphans()
    op.execute(
        "UPDATE lanes SET closed_for = (SELECT max(deliveries.id) FROM deliveries"
        " WHERE deliveries.account = lanes.account AND deliveries.state = 'unconfirmed')"
        " WHERE closed_reason IS NOT NULL AND closed_until IS NULL"
    )


def _indexes() -> None:
    _partial("ix_deliveries_unconfirmed", "deliveries", ["reason", "account"], "state IN ('unconfirmed')")
    _partial("ix_attempts_by_platform_id", "attempts", ["platform_id"], "platform_id != ''")
    _partial("ix_attempts_unknown", "attempts", ["account"], "outcome = 'unknown'")
    _partial("ix_lanes_answered", "lanes", ["answered_at"], "answered_at IS NOT NULL")


def _looks() -> None:
    op.create_table(
        "looks",
        sa.Column("attempt", NUMBER, nullable=False, autoincrement=False),
        sa.Column("delivery", NUMBER, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("at", MOMENT),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("empty", sa.Integer(), nullable=False),
        sa.Column("read_at", MOMENT),
        sa.Column("marked", MOMENT, nullable=False),
        sa.Column("marked_uptime", REAL, nullable=False),
        sa.Column("marked_boot", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("attempt", name="pk_looks"),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name="fk_looks_attempt"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name="fk_looks_delivery"),
    )
    op.create_index("ix_looks_at", "looks", ["at"])


def _reads() -> None:
    op.create_table(
        "reads",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("delivery", NUMBER),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("cost", REAL, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reads"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name="fk_reads_delivery"),
    )
    op.create_index("ix_reads_at", "reads", ["at"])
    op.create_index("ix_reads_delivery", "reads", ["delivery"])


def _orphans() -> None:
    op.create_table(
        "orphans",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("platform_id", TEXT, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("links", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account", "platform_id", name="pk_orphans"),
    )


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
