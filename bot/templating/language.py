"""The language of post templates: which names, filters and tags there are, checked before anything runs.

Only what is listed here gets through, so a template can reach no code, file or setting, and cannot run for long:
no calls, no sums, no macros, no imports, no loop inside a loop. Mistakes are told in a template author's words
(`bot.templating.mistakes`); the words themselves stand in `bot.templating.vocabulary`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from bot.templating.bounds import refuse_too_much
from bot.templating.comparing import refuse_unlike
from bot.templating.cutnames import field_name, name_of
from bot.templating.mistakes import Misuse, known, refuse_broken_braces
from bot.templating.printing import ONLY_PARTS, no_text, prints_link, refuse_no_text
from bot.templating.vocabulary import FILTERS, FIT_OPTIONS, PARTS, TAGS, TESTS, VOCABULARY
from bot.text.clean import clean
from bot.text.fit import FitMisused, mark
from bot.text.marks import GROUP_CLOSE, GROUP_OPEN

LISTS = ("tags",)


class Optional(Extension):
    """`{% optional %} — {{ author|fit(4) }}{% endoptional %}`: shown only while a field inside it is."""

    tags = {"optional"}

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        inner = parser.parse_statements(("name:endoptional",), drop_needle=True)
        opening, closing = (nodes.Output([nodes.TemplateData(text)], lineno=line) for text in (GROUP_OPEN, GROUP_CLOSE))
        # Nothing else in the language makes a Scope, so the check below knows an optional part by it.
        return nodes.Scope([opening, *inner, closing], lineno=line)


def check(tree: nodes.Template, vocabulary: Collection[str] = VOCABULARY) -> None:
    """Refuses (Misuse) whatever is not in the language, and tells each `|fit` the name of its field."""
    refuse_too_much(tree)
    _Checker(vocabulary).children(tree)


class _Checker:
    """Walks the parsed template. `printed` is whether a node's text goes straight into the post."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self.names = list(vocabulary)
        self.in_loop = False
        self.looped: dict[str, str] = {}  # what the name of a {% for %} stands for

    def children(self, node: nodes.Node, printed: bool = False) -> None:
        for child in node.iter_child_nodes():
            self.visit(child, printed)

    def visit(self, node: nodes.Node, printed: bool = False) -> None:
        match node:
            case nodes.TemplateData():
                pass
            case nodes.Const():
                self._constant(node)
            case nodes.Name():
                self._name(node)
            case nodes.Getattr():
                self._part(node)
            case nodes.Filter():
                self._filter(node, printed)
            case nodes.Test():
                known(node.name, TESTS, node.lineno, "test")
                self.children(node)
            case nodes.CondExpr():
                self._choice(node, printed)
            case nodes.For():
                self._loop(node)
            case nodes.Scope(body=[nodes.ScopedEvalContextModifier() as escaping, *_]):
                raise _not_offered(escaping)
            case nodes.Scope():
                self._optional(node)
            case nodes.Output():
                refuse_broken_braces(node.nodes, self.names)
                self.children(node, printed=True)
                refuse_no_text(node.nodes)
            case nodes.Concat():
                self.children(node, printed)
            case nodes.Compare():
                self.children(node)
                refuse_unlike(node)
            case nodes.Keyword() | nodes.If() | nodes.Operand() | nodes.And() | nodes.Or() | nodes.Not() | nodes.List():
                self.children(node)
            case _:
                raise _not_offered(node)

    def _constant(self, node: nodes.Const) -> None:
        if isinstance(node.value, str):  # an escape such as "\ufdd0" could forge the marks of |fit
            node.value = clean(node.value)
        elif node.value == math.inf:
            raise Misuse("the number is too large.", node.lineno)

    def _name(self, node: nodes.Name) -> None:
        known(node.name, self.names, node.lineno)
        if node.name in ONLY_PARTS:
            raise no_text(node)

    def _part(self, node: nodes.Getattr) -> None:
        owner = node.node.name if isinstance(node.node, nodes.Name) else ""
        if owner == "loop" and not self.in_loop:
            raise Misuse(
                "loop stands outside of any {% for %}.",
                node.lineno,
                "It may stand between {% for … %} and {% endfor %}.",
            )
        if owner:
            known(owner, self.names, node.lineno)
        else:
            self.visit(node.node)
        if owner not in PARTS:
            raise Misuse(f"nothing can stand behind the dot in “{owner or '…'}.{node.attr}”.", node.lineno)
        known(node.attr, PARTS[owner], node.lineno, f"part of {owner}")

    def _choice(self, node: nodes.CondExpr, printed: bool) -> None:
        self.visit(node.test)
        self.visit(node.expr1, printed)
        if node.expr2 is not None:
            self.visit(node.expr2, printed)

    def _loop(self, node: nodes.For) -> None:
        if self.in_loop or node.recursive:
            raise Misuse("a {% for %} inside a {% for %} is not offered in post templates.", node.lineno)
        if not isinstance(node.target, nodes.Name):
            raise Misuse("{% for %} takes one name, as in {% for tag in tags %}.", node.lineno)
        if node.target.name in self.names:
            raise Misuse(f"{node.target.name} is a field already.", node.lineno, "Give the {% for %} another name.")
        self.visit(node.iter)
        refuse_no_text([node.iter])
        if prints_link(node.iter):
            raise Misuse("a link does not go through a {% for %}.", node.lineno, "Print it as it is, {{ url }}.")
        if not _is_list(node.iter):
            raise Misuse("{% for %} goes through a list.", node.lineno, f"There are: {', '.join(LISTS)}.")
        outside = self.names
        self.names = [*outside, node.target.name]
        if node.test is not None:
            self.visit(node.test)  # it chooses the items, before there is any loop
        self.names, self.in_loop = [*outside, node.target.name, "loop"], True
        self.looped = {node.target.name: field_name(node.iter)}
        for child in (*node.body, *node.else_):
            self.visit(child)
        self.names, self.in_loop, self.looped = outside, False, {}

    def _optional(self, node: nodes.Scope) -> None:
        if not _has_fit(node):
            hint = "It vanishes with its fields: give one of them |fit."
            raise Misuse("{% optional %} has no field with |fit inside.", node.lineno, hint)
        if any(prints_link(part) for printed in node.find_all(nodes.Output) for part in printed.nodes):
            raise Misuse("a link would vanish with {% optional %}.", node.lineno, "Put {{ url }} outside of it.")
        self.children(node)

    def _filter(self, node: nodes.Filter, printed: bool) -> None:
        if node.node is None:
            raise Misuse(f"{{% filter {node.name} %}} is not offered.", node.lineno, "Put the filter behind each text.")
        known(node.name, FILTERS, node.lineno, "filter")
        if node.dyn_args or node.dyn_kwargs:
            raise Misuse("* and ** are not offered in post templates.", node.lineno)
        _refuse_twice(node)
        _refuse_on_link(node)
        if node.name == "fit":
            self._fit(node, printed)
        else:
            _refuse_after_fit(node)
            _try_arguments(node)
        if node.name == "date" and not all(isinstance(each, nodes.Const) for each in [*node.args, *_options_of(node)]):
            raise Misuse(
                "|date takes the way to write it in quotes.", node.lineno, "As in {{ published|date('%d.%m.%Y') }}."
            )
        refuse_no_text([node.node], takes="published" if node.name == "date" else "")
        refuse_no_text([*node.args, *_options_of(node)])
        self.children(node)

    def _fit(self, node: nodes.Filter, printed: bool) -> None:
        if _has_fit(node.node):
            raise Misuse("|fit is applied to a text that has |fit already.", node.lineno, "Use it once for each text.")
        if not printed:
            hint = "Use it only where a text is printed, as in {{ title|fit(1) }}."
            raise Misuse("|fit makes no sense in a condition or an option.", node.lineno, hint)
        if len(node.args) > 1:
            raise Misuse("|fit takes one number, its priority; the rest has names, as in cut='word'.", node.lineno)
        options: Any = node.kwargs
        for option in options:
            known(option.key, FIT_OPTIONS, node.lineno, "option of |fit")
            if option.key == "alt" and isinstance(option.value, nodes.Name) and option.value.name in LISTS:
                hint = "Several stand in brackets, as in alt=[short_title, section]."
                raise Misuse(f"alt= takes a text; {option.value.name} is a list.", node.lineno, hint)
        _try_options(node.args, options, node.lineno)
        options.append(nodes.Keyword("name", name_of(node.node, self.looped), lineno=node.lineno))


