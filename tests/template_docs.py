"""The examples and the reference of docs/templates.md: read by its test, and written anew by this module itself.

    python -m tests.template_docs

A `text` block is the result of the story, the templates and the account's settings that stand before it on the page.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import templates_of
from bot.compose import compose
from bot.configuring import load
from bot.errors import TemplateFailed
from bot.platforms.registry import rules_for
from bot.sources.reading import read_text
from bot.templating.vocabulary import FILTERS, FIT_OPTIONS, PARTS, SAMPLE, TAGS, TESTS, VOCABULARY, Word
from bot.trial import check

FILE = Path(__file__).parents[1] / "docs" / "templates.md"
BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
REFERENCE = re.compile(r"(?<=<!-- made of bot/templating/vocabulary.py -->\n).*\Z", re.DOTALL)
ACCOUNTS = {"x": ("x-main", 'handle = "@courier"'), "facebook": ("fb-page", 'page_id = "1234567890"')}
RESULTS = (*ACCOUNTS, "mistake", "check")
ORDINARY = "posts/post.txt.j2"


@dataclass(slots=True)
class Example:
    """What a reader of the page has before them: a story, the templates, and lines of the account's settings."""

    story: str = ""
    templates: dict[str, str] = field(default_factory=dict)
    account: str = ""

    def take(self, language: str, name: str, body: str) -> None:
        """A block of the page that is no result. A new story comes with settings of its own; a template without a
        name of its own takes the place of all others."""
        if (language, name) == ("markdown", "story"):
            self.story, self.account = body, ""
        elif (language, name) == ("toml", "account"):
            self.account = body
        elif language == "jinja":
            self.templates = {**(self.templates if name else {}), name or ORDINARY: body}

    def result(self, kind: str) -> str:
        """What Nightdesk gives for it: the post on x or facebook, or for a mistake the complaint about it.

        `check` is the complaint of `nightdesk templates check`, which needs no story.
        """
        name, identity = ACCOUNTS.get(kind, ACCOUNTS["x"])
        platform = kind if kind in ACCOUNTS else "x"
        settings = (
            f'timezone = "Asia/Baku"\n[accounts.{name}]\nplatform = "{platform}"\n{identity}\n'
            f'template = "{ORDINARY}"\n{self.account}'
        )
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            self._furnish(home, settings)
            loaded = load(home)
            if kind == "check":
                return str(next(check(loaded, ORDINARY)).error)
            article = read_text(self.story.encode(), "story.md", zone=loaded.zone)
            try:
                return compose(article, loaded.accounts[name], rules_for(platform), templates_of(loaded)).text
            except TemplateFailed as mistake:
                return str(mistake)

    def _furnish(self, home: Path, settings: str) -> None:
        files = {f"templates/{name}": source for name, source in self.templates.items()}
        for name, text in {**files, "config/nightdesk.toml": settings}.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text, "utf-8")


def results(page: str) -> Iterator[tuple[re.Match[str], str, Example]]:
    """Each result on the page: its block, what it is a result of (one of RESULTS), and the example it is for."""
    example = Example()
    for block in BLOCK.finditer(page):
        language, name, body = block[1], block[2] or "", block[3]
        if language == "text":
            yield block, name, Example(example.story, dict(example.templates), example.account)
        else:
            example.take(language, name, body)


def reference() -> str:
    """The tables at the end of the page."""
    parts = {f"{owner}.{part}": word for owner, words in PARTS.items() for part, word in words.items()}
    tables = {
        "Fields": VOCABULARY,
        "Parts of fields": parts,
        "Filters": FILTERS,
        "Options of fit": FIT_OPTIONS,
        "Tags": TAGS,
        "Tests": TESTS,
    }
    simple = {name: value for name, value in SAMPLE.items() if name in VOCABULARY and not isinstance(value, Mapping)}
    article = "".join(f"| `{name}` | {_told(value)} |\n" for name, value in simple.items())
    return (
        "\n"
        + "\n".join(_table(heading, words) for heading, words in tables.items())
        + (f"\n### The article of these examples\n\n| field | of this article |\n|---|---|\n{article}")
    )


def _table(heading: str, words: Mapping[str, Word]) -> str:
    rows = "".join(
        f"| `{name}` | {_cell(word.says)} | {_code(word.example)} | {_cell(word.gives)} |\n"
        for name, word in words.items()
    )
    return f"### {heading}\n\n| | what it is | for example | gives |\n|---|---|---|---|\n{rows}"


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _cell(", ".join(value) if isinstance(value, list) else str(value))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def refreshed(page: str) -> str:
    """The page with every result and the reference as they are now."""
    pieces, at = [], 0
    for block, kind, example in results(page):
        pieces += [page[at : block.start()], f"```text {kind}\n{example.result(kind)}\n```"]
        at = block.end()
    return REFERENCE.sub(lambda _: reference(), "".join(pieces) + page[at:])


if __name__ == "__main__":
    FILE.write_text(refreshed(FILE.read_text("utf-8")), "utf-8")
