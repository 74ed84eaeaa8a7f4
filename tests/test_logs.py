"""Logs show no secret and cannot be forged."""

from __future__ import annotations

import base64
import logging
import sys
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from bot import logs
from tests.growth import seconds

SECRET = "s3cret/with+odd=chars & spaces"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has its own secrets, and the loggers are put back."""
    monkeypatch.setattr(logs, "_known", {})
    root = logging.getLogger()
    names = ("root", "bot", *logs.TALKATIVE)
    handlers, hooks = list(root.handlers), (sys.excepthook, threading.excepthook)
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers = handlers
    sys.excepthook, threading.excepthook = hooks
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class TestScrub:
    @pytest.mark.parametrize(
        "text",
        [
            SECRET,
            f"before{SECRET}after",
            quote(SECRET, safe=""),
            quote(SECRET),
            "s3cret%2Fwith%2Bodd%3Dchars+%26+spaces",
            base64.b64encode(SECRET.encode()).decode(),
            base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
            f"{SECRET}{SECRET} {SECRET}",
        ],
    )
    def test_a_known_secret_is_hidden_in_every_form(self, text: str) -> None:
        logs.register_secret(SECRET)
        shown = logs.scrub(text)
        assert logs.HIDDEN in shown
        for part in ("s3cret", "c3Njcm", base64.b64encode(SECRET.encode()).decode()[:8]):
            assert part not in shown

    def test_a_secret_that_begins_like_a_longer_one_leaves_nothing_of_it(self) -> None:
        logs.register_secret("abcdefgh")
        logs.register_secret("abcdefgh-longer")
        assert logs.scrub("x abcdefgh-longer y abcdefgh z") == "x [hidden] y [hidden] z"

    def test_a_value_too_short_to_be_a_secret_is_not_hidden(self) -> None:
        logs.register_secret("short")
        logs.register_secret("")
        assert logs.scrub("a short text") == "a short text"

    @pytest.mark.parametrize(
        "text",
        [
            "https://graph.facebook.com/v25.0/me?access_token=CANARY&fields=id",
            "client_secret=CANARY",
            "appsecret_proof=CANARY&x=1",
            "fb_exchange_token=CANARY",
            "input_token=CANARY",
            "access_token%3DCANARY",
            "{'access_token': 'CANARY'}",
            '{"page_token": "CANARY"}',
            "Authorization: Bearer CANARY",
            "authorization: bearer CANARY.part-two_3",
            "Authorization: Basic CANARY==",
            'OAuth oauth_consumer_key="CANARY", oauth_token="CANARY", oauth_signature="CANARY%3D"',
            "postgresql+psycopg://desk:CANARY@db.example/nightdesk",
            "http://CANARY@proxy.example:3128/",
            "ACCESS_TOKEN=CANARY",
        ],
    )
    def test_what_looks_like_a_secret_is_hidden_though_nobody_knows_it(self, text: str) -> None:
        shown = logs.scrub(text)
        assert "CANARY" not in shown
        assert logs.HIDDEN in shown

    @pytest.mark.parametrize(
        "text",
        [
            "x-main posted https://x.com/@example/status/1 at 12:00",
            "Secrets are named under [accounts.x-main] credentials.",
            "https://news.example/a:b?user=me@example.org",
            "The bearer of this letter",
        ],
    )
    def test_plain_sentences_stay_as_they_are(self, text: str) -> None:
        assert logs.scrub(text) == text


class Told:
    """What the set-up logs wrote to stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str], verbose: bool = False) -> None:
        logs.register_secret(SECRET)
        logs.set_up(verbose)
        root = logging.getLogger()
        root.handlers = [handler for handler in root.handlers if isinstance(handler, logs._StderrHandler)]
        self._capsys = capsys

    def lines(self) -> list[str]:
        return self._capsys.readouterr().err.splitlines()


