"""Facebook: what each of its answers comes to, what is sent, and what is read back."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from platforms_rig import (
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
from bot.platforms import facebook_refusals
from bot.platforms.base import Identity, PlatformTrouble
from bot.platforms.facebook_refusals import judge
from bot.platforms.facebook_usage import slowdown
from bot.platforms.outcomes import Reply
from bot.platforms.registry import rules_for
from bot.post import Post

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def error(code: int, subcode: int | None = None, *, message: str = "As Facebook says", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbC", **more}
    return {"error": told if subcode is None else {**told, "error_subcode": subcode}}


REFUSED = {
    "method not allowed": (3, None, Remedy.MEND_ACCOUNT, "app"),
    "app's limit": (4, None, Remedy.WAIT_APP, "by the app"),
    "permission": (10, None, Remedy.MEND_ACCOUNT, "may not post for this page (10)"),
    "user's limit": (17, None, Remedy.WAIT, "too many calls"),
    "page's limit": (32, None, Remedy.WAIT, "too many calls"),
    "bad parameter": (100, None, Remedy.CHANGE_TEXT, "not valid (100). It says: “As Facebook says”"),
    "no such page": (100, 33, Remedy.MEND_ACCOUNT, "no such page"),
    "session": (102, None, Remedy.MEND_ACCOUNT, "session"),
    "token": (190, None, Remedy.MEND_ACCOUNT, "token"),
    "app removed": (190, 458, Remedy.MEND_ACCOUNT, "removed"),
    "checkpoint": (190, 459, Remedy.MEND_ACCOUNT, "sign in at facebook.com"),
    "password changed": (190, 460, Remedy.MEND_ACCOUNT, "password"),
    "expired": (190, 463, Remedy.MEND_ACCOUNT, "expired"),
    "unconfirmed person": (190, 464, Remedy.MEND_ACCOUNT, "confirm"),
    "no longer valid": (190, 467, Remedy.MEND_ACCOUNT, "no longer valid"),
    "no role at the page": (190, 492, Remedy.MEND_ACCOUNT, "no role"),
    "token, of a kind not listed": (190, 999, Remedy.MEND_ACCOUNT, "token"),
    "first permission": (200, None, Remedy.MEND_ACCOUNT, "may not post"),
    "last permission": (299, None, Remedy.MEND_ACCOUNT, "may not post"),
    "limit 341": (341, None, Remedy.WAIT, "too many calls"),
    "policy block": (368, None, Remedy.WAIT, "abuse; see the page's support inbox on facebook.com (368). It says: “As"),
    "policy block, of a kind not listed": (368, 7, Remedy.WAIT, "abuse"),
    "posting too fast": (368, 1390008, Remedy.WAIT, "too fast"),
    "reported": (368, 1346003, Remedy.ASK, "reported"),
    "community standards": (100, 1404102, Remedy.ASK, "standards"),
    "community standards, as code": (1404102, None, Remedy.ASK, "standards"),
    "duplicate": (506, None, Remedy.REPEATED, "the post: it repeats an earlier post; change the text (506)."),
    "posted already": (100, 1366051, Remedy.DUPLICATE, "posted already"),
    "custom limit": (613, None, Remedy.WAIT, "too many calls"),
    "page limit": (80001, None, Remedy.WAIT, "too many calls"),
    "last of the page limits": (80014, None, Remedy.WAIT, "too many calls"),
    "link not readable": (100, 1609005, Remedy.ONCE_MORE, "link"),
    "link not readable, as code": (1609005, None, Remedy.ONCE_MORE, "link"),
    "link to facebook": (100, 1609008, Remedy.CHANGE_TEXT, "facebook.com"),
    "photo": (100, 1366046, Remedy.CHANGE_TEXT, "photo"),
    "a file": (100, 2069019, Remedy.CHANGE_TEXT, "photo"),
    "page authorisation": (200, 1404078, Remedy.MEND_ACCOUNT, "security check"),
    "security check of the page": (100, 1404006, Remedy.MEND_ACCOUNT, "security check"),
    "limited page": (368, 1404112, Remedy.MEND_ACCOUNT, "security check"),
    "identity check": (100, 4854002, Remedy.MEND_ACCOUNT, "security check"),
    "page authorisation, as code": (1404078, None, Remedy.MEND_ACCOUNT, "security check"),
    "a code that is not listed": (987654, None, Remedy.ASK, "not known here (987654). It says: “As Facebook says”"),
    "2500, which is not listed": (2500, None, Remedy.ASK, "not known here"),
    "a person's token": (100, 1705, Remedy.MEND_ACCOUNT, "person's"),
    "a person's token, as code": (1705, None, Remedy.MEND_ACCOUNT, "person's"),
}


@pytest.mark.parametrize("answer", REFUSED)
def test_a_refusal_in_its_own_form_is_named_by_what_to_do(answer: str) -> None:
    code, subcode, remedy, words = REFUSED[answer]
    with Server(says(http(400, error(code, subcode)))) as server:
        result = publish("facebook", server.url)
        assert len(server.requests) == 1
    assert (result.outcome, result.remedy) == (Outcome.REFUSED, remedy)
    assert words in result.error
    assert result.until is None
    assert (result.wait is not None) == (remedy in (Remedy.WAIT, Remedy.WAIT_APP))


def test_every_row_of_the_tables_has_a_case() -> None:
    """Of a range of codes with one meaning, the first and the last."""
    cases = {(code, subcode) for code, subcode, *_ in REFUSED.values()} | {(1, None), (2, None), (4, 2207051)}
    codes, subcodes = {code for code, subcode in cases if subcode is None}, {subcode for _, subcode in cases}
    assert not facebook_refusals.CODES.keys() - codes - set(range(201, 299)) - set(range(80000, 80014))
    assert not facebook_refusals.PAIRS.keys() - cases
    assert not facebook_refusals.SUBCODES.keys() - subcodes


@pytest.mark.parametrize("code", [*range(200, 300), *range(80000, 80015)])
def test_a_range_of_codes_has_one_meaning(code: int) -> None:
    verdict = judge(Reply(status=400, headers={}, body=json.dumps(error(code)).encode()), NOW)
    assert verdict is not None
    assert verdict.meaning.remedy is (Remedy.MEND_ACCOUNT if code < 300 else Remedy.WAIT)


UNKNOWN = {
    "code 1": http(400, error(1)),
    "code 1, subcode 99": http(400, error(1, 99)),
    "code 2 with 500": http(500, error(2, is_transient=True)),
    "code 2": http(400, error(2)),
    "a definite code, but 5xx": http(500, error(190)),
    "transient": http(400, error(100, is_transient=True)),
    "a token, called transient": http(400, error(190, is_transient=True)),
    "a token of a known kind, called transient": http(400, error(190, 460, is_transient=True)),
    "a link that cannot be read, called transient": http(400, error(100, 1609005, is_transient=True)),
    "a code that is not listed, called transient": http(400, error(987654, is_transient=True)),
    "a stranger's code": http(400, {"error": {"code": 403, "message": "Forbidden"}}),
    "a code without a message": http(400, {"error": {"code": 190, "type": "OAuthException"}}),
    "blocked, but shown all the same": http(403, error(4, 2207051)),
    "a code that is no number": http(400, error("190")),  # type: ignore[arg-type]
    "a code that is true": http(400, error(True)),
    "error as text": http(400, {"error": "nope"}),
    "error as text with 200": http(200, {"error": "nope", "id": "1_2"}),
    "error with 200": http(200, error(1)),
    "HTTP 500 without error": http(500, {"id": "1_2"}),
    "an unusable id in an error": http(400, error(1, original_response={"id": ["1"]})),
}


@pytest.mark.parametrize("answer", UNKNOWN)
def test_an_answer_after_which_a_post_may_exist_leaves_it_open(answer: str) -> None:
    with Server(says(UNKNOWN[answer])) as server:
        result = publish("facebook", server.url)
        assert len(server.requests) == 1
    assert (result.outcome, result.remedy) == (Outcome.UNKNOWN, Remedy.LOOK)


@pytest.mark.parametrize("code", [4, 17, 32, 80001])
def test_a_limit_is_a_limit_even_where_it_is_called_transient(code: int) -> None:
    with Server(says(http(403, error(code, is_transient=True)))) as server:
        assert publish("facebook", server.url).outcome is Outcome.REFUSED


def test_the_sentence_about_a_role_that_was_lost() -> None:
    message = (
        "(#190) Any of the pages_read_engagement permission(s) must be granted before impersonating a user's page."
    )
    with Server(says(http(400, error(190, message=message)))) as server:
        result = publish("facebook", server.url)
    assert result.remedy is Remedy.MEND_ACCOUNT
    assert "no role at the page any more" in result.error


@pytest.mark.parametrize(
    "message",
    [
        "Invalid appsecret_proof provided in the API argument",
        "API calls from the server require an appsecret_proof argument",
        "(#100) Invalid appsecret_proof provided in the API argument",
    ],
)
def test_a_secret_of_another_app_is_the_accounts_trouble_and_not_the_posts(message: str) -> None:
    with Server(says(http(400, error(100, message=message)))) as server:
        result = publish("facebook", server.url)
    assert (result.outcome, result.remedy) == (Outcome.REFUSED, Remedy.MEND_ACCOUNT)
    assert "the app secret in the settings" in result.error


def test_the_sentence_for_a_text_that_was_posted_already() -> None:
    message = "You've already posted this. Posting the same content repeatedly on Facebook isn't allowed."
    with Server(says(http(400, error(368, message=message)))) as server:
        result = publish("facebook", server.url)
    assert (result.outcome, result.remedy) == (Outcome.REFUSED, Remedy.REPEATED)


USAGE = {"call_count": 100, "total_cputime": 1, "total_time": 2, "type": "pages", "some_new_figure": [1]}

ACCEPTED = {
    "as it should be": http(200, {"id": "1234567890_777"}),
    "no content type": http(200, {"id": "1234567890_777"}, kind=None),
    "JavaScript": http(200, {"id": "1234567890_777"}, kind="text/javascript; charset=UTF-8"),
    "unknown figures in the usage headers": http(
        200,
        {"id": "1234567890_777"},
        headers={
            "X-App-Usage": json.dumps({"call_count": 1, "brand_new": 1}),
            "X-Business-Use-Case-Usage": json.dumps({"1": [{"type": "pages", "ads_api_access_tier_2": "x"}]}),
        },
    ),
    "broken usage headers": http(
        200,
        {"id": "1234567890_777"},
        headers={"X-App-Usage": "[[[", "X-Business-Use-Case-Usage": '["a"]', "X-Page-Usage": "7"},
    ),
    "an error about showing it": http(
        400, error(100, original_response={"id": "1234567890_777", "post_supports_client_mutation_id": True})
    ),
    "an error about showing it, with 500": http(500, error(2, original_response={"id": "1234567890_777"})),
}


@pytest.mark.parametrize("answer", ACCEPTED)
def test_a_post_with_an_id_exists_whatever_else_the_answer_says(answer: str, caplog: pytest.LogCaptureFixture) -> None:
    with Server(says(ACCEPTED[answer])) as server:
        result = publish("facebook", server.url)
    assert (result.outcome, result.remedy, result.error) == (Outcome.ACCEPTED, Remedy.NONE, "")
    assert result.platform_id == "1234567890_777"
    assert result.post_url == "https://www.facebook.com/1234567890_777"
    assert result.slowdown is None
    assert caplog.text == ""  # pyfacebook prints headers that it cannot read


def business(**figures: Any) -> dict[str, str]:
    return {"x-business-use-case-usage": json.dumps({"1234567890": [{"type": "pages", **figures}]})}


MINUTES = timedelta(minutes=1)
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24)

# What the platform names, else how long to wait at first and at most.
WAITS: dict[str, tuple[int, dict[str, str], timedelta | None, tuple[timedelta, timedelta]]] = {
    "the estimate": (80001, business(estimated_time_to_regain_access=42), timedelta(minutes=42), (QUARTER, HOUR)),
    "the estimate as text": (
        32,
        business(estimated_time_to_regain_access="42"),
        timedelta(minutes=42),
        (QUARTER, HOUR),
    ),
    "no estimate": (17, {}, None, (QUARTER, HOUR)),
    "an estimate of nothing": (17, business(estimated_time_to_regain_access=0), None, (QUARTER, HOUR)),
    "a negative estimate": (17, business(estimated_time_to_regain_access=-5), None, (QUARTER, HOUR)),
    "no number": (17, business(estimated_time_to_regain_access="soon"), None, (QUARTER, HOUR)),
    "not finite": (17, business(estimated_time_to_regain_access=1e999), None, (QUARTER, HOUR)),
    "not a number": (17, business(estimated_time_to_regain_access=float("nan")), None, (QUARTER, HOUR)),
    "less than a minute": (
        17,
        business(estimated_time_to_regain_access=0.1),
        timedelta(minutes=1),
        (QUARTER, HOUR),
    ),
    "15 days": (17, business(estimated_time_to_regain_access=21_600), DAY, (QUARTER, HOUR)),
    "beyond all time": (17, business(estimated_time_to_regain_access=10**300), DAY, (QUARTER, HOUR)),
    "the page's own header": (
        32,
        {"x-page-usage": json.dumps({"estimated_time_to_regain_access": 7})},
        timedelta(minutes=7),
        (QUARTER, HOUR),
    ),
    "the app": (4, {"x-app-usage": json.dumps({"call_count": 100})}, None, (QUARTER, HOUR)),
    "too fast": (1390008, {}, None, (HOUR, DAY)),
    "blocked": (368, {}, None, (4 * HOUR, DAY)),
}


@pytest.mark.parametrize("name", WAITS)
def test_how_long_to_wait(name: str) -> None:
    code, headers, wait, unnamed = WAITS[name]
    body = error(368, 1390008) if code == 1390008 else error(code)
    verdict = judge(Reply(status=400, headers=headers, body=json.dumps(body).encode()), NOW)
    assert verdict is not None
    assert verdict.until == (NOW + wait if wait else None)
    assert (verdict.meaning.wait, verdict.meaning.longest) == unnamed


def used(percent: float, **more: Any) -> dict[str, Any]:
    return {"call_count": 1, "total_cputime": percent, "total_time": 2, "type": "pages", **more}


def headers(page: dict[str, Any] | None = None, app: dict[str, Any] | None = None) -> dict[str, str]:
    told = {"x-business-use-case-usage": json.dumps({"1234567890": [page]})} if page else {}
    return told | ({"x-app-usage": json.dumps(app)} if app else {})


SLOWED: dict[str, tuple[dict[str, str], timedelta | None, str]] = {
    "no header": ({}, None, ""),
    "74 %": (headers(used(74.9)), None, ""),
    "75 %": (headers(used(75)), MINUTES, "the page has used 75 % of its calls"),
    "80 %": (headers(used(80)), 3 * MINUTES, "the page has used 80 % of its calls"),
    "90 %": (headers(used(90)), 9 * MINUTES, "the page has used 90 % of its calls"),
    "100 %": (headers(used(100)), 15 * MINUTES, "the page has used 100 % of its calls"),
    "100 % and an estimate": (
        headers(used(100, estimated_time_to_regain_access=50)),
        50 * MINUTES,
        "the page has used 100 % of its calls",
    ),
    "80 % and an estimate": (
        headers(used(80, estimated_time_to_regain_access=50)),
        10 * MINUTES,
        "the page has used 80 % of its calls",
    ),
    "a thousand percent for a month": (
        headers(used(1000, estimated_time_to_regain_access=43_200)),
        DAY,
        "the page has used 100 % of its calls",
    ),
    "no number": (headers(used("much")), None, ""),  # type: ignore[arg-type]
    "less than nothing": (headers(used(-100, estimated_time_to_regain_access=-5)), None, ""),
    "nothing that is negative": (
        headers(used(100, estimated_time_to_regain_access=-5)),
        15 * MINUTES,
        "the page has used 100 % of its calls",
    ),
    "the page's own header": (
        {"x-page-usage": json.dumps({"call_count": 95})},
        12 * MINUTES,
        "the page has used 95 % of its calls",
    ),
    "the app": (headers(app=used(80)), 3 * MINUTES, "the app has used 80 % of its calls"),
    "both, the app more": (headers(used(80), used(90)), 9 * MINUTES, "the app has used 90 % of its calls"),
    "both, the page more": (headers(used(90), used(80)), 9 * MINUTES, "the page has used 90 % of its calls"),
    "both the same": (headers(used(90), used(90)), 9 * MINUTES, "the app has used 90 % of its calls"),
}


@pytest.mark.parametrize("name", SLOWED)
def test_a_page_is_slowed_before_it_is_refused(name: str) -> None:
    given, wait, reason = SLOWED[name]
    expected = Slowdown(until=NOW + wait, reason=reason, app="the app" in reason) if wait else None
    assert slowdown(given, NOW) == expected


@pytest.mark.parametrize(
    ("header", "value", "minutes"),
    [
        ("X_Business_Use_Case_Usage", {"1234567890": [{**USAGE, "estimated_time_to_regain_access": 30}]}, 30),
        ("X_Business_Use_Case_Usage", {"1234567890": [USAGE]}, 15),
        ("X_Page_Usage", USAGE, 15),
        ("X_App_Usage", USAGE, 15),
    ],
)
def test_an_accepted_post_that_used_up_the_limit_says_when_the_next_may_follow(
    header: str, value: object, minutes: int
) -> None:
    with Server(accepts("facebook", **{header: json.dumps(value)})) as server:
        before = datetime.now(UTC)
        result = publish("facebook", server.url)
    assert result.outcome is Outcome.ACCEPTED
    assert result.slowdown is not None
    assert before <= result.slowdown.until - timedelta(minutes=minutes) <= datetime.now(UTC)
    assert result.slowdown.app == (header == "X_App_Usage")


def test_a_refusal_may_say_too_that_the_limit_is_near() -> None:
    with Server(says(http(400, error(100), headers={"X-Page-Usage": json.dumps(used(90))}))) as server:
        result = publish("facebook", server.url)
    assert (result.outcome, result.slowdown is not None) == (Outcome.REFUSED, True)


class TestWhatIsSent:
    def form(self, post: Post) -> tuple[bytes, dict[str, list[str]]]:
        with Server(accepts("facebook")) as server, client("facebook", server.url) as made:
            made.publish(post, intended=uptime())
            head, _, body = server.requests[0].partition(b"\r\n\r\n")
        return head, parse_qs(body.decode())

    def test_message_link_token_and_proof(self) -> None:
        head, form = self.form(POSTS["facebook"])
        token, secret = CANARIES["facebook"]["page_token"], CANARIES["facebook"]["app_secret"]
        proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        assert head.startswith(b"POST /v25.0/1234567890/feed HTTP/1.1")
        assert form == {
            "message": [POSTS["facebook"].text],
            "link": [POSTS["facebook"].link],
            "access_token": [token],
            "appsecret_proof": [proof],
        }

    def test_a_post_without_a_link_names_none(self) -> None:
        assert "link" not in self.form(replace(POSTS["facebook"], link=""))[1]

    def test_the_token_never_stands_in_an_address(self) -> None:
        reply = says(http(200, {"id": "1234567890", "name": "Example", "data": []}))
        with Server(reply) as server, client("facebook", server.url) as made:
            made.whoami()
            made.read_back(NOW)
            for request in server.requests:
                assert b"access_token" not in request.split(b"\r\n")[0]
                assert f"Authorization: Bearer {CANARIES['facebook']['page_token']}".encode() in request


def test_a_token_in_the_platforms_own_words_is_hidden() -> None:
    message = f"Malformed access token {CANARIES['facebook']['page_token']}"
    for code in (100, 190, 368, 506, 4242):
        with Server(says(http(400, error(code, message=message)))) as server:
            publish("facebook", server.url)  # which looks for it in the result


def entry(number: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {"id": f"1234567890_{number}", "created_time": f"{at:%Y-%m-%dT%H:%M:%S}+0000", **more}


def page(*entries: dict[str, Any], after: str = "") -> bytes:
    paging: dict[str, Any] = {"cursors": {"before": "b", "after": after or "end"}}
    if after:
        paging["next"] = "https://graph.facebook.com/v25.0/never?access_token=never-called"
    return http(200, {"data": list(entries), "paging": paging})


class TestReadBack:
    since = NOW - timedelta(minutes=10)

    def read(self, *pages: bytes) -> tuple[list[Any], list[bytes]]:
        with Server(*map(says, pages)) as server, client("facebook", server.url) as made:
            return made.read_back(self.since), server.requests

    def test_message_link_time_and_address(self) -> None:
        attachments = {
            "data": [
                {"type": "share", "url": "https://l.facebook.com/l.php?u=x", "unshimmed_url": "https://news.example/"},
                {"type": "share", "url": "https://other.example/"},
                {"type": "share"},
            ]
        }
        raw = entry(1, NOW, message="A & B", attachments=attachments, permalink_url="https://www.facebook.com/p/1")
        [post], _ = self.read(page(raw))
        assert post.id == "1234567890_1"
        assert post.text == "A & B"
        assert post.links == ("https://news.example/", "https://other.example/")
        assert (post.created, post.url) == (NOW, "https://www.facebook.com/p/1")

    def test_it_pages_until_the_posts_are_too_old(self) -> None:
        old = self.since - timedelta(minutes=1)
        posts, requests = self.read(
            page(entry(5, NOW), entry(4, old), after="n1"),
            page(entry(3, NOW), after="n2"),
            page(entry(2, old), after="n3"),
        )
        assert [post.id for post in posts] == ["1234567890_5", "1234567890_3"]
        assert len(requests) == 3
        assert b"after=n2" in requests[2]
        assert all(request.startswith(b"GET /v25.0/1234567890/published_posts?") for request in requests)

    def test_an_empty_timeline(self) -> None:
        assert self.read(http(200, {"data": []}))[0] == []

    def test_more_pages_than_are_read_is_trouble_not_absence(self) -> None:
        with pytest.raises(PlatformTrouble, match="too many to look through"):
            self.read(page(entry(1, NOW), after="again"))

    @pytest.mark.parametrize(
        "answer",
        [http(200, {"success": True}), page({"id": "1_2"}), page({"created_time": "2026-11-22T09:00:00+0000"})],
        ids=["no data", "no time", "no id"],
    )
    def test_a_timeline_that_is_not_understood_is_trouble(self, answer: bytes) -> None:
        with pytest.raises(PlatformTrouble, match="fb-page could not be read from Facebook: its timeline"):
            self.read(answer)


class TestWhoami:
    def test_the_page_is_what_the_settings_know(self) -> None:
        reply = says(http(200, {"id": "1234567890", "name": "Example"}))
        with Server(reply) as server, client("facebook", server.url) as made:
            assert made.whoami() == Identity(id="1234567890", name="Example", known_as="1234567890")

    @pytest.mark.parametrize(
        ("reply", "remedy", "status"),
        [
            (http(401, error(190, 460)), Remedy.MEND_ACCOUNT, 5),
            (http(403, error(10)), Remedy.MEND_ACCOUNT, 5),
            (http(200, error(190)), Remedy.MEND_ACCOUNT, 5),
            (http(400, error(80001)), Remedy.WAIT, 75),
            (http(403, error(4)), Remedy.WAIT_APP, 75),
            (http(500, error(2)), Remedy.RETRY, 75),
            (http(200, {"name": "No id"}), Remedy.RETRY, 75),
        ],
    )
    def test_trouble_names_the_account_and_what_to_do(self, reply: bytes, remedy: Remedy, status: int) -> None:
        reading = pytest.raises(PlatformTrouble)
        with Server(says(reply)) as server, client("facebook", server.url) as made, reading as caught:
            made.whoami()
        assert (caught.value.remedy, caught.value.exit_status) == (remedy, status)
        assert str(caught.value).startswith("fb-page could not be read from Facebook: ")
        assert_no_canary(everything_in(caught.value))


def test_the_rules_keep_the_link_apart_and_cost_nothing() -> None:
    rules = rules_for("facebook")
    assert rules.link_apart
    assert (rules.limit.most, rules.limit.length("🏫é")) == (63_206, 2)
    assert rules.cost(POSTS["facebook"]) == 0.0
