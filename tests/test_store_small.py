"""Doors, pauses, sources and the few facts about the database as a whole."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from bot.store import doors, meta, pauses, sources
from bot.store.database import Database
from bot.store.doors import Door
from bot.store.pauses import Pause
from bot.store.sources import SourceState
from tests.databases import MINUTE, NOW


def test_a_door_is_open_until_it_is_closed(database: Database) -> None:
    with database.begin() as tx:
        assert doors.get(tx, "x live") is None
        assert not doors.open(tx, "x live")
        doors.close(tx, "x live", reason="no credits", until=None)
        doors.close(tx, "x live", reason="app limit", until=NOW)
        doors.close(tx, "facebook live", reason="app limit", until=None)
        shut = Door(key="x live", reason="app limit", until=NOW)
        assert doors.get(tx, "x live") == shut
        assert doors.closed(tx) == [Door(key="facebook live", reason="app limit", until=None), shut]
        assert doors.open(tx, "x live")
        assert doors.get(tx, "x live") is None
        assert len(doors.closed(tx)) == 1


def test_a_pause_holds_until_its_end_or_until_it_is_lifted(database: Database) -> None:
    with database.begin() as tx:
        assert pauses.active(tx, NOW) == []
        pauses.set(tx, "account:x-main", reason="election", until=NOW + MINUTE, at=NOW, actor="leyla")
        pauses.set(tx, "section:Sport", reason="old", until=None, at=NOW, actor="leyla")
        pauses.set(tx, "section:Sport", reason="derby", until=None, at=NOW + MINUTE, actor="murad")
        pauses.set(tx, "all", reason="storm", until=None, at=NOW, actor="leyla")
        everything = Pause(scope="all", reason="storm", until=None, at=NOW, actor="leyla")
        account = Pause(scope="account:x-main", reason="election", until=NOW + MINUTE, at=NOW, actor="leyla")
        section = Pause(scope="section:Sport", reason="derby", until=None, at=NOW + MINUTE, actor="murad")
        assert pauses.active(tx, NOW) == [everything, account, section]
        assert pauses.active(tx, NOW + MINUTE) == [everything, section]
        assert pauses.lift(tx, "all")
        assert not pauses.lift(tx, "all")
        assert pauses.active(tx, NOW + MINUTE) == [section]


def test_a_source_remembers_its_last_good_read_and_its_failures_since(database: Database) -> None:
    with database.begin() as tx:
        assert sources.get(tx, "site") == SourceState(name="site")
        sources.note_failure(tx, "site", error="no answer", at=NOW)
        sources.note_failure(tx, "site", error="404", at=NOW + MINUTE)
        assert sources.get(tx, "site") == SourceState(
            name="site", last_tried=NOW + MINUTE, last_error="404", failures=2
        )
        read = {"etag": '"e1"', "last_modified": "Mon, 01 Jun 2026 06:00:00 GMT", "address": "feed.xml"}
        sources.note_read(tx, "site", **read, at=NOW + 2 * MINUTE)
        sources.note_read(tx, "site", **read, at=NOW + 3 * MINUTE)
        sources.note_failure(tx, "site", error="no answer", at=NOW + 4 * MINUTE)
        assert sources.get(tx, "site") == SourceState(
            name="site",
            first_read=NOW + 2 * MINUTE,
            last_read=NOW + 3 * MINUTE,
            last_tried=NOW + 4 * MINUTE,
            **read,
            last_error="no answer",
            failures=1,
        )
        sources.note_read(tx, "site", **read, at=NOW + 5 * MINUTE)
        good = sources.get(tx, "site")
        assert (good.last_error, good.failures) == ("", 0)
        assert sources.get(tx, "other") == SourceState(name="other")


def test_a_fact_is_kept_replaced_and_taken_away(database: Database) -> None:
    with database.begin() as tx:
        assert meta.get(tx, "key") is None
        meta.set(tx, "key", "one")
        meta.set(tx, "key", "two")
        meta.set(tx, "other", "three")
        assert (meta.get(tx, "key"), meta.get(tx, "other")) == ("two", "three")
        meta.set(tx, "key", None)
        assert (meta.get(tx, "key"), meta.get(tx, "other")) == (None, "three")


@pytest.mark.parametrize("moment", [NOW, NOW.astimezone(timezone(timedelta(hours=4))), NOW + timedelta(microseconds=7)])
def test_a_moment_is_kept_as_it_is(database: Database, moment: object) -> None:
    with database.begin() as tx:
        meta.set_time(tx, "simulated_to", moment)  # type: ignore[arg-type]
        assert meta.get_time(tx, "simulated_to") == moment
        meta.set_time(tx, "simulated_to", None)
        assert meta.get_time(tx, "simulated_to") is None
