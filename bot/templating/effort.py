"""How much work printing one post may be, whatever the template and the article say.

A template is tried on made-up articles before its first use (`bot.templating.firstuse`), but what stands in an
`{% if %}` that none of them meets is not seen there. So every post has one allowance of characters for all that is
read by filters, joined with ~ and compared; what would go beyond it is refused before it is done. No loop can multiply
that, and no text is made whose length was not taken off first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from bot.text import seams
from bot.text.outside import restored

MOST_WORK = 2_000_000
"""Characters: the longest headline and summary an article may bring could each go through ten filters."""

ITEM = 50
"""What each item of a list counts besides its characters; a number counts the same."""

USUAL_ARTICLE = 20_000
"""Characters; longer ones are few."""

JOINED, COMPARED = "~", "=="
"""Filters that no template can name: what is joined or compared goes through them."""


class TooMuchWork(ValueError):
    """A post used up its allowance. The message is for a template's author."""


class Effort(Context):
    """What a template is printed with; it knows how much work the post may still be."""

    left = MOST_WORK
    settled: dict[str, str] | None = None
    """The hashtags of the account's settings, once a filter has read them."""

    def take(self, characters: int) -> None:
        """Takes that much off the allowance. Raises TooMuchWork when it is used up."""
        self.left -= characters
        if self.left < 0:
            raise TooMuchWork(
                "the texts of this article are too long for all that is done with them. "
                "Use fewer filters, ~ and comparisons, above all in a {% for %}"
            )


def weight(value: object) -> int:
    """What it counts to read a value, or to make a text of it."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(map(weight, value)) + ITEM * len(value)
    return ITEM


def is_the_templates_fault(error: Exception, values: Mapping[str, object]) -> bool:
    """Whether the allowance was used up with an article of usual length, so that others will fare no better.

    An endless article is held back alone instead; it must not keep an account from its other posts.
    """
    return isinstance(error, TooMuchWork) and weight([*values.values()]) < USUAL_ARTICLE


def count(tree: nodes.Template) -> None:
    """Lets all that a checked template joins and compares be counted while it is printed; filters see to themselves."""
    for concat in tree.find_all(nodes.Concat):
        if not _written_out(concat.nodes):
            concat.nodes = [_through(JOINED, nodes.List(concat.nodes, lineno=concat.lineno))]
    for compare in tree.find_all(nodes.Compare):
        compare.expr = _counted(compare.expr)
        for operand in compare.ops:
            operand.expr = _counted(operand.expr)


def _counted(side: nodes.Expr) -> nodes.Expr:
    """A side of a comparison; one that is written out, or a part of a field such as account.name, is short anyway."""
    return side if isinstance(side, nodes.Const | nodes.Getattr) else _through(COMPARED, side)


def _written_out(texts: Iterable[nodes.Node]) -> bool:
    return all(isinstance(text, nodes.Const) for text in texts)


def _through(name: str, node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@pass_context
def joined(context: Effort, texts: list[object]) -> str:
    """The texts between which a template writes ~."""
    context.take(weight(texts))
    return seams.joined(map(str, texts))


@pass_context
def compared(context: Effort, value: object) -> object:
    """A side of a comparison: as the article has it, since a template's author knows of no gaps."""
    context.take(weight(value))
    if isinstance(value, list | tuple):
        return [restored(each) if isinstance(each, str) else each for each in value]
    return restored(value) if isinstance(value, str) else value
