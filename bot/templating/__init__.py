"""Post templates: ordinary Jinja2 files, in a sandbox that offers what a post needs and nothing else."""

from bot.templating.language import VOCABULARY
from bot.templating.templates import Templates

__all__ = ["VOCABULARY", "Templates"]
