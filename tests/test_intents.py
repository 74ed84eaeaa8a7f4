"""TX2: whatever has changed between the claim and the intent, a post that may not go any more is not begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import claiming, intents
from bot.claim import Written
from bot.dispatch import keep_time, take_edition
from bot.intents import Intended, record_intents
from bot.nightdesk import Nightdesk
from bot.pausing import door_of
from bot.store import doors, lanes, meta, unread
from bot.store.database import Transaction
from bot.writing import write_posts
from tests.test_reconcile import newsroom
from tests.world import World


@pytest.fixture
def one_x(tmp_path: Path, database_url: str) -> Iterator[World]:
    """An account with one post that is due."""
    with newsroom(tmp_path, database_url) as made:
        made.add("One")
        yield made


def written(desk: Nightdesk) -> list[Written]:
    """Claimed and written, and nothing more."""
    keep_time(desk)
    take_edition(desk)
    with desk.database.begin() as tx:
        claimed = claiming.claim_due(desk, tx, most=1, until=desk.clock.desk_now(), fruitless=Counter())
    return write_posts(desk, claimed)[0]


def intended(desk: Nightdesk, posts: list[Written], *, halted: bool = False) -> list[Intended]:
    with desk.database.begin() as tx:
        return record_intents(desk, tx, posts, Counter(), halted=halted)


def paused(desk: Nightdesk, tx: Transaction) -> None:
    (desk.settings.home / "PAUSE").write_text("lunch")


def at_a_closed_door(desk: Nightdesk, tx: Transaction) -> None:
    doors.close(tx, door_of(desk.account("x-main"), False), reason="no credits", until=None)


def behind_a_later_edition(desk: Nightdesk, tx: Transaction) -> None:
    meta.set(tx, meta.EDITION, f"{'9' * 20} another")


def to_be_read_back(desk: Nightdesk, tx: Transaction) -> None:
    unread.keep(tx, ["x-main"])


CHANGES = [paused, at_a_closed_door, behind_a_later_edition, to_be_read_back]


def test_a_post_of_which_nothing_has_changed_is_begun(one_x: World) -> None:
    with one_x.desk() as desk:
        posts = written(desk)
        assert len(intended(desk, posts)) == len(posts) == 1
    assert one_x.states() == {"x-main": ["sending"]}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_post_is_not_begun_when_it_is(one_x: World, change: Callable[[Nightdesk, Transaction], None]) -> None:
    with one_x.desk() as desk:
        posts = written(desk)
        with desk.database.begin() as tx:
            change(desk, tx)
        assert len(posts) == 1
        assert intended(desk, posts) == []
        with desk.database.read() as tx:
            assert lanes.held_by(tx, desk.owner) == []
    assert one_x.states() == {"x-main": ["queued"]}
    assert one_x.posts() == []


def test_nothing_is_begun_by_a_run_that_is_to_end(one_x: World) -> None:
    with one_x.desk() as desk:
        assert intended(desk, written(desk), halted=True) == []
    assert one_x.states() == {"x-main": ["queued"]}


def test_nothing_is_begun_that_the_budget_objects_to(one_x: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with one_x.desk() as desk:
        posts = written(desk)
        monkeypatch.setattr(intents, "objection", lambda desk, claim, cost: f"{cost} is too much")
        assert intended(desk, posts) == []
    assert one_x.states() == {"x-main": ["queued"]}
