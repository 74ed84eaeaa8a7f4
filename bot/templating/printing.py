"""What a part of a template gives when it is printed: a text, the link, or something that is no text at all."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes

from bot.templating.mistakes import Misuse

NOT_PRINTED = {
    "account": "Say what of it, as in {{ account.handle }}.",
    "loop": "Say what of it, as in {{ loop.index }}.",
    "breaking": "Ask for it, as in {% if breaking %}BREAKING: {% endif %}.",
    "published": "Say how to write it, as in {{ published|date('long') }}.",
}
"""Fields that are no text, and what to write instead of printing them as they are."""
YES_OR_NO = ("loop.first", "loop.last")
"""Parts of fields that are no text either."""
ONLY_PARTS = ("account", "loop")
"""Those of which only the parts may be used at all: a whole account has settings that are nobody's business."""


def prints_link(node: nodes.Node | None) -> bool:
    """Whether the link is, or is in, the text that an expression gives."""
    return any(isinstance(value, nodes.Name) and value.name == "url" for value in given(node))


def given(node: nodes.Node | None) -> list[nodes.Expr]:
    """The names, parts and yes-or-no questions whose values are, or are in, what an expression gives.

    Not those it only asks in a condition, nor what stands before |date.
    """
    match node:
        case nodes.Name() | nodes.Getattr() | nodes.Compare() | nodes.Test() | nodes.Not() | nodes.Const(value=bool()):
            return [node]
        case nodes.Filter():
            return [] if node.name == "date" else given(node.node)
        case nodes.CondExpr():
            return given(node.expr1) + given(node.expr2)
        case nodes.Concat() | nodes.And() | nodes.Or() | nodes.List():
            return [value for child in node.iter_child_nodes() for value in given(child)]
    return []


def refuse_no_text(texts: Iterable[nodes.Node | None], takes: str = "") -> None:
    """Refuses what is no text, other than what `takes` says, where a text is printed, changed or gone through."""
    for value in (value for text in texts for value in given(text)):
        match value:
            case nodes.Name(name=name):
                if name in NOT_PRINTED and name != takes:
                    raise no_text(value)
            case nodes.Getattr(node=nodes.Name(name=owner), attr=part):
                if f"{owner}.{part}" in YES_OR_NO:
                    hint = f"Ask for it, as in {{% if {owner}.{part} %}}…{{% endif %}}."
                    raise Misuse(f"{owner}.{part} is no text, but yes or no.", value.lineno, hint)
            case nodes.Getattr():
                pass
            case _:
                hint = "Ask it in a condition, as in {{ 'Read: ' if section == 'News' }}."
                raise Misuse("this is no text, but a question with yes or no for an answer.", value.lineno, hint)


def no_text(name: nodes.Name) -> Misuse:
    return Misuse(f"{name.name} is no text.", name.lineno, NOT_PRINTED[name.name])
