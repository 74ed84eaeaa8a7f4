"""RSS and Atom into articles, and feeds that were built to do harm into one clear sentence."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import ClassVar

import pytest

from bot.errors import TryAgainLater, UsageError
from bot.settings import SourceSettings
from bot.sources import feeds
from bot.sources.feeds import FeedRead
from bot.sources.reading import is_feed, read_file, read_source

HERE = (ip_network("127.0.0.0/8"),)
SITE = SourceSettings(name="site", feed="https://news.example/rss.xml", accounts=("x-main",))


def parse(body: str | bytes, source: SourceSettings = SITE, base_url: str = "https://news.example/rss.xml") -> FeedRead:
    data = body.encode() if isinstance(body, str) else body
    return feeds.parse(data, source=source, base_url=base_url)


def rss(*items: str, head: str = "") -> str:
    joined = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Site</title>{head}{joined}</channel></rss>'


def story(number: int, more: str = "") -> str:
    return f"<title>Story {number}</title><link>https://news.example/{number}</link>{more}"


# ── Honest feeds ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_rss_item_becomes_an_article_with_all_it_says() -> None:
    item = """
        <title>Şuşa &amp;amp; Xankəndi: 5 &lt; 6</title>
        <link> https://news.example/a?utm_source=rss </link>
        <guid isPermaLink="false">tag:42</guid>
        <pubDate>Sun, 08 Nov 2026 12:30:00 +0400</pubDate>
        <description>&lt;p&gt;First &lt;b&gt;paragraph&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Second.&lt;/p&gt;
            &lt;p&gt;The post Şuşa first appeared on Site.&lt;/p&gt;</description>
        <category>City</category><category>Culture</category><category>City</category>
        <author>leyla@news.example (Leyla Rahimova)</author>
        <media:content url="/bridge.jpg" medium="image"/>
    """
    [article] = parse(rss(item, head="<language>az</language>")).articles
    assert article.title == "Şuşa & Xankəndi: 5 < 6"
    assert article.url == "https://news.example/a?utm_source=rss"
    assert article.guid == "tag:42"
    assert article.published == datetime(2026, 11, 8, 8, 30, tzinfo=UTC)
    assert article.summary == "First paragraph. Second."
    assert article.tags == ("City", "Culture")
    assert article.author == "Leyla Rahimova"
    assert article.language == "az"
    assert article.image == "https://news.example/bridge.jpg"
    assert (article.source, article.section, article.breaking) == ("site", "", False)


def test_an_atom_entry_becomes_an_article_and_its_plain_title_is_not_taken_for_markup() -> None:
    [article] = parse("""<?xml version="1.0" encoding="utf-8"?>
        <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
          <title>Site</title><id>urn:site</id><updated>2026-11-08T10:00:00Z</updated>
          <entry>
            <title type="text">How &lt;b&gt; works</title>
            <link rel="alternate" href="/works"/><link rel="enclosure" type="image/png" href="works.png"/>
            <id>urn:1</id><updated>2026-11-08T10:00:00Z</updated>
            <author><name>Ann</name></author><category term="Web"/>
            <content type="html">&lt;p&gt;It makes letters bold.&lt;/p&gt;</content>
          </entry>
        </feed>""").articles
    assert article.title == "How <b> works"
    assert article.summary == "It makes letters bold."
    assert (article.url, article.image) == ("https://news.example/works", "https://news.example/works.png")
    assert (article.guid, article.author, article.tags, article.language) == ("urn:1", "Ann", ("Web",), "de")
    assert article.published == datetime(2026, 11, 8, 10, tzinfo=UTC)


def test_the_source_says_section_language_and_breaking() -> None:
    source = SourceSettings(name="s", feed="f", accounts=("a",), section="Sport", language="az", breaking=True)
    [article] = parse(rss(story(1, "<category>City</category>"), head="<language>en</language>"), source).articles
    assert (article.section, article.language, article.breaking, article.source) == ("Sport", "az", True, "s")


def test_articles_come_oldest_first_and_the_undated_keep_their_place() -> None:
    def on(day: int) -> str:
        return f"<pubDate>{day:02} Nov 2026 10:00:00 GMT</pubDate>"

    read = parse(rss(story(5, on(5)), story(4), story(2, on(2)), story(3, on(3)), story(1)))
    assert [article.title for article in read.articles] == ["Story 1", "Story 2", "Story 3", "Story 4", "Story 5"]
    undated = parse(rss(story(3), story(2), story(1)))
    assert [article.title for article in undated.articles] == ["Story 1", "Story 2", "Story 3"]


def test_a_long_description_is_shortened_to_whole_sentences() -> None:
    sentence = "The council met on Tuesday and talked about the bridge for hours. "
    [article] = parse(rss(story(1, f"<description>{sentence * 40}</description>"))).articles
    assert article.summary.endswith("for hours.")
    assert len(sentence) < len(article.summary) <= 500


def test_a_guid_stays_the_same_when_the_feed_moves() -> None:
    item = rss(story(1, "<guid>17</guid>"))
    guids = {parse(item, base_url=url).articles[0].guid for url in ("http://a.example/f", "https://b.example/f", "")}
    assert guids == {"17"}


DATES = {
    "missing": ("", None),
    "RFC 822": ("Sun, 08 Nov 2026 10:00:00 GMT", datetime(2026, 11, 8, 10, tzinfo=UTC)),
    "name of a zone": ("Sun, 08 Nov 2026 10:00:00 EST", datetime(2026, 11, 8, 15, tzinfo=UTC)),
    "ISO with offset": ("2026-11-08T12:00:00+04:00", datetime(2026, 11, 8, 8, tzinfo=UTC)),
    "1970": ("Thu, 01 Jan 1970 00:00:00 GMT", datetime(1970, 1, 1, tzinfo=UTC)),
    "far ahead": ("Fri, 31 Dec 2099 20:00:00 GMT", datetime(2099, 12, 31, 20, tzinfo=UTC)),
    "a word": ("yesterday", None),
    "a mere time": ("25:61", None),
    "a mere time that is one": ("10:30", None),
    "a year of five figures": ("99999-01-01T00:00:00Z", None),
}


def test_dates_are_aware_or_none() -> None:
    items = [story(place, f"<pubDate>{written}</pubDate>") for place, (written, _) in enumerate(DATES.values())]
    found = {article.title: article.published for article in parse(rss(*items)).articles}
    expected = {f"Story {place}": moment for place, (_, moment) in enumerate(DATES.values())}
    assert found == expected


# ── Items that cannot be posted ──────────────────────────────────────────────────────────────────────────────────

LINKS = {
    "none": "",
    "script": "<link>javascript:alert(1)</link>",
    "data": "<link>data:text/html,hello</link>",
    "file": "<link>file:///etc/passwd</link>",
    "password": "<link>https://me:sesam@news.example/</link>",
    "blank inside": "<link>https://news.example/a b</link>",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_an_item_with_a_bad_link_is_left_out_and_told(link: str) -> None:
    read = parse(rss(f"<title>Bad one</title>{link}<guid isPermaLink='false'>g</guid>", story(1)), base_url="")
    assert [article.title for article in read.articles] == ["Story 1"]
    [problem] = read.problems
    assert problem.startswith("site: item 1 (Bad one) was left out: it")


def test_an_item_that_says_nothing_is_left_out_and_told() -> None:
    read = parse(rss("<link>https://news.example/1</link>", story(2)))
    assert [article.title for article in read.articles] == ["Story 2"]
    assert read.problems == ("site: item 1 (no title) was left out: it has neither title nor text.",)


TITLES_FROM_TEXT = {
    "one sentence": ("", "It rained.", "It rained.", ""),
    "two sentences": ("", "It rained. Then it stopped.", "It rained.", "Then it stopped."),
    "no sentence at all": ("", "nothing but rain", "nothing but rain", ""),
    "the title again": ("It rained", "It rained", "It rained", ""),
    "a text that begins as the title does": ("It rained", "It rained on us.", "It rained", "It rained on us."),
}


@pytest.mark.parametrize(("title", "text", "called", "summary"), TITLES_FROM_TEXT.values(), ids=TITLES_FROM_TEXT)
def test_an_item_is_called_by_its_title_or_first_sentence_and_never_says_it_twice(
    title: str, text: str, called: str, summary: str
) -> None:
    words = f"<title>{title}</title>" * bool(title)
    item = f"{words}<link>https://news.example/1</link><description>{text}</description>"
    [article] = parse(rss(item)).articles
    assert (article.title, article.summary) == (called, summary)


TITLES = {
    "markup": ("Hi &lt;img src=x onerror=alert(1)&gt;there", "Hi there"),
    "markup without an end": ("Hi &lt;img src=x onerror=alert(1) ", "Hi"),
    "twice escaped": ("a &amp;amp;lt;script&amp;amp;gt;", "a &lt;script&gt;"),
    "direction marks": ("a\u202eb\u2066c\u200b", "abc"),
    "lines": ("one\n\n  two", "one two"),
    "long": ("w" * 9_000, "w" * 999 + "…"),
    "marks of our own": ("a\ufdd0b\ufdd2", "ab"),
}


def test_titles_are_clean_text() -> None:
    items = [f"<title>{title}</title><link>https://news.example/1</link>" for title, _ in TITLES.values()]
    assert [a.title for a in reversed(parse(rss(*items)).articles)] == [clean for _, clean in TITLES.values()]


# ── Feeds that are none, broken or hostile ───────────────────────────────────────────────────────────────────────

NO_FEEDS = {
    "nothing": (b"", "is not RSS or Atom"),
    "words": (b"hello", "is not RSS or Atom"),
    "other XML": (b"<note><to>you</to></note>", "is not RSS or Atom"),
    "web page": (b"<!DOCTYPE html><html></html>", "is a web page"),
    "web page without a type": (b"<html><title>x</title></html>", "is a web page"),
    "JSON Feed": (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "is JSON"),
    "deep JSON": (b"[" * 100_000, "is JSON"),
    "utf-16 without a mark": (rss(story(1)).encode("utf-16-le"), "is not RSS or Atom|0 articles"),
    "zeros": (b"\0" * 1_000, "is not RSS or Atom"),
    "too big": (b"<rss>" + b" " * feeds.MOST_BYTES, "is larger than 5,000,000 bytes"),
}


@pytest.mark.parametrize(("body", "words"), NO_FEEDS.values(), ids=NO_FEEDS)
def test_what_is_no_feed_is_refused_in_one_sentence(body: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse(body)
    assert str(caught.value).startswith("The feed of 'site' ")


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
TRICKS = {
    "billion laughs": f'<?xml version="1.0"?>{LAUGHS}<rss version="2.0"/>'.encode(),
    "after a comment": f"<!-- {'-> ' * 50} --><?a b?>{LAUGHS}<rss/>".encode(),
    "in utf-16": f"{LAUGHS}<rss/>".encode("utf-16"),
    "in utf-32": f"{LAUGHS}<rss/>".encode("utf-32"),
    "another file": b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"/>',
    "another address": b'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/evil.dtd"><rss version="2.0"/>',
}


@pytest.mark.parametrize("body", TRICKS.values(), ids=TRICKS)
def test_document_types_and_entities_are_refused(body: bytes) -> None:
    with pytest.raises(UsageError, match="has a DOCTYPE"):
        parse(body)


def test_a_document_type_in_the_middle_or_in_a_story_does_no_harm() -> None:
    quoted = parse(rss(story(1, "<description><![CDATA[<!DOCTYPE html><p>Bold &amp; true.</p>]]></description>")))
    assert quoted.articles[0].summary == "Bold & true."
    late = parse(rss(story(1)).replace("<channel>", LAUGHS + "<channel>").replace("Story", "&b;"))
    assert "hahaha" not in str(late.articles)


@pytest.mark.parametrize(("limit", "most"), [("CPU_SECONDS", 1), ("WALL_SECONDS", 1), ("MEMORY", 30_000_000)])
def test_a_feed_that_takes_too_much_of_anything_is_given_up_and_its_process_is_gone(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(feeds, "WALL_SECONDS", 60)
    monkeypatch.setattr(feeds, limit, most)
    attributes = " ".join(f'a{number}="x"' for number in range(25_000 if "SECONDS" in limit else 0))
    text = "x" * 4_000_000 if limit == "MEMORY" else ""
    before = children()
    with pytest.raises(UsageError, match="takes more time or memory than any honest one"):
        parse(rss(f"<title {attributes}>t</title><link>https://news.example/1</link><description>{text}</description>"))
    assert children() <= before


def children() -> set[int]:
    """The processes that this one has started and not yet buried; other tests may have left some at work."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parents[int(stat.parent.name)] = int(stat.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    return {pid for pid, parent in parents.items() if parent == os.getpid()}


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("ann@news.example (Ann Lee)", "Ann Lee"),
        ("Ann Lee (ann@news.example)", "Ann Lee"),
        ("Ann Lee &lt;ann@news.example&gt;", "Ann Lee"),
        ("ann@news.example", ""),
        ("Ann Lee (Reuters)", "Ann Lee (Reuters)"),
        ("@ann", "@ann"),
        ("Ann &amp;amp; Bob", "Ann & Bob"),
        ("a" * 9_000, "a" * 9_000),
    ],
)
def test_an_author_is_a_name_and_no_address(written: str, author: str) -> None:
    assert parse(rss(story(1, f"<author>{written}</author>"))).articles[0].author == author


