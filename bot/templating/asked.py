"""What a template asks of an article in its conditions, so that it can be tried with articles that answer."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

Answers = dict[str, object]
"""Values of an article's fields, by name; the rest of it may be anything."""

MOST_ANSWERS = 60
"""Articles a template is tried with; each takes a few milliseconds."""

_EMPTY: Answers = {"tags": [], "published": None}
_NEVER_EMPTY = frozenset(["title", "url", "breaking", "account", "loop"])  # without a link there is none to look at


def asked(tree: nodes.Template) -> list[Answers]:
    """The answers, each different, with which one comes to the sides of all choices: first those of outer ones.

    For `section == 'Sport'` that is an article of that section, for `author` one that names none.
    """
    found: list[Answers] = []
    for answers in _below(tree, {}):
        if answers and answers not in found:
            found.append(answers)
            if len(found) == MOST_ANSWERS:
                break
    return found


def _below(node: nodes.Node, given: Answers) -> Iterator[Answers]:
    match node:
        case nodes.If():
            for way in (node, *node.elif_):
                yield from _of_test(way.test, given, way.body)
                given = given | _lacking(way.test)
            for part in node.else_:
                yield from _below(part, given)
        case nodes.CondExpr():
            yield from _of_test(node.test, given, [node.expr1])
            if node.expr2 is not None:
                yield from _below(node.expr2, given | _lacking(node.test))
        case _:
            for child in node.iter_child_nodes():
                yield from _below(child, given)


def _of_test(test: nodes.Node, given: Answers, body: list[nodes.Node]) -> Iterator[Answers]:
    for met in _met(test):
        answers = given | met
        yield answers
        for part in body:
            yield from _below(part, answers)
    for name in _bare_names(test):
        yield given | _lacking(name)


def _met(test: nodes.Node) -> list[Answers]:
    """Answers with which a condition is met, as far as it compares a field with what is written out."""
    match test:
        case nodes.And():
            return [one | other for one in _met(test.left) for other in _met(test.right)][:MOST_ANSWERS]
        case nodes.Or():
            return [*_met(test.left), *_met(test.right)]
        case nodes.Compare(expr=one, ops=[nodes.Operand(op="eq", expr=other)]):
            return [*_alike(one, other), *_alike(other, one)] or [{}]
        case nodes.Compare(expr=nodes.Const(value=str(part)), ops=[nodes.Operand(op="in", expr=whole)]):
            name = _field(whole)
            return [{name: [part] if name == "tags" else part}] if name else [{}]
        case nodes.Compare(expr=one, ops=[nodes.Operand(op="in", expr=nodes.List(items=items))]):
            return [answers for each in items for answers in _alike(one, each)] or [{}]
    return [{}]


def _field(value: nodes.Node | None) -> str:
    """The field whose text a value is, in whatever letters."""
    match value:
        case nodes.Name():
            return value.name
        case nodes.Filter(name="lower" | "upper" | "trim"):
            return _field(value.node)
    return ""


def _alike(field: nodes.Node, written: nodes.Node) -> list[Answers]:
    """The answer with which a field is what is written out, if they are a field's text and that."""
    match written:
        case nodes.Const(value=str(text)) if _field(field) not in ("", "tags"):
            return [{_field(field): text}]
    return []


def _bare_names(test: nodes.Node) -> Iterator[nodes.Name]:
    """The fields of which a condition asks whether they are there."""
    match test:
        case nodes.Name():
            yield test
        case nodes.And() | nodes.Or() | nodes.Not():
            for part in test.iter_child_nodes():
                yield from _bare_names(part)


def _lacking(field: nodes.Node) -> Answers:
    """What an article says that has nothing in a field."""
    if not isinstance(field, nodes.Name) or field.name in _NEVER_EMPTY:
        return {}
    return {field.name: _EMPTY.get(field.name, "")}
