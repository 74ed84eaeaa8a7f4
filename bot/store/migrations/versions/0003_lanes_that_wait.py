"""A lane says when it wants to be looked at, and a delivery what the planner asks of its article.

So a pass costs the number of accounts that are due, however many there are and however long their queues.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.BigInteger()
QUEUED_IN_LINE = sa.text("state = 'queued' AND pinned IS NULL")
QUEUED_PIN = sa.text("state = 'queued' AND pinned IS NOT NULL")
ORDER: list[str | sa.TextClause] = [sa.text("breaking DESC"), sa.text("priority DESC"), "position", "id"]


def upgrade() -> None:
    """Every open delivery takes over its article's words; every lane is looked at once."""
    op.add_column("deliveries", sa.Column("breaking", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("evergreen", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("dated", MOMENT))
    op.add_column("deliveries", sa.Column("section", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE deliveries SET breaking = a.breaking, evergreen = a.evergreen, section = a.section,"
        " dated = coalesce(a.published, a.first_seen) FROM articles a WHERE a.id = deliveries.article"
    )
    _partial("ix_deliveries_line", "deliveries", ["account", "live", *ORDER], QUEUED_IN_LINE)
    _partial("ix_deliveries_ages", "deliveries", ["account", "live", "dated"], QUEUED_IN_LINE)
    _partial("ix_deliveries_pins", "deliveries", ["account", "live", "pinned"], QUEUED_PIN)
    _keep_last_pass()
    op.execute("ALTER TABLE lanes DROP COLUMN last_pass")
    op.execute("ALTER TABLE lanes RENAME COLUMN next_try TO wake_at")
    op.add_column("lanes", sa.Column("look_at", MOMENT))
    op.add_column("lanes", sa.Column("identity_key", sa.Text(), nullable=False, server_default=""))
    op.add_column("lanes", sa.Column("identity_at", MOMENT))
    op.execute("UPDATE lanes SET look_at = 0 WHERE closed_reason IS NULL AND wake_at IS NULL")
    op.execute("UPDATE lanes SET wake_at = closed_until WHERE closed_reason IS NOT NULL")
    _partial("ix_lanes_free", "lanes", ["look_at", "account"], sa.text("owner IS NULL"))
    _partial("ix_lanes_held", "lanes", ["owner", "lease_until"], sa.text("owner IS NOT NULL"))
    _partial("ix_lanes_resting", "lanes", ["wake_at"], sa.text("wake_at IS NOT NULL"))
    op.create_index("ix_slots_used_by_time", "slots_used", ["account", "at"])


def _keep_last_pass() -> None:
    """It moves to the table of single facts, where one row serves all accounts."""
    last = op.get_bind().execute(sa.text("SELECT max(last_pass) FROM lanes")).scalar()
    if last is not None:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=last)
        words = sa.text("INSERT INTO meta (key, value) VALUES ('last_pass', :value)")
        op.get_bind().execute(words, {"value": moment.isoformat()})


def _partial(name: str, table: str, columns: list[str | sa.TextClause], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
