"""Lets all parts of a template be done, whatever their conditions say: a mistake may stand where few articles come."""

from __future__ import annotations

from jinja2 import nodes
from jinja2.visitor import NodeTransformer


def unfold(tree: nodes.Template) -> None:
    """Changes a checked template so that it does all sides of its choices, with whatever article it is printed."""
    _Unfolding().visit(tree)


class _Unfolding(NodeTransformer):
    def visit_If(self, node: nodes.If) -> list[nodes.Node]:
        ways, node.elif_ = [node, *node.elif_], []
        for way in ways:
            self.generic_visit(way)
        asked = [_asked(way.test) for way in ways]
        return [*asked, *(part for way in ways for part in way.body), *node.else_]

    def visit_For(self, node: nodes.For) -> list[nodes.Node]:
        self.generic_visit(node)
        instead, node.else_ = node.else_, []
        if node.test is not None:
            node.body, node.test = [_asked(node.test), *node.body], None
        return [node, *instead]

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Expr:
        self.generic_visit(node)
        return _first_of([node.expr1, node.test, *([node.expr2] if node.expr2 else [])])

    def visit_And(self, node: nodes.And | nodes.Or) -> nodes.Expr:
        self.generic_visit(node)
        return _first_of([node.right, node.left])

    visit_Or = visit_And


def _asked(test: nodes.Node) -> nodes.If:
    """A condition that nothing follows from."""
    return nodes.If(test, [], [], [], lineno=test.lineno)


def _first_of(values: list[nodes.Expr]) -> nodes.Expr:
    """What gives the first of some values, all of which are made."""
    return nodes.Filter(nodes.List(values), "first", [], [], None, None, lineno=values[0].lineno)
