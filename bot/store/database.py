"""The door to the database: open it (made or upgraded first), and do things in transactions.

    with database.begin() as tx:          # one write transaction, committed at the end or not at all
        lanes.claim(tx, "x-main", …)

Whatever goes wrong between us and the database is raised as one of our own errors, in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import sqlalchemy as sa

from bot.clock import SystemClock
from bot.store import upgrading
from bot.store.dialect import Dialect, dialect_for

Transaction = sa.Connection

PATIENCE = timedelta(seconds=30)


class Database:
    """An open database. Its functions are in the modules of `bot.store`, one a noun, over a transaction of this."""

    def __init__(self, dialect: Dialect, engine: sa.Engine) -> None:
        self._dialect = dialect
        self._engine = engine
        self.skew = timedelta(0)
        """How far the database's clock is ahead of this machine's; see `measure_skew`."""

    @classmethod
    def open(
        cls, url: str, *, on_progress: Callable[[str], None] | None = None, patience: timedelta = PATIENCE
    ) -> Database:
        """Open the database of that URL; its tables are made or upgraded first, and `on_progress` is told so.

        `patience` is how long a transaction waits for another's lock. Raises ConfigurationError (a wrong URL, not our
        database, sign-in refused; NewerDatabase for one of a later Nightdesk) and TryAgainLater (not reachable,
        locked, read-only, full).
        """
        dialect = dialect_for(url, patience)
        database = cls(dialect, dialect.engine())
        try:
            with database._in_our_words():
                upgrading.bring_up_to_date(dialect, database._engine, on_progress or (lambda sentence: None))
        except BaseException:
            database.close()
            raise
        return database

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._dialect.name

    @property
    def exclusive(self) -> bool:
        """True: whoever holds the instance lock knows that every lease and open attempt belongs to the dead."""
        return self._dialect.exclusive

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One write transaction: committed when the block ends, undone when it raises.

        TryAgainLater when the database cannot be written. Raised at the commit it can mean, on PostgreSQL alone,
        that the server's answer was lost: look the row up again before acting on it.
        """
        with self._in_our_words(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """One read transaction, which sees one state of the database throughout. Keep it short: read lists in pages."""
        with self._in_our_words(), self._engine.connect() as connection, self._dialect.reading(connection).begin():
            yield connection

    def instance_lock(self, name: str) -> AbstractContextManager[None]:
        """The right to be the one `run` or `once` (`name`) at work; AlreadyRunning when another has it.

        The kernel frees it when the process dies. On PostgreSQL any number may work, so nothing is locked.
        """
        return self._dialect.instance_lock(name)

    def measure_skew(self) -> None:
        """Compare the clocks anew. On SQLite there is one clock only."""
        with self.read() as tx:
            theirs = self._dialect.now(tx)
            self.skew = theirs - SystemClock().real_now() if theirs else timedelta(0)

    def close(self) -> None:
        """Close all connections; the object is of no use afterwards."""
        self._engine.dispose()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            explained = self._dialect.explain(error)
            if explained is None:
                raise
            raise explained from None
