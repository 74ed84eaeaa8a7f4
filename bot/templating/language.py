"""The language of post templates: which names, filters and tags there are, checked before anything runs.

Only what is listed here gets through, so a template can reach no code, file or setting, and cannot run for long:
no calls, no sums, no macros, no imports, no loop inside a loop. Mistakes are told in a template author's words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.parser import Parser

from bot.templating.filters import FILTERS
from bot.text.clean import clean
from bot.text.fit import FitMisused, mark
from bot.text.marks import GROUP_CLOSE, GROUP_OPEN

VOCABULARY = (
    "title",
    "url",
    "summary",
    "section",
    "tags",
    "author",
    "language",
    "image",
    "source",
    "published",
    "breaking",
    "account",
)
"""The values every post template may print."""

PARTS = {
    "account": ("name", "handle", "identity"),
    "published": ("year", "month", "day", "hour", "minute"),
    "loop": ("index", "first", "last", "length"),
}
"""What may stand behind a dot, and behind which name."""

TAGS = ("if", "for", "optional")
TESTS = ("defined", "none")
FIT_OPTIONS = ("priority", "min", "cut", "prefix", "suffix", "alt")
MOST_NODES = 1_000
"""Parts of one template; real ones have a few dozen."""


class Misuse(Exception):
    """A mistake in a template: what is wrong, what to do, and on which line."""

    def __init__(self, message: str, line: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.hint = hint


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
    if sum(1 for _ in tree.find_all(nodes.Node)) > MOST_NODES:
        raise Misuse("the template is too large.", 1, f"A post template has at most {MOST_NODES} parts.")
    if not any(_prints(node) for node in tree.find_all((nodes.TemplateData, nodes.Expr))):
        raise Misuse("the template is empty.", 1, "It must print something, such as {{ title }}.")
    _Checker(vocabulary).children(tree)


def _prints(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.TemplateData) or bool(node.data.strip())


class _Checker:
    """Walks the parsed template. `printed` is whether a node's text goes straight into the post."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self.known = list(vocabulary)
        self.in_loop = False

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
                _known(node.name, TESTS, node.lineno, "test")
                self.children(node)
            case nodes.CondExpr():
                self._choice(node, printed)
            case nodes.For():
                self._loop(node)
            case nodes.Scope():
                self._optional(node)
            case nodes.Output() | nodes.Concat():
                self.children(node, printed=printed or isinstance(node, nodes.Output))
            case (
                nodes.Keyword()
                | nodes.If()
                | nodes.Compare()
                | nodes.Operand()
                | nodes.And()
                | nodes.Or()
                | nodes.Not()
                | nodes.List()
            ):
                self.children(node)
            case _:
                raise _not_offered(node)

    def _constant(self, node: nodes.Const) -> None:
        if isinstance(node.value, str):  # an escape such as "\ufdd0" could forge the marks of |fit
            node.value = clean(node.value)

    def _name(self, node: nodes.Name) -> None:
        _known(node.name, self.known, node.lineno)

    def _part(self, node: nodes.Getattr) -> None:
        owner = node.node.name if isinstance(node.node, nodes.Name) else ""
        self.visit(node.node)
        if owner not in PARTS:
            raise Misuse(f"nothing can stand behind the dot in “{owner or '…'}.{node.attr}”.", node.lineno)
        _known(node.attr, PARTS[owner], node.lineno, f"part of {owner}")

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
        self.visit(node.iter)
        outside = self.known
        self.known, self.in_loop = [*outside, node.target.name, "loop"], True
        for child in (node.test, *node.body, *node.else_):
            if child is not None:
                self.visit(child)
        self.known, self.in_loop = outside, False

    def _optional(self, node: nodes.Scope) -> None:
        if not _has_fit(node):
            hint = "It vanishes with its fields: give one of them |fit."
            raise Misuse("{% optional %} has no field with |fit inside.", node.lineno, hint)
        self.children(node)

    def _filter(self, node: nodes.Filter, printed: bool) -> None:
        if node.node is None:
            raise Misuse(f"{{% filter {node.name} %}} is not offered.", node.lineno, "Put the filter behind each text.")
        _known(node.name, FILTERS, node.lineno, "filter")
        if node.dyn_args or node.dyn_kwargs:
            raise Misuse("* and ** are not offered in post templates.", node.lineno)
        if _is_link(node.node):
            raise Misuse("a link is never changed or cut.", node.lineno, "Print it as it is: {{ url }}.")
        if node.name == "fit":
            self._fit(node, printed)
        else:
            _refuse_after_fit(node)
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
            _known(option.key, FIT_OPTIONS, node.lineno, "option of |fit")
        _try_options(node.args, options, node.lineno)
        options.append(nodes.Keyword("name", nodes.Const(_field_name(node.node)), lineno=node.lineno))


