"""Which template file an article gets: the most special one there is, and of several variants always the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.templating import Templates
from bot.templating.lookup import slug

BASE = "posts/x.txt.j2"
Keep = Callable[..., Templates]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Puts template files with these names, by folder, and gives the templates of those folders in their order."""

    def keeper(*names: str, **folders: list[str]) -> Templates:
        for folder, files in {"home": names, **folders}.items():
            (tmp_path / folder).mkdir(exist_ok=True)
            for name in files:
                path = tmp_path / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{{{{ title }}}} {folder}")
        return Templates([tmp_path / folder for folder in ("home", *folders)])

    return keeper


def found(templates: Templates, base: str = BASE, key: str = "1", **about: object) -> str:
    article: dict[str, object] = {"kinds": ["article"], "section": "", "source": "", "language": ""}
    return templates.find(base, key=key, **(article | about))  # type: ignore[arg-type]


EVERYTHING = [
    "posts/x.txt.j2",
    "posts/x.az.txt.j2",
    "posts/x/sport.txt.j2",
    "posts/x/sport.az.txt.j2",
    "posts/x/reuters.txt.j2",
    "posts/x/breaking.txt.j2",
    "posts/x/breaking.az-latn.txt.j2",
]
CASES: dict[str, tuple[dict[str, object], str]] = {
    "nothing special": ({}, "posts/x.txt.j2"),
    "a section": ({"section": "Sport"}, "posts/x/sport.txt.j2"),
    "a section nobody wrote a template for": ({"section": "Culture"}, "posts/x.txt.j2"),
    "a source": ({"source": "reuters"}, "posts/x/reuters.txt.j2"),
    "a kind": ({"kinds": ["breaking"]}, "posts/x/breaking.txt.j2"),
    "the first kind that has one": ({"kinds": ["gallery", "breaking"]}, "posts/x/breaking.txt.j2"),
    "a language": ({"language": "az"}, "posts/x.az.txt.j2"),
    "a language with its country": ({"language": "az-AZ"}, "posts/x.az.txt.j2"),
    "a language nobody wrote a template for": ({"language": "ru"}, "posts/x.txt.j2"),
    "a section in a language": ({"section": "sport", "language": "az"}, "posts/x/sport.az.txt.j2"),
    "a section in another language": ({"section": "sport", "language": "ru"}, "posts/x/sport.txt.j2"),
    "the nearest language": ({"kinds": ["breaking"], "language": "az_Latn_AZ"}, "posts/x/breaking.az-latn.txt.j2"),
    "section before source": ({"section": "SPORT", "source": "reuters"}, "posts/x/sport.txt.j2"),
    "source before kind": ({"source": "reuters", "kinds": ["breaking"]}, "posts/x/reuters.txt.j2"),
    "any place before a language alone": ({"source": "reuters", "language": "az"}, "posts/x/reuters.txt.j2"),
    "a language without end": ({"language": "az" + "-x" * 500_000}, "posts/x.az.txt.j2"),
    "a section without end": ({"section": "sport" * 1_000_000}, "posts/x.txt.j2"),
    "a section that names a path": ({"section": "../../posts/x"}, "posts/x.txt.j2"),
}


@pytest.mark.parametrize(("about", "name"), CASES.values(), ids=CASES)
def test_the_most_special_template_is_found(keep: Keep, about: dict[str, object], name: str) -> None:
    assert found(keep(*EVERYTHING), **about) == name


SLUGS = {
    "Sport": "sport",
    "Arts & Culture": "arts-culture",
    " breaking_news ": "breaking-news",
    "İdman": "idman",
    "i\u0307dman": "idman",
    "IQTISADIYYAT": "iqtisadiyyat",
    "Qarabağ": "qarabağ",
    "Спорт": "спорт",
    "日本 代表": "日本-代表",
    "../../etc/passwd": "etc-passwd",
    "!": "",
}


@pytest.mark.parametrize(("section", "name"), SLUGS.items(), ids=SLUGS)
def test_a_section_is_written_as_a_file_name_in_any_script(section: str, name: str) -> None:
    assert slug(section) == name == slug(name)


def test_a_file_may_be_written_as_the_section_is(keep: Keep) -> None:
    assert found(keep("posts/x.txt.j2", "posts/x/İdman.txt.j2"), section="idman") == "posts/x/İdman.txt.j2"


def test_the_homes_own_template_goes_before_a_more_special_one_of_the_package(keep: Keep) -> None:
    package = ["posts/x.txt.j2", "posts/x/breaking.txt.j2"]
    assert found(keep("posts/x.txt.j2", package=package), kinds=["breaking"]) == "posts/x.txt.j2"