class TestSetUp:
    def test_a_record_is_one_line_without_secrets(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = Told(capsys)
        logging.getLogger("bot.test").info("token %s", SECRET)
        [line] = told.lines()
        assert line.endswith("INFO bot.test: token [hidden]")
        assert line[:4].isdigit()
        assert "+00:00" in line

    def test_a_traceback_is_scrubbed_and_indented(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = Told(capsys)
        forged = "2026-11-22T00:00:00.000+00:00 INFO bot: all is well"
        try:
            try:
                raise ValueError(f"the key is {SECRET}\n{forged}")
            except ValueError as error:
                raise RuntimeError(f"https://x.example/?access_token={SECRET}") from error
        except RuntimeError:
            logging.getLogger("bot.test").exception("failed", stack_info=True)
        first, *rest = told.lines()
        assert first.endswith("ERROR bot.test: failed")
        assert all(line.startswith("    ") for line in rest)
        text = "\n".join(rest)
        assert "RuntimeError: https://x.example/?access_token=[hidden]" in text
        assert "s3cret" not in text.replace("SECRET", "")

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x1b[2J", "\u2028", "\x85", "\x00"])
    def test_a_message_cannot_forge_a_record_or_command_the_terminal(
        self, end: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Told(capsys)
        logging.getLogger("bot.test").warning("title: %s", f"one{end}two ü 🏫")
        written = capsys.readouterr().err
        assert written.count("\n") == 1
        assert written.endswith("two ü 🏫\n")
        assert end[0] not in written[:-1]

    def test_setting_up_twice_does_not_write_twice(self, capsys: pytest.CaptureFixture[str]) -> None:
        Told(capsys)
        told = Told(capsys)
        logging.getLogger("bot.test").info("once")
        assert len(told.lines()) == 1

    def test_only_verbose_shows_our_own_details(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = Told(capsys)
        logging.getLogger("bot.test").debug("detail")
        assert told.lines() == []
        told = Told(capsys, verbose=True)
        logging.getLogger("bot.test").debug("detail")
        assert len(told.lines()) == 1

    @pytest.mark.parametrize("verbose", [False, True])
    @pytest.mark.parametrize(
        "name", ["tweepy.client", "urllib3.connectionpool", "requests_oauthlib.oauth1_auth", "oauthlib", "pyfacebook.x"]
    )
    def test_libraries_that_print_tokens_at_debug_are_never_let(
        self, name: str, verbose: bool, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = Told(capsys, verbose)
        logging.getLogger(name).debug("Headers: a token nobody knows")
        assert told.lines() == []

    def test_what_no_one_catches_is_scrubbed(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = Told(capsys)
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)
        assert told.lines()[-1] == "ValueError: [hidden]"

    def test_what_no_one_catches_in_a_thread_is_scrubbed(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = Told(capsys)

        def fail() -> None:
            raise ValueError(SECRET)

        thread = threading.Thread(target=fail, name="sender 1")
        thread.start()
        thread.join()
        lines = told.lines()
        assert lines[0] == "Uncaught in sender 1:"
        assert lines[-1] == "ValueError: [hidden]"

    def test_a_thread_that_ends_itself_is_no_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = Told(capsys)
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()
        assert told.lines() == []

    def test_a_record_that_cannot_be_written_does_not_show_its_arguments(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = Told(capsys)
        logging.getLogger("bot.test").warning("%d apples", SECRET)
        [line] = told.lines()
        assert line.startswith("A log record of bot.test could not be written (")


class TestManySecretsThatBeginAlike:
    """As all tokens of one Facebook app do."""

    def test_each_is_hidden_the_longest_first(self) -> None:
        for token in ("EAAGm0PX4ZCps", "EAAGm0PX4ZCpsBAA", "EAAGm0PX4ZCqt"):
            logs.register_secret(token)
        assert logs.scrub("a EAAGm0PX4ZCpsBAA b EAAGm0PX4ZCps c EAAGm0PX4ZCqt d EAAGm0PX4ZCx") == (
            "a [hidden] b [hidden] c [hidden] d EAAGm0PX4ZCx"
        )

    def test_knowing_them_costs_no_more_for_each(self) -> None:
        def cost(first: int, last: int) -> float:
            secrets = [f"EAAGm0PX4ZCps{number:020}" for number in range(first, last)]
            return seconds(lambda _: [logs.register_secret(secret) for secret in secrets], "")

        few, many = cost(0, 2_000), cost(2_000, 22_000)
        assert many < 40 * few
