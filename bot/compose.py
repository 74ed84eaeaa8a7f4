"""Writes a post: an article, an account's template and the platform's limit in, the exact text to be sent out.

Nothing here asks which platform it is for: what matters stands in its PostRules. Article text is data; it is cleaned
here even when it comes from the store, is printed by templates but never read as one, cannot forge marks, and
mentions, tags and links nothing (`bot.text.outside`) but what the account allows and the article's own link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

from bot.account import Account
from bot.article import Article, kind_of
from bot.clock import in_zone
from bot.errors import CannotFit, TemplateBroken, TemplateFailed
from bot.identity import canonical_url, is_web_address
from bot.post import Cut, Post, PostRules
from bot.text.clean import clean, one_line
from bot.text.fit import FitMisused, Fitted, solve
from bot.text.marks import LINK_END
from bot.text.measures import warnings_for
from bot.text.outside import defuse
from bot.text.utm import tagged
from bot.text.xlength import extract_urls

MOST_CHARACTERS = 100_000
"""Characters of a field that are looked at, well above any platform's limit (Facebook's is 63,206)."""

MOST_TAGS, LONGEST_TAG = 100, 1_000


class Renders(Protocol):
    """What compose needs of `bot.templating.Templates`."""

    def find(self, base: str, *, kinds: Sequence[str], section: str, source: str, language: str, key: str) -> str: ...

    def render(self, name: str, values: Mapping[str, object]) -> str: ...


def compose(
    article: Article,
    account: Account,
    rules: PostRules,
    templates: Renders,
    *,
    text: str | None = None,
    round: int = 1,
) -> Post:
    """The post of one article for one account, within the platform's limit.

    The account's template is the base; one for the article's kind, section, source or language is used where there
    is one, and of several variants always the same for the same article, account and `round`.

    With `text`, or when the article itself was typed by hand, that text is sent as it is instead of the template's,
    with the link behind it unless it is there already or travels apart. Raises CannotFit when what may not be cut
    is too long, TemplateFailed when the template has a mistake or gives no text.
    """
    typed = article.title if text is None and article.typed else text
    fitted = (
        _as_typed(article, account, rules, typed)
        if typed is not None
        else _from_template(article, account, rules, templates, round)
    )
    return Post(
        text=fitted.text,
        link=tagged(article.url, account.utm) if rules.link_apart else "",
        length=fitted.length,
        limit=rules.limit.most,
        cut=fitted.cut,
        warnings=warnings_for(rules, fitted.text),
    )


def _from_template(article: Article, account: Account, rules: PostRules, templates: Renders, round: int) -> Fitted:
    name = template_name(article, account, templates, round)
    values = template_values(article, account)
    rendered = templates.render(name, values)
    try:
        fitted = solve(rendered, rules.limit)
    except FitMisused as error:
        raise TemplateFailed(f"{name}: {error}") from error
    if not fitted.text and fitted.cut:
        raise _nothing_fits(fitted.cut[0], rules.limit.most)
    if not fitted.text:
        raise TemplateFailed(
            f"{name} gives an empty post for “{_short(article)}”.", "Let it print a field that is never empty."
        )
    if not rules.link_apart:
        refuse_close_link(name, str(values["url"]), rendered, fitted.text)
    return fitted


def _nothing_fits(cut: Cut, most: int) -> CannotFit:
    message = f"Not one word of {cut.field}, {cut.whole} characters long, fits into {most}."
    hint = f"Shorten {cut.field} in the article, or let the template cut inside words: cut='grapheme'."
    return CannotFit(message, cut.whole, most, hint)


def refuse_close_link(name: str, url: str, rendered: str, text: str) -> None:
    """Raises TemplateBroken when the article's link, printed by the template, runs into what stands beside it.

    `text` is what was made of the `rendered` template.
    """
    if not all(_stands_clear(link, text) for link in _links(url, rendered) if link in text):
        raise TemplateBroken(
            f"{name} prints the link close to other text, which would change where it leads.",
            "Leave a space or a line end on both sides of {{ url }}.",
        )


def _as_typed(article: Article, account: Account, rules: PostRules, typed: str) -> Fitted:
    text = clean(typed).strip()
    url = "" if rules.link_apart else link_in_text(article.url)
    link = tagged(url, account.utm)
    if url and not (_stands_clear(url, text) or _stands_clear(link, text) or _links_page(text, url)):
        text = f"{text} {link}".strip()
    if not text:
        raise TemplateFailed("The text typed for this post is empty.", "Type at least one character.")
    length = rules.limit.length(text)
    if length > rules.limit.most:
        message = f"The text typed for this post needs {length} of {rules.limit.most} characters."
        raise CannotFit(message, length, rules.limit.most, "Typed text is never cut: make it shorter.")
    return Fitted(text, length)


def template_name(article: Article, account: Account, templates: Renders, round: int = 1) -> str:
    """The name of the template that writes this article's post on this account, in this round."""
    return templates.find(
        account.template,
        kinds=(kind_of(article, round),),
        section=article.section,
        source=article.source,
        language=article.language,
        key=f"{article.url or article.guid or article.title}|{account.name}|{round}",
    )