def test_what_the_home_has_as_it_was_shipped_says_nothing_against_the_package(keep: Keep, tmp_path: Path) -> None:
    templates = keep(BASE, "posts/x/sport.txt.j2", package=[BASE, "posts/x/breaking.txt.j2"])
    (tmp_path / "home" / BASE).write_bytes((tmp_path / "package" / BASE).read_bytes())
    assert found(templates, kinds=["breaking"]) == "posts/x/breaking.txt.j2"
    assert found(templates, kinds=["breaking"], section="sport") == "posts/x/sport.txt.j2"
    assert found(templates) == BASE


def test_where_the_home_has_none_of_them_the_package_is_asked(keep: Keep) -> None:
    package = ["posts/x.txt.j2", "posts/x/breaking.txt.j2"]
    assert found(keep("posts/y.txt.j2", package=package), kinds=["breaking"]) == "posts/x/breaking.txt.j2"


@pytest.mark.parametrize("base", ["posts/none.txt.j2", "../posts/x.txt.j2", "/etc/passwd", "posts"])
def test_without_any_the_name_stays_as_it_was(keep: Keep, base: str) -> None:
    assert found(keep(*EVERYTHING), base) == base


NO_RELATIVES = ["posts/x.old.copy.txt.j2", "posts/x.backup.txt.j2", "posts/x.2026.txt.j2", "posts/x.1.txt.j2"]


@pytest.mark.parametrize("name", [*NO_RELATIVES, "posts/x/.txt.j2", "posts/xy.txt.j2", "posts/x/sport.md"])
def test_other_files_beside_it_are_no_relatives(keep: Keep, name: str) -> None:
    templates = keep("posts/x.txt.j2", name)
    assert templates.relatives(BASE) == [BASE]
    assert {found(templates, key=str(n), section="sport", language="backup") for n in range(50)} == {BASE}


def test_a_folder_with_the_name_of_a_template_is_none(keep: Keep) -> None:
    assert found(keep("posts/x.txt.j2", "posts/x/sport.txt.j2/a"), section="sport") == BASE


def test_variants_share_the_articles_evenly_and_each_article_keeps_its_own(keep: Keep) -> None:
    variants = ["posts/x.txt.j2", "posts/x.2.txt.j2", "posts/x.10.txt.j2"]
    templates = keep(*variants)
    chosen = {key: found(templates, key=key) for key in map(str, range(3000))}
    assert chosen == {key: found(templates, key=key) for key in chosen}
    assert set(chosen.values()) == set(variants)
    assert min(Counter(chosen.values()).values()) > 900
    assert [chosen[key] for key in "012345"] == [
        "posts/x.txt.j2",
        "posts/x.2.txt.j2",
        "posts/x.2.txt.j2",
        "posts/x.2.txt.j2",
        "posts/x.2.txt.j2",
        "posts/x.10.txt.j2",
    ]  # the same on every machine and in every version: a preview is the post


def test_special_templates_have_variants_too(keep: Keep) -> None:
    variants = {"posts/x/sport.txt.j2", "posts/x/sport.2.txt.j2"}
    templates = keep("posts/x.txt.j2", "posts/x.2.txt.j2", "posts/x/sport.az.3.txt.j2", *variants)
    assert {found(templates, key=str(n), section="Sport") for n in range(50)} == variants
    assert found(templates, section="Sport", language="az") == "posts/x/sport.az.3.txt.j2"


def test_all_that_may_be_used_in_place_of_a_template_can_be_listed(keep: Keep) -> None:
    templates = keep(*EVERYTHING, "posts/x.2.txt.j2", "posts/other.txt.j2")
    assert templates.relatives(BASE) == [BASE, *sorted({*EVERYTHING, "posts/x.2.txt.j2"} - {BASE})]


def test_a_template_put_there_later_counts_at_once(keep: Keep, tmp_path: Path) -> None:
    templates = keep("posts/x.txt.j2")
    assert found(templates, section="Sport") == "posts/x.txt.j2"
    keep("posts/x/sport.txt.j2")
    assert found(templates, section="Sport") == "posts/x/sport.txt.j2"
    (tmp_path / "home/posts/x/sport.txt.j2").unlink()
    assert found(templates, section="Sport") == "posts/x.txt.j2"


def test_while_looking_once_a_new_file_waits_and_then_counts(keep: Keep) -> None:
    templates = keep(BASE)
    with templates.looking_once():
        assert found(templates) == BASE
        keep("posts/x/article.txt.j2", "posts/x/sport.txt.j2")
        assert found(templates) == BASE
        assert found(templates, section="sport") == BASE
    assert found(templates) == "posts/x/article.txt.j2"


def test_while_looking_once_a_changed_file_waits_and_then_counts(keep: Keep) -> None:
    templates = keep(BASE)
    file = templates.folders[0] / BASE
    with templates.looking_once():
        assert templates.render(BASE, {"title": "Ferry"}) == "Ferry home"
        file.write_text("{{ title }} returns")
        assert templates.render(BASE, {"title": "Ferry"}) == "Ferry home"
    assert templates.render(BASE, {"title": "Ferry"}) == "Ferry returns"
