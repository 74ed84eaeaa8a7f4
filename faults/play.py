"""One run: a newspaper with many accounts, whose processes are killed and started again until all has come to rest."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.app import open_home
from bot.article import Article
from bot.ingest import add_article
from bot.sandbox.faults import parse
from bot.sandbox.journal import RequestInfo
from bot.sandbox.server import Sandbox
from bot.sandbox.windows import Limits
from faults.behaviours import BEYOND_LIMITS, BY_NAME, DEADLINE, LEASE, SETTLE, Behaviour
from faults.judge import Case, Post, Verdict, judge
from faults.nursery import Nursery, Process
from faults.records import Records
from faults.servers import Servers

UNLIMITED = Limits(
    x_posts=10**6, x_reads=10**6, x_identity=10**6, facebook_page=10**6, facebook_app=10**6, refuse_repetitions=False
)
KILL_WITHIN = 30.0  # seconds in which a process has to reach the place where it is killed
NO_REST_AFTER = (
    100.0  # seconds in which nothing changes any more though something should: longer than a dead worker's lease
)
NO_REST_AT_ALL = 600.0
LOOK_EVERY = 0.5
NOBODY_LISTENS_FOR = 2.0
ON_THE_WIRE = "on the wire"  # killed from outside, when its request has arrived at the platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run does. `far`: as in `Records`.

    `kills`: for a process each, its command, the place where it dies (a failpoint or ON_THE_WIRE), and the
    how-many-eth time there.
    """

    number: int
    seed: int
    point: str
    kills: tuple[tuple[str, str, int], ...]
    database: str
    behaviours: tuple[str, ...]
    lanes: int
    articles: int
    workers: int = 1
    far: float = BEYOND_LIMITS

    @property
    def title(self) -> str:
        told = " + ".join(self.behaviours) if len(self.behaviours) < 9 else "all behaviours"
        return f"run {self.number}: {self.point}, {told}, {self.database}, seed {self.seed}"


@dataclass(slots=True)
class Outcome:
    """What a run came to: a verdict for each behaviour, and where its processes were killed."""

    plan: Plan
    verdicts: dict[str, Verdict]
    kills: list[str]
    seconds: float


@dataclass(slots=True)
class Stage:
    """A run at work: its home, its sandbox and its processes."""

    plan: Plan
    home: Path
    nursery: Nursery
    dice: random.Random
    behaviour: dict[str, Behaviour]
    kills: list[str] = field(default_factory=list)
    posts_seen: int = 0
    _kill_at: tuple[int, Process | None] = (0, None)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self, command: str, **environment: str) -> Process:
        return self.nursery.start("nightdesk", ["--home", str(self.home), command], self.home / "said.log", environment)

    def on_request(self, request: RequestInfo) -> None:
        """The sandbox calls this before it answers: the place to kill who is waiting for the answer."""
        if request.method != "POST":
            return
        with self._turn:
            self.posts_seen += 1
            at, process = self._kill_at
            if process is not None and self.posts_seen == at:
                process.signal(signal.SIGKILL)

    def kill_on_the_wire(self, process: Process, after: int) -> None:
        with self._turn:
            self._kill_at = (self.posts_seen + after, process)

    def forget_kill(self) -> None:
        with self._turn:
            self._kill_at = (0, None)


def play(plan: Plan, servers: Servers, nursery: Nursery, folder: Path) -> Outcome:
    """The whole run; its home is removed when nothing was found wrong."""
    began = time.monotonic()
    home = folder / f"run-{plan.number}"
    home.mkdir(parents=True)
    with ExitStack() as clean_up:
        url = clean_up.enter_context(servers.fresh(plan.database, home))
        stage = Stage(plan, home, nursery, random.Random(plan.seed), _cast(plan))
        sandbox = clean_up.enter_context(_platforms(stage))
        write_home(home, url, f"http://127.0.0.1:{sandbox.port}", stage.behaviour)
        expected = _fill_the_queue(stage)
        records = clean_up.enter_context(Records(url, plan.far))
        _order_faults(stage, sandbox)
        started = datetime.now(UTC)
        restless = _until_rest(stage, records)
        time.sleep(max(behaviour.late for behaviour in stage.behaviour.values()))
        case = Case(
            expected=expected,
            behaviour=stage.behaviour,
            ends=records.ends(),
            tries=records.tries(),
            posts=posts_of(sandbox),
            started=started,
            killed=bool(stage.kills),
            restless=restless,
            person=records.closed_for_a_person(),
            far=plan.far,
        )
    verdicts = judge(case)
    if all(verdict.clean for verdict in verdicts.values()):
        shutil.rmtree(home)
    return Outcome(plan, verdicts, stage.kills, time.monotonic() - began)


# -- the stage ----------------------------------------------------------------------------------------------------