def template_values(article: Article, account: Account) -> dict[str, object]:
    """What a template may print (see `bot.templating.VOCABULARY`): every text clean and, but for the link, inert."""
    allow = account.allow

    def line(text: str) -> str:
        return defuse(_line(text), allow=allow)

    short_title = line(article.short_title)
    return {
        "title": line(article.title),
        "short_title": short_title,
        "short": short_title,
        "url": tagged(link_in_text(article.url), account.utm),
        "summary": defuse(clean(article.summary[:MOST_CHARACTERS]).strip(), allow=allow),
        "section": line(article.section),
        "tags": [tag for each in article.tags[:MOST_TAGS] if (tag := line(each[:LONGEST_TAG]))],
        "author": line(article.author),
        "language": line(article.language),
        "image": line(link_in_text(article.image)),
        "source": line(article.source),
        "published": in_zone(article.published, account.zone) if article.published else None,
        "breaking": article.breaking,
        "account": {
            "name": account.name,
            "identity": account.identity,
            "handle": "" if account.identity.isdecimal() else f"@{account.identity}",
            "language": account.language,
            "hashtags": account.hashtags,
            "utm": account.utm,
            "allow": allow,
        },
    }


@lru_cache(maxsize=1024)  # one article goes to many accounts
def link_in_text(url: str) -> str:
    """The link as a post shows it: unchanged, unless a reader who follows it would then land elsewhere.

    X ends a link where its own rules see no more of one: at a quotation mark, in an Arabic or Chinese path, before a
    full stop at the end. As much as it takes is written with percent escapes, which lead to the same page (RFC 3986,
    section 2.1), and no more; a link that X makes nothing of in any spelling stays as it is.
    """
    start = _BEFORE_PATH.match(url)
    host, rest = (url[: start.end()], url[start.end() :]) if start else ("", url)
    if rest.startswith("#"):  # X reads no fragment right behind a host; an empty path is the same as / (section 6.2.3)
        rest = f"/{rest}"
    spellings = (spell(rest) for spell in _SPELLINGS)
    found = next(filter(_is_read_whole, spellings), _SPELLINGS[0](rest))
    return (host if host == clean(host) else _ascii(host)) + found


def _is_read_whole(rest: str) -> bool:
    """Whether X takes all that follows the host for part of the link; which host it is plays no part."""
    probe = f"https://example.com{rest}"
    return rest == clean(rest) and [found.url for found in extract_urls(f"{probe} ")] == [probe]


def _least(rest: str) -> str:
    if rest != clean(rest):
        return _ascii(rest)
    return _NEVER_IN_LINKS.sub(lambda found: quote(found[0]), rest)


def _ascii(rest: str) -> str:
    return quote(rest, safe=_SAFE, errors="surrogatepass")


def _plain(rest: str) -> str:
    """Nothing but letters, digits and what parts an address; signs at the end of path, query or fragment escaped."""
    escaped = quote(rest, safe="/?&=#%+-_.~:;,@", errors="surrogatepass")
    end = _PATH.match(escaped).end()
    path = escaped[:end].rstrip("&")  # X ends a path before such signs, but a query behind them
    escaped = f"{path}{'%26' * (end - len(path))}{escaped[end:]}"
    return _SIGNS_AT_AN_END.sub(lambda found: "".join(f"%{ord(sign):02X}" for sign in found[0]), escaped)


_SPELLINGS = (_least, _ascii, _plain)
_BEFORE_PATH = re.compile(r"[^/?#]*//[^/?#]*")
_NEVER_IN_LINKS = re.compile(r'[\s"<>\\^`{}]')
_SIGNS_AT_AN_END = re.compile(r"[-.~:;,@]+(?=[?#]|\Z)|%(?![0-9A-Fa-f]{2})")
_PATH: Any = re.compile("[^?#]*")
_SAFE = "".join(character for character in map(chr, range(0x21, 0x7F)) if not _NEVER_IN_LINKS.match(character))


def _line(text: str) -> str:
    return one_line(text[:MOST_CHARACTERS])


def _short(article: Article) -> str:
    line = _line(article.title) or article.url
    return line if len(line) <= 60 else f"{line[:60].rstrip()}…"


def _links(url: str, rendered: str) -> list[str]:
    """The article's link as a rendered template has it: as it is, or with campaign parameters, up to their mark."""
    page = re.split("[?#]", url, maxsplit=1)[0]
    with_campaign = list(_marked(page, rendered)) if page and LINK_END in rendered else []
    for link in with_campaign:
        rendered = rendered.replace(link + LINK_END, "")
    return [*with_campaign, url] if url and url in rendered else with_campaign


def _marked(page: str, rendered: str) -> Iterator[str]:
    """Each address that begins with `page` and ends at a link's mark, without white space in it."""
    start = rendered.find(page)
    while start >= 0:
        end = _UNBROKEN.match(rendered, start + len(page)).end()
        found = rendered.startswith(LINK_END, end)
        if found:
            yield rendered[start:end]
        start = rendered.find(page, end if found else start + 1)


def _links_page(text: str, url: str) -> bool:
    """Whether a link in `text` leads to the page of `url`, be it with other campaign parameters or without https://."""
    links = (found.url if "://" in found.url else f"http://{found.url}" for found in extract_urls(text))
    return is_web_address(url) and any(
        canonical_url(link) == canonical_url(url) for link in links if is_web_address(link)
    )


def _stands_clear(url: str, text: str) -> bool:
    """Whether `url` stands in `text` as a link of its own: nothing before or behind it would be read as part of it.

    Before it: twitter-text v3, validUrlPrecedingChars. Behind it only closing punctuation and white space are safe
    on every platform.
    """
    start = text.find(url)
    while start >= 0:  # no pattern with the link in it: compiling one a post would cost more than all the rest
        before, end = text[start - 1 : start], start + len(url)
        if not _RUNS_INTO.match(before) and _CLOSES.match(text, end):
            return True
        start = text.find(url, start + 1)
    return False


_UNBROKEN: Any = re.compile(rf"[^\s{LINK_END}]*")
_RUNS_INTO = re.compile("[A-Za-z0-9@＠$#＃]")
_CLOSES = re.compile(r"[.,;:!?)\]}»”’\"'…。、）」]*(?:\s|\Z)")
