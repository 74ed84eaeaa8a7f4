"""A post shortened by the package brevity: its text, and the link as the permalink."""

from brevity import shorten
from passes import serve


def post(item: dict) -> str:
    return shorten(item["text"], permalink=item["url"])


serve(post)
