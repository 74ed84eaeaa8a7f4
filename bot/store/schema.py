"""The tables. A change here needs a migration in `migrations/versions`; a test compares the two.

All moments are stored in UTC. `…_at`, `started`, `finished` and leases are real time unless a comment says desk time.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.delivery import OPEN_STATES, TERMINAL_STATES, Outcome, Remedy, State
from bot.store.columns import Moment, Number, OneOf, Prose, Words

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _column(name: str, kind: Any, *more: Any, optional: bool = False, **options: Any) -> sa.Column[Any]:
    """A column that must be filled unless it is `optional`."""
    return sa.Column(name, kind, *more, nullable=optional, **options)


def _key(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, Number, primary_key=True)


def _partial(name: str, *columns: Any, where: sa.ColumnElement[bool], unique: bool = False) -> sa.Index:
    """An index over some of the rows. Queries must repeat `where` as it stands: a bound parameter never matches it."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _is_any_of(column: sa.Column[Any], states: tuple[State, ...]) -> sa.ColumnElement[bool]:
    return column.in_([sa.literal_column(f"'{state.value}'") for state in states])


articles = sa.Table(
    "articles",
    metadata,
    _key(),
    _column("title", Prose),
    _column("folded_title", Prose),  # for finding by words: see `search.fold`
    _column("url", Prose),
    _column("guid", Prose),
    _column("summary", Prose),
    _column("section", Prose),
    _column("tags", Words),
    _column("author", Prose),
    _column("language", Prose),
    _column("image", Prose),
    _column("source", Prose),
    _column("published", Moment, optional=True),
    _column("first_seen", Moment),
    _column("breaking", sa.Boolean),
    _column("evergreen", sa.Boolean),
    _column("priority", sa.Integer),
    _column("typed", sa.Boolean),
    _column("short_title", Prose, server_default=""),
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("identity", Prose, primary_key=True),
    _column("article", Number, sa.ForeignKey(articles.c.id), index=True),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("name", Prose, primary_key=True),
    _column("first_read", Moment, optional=True),
    _column("last_read", Moment, optional=True),
    _column("last_tried", Moment, optional=True),
    _column("etag", Prose),
    _column("last_modified", Prose),
    _column("address", Prose),
    _column("last_error", Prose),
    _column("failures", sa.Integer),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    _key(),
    _column("article", Number, sa.ForeignKey(articles.c.id)),
    _column("account", Prose),
    _column("live", sa.Boolean),
    _column("round", sa.Integer),
    _column("state", OneOf(State)),
    _column("reason", Prose),
    _column("position", sa.Float(53)),
    _column("priority", sa.Integer),
    _column("pinned", Moment, optional=True),
    _column("text", Prose, optional=True),
    _column("created", Moment),  # desk time
    _column("changed", Moment),  # desk time of the last change of state
    _column("late_told", Moment, optional=True),  # desk time: the due moment that it was told to be late for
    # What the planner asks of the article, so that the best of a long queue is one step into an index.
    _column("breaking", sa.Boolean, server_default=sa.false()),
    _column("evergreen", sa.Boolean, server_default=sa.false()),
    _column("dated", Moment, optional=True),  # when its story's age starts
    _column("section", Prose, server_default=""),
    _column("task", sa.Boolean, server_default=sa.false()),  # failed for a reason that only a person can judge
    _column("frozen", Number, optional=True),  # an attempt: its text is sent again while its outcome is unknown
    sa.UniqueConstraint("article", "account", "live", "round"),
)
IS_OPEN = _is_any_of(deliveries.c.state, OPEN_STATES)
IS_QUEUED = deliveries.c.state == sa.literal_column(f"'{State.QUEUED.value}'")
IN_LINE = sa.and_(IS_QUEUED, deliveries.c.pinned.is_(None))
IS_PIN = sa.and_(IS_QUEUED, deliveries.c.pinned.is_not(None))
IS_UNSETTLED = _is_any_of(deliveries.c.state, (State.HELD, State.SENDING, State.UNCONFIRMED))
IN_ORDER = (deliveries.c.breaking.desc(), deliveries.c.priority.desc(), deliveries.c.position, deliveries.c.id)
HAS_ENDED = _is_any_of(deliveries.c.state, (*TERMINAL_STATES, State.UNCONFIRMED))
_partial("ix_deliveries_open", deliveries.c.account, deliveries.c.position, deliveries.c.id, where=IS_OPEN)
_partial("ix_deliveries_line", deliveries.c.account, deliveries.c.live, *IN_ORDER, where=IN_LINE)
_partial("ix_deliveries_ages", deliveries.c.account, deliveries.c.live, deliveries.c.dated, where=IN_LINE)
_partial("ix_deliveries_pins", deliveries.c.account, deliveries.c.live, deliveries.c.pinned, where=IS_PIN)
IS_UNCONFIRMED = _is_any_of(deliveries.c.state, (State.UNCONFIRMED,))
_partial("ix_deliveries_unconfirmed", deliveries.c.reason, deliveries.c.account, where=IS_UNCONFIRMED)
_partial("ix_deliveries_unsettled", deliveries.c.state, deliveries.c.account, deliveries.c.id, where=IS_UNSETTLED)
_partial("ix_deliveries_ended", deliveries.c.changed, deliveries.c.id, where=HAS_ENDED)
IS_TASK = deliveries.c.task == sa.true()
_partial("ix_deliveries_tasks", deliveries.c.account, deliveries.c.id, where=IS_TASK)

