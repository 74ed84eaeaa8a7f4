"""The same template rendered by plain Jinja2, whose `fit` changes nothing."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from passes import serve

environment = Environment(loader=FileSystemLoader(Path(__file__).parents[1] / "templates"))
environment.filters["fit"] = lambda value, *rules, **more: value
template = environment.get_template("post.txt.j2")


def post(item: dict) -> str:
    return template.render(item["values"])


serve(post)
