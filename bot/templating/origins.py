"""What of a template's texts comes from outside, and what its author wrote: the one is only text, the other may link.

A text from outside is inert before a template gets it (`bot.text.outside`), and where two texts meet no link comes of
them (`bot.text.seams`). Two things need a look at the template itself. A filter that takes something out of a text may
wake what was inert beside it, as in `x_#tag`, so what is left of a text from outside is made inert again. And where an
author writes an address with parts of fields in it, `https://www.{{ source }}.az/`, nothing is put between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jinja2 import nodes

from bot.text.seams import SEAM

INERT = {"replace": "replace, inert", "trim": "trim, inert"}
"""Filters that no template can name, and which of its own they stand for where the text comes from outside."""

BEGINS_ADDRESS, WITHIN_ADDRESS = "begins an address", "within an address"
"""Two more: what an author writes at the beginning of an address in an expression, and what he prints into one."""

_OWN = frozenset(["hashtag", "hashtags", "utm", "date", "length"])  # what these give is what its author asked for
_SIGNS = frozenset("@＠#＃$")
_ENDS_ADDRESS = r"""\s"'<>()\[\]{},;"""
_BEGUN = re.compile(rf"https?://[^{_ENDS_ADDRESS}]*\Z", re.IGNORECASE)
_ENDED = re.compile(rf"[{_ENDS_ADDRESS}]")


def trace(tree: nodes.Template) -> None:
    """Changes a checked template so that its filters know what they are given."""
    for choice in tree.find_all(nodes.CondExpr):
        choice.expr2 = choice.expr2 or nodes.Const("")  # nothing at all would be no text for an option
    for changing in tree.find_all(nodes.Filter):
        if changing.name in INERT and changing.node and _from_outside(changing.node):
            changing.name = INERT[changing.name]
            own: list[nodes.Expr] = [nodes.Const(text) for text in _signed(changing.node)]
            options: Any = changing.kwargs
            options.append(nodes.Keyword("own", nodes.List(own)))
    _mark_statements(tree.body, begun=False)
    for concat in tree.find_all(nodes.Concat):
        concat.nodes, _ = _marked(concat.nodes, begun=False)


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


def _signed(text: nodes.Node) -> Iterator[str]:
    """What of a text its author wrote with a sign that is to work, as the # in `('#' ~ section)|replace(' ', '')`."""
    if isinstance(text, nodes.Const) and not _SIGNS.isdisjoint(str(text.value)):
        yield str(text.value)
    for part in _parts(text):
        yield from _signed(part)


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


# -- addresses ---------------------------------------------------------------------------------------------------------


def _mark_statements(body: Sequence[nodes.Node], *, begun: bool) -> bool:
    """Marks what is printed into addresses. `begun`: whether one goes on before it all; returned is that behind it."""
    for statement in body:
        match statement:
            case nodes.Output():
                statement.nodes, begun = _marked(statement.nodes, begun=begun)
            case nodes.If():
                ways = [*(way.body for way in (statement, *statement.elif_)), statement.else_]
                begun = any([_mark_statements(way, begun=begun) for way in ways])
            case nodes.For():
                begun = any([_mark_statements(way, begun=begun) for way in (statement.body, statement.else_)])
            case nodes.Scope():
                begun = _mark_statements(statement.body, begun=begun)
    return begun


def _marked(texts: Iterable[nodes.Expr], *, begun: bool) -> tuple[list[nodes.Expr], bool]:
    """The same texts, those in an address marked, and whether one goes on behind them.

    Of two fields side by side only the first goes on an address: the second might make a link of its own with it.
    """
    marked: list[nodes.Expr] = []
    written_before = True
    for text in texts:
        match text:
            case nodes.TemplateData(data=str(written)) | nodes.Const(value=str(written)):
                goes_on = begun
                begun = bool(_BEGUN.search(written)) or (begun and not _ENDED.search(written))
                begins = begun and not goes_on
                if isinstance(text, nodes.Const) and (begins or goes_on):
                    text = through(BEGINS_ADDRESS if begins else WITHIN_ADDRESS, text)
                written_before = True
            case _ if begun and written_before:
                text, written_before = through(WITHIN_ADDRESS, text), False
        marked.append(text)
    return marked, begun


def through(name: str, text: nodes.Expr) -> nodes.Filter:
    """A text put through a filter that has nothing more to be told."""
    return nodes.Filter(text, name, [], [], None, None, lineno=text.lineno)


class WithinAddress(str):
    """What an author prints into an address of his own: it has no seams."""

    __slots__ = ()


def begins_address(text: str) -> str:
    """The end of `text` goes on in what is printed next."""
    return WithinAddress(f"{SEAM}{text}")


def within_address(value: object) -> object:
    """`value`, which goes on an address unless one ends in it."""
    return WithinAddress(value) if isinstance(value, str) and value and not _ENDED.search(value) else value
