"""The settings of a home: what is understood, what is refused and in which words, and where secrets come from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.account import SecretRef
from bot.configuring import find_home, load, secret, write_starter
from bot.configuring.lines import line_of, lines_of
from bot.configuring.values import duration, spoken
from bot.errors import ConfigurationError, UsageError
from bot.logs import scrub
from bot.settings import Settings

X = '[accounts.x-main]\nplatform = "x"\nhandle = "@example"\n'
PAGE = '[accounts.fb-page]\nplatform = "facebook"\npage_id = "1234567890"\n'

Loader = Callable[[str], Settings]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NIGHTDESK_HOME", "NIGHTDESK_DATABASE", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two templates and, as yet, no settings."""
    (tmp_path / "config").mkdir()
    (tmp_path / "templates/posts").mkdir(parents=True)
    for name in ("x", "facebook"):
        (tmp_path / f"templates/posts/{name}.txt.j2").write_text("{{ title }}")
    return tmp_path


@pytest.fixture
def load_text(home: Path) -> Loader:
    def load_these(text: str) -> Settings:
        (home / "config/nightdesk.toml").write_text(text, encoding="utf-8")
        return load(home)

    return load_these


# ── What is understood ───────────────────────────────────────────────────────────────────────────────────────────


def test_everything_that_may_be_set_arrives(load_text: Loader, home: Path) -> None:
    settings = load_text(
        """
        timezone = "Asia/Baku"
        database = "sqlite:///data/desk.db"
        rehearsal = "http://127.0.0.1:9000/"
        [delivery]
        deadline = "2 s"
        settle = "1 min"
        lease = "40 s"
        unconfirmed = "retry"
        senders = 512
        [add]
        accounts = ["x-main"]
        [platforms]
        x = "http://127.0.0.1:9001/"
        [accounts.x-main]
        platform = "Twitter"
        handle = "@Example_1"
        template = "posts/facebook.txt.j2"
        timetable = ["weekdays at 08:00, 12:30 and 18:00", "breaking: at once"]
        timezone = "Europe/Berlin"
        live = false
        credentials.api_key = { env = "KEY" }
        credentials.api_secret = { file = "secrets/s" }
        credentials.access_token = { credential = "t" }
        language = "en-GB"
        hashtags = { "Azərbaycan" = "#Azerbaijan", "Бакинские новости" = "Баку", "filler" = "" }
        utm = { source = "x", campaign = "night desk" }
        allow = ["@example", "#Şuşa", "$EUR", "news.example.com", "#*"]
        [accounts.x-main.caps]
        per_hour = 6
        per_day = 40
        min_gap = "0 s"
        max_age = "2 days"
        max_late = "1 h 30 min"
        [accounts.fb-page]
        platform = "facebook"
        page_id = "1234567890"
        [sources.site]
        feed = "https://news.example/rss.xml?key=1"
        accounts = ["x-main", "fb-page"]
        every = "10 min"
        section = "News"
        language = "az"
        breaking = true
        allow_private = ["10.0.0.0/8", "::1/128"]
        [sources.folder]
        feed = "feeds/night.xml"
        accounts = ["fb-page"]
        """
    )
    x, page = settings.accounts["x-main"], settings.accounts["fb-page"]
    assert settings.zone.key == "Asia/Baku"
    assert settings.database == f"sqlite:///{home}/data/desk.db"
    assert settings.rehearsal == "http://127.0.0.1:9000"
    assert settings.platforms == {"x": "http://127.0.0.1:9001"}
    assert settings.add_accounts == ("x-main",)
    assert settings.delivery.deadline == timedelta(seconds=2)
    assert settings.delivery.settle == timedelta(minutes=1)
    assert settings.delivery.lease == timedelta(seconds=40)
    assert settings.delivery.unconfirmed == "retry"
    assert settings.delivery.senders == 512
    assert (x.name, x.platform, x.identity, x.zone.key, x.live) == ("x-main", "x", "Example_1", "Europe/Berlin", False)
    assert x.template == "posts/facebook.txt.j2"
    assert x.timetable == ("weekdays at 08:00, 12:30 and 18:00", "breaking: at once")
    assert (x.caps.per_hour, x.caps.per_day, x.caps.min_gap) == (6, 40, timedelta())
    assert (x.caps.max_age, x.caps.max_late) == (timedelta(days=2), timedelta(minutes=90))
    assert x.credentials == {
        "api_key": SecretRef("env", "KEY"),
        "api_secret": SecretRef("file", "secrets/s"),
        "access_token": SecretRef("credential", "t"),
    }
    assert (x.language, x.utm) == ("en-GB", {"source": "x", "campaign": "night desk"})
    assert x.hashtags == {"Azərbaycan": "Azerbaijan", "Бакинские новости": "Баку", "filler": ""}
    assert x.allow == ("@example", "#Şuşa", "$EUR", "news.example.com", "#*")
    assert (page.language, page.hashtags, page.utm, page.allow) == ("", {}, {}, ())
    assert (page.platform, page.identity, page.zone.key) == ("facebook", "1234567890", "Asia/Baku")
    assert (page.template, page.timetable) == ("posts/facebook.txt.j2", ())
    site, folder = settings.sources["site"], settings.sources["folder"]
    assert (site.feed, site.accounts) == ("https://news.example/rss.xml?key=1", ("x-main", "fb-page"))
    assert (site.every, site.section, site.language, site.breaking) == (timedelta(minutes=10), "News", "az", True)
    assert site.allow_private == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert (folder.feed, folder.every) == (str(home / "feeds/night.xml"), None)


