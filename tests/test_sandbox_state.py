"""What the sandbox keeps in its state file over a restart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests
import tweepy
from pyfacebook import FacebookError
from sandbox_clients import MovableClock, facebook_client, order, posts, texts, x_client

from bot.errors import TryAgainLater, UsageError
from bot.sandbox.server import Sandbox

PAGE = "1234567890"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "sandbox.jsonl"


def test_posts_deletions_and_revoked_keys_survive_a_restart(state: Path) -> None:
    with Sandbox(state=state) as first, x_client(first.url) as client, facebook_client(first.url) as api:
        gone = client.create_tweet(text="Oops").data["id"]
        kept = client.create_tweet(text="Göygöl https://azernews.az/a 🌄").data["id"]
        client.delete_tweet(gone)
        api.post_object(PAGE, "feed", data={"message": "Hello", "link": "https://azernews.az/a"})
        order(first.url, {"kind": "revoked", "platform": "facebook"})
        with pytest.raises(FacebookError):
            api.get_object("me")
        before = posts(first.url)
    with Sandbox(state=state) as second, x_client(second.url) as client, facebook_client(second.url) as api:
        assert posts(second.url) == before
        assert [post["deleted"] for post in before] == [True, False, False]
        (shown,) = client.get_users_tweets(client.get_me().data.id, user_auth=True).data
        assert str(shown.id) == kept
        with pytest.raises(tweepy.Forbidden):
            client.create_tweet(text="Göygöl https://azernews.az/a 🌄")
        with pytest.raises(FacebookError):
            api.get_object("me")
        requests.delete(f"{second.url}/sandbox/faults", timeout=5)
    with Sandbox(state=state) as third, facebook_client(third.url) as api:
        assert api.get_object("me")["id"] == PAGE


MAIN = """
import sys
from pathlib import Path
from bot.sandbox.server import Sandbox
sandbox = Sandbox(state=Path(sys.argv[1]))
print(sandbox.url, flush=True)
sandbox.serve_forever()
"""


def test_what_was_answered_survives_a_kill(state: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", MAIN, str(state)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with x_client(process.stdout.readline().strip()) as client:
            client.create_tweet(text="Hello")
        process.kill()
    with Sandbox(state=state) as again:
        assert texts(again.url) == ["Hello"]


def test_nothing_is_kept_without_a_file() -> None:
    with Sandbox() as first, x_client(first.url) as client:
        client.create_tweet(text="Hello")
    with Sandbox() as second:
        assert posts(second.url) == []


def test_a_late_post_appears_even_if_the_sandbox_was_restarted_meanwhile(state: Path) -> None:
    clock = MovableClock()
    with Sandbox(state=state, clock=clock) as first, x_client(first.url) as client:
        order(first.url, {"kind": "late_commit", "seconds": 100})
        with pytest.raises(tweepy.TwitterServerError):
            client.create_tweet(text="Late")
    with Sandbox(state=state, clock=clock) as second:
        assert posts(second.url) == []
        clock.advance(seconds=101)
        assert texts(second.url) == ["Late"]


def test_a_torn_last_line_is_dropped_and_the_next_record_starts_on_its_own(state: Path) -> None:
    with Sandbox(state=state) as first, x_client(first.url) as client:
        client.create_tweet(text="One")
        client.create_tweet(text="Two")
    state.write_bytes(state.read_bytes()[:-20])
    with Sandbox(state=state) as second, x_client(second.url) as client:
        assert texts(second.url) == ["One"]
        client.create_tweet(text="Three")
    with Sandbox(state=state) as third:
        assert texts(third.url) == ["One", "Three"]


BROKEN = ["not json\n", "[]\n", "{}\n", '{"event": "party"}\n', '{"event": "post"}\n', "\n"]


@pytest.mark.parametrize("line", BROKEN)
def test_a_file_that_is_not_the_sandboxs_is_refused_and_left_alone(tmp_path: Path, line: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text('{"event": "restored"}\n' + line + "more\n")
    for _ in range(2):
        with pytest.raises(UsageError, match=r"Line 2 of .*notes\.txt is not a record"):
            Sandbox(state=file)
    assert file.read_text().endswith(line + "more\n")


def test_two_sandboxes_cannot_share_a_file(state: Path) -> None:
    with Sandbox(state=state):
        with pytest.raises(TryAgainLater) as refused:
            Sandbox(state=state)
        assert str(state) in str(refused.value)
    with Sandbox(state=state):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot keep its state in .*sandbox\.jsonl"):
        Sandbox(state=tmp_path / "file" / "sandbox.jsonl")


def test_a_taken_port_releases_the_state_file(state: Path) -> None:
    with Sandbox() as other, pytest.raises(TryAgainLater):
        Sandbox(port=other.port, state=state)
    with Sandbox(state=state):
        pass
