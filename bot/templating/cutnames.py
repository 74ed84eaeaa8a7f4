"""What a field with |fit is called when it is reported as cut: the values its text is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jinja2 import nodes

NAMELESS = "text"


def field_name(node: nodes.Node | None) -> str:
    """The name as far as the template alone can tell."""
    match node:
        case nodes.CondExpr():
            return _first((node.expr1, node.expr2))
        case nodes.And():
            return field_name(node.right)
        case nodes.Concat():
            names = dict.fromkeys(field_name(part) for part in node.nodes)
            return " ~ ".join(name for name in names if name != NAMELESS) or NAMELESS
        case nodes.Name():
            return node.name
        case nodes.Getattr(node=nodes.Name(name=owner), attr=part):
            return f"{owner}.{part}"
    return _first(node.iter_child_nodes()) if node else NAMELESS


def _first(parts: Iterable[nodes.Node | None]) -> str:
    return next((name for part in parts if (name := field_name(part)) != NAMELESS), NAMELESS)


def name_of(node: nodes.Node | None, looped: Mapping[str, str]) -> nodes.Expr:
    """What gives the name: of `short or title` and the like it is the one that the article has.

    `looped`: what the name of a {% for %} stands for.
    """
    match node:
        case nodes.Or() | nodes.Filter(name="default"):
            return _one_of(_alternatives(node), looped)
        case nodes.CondExpr(test=test, expr1=one, expr2=other) if NAMELESS not in (field_name(one), field_name(other)):
            return nodes.CondExpr(test, name_of(one, looped), name_of(other, looped))
        case nodes.Filter():
            return name_of(node.node, looped)
    name = field_name(node)
    return nodes.Const(looped.get(name, name))


def _alternatives(node: nodes.Node | None) -> list[nodes.Node | None]:
    """The values of which the first that is not empty is taken."""
    match node:
        case nodes.Or():
            return [*_alternatives(node.left), *_alternatives(node.right)]
        case nodes.Filter(name="default", args=[fallback]):
            return [*_alternatives(node.node), fallback]
    return [node]


def _one_of(values: list[nodes.Node | None], looped: Mapping[str, str]) -> nodes.Expr:
    names = [nodes.Const(looped.get(field_name(value), field_name(value))) for value in values]
    found: nodes.Expr = names.pop()
    for value, name in reversed(list(zip(values, names, strict=False))):
        # Only a field is looked at twice; whatever takes work is known by the template alone.
        found = nodes.CondExpr(value, name, found) if isinstance(value, nodes.Name | nodes.Getattr) else name
    return found