def _options_of(node: nodes.Filter) -> list[nodes.Expr]:
    """What stands behind the = of a filter's options."""
    return [option.value for option in node.kwargs]


def _refuse_twice(node: nodes.Filter) -> None:
    options: Any = node.kwargs
    given = ["priority" for _ in node.args if node.name == "fit"][:1] + [option.key for option in options]
    for option in given:
        if given.count(option) > 1:
            raise Misuse(f"{option}= is given twice to |{node.name}.", node.lineno, "Keep one of them.")


def _try_options(args: list[nodes.Expr], options: Iterable[nodes.Keyword], line: int) -> None:
    """Tries those options of a |fit that are written out: a mistake is found before the first article comes."""
    given = {**dict(zip(("priority",), args, strict=False)), **{each.key: each.value for each in options}}
    written: dict[str, Any] = {}
    for word, value in given.items():
        with suppress(nodes.Impossible):
            written[word] = _written(value)
    try:
        mark("", **written)
    except FitMisused as error:
        raise Misuse(str(error), line) from None


def _written(node: nodes.Expr) -> object:
    """The text, number or list that is written out here; Impossible where only an article can tell."""
    match node:
        case nodes.Const():
            return node.value
        case nodes.Neg(node=nodes.Const(value=int() | float() as number)):
            return -number
        case nodes.List():
            return [_written(item) for item in node.items]
    raise nodes.Impossible


