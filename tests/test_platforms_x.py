"""X: what each of its answers comes to, what is sent, and what is read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from platforms_rig import (
    ACCOUNTS,
    CANARIES,
    POSTS,
    Server,
    accepts,
    assert_no_canary,
    client,
    everything_in,
    http,
    publish,
    says,
)

from bot.clock import uptime
from bot.delivery import Outcome, Remedy, Slowdown
from bot.platforms import facebook_refusals, facebook_usage, x_refusals
from bot.platforms.base import Identity, PlatformTrouble
from bot.platforms.outcomes import Reply
from bot.platforms.registry import rules_for
from bot.platforms.x_refusals import judge
from bot.post import Post

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ME = {"data": {"id": "77", "name": "The Example", "username": "Example"}}


def problem(status: int, title: str, detail: str = "", kind: str = "about:blank") -> bytes:
    return http(status, {"title": title, "detail": detail or title, "type": kind, "status": status})


def in_docs(name: str) -> str:
    return f"https://api.x.com/2/problems/{name}"


def in_captures(name: str) -> str:
    return f"https://api.twitter.com/2/problems/{name}"


def older(status: int, code: int, message: str = "as X says") -> bytes:
    return http(status, {"errors": [{"code": code, "message": message}]})


NOT_YOURS = "The user used for authentication is suspended"

REFUSED = {
    "duplicate": (
        problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."),
        Remedy.DUPLICATE,
        "X refused the post: not allowed to create a duplicate (403).",
    ),
    "duplicate, should X rename it": (
        problem(403, "Forbidden", "You are not allowed to create a Post with duplicate content"),
        Remedy.DUPLICATE,
        "duplicate (403)",
    ),
    "a sentence about duplicates that is another": (
        problem(403, "Forbidden", "Your bio says: You are not allowed to create a Tweet with duplicate content."),
        Remedy.ASK,
        "it does not allow this (403). It says: “Your bio says",
    ),
    "duplicate, older form": (older(403, 187), Remedy.DUPLICATE, "duplicate"),
    "too long, older form": (older(403, 186), Remedy.CHANGE_TEXT, "too long"),
    "too long": (
        http(
            400,
            {
                "errors": [{"parameters": {}, "message": "Your Tweet text is too long."}],
                "title": "Invalid Request",
                "detail": "One or more parameters to your request was invalid.",
                "type": in_captures("invalid-request"),
            },
        ),
        Remedy.CHANGE_TEXT,
        "the post is not valid (400). It says: “Your Tweet text is too long.”",
    ),
    "413": (problem(413, "Payload Too Large"), Remedy.CHANGE_TEXT, "too large"),
    "422": (problem(422, "Unprocessable"), Remedy.CHANGE_TEXT, "not valid"),
    "keys revoked": (problem(401, "Unauthorized"), Remedy.MEND_ACCOUNT, "keys (401)"),
    "keys, older form": (older(401, 89), Remedy.MEND_ACCOUNT, "keys"),
    "could not authenticate, older form": (older(401, 32), Remedy.MEND_ACCOUNT, "keys"),
    "clock skew": (older(401, 135), Remedy.MEND_ACCOUNT, "clock"),
    "suspended": (
        problem(403, "Forbidden", NOT_YOURS, in_captures("user-suspended")),
        Remedy.MEND_ACCOUNT,
        "suspended",
    ),
    "suspended, older form": (older(403, 64), Remedy.MEND_ACCOUNT, "suspended"),
    "suspended, by another name": (
        problem(403, "Forbidden", "", in_docs("account-suspended")),
        Remedy.MEND_ACCOUNT,
        "suspended",
    ),
    "suspended, in a sentence alone": (
        problem(403, "Forbidden", "Your account is suspended and is not permitted to access this feature."),
        Remedy.MEND_ACCOUNT,
        "suspended",
    ),
    "app suspended": (problem(403, "Forbidden", "", in_docs("app-suspended")), Remedy.MEND_ACCOUNT, "suspended"),
    "read-only app": (
        problem(403, "Forbidden", "", in_captures("oauth1-permissions")),
        Remedy.MEND_ACCOUNT,
        "allow it to read and write",
    ),
    "read-only app, as in the documents": (
        problem(403, "Forbidden", "", in_docs("oauth1-permissions/")),
        Remedy.MEND_ACCOUNT,
        "allow it to read and write",
    ),
    "not enrolled": (
        problem(403, "Client Forbidden", "", in_captures("client-forbidden")),
        Remedy.MEND_ACCOUNT,
        "access level",
    ),
    "access level, older form": (older(403, 453), Remedy.MEND_ACCOUNT, "access level"),
    "taken for a robot, older form": (older(403, 226), Remedy.ASK, "robot"),
    "locked, older form": (older(403, 326), Remedy.MEND_ACCOUNT, "locked"),
    "403 of no known kind": (problem(403, "Forbidden", "Not today."), Remedy.ASK, "“Not today.”"),
    "403 of a kind not listed": (
        problem(403, "Forbidden", "", in_docs("not-authorized-for-resource")),
        Remedy.ASK,
        "does not allow",
    ),
    "403 with a number not listed": (older(403, 999), Remedy.ASK, "“as X says”"),
    "400": (problem(400, "Bad Request", "Nonsense."), Remedy.CHANGE_TEXT, "“Nonsense.”"),
    "no such address": (problem(404, "Not Found"), Remedy.CHANGE_TEXT, "address"),
    "402": (problem(402, "Payment Required"), Remedy.WAIT_APP, "no credits"),
    "the day is full, older form": (older(403, 185), Remedy.WAIT, "of the day"),
    "an app suspended, older form": (older(403, 63), Remedy.MEND_ACCOUNT, "suspended"),
    "bad authentication data, older form": (older(400, 215), Remedy.MEND_ACCOUNT, "keys"),
    "read-only app, older form": (older(403, 261), Remedy.MEND_ACCOUNT, "allow it to read and write"),
    "not enrolled, by its own name": (
        problem(403, "Forbidden", "", in_docs("client-not-enrolled")),
        Remedy.MEND_ACCOUNT,
        "access level",
    ),
    "no OAuth 1.0a": (
        problem(403, "Unsupported Authentication", "", in_docs("unsupported-authentication")),
        Remedy.MEND_ACCOUNT,
        "keys",
    ),
    "too many, by its own name": (
        problem(429, "Rate Limit Exceeded", "", in_docs("rate-limit-exceeded")),
        Remedy.WAIT,
        "too many",
    ),
    "too many": (problem(429, "Too Many Requests"), Remedy.WAIT, "too many posts for now (429)"),
    "too many, older form": (older(429, 88), Remedy.WAIT, "too many"),
    "no credits": (
        problem(402, "CreditsDepleted", "Your enrolled account does not have any credits.", in_docs("credits")),
        Remedy.WAIT_APP,
        "no credits left",
    ),
    "no credits, told by the title": (
        problem(403, "CreditsDepleted", "No credits."),
        Remedy.WAIT_APP,
        "no credits left",
    ),
    "usage cap": (
        problem(429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", in_captures("usage-capped")),
        Remedy.WAIT_APP,
        "cap",
    ),
}


@pytest.mark.parametrize("answer", REFUSED)
def test_a_refusal_in_its_own_form_is_named_by_what_to_do(answer: str) -> None:
    reply, remedy, words = REFUSED[answer]
    with Server(says(reply)) as server:
        result = publish("x", server.url)
        assert len(server.requests) == 1
    assert (result.outcome, result.remedy) == (Outcome.REFUSED, remedy)
    assert words in result.error
    assert result.until is None
    assert (result.wait is not None) == (remedy in (Remedy.WAIT, Remedy.WAIT_APP))


def test_every_row_of_the_tables_has_a_case() -> None:
    bodies = [json.loads(reply.partition(b"\r\n\r\n")[2]) for reply, *_ in REFUSED.values()]
    statuses = {int(reply.split()[1]) for reply, *_ in REFUSED.values()}
    kinds = {str(body.get("type", "")).rstrip("/").rpartition("/")[2] for body in bodies}
    codes = {error.get("code") for body in bodies for error in body.get("errors", ())}
    assert not x_refusals.STATUSES.keys() - statuses
    assert not x_refusals.PROBLEMS.keys() - kinds - {"internal-error"}  # which is a case of those that leave it open
    assert not x_refusals.TITLES.keys() - {body.get("title") for body in bodies}
    assert not x_refusals.CODES.keys() - codes - {130, 131}


@pytest.mark.parametrize(
    "reply",
    [
        problem(403, "Forbidden", "", in_docs("internal-error")),
        older(403, 130),
        older(403, 131),
        http(403, {"errors": [{"code": 453}]}),
        problem(409, "Conflict"),
        problem(415, "Unsupported Media Type"),
        problem(451, "Unavailable For Legal Reasons"),
        problem(100 + 499, "Something New"),
        http(403, {"title": "Forbidden"}),
        http(429),
        http(401, {"message": "Unauthorized"}),
        problem(503, "Service Unavailable"),
        http(500, {"data": {"id": "1"}}),
    ],
    ids=str,
)
def test_a_failure_inside_leaves_it_open(reply: bytes) -> None:
    with Server(says(reply)) as server:
        result = publish("x", server.url)
    assert (result.outcome, result.remedy) == (Outcome.UNKNOWN, Remedy.LOOK)


IN_AN_HOUR = str(int((NOW + timedelta(hours=1)).timestamp()))
RATE = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0"}
APP_DAY = {"x-app-limit-24hour-remaining": "0"}
USER_DAY = {"x-user-limit-24hour-remaining": "0"}

WAITS: dict[str, tuple[dict[str, str], Remedy, timedelta | None]] = {
    "until the reset": ({**RATE, "x-rate-limit-reset": IN_AN_HOUR}, Remedy.WAIT, timedelta(hours=1)),
    "the reset alone": ({"x-rate-limit-reset": IN_AN_HOUR}, Remedy.WAIT, timedelta(hours=1)),
    "no reset": ({}, Remedy.WAIT, None),
    "used up, no reset": (RATE, Remedy.WAIT, None),
    "a reset in the year 9999": ({**RATE, "x-rate-limit-reset": "253402300799"}, Remedy.WAIT, timedelta(hours=24)),
    "a reset in milliseconds": (
        {**RATE, "x-rate-limit-reset": str(int(NOW.timestamp() * 1000))},
        Remedy.WAIT,
        None,
    ),
    "not a number": ({**RATE, "x-rate-limit-reset": "NaN"}, Remedy.WAIT, None),
    "beyond all digits": ({**RATE, "x-rate-limit-reset": "9" * 5000}, Remedy.WAIT, None),
    "a reset in 15 days": (
        {**RATE, "x-rate-limit-reset": str(int((NOW + timedelta(days=15)).timestamp()))},
        Remedy.WAIT,
        timedelta(hours=24),
    ),
    "a reset that is no number": ({**RATE, "x-rate-limit-reset": "soon"}, Remedy.WAIT, None),
    "a reset beyond all time": ({**RATE, "x-rate-limit-reset": "9" * 30}, Remedy.WAIT, None),
    "the account's day": (
        {**USER_DAY, "x-user-limit-24hour-reset": IN_AN_HOUR, "x-rate-limit-remaining": "99"},
        Remedy.WAIT,
        timedelta(hours=1),
    ),
    "the account's day, not the quarter of an hour": (
        {**USER_DAY, "x-user-limit-24hour-reset": IN_AN_HOUR, **RATE, "x-rate-limit-reset": "1000000000"},
        Remedy.WAIT,
        timedelta(hours=1),
    ),
    "the app's day": ({**APP_DAY, "x-app-limit-24hour-reset": IN_AN_HOUR}, Remedy.WAIT_APP, timedelta(hours=1)),
    "the app's day before the account's": (
        {**APP_DAY, "x-app-limit-24hour-reset": IN_AN_HOUR, **USER_DAY},
        Remedy.WAIT_APP,
        timedelta(hours=1),
    ),
}


@pytest.mark.parametrize("headers", WAITS)
def test_how_long_to_wait(headers: str) -> None:
    given, remedy, wait = WAITS[headers]
    body = json.dumps({"title": "Too Many Requests", "detail": "", "type": "about:blank", "status": 429}).encode()
    verdict = judge(Reply(status=429, headers=given, body=body), NOW)
    assert verdict is not None
    assert (verdict.meaning.remedy, verdict.until) == (remedy, NOW + wait if wait else None)
    assert wait or verdict.meaning.wait == verdict.meaning.longest == timedelta(minutes=15)


@pytest.mark.parametrize("reset", ["1000000000", "-1", "0", str(int(NOW.timestamp()))])
def test_a_reset_in_the_past_is_a_minute_that_doubles_up_to_the_window(reset: str) -> None:
    body = json.dumps({"title": "Too Many Requests", "detail": "", "type": "about:blank", "status": 429}).encode()
    verdict = judge(Reply(status=429, headers={**RATE, "x-rate-limit-reset": reset}, body=body), NOW)
    assert verdict is not None
    assert verdict.until is None
    assert (verdict.meaning.wait, verdict.meaning.longest) == (timedelta(minutes=1), timedelta(minutes=15))


def test_credits_are_not_back_at_the_rate_limits_reset() -> None:
    body = json.dumps({"title": "CreditsDepleted", "detail": "none", "status": 402}).encode()
    soon = str(int((NOW + timedelta(minutes=5)).timestamp()))
    verdict = judge(Reply(status=402, headers={**RATE, "x-rate-limit-reset": soon}, body=body), NOW)
    assert verdict is not None
    assert (verdict.until, verdict.meaning.wait) == (None, timedelta(hours=1))


def test_an_accepted_post_has_its_id_and_address() -> None:
    with Server(accepts("x", x_rate_limit_remaining="99")) as server:
        result = publish("x", server.url)
    assert (result.outcome, result.remedy, result.error) == (Outcome.ACCEPTED, Remedy.NONE, "")
    assert result.platform_id == "1990000000000000001"
    assert result.post_url == "https://x.com/example/status/1990000000000000001"
    assert result.slowdown is None


@pytest.mark.parametrize("kind", [None, "text/javascript", "text/html"])
def test_an_id_counts_whatever_the_content_type(kind: str | None) -> None:
    """The post is there; the libraries stumble over such answers only."""
    with Server(says(http(201, {"data": {"id": "12"}}, kind=kind))) as server:
        assert publish("x", server.url).platform_id == "12"


def test_the_last_post_of_a_window_says_when_the_next_may_follow() -> None:
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    with Server(accepts("x", x_rate_limit_remaining="0", x_rate_limit_reset=str(int(reset.timestamp())))) as server:
        result = publish("x", server.url)
    assert result.outcome is Outcome.ACCEPTED
    assert result.slowdown == Slowdown(until=reset, reason="the account's rate limit is used up")


def test_the_last_post_of_the_apps_day_slows_all_its_accounts() -> None:
    slow = x_refusals.slowdown({**APP_DAY, "x-app-limit-24hour-reset": IN_AN_HOUR}, NOW)
    reason = "the app's posts of the day are used up"
    assert slow == Slowdown(until=NOW + timedelta(hours=1), reason=reason, app=True)


@pytest.mark.parametrize("reset", ["", "soon", "-5", "9" * 30, "1000000000"])
def test_a_senseless_reset_slows_for_a_bounded_time(reset: str) -> None:
    slow = x_refusals.slowdown({**RATE, "x-rate-limit-reset": reset}, NOW)
    assert slow is not None
    assert timedelta(minutes=1) <= slow.until - NOW <= timedelta(minutes=15)


def test_a_reset_that_tweepy_cannot_read_does_no_harm() -> None:
    reply = {"title": "Too Many Requests", "type": "about:blank"}
    with Server(says(http(429, reply, headers={"x-rate-limit-reset": "soon"}))) as server:
        assert publish("x", server.url).remedy is Remedy.WAIT


def test_what_is_sent_is_the_text_signed_for_the_real_address() -> None:
    with Server(accepts("x")) as server:
        publish("x", server.url)
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /2/tweets HTTP/1.1")
    assert json.loads(body) == {"text": POSTS["x"].text}
    assert b"oauth_signature=" in head
    assert b"Host: 127.0.0.1" in head
    assert b"Accept-Encoding: identity" in head


def test_a_token_in_the_platforms_own_words_is_hidden() -> None:
    token = CANARIES["x"]["access_token"]
    reply = problem(
        400, "Invalid Request", f"token {token} and access_token=abcdefgh\r\nforged \x1b[2J line", in_docs("x")
    )
    with Server(says(reply)) as server:
        result = publish("x", server.url)
    assert "[hidden]" in result.error
    assert "abcdefgh" not in result.error
    assert result.error.isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["title", "type", "detail", "errors", "code", "message", "status", "data", "id", "error", "error_subcode",
         "is_transient", "original_response"]) | st.text(max_size=3), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(body=JSON, status=st.sampled_from([200, 201, 400, 401, 402, 403, 404, 429, 500]), header=st.text(max_size=8))
def test_no_answer_can_break_the_judging(body: Any, status: int, header: str) -> None:
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": header, "x-business-use-case-usage": header}
    reply = Reply(status=status, headers=headers, body=json.dumps(body).encode())
    for platform_judge in (judge, facebook_refusals.judge):
        verdict = platform_judge(reply, NOW)
        if verdict and verdict.until:
            assert NOW < verdict.until <= NOW + timedelta(hours=24)
    for says_gone in (x_refusals.says_gone, facebook_refusals.says_gone):
        says_gone(reply)
    for slowdown in (x_refusals.slowdown, facebook_usage.slowdown):
        slow = slowdown(headers, NOW)
        assert slow is None or NOW < slow.until <= NOW + timedelta(hours=24)


class TestRules:
    def test_asking_for_them_loads_no_client_library(self) -> None:
        import subprocess
        import sys

        code = (
            "import sys; from bot.platforms.registry import rules_for; rules_for('x'); rules_for('facebook'); "
            "print([m for m in ('tweepy', 'pyfacebook', 'requests', 'urllib3') if m in sys.modules])"
        )
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "[]"

    def test_the_link_stands_in_the_text_and_is_weighed(self) -> None:
        rules = rules_for("x")
        assert not rules.link_apart
        assert rules.limit.most == 280
        assert rules.limit.length("https://news.example.com/" + "a" * 100) == 23

    @pytest.mark.parametrize(
        ("text", "cost"),
        [
            ("News https://news.example.com/a", 0.200),
            ("News https://news.example/a", 0.200),
            ("Book at booking.com", 0.200),
            ("News", 0.015),
        ],
    )
    def test_a_link_costs_more(self, text: str, cost: float) -> None:
        assert rules_for("x").cost(Post(text=text)) == cost


def entry(number: int, at: datetime, text: str = "", **more: Any) -> dict[str, Any]:
    return {"id": str(number), "text": text or f"post {number}", "created_at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z", **more}


def page(*entries: dict[str, Any], following: str = "") -> bytes:
    meta: dict[str, Any] = {"result_count": len(entries)}
    if following:
        meta["next_token"] = following
    return http(200, {"data": list(entries), "meta": meta} if entries else {"meta": meta})


class TestReadBack:
    since = NOW - timedelta(minutes=10)

    def read(self, *pages: bytes) -> tuple[list[Any], list[bytes]]:
        with Server(says(http(200, ME)), *map(says, pages)) as server, client("x", server.url) as made:
            return made.read_back(self.since), server.requests

    def test_links_are_written_out_and_escapes_undone_in_one_pass(self) -> None:
        urls = [
            {"start": 0, "end": 23, "url": "https://t.co/abc", "expanded_url": "https://news.example/?a=1&lt;=2"},
            {"start": 0, "end": 23, "url": "https://t.co/abcd", "expanded_url": "https://other.example/"},
        ]
        raw = entry(1, NOW, "A &amp;lt; B &lt;C&gt; https://t.co/abc https://t.co/abcd", entities={"urls": urls})
        [post], _ = self.read(page(raw))
        assert post.text == "A &lt; B <C> https://news.example/?a=1&lt;=2 https://other.example/"
        assert post.links == ("https://news.example/?a=1&lt;=2", "https://other.example/")
        assert post.url == "https://x.com/example/status/1"
        assert post.created == NOW

    def test_the_whole_text_of_a_long_post(self) -> None:
        note = {
            "text": "All of it https://t.co/x",
            "entities": {"urls": [{"url": "https://t.co/x", "expanded_url": "https://news.example/"}]},
        }
        [post], _ = self.read(page(entry(1, NOW, "All of…", note_tweet=note)))
        assert post.text == "All of it https://news.example/"
        assert post.links == ("https://news.example/",)

    def test_it_pages_until_the_posts_are_too_old_and_sorts_them(self) -> None:
        old = self.since - timedelta(minutes=1)
        posts, requests = self.read(
            page(entry(5, NOW), entry(4, old), following="n1"),
            page(entry(3, NOW - timedelta(minutes=1)), entry(6, NOW + timedelta(minutes=1)), following="n2"),
            page(entry(2, old), following="n3"),
        )
        assert [post.id for post in posts] == ["6", "5", "3"]
        assert len(requests) == 4
        assert b"pagination_token=n2" in requests[3]
        assert b"start_time=2026-11-22T11%3A50%3A00Z" in requests[1]

    def test_an_empty_timeline(self) -> None:
        assert self.read(page())[0] == []

    def test_who_we_are_is_asked_once(self) -> None:
        with Server(says(http(200, ME)), says(page())) as server, client("x", server.url) as made:
            made.read_back(self.since)
            made.read_back(self.since)
            assert [request.split(b"?")[0].split(b" H")[0] for request in server.requests] == [
                b"GET /2/users/me",
                b"GET /2/users/77/tweets",
                b"GET /2/users/77/tweets",
            ]

    def test_more_pages_than_are_read_is_trouble_not_absence(self) -> None:
        with pytest.raises(PlatformTrouble, match="too many to look through"):
            self.read(page(entry(1, NOW), following="again"))

    @pytest.mark.parametrize(
        "answer",
        [
            http(200, {"errors": [{"title": "Not Found Error"}]}),
            http(200, {"errors": [{"title": "Not Found Error"}], "meta": {"result_count": 0}}),
            http(200, {"data": {"id": "1"}, "meta": {"result_count": 1}}),
            http(200, {"data": None, "meta": {"result_count": 5}}),
            http(200, {"meta": {"result_count": 5}}),
            http(200, {"meta": {}}),
            http(200, {"data": [{"id": "1", "text": "no time"}], "meta": {}}),
            http(200, {"data": [{"id": "1", "text": "", "created_at": "2026-11-22T09:00:00"}], "meta": {}}),
            http(200, {"data": [{"text": "no id", "created_at": "2026-11-22T09:00:00Z"}], "meta": {}}),
        ],
        ids=[
            "errors only",
            "errors and nothing",
            "no list",
            "null, and a count",
            "a count without posts",
            "no count",
            "no time",
            "a time without a zone",
            "no id",
        ],
    )
    def test_a_timeline_that_is_not_understood_is_trouble(self, answer: bytes) -> None:
        with pytest.raises(PlatformTrouble, match="x-main could not be read from X: its timeline"):
            self.read(answer)


class TestWhoami:
    def test_the_handle_is_what_the_settings_know(self) -> None:
        with Server(says(http(200, ME))) as server, client("x", server.url) as made:
            assert made.whoami() == Identity(id="77", name="Example", known_as="Example")

    @pytest.mark.parametrize(
        ("reply", "remedy", "status"),
        [
            (problem(401, "Unauthorized"), Remedy.MEND_ACCOUNT, 5),
            (problem(403, "Forbidden", "", in_docs("user-suspended")), Remedy.MEND_ACCOUNT, 5),
            (problem(429, "Too Many Requests"), Remedy.WAIT, 75),
            (problem(402, "CreditsDepleted"), Remedy.WAIT_APP, 75),
            (problem(400, "Invalid Request"), Remedy.RETRY, 75),
            (http(200, {"data": {}}), Remedy.RETRY, 75),
        ],
    )
    def test_trouble_names_the_account_and_what_to_do(self, reply: bytes, remedy: Remedy, status: int) -> None:
        with Server(says(reply)) as server, client("x", server.url) as made, pytest.raises(PlatformTrouble) as caught:
            made.whoami()
        assert (caught.value.remedy, caught.value.exit_status) == (remedy, status)
        assert str(caught.value).startswith("x-main could not be read from X: ")
        assert (caught.value.until is not None) == (remedy in (Remedy.WAIT, Remedy.WAIT_APP))
        assert_no_canary(everything_in(caught.value))


def test_it_serves_an_address_behind_a_path() -> None:
    with Server(accepts("x")) as server, client("x", f"{server.url}/behind/") as made:
        made.publish(POSTS["x"], intended=uptime())
        assert server.requests[0].startswith(b"POST /behind/2/tweets ")
    assert ACCOUNTS["x"].identity == "example"