attempts = sa.Table(
    "attempts",
    metadata,
    _key(),
    _column("delivery", Number, sa.ForeignKey(deliveries.c.id), index=True),
    _column("account", Prose),
    _column("live", sa.Boolean),
    _column("owner", Prose),
    _column("fence", Number),
    _column("text", Prose),  # frozen: what is sent is what is stored
    _column("link", Prose),
    _column("folded", Prose),  # text and link, for finding by words
    _column("slot", Prose, optional=True),
    _column("due_at", Moment, optional=True),
    _column("desk_at", Moment),  # desk time
    _column("counts", sa.Boolean),  # False: made in a simulated future that was called off; caps and gaps ignore it
    _column("started", Moment),
    _column("finished", Moment, optional=True),
    _column("outcome", OneOf(Outcome), optional=True),
    _column("platform_id", Prose),
    _column("post_url", Prose),
    _column("error", Prose),
    _column("cost", sa.Float(53)),
    _column("remedy", OneOf(Remedy), server_default=Remedy.NONE),  # what the answer itself asked for
    _column("uptime", sa.Float(53), optional=True),  # at the intent; comparable within one `boot`
    _column("boot", Prose, optional=True),
    sa.UniqueConstraint("account", "fence"),  # one lease, one attempt: together they name it
)
IN_FLIGHT = attempts.c.outcome.is_(None)
# The database itself forbids two posts in flight on one account.
_partial("ix_attempts_in_flight", attempts.c.account, where=IN_FLIGHT, unique=True)
HAS_ID = attempts.c.platform_id != sa.literal_column("''")
_partial("ix_attempts_by_platform_id", attempts.c.platform_id, where=HAS_ID)
IS_UNKNOWN = attempts.c.outcome == sa.literal_column("'unknown'")
_partial("ix_attempts_unknown", attempts.c.account, where=IS_UNKNOWN)
sa.Index("ix_attempts_by_account", attempts.c.account, attempts.c.desk_at)
sa.Index("ix_attempts_by_time", attempts.c.desk_at, attempts.c.id)

deletions = sa.Table(  # calls that took a post from its platform again; `outcome` is null until the answer is known
    "deletions",
    metadata,
    _key(),
    _column("delivery", Number, sa.ForeignKey(deliveries.c.id), index=True),
    _column("account", Prose),
    _column("live", sa.Boolean),
    _column("actor", Prose),
    _column("started", Moment),
    _column("finished", Moment, optional=True),
    _column("outcome", OneOf(Outcome), optional=True),
    _column("error", Prose),
    _column("cost", sa.Float(53)),
)