def _refuse_after_fit(node: nodes.Filter) -> None:
    if _has_fit(node.node):
        hint = f"Write |{node.name} before |fit, which comes last."
        raise Misuse(f"|{node.name} comes after |fit.", node.lineno, hint)


def _has_fit(node: nodes.Node | None) -> bool:
    """Whether |fit is somewhere in it."""
    if node is None:
        return False
    filters = [node] if isinstance(node, nodes.Filter) else []
    return any(each.name == "fit" for each in (*filters, *node.find_all(nodes.Filter)))


def _refuse_on_link(node: nodes.Filter) -> None:
    """A link is printed whole: nothing but |utm stands behind it, and nowhere does it vanish with another text."""
    if node.name == "utm":
        if not (isinstance(node.node, nodes.Name) and node.node.name == "url"):
            raise Misuse("|utm belongs behind the link.", node.lineno, "Write it as in {{ url|utm(campaign='x') }}.")
    elif any(prints_link(text) for text in (node.node, *node.args, *(option.value for option in node.kwargs))):
        hint = "Print it as it is, {{ url }}, or as {{ url|utm(campaign='x') }}."
        raise Misuse("a link is never changed or cut.", node.lineno, hint)


def _is_list(node: nodes.Node | None) -> bool:
    match node:
        case nodes.Name():
            return node.name in LISTS
        case nodes.List():
            return True
        case nodes.CondExpr():
            return _is_list(node.expr1) and _is_list(node.expr2)
    return False


_SIGNATURES = {name: inspect.signature(word.function) for name, word in FILTERS.items()}


def _try_arguments(node: nodes.Filter) -> None:
    """Refuses arguments that the filter does not take."""
    before: list[Any] = [None] if hasattr(FILTERS[node.name].function, "jinja_pass_arg") else []
    options: Any = node.kwargs
    try:
        _SIGNATURES[node.name].bind(*before, node.node, *node.args, **{each.key: each.value for each in options})
    except TypeError:
        example = FILTERS[node.name].example
        raise Misuse(f"|{node.name} is not used like this.", node.lineno, f"An example: {example}") from None


_INSTEAD = {
    nodes.Call: ("calls, such as title.upper(), are", "Use a filter: {{ title|upper }}."),
    nodes.BinExpr: ("sums are", "Join texts with ~, as in {{ section ~ ': ' ~ title }}."),
    nodes.UnaryExpr: ("a sign before a value is", "Write the value itself."),
    nodes.Tuple: (
        "values with commas between, or in round brackets, are",
        "Join texts with ~, as in {{ section ~ ': ' ~ title }}, and write a list as in ['News', 'Sport'].",
    ),
    nodes.Dict: ("a list in curly brackets is", "Write it as in ['News', 'Sport']."),
    nodes.Getitem: ("square brackets are", "Use |first or |last for a list, |fit to shorten a text."),
    nodes.Stmt: ("this tag is", f"There are: {', '.join(TAGS)}."),
}


def _not_offered(node: nodes.Node) -> Misuse:
    what, hint = next((words for kind, words in _INSTEAD.items() if isinstance(node, kind)), ("this is", ""))
    return Misuse(f"{what} not offered in post templates.", node.lineno, hint)