def test_what_is_left_out_has_the_values_of_the_contract(load_text: Loader, home: Path) -> None:
    settings = load_text(X)
    caps = settings.accounts["x-main"].caps
    assert (caps.per_hour, caps.per_day, caps.min_gap) == (10, 50, timedelta(minutes=2))
    assert (caps.max_age, caps.max_late) == (timedelta(hours=24), timedelta(minutes=30))
    assert settings.database == f"sqlite:///{home}/data/nightdesk.db"
    assert settings.rehearsal == "http://127.0.0.1:8390"
    assert settings.delivery.unconfirmed == "ask"
    assert settings.accounts["x-main"].template == "posts/x.txt.j2"
    assert not settings.accounts["x-main"].live


def test_a_file_saved_with_a_byte_order_mark_and_windows_line_ends_is_read(home: Path) -> None:
    (home / "config/nightdesk.toml").write_bytes(b"\xef\xbb\xbf" + X.replace("\n", "\r\n").encode())
    assert list(load(home).accounts) == ["x-main"]


def test_a_live_account_with_its_credentials_is_accepted(load_text: Loader) -> None:
    settings = load_text(PAGE + 'live = true\ncredentials = { page_token = { env = "T" } }\n')
    assert settings.accounts["fb-page"].live


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30 s", timedelta(seconds=30)),
        ("30s", timedelta(seconds=30)),
        ("5 min", timedelta(minutes=5)),
        ("1.5 h", timedelta(minutes=90)),
        ("12 h", timedelta(hours=12)),
        ("2 days", timedelta(days=2)),
        ("1 Week", timedelta(weeks=1)),
        ("1 h 30 min", timedelta(minutes=90)),
        ("0 s", timedelta()),
    ],
)
def test_a_length_of_time_is_written_in_words(text: str, length: timedelta) -> None:
    assert duration(text) == length
    assert duration(spoken(length)) == length


