"""The judge: compares what the platforms took with what the database says. Pure; it knows nothing of processes.

**Lost**: nobody took the delivery's post, and the database does not say so: its row is gone, it says `published` or
`withdrawn`, or it still says `sending` when all has come to rest. A delivery that is visibly queued, held, failed,
skipped or unconfirmed is not lost: somebody can see that it waits, and why.

**Duplicated**: the platforms took the post of one (account, article, round), that is of one delivery, more than once;
late commits count.

**Wrong state**: the database contradicts the platforms or the rules in any other way:
  - `queued`, `held`, `failed` or `skipped`, though the platform has the post;
  - `published` with another id than the post has;
  - `unconfirmed`, though a read-back must have found the post: it shows in time, and nothing resembles it;
  - `unconfirmed`, though no attempt of it has an unknown outcome;
  - an end that the platform's behaviour does not allow, in a run where nothing was killed;
  - it does not come to rest: queued though nothing holds it back, or settling for ever;
  - a post on a platform that no attempt in the database has written down beforehand, byte for byte.

**Overran**: calls that took the whole deadline though the platform answered at once: the machine was too slow for the
run. Then an answer is lost indeed, so how its account ends is judged as where a process was killed.

**Left to a person**: the delivery ends `unconfirmed` or `held`, which is allowed where nobody else can know, and is
counted on its own; those `queued` behind an account that only a person can open count as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from faults.behaviours import BEYOND_LIMITS, DEADLINE, PERSON, PUBLISHED, WAITS, Behaviour

GONE = "gone"
MISSING = frozenset({GONE, "published", "withdrawn", "sending"})  # what would hide that nobody took the post
DENIED = frozenset({"queued", "held", "failed", "skipped"})  # what would hide that somebody did


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post that a platform took. `link` is empty on X, where it stands in the text."""

    account: str
    id: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """An attempt as the database has it; `outcome` empty: open. `seconds`: how long the call took."""

    delivery: int
    account: str
    text: str
    link: str
    outcome: str
    platform_id: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A delivery as the database has it when all has come to rest, and when it came to that."""

    delivery: int
    account: str
    state: str
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run. `expected`: delivery → account, as they were queued. `killed`: whether any process was.

    `restless`: deliveries that had not come to rest in time. `person`: the accounts that only a person can open.
    `far`: what something waits for that is farther off (seconds) was not waited for.
    """

    expected: dict[int, str]
    behaviour: dict[str, Behaviour]
    ends: Sequence[End]
    tries: Sequence[Try]
    posts: Sequence[Post]
    started: datetime
    killed: bool
    restless: frozenset[int] = frozenset()
    person: frozenset[str] = frozenset()
    far: float = BEYOND_LIMITS


@dataclass(slots=True)
class Verdict:
    """What one behaviour came to; `findings` are sentences for whoever has to look."""

    deliveries: int = 0
    accepted: int = 0
    lost: int = 0
    duplicated: int = 0
    person: int = 0
    wrong: int = 0
    overran: int = 0
    slowest: float = 0.0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        for name in ("deliveries", "accepted", "lost", "duplicated", "person", "wrong", "overran"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.slowest = max(self.slowest, other.slowest)
        self.findings += other.findings

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong)


def judge(case: Case) -> dict[str, Verdict]:
    """Behaviour → what it came to in this run."""
    verdicts: defaultdict[str, Verdict] = defaultdict(Verdict)
    ends = {end.delivery: end for end in case.ends}
    tries: defaultdict[int, list[Try]] = defaultdict(list)
    written: dict[tuple[str, str, str], int] = {}
    for each in case.tries:
        tries[each.delivery].append(each)
        written[each.account, each.text, each.link] = each.delivery
    taken: defaultdict[int, list[Post]] = defaultdict(list)
    for post in case.posts:
        number = written.get((post.account, post.text, post.link)) or written.get((post.account, post.text, ""))
        verdict = verdicts[case.behaviour[post.account].name]
        verdict.accepted += 1
        if number is None:
            verdict.wrong += 1
            verdict.findings.append(f"{post.account}: {post.id} was posted without an attempt: {post.text!r}")
        else:
            taken[number].append(post)
    for number, account in case.expected.items():
        end = ends.get(number) or End(delivery=number, account=account, state=GONE)
        _judge_one(case, end, tries[number], taken[number], verdicts[case.behaviour[account].name])
    if not case.killed:
        for account, behaviour in case.behaviour.items():
            mine = [number for number, owner in case.expected.items() if owner == account and number in ends]
            if too_slow := _overran(behaviour, [each for number in mine for each in tries[number]]):
                verdicts[behaviour.name].overran += too_slow
            else:
                _judge_account(case, account, [ends[number] for number in mine], verdicts[behaviour.name])
    return dict(verdicts)


