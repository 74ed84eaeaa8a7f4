"""The rehearsal X, asked by the real tweepy over real sockets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import tweepy
from requests_oauthlib import OAuth1
from sandbox_clients import MovableClock, TurnedTo, posts, texts, x_client

from bot.sandbox.server import Sandbox
from bot.sandbox.windows import Limits

KEY = "rehearsal:x-main:example"
FIELDS = ["entities", "created_at", "note_tweet", "author_id"]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[tweepy.Client]:
    with x_client(sandbox.url) as ready:
        yield ready


def own_timeline(client: tweepy.Client, **options: Any) -> list[tweepy.Tweet]:
    return client.get_users_tweets(client.get_me().data.id, user_auth=True, **options).data or []


def raw_post(sandbox: Sandbox, body: bytes | str, auth: Any = None, host: str | None = None) -> requests.Response:
    """POST /2/tweets with any body, signed for the sandbox's own address or for `host`."""
    with requests.Session() as session:
        if host:
            session.mount(host, TurnedTo(sandbox.url))
        headers = {"content-type": "application/json"}
        auth = auth or OAuth1(KEY, KEY, KEY, KEY)
        return session.post(f"{host or sandbox.url}/2/tweets", data=body, headers=headers, auth=auth, timeout=10)


# ---- a post and its reading back


def test_a_post_is_accepted_and_everything_tells_of_it(sandbox: Sandbox, client: tweepy.Client) -> None:
    created = client.create_tweet(text="The bridge opens at noon").data
    assert created["edit_history_post_ids"] == [created["id"]]
    assert re.fullmatch(r"\d{15,19}", created["id"])
    (post,) = posts(sandbox.url)
    moment = datetime.fromisoformat(post.pop("created_at"))
    assert moment.utcoffset() is not None
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=20)
    assert post == {
        "platform": "x",
        "account": "x-main",
        "id": created["id"],
        "text": "The bridge opens at noon",
        "link": None,
        "media": [],
        "deleted": False,
    }
    (shown,) = own_timeline(client, tweet_fields=FIELDS)
    assert (shown.id, shown.text) == (int(created["id"]), "The bridge opens at noon")
    assert shown.author_id == client.get_me().data.id
    assert abs(shown.created_at - moment) < timedelta(seconds=1)
    assert client.get_tweet(created["id"], user_auth=True).data.text == "The bridge opens at noon"


def test_who_speaks_is_the_handle_of_the_key(sandbox: Sandbox) -> None:
    with x_client(sandbox.url, "x-sport", "AzerSport") as sport, x_client(sandbox.url) as main:
        me = sport.get_me().data
        assert me.username == "AzerSport"
        assert me.id != main.get_me().data.id


def test_ids_rise_with_time(client: tweepy.Client) -> None:
    ids = [int(client.create_tweet(text=f"Number {number}").data["id"]) for number in range(5)]
    assert ids == sorted(set(ids))


LINKED = {
    "a link is shortened": ("Read https://azernews.az/a?b=1&c=2 now", ["https://azernews.az/a?b=1&c=2"]),
    "a bare domain is a link with http": ("Booking.com, again", ["http://Booking.com"]),
    "two links": ("https://a.az/1 and https://b.az/2", ["https://a.az/1", "https://b.az/2"]),
    "offsets count code points behind emoji and escapes": ("🌪️ <&> https://a.az/x", ["https://a.az/x"]),
    "no link": ("Just words & signs", []),
}


@pytest.mark.parametrize(("text", "expected"), LINKED.values(), ids=LINKED)
def test_links_come_back_as_t_co_with_their_targets(client: tweepy.Client, text: str, expected: list[str]) -> None:
    client.create_tweet(text=text)
    (shown,) = own_timeline(client, tweet_fields=FIELDS)
    urls = (shown.entities or {}).get("urls", [])
    assert [url["expanded_url"] for url in urls] == expected
    for url in urls:
        assert re.fullmatch(r"https://t\.co/\w{10}", url["url"])
        assert shown.text[url["start"] : url["end"]] == url["url"]
    outside = re.sub(r"https://t\.co/\w{10}", "", shown.text)
    assert "https" not in outside
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", outside)


# ---- what is refused

