"""A person's decisions about single posts: hold, release, skip, pin, move, again, and what an unconfirmed one became.

Every one of them is a conditional change with one row of history that names who did it; one that no longer fits
the post's state is refused with what to do instead.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from bot.delivery import TERMINAL_STATES, Attempt, Delivery, Outcome, Result, State
from bot.errors import UsageError
from bot.golive import follow_stamp
from bot.nightdesk import Nightdesk
from bot.pausing import open_when_settled
from bot.store import attempts, deliveries
from bot.store.database import Transaction
from bot.timetable.wording import spoken

WAITING = (State.QUEUED, State.HELD)


def hold(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, reason: str, actor: str) -> None:
    """Take it out of the queue until a person releases it."""
    _change(desk, tx, delivery, {State.QUEUED}, State.HELD, reason or "held by hand", actor, "hold")


def release(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, actor: str) -> None:
    """Put a held post back into the queue."""
    _change(desk, tx, delivery, {State.HELD}, State.QUEUED, "released", actor, "release")


def skip(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, reason: str, actor: str) -> None:
    """Decide that it will not be sent."""
    text = f"cancelled: {reason}" if reason else "cancelled"
    _change(desk, tx, delivery, set(WAITING), State.SKIPPED, text, actor, "skip")


def pin(desk: Nightdesk, tx: Transaction, delivery: Delivery, at: datetime | None, *, actor: str) -> None:
    """Give it a moment of its own, or (None) take that back. One that is over by more than `max_late` is refused."""
    _require(delivery, set(WAITING), "pin")
    if at is None and delivery.pinned is None:
        raise UsageError(f"d{delivery.id} has no pin; nothing was changed.")
    now, account = desk.clock.desk_now(), desk.settings.accounts.get(delivery.account)
    if at and account and now - at > account.caps.max_late:
        moment = at.astimezone(account.zone).isoformat(timespec="seconds")
        late = f"its account posts nothing more than {spoken(account.caps.max_late)} late"
        raise UsageError(f"{moment} is over, and {late}; d{delivery.id} was not pinned.", "Give a moment to come.")
    deliveries.pin(tx, delivery.id, at, actor=actor, now=now)


def move(
    desk: Nightdesk,
    tx: Transaction,
    delivery: Delivery,
    *,
    before: int | None = None,
    after: int | None = None,
    to_top: bool = False,
    actor: str,
) -> None:
    """Give it another place in its account's queue: before or after another, at the top, or else at the bottom."""
    _require(delivery, set(WAITING), "move")
    if delivery.id in (before, after):
        raise UsageError(f"d{delivery.id} is the post to move itself; nothing was moved.", "Name another one.")
    now = desk.clock.desk_now()
    if not deliveries.move(tx, delivery.id, before=before, after=after, to_top=to_top, actor=actor, now=now):
        raise UsageError(
            f"d{before or after} does not wait in the queue of {delivery.account}; nothing was moved.",
            f"`nightdesk queue list --account {delivery.account}` shows what does.",
        )


def again(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, actor: str) -> Delivery:
    """Open the next round for a post that has ended: the same article, the same account, once more."""
    _require(delivery, set(TERMINAL_STATES), "queue again")
    account = desk.account(delivery.account)
    live = desk.is_live(tx, account)
    newest = deliveries.latest_round(tx, delivery.article, delivery.account, live)
    if newest is not None and newest.state not in TERMINAL_STATES:
        raise UsageError(f"d{newest.id} of the same article is still {newest.state}.", "Let it end first, or skip it.")
    made, _ = deliveries.create(
        tx,
        article=delivery.article,
        account=delivery.account,
        live=live,
        round=newest.round + 1 if newest else 1,
        priority=delivery.priority,
        text=delivery.text,
        actor=actor,
        now=desk.clock.desk_now(),
    )
    return made


def resolve_posted(desk: Nightdesk, tx: Transaction, delivery: Delivery, url: str, *, actor: str) -> None:
    """A person saw the post: it is published, at that address, and its account goes on."""
    attempt = _unconfirmed(tx, delivery)
    platform_id = _id_in(url)
    result = Result(outcome=Outcome.ACCEPTED, platform_id=platform_id, post_url=url)
    if not attempts.settle(
        tx, attempt.id, result=result
    ):  # a reported duplicate was refused: the sight of it corrects that
        attempts.finish(tx, attempt.id, result=result, now=attempt.finished or desk.clock.real_now())
    reason = f"a person saw it: {url}"
    _change(desk, tx, delivery, {State.UNCONFIRMED}, State.PUBLISHED, reason, actor, "resolve")
    open_when_settled(desk, tx, delivery.account)


def resolve_not_posted(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, actor: str) -> None:
    """A person looked and it is not there: it is queued again, and its account goes on."""
    attempt = _unconfirmed(tx, delivery)
    result = Result(outcome=Outcome.REFUSED, error="a person looked: it was not posted")
    attempts.settle(tx, attempt.id, result=result)
    reason = "a person looked: it was not posted"
    _change(desk, tx, delivery, {State.UNCONFIRMED}, State.QUEUED, reason, actor, "resolve")
    follow_stamp(desk, tx, delivery.id, actor=actor)
    open_when_settled(desk, tx, delivery.account)


def _unconfirmed(tx: Transaction, delivery: Delivery) -> Attempt:
    _require(delivery, {State.UNCONFIRMED}, "resolve")
    return attempts.of(tx, delivery.id)[-1]


def _id_in(url: str) -> str:
    """The platform's id as a post's address has it: behind `status` on X, at the end on Facebook."""
    parts = urlsplit(url)
    steps = [step for step in parts.path.split("/") if step]
    found = steps[steps.index("status") + 1 :] if "status" in steps else steps[-1:]
    number = found[0] if found else ""
    if parts.scheme not in ("http", "https") or not parts.netloc or not any(map(str.isdigit, number)):
        hint = "Copy it from the browser, such as https://x.com/example/status/1234."
        raise UsageError(f"{url!r} is not the address of a post.", hint)
    return number


def _change(
    desk: Nightdesk,
    tx: Transaction,
    delivery: Delivery,
    when: Collection[State],
    to: State,
    reason: str,
    actor: str,
    verb: str,
) -> None:
    _require(delivery, when, verb)
    now = desk.clock.desk_now()
    if not deliveries.change(tx, delivery.id, when=when, to=to, reason=reason, actor=actor, now=now):
        raise UsageError(f"d{delivery.id} has just changed; nothing was done.", "Look again with `nightdesk show`.")


def _require(delivery: Delivery, when: Collection[State], verb: str) -> None:
    if delivery.state not in when:
        wanted = " or ".join(sorted(when))
        raise UsageError(
            f"d{delivery.id} is {delivery.state}; only a post that is {wanted} can be handled by `{verb}`.",
            f"`nightdesk show d{delivery.id}` tells its story.",
        )
