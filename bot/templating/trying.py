"""One template tried on every post: what is previewed or measured before an account uses it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.templating.guarded import GuardedTemplates
from bot.templating.templates import Templates


class OneTemplate:
    """The template `name` of `templates`, whatever template an account has and whatever is special about an article."""

    def __init__(self, templates: Templates | GuardedTemplates, name: str) -> None:
        self._templates = templates
        self._name = name

    def find(self, base: str, **_: object) -> str:
        return self._name

    def render(self, name: str, values: Mapping[str, object]) -> str:
        return self._templates.render(self._name, values)