lanes = sa.Table(
    "lanes",
    metadata,
    sa.Column("account", Prose, primary_key=True),
    _column("counted_to", Moment),  # desk time
    _column("look_at", Moment, optional=True),  # desk time: from then on it may be claimed; NULL: until it is woken
    _column("wake_at", Moment, optional=True),  # it rests until then
    _column("owner", Prose, optional=True),
    _column("lease_until", Moment, optional=True),
    _column("fence", Number),  # one more at each claim, so that a stale holder of a lease is told apart
    _column("closed_until", Moment, optional=True),
    _column("closed_reason", Prose, optional=True),
    _column("golive_at", Moment, optional=True),
    # The last identity check that passed: what it was made of, and when (see `bot.identity_check`).
    _column("identity_key", Prose, server_default=""),
    _column("identity_at", Moment, optional=True),
    _column("closed_for", Number, optional=True),  # the delivery whose unclear post closed it
    _column("answered_at", Moment, optional=True),  # when the platform's answers last closed it; null: the door opened
)
IS_FREE = lanes.c.owner.is_(None)
IS_HELD = lanes.c.owner.is_not(None)
# A closing that ends by itself is over when `wake_at` is taken away; its reason stays for the turn that tells it.
LANE_IS_OPEN = lanes.c.closed_reason.is_(None) | (lanes.c.wake_at.is_(None) & lanes.c.closed_until.is_not(None))
_partial("ix_lanes_free", lanes.c.look_at, lanes.c.account, where=IS_FREE)
_partial("ix_lanes_held", lanes.c.owner, lanes.c.lease_until, where=IS_HELD)
_partial("ix_lanes_resting", lanes.c.wake_at, where=lanes.c.wake_at.is_not(None))
_partial("ix_lanes_answered", lanes.c.answered_at, where=lanes.c.answered_at.is_not(None))

doors = sa.Table(
    "doors",
    metadata,
    sa.Column("key", Prose, primary_key=True),
    _column("reason", Prose),
    _column("until", Moment, optional=True),
    _column("by_answers", sa.Boolean, server_default=sa.false()),  # not by its word but by what it did to its lanes
    _column("tries", sa.Integer, server_default="0"),  # asked in vain so often since it closed
    _column("slowed", sa.Boolean, server_default=sa.false()),  # it opens by itself: nothing is wrong
)

looks = sa.Table(
    "looks",
    metadata,
    sa.Column("attempt", Number, sa.ForeignKey(attempts.c.id), primary_key=True, autoincrement=False),
    _column("delivery", Number, sa.ForeignKey(deliveries.c.id)),
    _column("account", Prose),
    _column("at", Moment, optional=True, index=True),  # null: not by itself, a person decides
    _column("duplicate", sa.Boolean),  # the platform refused the attempt as a repetition
    _column("failed", sa.Integer),  # read-backs that failed in a row
    _column("empty", sa.Integer),  # read-backs that found nothing
    _column("read_at", Moment, optional=True),  # when the timeline was last read; the lane waits for the first time
    _column("marked", Moment),  # what the present rest is measured from, on both clocks
    _column("marked_uptime", sa.Float(53)),
    _column("marked_boot", Prose),
)

reads = sa.Table(
    "reads",
    metadata,
    _key(),
    _column("account", Prose),
    _column("live", sa.Boolean),
    _column("at", Moment, index=True),
    _column("delivery", Number, sa.ForeignKey(deliveries.c.id), optional=True, index=True),
    _column("posts", sa.Integer),
    _column("cost", sa.Float(53)),
    _column("why", Prose),
)

orphans = sa.Table(
    "orphans",
    metadata,
    sa.Column("account", Prose, primary_key=True),
    sa.Column("platform_id", Prose, primary_key=True),
    _column("live", sa.Boolean),
    _column("text", Prose),
    _column("links", Words),
    _column("created", Moment),
    _column("url", Prose),
)

slots_used = sa.Table(
    "slots_used",
    metadata,
    sa.Column("account", Prose, primary_key=True),
    sa.Column("slot", Prose, primary_key=True),
    _column("at", Moment),  # desk time
    _column("delivery", Number, sa.ForeignKey(deliveries.c.id)),
    sa.Index("ix_slots_used_by_time", "account", "at"),
)

slots_missed = sa.Table(
    "slots_missed",
    metadata,
    _key(),
    _column("account", Prose),
    _column("live", sa.Boolean),
    _column("first", Moment),  # desk time, as the two below
    _column("last", Moment),
    _column("recorded", Moment),
    _column("slots", sa.Integer),
    _column("reason", Prose),
    sa.Index("ix_slots_missed_by_time", "recorded", "id"),
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("scope", Prose, primary_key=True),  # "all", "account:NAME", "section:NAME"
    _column("reason", Prose),
    _column("until", Moment, optional=True),
    _column("at", Moment),
    _column("actor", Prose),
)

history = sa.Table(
    "history",
    metadata,
    _key(),
    _column("delivery", Number, sa.ForeignKey(deliveries.c.id), index=True),
    _column("at", Moment),  # desk time
    _column("from_state", OneOf(State), optional=True),
    _column("to_state", OneOf(State)),
    _column("reason", Prose),
    _column("actor", Prose),
    _column("note", Prose),
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", Prose, primary_key=True),
    _column("value", Prose),
)
