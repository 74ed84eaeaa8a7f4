"""The page docs/templates.md: every example gives what stands below it, and its reference leaves nothing out."""

from __future__ import annotations

import re

import pytest

from bot.templating.vocabulary import FILTERS, FIT_OPTIONS, TAGS, VOCABULARY
from tests.template_docs import BLOCK, FILE, REFERENCE, RESULTS, reference, results

PAGE = FILE.read_text("utf-8")
FOUND = list(results(PAGE))
ANEW = "`python -m tests.template_docs` writes the page anew"


def line_of(block: re.Match[str]) -> int:
    return PAGE.count("\n", 0, block.start()) + 1


@pytest.mark.parametrize("number", range(len(FOUND)), ids=lambda number: f"line-{line_of(FOUND[number][0])}")
def test_every_example_gives_what_stands_below_it(number: int) -> None:
    block, kind, example = FOUND[number]
    assert kind in RESULTS, f"line {line_of(block)}: of what is this the result?"
    assert example.templates, f"line {line_of(block)}: the result of no template"
    assert f"{example.result(kind)}\n" == block[3], f"line {line_of(block)}: {ANEW}"


def test_no_template_stands_there_without_its_result() -> None:
    shown = [block for block in BLOCK.finditer(PAGE) if block[1] in ("jinja", "text")]
    alone = [
        line_of(block)
        for block, following in zip(shown, [*shown[1:], None], strict=True)
        if block[1] == "jinja" and (following is None or (following[1] == "jinja" and not following[2]))
    ]
    assert not alone, f"without a result: lines {alone}"


def test_the_reference_is_the_vocabulary() -> None:
    found = REFERENCE.search(PAGE)
    assert found is not None
    assert found[0] == reference(), ANEW


def test_the_lessons_use_most_of_the_vocabulary() -> None:
    taught = "".join(block[3] for block in BLOCK.finditer(PAGE) if block[1] == "jinja")
    assert {"title", "url", "summary", "section", "tags", "author", "published", "short"} <= {
        word for word in VOCABULARY if re.search(rf"\b{word}\b", taught)
    }
    not_for_beginners = {"hashtags", "default", "replace", "trim", "join", "first", "last", "length", "lower"}
    assert set(FILTERS) - not_for_beginners <= {name for name in FILTERS if re.search(rf"\|{name}\b", taught)}
    assert set(FIT_OPTIONS) - {"priority"} <= {name for name in FIT_OPTIONS if f"{name}=" in taught}
    assert {name for name in TAGS if f"{{% {name} " in taught} == set(TAGS)