def test_markup_is_decoded_once_in_every_field() -> None:
    item = """
        <title>R&amp;amp;D &amp;lt;b&amp;gt; &amp;amp;lt;script&amp;amp;gt; {{7*7}} &lt;i&gt;it&lt;/i&gt;</title>
        <link>https://news.example/1</link>
        <description><![CDATA[<p>One &amp;lt;script&gt; <script>x()</script>two</p>]]></description>
        <category><![CDATA[Arts &amp; Culture]]></category>
    """
    [article] = parse(rss(item)).articles
    assert article.title == "R&D <b> &lt;script&gt; {{7*7}} it"
    assert article.summary == "One &lt;script> two"
    assert article.tags == ("Arts & Culture",)


def test_two_hundred_thousand_tags_in_a_title_do_not_hang() -> None:
    title = "&lt;b&gt;" * 200_000 + "x"
    assert len(parse(rss(f"<title>{title}</title><link>https://news.example/1</link>", story(2))).articles) <= 2


def test_five_hundred_items_are_taken_and_the_rest_is_counted() -> None:
    read = parse(rss(*(story(number) for number in range(700))))
    assert len(read.articles) == 500
    assert read.articles[-1].title == "Story 0"
    assert read.problems == ("site: 200 items after the first 500 were not read.",)


