"""One pass over all accounts: keep the time, look after what a crash left, then do all that is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import clock, overdue
from bot.beside import Beside
from bot.configuring.edition import is_later
from bot.deliver import Flow, Tell, deliver
from bot.errors import TryAgainLater
from bot.lastrun import note_run
from bot.nightdesk import Nightdesk
from bot.pausing import switched_off
from bot.recovery import recover
from bot.restored import check_restored
from bot.store import doors, lanes, meta
from bot.summary import EXIT_CONFIGURATION, TROUBLE, Step, Summary, Trouble

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=20)  # how often a pass that finds nothing still leaves a trace that it ran
CLOCK_SLACK = timedelta(minutes=5)  # how far ahead of now a timetable may be counted before the clock is doubted
DUTY_SECONDS = 1.0
LATE_SECONDS = 60.0
IN_OTHER_HANDS_TRIES, IN_OTHER_HANDS_SECONDS = 5, 0.1  # a turn takes less; one that is stuck keeps nobody waiting

OUTDATED = "its settings or templates are older than those another worker has taken up, so it sends nothing"
REFRESH = "Copy the newest ones to this machine; if these are meant to be the newest, save config/nightdesk.toml again."


def run_pass(
    desk: Nightdesk,
    tell: Tell = lambda step: None,
    stopping: Callable[[], bool] = lambda: False,
    *,
    stay: bool = False,
) -> Summary:
    """Do all that is due now, on every account, and return what became of it.

    With `stay`, what comes due while calls are under way is begun as well. Raises TryAgainLater when the database
    fails; any other trouble is one account's own, and the others go on.
    """
    summary = Summary()

    def note(step: Step) -> None:
        summary.add(step)
        tell(step)

    check_restored(desk)
    if not keep_time(desk):
        return summary
    if not take_edition(desk):
        summary.troubles.append(Trouble("this worker", f"{OUTDATED}. {REFRESH}", EXIT_CONFIGURATION))
        return summary
    with Beside(desk) as beside:
        duties = Duties(desk, beside, stay)
        duties.begin()
        until = None if stay else desk.clock.desk_now()
        flow = Flow(note, stopping, duties.when_time, summary, desk.handed_over, until=until)
        while not stopping():
            deliver_due(desk, flow)
            if not beside.busy:
                break
            for step in beside.finished(DUTY_SECONDS):
                tell(step)
            wake_lanes(desk)
    note_run(desk)
    beat(desk)
    note_late(desk)
    return summary


@dataclass(slots=True)
class Duties:
    """What has to be seen to about once a second, also in a pass that lasts. `stay`: looks that come due are begun."""

    desk: Nightdesk
    beside: Beside
    stay: bool
    begun: float = 0.0
    done: float = 0.0
    swept: float = 0.0

    def begin(self) -> None:
        """At the beginning of a pass: whoever cannot be reached ends it."""
        if not self.desk.database.exclusive:
            self.desk.database.measure_skew()
        self.begun = self.done = self.swept = clock.uptime()
        recover(self.desk)
        self.beside.begin()
        wake_lanes(self.desk)

    def when_time(self) -> None:
        """Between two turns; a database that cannot be reached now is the next turn's trouble."""
        now, sweep = clock.uptime(), self.desk.settings.delivery.lease.total_seconds() / 3
        if now - self.done < DUTY_SECONDS:
            return
        try:
            wake_lanes(self.desk)
            beat(self.desk)
            note_run(self.desk)
            if now - self.begun >= LATE_SECONDS:
                note_late(self.desk)
            if self.stay:
                self.beside.begin()
            if now - self.swept >= sweep and not self.desk.database.exclusive:
                self.desk.database.measure_skew()
                recover(self.desk)
                self.swept = now
        except TryAgainLater as error:
            log.debug("%s", error)
        self.done = now


def note_late(desk: Nightdesk) -> None:
    """Tell which posts are late, at the first pass and then once a minute: the question looks at many accounts."""
    now = desk.clock.uptime()
    if desk.asked_late is None or not 0 <= now - desk.asked_late < LATE_SECONDS:
        overdue.note(desk)
        desk.asked_late = now


