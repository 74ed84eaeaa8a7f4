"""Whether a template suits an account's platform at all, whatever the articles say: seen before the first one comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.account import Account
from bot.article import Article
from bot.compose import Renders, refuse_close_link, template_values
from bot.errors import TemplateFailed
from bot.post import Limit, PostRules
from bot.templating.asked import Answers
from bot.text.clean import clean
from bot.text.fit import FitMisused
from bot.text.layout import Layout
from bot.text.marks import parse
from bot.text.tidy import tidy

LEAST = Article(
    title="A",
    short_title="A",
    url="https://a.example/",
    summary="A",
    section="A",
    tags=("A",),
    author="A",
    source="a",
    image="https://a.example/",
    published=datetime(2026, 1, 1, tzinfo=UTC),
)
"""An article as short as there is one, and yet with all that a template may ask for."""

ENOUGH = 1_000_000
"""A min= that no platform has room for, however much larger it is."""


def refuse_unsuited(name: str, account: Account, rules: PostRules, templates: Renders) -> None:
    """Raises TemplateFailed, with the numbers, when a post of this account can never be written by the template.

    That is when its fixed text alone is too long, when it asks for more with min= than there is room, or when it
    prints the link close to other text.
    """
    for breaking in (False, True):
        values = template_values(replace(LEAST, breaking=breaking), account)
        _refuse(name, account, rules, values, templates.render(name, values))


def refuse_unsuited_answers(
    name: str, account: Account, rules: PostRules, templates: Renders, answers: Sequence[Answers]
) -> None:
    """The same with articles that answer what the template asks: those of a section, or those without an author."""
    values = template_values(LEAST, account)
    for each in answers:
        both = {"short_title": each["short"]} if "short" in each else {}
        changed = {**values, **each, **both}
        try:
            rendered = templates.render(name, changed)
        except TemplateFailed:  # which was told before, if it is a mistake, by `templates.check`
            continue
        _refuse(name, account, rules, changed, rendered)


def _refuse(name: str, account: Account, rules: PostRules, values: Mapping[str, object], rendered: str) -> None:
    try:
        layout = parse(rendered)
    except FitMisused as error:
        raise TemplateFailed(f"{name}: {error}") from error
    text = _text(layout, [field.whole for field in layout.fields])
    if not rules.link_apart:
        refuse_close_link(name, str(values["url"]), rendered, text)
    _refuse_length(name, account, layout, text, rules.limit)


def _refuse_length(name: str, account: Account, layout: Layout, text: str, limit: Limit) -> None:
    if (needed := limit.length(text)) > limit.most:
        says = f"{name} can never fit on {account.name}: a headline of one letter needs {needed:,} of {limit.most:,}"
        raise TemplateFailed(f"{says} characters.", "Shorten the fixed text of the template.")
    minima = [min(field.rules.minimum, ENOUGH) for field in layout.fields]
    dressed = [field.rules.dressed("x" if least else "") for field, least in zip(layout.fields, minima, strict=True)]
    needed = limit.length(_text(layout, dressed)) + sum(least - 1 for least in minima if least)
    if needed > limit.most:
        says = f"{name} asks for too much on {account.name}: what min= keeps and the text around it need {needed:,}"
        raise TemplateFailed(f"{says} of {limit.most:,} characters.", "Lower a min=.")


def _text(layout: Layout, shown: list[str]) -> str:
    return tidy(clean(layout.assemble(shown)))
