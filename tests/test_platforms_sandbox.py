"""The platforms' clients against the bundled sandbox, which was written from the platforms' documents."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from platforms_rig import ACCOUNTS, POSTS

from bot.clock import uptime
from bot.delivery import Outcome, Remedy, Result
from bot.errors import ConfigurationError
from bot.platforms.base import PlatformTrouble
from bot.platforms.registry import connect, rules_for
from bot.post import Post
from bot.sandbox.server import Sandbox
from bot.sandbox.windows import Limits

PLATFORMS = ("x", "facebook")
SECRETS = {
    "x": ("api_key", "api_secret", "access_token", "access_secret"),
    "facebook": ("page_token", "app_id", "app_secret"),
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0) as running:
        yield running


@contextmanager
def rehearsing(platform: str, sandbox: Sandbox, seconds: float = 5.0, **secrets: str) -> Iterator[Any]:
    account = ACCOUNTS[platform]
    given = {**dict.fromkeys(SECRETS[platform], account.rehearsal_key()), **secrets}
    made = connect(account, base_url=sandbox.url, secrets=given, deadline=timedelta(seconds=seconds))
    try:
        yield made
    finally:
        made.close()


def ask(sandbox: Sandbox, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sandbox.url + path, data, 10) as reply:
        return json.load(reply)


def send(platform: str, sandbox: Sandbox, seconds: float = 5.0) -> Result:
    with rehearsing(platform, sandbox, seconds) as made:
        result: Result = made.publish(POSTS[platform], intended=uptime())
    return result


DUPLICATES = {"x": Remedy.DUPLICATE, "facebook": Remedy.REPEATED}


@pytest.mark.parametrize("platform", PLATFORMS)
class TestTheWayOfAPost:
    def test_it_is_accepted_and_found_again_as_it_was_sent(self, platform: str, sandbox: Sandbox) -> None:
        before = datetime.now(UTC) - timedelta(seconds=2)
        with rehearsing(platform, sandbox) as made:
            result = made.publish(POSTS[platform], intended=uptime())
            assert (result.outcome, result.error) == (Outcome.ACCEPTED, "")
            [found] = made.read_back(before)
        [kept] = ask(sandbox, "/sandbox/posts")
        assert kept["id"] == found.id == result.platform_id
        assert kept["text"] == found.text == POSTS[platform].text
        assert (kept["account"], kept["link"]) == (ACCOUNTS[platform].name, POSTS[platform].link or None)
        assert found.links == ("https://news.example.com/a?b=1&c=2",)
        assert found.created >= before

    def test_the_same_text_twice_is_a_reported_duplicate(self, platform: str, sandbox: Sandbox) -> None:
        assert send(platform, sandbox).outcome is Outcome.ACCEPTED
        again = send(platform, sandbox)
        assert (again.outcome, again.remedy) == (Outcome.REFUSED, DUPLICATES[platform])
        assert len(ask(sandbox, "/sandbox/posts")) == 1

    def test_a_text_beyond_the_limit_is_refused(self, platform: str, sandbox: Sandbox) -> None:
        most = rules_for(platform).limit.most
        with rehearsing(platform, sandbox) as made:
            fits = made.publish(Post(text="a" * most), intended=uptime())
            too_long = made.publish(Post(text="b" * (most + 1)), intended=uptime())
        assert fits.outcome is Outcome.ACCEPTED
        assert (too_long.outcome, too_long.remedy) == (Outcome.REFUSED, Remedy.CHANGE_TEXT)

    def test_it_knows_whose_the_keys_are(self, platform: str, sandbox: Sandbox) -> None:
        with rehearsing(platform, sandbox) as made:
            assert made.whoami().known_as.casefold() == ACCOUNTS[platform].identity.casefold()

    def test_wrong_keys_are_for_a_person_to_mend(self, platform: str, sandbox: Sandbox) -> None:
        wrong = {"x": "access_secret", "facebook": "page_token"}[platform]
        with rehearsing(platform, sandbox, **{wrong: "not-the-right-one"}) as made:
            result = made.publish(POSTS[platform], intended=uptime())
            assert (result.outcome, result.remedy) == (Outcome.REFUSED, Remedy.MEND_ACCOUNT)
            with pytest.raises(PlatformTrouble) as caught:
                made.whoami()
        assert caught.value.exit_status == 5

    def test_it_is_deleted_and_deleting_it_again_finds_it_gone(self, platform: str, sandbox: Sandbox) -> None:
        with rehearsing(platform, sandbox) as made:
            sent = made.publish(POSTS[platform], intended=uptime())
            first, second = made.delete(sent.platform_id), made.delete(sent.platform_id)
        assert (first.outcome, first.error) == (Outcome.ACCEPTED, "")
        assert (second.outcome, second.error) == (Outcome.ACCEPTED, "it was gone already")
        assert [post["deleted"] for post in ask(sandbox, "/sandbox/posts")] == [True]

    @pytest.mark.parametrize("fault", ["hang_after", "reset_after", "cut_after", "html_after", "empty_json_after"])
    def test_a_deletion_whose_answer_was_lost_is_unclear_and_asking_again_is_safe(
        self, platform: str, fault: str, sandbox: Sandbox
    ) -> None:
        with rehearsing(platform, sandbox, seconds=1.0) as made:
            sent = made.publish(POSTS[platform], intended=uptime())
            ask(sandbox, "/sandbox/faults", {"kind": fault, "method": "DELETE"})
            assert made.delete(sent.platform_id).outcome is Outcome.UNKNOWN
            assert made.delete(sent.platform_id).outcome is Outcome.ACCEPTED

    def test_keys_that_are_refused_delete_nothing(self, platform: str, sandbox: Sandbox) -> None:
        with rehearsing(platform, sandbox) as made:
            sent = made.publish(POSTS[platform], intended=uptime())
            ask(sandbox, "/sandbox/faults", {"kind": "revoked"})
            result = made.delete(sent.platform_id)
        assert (result.outcome, result.remedy) == (Outcome.REFUSED, Remedy.MEND_ACCOUNT)
        assert [post["deleted"] for post in ask(sandbox, "/sandbox/posts")] == [False]

    def test_a_timeline_of_several_pages(self, platform: str) -> None:
        with Sandbox(limits=Limits(x_posts=200)) as sandbox, rehearsing(platform, sandbox) as made:
            for number in range(102):
                assert made.publish(Post(text=f"Post {number}"), intended=uptime()).outcome is Outcome.ACCEPTED
            found = made.read_back(datetime.now(UTC) - timedelta(minutes=5))
        assert {post.text for post in found} == {f"Post {number}" for number in range(102)}


FAULTS: dict[str, tuple[dict[str, Any], Outcome, Remedy]] = {
    "refused": ({"kind": "refuse", "status": 400}, Outcome.REFUSED, Remedy.CHANGE_TEXT),
    "limit with reset": ({"kind": "rate_limit", "reset": 600}, Outcome.REFUSED, Remedy.WAIT),
    "limit without reset": ({"kind": "rate_limit", "reset": None}, Outcome.REFUSED, Remedy.WAIT),
    "revoked": ({"kind": "revoked"}, Outcome.REFUSED, Remedy.MEND_ACCOUNT),
    "5xx before": ({"kind": "error_before", "status": 503}, Outcome.UNKNOWN, Remedy.LOOK),
    "5xx after": ({"kind": "error_after", "status": 500}, Outcome.UNKNOWN, Remedy.LOOK),
    "hangs before": ({"kind": "hang_before", "seconds": 30}, Outcome.UNKNOWN, Remedy.LOOK),
    "hangs after": ({"kind": "hang_after", "seconds": 30}, Outcome.UNKNOWN, Remedy.LOOK),
    "reset before": ({"kind": "reset_before"}, Outcome.UNKNOWN, Remedy.LOOK),
    "reset after": ({"kind": "reset_after"}, Outcome.UNKNOWN, Remedy.LOOK),
    "cut after": ({"kind": "cut_after"}, Outcome.UNKNOWN, Remedy.LOOK),
    "HTML after": ({"kind": "html_after"}, Outcome.UNKNOWN, Remedy.LOOK),
    "empty JSON after": ({"kind": "empty_json_after"}, Outcome.UNKNOWN, Remedy.LOOK),
    "no content type after": ({"kind": "no_content_type_after"}, Outcome.ACCEPTED, Remedy.NONE),
    "slow": ({"kind": "slow", "seconds": 0.2}, Outcome.ACCEPTED, Remedy.NONE),
    "late commit": ({"kind": "late_commit", "seconds": 0.5, "reply": "hang"}, Outcome.UNKNOWN, Remedy.LOOK),
    "timeline lag": ({"kind": "timeline_lag", "seconds": 1}, Outcome.ACCEPTED, Remedy.NONE),
}
ON_X_ALONE: dict[str, tuple[dict[str, Any], Outcome, Remedy]] = {
    "the account's day": ({"kind": "day_limit", "scope": "user", "reset": 3600}, Outcome.REFUSED, Remedy.WAIT),
    "the app's day": ({"kind": "day_limit", "scope": "app", "reset": 3600}, Outcome.REFUSED, Remedy.WAIT_APP),
    "no credits": ({"kind": "credits_depleted"}, Outcome.REFUSED, Remedy.WAIT_APP),
}
ROWS = [(platform, name, *FAULTS[name]) for platform in PLATFORMS for name in FAULTS]
ROWS += [(name, "duplicate", {"kind": "duplicate_reported"}, Outcome.REFUSED, DUPLICATES[name]) for name in PLATFORMS]
ROWS += [("x", name, *ON_X_ALONE[name]) for name in ON_X_ALONE]


@pytest.mark.parametrize(("platform", "name", "order", "outcome", "remedy"), ROWS, ids=lambda value: str(value)[:30])
def test_each_fault_of_the_sandbox_comes_to_its_outcome(
    platform: str, name: str, order: dict[str, Any], outcome: Outcome, remedy: Remedy, sandbox: Sandbox
) -> None:
    ask(sandbox, "/sandbox/faults", order)
    result = send(platform, sandbox, seconds=0.8 if "seconds" in order else 5.0)
    assert (result.outcome, result.remedy) == (outcome, remedy), result
    taken = ask(sandbox, "/sandbox/posts")
    if outcome is Outcome.REFUSED:
        assert taken == []
    if outcome is Outcome.ACCEPTED:
        assert [post["id"] for post in taken] == [result.platform_id]


def test_the_reset_of_a_limit_is_when_to_come_back(sandbox: Sandbox) -> None:
    ask(sandbox, "/sandbox/faults", {"kind": "rate_limit", "reset": 600})
    before = datetime.now(UTC)
    result = send("x", sandbox)
    assert result.until is not None
    assert timedelta(seconds=595) < result.until - before < timedelta(seconds=605)


def test_an_account_without_a_secret_names_what_is_missing(sandbox: Sandbox) -> None:
    given = {"api_key": "a", "api_secret": "b", "access_token": "c", "access_secret": ""}
    with pytest.raises(ConfigurationError, match="The account x-main has no access_secret") as caught:
        connect(ACCOUNTS["x"], base_url=sandbox.url, secrets=given, deadline=timedelta(seconds=1))
    assert caught.value.exit_status == 3


def test_a_platform_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ConfigurationError, match="no platform called friendster"):
        rules_for("friendster")
    with pytest.raises(ConfigurationError, match="facebook and x"):
        connect(replace(ACCOUNTS["x"], platform="friendster"), base_url=None, secrets={}, deadline=timedelta(seconds=1))
