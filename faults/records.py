"""What the database of a run says, read from outside with the project's own tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from bot.recovery import LOST
from bot.store.schema import attempts, deliveries, doors, history, lanes, looks
from faults.behaviours import BEFORE_LIMITS
from faults.judge import End, Try


class Records:
    """A look at one database. Every read is short, and takes no lock that a writer would notice for long.

    What waits for longer than `far` seconds has come to rest.
    """

    def __init__(self, url: str, far: float = BEFORE_LIMITS) -> None:
        self._far = timedelta(seconds=far)
        self._engine = sa.create_engine(url, pool_size=1, pool_pre_ping=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._engine.dispose()

    def _all(self, query: Any) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(query))

    def ends(self) -> list[End]:
        d = deliveries.c
        when = sa.select(sa.func.max(history.c.at)).where(history.c.delivery == d.id).scalar_subquery()
        rows = self._all(sa.select(d.id, d.account, d.state, d.reason, when))
        return [
            End(delivery=number, account=account, state=str(state), reason=reason, at=_aware(at))
            for number, account, state, reason, at in rows
        ]

    def tries(self) -> list[Try]:
        a = attempts.c
        columns = (a.delivery, a.account, a.text, a.link, a.outcome, a.platform_id, a.started, a.finished, a.error)
        return [
            Try(
                delivery=row.delivery,
                account=row.account,
                text=row.text,
                link=row.link,
                outcome=str(row.outcome or ""),
                platform_id=row.platform_id,
                seconds=_seconds(row),
            )
            for row in self._all(sa.select(*columns).order_by(a.id))
        ]

    def restless(self) -> frozenset[int]:
        """The deliveries that something will still happen to by itself, soon."""
        with self._engine.connect() as connection:
            d = deliveries.c
            unsettled = d.state.in_(("queued", "sending", "unconfirmed"))
            rows = list(connection.execute(sa.select(d.id, d.account, d.state, d.reason).where(unsettled)))
            held_back, looked_for = self._held_back(connection), self._looked_for(connection)
        return frozenset(row.id for row in rows if _moves(row, held_back, looked_for))

    def closed_for_a_person(self) -> frozenset[str]:
        """The accounts that nothing opens but a person: no moment is said."""
        rows = self._all(sa.select(lanes.c.account, lanes.c.closed_reason, lanes.c.closed_until))
        return frozenset(account for account, reason, until in rows if reason and until is None)

    def _looked_for(self, connection: sa.Connection) -> frozenset[int]:
        """The unconfirmed deliveries that will be looked for by themselves: soon, or nobody has begun to."""
        soon = sa.and_(looks.c.at.isnot(None), looks.c.at <= datetime.now(UTC) + self._far)
        unmet = ~sa.exists().where(looks.c.delivery == deliveries.c.id)
        coming = sa.exists().where(looks.c.delivery == deliveries.c.id, soon)
        query = sa.select(deliveries.c.id).where(deliveries.c.state == "unconfirmed", unmet | coming)
        return frozenset(connection.execute(query).scalars())

    def _held_back(self, connection: sa.Connection) -> frozenset[str]:
        """The accounts that make no call for a good while."""
        far = datetime.now(UTC) + self._far
        wake = lanes.c["wake_at"] if "wake_at" in lanes.c else lanes.c["next_try"]
        rows = connection.execute(sa.select(lanes.c.account, wake, lanes.c.closed_reason, lanes.c.closed_until))
        held = {
            account
            for account, wake_at, reason, until in rows
            if (wake_at and _aware(wake_at) > far) or (reason and (until is None or _aware(until) > far))
        }
        closed_doors = connection.execute(sa.select(doors.c.key, doors.c.until))
        held |= {key.split()[-1] for key, until in closed_doors if until is None or _aware(until) > far}
        return frozenset(held)


def _moves(row: Any, held_back: frozenset[str], looked_for: frozenset[int]) -> bool:
    """Whether a delivery that has not ended will go on by itself."""
    if row.state == "queued":
        return row.account not in held_back
    return row.state == "sending" or row.id in looked_for


def _seconds(attempt: Any) -> float:
    """How long the call took; nothing where nobody knows, as its process died."""
    known = attempt.finished is not None and attempt.error != LOST.error
    return float((attempt.finished - attempt.started).total_seconds()) if known else 0.0


def _aware(moment: Any) -> Any:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
