"""Alembic's way in: the migrations run on the connection, and in the transaction, that `upgrading` hands over."""

from __future__ import annotations

from alembic import context

from bot.store.schema import metadata
from bot.store.upgrading import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
