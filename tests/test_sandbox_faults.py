"""Every fault the sandbox can be asked for, as the real client libraries meet it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import tweepy
from pyfacebook import FacebookError, LibraryError
from requests.exceptions import ChunkedEncodingError, JSONDecodeError, ReadTimeout
from requests.exceptions import ConnectionError as NoAnswer
from sandbox_clients import MovableClock, facebook_client, order, posts, texts, x_client

from bot.errors import UsageError
from bot.sandbox.faults import Kind
from bot.sandbox.server import Sandbox
from bot.sandbox.windows import Limits

PAGE = "1234567890"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


def tweet(sandbox: Sandbox, text: str = "Hello", timeout: float = 10.0, account: str = "x-main") -> Any:
    with x_client(sandbox.url, account, timeout=timeout) as client:
        return client.create_tweet(text=text).data


def publish(sandbox: Sandbox, message: str = "Hello", timeout: float = 10.0, account: str = "fb-page") -> Any:
    with facebook_client(sandbox.url, account, timeout=timeout) as api:
        return api.post_object(PAGE, "feed", data={"message": message})


def status(code: int) -> Callable[[BaseException], bool]:
    return lambda error: error.response.status_code == code  # type: ignore[attr-defined]


def code(number: int) -> Callable[[BaseException], bool]:
    return lambda error: error.code == number  # type: ignore[attr-defined]


def says(words: str) -> Callable[[BaseException], bool]:
    return lambda error: words in repr(error)


Row = tuple[dict[str, Any], type[BaseException], Callable[[BaseException], bool], bool]

# What tweepy raises at a POST, and whether the post is out all the same.
ON_X: dict[str, Row] = {
    "refuse": ({"status": 400, "message": "No"}, tweepy.BadRequest, says("No"), False),
    "refuse with a body": ({"kind": "refuse", "body": {"title": "X"}}, tweepy.Forbidden, status(403), False),
    "duplicate_reported": ({}, tweepy.Forbidden, says("duplicate content"), False),
    "rate_limit": ({"reset": 120}, tweepy.TooManyRequests, says("Too Many"), False),
    "day_limit": ({"scope": "app"}, tweepy.TooManyRequests, says("Too Many"), False),
    "credits_depleted": ({}, tweepy.HTTPException, status(402), False),
    "revoked": ({}, tweepy.Unauthorized, status(401), False),
    "error_before": ({}, tweepy.TwitterServerError, status(503), False),
    "error_after": ({"status": 502}, tweepy.TwitterServerError, status(502), True),
    "hang_before": ({"seconds": 0.1}, NoAnswer, says("Remote end closed connection without response"), False),
    "hang_after": ({"seconds": 0.1}, NoAnswer, says("Remote end closed connection without response"), True),
    "hang_after past the deadline": ({"kind": "hang_after"}, ReadTimeout, says("timed out"), True),
    "reset_before": ({}, NoAnswer, says("Connection reset by peer"), False),
    "reset_after": ({}, NoAnswer, says("Connection reset by peer"), True),
    "cut_after": ({}, ChunkedEncodingError, says("IncompleteRead"), True),
    "html_after": ({}, JSONDecodeError, says("Expecting value"), True),
    "html_after as an error": ({"kind": "html_after", "status": 502}, tweepy.TwitterServerError, status(502), True),
    "late_commit": ({"seconds": 0}, tweepy.TwitterServerError, status(503), True),
    "late_commit without a word": ({"kind": "late_commit", "seconds": 0.1, "reply": "hang"}, NoAnswer, says(""), True),
}

# The same at a POST of pyfacebook.
ON_FACEBOOK: dict[str, Row] = {
    "refuse": ({"code": 200, "subcode": 5, "message": "(#200) No"}, FacebookError, says("(#200) No"), False),
    "duplicate_reported": ({}, FacebookError, code(506), False),
    "rate_limit": ({}, FacebookError, code(80001), False),
    "rate_limit of the app": ({"kind": "rate_limit", "code": 4}, FacebookError, code(4), False),
    "revoked": ({}, FacebookError, code(190), False),
    "error_before": ({}, FacebookError, code(2), False),
    "error_after": ({}, FacebookError, code(2), True),
    "hang_before": ({"seconds": 0.1}, NoAnswer, says("Remote end closed connection"), False),
    "hang_after": ({"seconds": 0.1}, NoAnswer, says("Remote end closed connection"), True),
    "reset_before": ({}, NoAnswer, says("Connection reset by peer"), False),
    "reset_after": ({}, NoAnswer, says("Connection reset by peer"), True),
    "cut_after": ({}, ChunkedEncodingError, says("IncompleteRead"), True),
    "html_after": ({}, LibraryError, says("Wrong response"), True),
    "no_content_type_after": ({}, KeyError, says("content-type"), True),
    "late_commit": ({"seconds": 0}, FacebookError, code(2), True),
}


def ordered(name: str, extra: dict[str, Any]) -> dict[str, Any]:
    return {"kind": name.split()[0], **extra}


@pytest.mark.parametrize("name", ON_X)
def test_a_fault_on_x_is_what_it_says(sandbox: Sandbox, name: str) -> None:
    extra, error, right, posted = ON_X[name]
    order(sandbox.url, ordered(name, extra))
    with pytest.raises(error) as raised:
        tweet(sandbox, timeout=0.3 if "deadline" in name else 10)
    assert right(raised.value), repr(raised.value)
    assert texts(sandbox.url) == (["Hello"] if posted else [])


@pytest.mark.parametrize("name", ON_FACEBOOK)
def test_a_fault_on_facebook_is_what_it_says(sandbox: Sandbox, name: str) -> None:
    extra, error, right, posted = ON_FACEBOOK[name]
    order(sandbox.url, ordered(name, extra))
    with pytest.raises(error) as raised:
        publish(sandbox)
    assert right(raised.value), repr(raised.value)
    assert texts(sandbox.url) == (["Hello"] if posted else [])


def test_every_kind_is_tried_here() -> None:
    silent = {Kind.EMPTY_JSON_AFTER, Kind.NO_CONTENT_TYPE_AFTER, Kind.SLOW, Kind.TIMELINE_LAG}
    silent |= {Kind.ANSWER_AFTER, Kind.OLD_TIMELINE}
    assert {name.split()[0] for name in (*ON_X, *ON_FACEBOOK)} | silent == set(Kind)


def test_an_empty_object_may_come_back_for_a_post_that_is_out(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "empty_json_after", "times": 2})
    assert tweet(sandbox) is None
    assert publish(sandbox) == {}
    assert texts(sandbox.url) == ["Hello", "Hello"]


@pytest.mark.parametrize("body", [{"data": {"id": ["7"]}}, None, "OK"])
def test_any_answer_may_come_back_for_a_post_that_is_out(sandbox: Sandbox, body: object) -> None:
    order(sandbox.url, {"kind": "answer_after", "status": 200, "body": body})
    with x_client(sandbox.url) as client:
        assert client.request("POST", "/2/tweets", user_auth=True, json={"text": "Hello"}).json() == body
    assert texts(sandbox.url) == ["Hello"]


def test_a_second_post_shows_where_repetitions_are_let_through() -> None:
    with Sandbox(limits=Limits(refuse_repetitions=False)) as sandbox:
        for _ in range(2):
            tweet(sandbox)
            publish(sandbox)
        assert texts(sandbox.url) == ["Hello"] * 4


def test_an_answer_may_come_late(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "slow", "seconds": 0.3})
    begun = time.monotonic()
    assert tweet(sandbox)["id"]
    assert time.monotonic() - begun >= 0.3


def test_an_answer_without_a_content_type_is_still_json_to_tweepy(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "no_content_type_after"})
    assert tweet(sandbox)["text"] == "Hello"


# ---- headers of limits

RATE_HEADERS = {"in two minutes": (120, 120), "in the past": (-30, -30), "in fifteen days": (1_296_000, 1_296_000)}


@pytest.mark.parametrize(("reset", "seconds"), RATE_HEADERS.values(), ids=RATE_HEADERS)
def test_a_rate_limit_says_when_it_ends(sandbox: Sandbox, clock: MovableClock, reset: int, seconds: int) -> None:
    order(sandbox.url, {"kind": "rate_limit", "reset": reset})
    with pytest.raises(tweepy.TooManyRequests) as refused:
        tweet(sandbox)
    assert refused.value.reset_time - clock.real_now().timestamp() == pytest.approx(seconds, abs=3)
    assert refused.value.response.headers["x-rate-limit-remaining"] == "0"


def test_a_rate_limit_may_keep_its_end_to_itself(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "rate_limit", "reset": None})
    with pytest.raises(tweepy.TooManyRequests) as refused:
        tweet(sandbox)
    assert refused.value.reset_time is None
    assert not [name for name in refused.value.response.headers if name.startswith("x-rate-limit")]


@pytest.mark.parametrize("scope", ["user", "app"])
def test_a_day_limit_has_headers_of_its_own(sandbox: Sandbox, clock: MovableClock, scope: str) -> None:
    order(sandbox.url, {"kind": "day_limit", "scope": scope, "limit": 17, "reset": 3600})
    with pytest.raises(tweepy.TooManyRequests) as refused:
        tweet(sandbox)
    headers = refused.value.response.headers
    assert headers[f"x-{scope}-limit-24hour-limit"] == "17"
    assert headers[f"x-{scope}-limit-24hour-remaining"] == "0"
    reset = int(headers[f"x-{scope}-limit-24hour-reset"])
    assert reset - clock.real_now().timestamp() == pytest.approx(3600, abs=3)


def test_facebook_says_in_minutes_how_long_a_page_is_closed(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "rate_limit", "reset": 600})
    with facebook_client(sandbox.url) as api:
        with pytest.raises(FacebookError):
            api.post_object(PAGE, "feed", data={"message": "Hello"})
        assert api.rate_limit.get_limit(PAGE, "pages").estimated_time_to_regain_access == 10


# ---- posts that are late


@pytest.mark.parametrize("send", [tweet, publish])
def test_a_late_post_appears_after_the_client_has_given_up(
    sandbox: Sandbox, clock: MovableClock, send: Callable[..., Any]
) -> None:
    order(sandbox.url, {"kind": "late_commit", "seconds": 100})
    with pytest.raises((tweepy.TwitterServerError, FacebookError)):
        send(sandbox, "Late")
    assert posts(sandbox.url) == []
    send(sandbox, "Early")
    send(sandbox, "Late")  # nothing is known of the first one yet
    assert texts(sandbox.url) == ["Early", "Late"]
    clock.advance(seconds=101)
    assert texts(sandbox.url) == ["Early", "Late", "Late"]


def test_a_timeline_may_lag_behind(sandbox: Sandbox, clock: MovableClock) -> None:
    order(sandbox.url, {"kind": "timeline_lag", "seconds": 100, "times": 2})
    with x_client(sandbox.url) as client, facebook_client(sandbox.url) as api:
        me = client.get_me().data.id  # a read is not what the fault waits for
        x_id = client.create_tweet(text="Hello").data["id"]
        fb_id = api.post_object(PAGE, "feed", data={"message": "Hello"})["id"]
        assert texts(sandbox.url) == ["Hello", "Hello"]
        assert client.get_users_tweets(me, user_auth=True).data is None
        assert client.get_tweet(x_id, user_auth=True).data is None
        assert api.get_connection(PAGE, "published_posts")["data"] == []
        with pytest.raises(FacebookError):
            api.get_object(fb_id)
        with pytest.raises(tweepy.Forbidden):
            client.create_tweet(text="Hello")
        clock.advance(seconds=101)
        assert len(client.get_users_tweets(me, user_auth=True).data) == 1
        assert len(api.get_connection(PAGE, "published_posts")["data"]) == 1


# ---- keys that are revoked


def test_a_lagging_timeline_may_follow_a_lost_answer(sandbox: Sandbox, clock: MovableClock) -> None:
    order(sandbox.url, {"kind": "timeline_lag", "seconds": 60, "reply": "error"})
    with pytest.raises(tweepy.TwitterServerError):
        tweet(sandbox)
    assert texts(sandbox.url) == ["Hello"]
    with x_client(sandbox.url) as client:
        me = client.get_me(user_auth=True).data.id
        assert client.get_users_tweets(me, user_auth=True).data is None
        clock.advance(seconds=61)
        assert len(client.get_users_tweets(me, user_auth=True).data) == 1


def test_a_timeline_may_be_an_old_one(sandbox: Sandbox, clock: MovableClock) -> None:
    tweet(sandbox, "Old")
    clock.advance(seconds=100)
    tweet(sandbox, "New")
    order(sandbox.url, {"kind": "old_timeline", "seconds": 50, "path": "*/tweets"})
    with x_client(sandbox.url) as client:
        me = client.get_me(user_auth=True).data.id
        assert [post.text for post in client.get_users_tweets(me, user_auth=True).data] == ["Old"]
        assert [post.text for post in client.get_users_tweets(me, user_auth=True).data] == ["New", "Old"]


def test_a_revoked_key_stays_so_until_the_faults_are_cleared(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "revoked", "account": "x-main"}, {"kind": "revoked", "account": "fb-page"})
    for _ in range(2):
        with pytest.raises(tweepy.Unauthorized):
            tweet(sandbox)
        with pytest.raises(FacebookError) as refused:
            publish(sandbox)
        assert (refused.value.code, refused.value.error_subcode) == (190, 460)
    tweet(sandbox, account="x-sport")
    waiting = requests.get(f"{sandbox.url}/sandbox/faults", timeout=10).json()
    assert [(fault["account"], fault["in_force"]) for fault in waiting] == [("fb-page", True), ("x-main", True)]
    with facebook_client(sandbox.url) as api:
        key = f"rehearsal:fb-page:{PAGE}"
        assert api.debug_token(key, "77|77")["data"]["is_valid"] is False
    assert requests.delete(f"{sandbox.url}/sandbox/faults", timeout=10).json() == []
    tweet(sandbox, "Again")
    publish(sandbox)


# ---- which requests are struck


def test_the_first_fault_that_fits_strikes_and_the_next_one_waits(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "error_before", "status": 500}, {"kind": "error_before", "status": 504, "times": 2})
    seen = []
    for _ in range(4):
        try:
            tweet(sandbox)
        except tweepy.TwitterServerError as error:
            seen.append(error.response.status_code)
    assert seen == [500, 504, 504]
    assert texts(sandbox.url) == ["Hello"]


def test_a_fault_lets_requests_pass_first(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "error_before", "after": 2})
    tweet(sandbox, "One")
    publish(sandbox, "Two")
    with pytest.raises(tweepy.TwitterServerError):
        tweet(sandbox, "Three")
    tweet(sandbox, "Four")


CHOSEN = {
    "the platform": {"platform": "facebook"},
    "the account": {"account": "fb-page"},
    "the path": {"path": "*/feed"},
    "all of them": {"platform": "facebook", "account": "fb-page", "path": f"/v26.0/{PAGE}/feed", "method": "POST"},
}


@pytest.mark.parametrize("chosen", CHOSEN.values(), ids=CHOSEN)
def test_a_fault_strikes_only_the_chosen_requests(sandbox: Sandbox, chosen: dict[str, str]) -> None:
    order(sandbox.url, {"kind": "reset_before", **chosen})
    tweet(sandbox)
    with pytest.raises(NoAnswer):
        publish(sandbox)
    publish(sandbox)


def test_a_fault_may_be_for_reading_only(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "error_before", "method": "GET"})
    with x_client(sandbox.url) as client:
        client.create_tweet(text="Hello")
        with pytest.raises(tweepy.TwitterServerError):
            client.get_me()
        client.get_me()


# ---- ordering them

BAD = {
    "not an object": ("reset_after", "A fault is a JSON object"),
    "no kind": ({"times": 2}, 'A fault needs a "kind": one of refuse'),
    "unknown kind": ({"kind": "explode"}, "There is no fault 'explode'; the kinds are refuse, duplicate_reported"),
    "a kind that is a list": ({"kind": ["refuse"]}, "There is no fault"),
    "unknown key": ({"kind": "slow", "minutes": 2}, "has no key 'minutes'; its keys are kind, platform"),
    "a key of another kind": ({"kind": "reset_after", "seconds": 2}, "has no key 'seconds'"),
    "no times": ({"kind": "slow", "times": 0}, '"times" of the fault slow must be a whole number from 1'),
    "true is no number": ({"kind": "slow", "times": True}, '"times" of the fault slow must be'),
    "too long": ({"kind": "slow", "seconds": 5000}, '"seconds" of the fault slow must be seconds from 0 to 3600'),
    "unknown platform": ({"kind": "slow", "platform": "mastodon"}, 'must be "x" or "facebook", not \'mastodon\''),
    "an odd code": ({"kind": "rate_limit", "code": 5}, "must be 4, 17, 32 or 80001"),
}


@pytest.mark.parametrize(("value", "words"), BAD.values(), ids=BAD)
def test_an_order_that_cannot_be_understood_is_answered_with_a_sentence(
    sandbox: Sandbox, value: object, words: str
) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/faults", json=value, timeout=10)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    good_and_bad = requests.post(f"{sandbox.url}/sandbox/faults", json=[{"kind": "slow"}, value], timeout=10)
    assert good_and_bad.status_code == 400
    assert requests.get(f"{sandbox.url}/sandbox/faults", timeout=10).json() == []


def test_an_order_that_is_no_json_is_answered_with_a_sentence(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/faults", data="kind=slow", timeout=10)
    assert (answer.status_code, "not JSON" in answer.json()["error"]) == (400, True)


def test_waiting_faults_are_listed_with_what_is_left_of_them(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "error_before", "times": 3, "after": 1, "platform": "x"})
    tweet(sandbox)
    with pytest.raises(tweepy.TwitterServerError):
        tweet(sandbox, "Again")
    (waiting,) = requests.get(f"{sandbox.url}/sandbox/faults", timeout=10).json()
    assert waiting == {"kind": "error_before", "platform": "x", "times": 2, "after": 0, "status": 503}
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=10)
    tweet(sandbox, "Again")


def test_a_queue_has_an_end(sandbox: Sandbox) -> None:
    order(sandbox.url, *[{"kind": "slow"}] * 600)
    answer = requests.post(f"{sandbox.url}/sandbox/faults", json=[{"kind": "slow"}] * 600, timeout=10)
    assert (answer.status_code, "At most 1000" in answer.json()["error"]) == (400, True)


def test_faults_may_wait_in_a_file_from_the_start(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"kind": "error_before"}]))
    with Sandbox(faults=file) as sandbox:
        with pytest.raises(tweepy.TwitterServerError):
            tweet(sandbox)
        tweet(sandbox)


FILES = {
    "missing": (None, "cannot be read: No such file"),
    "not JSON": ("kind: slow", "is not JSON"),
    "unknown kind": ('{"kind": "explode"}', "There is no fault 'explode'"),
}


@pytest.mark.parametrize(("content", "words"), FILES.values(), ids=FILES)
def test_a_file_of_faults_that_cannot_be_understood_is_named(tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "faults.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError) as refused:
        Sandbox(faults=file)
    assert words in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_hang_does_not_outlive_the_sandbox() -> None:
    begun = time.monotonic()
    with Sandbox() as sandbox:
        order(sandbox.url, {"kind": "hang_after", "seconds": 60})
        with pytest.raises(ReadTimeout):
            tweet(sandbox, timeout=0.2)
    assert timedelta(seconds=time.monotonic() - begun) < timedelta(seconds=5)