def test_a_feed_with_a_flaw_is_read_as_far_as_it_goes_and_the_flaw_is_told() -> None:
    read = parse(rss(story(1)).replace("</channel></rss>", "<item><title>cut o"))
    assert [article.title for article in read.articles] == ["Story 1"]
    assert "site: the feed is not well-formed (line 1: " in read.problems[0]
    entity = parse(rss(story(1).replace("Story", "A&nbsp;B")))
    assert [article.title for article in entity.articles] == ["A B 1"]


ENCODINGS = {
    "declared": ('<?xml version="1.0" encoding="windows-1251"?>', "cp1251"),
    "utf-8 with mark": ('<?xml version="1.0"?>', "utf-8-sig"),
    "utf-16 with mark": ('<?xml version="1.0" encoding="utf-16"?>', "utf-16"),
    "wrongly declared": ('<?xml version="1.0" encoding="us-ascii"?>', "utf-8"),
}


@pytest.mark.parametrize(("declaration", "encoding"), ENCODINGS.values(), ids=ENCODINGS)
def test_feeds_are_read_in_the_encodings_of_the_world(declaration: str, encoding: str) -> None:
    body = declaration + rss(story(1).replace("Story", "Новость")).partition("?>")[2]
    assert parse(body.encode(encoding)).articles[0].title == "Новость 1"


