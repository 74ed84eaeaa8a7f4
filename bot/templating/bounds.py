"""How large a template may be, and how much it may do: far more than any real one, and never enough to hurt."""

from __future__ import annotations

from collections.abc import Callable

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
"""Texts with |fit in a post; one in a {% for %} counts once for each item. Real ones have a handful."""


def refuse_too_much(tree: nodes.Template) -> None:
    """Refuses (Misuse) a template that is empty, too large, or could keep the machine busy."""
    if _has_more_nodes(tree, MOST_NODES):
        raise Misuse("the template is too large.", 1, f"A post template has at most {MOST_NODES} parts.")
    if not any(_prints(node) for node in tree.find_all((nodes.TemplateData, nodes.Expr))):
        raise Misuse("the template is empty.", 1, "It must print something, such as {{ title }}.")
    if sum(len(joined.nodes) for joined in tree.find_all(nodes.Concat)) > MOST_JOINED:
        raise Misuse("the template joins too many texts.", 1, f"It may join {MOST_JOINED} with ~.")
    if _at_most(tree, _steps) > MOST_STEPS:
        hint = f"It may have {MOST_STEPS} filters and comparisons; {_IN_A_LOOP}"
        raise Misuse("the template does too much.", 1, hint)
    if _at_most(tree, _fits) > MOST_ELASTIC:
        raise Misuse("the template has too many texts with |fit.", 1, f"It may have {MOST_ELASTIC}; {_IN_A_LOOP}")


_IN_A_LOOP = f"one in a {{% for %}} counts once for each item, {TURNS} times for tags."


def _has_more_nodes(tree: nodes.Node, most: int) -> bool:
    """Jinja's own walk takes quadratic time in the depth of a tree."""
    waiting, seen = [tree], 0
    while waiting and seen <= most:
        seen += 1
        waiting.extend(waiting.pop().iter_child_nodes())
    return seen > most


def _at_most(tree: nodes.Template, found: Callable[[nodes.Node], int]) -> int:
    """How many of what is found in a template are done while a post is printed."""
    again = ((_turns(loop.iter) - 1) * (found(loop) - found(loop.iter)) for loop in tree.find_all(nodes.For))
    return found(tree) + sum(again)


def _turns(items: nodes.Node | None) -> int:
    match items:
        case nodes.List():
            return len(items.items)
        case nodes.CondExpr():
            return max(_turns(items.expr1), _turns(items.expr2))
    return TURNS


def _steps(node: nodes.Node) -> int:
    return sum(1 for _ in node.find_all((nodes.Filter, nodes.Operand)))


def _fits(node: nodes.Node) -> int:
    return sum(each.name == "fit" for each in node.find_all(nodes.Filter))


def _prints(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.TemplateData) or bool(node.data.strip())
