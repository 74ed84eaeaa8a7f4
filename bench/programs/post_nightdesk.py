"""A post rendered and fitted by Nightdesk, held to X's limit as it is when it is sent."""

from pathlib import Path

from passes import serve

from bot.platforms.registry import rules_for
from bot.templating import Templates
from bot.text.fit import Fitted, solve

TEMPLATES = Templates([Path(__file__).parents[1] / "templates"])
LIMIT = rules_for("x").limit


def post(item: dict) -> Fitted:
    return solve(TEMPLATES.render("post.txt.j2", item["values"]), LIMIT)


def prepare(item: dict) -> dict:
    if bool(post(item).cut) is not item["must_be_cut"]:
        raise SystemExit(f"the post on {item['url']} is not of its kind")
    return item


serve(post, prepare)