@pytest.mark.parametrize(
    "text", ["30", "", "s", "5 mins ago", "-5 min", "5 fortnights", "1e9 s", "٣ min", "99999 days"]
)
def test_a_length_of_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a length of time|longer than ten years"):
        duration(text)


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = {
    "unknown key": ("tmezone = 1", 1, "tmezone: unknown key; did you mean 'timezone'?"),
    "unknown key of an account": (
        X + "timetible = []",
        4,
        "accounts.x-main.timetible: unknown key; did you mean 'timetable'?",
    ),
    "unknown cap": (
        X + "caps = { per_dya = 3 }",
        4,
        "accounts.x-main.caps.per_dya: unknown key; did you mean 'per_day'?",
    ),
    "unknown key far from any": ("[platforms]\nmyspace = 1", 2, "platforms.myspace: unknown key"),
    "unknown language": (X + 'language = "klingon"', 4, "there is no language 'klingon'; write its code, such as en"),
    "a hashtag that is none": (
        X + 'hashtags = { "News" = "2026" }',
        4,
        "accounts.x-main.hashtags.News: '2026' is no hashtag",
    ),
    "a hashtag of two words": (X + 'hashtags = { "News" = "a b" }', 4, "'a b' is no hashtag"),
    "something that cannot be allowed": (
        X + 'allow = ["@example", "https://example.com/x"]',
        4,
        "accounts.x-main.allow[2]: 'https://example.com/x' should be a @handle, a #tag, a $SYMBOL or a domain",
    ),
    "unknown campaign parameter": (X + 'utm = { sorce = "x" }', 4, "unknown key; did you mean 'source'?"),
    "empty campaign parameter": (X + 'utm = { source = " " }', 4, "accounts.x-main.utm.source: should be a word"),
    "unknown zone": (
        '\ntimezone = "asia/bakuu"',
        2,
        "timezone: 'asia/bakuu' is not a time zone; did you mean 'Asia/Baku'?",
    ),
    "zone outside the folder of zones": ('timezone = "../etc/passwd"', 1, "is not a time zone"),
    "zone of an account": (X + 'timezone = "Berlin"', 4, "accounts.x-main.timezone: 'Berlin' is not a time zone"),
    "no platform": ("[accounts.a]\nhandle = 'b'", 1, "accounts.a.platform: is missing"),
    "unknown platform": ('[accounts.a]\nplatform = "facebok"', 2, "did you mean 'facebook'?"),
    "name of an account": (X.replace("x-main", "X_Main"), 1, "a name of the letters a-z, digits and hyphens"),
    "no handle": (
        '[accounts.a]\nplatform = "x"',
        1,
        'accounts.a.handle: an account on X needs its handle, such as "@example"',
    ),
    "handle too long": (X.replace("@example", "@abcdefghijklmnop"), 3, "1 to 15 of the letters"),
    "handle with a blank": (X.replace("@example", "my paper"), 3, "needs its handle"),
    "page id on X": (X + 'page_id = "1"', 4, "an account on X has no page_id; give its handle"),
    "no page id": ('[accounts.a]\nplatform = "facebook"', 1, "a Facebook Page needs its page_id"),
    "page id in letters": (PAGE.replace("1234567890", "mypage"), 3, "a Facebook Page needs its page_id"),
    "page id as a number": (
        PAGE.replace('"1234567890"', "1234567890"),
        3,
        "accounts.fb-page.page_id: should be text in quotes",
    ),
    "handle of a page": (PAGE + 'handle = "@a"', 4, "a Facebook Page has no handle"),
    "timetable": (
        X + 'timetable = [\n  # mornings\n  "weekdays at 08:00",\n  "weekdays at 25:00",\n]',
        7,
        "accounts.x-main.timetable[2]: timetable line",
    ),
    "timetable that is no list": (X + 'timetable = "daily at 08:00"', 4, "should be a list"),
    "template": (
        X + 'template = "posts/y.txt.j2"',
        4,
        "there is no template 'templates/posts/y.txt.j2'; did you mean 'posts/x.txt.j2'?",
    ),
    "template outside the home": (X + 'template = "../x.j2"', 4, "is not inside the home's templates folder"),
    "cap of nothing": (X + "caps = { per_hour = 0 }", 4, "accounts.x-main.caps.per_hour: should be at least 1"),
    "cap in quotes": (X + 'caps = { per_hour = "6" }', 4, "should be a whole number, without quotes"),
    "cap that is true": (X + "caps = { per_day = true }", 4, "should be a whole number, without quotes"),
    "time as a number": (X + "caps = { min_gap = 5 }", 4, 'should be text in quotes, such as "5 min"'),
    "no age at all": (X + 'caps = { max_age = "0 s" }', 4, "should be longer than nothing"),
    "live in quotes": (X + 'live = "yes"', 4, "should be true or false, without quotes"),
    "live without credentials": (PAGE + "live = true", 1, "a live account needs page_token here"),
    "credential of another platform": (
        X + 'credentials = { page_token = { env = "T" } }',
        4,
        "page_token is not one of the platform's: api_key",
    ),
    "unknown credential": (X + 'credentials = { api_kye = { env = "T" } }', 4, "unknown key; did you mean 'api_key'?"),
    "credential without a name": (X + 'credentials.api_key = { env = "" }', 4, "the name after 'env =' is missing"),
    "credential that is a path": (X + 'credentials.api_key = { credential = "../a" }', 4, "is not a plain name"),
    "unknown way to a secret": (X + 'credentials.api_key = { vault = "a" }', 4, "should say where the secret is found"),
    "account to add to": (
        '[add]\naccounts = ["x-mian"]\n' + X,
        2,
        "add.accounts[1]: there is no account 'x-mian'; did you mean 'x-main'?",
    ),
    "account of a source": (
        '[sources.a]\nfeed = "f"\naccounts = ["x"]',
        3,
        "sources.a.accounts[1]: there is no account 'x'",
    ),
    "source without accounts": (
        '[sources.a]\nfeed = "f"\naccounts = []',
        3,
        "sources.a.accounts: should name at least one",
    ),
    "source without a feed": (X + '[sources.a]\naccounts = ["x-main"]', 4, "sources.a.feed: is missing"),
    "feed by ftp": (X + '[sources.a]\naccounts = ["x-main"]\nfeed = "ftp://a/b"', 6, "'ftp' addresses are not read"),
    "feed with a password": (
        X + '[sources.a]\naccounts = ["x-main"]\nfeed = "http://u:geheim@a/b"',
        6,
        "has a name or password in it",
    ),
    "range of addresses": (
        '[sources.a]\nallow_private = ["10.0.0.1/8"]',
        2,
        "'10.0.0.1/8' is not a range of addresses",
    ),
    "poll time": ('[sources.a]\nevery = "often"', 2, "sources.a.every: 'often' is not a length of time"),
    "rehearsal": (
        'rehearsal = "localhost:8390"',
        1,
        'rehearsal: should be an address such as "http://127.0.0.1:8390"',
    ),
    "feed": (
        X + '[sources.a]\naccounts = ["x-main"]\nfeed = "https:///rss"',
        6,
        'sources.a.feed: should be an address such as "https://news.example/rss.xml"',
    ),
    "timetable without times": (
        X + "timetable = []",
        4,
        "accounts.x-main.timetable: is empty; leave the line out to post at once, or name times",
    ),
    "deadline": (
        '[delivery]\ndeadline = "2 min"',
        1,
        "delivery.lease: lease (90 s) should be longer than deadline + 30 s (150 s)",
    ),
    "lease": (
        '[delivery]\ndeadline = "30 s"\nlease = "60 s"',
        3,
        "lease (1 min) should be longer than deadline + 30 s (1 min)",
    ),
    "settle of a live account": (
        PAGE + 'live = true\ncredentials.page_token = { env = "T" }\n[delivery]\nsettle = "89 s"',
        7,
        "delivery.settle: settle (89 s) should be at least deadline + 60 s (90 s)",
    ),
    "unconfirmed": ('[delivery]\nunconfirmed = "no"', 2, 'should be "ask" or "retry"'),
    "no senders": ("[delivery]\nsenders = 0", 2, "delivery.senders: should be at least 1"),
    "senders without end": ("[delivery]\nsenders = 513", 2, "delivery.senders: should be at most 512"),
    "half a sender": ("[delivery]\nsenders = 1.5", 2, "delivery.senders: should be a whole number"),
    "a table where none belongs": ("timezone = {}", 1, "timezone: should be text in quotes"),
    "tables in a list": ('[[sources.a]]\nfeed = "f"', 1, "sources.a: should be a table"),
}


