"""Comparisons that can never be true, such as `{% if breaking == 'yes' %}`, told when a template is checked."""

from __future__ import annotations

from collections.abc import Collection

from jinja2 import nodes

from bot.templating.mistakes import Misuse

YES_OR_NO, DATE, NUMBER, TEXT, LIST = "a yes or no", "a date", "a number", "a text", "a list"

_FIELDS = {"breaking": YES_OR_NO, "published": DATE, "tags": LIST}
_PARTS = {"published": NUMBER, "account": TEXT, "loop.first": YES_OR_NO, "loop.last": YES_OR_NO, "loop": NUMBER}
_ALIKE: Collection[set[str]] = ({YES_OR_NO, NUMBER},)  # to Jinja true is 1
_WHAT_TO_DO = {
    YES_OR_NO: "Ask for it as it is, as in {% if breaking %}…{% endif %}.",
    DATE: "Compare a part of it, as in {% if published and published.year == 2026 %}.",
    LIST: "Look into it, as in {% if 'Baku' in tags %}.",
    NUMBER: "Write numbers without quotes, as in {% if published and published.month == 6 %}.",
    TEXT: "Write texts in quotes, as in {% if section == 'Sport' %}.",
}


def refuse_unlike(compare: nodes.Compare) -> None:
    """Raises Misuse where two kinds of things are compared, or `in` looks into what has nothing in it."""
    left = compare.expr
    for operand in compare.ops:
        right = operand.expr
        if operand.op in ("in", "notin"):
            if _kind(right) in (YES_OR_NO, DATE, NUMBER):
                raise Misuse(
                    f"nothing can be in {_named(right)}, which is {_kind(right)}.", compare.lineno, _WHAT_TO_DO[LIST]
                )
        elif (kinds := {_kind(left), _kind(right)}) and "" not in kinds and len(kinds) > 1 and kinds not in _ALIKE:
            told = f"{_named(left)} is {_kind(left)} and {_named(right)} {_kind(right)}: the two are never alike."
            field = right if isinstance(left, nodes.Const) else left
            raise Misuse(told, compare.lineno, _WHAT_TO_DO[_kind(field)])
        left = right


def _kind(value: nodes.Expr) -> str:
    """What a value is, or "" where that may be one thing or another."""
    match value:
        case nodes.Const(value=bool()):
            return YES_OR_NO
        case nodes.Const(value=int() | float()):
            return NUMBER
        case nodes.Const(value=str()) | nodes.Concat():
            return TEXT
        case nodes.Name():
            return _FIELDS.get(value.name, TEXT)
        case nodes.Getattr(node=nodes.Name(name=owner)):
            return _PARTS.get(f"{owner}.{value.attr}", _PARTS.get(owner, ""))
        case nodes.List():
            return LIST
        case nodes.Filter(name="length"):
            return NUMBER
        case nodes.Filter(name="default" | "first" | "last"):
            return ""
        case nodes.Filter():
            return TEXT
    return ""


def _named(value: nodes.Expr) -> str:
    match value:
        case nodes.Const():
            return repr(value.value).lower() if isinstance(value.value, bool) else repr(value.value)
        case nodes.Name():
            return value.name
        case nodes.Getattr(node=nodes.Name(name=owner)):
            return f"{owner}.{value.attr}"
        case nodes.Filter(node=nodes.Expr() as changed):
            return f"{_named(changed)}|{value.name}"
        case nodes.List():
            return "[…]"
    return "it"
