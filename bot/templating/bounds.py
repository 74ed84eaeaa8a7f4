"""How large a template may be, and how much it may do: far more than any real one, and never enough to hurt."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from bot.templating.mistakes import Misuse

MOST_NODES = 1_000
"""Parts of one template; real ones have a few dozen."""

MOST_JOINED = 50
"""Texts that one template joins with ~."""

MOST_STEPS = 2_000
"""Filters and comparisons while a post is printed; those in a {% for %} count for each of a hundred tags."""

TURNS = 100

MOST_ELASTIC = 150
"""Texts with |fit in a post; one in a {% for %} counts for each of a hundred tags. Real ones have a handful."""


def refuse_too_much(tree: nodes.Template) -> None:
    """Refuses (Misuse) a template that is empty, too large, or could keep the machine busy."""
    if _has_more_nodes(tree, MOST_NODES):
        raise Misuse("the template is too large.", 1, f"A post template has at most {MOST_NODES} parts.")
    if not any(_prints(node) for node in tree.find_all((nodes.TemplateData, nodes.Expr))):
        raise Misuse("the template is empty.", 1, "It must print something, such as {{ title }}.")
    if sum(len(joined.nodes) for joined in tree.find_all(nodes.Concat)) > MOST_JOINED:
        raise Misuse("the template joins too many texts.", 1, f"It may join {MOST_JOINED} with ~.")
    if sum(_steps(tree), TURNS * sum(sum(_steps(loop)) for loop in tree.find_all(nodes.For))) > MOST_STEPS:
        hint = f"It may have {MOST_STEPS} filters and comparisons; one in a {{% for %}} counts {TURNS} times."
        raise Misuse("the template does too much.", 1, hint)
    if sum(_fits(tree), (TURNS - 1) * sum(sum(_fits(loop)) for loop in tree.find_all(nodes.For))) > MOST_ELASTIC:
        hint = f"It may have {MOST_ELASTIC}; one in a {{% for %}} counts {TURNS} times."
        raise Misuse("the template has too many texts with |fit.", 1, hint)


def _has_more_nodes(tree: nodes.Node, most: int) -> bool:
    """Jinja's own walk takes quadratic time in the depth of a tree."""
    waiting, seen = [tree], 0
    while waiting and seen <= most:
        seen += 1
        waiting.extend(waiting.pop().iter_child_nodes())
    return seen > most


def _steps(node: nodes.Node) -> Iterator[int]:
    return (1 for _ in node.find_all((nodes.Filter, nodes.Compare)))


def _fits(node: nodes.Node) -> Iterator[int]:
    return (1 for each in node.find_all(nodes.Filter) if each.name == "fit")


def _prints(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.TemplateData) or bool(node.data.strip())
