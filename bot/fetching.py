"""Read a source once: what it has that is new becomes articles and deliveries.

A source's first read is a baseline: everything in it is noted as known and nothing is queued, unless the newest N
are asked for (`--backfill N`), so that a new feed never floods an account.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.article import Article
from bot.errors import NightdeskError
from bot.ingest import Added, keep, queue_for
from bot.nightdesk import Nightdesk
from bot.settings import SourceSettings
from bot.sources.reading import Reading, read_source
from bot.store import lanes, sources
from bot.store.sources import SourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one read of a source brought. `baseline` counts articles noted as known without being queued."""

    source: str
    added: tuple[Added, ...] = ()
    known: int = 0
    baseline: int = 0
    problems: tuple[str, ...] = ()
    unchanged: bool = False


def fetch_source(desk: Nightdesk, source: SourceSettings, *, backfill: int | None = None, actor: str) -> Fetched:
    """Read the source now. Raises what reading raises (TryAgainLater, UsageError), after noting it with the source.

    With a backfill even an unchanged source is read whole: what is asked for was known before.
    """
    with desk.database.read() as tx:
        before = sources.get(tx, source.name, source.feed)
    etag, last_modified = ("", "") if backfill else (before.etag, before.last_modified)
    try:
        reading = read_source(source, home=desk.settings.home, etag=etag, last_modified=last_modified)
    except NightdeskError as error:
        with desk.database.begin() as tx:
            sources.note_failure(tx, source.name, error=str(error), at=desk.clock.desk_now())
        raise
    return _take_in(desk, source, reading, before=before, backfill=backfill, actor=actor)


def _take_in(
    desk: Nightdesk, source: SourceSettings, reading: Reading, *, before: SourceState, backfill: int | None, actor: str
) -> Fetched:
    """All of one read in one transaction with its state: a crash repeats the read, it never halves it."""
    accounts = [desk.account(name) for name in source.accounts]
    newest = len(reading.articles) - (backfill or 0)
    added, known, baseline = [], 0, 0
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        lanes.lock(tx, source.accounts)
        for place, article in enumerate(reading.articles):  # oldest first
            kept, new = keep(desk, tx, article)
            wanted = place >= newest or _is_news(kept, new, source, before)
            queued = [queue_for(desk, tx, kept, account, actor=actor) for account in accounts] if wanted else []
            if any(created for _, created in queued):
                added.append(Added(article=kept, new=new, deliveries=tuple(delivery for delivery, _ in queued)))
            elif new:
                baseline += 1
            else:
                known += 1
        sources.note_read(
            tx,
            source.name,
            address=source.feed,
            etag=reading.etag,
            last_modified=reading.last_modified,
            at=desk.clock.desk_now(),
        )
    return Fetched(
        source=source.name,
        added=tuple(added),
        known=known,
        baseline=baseline,
        problems=reading.problems,
        unchanged=reading.unchanged,
    )


def _is_news(article: Article, new: bool, source: SourceSettings, before: SourceState) -> bool:
    """New since the baseline: unknown, or told meanwhile by another source, whose accounts may be others."""
    if before.first_read is None or article.first_seen is None:
        return False
    return new or (article.source != source.name and article.first_seen > before.first_read)