def deliver_due(desk: Nightdesk, flow: Flow) -> None:
    """Do all that is due, also what another worker had its hands on when it was to be claimed.

    Such a lane is passed over; mostly it is claimed then. One that was only woken, as all are after a change of the
    settings, would wait for the next pass.
    """
    tries = IN_OTHER_HANDS_TRIES
    while tries > 0 and anything_due(desk, flow):
        if deliver(desk, flow):
            tries = IN_OTHER_HANDS_TRIES
        else:
            tries -= 1
            clock.wait(IN_OTHER_HANDS_SECONDS)


def anything_due(desk: Nightdesk, flow: Flow) -> bool:
    """A cheap look: most passes find nothing, and a look needs no lock and no disk."""
    if flow.stopping():
        return False
    now = desk.clock.desk_now()
    with desk.database.read() as tx:
        return lanes.any_due(tx, min(now, flow.until or now))


def wake_lanes(desk: Nightdesk) -> None:
    """End the rests that are over; when the file PAUSE has gone, everybody looks again."""
    now, switched = desk.clock.real_now(), "on" if switched_off(desk.settings.home) else None
    with desk.database.read() as tx:
        rested, before = lanes.any_rested(tx, now), meta.get(tx, meta.SWITCH)
    if rested or before != switched:
        with desk.database.begin() as tx:
            if before and not switched:
                lanes.wake(tx, None)
            lanes.wake_rested(tx, now)
            meta.set(tx, meta.SWITCH, switched)


def take_edition(desk: Nightdesk) -> bool:
    """See whether our settings and templates are the newest any worker has accepted; False when others have later ones.

    New ones may ask for anything: every lane looks again.
    """
    with desk.database.read() as tx:
        newest, before = meta.get(tx, meta.EDITION) or "", meta.get_time(tx, meta.LAST_PASS)
    if desk.is_outdated(newest):
        log.warning("This worker: %s. %s", OUTDATED, REFRESH)
        return False
    if not newest or is_later(desk.editions.now(), than=newest):
        with desk.database.begin() as tx:
            if before is not None and newest:
                lanes.count_idle_to(tx, min(before, desk.clock.desk_now()))
            lanes.wake(tx, None)
            meta.set(tx, meta.EDITION, desk.editions.now())
    return True


def keep_time(desk: Nightdesk) -> bool:
    """Meet new accounts and see to the desk's clock. False: this moment is earlier than one already served."""
    now = desk.clock.desk_now()
    if not desk.met:
        _meet(desk)
    with desk.database.read() as tx:
        simulated_to, last_pass = meta.get_time(tx, "simulated_to"), meta.last_pass(tx)
        was_ahead = desk.database.exclusive and last_pass is not None and last_pass > now + CLOCK_SLACK
        ahead = simulated_to is None and (was_ahead or lanes.counted_beyond(tx, now + CLOCK_SLACK))
    if desk.clock.simulated:
        if simulated_to is not None and now < simulated_to:
            last = _iso(simulated_to)
            log.warning("Nothing is due: %s is earlier than the last simulated run, %s.", _iso(now), last)
            return False
        if now != simulated_to:
            with desk.database.begin() as tx:
                meta.set_time(tx, "simulated_to", now)
    elif simulated_to is not None:
        _count_anew(desk)
        log.warning("Earlier runs were simulated (--now); every account counts from the real time again.")
    elif ahead:
        _count_anew(desk)
        log.warning("This machine's clock was ahead and has been set back; every account counts from now again.")
    return True


def _meet(desk: Nightdesk) -> None:
    """At the first pass, and after a change of the settings: every account has its lane; troubles are tried again."""
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        desk.troubles = meta.beginning_with(tx, TROUBLE)
        if desk.troubles:
            lanes.rouse(tx, list(desk.troubles))
    desk.met = True


def _count_anew(desk: Nightdesk) -> None:
    with desk.database.begin() as tx:
        # Of several workers' clocks one may be ahead all the time, and no limit of a platform would last.
        lanes.reset_counting(tx, desk.clock.desk_now(), closings=desk.database.exclusive)
        if desk.database.exclusive:
            doors.hurry(tx, desk.clock.real_now())
        meta.set_time(tx, "simulated_to", None)
        meta.set_time(tx, meta.LAST_PASS, None)


def beat(desk: Nightdesk) -> None:
    """Leave word that a pass has run: `status` and the reasons of missed slots read it."""
    now = desk.clock.desk_now()
    with desk.database.read() as tx:
        last = meta.last_pass(tx)
    if last is None or abs(now - last) >= HEARTBEAT:
        with desk.database.begin() as tx:
            meta.note_pass(tx, now)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
