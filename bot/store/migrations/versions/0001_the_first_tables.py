"""The first tables. A migration never changes once it is released, so it names its types itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # microseconds since 1970, UTC
TEXT = sa.Text()
MONEY = sa.Float(53)

IS_OPEN = "state IN ('held', 'queued', 'sending', 'unconfirmed')"
HAS_ENDED = "state IN ('published', 'failed', 'skipped', 'withdrawn', 'unconfirmed')"


def upgrade() -> None:
    """Make all tables, the ones referred to first."""
    _articles()
    _deliveries()
    _attempts()
    _lanes_and_slots()
    _the_rest()


def _articles() -> None:
    _table(
        "articles",
        _key(),
        *_texts("title folded_title url guid summary section tags author language image source"),
        sa.Column("published", MOMENT),
        _filled("first_seen", MOMENT),
        _filled("breaking", sa.Boolean()),
        _filled("evergreen", sa.Boolean()),
        _filled("priority", sa.Integer()),
        _filled("typed", sa.Boolean()),
    )
    _table("identities", _filled("identity", TEXT), _filled("article", NUMBER), key="identity", refers_to="articles")
    op.create_index("ix_identities_article", "identities", ["article"])


def _deliveries() -> None:
    _table(
        "deliveries",
        _key(),
        _filled("article", NUMBER),
        _filled("account", TEXT),
        _filled("live", sa.Boolean()),
        _filled("round", sa.Integer()),
        *_texts("state reason"),
        _filled("position", MONEY),
        _filled("priority", sa.Integer()),
        sa.Column("pinned", MOMENT),
        sa.Column("text", TEXT),
        _filled("created", MOMENT),
        _filled("changed", MOMENT),
        sa.UniqueConstraint("article", "account", "live", "round", name="uq_deliveries_article"),
        refers_to="articles",
    )
    _partial_index("ix_deliveries_open", "deliveries", ["account", "position", "id"], where=IS_OPEN)
    _partial_index("ix_deliveries_ended", "deliveries", ["changed", "id"], where=HAS_ENDED)
    _table(
        "history",
        _key(),
        _filled("delivery", NUMBER),
        _filled("at", MOMENT),
        sa.Column("from_state", TEXT),
        *_texts("to_state reason actor note"),
        refers_to="deliveries",
    )
    op.create_index("ix_history_delivery", "history", ["delivery"])


def _attempts() -> None:
    _table(
        "attempts",
        _key(),
        _filled("delivery", NUMBER),
        _filled("account", TEXT),
        _filled("live", sa.Boolean()),
        _filled("owner", TEXT),
        _filled("fence", NUMBER),
        *_texts("text link folded"),
        sa.Column("slot", TEXT),
        sa.Column("due_at", MOMENT),
        _filled("desk_at", MOMENT),
        _filled("counts", sa.Boolean()),
        _filled("started", MOMENT),
        sa.Column("finished", MOMENT),
        sa.Column("outcome", TEXT),
        *_texts("platform_id post_url error"),
        _filled("cost", MONEY),
        sa.UniqueConstraint("account", "fence", name="uq_attempts_account"),
        refers_to="deliveries",
    )
    op.create_index("ix_attempts_delivery", "attempts", ["delivery"])
    op.create_index("ix_attempts_by_account", "attempts", ["account", "desk_at"])
    op.create_index("ix_attempts_by_time", "attempts", ["desk_at", "id"])
    _partial_index("ix_attempts_in_flight", "attempts", ["account"], where="outcome IS NULL", unique=True)


def _lanes_and_slots() -> None:
    _table(
        "lanes",
        _filled("account", TEXT),
        _filled("counted_to", MOMENT),
        sa.Column("last_pass", MOMENT),
        sa.Column("next_try", MOMENT),
        sa.Column("owner", TEXT),
        sa.Column("lease_until", MOMENT),
        _filled("fence", NUMBER),
        sa.Column("closed_until", MOMENT),
        sa.Column("closed_reason", TEXT),
        sa.Column("golive_at", MOMENT),
        key="account",
    )
    _table("doors", *_texts("key reason"), sa.Column("until", MOMENT), key="key")
    _table(
        "slots_used",
        *_texts("account slot"),
        _filled("at", MOMENT),
        _filled("delivery", NUMBER),
        key=("account", "slot"),
        refers_to="deliveries",
    )
    _table(
        "slots_missed",
        _key(),
        _filled("account", TEXT),
        _filled("live", sa.Boolean()),
        _filled("first", MOMENT),
        _filled("last", MOMENT),
        _filled("recorded", MOMENT),
        _filled("slots", sa.Integer()),
        _filled("reason", TEXT),
    )
    op.create_index("ix_slots_missed_by_time", "slots_missed", ["recorded", "id"])


def _the_rest() -> None:
    _table(
        "sources",
        _filled("name", TEXT),
        sa.Column("first_read", MOMENT),
        sa.Column("last_read", MOMENT),
        sa.Column("last_tried", MOMENT),
        *_texts("etag last_modified address last_error"),
        _filled("failures", sa.Integer()),
        key="name",
    )
    _table(
        "pauses",
        *_texts("scope reason"),
        sa.Column("until", MOMENT),
        _filled("at", MOMENT),
        _filled("actor", TEXT),
        key="scope",
    )
    _table("meta", *_texts("key value"), key="key")


def _key() -> sa.Column[Any]:
    return _filled("id", NUMBER)


def _filled(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _texts(names: str) -> list[sa.Column[Any]]:
    return [_filled(name, TEXT) for name in names.split()]


def _table(name: str, *columns: Any, key: str | tuple[str, ...] = "id", refers_to: str = "") -> None:
    """`refers_to` is a table in the plural; the column that refers to it has its name in the singular."""
    constraints: list[Any] = [sa.PrimaryKeyConstraint(*([key] if isinstance(key, str) else key), name=f"pk_{name}")]
    if refers_to:
        column = {"articles": "article", "deliveries": "delivery"}[refers_to]
        constraints.append(sa.ForeignKeyConstraint([column], [f"{refers_to}.id"], name=f"fk_{name}_{column}"))
    op.create_table(name, *columns, *constraints)


def _partial_index(name: str, table: str, columns: list[str], *, where: str, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
