"""How a platform may behave at a post, and what must have become of that post in the end.

Each behaviour is ordered from the sandbox for one request of an account; its other requests are answered as they
should be. What must come of it is said once, for whatever else happens (kills, restarts, several workers):

    taken      the platform has the post, at once or late
    findable   a read-back after the settle time shows it
    ends       how the struck delivery may end when no process was killed
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DEADLINE, SETTLE, LEASE = 4, 6, 35  # seconds; the settings of every run
SOON, BEYOND = 2, SETTLE + 7  # a late commit or a lagging timeline within the settle time, and one far beyond it
FAR = 15 * 24 * 3600
SHORTLY = DEADLINE + 2  # so that the end of a limit is not past when its answer comes in late
LEAST_PAUSE = 60  # after a limit, however soon it ends
# What waits for longer has come to rest: for more than all but limits, or for more than the shortest of them, too.
BEFORE_LIMITS, BEYOND_LIMITS = LEASE + 12, LEAST_PAUSE + 15

Order = dict[str, Any]

PUBLISHED = frozenset({"published"})
PERSON = frozenset({"unconfirmed"})
WAITS = frozenset({"queued"})
FAILED = frozenset({"failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """`orders(platform)` are the sandbox's faults, without account; see the module for the rest.

    `platforms`: those it makes sense on. `closes`: what follows on the account waits behind it. `unreadable`: until a
    person has mended the account, its timeline cannot be read back either. `late`: seconds after
    which a post of it may still appear. `refuses_connections`: nothing listens for the first seconds of the run.
    `hangs`: how many calls of an account take their whole deadline. `doubtful`: a refusal in form, but none that
    proves anything. `pause`: seconds after which what was held up goes on, at least.
    """

    name: str
    orders: Callable[[str], list[Order]]
    ends: frozenset[str] = PUBLISHED
    taken: bool = True
    findable: bool = True
    closes: bool = False
    unreadable: bool = False
    late: float = 0
    platforms: tuple[str, ...] = ("x", "facebook")
    refuses_connections: bool = False
    doubtful: bool = False
    hangs: int = 0
    pause: float = 0

    @property
    def alone(self) -> bool:
        """Whether it strikes a whole run, not one account."""
        return self.refuses_connections


def _post(**fault: Any) -> Callable[[str], list[Order]]:
    return lambda platform: [{"method": "POST", **fault}]


def _lost_then(**fault: Any) -> Callable[[str], list[Order]]:
    """The reply is lost, and the read-back meets trouble of its own."""
    path = {"x": "/2/users/*/tweets", "facebook": "*/published_posts"}
    return lambda platform: [
        {"method": "POST", "kind": "reset_after"},
        {"method": "GET", "path": path[platform], **fault},
    ]


def _duplicate_though_taken(platform: str) -> list[Order]:
    detail = "You are not allowed to create a Tweet with duplicate content."
    body = {"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403}
    return [{"method": "POST", "kind": "answer_after", "status": 403, "body": body}]


def _blocked_though_taken(platform: str) -> list[Order]:
    error = {"message": "Action blocked", "type": "OAuthException", "code": 4, "error_subcode": 2207051}
    return [{"method": "POST", "kind": "answer_after", "status": 400, "body": {"error": error}}]


def _id_of_a_wrong_type(platform: str) -> list[Order]:
    wrong: object = {"data": {"id": ["7"], "text": "?"}} if platform == "x" else {"id": {"id": 7}}
    return [{"method": "POST", "kind": "answer_after", "status": 201 if platform == "x" else 200, "body": wrong}]


def _refused_for_good(platform: str) -> list[Order]:
    if platform == "x":
        return [{"method": "POST", "kind": "refuse", "status": 400, "message": "The text is not valid."}]
    return [{"method": "POST", "kind": "refuse", "status": 400, "code": 100, "message": "(#100) Invalid parameter"}]


BEHAVIOURS = (
    Behaviour(name="ok", orders=lambda platform: []),
    # The platform took the post; the answer is lost on its way.
    Behaviour(name="accepts, then resets", orders=_post(kind="reset_after")),
    Behaviour(
        name="accepts, then hangs past the deadline", orders=_post(kind="hang_after", seconds=DEADLINE + 1), hangs=1
    ),
    Behaviour(name="accepts, answer cut in the middle", orders=_post(kind="cut_after")),
    Behaviour(name="accepts, no content type", orders=_post(kind="no_content_type_after")),
    Behaviour(name="accepts, answers with a web page", orders=_post(kind="html_after")),
    Behaviour(name="accepts, answers {}", orders=_post(kind="empty_json_after")),
    Behaviour(name="accepts, id of a wrong type", orders=_id_of_a_wrong_type),
    Behaviour(name="accepts, answers 302", orders=_post(kind="answer_after", status=302)),
    *(
        Behaviour(name=f"accepts, answers {status}", orders=_post(kind="error_after", status=status))
        for status in (500, 502, 503, 504)
    ),
    Behaviour(name="accepts, says duplicate", orders=_duplicate_though_taken, platforms=("x",), doubtful=True),
    Behaviour(name="accepts, says blocked (4/2207051)", orders=_blocked_though_taken, platforms=("facebook",)),
    # It takes the post late, or shows it late.
    Behaviour(name="late commit within the settle time", orders=_post(kind="late_commit", seconds=SOON), late=SOON),
    Behaviour(
        name="late commit, no answer",
        orders=_post(kind="late_commit", seconds=SOON + 1, reply="hang"),
        late=SOON + 1,
        hangs=1,
    ),
    Behaviour(
        name="late commit beyond the settle time",
        orders=_post(kind="late_commit", seconds=BEYOND),
        ends=PERSON | PUBLISHED,
        findable=False,
        late=BEYOND,
    ),
    Behaviour(name="timeline lags", orders=_post(kind="timeline_lag", seconds=SOON, reply="error")),
    Behaviour(
        name="timeline lags beyond the settle time",
        orders=_post(kind="timeline_lag", seconds=BEYOND, reply="error"),
        ends=PERSON | PUBLISHED,
        findable=False,
    ),
    Behaviour(
        name="timeline lists an older page only",
        orders=_lost_then(kind="old_timeline", seconds=3600, times=1000),
        ends=PERSON,
        findable=False,
    ),
    # The read-back itself meets trouble, and is made again.
    Behaviour(name="read-back answers 503", orders=_lost_then(kind="error_before", status=503, times=2)),
    Behaviour(name="read-back answers 429", orders=_lost_then(kind="rate_limit", reset=SHORTLY), pause=LEAST_PAUSE),
    Behaviour(name="read-back hangs", orders=_lost_then(kind="hang_before", seconds=DEADLINE + 1)),
    Behaviour(name="read-back is a web page", orders=_lost_then(kind="html_after")),
    # It did not take the post, but nobody can know.
    Behaviour(name="503, not taken", orders=_post(kind="error_before", status=503), ends=PERSON, taken=False),
    Behaviour(name="500, not taken", orders=_post(kind="error_before", status=500), ends=PERSON, taken=False),
    Behaviour(name="reset before reading", orders=_post(kind="reset_before"), ends=PERSON, taken=False),
    Behaviour(
        name="hangs, not taken",
        orders=_post(kind="hang_before", seconds=DEADLINE + 1),
        ends=PERSON,
        taken=False,
        hangs=1,
    ),
    Behaviour(
        name="code 1, not taken",
        orders=_post(kind="refuse", status=400, code=1, message="An unknown error occurred"),
        ends=PERSON,
        taken=False,
        platforms=("facebook",),
    ),
    Behaviour(
        name="duplicate on the first try",
        orders=_post(kind="duplicate_reported"),
        ends=PERSON | FAILED,  # to Facebook's word at a first try no post of ours can be the other one
        taken=False,
        doubtful=True,
    ),
    # It provably did not take the post.
    Behaviour(
        name=f"429, reset in {SHORTLY} s",
        orders=_post(kind="rate_limit", reset=SHORTLY),
        ends=PUBLISHED | WAITS,
        taken=False,
        closes=True,
        pause=LEAST_PAUSE,
    ),
    Behaviour(
        name="429, reset in the past",
        orders=_post(kind="rate_limit", reset=-900),
        ends=WAITS | PUBLISHED,  # X is asked again after a minute, which a run may last
        taken=False,
        closes=True,
        pause=LEAST_PAUSE,
    ),
    *(
        Behaviour(
            name=f"429, {name}", orders=_post(kind="rate_limit", reset=reset), ends=WAITS, taken=False, closes=True
        )
        for name, reset in (("no reset", None), ("reset in 15 days", FAR))
    ),
    Behaviour(name="401", orders=_post(kind="revoked"), ends=WAITS, taken=False, closes=True, unreadable=True),
    Behaviour(
        name="402",
        orders=_post(kind="credits_depleted"),
        ends=WAITS | PUBLISHED,
        taken=False,
        closes=True,
        platforms=("x",),
    ),
    Behaviour(name="refused for good", orders=_refused_for_good, ends=FAILED, taken=False),
    Behaviour(name="connection refused", orders=lambda platform: [], taken=False, refuses_connections=True),
)
BY_NAME = {behaviour.name: behaviour for behaviour in BEHAVIOURS}
