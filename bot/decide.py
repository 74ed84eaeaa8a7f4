"""A person's decisions about single posts: hold, release, skip, pin, move, again, retry, and what became of an
unconfirmed one.

Every one of them is a conditional change with one row of history that names who did it; one that no longer fits
the post's state is refused with what to do instead.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.delivery import TERMINAL_STATES, Delivery, Outcome, Result, State
from bot.errors import UsageError
from bot.golive import follow_stamp
from bot.nightdesk import Nightdesk
from bot.pausing import open_when_settled
from bot.platforms.addresses import address_of
from bot.store import attempts, deliveries, lanes
from bot.store.database import Transaction
from bot.timetable.wording import spoken
from bot.wording import instead_of

WAITING = (State.QUEUED, State.HELD)


def in_hand(tx: Transaction, chosen: Collection[Delivery]) -> list[Delivery]:
    """These deliveries as they are now; until the transaction ends no worker and no other person changes them."""
    lanes.lock(tx, {delivery.account for delivery in chosen})
    return [deliveries.get(tx, delivery.id) or delivery for delivery in chosen]


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


def retry(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, not_posted: bool, why: str, actor: str) -> None:
    """Queue a failed post again, written anew; an unconfirmed one only on the word of a person who looked.

    Never one whose article has gone on to a later round, and never a rehearsed one on an account that is live by now.
    """
    _require(delivery, {State.FAILED, State.UNCONFIRMED}, "retry")
    _refuse_overtaken(desk, tx, delivery)
    if delivery.state is State.UNCONFIRMED:
        if not not_posted:
            raise UsageError(f"d{delivery.id} may be live; nothing was queued.", _LOOK_FIRST.format(f"d{delivery.id}"))
        resolve_not_posted(desk, tx, delivery, why=why, actor=actor)
        return
    _change(desk, tx, delivery, {State.FAILED}, State.QUEUED, "sent again by hand", actor, "retry", note=why)
    follow_stamp(desk, tx, delivery.id, actor=actor)


_LOOK_FIRST = (
    "`nightdesk resolve {0} --look` looks for it, or look yourself: then `nightdesk resolve {0} --posted URL`, "
    "or `nightdesk retry {0} --not-posted`."
)


def resolve_posted(
    desk: Nightdesk, tx: Transaction, delivery: Delivery, url: str, *, actor: str, why: str = ""
) -> None:
    """A person saw the post: it is published, at that address, and its account goes on."""
    _require(delivery, {State.UNCONFIRMED, State.FAILED}, "resolve")
    made = attempts.of(tx, delivery.id)
    if not made:
        raise UsageError(f"d{delivery.id} was never sent; nothing was changed.", instead_of(delivery))
    result = Result(outcome=Outcome.ACCEPTED, platform_id=_id_in(desk, tx, delivery, url), post_url=url)
    if not attempts.settle(tx, made[-1].id, result=result):  # a refusal: the sight of the post corrects that
        attempts.finish(tx, made[-1].id, result=result, now=made[-1].finished or desk.clock.real_now())
    reason = f"a person saw it: {url}"
    _change(desk, tx, delivery, _UNSETTLED, State.PUBLISHED, reason, actor, "resolve", note=why)
    if delivery.state is State.UNCONFIRMED:
        open_when_settled(desk, tx, delivery.account)


def resolve_not_posted(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, actor: str, why: str = "") -> None:
    """A person looked and it is not there: it is queued again, and its account goes on."""
    _settle_as_not_posted(tx, delivery)
    reason = "a person looked: it was not posted"
    _change(desk, tx, delivery, {State.UNCONFIRMED}, State.QUEUED, reason, actor, "resolve", note=why)
    follow_stamp(desk, tx, delivery.id, actor=actor)
    open_when_settled(desk, tx, delivery.account)


def drop(desk: Nightdesk, tx: Transaction, delivery: Delivery, *, actor: str, why: str = "") -> None:
    """It is not there and shall not be: an unconfirmed or failed post ends as skipped, and its account goes on."""
    if delivery.state is not State.UNCONFIRMED:
        reason = "cancelled: it had failed, and is not sent again"
        _change(desk, tx, delivery, {State.FAILED}, State.SKIPPED, reason, actor, "resolve", note=why)
        return
    _settle_as_not_posted(tx, delivery)
    reason = "cancelled: a person looked, and it was not posted"
    _change(desk, tx, delivery, {State.UNCONFIRMED}, State.SKIPPED, reason, actor, "resolve", note=why)
    open_when_settled(desk, tx, delivery.account)


_UNSETTLED = frozenset({State.UNCONFIRMED, State.FAILED})


def rests_until(desk: Nightdesk, tx: Transaction, delivery: Delivery) -> datetime | None:
    """Until when (real time) the post may still appear, however well one looked; None when that is over."""
    made = attempts.of(tx, delivery.id)
    until = made[-1].started + desk.settings.delivery.settle if made else None
    return until if until and until > desk.clock.real_now() else None


def _settle_as_not_posted(tx: Transaction, delivery: Delivery) -> None:
    _require(delivery, {State.UNCONFIRMED}, "resolve")
    result = Result(outcome=Outcome.REFUSED, error="a person looked: it was not posted")
    attempts.settle(tx, attempts.of(tx, delivery.id)[-1].id, result=result)


def _refuse_overtaken(desk: Nightdesk, tx: Transaction, delivery: Delivery) -> None:
    account, number = desk.account(delivery.account), delivery.id
    newest = deliveries.latest_round(tx, delivery.article, delivery.account, delivery.live)
    if newest is not None and newest.id != number:
        message = f"The article of d{number} has gone on to a later round, d{newest.id}, which is {newest.state}."
        raise UsageError(message, instead_of(newest))
    if not delivery.live and desk.is_live(tx, account):
        message = f"d{number} was rehearsed, and {account.name} is LIVE now: what was rehearsed is never retried live."
        raise UsageError(message, f"`nightdesk queue again d{number}` posts the article anew.")


def _id_in(desk: Nightdesk, tx: Transaction, delivery: Delivery, url: str) -> str:
    """The platform's id of the post at that address, "" where Facebook's tells none. Refuses any other address."""
    account = desk.settings.accounts.get(delivery.account)
    found = address_of(url, account.identity if account else "")
    if found is None:
        whose = f" of {account.identity}" if account else ""
        hint = "Copy it from the browser, such as https://x.com/example/status/1234 or https://www.facebook.com/1_234."
        raise UsageError(f"{url!r} is not the address of a post{whose}.", hint)
    if account and found.platform != account.platform:
        raise UsageError(
            f"{url} is no post on {account.platform}, for which d{delivery.id} was.", "Copy the right one."
        )
    others = attempts.claimed(tx, {found.post_id} - {""}, live=delivery.live, but=delivery.id)
    owner = others.get(found.post_id) or attempts.seen_at(tx, delivery, url)
    if owner:
        raise UsageError(f"{url} is the post of d{owner}.", "Copy the address of the other one.")
    return found.post_id


def _change(
    desk: Nightdesk,
    tx: Transaction,
    delivery: Delivery,
    when: Collection[State],
    to: State,
    reason: str,
    actor: str,
    verb: str,
    note: str = "",
) -> None:
    _require(delivery, when, verb)
    now = desk.clock.desk_now()
    if not deliveries.change(tx, delivery.id, when=when, to=to, reason=reason, actor=actor, now=now, note=note):
        raise UsageError(f"d{delivery.id} has just changed; nothing was done.", "Look again with `nightdesk show`.")


def _require(delivery: Delivery, when: Collection[State], verb: str) -> None:
    if delivery.state not in when:
        wanted = " or ".join(sorted(when))
        raise UsageError(
            f"d{delivery.id} is {delivery.state}; only a post that is {wanted} can be handled by `{verb}`.",
            instead_of(delivery),
        )
