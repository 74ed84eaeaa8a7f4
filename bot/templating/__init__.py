"""Post templates: ordinary Jinja2 files, in a sandbox that offers what a post needs and nothing else."""

from bot.templating.templates import Templates
from bot.templating.vocabulary import VOCABULARY

__all__ = ["VOCABULARY", "Templates"]
