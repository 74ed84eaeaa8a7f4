"""How large a template may be, and how much it may do: far more than any real one, and never enough to hurt."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jinja2 import nodes

from bot.templating.mistakes import Misuse

MOST_NODES = 1_000
"""Parts of one template; real ones have a few dozen."""

MOST_JOINED = 50
"""Texts that one template joins with ~."""

MOST_STEPS = 2_000
"""Filters and comparisons while a post is printed; those in a {% for %} count once for each item of its list."""

TURNS = 100
"""Items of a list that only an article can tell, as many as it may bring."""

MOST_ELASTIC = 150
"""Texts with |fit in a post; one in a {% for %} counts once for each item, of {% if %} and {% else %} one side counts.

Real templates have a handful."""


def refuse_too_much(tree: nodes.Template) -> None:
    """Refuses (Misuse) a template that is empty, too large, or could keep the machine busy."""
    if _has_more_nodes(tree, MOST_NODES):
        raise Misuse("the template is too large.", 1, f"A post template has at most {MOST_NODES} parts.")
    if not any(_prints(node) for node in tree.find_all((nodes.TemplateData, nodes.Expr))):
        raise Misuse("the template is empty.", 1, "It must print something, such as {{ title }}.")
    if sum(len(joined.nodes) for joined in tree.find_all(nodes.Concat)) > MOST_JOINED:
        raise Misuse("the template joins too many texts.", 1, f"It may join {MOST_JOINED} with ~.")
    if _at_most(tree, _is_step) > MOST_STEPS:
        hint = f"It may have {MOST_STEPS} filters and comparisons; {_IN_A_LOOP}"
        raise Misuse("the template does too much.", 1, hint)
    if _at_most(tree, _is_elastic) > MOST_ELASTIC:
        hint = (
            f"It may have {MOST_ELASTIC}; {_IN_A_LOOP} A list needs no loop: {{{{ tags|hashtag|fit(4, cut='item') }}}}."
        )
        raise Misuse("the template has too many texts with |fit.", 1, hint)


_IN_A_LOOP = f"one in a {{% for %}} counts once for each item, {TURNS} times for tags."


def _has_more_nodes(tree: nodes.Node, most: int) -> bool:
    """Jinja's own walk takes quadratic time in the depth of a tree."""
    waiting, seen = [tree], 0
    while waiting and seen <= most:
        seen += 1
        waiting.extend(waiting.pop().iter_child_nodes())
    return seen > most


def _at_most(node: nodes.Node, counts: Callable[[nodes.Node], bool]) -> int:
    """How many of what counts are done while a post is printed: of the ways through a choice the longest."""
    match node:
        case nodes.If():
            others = node.elif_
            ways = [node.body, *(other.body for other in others), node.else_]
            return _in_all([node.test, *(other.test for other in others)], counts) + max(
                _in_all(way, counts) for way in ways
            )
        case nodes.CondExpr():
            ways = [[node.expr1], [node.expr2] if node.expr2 else []]
            return _at_most(node.test, counts) + max(_in_all(way, counts) for way in ways)
        case nodes.For():
            each = _in_all([*([node.test] if node.test else []), *node.body], counts)
            return _at_most(node.iter, counts) + _turns(node.iter) * each + _in_all(node.else_, counts)
    return counts(node) + _in_all(node.iter_child_nodes(), counts)


def _in_all(parts: Iterable[nodes.Node], counts: Callable[[nodes.Node], bool]) -> int:
    return sum(_at_most(part, counts) for part in parts)


def _turns(items: nodes.Node | None) -> int:
    match items:
        case nodes.List():
            return len(items.items)
        case nodes.CondExpr():
            return max(_turns(items.expr1), _turns(items.expr2))
    return TURNS


def _is_step(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter | nodes.Operand)


def _is_elastic(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter) and node.name == "fit"


def _prints(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.TemplateData) or bool(node.data.strip())