BODIES = {
    "no text": ({}, 400, "needs a text"),
    "empty text": ({"text": ""}, 400, "needs a text"),
    "white space only": ({"text": " \n\t "}, 400, "needs a text"),
    "281 letters": ({"text": "x" * 281}, 400, "Your Tweet text is too long."),
    "141 ideographs weigh 282": ({"text": "字" * 141}, 400, "Your Tweet text is too long."),
    "a link counts 23": ({"text": "x" * 257 + " https://a.az"}, 400, "Your Tweet text is too long."),
    "invalid character": ({"text": "a\uffffb"}, 400, "invalid characters"),
    "unknown field": ({"text": "a", "txt": "b"}, 400, "$.txt: is not defined in the schema"),
    "a field that is not rehearsed": ({"text": "a", "poll": {}}, 400, "$.poll: is not rehearsed"),
    "text is a number": ({"text": 5}, 400, "$.text"),
    "a list": ([], 400, "an object is expected"),
}


@pytest.mark.parametrize(("body", "status", "words"), BODIES.values(), ids=BODIES)
def test_a_body_that_x_would_not_take_is_refused(sandbox: Sandbox, body: object, status: int, words: str) -> None:
    answer = raw_post(sandbox, requests.compat.json.dumps(body))
    assert answer.status_code == status
    problem = answer.json()
    assert problem["title"] == "Invalid Request"
    assert problem["type"].endswith("/invalid-request")
    assert words in problem["errors"][0]["message"]
    assert posts(sandbox.url) == []


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff", b"[" * 100_000, b'{"text": "\\ud800"}'])
def test_a_body_that_is_no_json_text_is_refused(sandbox: Sandbox, body: bytes) -> None:
    assert raw_post(sandbox, body).status_code == 400
    assert posts(sandbox.url) == []


@pytest.mark.parametrize("text", ["x" * 280, "字" * 140, "x" * 256 + " https://azernews.az/" + "long" * 20])
def test_what_just_fits_is_taken(sandbox: Sandbox, client: tweepy.Client, text: str) -> None:
    client.create_tweet(text=text)
    assert texts(sandbox.url) == [text]


def test_a_text_that_is_too_long_reaches_tweepy_in_x_own_words(client: tweepy.Client) -> None:
    with pytest.raises(tweepy.BadRequest, match="Your Tweet text is too long. For more information"):
        client.create_tweet(text="x" * 281)


def test_a_repeated_text_is_refused_in_x_own_words_for_a_day(
    sandbox: Sandbox, client: tweepy.Client, clock: MovableClock
) -> None:
    client.create_tweet(text="Again")
    with pytest.raises(tweepy.Forbidden) as refused:
        client.create_tweet(text="Again")
    assert refused.value.response.json() == {
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
    }
    with x_client(sandbox.url, "x-sport", "azersport") as other:
        other.create_tweet(text="Again")
    assert len(posts(sandbox.url)) == 2
    clock.advance(hours=24, seconds=1)
    answer = raw_post(sandbox, '{"text": "Again"}', OAuth1(KEY, KEY, KEY, KEY, timestamp=stamp(clock)))
    assert answer.status_code == 201


def stamp(clock: MovableClock, **delta: float) -> str:
    return str(int((clock.real_now() + timedelta(**delta)).timestamp()))


# ---- signatures

GOOD = dict.fromkeys(("client_key", "client_secret", "resource_owner_key", "resource_owner_secret"), KEY)
FOREIGN = "rehearsal:x-sport:azersport"
KEYS = {
    "wrong consumer secret": {"client_secret": "guess"},
    "wrong token secret": {"resource_owner_secret": "guess"},
    "unknown consumer key": {"client_key": "abc", "client_secret": "abc"},
    "unknown token": {"resource_owner_key": "abc", "resource_owner_secret": "abc"},
    "another account's token": {"resource_owner_key": FOREIGN, "resource_owner_secret": FOREIGN},
    "a person's token of Facebook": dict.fromkeys(GOOD, "rehearsal-user:x-main:example"),
    "an account name that cannot be": dict.fromkeys(GOOD, "rehearsal:X Main:example"),
    "another signature method": {"signature_method": "HMAC-SHA256"},
    "plain text": {"signature_method": "PLAINTEXT"},
    "an old clock": {"timestamp": str(int(datetime.now(UTC).timestamp()) - 4000)},
    "a clock that runs ahead": {"timestamp": str(int(datetime.now(UTC).timestamp()) + 4000)},
    "no time": {"timestamp": "soon"},
}


@pytest.mark.parametrize("changed", KEYS.values(), ids=KEYS)
def test_a_request_that_is_not_signed_right_is_refused(sandbox: Sandbox, changed: dict[str, str]) -> None:
    answer = raw_post(sandbox, '{"text": "Hello"}', OAuth1(**{**GOOD, **changed}))
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Unauthorized", "type": "about:blank", "title": "Unauthorized", "status": 401}
    assert answer.headers["x-sandbox-reason"]
    assert "x-rate-limit-limit" in answer.headers
    assert posts(sandbox.url) == []


@pytest.mark.parametrize(
    "header", ["", "Bearer AAAA", "OAuth", 'OAuth oauth_token="rehearsal%3Ax-main%3Aexample"', "Basic x"]
)
def test_a_request_without_a_signature_is_refused(sandbox: Sandbox, header: str) -> None:
    answer = requests.post(
        f"{sandbox.url}/2/tweets", json={"text": "Hello"}, headers={"authorization": header}, timeout=10
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("host", ["https://api.twitter.com", "https://api.x.com", None])
def test_a_signature_counts_for_x_own_hosts_and_for_the_sandbox(sandbox: Sandbox, host: str | None) -> None:
    assert raw_post(sandbox, '{"text": "Hello"}', host=host).status_code == 201


def test_a_signature_for_another_host_does_not_count(sandbox: Sandbox) -> None:
    assert raw_post(sandbox, '{"text": "Hello"}', host="https://evil.example").status_code == 401


def test_a_clock_that_is_four_minutes_off_is_near_enough(sandbox: Sandbox, clock: MovableClock) -> None:
    for minutes in (-4, 4):
        auth = OAuth1(**GOOD, timestamp=stamp(clock, minutes=minutes))
        assert raw_post(sandbox, f'{{"text": "Off by {minutes}"}}', auth).status_code == 201


def test_a_request_that_is_played_back_is_refused(sandbox: Sandbox) -> None:
    request = requests.Request("GET", f"{sandbox.url}/2/users/me", auth=OAuth1(KEY, KEY, KEY, KEY)).prepare()
    with requests.Session() as session:
        assert session.send(request, timeout=10).status_code == 200
        again = session.send(request, timeout=10)
    assert again.status_code == 401
    assert "nonce" in again.headers["x-sandbox-reason"]


def test_the_query_is_part_of_what_is_signed(sandbox: Sandbox, client: tweepy.Client) -> None:
    id = client.get_me().data.id
    request = requests.Request("GET", f"{sandbox.url}/2/users/{id}/tweets?max_results=5", auth=OAuth1(**GOOD)).prepare()
    request.url = str(request.url).replace("max_results=5", "max_results=50")
    with requests.Session() as session:
        assert session.send(request, timeout=10).status_code == 401


# ---- limits


def test_posts_are_limited_for_each_user_in_a_quarter_of_an_hour(clock: MovableClock) -> None:
    with Sandbox(clock=clock, limits=Limits(x_posts=2)) as sandbox, x_client(sandbox.url) as client:
        client.return_type = requests.Response
        left = [client.create_tweet(text=f"Number {number}").headers["x-rate-limit-remaining"] for number in range(2)]
        assert left == ["1", "0"]
        with pytest.raises(tweepy.TooManyRequests) as refused:
            client.create_tweet(text="One too many")
        answer = refused.value.response
        assert answer.json() == {
            "detail": "Too Many Requests",
            "type": "about:blank",
            "title": "Too Many Requests",
            "status": 429,
        }
        wait = int(answer.headers["x-rate-limit-reset"]) - clock.real_now().timestamp()
        assert 880 < wait <= 900
        assert client.get_me(user_auth=True).status_code == 200
        with x_client(sandbox.url, "x-sport", "azersport") as other:
            other.create_tweet(text="Another user")
        assert len(posts(sandbox.url)) == 3
        clock.advance(minutes=15, seconds=1)
        auth = OAuth1(**GOOD, timestamp=stamp(clock))
        assert raw_post(sandbox, '{"text": "A new window"}', auth).status_code == 201


LIMITED = {"POST /2/tweets": "100", "GET me": "75", "GET timeline": "900", "DELETE": "50"}


def test_every_answer_tells_its_limit(client: tweepy.Client) -> None:
    id = client.get_me().data.id
    client.return_type = requests.Response
    answers = {
        "POST /2/tweets": (post := client.create_tweet(text="Hello")),
        "GET me": client.get_me(),
        "GET timeline": client.get_users_tweets(id, user_auth=True),
        "DELETE": client.delete_tweet(post.json()["data"]["id"]),
    }
    assert {name: answer.headers["x-rate-limit-limit"] for name, answer in answers.items()} == LIMITED
    assert all(answer.headers["x-transaction-id"] for answer in answers.values())


# ---- timeline, lookup, deletion


def test_a_timeline_is_paged_newest_first(client: tweepy.Client) -> None:
    for number in range(12):
        client.create_tweet(text=f"Number {number}")
    id = client.get_me().data.id
    pages = list(tweepy.Paginator(client.get_users_tweets, id, max_results=5, user_auth=True))
    assert [len(page.data) for page in pages] == [5, 5, 2]
    assert [tweet.text for page in pages for tweet in page.data] == [f"Number {number}" for number in range(11, -1, -1)]
    assert pages[0].meta["newest_id"] == str(pages[0].data[0].id)
    assert "next_token" not in pages[-1].meta
    assert len(own_timeline(client)) == 10


def test_an_empty_timeline_has_no_data(client: tweepy.Client) -> None:
    answer = client.get_users_tweets(client.get_me().data.id, user_auth=True)
    assert (answer.data, answer.meta) == (None, {"result_count": 0})


def test_a_timeline_can_be_cut_by_id_and_time(client: tweepy.Client, clock: MovableClock) -> None:
    first = client.create_tweet(text="First").data["id"]
    start = clock.real_now().replace(microsecond=0)
    clock.advance(seconds=100)
    second = client.create_tweet(text="Second").data["id"]
    cuts: dict[str, tuple[dict[str, Any], list[str]]] = {
        "after the first": ({"since_id": first}, ["Second"]),
        "before the second": ({"until_id": second}, ["First"]),
        "from a time": ({"start_time": start + timedelta(seconds=50)}, ["Second"]),
        "up to a time": ({"end_time": start + timedelta(seconds=50)}, ["First"]),
        "both": ({"start_time": start - timedelta(hours=1)}, ["Second", "First"]),
    }
    for name, (options, expected) in cuts.items():
        assert [tweet.text for tweet in own_timeline(client, **options)] == expected, name


ASKED_WRONG = {
    "too few": {"max_results": 4},
    "too many": {"max_results": 101},
    "no number": {"max_results": "ten"},
    "an unknown field": {"tweet_fields": ["colour"]},
    "a token of somebody else": {"pagination_token": "xyz"},
    "a time with fractions": {"start_time": "2026-11-22T09:30:00.123Z"},
    "an id that is none": {"since_id": "-1"},
}


@pytest.mark.parametrize("options", ASKED_WRONG.values(), ids=ASKED_WRONG)
def test_a_timeline_asked_for_in_the_wrong_way_is_refused(client: tweepy.Client, options: dict[str, Any]) -> None:
    with pytest.raises(tweepy.BadRequest) as refused:
        own_timeline(client, **options)
    name = next(iter(options)).replace("tweet_fields", "tweet.fields")
    assert refused.value.response.json()["errors"][0]["parameters"].keys() == {name}


def test_an_unknown_query_parameter_is_refused(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.url}/2/users/me?colour=red", auth=OAuth1(**GOOD), timeout=10)
    assert answer.status_code == 400
    assert "[colour]" in answer.json()["errors"][0]["message"]


def test_an_own_post_can_be_deleted_once_and_no_other(sandbox: Sandbox, client: tweepy.Client) -> None:
    id = client.create_tweet(text="Oops").data["id"]
    with x_client(sandbox.url, "x-sport", "azersport") as other, pytest.raises(tweepy.Forbidden):
        other.delete_tweet(id)
    assert client.delete_tweet(id).data == {"deleted": True}
    with pytest.raises(tweepy.NotFound):
        client.delete_tweet(id)
    assert own_timeline(client) == []
    assert [post["deleted"] for post in posts(sandbox.url)] == [True]
    client.create_tweet(text="Oops")


def test_a_post_that_is_not_there_is_an_error_beside_no_data(client: tweepy.Client) -> None:
    answer = client.get_tweet("1234567890123456789", user_auth=True)
    assert answer.data is None
    assert answer.errors[0]["type"].endswith("/resource-not-found")
    stranger = client.get_users_tweets("1234567890", user_auth=True)
    assert stranger.errors[0]["resource_type"] == "user"


def test_a_path_that_is_not_rehearsed_is_not_found(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.url}/2/lists/1", auth=OAuth1(**GOOD), timeout=10)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
