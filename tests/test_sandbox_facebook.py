"""The rehearsal Facebook, asked by the real python-facebook-api over real sockets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pyfacebook import FacebookError, GraphAPI
from sandbox_clients import MovableClock, facebook_client, posts

from bot.sandbox.server import Sandbox
from bot.sandbox.windows import Limits

PAGE = "1234567890"
KEY = f"rehearsal:fb-page:{PAGE}"
PERSON = f"rehearsal-user:fb-page:{PAGE}"
LINK = "https://azernews.az/a?b=1&c=2"
ALL = (
    "id,message,created_time,permalink_url,status_type,is_published,application{id},"
    "attachments{media_type,type,url,unshimmed_url,target}"
)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[GraphAPI]:
    with facebook_client(sandbox.url, app_id=KEY, app_secret=KEY) as ready:
        yield ready


def publish(api: GraphAPI, message: str = "", link: str = "", **more: str) -> str:
    data = {"message": message, "link": link, **more}
    return str(api.post_object(PAGE, "feed", data={name: value for name, value in data.items() if value})["id"])


def test_a_post_is_published_and_everything_tells_of_it(sandbox: Sandbox, api: GraphAPI) -> None:
    id = publish(api, "The bridge opens.\n\nAt noon.", LINK)
    assert re.fullmatch(rf"{PAGE}_\d+", id)
    (post,) = posts(sandbox.url)
    created = datetime.fromisoformat(post.pop("created_at"))
    assert post == {
        "platform": "facebook",
        "account": "fb-page",
        "id": id,
        "text": "The bridge opens.\n\nAt noon.",
        "link": LINK,
        "media": [],
        "deleted": False,
    }
    (shown,) = api.get_connection(PAGE, "published_posts", fields=ALL)["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", shown["created_time"])
    assert abs(datetime.fromisoformat(shown.pop("created_time")) - created) < timedelta(seconds=1)
    (attachment,) = shown.pop("attachments")["data"]
    assert (attachment["media_type"], attachment["unshimmed_url"]) == ("link", LINK)
    assert attachment["url"].startswith("https://l.facebook.com/l.php?u=https%3A%2F%2Fazernews.az")
    assert shown == {
        "id": id,
        "message": "The bridge opens.\n\nAt noon.",
        "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{id.split('_')[1]}",
        "status_type": "shared_story",
        "is_published": True,
        "application": {"id": KEY},
    }
    assert api.get_object(id) == {
        "id": id,
        "message": post["text"],
        "created_time": api.get_object(id, "created_time")["created_time"],
    }


def test_a_post_may_have_a_message_only_or_a_link_only(sandbox: Sandbox, api: GraphAPI) -> None:
    publish(api, "Only words")
    publish(api, link=LINK)
    assert [(post["text"], post["link"]) for post in posts(sandbox.url)] == [("Only words", None), ("", LINK)]
    only_link, only_words = api.get_connection(PAGE, "published_posts", fields=ALL)["data"]
    assert "message" not in only_link
    assert "attachments" not in only_words


def test_fields_can_be_read_back_with_the_answer(api: GraphAPI) -> None:
    answer = api.post_object(PAGE, "feed", data={"message": "Hello", "fields": "id,permalink_url,created_time"})
    assert set(answer) == {"id", "permalink_url", "created_time"}


def test_a_field_that_cannot_be_read_back_is_an_error_although_the_post_is_out(sandbox: Sandbox, api: GraphAPI) -> None:
    with pytest.raises(FacebookError) as refused:
        api.post_object(PAGE, "feed", data={"message": "Hello", "fields": "id,attached_media"})
    (post,) = posts(sandbox.url)
    assert refused.value.code == 100
    assert refused.value.original_response == {"id": post["id"], "post_supports_client_mutation_id": True}


REFUSED = {
    "nothing": ({}, 100),
    "white space": ({"message": " \n "}, 100),
    "too long": ({"message": "x" * 63_207}, 100),
    "not a link": ({"link": "azernews.az/a"}, 100),
    "a link without a host": ({"link": "https:///a"}, 100),
    "a link with a broken host": ({"link": "https://[::1/a"}, 100),
    "a link with white space": ({"link": "https://azernews.az/a b"}, 100),
    "another scheme": ({"link": "ftp://azernews.az/a"}, 100),
    "a link to Facebook": ({"link": "https://www.facebook.com/events/1"}, 1609008),
    "a picture of its own": ({"message": "a", "link": LINK, "picture": "https://azernews.az/p.jpg"}, 100),
    "unpublished": ({"message": "a", "published": "false"}, 100),
    "with photos": ({"message": "a", "attached_media[0]": '{"media_fbid": "1"}'}, 100),
    "for later": ({"message": "a", "scheduled_publish_time": "1800000000"}, 100),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED)
def test_what_facebook_would_not_publish_is_refused(sandbox: Sandbox, api: GraphAPI, data: Any, code: int) -> None:
    with pytest.raises(FacebookError) as refused:
        api.post_object(PAGE, "feed", data=dict(data))
    error = refused.value
    assert (error.code, error.type) == (code, "OAuthException")
    assert error.message
    assert error.fbtrace_id
    assert posts(sandbox.url) == []


def test_the_longest_message_is_taken(sandbox: Sandbox, api: GraphAPI) -> None:
    publish(api, "🌄" * 63_206)
    assert len(posts(sandbox.url)[0]["text"]) == 63_206


def test_a_form_that_is_not_utf_8_is_refused(sandbox: Sandbox) -> None:
    body = {"access_token": KEY, "message": b"\xff\xfe"}
    answer = requests.post(f"{sandbox.url}/v26.0/{PAGE}/feed", data=body, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


def test_only_the_repetition_of_the_last_post_is_refused(sandbox: Sandbox, api: GraphAPI) -> None:
    publish(api, "Again", LINK)
    with pytest.raises(FacebookError) as refused:
        publish(api, "Again", LINK)
    assert refused.value.code == 506
    publish(api, "Again")
    publish(api, "Again", LINK)
    with facebook_client(sandbox.url, "fb-sport", "777") as other:
        other.post_object("777", "feed", data={"message": "Again", "link": LINK})
    assert len(posts(sandbox.url)) == 4


# ---- tokens

TOKENS = {
    "unknown": ("EAAB", PAGE, 190, 401),
    "of another page": ("rehearsal:fb-sport:777", PAGE, 190, 401),
    "for another page": (KEY, "777", 190, 401),
    "of the person": (PERSON, PAGE, 200, 403),
    "of an app": (f"{KEY}|{KEY}", PAGE, 190, 401),
    "none": ("", PAGE, 2500, 400),
}


@pytest.mark.parametrize(("token", "page", "code", "status"), TOKENS.values(), ids=TOKENS)
def test_only_the_pages_own_token_may_publish(sandbox: Sandbox, token: str, page: str, code: int, status: int) -> None:
    body = {"access_token": token, "message": "Hello"}
    answer = requests.post(f"{sandbox.url}/v26.0/{page}/feed", data=body, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert posts(sandbox.url) == []


def test_a_token_may_come_as_a_header(sandbox: Sandbox) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    answer = requests.get(f"{sandbox.url}/v26.0/me", headers=headers, timeout=10)
    assert answer.json() == {"name": "fb-page", "id": PAGE}


def test_a_wrong_proof_of_the_apps_secret_is_refused(sandbox: Sandbox) -> None:
    with facebook_client(sandbox.url, app_id=KEY, app_secret="guess") as api:
        with pytest.raises(FacebookError, match="Invalid appsecret_proof"):
            publish(api, "Hello")
        assert posts(sandbox.url) == []


VERSIONS = {"v18.0": False, "v19.0": True, "v24.0": True, "v26.0": True, "v27.0": False, "v26.1": False}


@pytest.mark.parametrize(("version", "served"), VERSIONS.items())
def test_versions_from_19_to_26_are_served(sandbox: Sandbox, version: str, served: bool) -> None:
    answer = requests.get(f"{sandbox.url}/{version}/me?access_token={KEY}", timeout=10)
    assert (answer.status_code == 200) is served
    if not served:
        assert answer.json()["error"]["code"] == 2500


def test_who_speaks_is_the_page_or_the_person(sandbox: Sandbox, api: GraphAPI) -> None:
    assert api.get_object("me") == api.get_object(PAGE) == {"name": "fb-page", "id": PAGE}
    with facebook_client(sandbox.url, access_token=PERSON) as person:
        me = person.get_object("me")
        assert me["name"] == "Editor of fb-page"
        (account,) = person.get_connection("me", "accounts")["data"]
        assert (account["id"], account["access_token"]) == (PAGE, KEY)
        assert "CREATE_CONTENT" in account["tasks"]
        assert person.exchange_long_lived_page_access_token(me["id"], PERSON)["data"] == [account]
        assert person.exchange_page_access_token(PAGE) == KEY


def test_tokens_are_exchanged_for_an_app_that_knows_its_secret(sandbox: Sandbox) -> None:
    with facebook_client(sandbox.url, app_id="77", app_secret="77") as api:
        assert api.get_app_token() == {"access_token": "77|77", "token_type": "bearer"}
        long = api.exchange_long_lived_user_access_token(PERSON)
        assert (long["access_token"], long["expires_in"]) == (PERSON, 5_183_944)
        with pytest.raises(FacebookError) as refused:
            api.exchange_long_lived_user_access_token("EAAB")
        assert refused.value.code == 190
        with pytest.raises(FacebookError, match="Error validating client secret"):
            api.get_app_token("77", "guess")


def test_a_token_is_explained(sandbox: Sandbox, api: GraphAPI) -> None:
    page = api.debug_token(KEY, f"{KEY}|{KEY}")["data"]
    assert (page["is_valid"], page["type"], page["expires_at"], page["profile_id"]) == (True, "PAGE", 0, PAGE)
    assert page["app_id"] == KEY
    assert "pages_manage_posts" in page["scopes"]
    person = api.debug_token(PERSON)["data"]
    assert (person["type"], person["expires_at"] > datetime.now(UTC).timestamp()) == ("USER", True)
    unknown = api.debug_token("EAAB")["data"]
    assert (unknown["is_valid"], unknown["error"]["code"]) == (False, 190)
    with pytest.raises(FacebookError):
        api.debug_token(KEY, "77|guess")


# ---- reading back


def test_published_posts_are_paged_newest_first(sandbox: Sandbox, api: GraphAPI) -> None:
    for number in range(7):
        publish(api, f"Number {number}")
    first = api.get_connection(PAGE, "published_posts", limit=3)
    assert [post["message"] for post in first["data"]] == ["Number 6", "Number 5", "Number 4"]
    assert set(first["data"][0]) == {"id", "message", "created_time"}
    assert first["paging"]["next"].startswith(f"{sandbox.url}/v26.0/{PAGE}/published_posts?")
    following = requests.get(first["paging"]["next"], timeout=10).json()
    assert [post["message"] for post in following["data"]] == ["Number 3", "Number 2", "Number 1"]
    everything = api.get_full_connections(PAGE, "published_posts", count=None, limit=3, fields="message")
    assert [post["message"] for post in everything["data"]] == [f"Number {number}" for number in range(6, -1, -1)]
    assert "next" not in api.get_connection(PAGE, "published_posts", limit=7)["paging"]


def test_a_cursor_outlives_its_post(api: GraphAPI) -> None:
    for number in range(4):
        publish(api, f"Number {number}")
    first = api.get_connection(PAGE, "published_posts", limit=2)
    api.delete_object(first["data"][-1]["id"])
    after = first["paging"]["cursors"]["after"]
    rest = api.get_connection(PAGE, "published_posts", after=after)["data"]
    assert [post["message"] for post in rest] == ["Number 1", "Number 0"]


def test_an_empty_page_has_no_cursors(api: GraphAPI) -> None:
    assert api.get_connection(PAGE, "published_posts") == {"data": []}


READ_WRONG = {
    "a field that does not exist": ({"fields": "id,colour"}, 100),
    "a nested field that does not exist": ({"fields": "application{colour}"}, 100),
    "an open brace": ({"fields": "attachments{url"}, 2500),
    "a brace too many": ({"fields": "id}"}, 2500),
    "no name before a brace": ({"fields": "{id}"}, 2500),
    "more than a hundred": ({"limit": 101}, 100),
    "none": ({"limit": 0}, 100),
    "a cursor that is none": ({"after": "%%%"}, 100),
    "a cursor of somebody else": ({"after": "QUJD"}, 100),
}


@pytest.mark.parametrize(("options", "code"), READ_WRONG.values(), ids=READ_WRONG)
def test_posts_asked_for_in_the_wrong_way_are_refused(api: GraphAPI, options: dict[str, Any], code: int) -> None:
    publish(api, "Hello", LINK)
    with pytest.raises(FacebookError) as refused:
        api.get_connection(PAGE, "published_posts", **options)
    assert refused.value.code == code


def test_an_own_post_can_be_deleted_once_and_no_other(sandbox: Sandbox, api: GraphAPI) -> None:
    id = publish(api, "Oops")
    for token, page in (("rehearsal:fb-sport:777", "777"), (PERSON, PAGE)):
        with facebook_client(sandbox.url, access_token=token) as other, pytest.raises(FacebookError):
            other.delete_object(id)
        assert [post["deleted"] for post in posts(sandbox.url)] == [False], page
    assert api.delete_object(id) == {"success": True}
    with pytest.raises(FacebookError) as refused:
        api.delete_object(id)
    assert (refused.value.code, refused.value.error_subcode) == (100, 33)
    with pytest.raises(FacebookError):
        api.get_object(id)
    assert api.get_connection(PAGE, "published_posts")["data"] == []
    assert [post["deleted"] for post in posts(sandbox.url)] == [True]
    publish(api, "Oops")


def test_a_path_that_is_not_rehearsed_is_unknown(api: GraphAPI) -> None:
    with pytest.raises(FacebookError) as refused:
        api.get_connection(PAGE, "photos")
    assert refused.value.code == 2500


# ---- limits


def test_a_page_is_throttled_and_told_for_how_long(clock: MovableClock) -> None:
    with Sandbox(clock=clock, limits=Limits(facebook_page=2)) as sandbox, facebook_client(sandbox.url) as api:
        publish(api, "Number 1")
        usage = api.rate_limit.get_limit(PAGE, "pages")
        assert (usage.call_count, usage.type, usage.estimated_time_to_regain_access) == (50, "pages", 0)
        publish(api, "Number 2")
        with pytest.raises(FacebookError) as refused:
            publish(api, "Number 3")
        assert refused.value.code == 80001
        usage = api.rate_limit.get_limit(PAGE, "pages")
        assert (usage.call_count, usage.estimated_time_to_regain_access) == (100, 24 * 60)
        clock.advance(hours=24, seconds=1)
        publish(api, "Number 4")
        assert len(posts(sandbox.url)) == 3


def test_a_person_is_throttled_by_the_hour() -> None:
    with Sandbox(limits=Limits(facebook_app=1)) as sandbox:
        answers = {
            path: requests.get(f"{sandbox.url}/v26.0/{path}?access_token={PERSON}", timeout=10)
            for path in ("me", "me/accounts", PAGE)
        }
    assert json.loads(answers["me"].headers["x-app-usage"])["call_count"] == 100
    codes = {path: answer.json().get("error", {}).get("code") for path, answer in answers.items()}
    assert codes == {"me": None, "me/accounts": 4, PAGE: 32}
    assert answers["me/accounts"].json()["error"]["is_transient"] is True