@pytest.mark.parametrize(("text", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_named_with_file_line_and_what_would_do(
    load_text: Loader, text: str, line: int, words: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(text)
    said = [complaint for complaint in str(caught.value).splitlines() if words in complaint]
    assert said, str(caught.value)
    assert said[0].startswith(f"config/nightdesk.toml:{line}: ")
    assert "geheim" not in str(caught.value)


def test_all_mistakes_are_named_at_once_in_the_order_of_their_lines(load_text: Loader) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text('timezone = "Mars"\n' + X + 'timetible = []\ncaps = { per_hour = 0 }\n[add]\naccounts = ["nobody"]\n')
    lines = [int(line.split(":")[1]) for line in str(caught.value).splitlines()]
    assert lines == [1, 5, 6, 8]


NEAR = {
    "http://localhost:8390": True,
    "http://LOCALHOST": True,
    "http://127.0.0.1:8390": True,
    "http://127.9.9.9": True,
    "http://10.1.2.3": True,
    "http://172.16.0.1": True,
    "http://172.31.255.255": True,
    "http://192.168.1.20:80": True,
    "http://[::1]:8390": True,
    "http://[fd00::1]:8390": True,
    "https://api.x.com": False,
    "https://graph.facebook.com": False,
    "http://172.32.0.1": False,
    "http://8.8.8.8": False,
    "http://169.254.169.254": False,
    "http://[2001:db8::1]": False,
    "http://sandbox:8390": False,
    "http://localhost.news.example": False,
    "http://127.0.0.1.news.example": False,
    "http://127.1": False,
    "http://0.0.0.0": False,
}


@pytest.mark.parametrize(("address", "near"), NEAR.items(), ids=NEAR)
def test_what_is_rehearsed_stays_on_this_machine_or_in_its_network(load_text: Loader, address: str, near: bool) -> None:
    if near:
        assert load_text(f'rehearsal = "{address}"').rehearsal == address
        return
    with pytest.raises(ConfigurationError, match=r"^config/nightdesk.toml:2: rehearsal: '.*' may lie outside"):
        load_text(f'\nrehearsal = "{address}"')


def test_rehearsal_alone_may_settle_as_shortly_as_it_likes(load_text: Loader) -> None:
    assert load_text(X + '[delivery]\nsettle = "0 s"').delivery.settle == timedelta()


SYNTAX = {
    "unfinished text": ('a = 1\nb = "x\n', "config/nightdesk.toml:2:"),
    "no equals sign": ("timezone\n", "config/nightdesk.toml:1:"),
    "end of file": ('a = [\n"x",\n', "config/nightdesk.toml:3"),
    "key given twice": ("a = 1\na = 2\n", "config/nightdesk.toml:2:"),
    "brackets without end": ("a = " + "[" * 100_000, "config/nightdesk.toml: brackets are nested too deeply"),
}


@pytest.mark.parametrize(("text", "place"), SYNTAX.values(), ids=SYNTAX)
def test_what_is_not_toml_is_named_with_line_and_column(load_text: Loader, text: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(text)
    assert str(caught.value).startswith(place)


def test_a_file_that_is_not_utf8_is_named_with_its_line(home: Path) -> None:
    (home / "config/nightdesk.toml").write_bytes(b"# one\n# caf\xe9\n")
    with pytest.raises(ConfigurationError, match=re.escape("config/nightdesk.toml:2: this line is not UTF-8")):
        load(home)


@pytest.mark.parametrize("kind", ["api_key", "access_secret"])
@pytest.mark.parametrize(
    "written",
    ['"hunter2-hunter2"', '{ env = "hunter2-hunter2" }', '{ value = "hunter2-hunter2" }', '["hunter2-hunter2"]'],
)
def test_a_secret_written_into_the_settings_is_refused_and_never_repeated(
    load_text: Loader, kind: str, written: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(X + f"credentials = {{ {kind} = {written} }}")
    assert f"accounts.x-main.credentials.{kind}: " in str(caught.value)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert "hunter2" not in f"{shown} {shown!r}"
        shown = shown.__cause__


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────

TOML = '''# a "comment" = [
title = "a # b"   # 2
[a."b.c"]         # 3
d.e = [           # 4
  "x, ]",         # 5
  { f = 1.5,      g = [2] }, # 6
  """two
  lines""",       # 7
  \'\'\'[\'\'\',  # 9
]
h = 1979-05-27 07:32:00
[[t]]             # 12
n = 1
[[t]]             # 14
n = 2             # 15
[t.u]             # 16
v = {"k\\u0041" = 'z'}
'''

PLACES = {
    ("title",): 2,
    ("a", "b.c"): 3,
    ("a", "b.c", "d", "e"): 4,
    ("a", "b.c", "d", "e", 0): 5,
    ("a", "b.c", "d", "e", 1, "g", 0): 6,
    ("a", "b.c", "d", "e", 2): 7,
    ("a", "b.c", "d", "e", 3): 9,
    ("a", "b.c", "h"): 11,
    ("t", 0, "n"): 13,
    ("t", 1, "n"): 15,
    ("t", 1, "u", "v", "kA"): 17,
    ("a", "b.c", "nothing", "of", "this"): 3,
    ("nowhere",): 1,
}


@pytest.mark.parametrize(("path", "line"), PLACES.items(), ids=str)
def test_every_key_and_item_is_found_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(lines_of(TOML), path) == line


# ── The home ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_home_is_the_option_else_the_variable_else_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = {name: tmp_path / name for name in ("option", "variable", "current")}
    for folder in homes.values():
        (folder / "config").mkdir(parents=True)
        (folder / "config/nightdesk.toml").touch()
    monkeypatch.chdir(homes["current"])
    assert find_home(None) == homes["current"]
    monkeypatch.setenv("NIGHTDESK_HOME", str(homes["variable"]))
    assert find_home(None) == homes["variable"]
    assert find_home(Path("../option")).resolve() == homes["option"]


@pytest.mark.parametrize(
    "opened", [lambda folder: find_home(folder), lambda folder: load(folder)], ids=["find", "load"]
)
def test_a_folder_that_is_no_home_is_refused_with_the_way_to_make_one(
    tmp_path: Path, opened: Callable[[Path], object]
) -> None:
    with pytest.raises(ConfigurationError, match="no nightdesk home here.*`nightdesk init`") as caught:
        opened(tmp_path)
    assert caught.value.exit_status == 3


# ── The database ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///data/a.db", "sqlite:///{home}/data/a.db"),
        ("sqlite:////var/lib/a.db", "sqlite:////var/lib/a.db"),
        ("sqlite:///a.db?timeout=5", "sqlite:///{home}/a.db?timeout=5"),
        ("postgresql://me@host/desk", "postgresql+psycopg://me@host/desk"),
        ("postgresql+psycopg://me@host/desk", "postgresql+psycopg://me@host/desk"),
    ],
)
def test_the_variable_overrides_the_database_and_paths_start_at_the_home(
    load_text: Loader, home: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    assert load_text(f'database = "{written}"').database == meant.format(home=home)
    monkeypatch.setenv("NIGHTDESK_DATABASE", written)
    assert load_text('database = "sqlite:///other.db"').database == meant.format(home=home)


def test_the_database_may_be_a_secret(load_text: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_DATABASE", "postgresql://me:sesam-open@host/desk\n")
    assert load_text('database = { env = "DESK_DATABASE" }').database == "postgresql+psycopg://me:sesam-open@host/desk"


@pytest.mark.parametrize(
    "written", ["mysql://me:sesam-open@host/desk", "sqlite://", "sqlite:///:memory:", "desk.db", "sqlite:///"]
)
def test_a_database_that_cannot_be_used_is_refused_without_repeating_it(load_text: Loader, written: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^config/nightdesk.toml:2: database: (?:is not|should name)"
    ) as caught:
        load_text(f'timezone = "UTC"\ndatabase = "{written}"')
    assert "sesam-open" not in str(caught.value)


def test_a_database_that_is_a_missing_secret_is_named_with_its_line(
    load_text: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESK_DATABASE", raising=False)
    with pytest.raises(ConfigurationError, match=r"^config/nightdesk.toml:2: database: .* DESK_DATABASE is not set"):
        load_text('\ndatabase = { env = "DESK_DATABASE" }')


def test_a_database_from_outside_is_named_by_its_variable(load_text: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTDESK_DATABASE", "mysql://host/desk")
    with pytest.raises(ConfigurationError, match=r"^\$NIGHTDESK_DATABASE is not the address"):
        load_text("")


def test_the_hint_for_a_database_is_still_whole_in_the_log(load_text: Loader) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text('database = "mysql://host/desk"')
    assert scrub(str(caught.value)) == str(caught.value)


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_secret_is_found_in_each_of_its_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret_file(tmp_path, b"sesam-open\r\n")
    monkeypatch.setenv("TOKEN", "sesam-open\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for ref in (SecretRef("env", "TOKEN"), SecretRef("file", "token"), SecretRef("credential", "token")):
        assert secret(ref, tmp_path) == "sesam-open"
    assert secret(SecretRef("file", str(tmp_path / "token")), Path("/")) == "sesam-open"


def test_a_secret_that_was_found_is_hidden_in_logs_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "xq7-very-own-token")
    monkeypatch.setenv("DESK_DATABASE", "postgresql://me:pa%2Fss-of-mine@host/desk")
    secret(SecretRef("env", "TOKEN"), tmp_path)
    assert "xq7" not in scrub("it said xq7-very-own-token")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/nightdesk.toml").write_text('database = { env = "DESK_DATABASE" }')
    load(tmp_path)
    assert "pa/ss-of-mine" not in scrub("wrong password pa/ss-of-mine")


def test_a_missing_variable_is_named_with_what_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match=re.escape("variable TOKEN (for fb-page: page_token) is not set")):
        secret(SecretRef("env", "TOKEN"), tmp_path, used_for="fb-page: page_token")


def test_a_missing_file_and_a_missing_credentials_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="token is missing"):
        secret(SecretRef("file", "token"), tmp_path)
    with pytest.raises(ConfigurationError, match=re.escape("$CREDENTIALS_DIRECTORY is not set")):
        secret(SecretRef("credential", "token"), tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o601], ids=oct)
def test_a_secret_file_open_to_others_is_refused_with_the_command_that_closes_it(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path, b"sesam-open", mode)
    with pytest.raises(ConfigurationError, match=re.escape(f"chmod 600 {path}")) as caught:
        secret(SecretRef("file", "token"), tmp_path)
    assert "sesam-open" not in str(caught.value)


def test_the_mode_of_a_credential_is_systemds_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret_file(tmp_path, b"sesam-open", 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret(SecretRef("credential", "token"), tmp_path) == "sesam-open"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"sesam\nopen", "more than one line"),
        (b"sesam open", "white space"),
        (b"sesam\0open", "white space or more"),
        (b"sesam\xff", "is not a line of text"),
        (b"s" * 70_000, "is not a line of text"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused_without_repeating_it(
    tmp_path: Path, content: bytes, words: str
) -> None:
    secret_file(tmp_path, content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        secret(SecretRef("file", "token"), tmp_path)
    assert "sesam" not in str(caught.value)


def test_a_folder_or_a_pipe_in_place_of_a_secret_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("folder", "pipe"):
        with pytest.raises(ConfigurationError, match="is not a file|Is a directory"):
            secret(SecretRef("file", name), tmp_path)


# ── The starter ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_starter_is_a_home_that_loads(tmp_path: Path) -> None:
    home = tmp_path / "new"
    written = write_starter(home)
    assert sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()) == [
        "config/nightdesk.toml",
        "templates/posts/facebook.txt.j2",
        "templates/posts/x.txt.j2",
    ]
    assert written[0] == home / "config/nightdesk.toml"
    settings = load(find_home(home))
    assert settings.add_accounts == tuple(settings.accounts) == ("x-main", "fb-page")
    assert all(not account.timetable and not account.live for account in settings.accounts.values())
    assert not settings.sources


def test_every_option_that_the_starter_switches_off_can_be_switched_on(tmp_path: Path) -> None:
    write_starter(tmp_path)
    path = tmp_path / "config/nightdesk.toml"
    switched_on = re.sub(r"^# (\w+(?:\.\w+)* = |\[)", r"\1", path.read_text(), flags=re.MULTILINE)
    path.write_text(switched_on)
    settings = load(tmp_path)
    x = settings.accounts["x-main"]
    assert x.timetable
    assert set(x.credentials) == {"api_key", "api_secret", "access_token", "access_secret"}
    assert x.caps == load_default_caps(tmp_path / "plain")
    assert set(settings.accounts["fb-page"].credentials) == {"page_token"}
    assert settings.sources["site"].every == timedelta(minutes=10)
    assert set(settings.platforms) == {"x", "facebook"}


def load_default_caps(folder: Path) -> object:
    write_starter(folder)
    return load(folder).accounts["x-main"].caps


@pytest.mark.parametrize("there", ["config/nightdesk.toml", "templates/posts/facebook.txt.j2"])
def test_the_starter_overwrites_nothing_and_then_writes_nothing(tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(parents=True)
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match="is not overwritten") as caught:
        write_starter(tmp_path)
    assert caught.value.exit_status == 2
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_a_starter_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "templates").write_text("a file where the folder should be")
    with pytest.raises(UsageError, match="cannot be written"):
        write_starter(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["templates"]
