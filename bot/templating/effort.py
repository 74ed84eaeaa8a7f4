"""How much work printing one post may be, whatever the template and the article say.

A template is tried on made-up articles before its first use (`bot.templating.firstuse`), but what stands in an
`{% if %}` that none of them meets is not seen there. So every post has one allowance of characters for all that is
read by filters, joined with ~ and compared; what would go beyond it is refused before it is done. No loop can multiply
that, and no text is made whose length was not taken off first.
"""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from bot.templating.origins import WithinAddress, through
from bot.text.outside import restored
from bot.text.seams import SEAM, closed

MOST_WORK = 2_000_000
"""Characters: the longest headline and summary an article may bring could each go through ten filters."""

ITEM = 50
"""What each item of a list counts besides its characters; a number counts the same."""

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


def shown(value: object) -> str:
    """A value as a post shows it: nothing for None, a list with commas between."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def count(tree: nodes.Template) -> None:
    """Lets all that a checked template joins and compares be counted while it is printed; filters see to themselves."""
    for concat in tree.find_all(nodes.Concat):
        if not _written_out(concat.nodes):
            concat.nodes = [through(JOINED, nodes.List(concat.nodes, lineno=concat.lineno))]
    for compare in tree.find_all(nodes.Compare):
        compare.expr = _counted(compare.expr)
        for operand in compare.ops:
            operand.expr = _counted(operand.expr)


def _counted(side: nodes.Expr) -> nodes.Expr:
    """A side of a comparison; one that is written out, or a part of a field such as account.name, is short anyway."""
    match side:
        case nodes.Const(value=str(text)):
            return nodes.Const(restored(text), lineno=side.lineno)
        case nodes.Const() | nodes.Getattr():
            return side
    return through(COMPARED, side)


def _written_out(texts: Iterable[nodes.Node]) -> bool:
    return all(isinstance(text, nodes.Const) for text in texts)


@pass_context
def joined(context: Effort, texts: list[object]) -> str:
    """The texts between which a template writes ~."""
    context.take(weight(texts))
    return closed("".join(text if type(text) is WithinAddress else f"{SEAM}{shown(text)}{SEAM}" for text in texts))


@pass_context
def compared(context: Effort, value: object) -> object:
    """A side of a comparison: as the article has it, since a template's author knows of no gaps."""
    context.take(weight(value))
    if isinstance(value, list | tuple):
        return [restored(each) if isinstance(each, str) else each for each in value]
    return restored(value) if isinstance(value, str) else value
