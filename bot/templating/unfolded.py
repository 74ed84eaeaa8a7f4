"""Lets all parts of a template be done, whatever their conditions say: a mistake may stand where few articles come."""

from __future__ import annotations

from jinja2 import nodes
from jinja2.visitor import NodeTransformer


def unfold(tree: nodes.Template, *, take: int = 0, but: str = "") -> None:
    """Changes a checked template so that it does all sides of its choices, with whatever article it is printed.

    Where a choice gives a value, all are made and one is taken, the first or as many behind it as `take` says. A choice
    that asks for the field `but` stays one: what stands behind it was written for the articles that it lets through.
    """
    _Unfolding(take, but).visit(tree)


class _Unfolding(NodeTransformer):
    def __init__(self, take: int, but: str) -> None:
        self._take = take
        self._but = but
        # By the id of what `_one_of` gave: that itself, or another might get its id; its values and its conditions.
        self._made: dict[int, tuple[nodes.Filter, list[nodes.Expr], list[nodes.Expr]]] = {}

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        ways = [node, *node.elif_]
        if any(self._stays(way.test) for way in ways):
            self.generic_visit(node)
            return node
        node.elif_ = []
        for way in ways:
            self.generic_visit(way)
        asked = [_asked(way.test) for way in ways]
        return [*asked, *(part for way in ways for part in way.body), *node.else_]

    def visit_For(self, node: nodes.For) -> list[nodes.Node]:
        self.generic_visit(node)
        instead, node.else_ = node.else_, []
        if node.test is not None and not self._stays(node.test):
            node.body, node.test = [_asked(node.test), *node.body], None
        return [node, *instead]

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Expr:
        self.generic_visit(node)
        if self._stays(node.test):
            return node
        return self._one_of([node.expr1, *([node.expr2] if node.expr2 else [])], [node.test])

    def visit_And(self, node: nodes.And | nodes.Or) -> nodes.Expr:
        self.generic_visit(node)
        return node if self._stays(node) else self._one_of([node.left, node.right], [])

    visit_Or = visit_And

    def _stays(self, condition: nodes.Node) -> bool:
        itself = [condition] if isinstance(condition, nodes.Name) else []
        return any(name.name == self._but for name in (*itself, *condition.find_all(nodes.Name)))

    def _one_of(self, choices: list[nodes.Expr], tests: list[nodes.Expr]) -> nodes.Expr:
        """What makes all of these and gives one of the choices. Those of a choice inside are its own: no depth of them
        takes Jinja more time than their number."""
        values: list[nodes.Expr] = []
        for choice in choices:
            _, inner, asked = self._made.get(id(choice), (None, [choice], []))
            values, tests = values + inner, tests + asked
        at = self._take % len(values)
        made = [values[at], *values[:at], *values[at + 1 :], *tests]
        chosen = nodes.Filter(nodes.List(made), "first", [], [], None, None, lineno=values[0].lineno)
        self._made[id(chosen)] = chosen, values, tests
        return chosen


def _asked(test: nodes.Node) -> nodes.If:
    """A condition that nothing follows from."""
    return nodes.If(test, [], [], [], lineno=test.lineno)