def _try_options(args: list[nodes.Expr], options: Iterable[nodes.Keyword], line: int) -> None:
    """Tries those options of a |fit that are written out: a mistake is found before the first article comes."""
    written: dict[str, Any] = {each.key: each.value.value for each in options if isinstance(each.value, nodes.Const)}
    if args and isinstance(args[0], nodes.Const):
        written["priority"] = args[0].value
    try:
        mark("", **written)
    except FitMisused as error:
        raise Misuse(str(error), line) from None


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


def _is_link(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "url"


def _field_name(node: nodes.Node | None) -> str:
    """What a field is called when it is reported as cut: the first value its text is made of."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    inner = (_field_name(child) for child in node.iter_child_nodes()) if node else iter(())
    return next((name for name in inner if name != "text"), "text")


def _known(name: str, names: Collection[str], line: int, kind: str = "field") -> None:
    """Refuses a name that does not exist, with the nearest that does and all the others."""
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean “{near[0]}”? " if near else ""
        raise Misuse(f"there is no {kind} called “{name}”.", line, f"{hint}There are: {', '.join(sorted(names))}.")


_INSTEAD = {
    nodes.Call: ("calls, such as title.upper(), are", "Use a filter: {{ title|upper }}."),
    nodes.BinExpr: ("sums are", "Join texts with ~, as in {{ section ~ ': ' ~ title }}."),
    nodes.Getitem: ("square brackets are", "Use |first or |last for a list, |fit to shorten a text."),
    nodes.Stmt: ("this tag is", f"There are: {', '.join(TAGS)}."),
}


def _not_offered(node: nodes.Node) -> Misuse:
    what, hint = next((words for kind, words in _INSTEAD.items() if isinstance(node, kind)), ("this is", ""))
    return Misuse(f"{what} not offered in post templates.", node.lineno, hint)


# -- what Jinja itself has to say ------------------------------------------------------------------------------------

_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(\w+)'\.$")
_NOT_CLOSED = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_END_OF = re.compile(r"'?end of print statement'?"), re.compile(r"'?end of statement block'?")


def misuse(error: TemplateSyntaxError) -> Misuse:
    """Jinja's syntax error in a template author's words."""
    message = error.message or ""
    if closing := _NOT_CLOSED.search(message):
        tag = closing[1]
        return Misuse(f"{{% {tag} %}} is not closed.", error.lineno, f"Write {{% end{tag} %}} where it ends.")
    if unknown := _UNKNOWN_TAG.search(message):
        return _unknown_tag(unknown[1], error.lineno)
    if message.startswith("unexpected end of template"):
        return Misuse("something that was opened is not closed.", error.lineno, "Look for a missing }} or %}.")
    if message.startswith("Missing end of comment"):
        return Misuse("a comment is not closed.", error.lineno, "Write #} where it ends.")
    for pattern, sign in zip(_END_OF, ("}}", "%}"), strict=True):
        message = pattern.sub(sign, message)
    return Misuse(f"this cannot be read: {message.rstrip('.')}.", error.lineno)


def _unknown_tag(tag: str, line: int) -> Misuse:
    if tag.startswith("end") or tag in ("else", "elif"):
        return Misuse(f"{{% {tag} %}} belongs to nothing that is open here.", line)
    try:
        _known(tag, TAGS, line, "tag")
    except Misuse as unknown:
        return unknown
    raise AssertionError(tag)