def _cast(plan: Plan) -> dict[str, Behaviour]:
    """Account → behaviour. The platforms alternate; a behaviour that one of them has not is played by the other."""
    cast: dict[str, Behaviour] = {}
    for lane in range(plan.lanes):
        behaviour = BY_NAME[plan.behaviours[lane % len(plan.behaviours)]]
        platform = behaviour.platforms[(lane // len(plan.behaviours)) % len(behaviour.platforms)]
        cast[f"{'x' if platform == 'x' else 'fb'}-{lane}"] = behaviour
    return cast


def write_home(home: Path, database: str, rehearsal: str, accounts: dict[str, Behaviour]) -> None:
    """The settings: short times, no gap, no cap that would be reached, no timetable."""
    caps = 'caps = { min_gap = "0 s", per_hour = 10000, per_day = 10000 }'
    lines = [
        'timezone = "UTC"',
        f'database = "{database}"',
        f'rehearsal = "{rehearsal}"',
        "[delivery]",
        f'deadline = "{DEADLINE} s"',
        f'settle = "{SETTLE} s"',
        f'lease = "{LEASE} s"',
        "[add]",
        f"accounts = {sorted(accounts)}",
    ]
    for number, name in enumerate(accounts):
        lines.append(f"[accounts.{name}]")
        lines += ['platform = "x"', f'handle = "@{handle(number)}"', caps] if name.startswith("x") else []
        lines += ['platform = "facebook"', f'page_id = "{page(number)}"', caps] if name.startswith("fb") else []
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "nightdesk.toml").write_text("\n".join(lines) + "\n", "utf-8")


def handle(number: int) -> str:
    return f"courier{number}"


def page(number: int) -> str:
    return str(10**9 + number)


@contextmanager
def _platforms(stage: Stage) -> Iterator[Sandbox]:
    """The sandbox; where connections are to be refused, its port is taken and it listens a little later."""
    if not any(behaviour.refuses_connections for behaviour in stage.behaviour.values()):
        with Sandbox(on_request=stage.on_request, limits=UNLIMITED) as sandbox:
            yield sandbox
        return
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    late = _LateSandbox(reserved, stage)
    try:
        yield late  # type: ignore[misc]
    finally:
        late.stop()


class _LateSandbox:
    """Has a port at once and listens on it only after `open`."""

    def __init__(self, reserved: socket.socket, stage: Stage) -> None:
        self.port: int = reserved.getsockname()[1]
        self._reserved, self._stage = reserved, stage
        self._sandbox: Sandbox | None = None
        self._timer = threading.Timer(NOBODY_LISTENS_FOR, self._open)
        self._timer.start()

    def _open(self) -> None:
        self._reserved.close()
        self._sandbox = Sandbox(self.port, on_request=self._stage.on_request, limits=UNLIMITED).__enter__()

    def stop(self) -> None:
        self._timer.join()
        if self._sandbox:
            self._sandbox.stop()

    @property
    def inner(self) -> Sandbox:
        self._timer.join()
        assert self._sandbox is not None
        return self._sandbox


def _order_faults(stage: Stage, sandbox: Sandbox) -> None:
    """Each account's behaviour strikes one of its posts, not always the first."""
    for account, behaviour in stage.behaviour.items():
        platform = "x" if account.startswith("x") else "facebook"
        after = stage.dice.randrange(stage.plan.articles)
        for order in behaviour.orders(platform):
            passing = after if order.get("method") == "POST" else 0
            sandbox.order(parse({"platform": platform, "account": account, "after": passing, **order}))


def _fill_the_queue(stage: Stage) -> dict[int, str]:
    """Every article for every account; returns delivery → account."""
    expected: dict[int, str] = {}
    with open_home(stage.home) as desk:
        for number in range(stage.plan.articles):
            url = f"https://courier.example/{stage.plan.number}/{number}"
            article = Article(title=f"Ferry {number} of run {stage.plan.number} returns", url=url)
            added = add_article(desk, article, actor="faults")
            expected |= {delivery.id: delivery.account for delivery in added.deliveries}
    return expected


def posts_of(sandbox: Sandbox) -> list[Post]:
    """All the platforms took, late ones included."""
    inner = sandbox.inner if isinstance(sandbox, _LateSandbox) else sandbox
    return [Post(account=post.account, id=post.id, text=post.text, link=post.link or "") for post in inner.all_posts()]


# -- the processes ------------------------------------------------------------------------------------------------


def _until_rest(stage: Stage, records: Records) -> frozenset[int]:
    """Start and kill processes as planned, then let them work; returns the deliveries that find no rest."""
    for command, point, count in stage.plan.kills:
        _start_and_kill(stage, records, command, point, count)
    workers = [stage.start("run") for _ in range(stage.plan.workers)]
    began = moved = time.monotonic()
    before = records.ends()
    while restless := records.restless():
        time.sleep(LOOK_EVERY)
        workers = [each if each.status is None else stage.start("run") for each in workers]
        now, ends = time.monotonic(), records.ends()
        if ends != before:
            before, moved = ends, now
        if now > min(moved + NO_REST_AFTER, began + NO_REST_AT_ALL):
            break
    for worker in workers:
        worker.signal(signal.SIGTERM)
    for worker in workers:
        if worker.wait(DEADLINE + 10) is None:
            worker.kill()
            stage.kills.append("did not stop on SIGTERM")
    return restless


def _start_and_kill(stage: Stage, records: Records, command: str, point: str, count: int) -> None:
    """A process that is killed at the place; one that never comes there ends by itself or is stopped."""
    others = [stage.start("run") for _ in range(stage.plan.workers - 1)]
    if point == ON_THE_WIRE:
        victim = stage.start(command)
        stage.kill_on_the_wire(victim, count)
    else:
        victim = stage.start(command, NIGHTDESK_CRASH_AT=f"{point}:{count}")
    deadline = time.monotonic() + KILL_WITHIN
    while victim.status is None and time.monotonic() < deadline:
        victim.wait(LOOK_EVERY)
        if victim.status is None and not records.restless():
            break
    stage.forget_kill()
    if victim.status == -signal.SIGKILL:
        stage.kills.append(point)
    for process in (victim, *others):
        process.signal(signal.SIGTERM)
        if process.wait(DEADLINE + 10) is None:
            process.kill()
