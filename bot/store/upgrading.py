"""Making the tables, and bringing those of an earlier Nightdesk up to date: a whole upgrade is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from bot.errors import ConfigurationError, NewerDatabase
from bot.store.dialect import Dialect
from bot.store.schema import metadata

HEAD = "0006"  # the newest revision in migrations/versions; they are numbered so that a newer one is recognised
VERSION_TABLE = (
    "nightdesk_version"  # a name of our own: a PostgreSQL database may be shared with others who use Alembic
)
MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(dialect: Dialect, engine: sa.Engine, on_progress: Callable[[str], None]) -> None:
    """See that the tables are those of HEAD. NewerDatabase and ConfigurationError leave everything as it was."""
    with dialect.reading(engine.connect()) as connection:
        if _checked_revision(dialect, connection) == HEAD:
            return
    with dialect.upgrading(engine) as connection:
        revision = _checked_revision(dialect, connection)  # another process may have been faster
        if revision == HEAD:
            return
        if revision is None:
            on_progress(f"Making the {dialect.title}.")
        else:
            copy = dialect.keep_copy(HEAD)
            kept = f" As it was it stays in {copy}." if copy else ""
            on_progress(f"Upgrading the {dialect.title} from {revision} to {HEAD}.{kept}")
        _migrate(connection)


def _checked_revision(dialect: Dialect, connection: sa.Connection) -> str | None:
    """The revision of the tables, None where there are none yet."""
    tables = set(sa.inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        strangers = tables if dialect.exclusive else tables & set(metadata.tables)
        if strangers:
            raise ConfigurationError(
                f"The {dialect.title} belongs to another program (it has a table {min(strangers)!r}).",
                "Name another one in the settings.",
            )
        return None
    revision = str(connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one())
    if not revision.isdigit() or int(revision) > int(HEAD):
        raise NewerDatabase(
            f"The {dialect.title} was written by a newer Nightdesk (its revision is {revision}, ours {HEAD}).",
            "Install that version or a later one, or name another database.",
        )
    return revision


def _migrate(connection: sa.Connection) -> None:
    from alembic import command  # heavy, and needed only at the first start and after an upgrade
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