def test_bytes_that_are_no_characters_do_not_stop_a_feed() -> None:
    body = rss(story(1), story(2).replace("Story", "@")).encode().replace(b"@", b"\xff\xfe\x00\x01")
    read = parse(body)
    assert read.articles[0].title.isprintable()
    assert len(read.articles) == 2


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_API_SECRET", "sesam-open")
    seen: list[dict[str, str]] = []
    run = feeds.subprocess.run

    def watching(*args: object, **options: dict[str, str]) -> object:
        seen.append(options["env"])
        return run(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(feeds.subprocess, "run", watching)
    parse(rss(story(1)))
    assert "sesam-open" not in json.dumps(seen)


# ── Sources of the settings ──────────────────────────────────────────────────────────────────────────────────────


class Newsroom(BaseHTTPRequestHandler):
    """Serves `pages`, with an ETag each, and remembers what was asked."""

    pages: ClassVar[dict[str, tuple[str, bytes]]] = {}

    def do_GET(self) -> None:
        kind, body = self.pages[self.path]
        tag = f'"{len(body)}"'
        fresh = self.headers.get("If-None-Match") != tag
        self.send_response(200 if fresh else 304)
        self.send_header("ETag", tag)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if fresh else 0))
        self.end_headers()
        self.wfile.write(body if fresh else b"")

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is no place for it."""


@pytest.fixture
def newsroom() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Newsroom) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_feed_on_this_machine_is_read_and_then_only_asked_for_news(newsroom: str, tmp_path: Path) -> None:
    Newsroom.pages["/rss"] = ("application/rss+xml", rss("<title>A</title><link>/a</link>").encode())
    source = SourceSettings(name="intranet", feed=f"{newsroom}/rss", accounts=("a",), allow_private=HERE)
    first = read_source(source, home=tmp_path)
    assert [article.url for article in first.articles] == [f"{newsroom}/a"]
    assert first.etag
    again = read_source(source, home=tmp_path, etag=first.etag)
    assert (again.unchanged, again.articles, again.etag) == (True, (), first.etag)


def test_a_source_that_allows_no_private_address_reads_none(newsroom: str, tmp_path: Path) -> None:
    source = SourceSettings(name="intranet", feed=newsroom.rpartition(":")[0], accounts=("a",))
    with pytest.raises(UsageError, match="127.0.0.1 is a private address"):
        read_source(source, home=tmp_path)


def test_a_feed_file_below_the_home_is_read_and_noticed_when_it_changes(tmp_path: Path) -> None:
    source = SourceSettings(name="folder", feed="night.xml", accounts=("a",))
    with pytest.raises(TryAgainLater, match=r"folder: .*night.xml is not there"):
        read_source(source, home=tmp_path)
    (tmp_path / "night.xml").write_text(rss(story(1)))
    first = read_source(source, home=tmp_path)
    assert [article.title for article in first.articles] == ["Story 1"]
    assert read_source(source, home=tmp_path, etag=first.etag).unchanged
    (tmp_path / "night.xml").write_text(rss(story(1), story(2)))
    assert len(read_source(source, home=tmp_path, etag=first.etag).articles) == 2


def test_a_feed_given_as_an_article_is_refused_with_the_way_to_read_it(tmp_path: Path) -> None:
    (tmp_path / "feed.txt").write_text(rss(story(1)))
    with pytest.raises(UsageError, match=r"feed.txt is a feed, not an article. Put it under \[sources\]"):
        read_file(tmp_path / "feed.txt")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<?xml version='1.0'?>", True),
        (b"\xef\xbb\xbf\n<rss version='2.0'>", True),
        ("<feed xmlns='x'>".encode("utf-16"), True),
        (b"<rdf:RDF>", True),
        (b"A title\n<rss>", False),
        (b"<rssx>", False),
        (b"", False),
    ],
)
def test_a_feed_is_told_by_its_first_characters(data: bytes, expected: bool) -> None:
    assert is_feed(data) is expected