def _overran(behaviour: Behaviour, tries: Sequence[Try]) -> int:
    """How many calls took their whole deadline that should not have."""
    return max(sum(each.seconds >= DEADLINE for each in tries) - behaviour.hangs, 0)


def _judge_one(case: Case, end: End, tries: Sequence[Try], taken: Sequence[Post], verdict: Verdict) -> None:
    named = f"d{end.delivery} ({end.account}) {end.state}{'/' + end.reason if end.reason else ''}"
    verdict.deliveries += 1
    verdict.person += end.state in ("unconfirmed", "held") or (end.state == "queued" and end.account in case.person)
    if end.at is not None and end.state != "queued":
        verdict.slowest = max(verdict.slowest, (end.at - case.started).total_seconds())
    if not taken and end.state in MISSING:
        verdict.lost += 1
        verdict.findings.append(f"lost: {named}, and no platform took it")
    if len(taken) > 1:
        verdict.duplicated += 1
        verdict.findings.append(f"duplicated: {named} was taken {len(taken)} times: {[post.id for post in taken]}")
    if wrong := _contradiction(case, end, tries, taken):
        verdict.wrong += 1
        verdict.findings.append(f"wrong: {named}, {wrong}")


def _contradiction(case: Case, end: End, tries: Sequence[Try], taken: Sequence[Post]) -> str:
    """What is wrong with the end of a delivery, or an empty string."""
    unknown = any(each.outcome == "unknown" for each in tries)
    if taken and end.state in DENIED:
        return "though a platform has the post"
    if taken and end.state == "published" and not {each.platform_id for each in tries} & {post.id for post in taken}:
        return f"with an id that is not the post's ({[post.id for post in taken]})"
    if end.state == "sending" and taken:
        return "though all has come to rest"
    if end.state == "unconfirmed":
        behaviour = case.behaviour[end.account]
        waits = end.reason == "readback_failed" and _waits(case, behaviour)
        if taken and behaviour.findable and not (waits or _overran(behaviour, tries)):
            return "though a read-back must have found it"
        if not unknown and not behaviour.doubtful:
            return "though no attempt of it is unknown"
    if end.delivery in case.restless and not _unreadable(case, end):
        return "and it does not come to rest"
    return ""


def _unreadable(case: Case, end: End) -> bool:
    """Whether its timeline is asked for again and again, ever more rarely, until a person has mended the account."""
    return end.reason == "readback_failed" and case.behaviour[end.account].unreadable


def _waits(case: Case, behaviour: Behaviour) -> bool:
    """Whether its read-back is made again only later than the run went on."""
    return behaviour.taken and behaviour.pause > case.far


def _judge_account(case: Case, account: str, ends: Sequence[End], verdict: Verdict) -> None:
    """Nothing was killed or too slow: exactly one delivery was struck; the rest went out or waits behind it."""
    behaviour, states = case.behaviour[account], Counter(end.state for end in ends)
    allowed = behaviour.ends | (PERSON if _waits(case, behaviour) else frozenset())
    rest = PUBLISHED | WAITS if behaviour.closes else PUBLISHED
    odd = sum(count for state, count in states.items() if state not in rest)
    struck = [state for state in states if state in allowed]
    if odd > 1 or not struck or any(state not in allowed | rest for state in states):
        verdict.wrong += 1
        verdict.findings.append(f"wrong: {account} ({behaviour.name}) ended as {dict(states)}")
