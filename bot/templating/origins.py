"""What of a template's texts comes from outside, and what its author wrote: the one is only text, the other may link.

A text from outside is inert before a template gets it (`bot.text.outside`), and where two texts meet no link comes of
them (`bot.text.seams`). Two things need a look at the template itself. A filter that takes something out of a text may
wake what was inert beside it, as in `x_#tag`, so what is left of a text from outside is made inert again. And where an
author writes an address with parts of fields in it, `https://www.{{ source }}.az/`, nothing is put between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jinja2 import nodes

INERT = {"replace": "replace, inert", "trim": "trim, inert"}
"""Filters that no template can name, and which of its own they stand for where the text comes from outside."""

WITHIN_ADDRESS = "within an address"
"""Another: what an author prints into an address goes through it."""

_OWN = frozenset(["hashtag", "hashtags", "utm", "date", "length"])  # what these give is what its author asked for
_SIGNS = frozenset("@＠#＃$")
_ADDRESS_BEGUN = re.compile(r"https?://\S*\Z", re.IGNORECASE)
_BLANK = re.compile(r"\s")


def trace(tree: nodes.Template) -> None:
    """Changes a checked template so that its filters know what they are given."""
    for changing in tree.find_all(nodes.Filter):
        if changing.name in INERT and changing.node and _from_outside(changing.node) and not _has_signs(changing.node):
            changing.name = INERT[changing.name]
    for output in tree.find_all(nodes.Output):
        _mark_addresses(output)
    for concat in tree.find_all(nodes.Concat):
        _mark_addresses(concat)


def _mark_addresses(printed: nodes.Output | nodes.Concat) -> None:
    printed.nodes = [
        nodes.Filter(text, WITHIN_ADDRESS, [], [], None, None, lineno=text.lineno) if within else text
        for text, within in _in_addresses(printed.nodes)
    ]


def _from_outside(text: nodes.Node) -> bool:
    """Whether some of a text may be what an article says."""
    match text:
        case nodes.Name():
            return True
        case nodes.Filter():
            return text.name not in _OWN and any(map(_from_outside, _parts(text)))
        case nodes.CondExpr() | nodes.Concat() | nodes.And() | nodes.Or() | nodes.List():
            return any(map(_from_outside, _parts(text)))
    return False


def _has_signs(text: nodes.Node) -> bool:
    """Whether the author put a sign into a text that is to work, as in `('#' ~ section)|replace(' ', '')`."""
    if isinstance(text, nodes.Const):
        return not _SIGNS.isdisjoint(str(text.value))
    return any(map(_has_signs, _parts(text)))


def _parts(text: nodes.Node) -> Iterable[nodes.Node]:
    """What a text is made of: neither conditions nor what a filter looks for."""
    match text:
        case nodes.Filter(node=nodes.Expr() as changed):
            added = {"replace": text.args[1:], INERT["replace"]: text.args[1:], "default": text.args}
            return [changed, *added.get(text.name, [])]
        case nodes.CondExpr():
            return [text.expr1, *([text.expr2] if text.expr2 else [])]
        case nodes.Concat() | nodes.And() | nodes.Or() | nodes.List():
            return text.iter_child_nodes()
    return []


def _in_addresses(texts: Iterable[nodes.Expr]) -> Iterator[tuple[nodes.Expr, bool]]:
    """Each text, and whether it goes on an address that its author began."""
    begun = False
    for text in texts:
        match text:
            case nodes.TemplateData(data=str(written)) | nodes.Const(value=str(written)):
                yield text, begun and not isinstance(text, nodes.TemplateData)
                begun = bool(_ADDRESS_BEGUN.search(written)) or (begun and not _BLANK.search(written))
            case _:
                yield text, begun
