"""A template can reach no code, file, setting or secret, and cannot burn the machine, whoever wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_NAMESPACE, DEFAULT_TESTS

from bot.errors import TemplateBroken, TemplateFailed
from bot.resources import package_folder
from bot.templating import Templates, guarded
from bot.templating.filters import MOST_CHARACTERS
from bot.templating.firstuse import FirstUse
from bot.templating.guarded import GuardedTemplates, TooCostly
from bot.templating.guarded_child import Scales, answer, endless
from bot.templating.templates import MOST_BYTES
from bot.templating.vocabulary import FILTERS, PARTS, SAMPLE, TESTS, VOCABULARY
from tests.growth import takes_little

NAME = "t.txt.j2"
ENDLESS = {field: endless(value) for field, value in SAMPLE.items()}
EFFORT = 6  # of `takes_little`: three times what any of it takes
MEGABYTES = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("templates")


@pytest.fixture(scope="module")
def warm(folder: Path) -> Iterator[GuardedTemplates]:
    """One child for all tests of this module that do not ask it for too much."""
    with GuardedTemplates([folder], wall_seconds=60) as templates:
        yield templates


def put(folder: Path, source: str, name: str = NAME) -> None:
    (folder / name).write_text(source, encoding="utf-8")


# -- what has been tried on template engines before --------------------------------------------------------------------

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ title.__class__ }}",
    "{{ title['__class__'] }}",
    "{{ title|attr('__class__') }}",
    "{{ title|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ tags|map(attribute='__class__')|list }}",
    "{{ tags|join(', ', attribute='__class__') }}",
    "{{ tags|join(', ', '__class__') }}",
    "{{ tags|sort(attribute='__class__')|first }}",
    "{{ tags|groupby('__class__') }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(title) }}",
    "{{ '{0.__class__}'|format(title) }}",
    "{{ '%s'|format(title) }}",
    "{{ '{x.__class__}'.format_map({'x': title}) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(title) }}",
    "{{ (['{0.__class__}']|map('format', title)|list) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].environ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ request.application.__globals__ }}",
    "{{ config }}",
    "{{ settings.database }}",
    "{{ environ }}",
    "{{ __import__('os').environ }}",
    "{{ open('/etc/passwd').read() }}",
    "{% include '/etc/passwd' %}",
    "{% include '../config/nightdesk.toml' %}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{% from 'os' import environ %}{{ environ }}",
    "{% extends '/etc/passwd' %}",
    "{% include ['a', '/etc/passwd'] ignore missing with context %}",
    "{{ account.credentials }}",
    "{{ account.utm }}{{ account.hashtags }}",
    "{{ account['utm'] }}",
    "{{ account }}",
    "{{ account|join }}{{ account|length }}{% for part in account %}{{ part }}{% endfor %}",
    "{{ published.__class__ }}{{ published.tzinfo.key }}",
    "{{ published.strftime('%999999999d') }}",
    "{{ loop.__class__ }}{{ loop.cycle('a', 'b') }}",
    "{% for a in tags %}{{ loop.previtem.__class__ }}{{ loop.changed(1) }}{% endfor %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ title.__class__ }}{% endcall %}",
    "{% set title = 'x' %}{% set ns = namespace(a=1) %}",
    "{% with a = title.__class__ %}{{ a }}{% endwith %}",
    "{% autoescape true %}{{ title }}{% endautoescape %}",
    "{% do title.append(1) %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{% block a %}{{ super() }}{% endblock %}",
    "{{ title is callable }}{{ title is filter }}",
    "{{ varargs }}{{ kwargs }}{{ caller }}",
    "{{ title|tojson }}{{ title|pprint }}{{ title|xmlattr }}{{ title|urlize }}",
]
BOMBS = [
    "{{ 'a' * 10**9 }}",
    "{{ 'a'*10**9 }}",
    "{{ title * 999999999 }}",
    "{{ [title] * 999999999 }}",
    "{{ 9**9**9 }}",
    "{{ 2 ** 999999999 }}",
    "{{ 1 // 0 }}",
    "{{ -title }}",
    "{{ '%0999999999d' % 1 }}",
    "{{ '%01000000000d'|format(1) }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ title|center(10**9) }}",
    "{{ title|center(1000000000) }}",
    "{{ title|indent(1000000000) }}",
    "{{ title|wordwrap(1) }}",
    "{{ title|truncate(1000000000) }}",
    "{{ tags|batch(1000000000, 'x')|list }}",
    "{{ tags|slice(1000000000)|list }}",
    "{{ lipsum(n=10000000) }}",
    "{{ range(10**9)|list }}",
    "{{ range(10**9)|join }}",
    "{{ 'a'|replace('a', 'b' * 10**9) }}",
    "{{ published|date('%A' * 999999999) }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for a in tags %}{% for b in tags %}{% for c in tags %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in tags recursive %}{{ loop(tags) }}{% endfor %}",
    "{% for a in summary %}{{ summary }}{% endfor %}",
    "{% for a in 'x' * 10**6 %}x{% endfor %}",
    "{% for a in range(1000000) %}x{% endfor %}",
    "{% set s = 'a' %}{% for i in range(40) %}{% set s = s ~ s %}{% endfor %}{{ s }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 't.txt.j2' %}",
    "{{ " + " ~ ".join(["summary"] * 400) + " }}",
    "{{ title" + "|upper" * 3_000 + " }}",
    "{{ " + "(" * 5_000 + "title" + ")" * 5_000 + " }}",
    "{{ " + "not " * 4_500 + "title }}",
    "{{ " + "[" * 5_000 + "]" * 5_000 + " }}",
    "{{ " + "title if title else " * 900 + "title }}",
    "{% if title %}" * 700 + "x" + "{% endif %}" * 700,
    "{{ " + "9" * 19_000 + " }}",
    "{{ 1" + "_0" * 9_000 + " }}",
    "{{ 1e" + "9" * 18_000 + " }}",
    "{#" * 9_000,
    "{{" * 9_000,
    "{%" * 9_000,
    "{%- " * 4_000,
    "{{ a" + ".a" * 9_000 + " }}",
    "{{ a" + "[0]" * 6_000 + " }}",
    "{{ " + "a" * 19_000 + " }}",
    "{{ title|" + "u" * 19_000 + " }}",
    "{% " + "x" * 19_000 + " %}",
]


@pytest.mark.parametrize("source", [*ESCAPES, *BOMBS], ids=lambda source: source[:60])
def test_what_was_ever_tried_is_refused_before_it_runs(warm: GuardedTemplates, folder: Path, source: str) -> None:
    put(folder, source)
    assert len(source.encode()) <= MOST_BYTES
    refusals = []

    def check() -> None:
        with pytest.raises(TemplateFailed, match=NAME) as in_our_own_process:
            Templates([folder]).check(NAME)
        refusals.append(str(in_our_own_process.value))

    assert takes_little(check, EFFORT)
    with pytest.raises(TemplateFailed) as apart:
        warm.check(NAME)
    assert {str(apart.value)} == {*refusals}
    assert len(str(apart.value)) < 1_000


# -- what may run is bounded -------------------------------------------------------------------------------------------

GREEDIEST = "{% for tag in tags %}" + "{% if summary|upper|lower == 'x' %}a{% endif %}" * 6 + "{% endfor %}{{ title }}"
ALLOWED_BUT_GREEDY = {
    "loops over all tags": "{% for tag in tags %}{{ summary }}{{ tag }}{% endfor %}",
    "many fields": "{{ summary }}" * 400,
    "long joins": "{{ " + " ~ ".join(["summary"] * 50) + " }}",
    "replacements that grow": "{{ summary|replace('a', summary) }}",
    "replacements of nothing": "{{ title|replace('', summary)|replace('', summary)|replace('', summary) }}",
    "a join that is replaced": "{{ tags|join(summary)|replace('a', summary)|replace('a', summary) }}",
    "backslashes without end": "{{ '" + "\\" * 18_000 + "' }}",
    "a minimum without end": "{{ title|fit(1, min=" + "9" * 4_000 + ") }}",
    "many elastic fields": "{{ summary|fit(1) }}" * 150,
    "an elastic field in a loop": "{% for tag in tags %}{{ tag|fit(1) }} {% endfor %}" + "{{ title|fit(2) }}" * 50,
    "as many filters in a loop as there may be": "{% for tag in tags %}{{ tag|upper|quote }}{% endfor %}" * 9,
}


@pytest.mark.parametrize("source", ALLOWED_BUT_GREEDY.values(), ids=ALLOWED_BUT_GREEDY)
def test_what_may_run_takes_little_and_gives_no_more_than_it_may(
    warm: GuardedTemplates, folder: Path, source: str
) -> None:
    put(folder, source)
    before = memory_of(warm)
    warm.check(NAME)
    assert memory_of(warm) - before < MEGABYTES
    text, refusal = outcome(lambda: Templates([folder]).render(NAME, ENDLESS))
    assert len(text) <= MOST_CHARACTERS
    assert not refusal or re.search(
        "gives more than 1,000,000 characters|would make the text far too long|too long for all that is done", refusal
    )


def outcome(render: Callable[[], str]) -> tuple[str, str]:
    """The text, or the refusal in words."""
    try:
        return render(), ""
    except TemplateFailed as refused:
        return "", str(refused)


def memory_of(templates: GuardedTemplates) -> float:
    """The most memory the child ever had, in megabytes."""
    put(templates.folders[0], "{{ title }}", "harmless.txt.j2")
    templates.check("harmless.txt.j2")
    child = templates._child
    assert child is not None
    status = Path(f"/proc/{child.pid}/status")
    if not status.is_file():
        pytest.skip("needs /proc to see what a process takes")
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(peak) / 1_000


NAMES = st.sampled_from([*VOCABULARY, *VOCABULARY, *DEFAULT_NAMESPACE, "self", "loop", "tag", "config", "__builtins__"])
CONSTANTS = st.sampled_from(
    ["'a'", "''", "1", "0", "10**9", "99999999", "1.5e300", "true", "none", "'%s'", "'{0}'", "[]"]
)
ATTRIBUTES = st.sampled_from(
    ["__class__", "format", "mro", "_x", *(part for parts in PARTS.values() for part in parts), "upper", "items"]
)
FILTER_NAMES = st.sampled_from([*FILTERS, *FILTERS, *FILTERS, *sorted(DEFAULT_FILTERS)])
OPERATORS = st.sampled_from(["~", "~", "==", "in", "and", "or", "<", "+", "*", "**", "%", "//", "-"])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}|{}".format, inner, FILTER_NAMES),
        st.builds("({})|{}({})".format, inner, FILTER_NAMES, inner),
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("{}.{}".format, inner, ATTRIBUTES),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}({})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} is {})".format, inner, st.sampled_from([*TESTS, *sorted(DEFAULT_TESTS)[:5]])),
        st.builds("[{}, {}]".format, inner, inner),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, CONSTANTS), compound, max_leaves=6)


def block(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, EXPRESSIONS, inner, inner),
        st.builds("{{% for tag in {} %}}{}{{% endfor %}}".format, st.one_of(st.just("tags"), EXPRESSIONS), inner),
        st.builds("{{% optional %}}{}{{{{ title|fit(1) }}}}{{% endoptional %}}".format, inner),
        st.builds("{{% set tag = {} %}}{}".format, EXPRESSIONS, inner),
        st.builds("{{% macro m() %}}{}{{% endmacro %}}{{{{ m() }}}}".format, inner),
        st.builds("{{% filter {} %}}{}{{% endfilter %}}".format, FILTER_NAMES, inner),
    )


PRINTED = st.one_of(
    st.builds("{{{{ {} }}}}".format, EXPRESSIONS),
    st.builds(
        "{{{{ {}|{} }}}}".format,
        st.sampled_from(["title", "summary", "tags", "published"]),
        st.sampled_from([*FILTERS]),
    ),
    st.sampled_from(["text ", "{", "}}", "{%", "#}", "\ufdd0", "\U0001f389", "\n"]),
)
TEMPLATES = st.recursive(PRINTED, block, max_leaves=6)
FROM_PYTHON = re.compile(r"<\w+ |<class|object at 0x|built-in|\bbot\.|jinja2|site-packages")


@settings(max_examples=400, deadline=None)
@given(source=TEMPLATES)
def test_any_template_is_refused_in_plain_words_or_bounded(warm: GuardedTemplates, folder: Path, source: str) -> None:
    put(folder, source)
    child = warm._child
    text, refusal = outcome(lambda: warm.check(NAME) or warm.render(NAME, SAMPLE))
    assert len(text) <= MOST_CHARACTERS
    assert not FROM_PYTHON.search(text + refusal)
    assert not refusal or refusal.startswith(NAME)
    assert "more time or memory" not in refusal
    assert warm._child is child or child is None, "the child had to be ended"


# -- the wall behind the language --------------------------------------------------------------------------------------


def test_a_template_that_takes_too_long_is_ended_and_refused_and_the_next_one_served(folder: Path) -> None:
    put(folder, GREEDIEST, "costly.txt.j2")
    put(folder, "{{ title }}")
    with GuardedTemplates([folder], cpu_seconds=0.005) as templates:
        with pytest.raises(TemplateFailed, match=r"costly\.txt\.j2 takes more time or memory .* Make it simpler"):
            templates.check("costly.txt.j2")
        with pytest.raises(TemplateFailed, match="more time or memory"):
            templates.render("costly.txt.j2", SAMPLE)
        assert templates.render(NAME, SAMPLE) == SAMPLE["title"]
        templates.check(NAME)


LIMITS: dict[str, dict[str, float]] = {
    "processor time": {"cpu_seconds": 0.000_1},
    "memory": {"memory": 1_000_000},
    "time by the clock": {"wall_seconds": 0.001},
}


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_each_limit_holds(folder: Path, limit: dict[str, float]) -> None:
    put(folder, "{{ summary|upper|fit(1) }}" * 100)
    with GuardedTemplates([folder], **limit) as templates, pytest.raises(TemplateFailed, match="more time or memory"):  # type: ignore[arg-type]
        templates.check(NAME)


def test_a_child_that_dies_is_no_fault_of_the_template_and_replaced(folder: Path) -> None:
    put(folder, "{{ title }}")
    with GuardedTemplates([folder]) as templates:
        templates.check(NAME)
        assert templates._child is not None
        assert templates._child.stdin is not None
        templates._child.stdin.write(b"no json\n")
        with pytest.raises(TemplateFailed, match="cannot be tried: Python failed"):
            templates.check(NAME)
        templates.check(NAME)


@pytest.mark.parametrize("request_", [{"name": NAME}, {"name": NAME, "values": {"title": "a"}}])
def test_what_nobody_foresaw_in_the_child_is_told_with_the_name_of_the_template(
    folder: Path, monkeypatch: pytest.MonkeyPatch, request_: dict[str, object]
) -> None:
    def failing(*_: object) -> str:
        raise KeyError("lost")

    monkeypatch.setattr(Templates, "check", failing)
    monkeypatch.setattr(Templates, "render", failing)
    told = answer(Templates([folder]), json.dumps(request_).encode(), Scales(1, 1))
    assert told["message"] == f"{NAME} cannot be tried: Python failed (KeyError)."


def test_the_child_knows_no_secret_and_closes_with_its_parent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_API_SECRET", "hush-hush")
    monkeypatch.setenv("NIGHTDESK_DATABASE", "postgresql://desk:hush-hush@host/name")
    put(folder, "{{ title }}")
    with GuardedTemplates([folder]) as templates:
        templates.check(NAME)
        child = templates._child
        assert child is not None
        surroundings = Path(f"/proc/{child.pid}/environ")
        if surroundings.exists():
            assert b"PATH" in surroundings.read_bytes()
            assert b"hush" not in surroundings.read_bytes()
    assert child.returncode is not None
    assert templates._child is None


def test_what_is_rendered_apart_is_what_would_be_posted(folder: Path) -> None:
    put(
        folder, "{{ title|fit(1) }} {{ published|date('full') }} {{ published|date('time') }} {{ tags|hashtag|fit(2) }}"
    )
    moment = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    values = {**SAMPLE, "published": moment, "title": "\ud800\u2028{{ 7*7 }} 👩‍👩‍👧"}
    assert guarded.render([folder], NAME, values) == Templates([folder]).render(NAME, values)
    assert guarded.render([folder], NAME, SAMPLE) == Templates([folder]).render(NAME, SAMPLE)
    assert "02:30" in guarded.render([folder], NAME, values)


def test_templates_are_found_apart_as_they_are_otherwise(folder: Path) -> None:
    (folder / "t").mkdir(exist_ok=True)
    put(folder, "{{ title }}", "t/sport.txt.j2")
    article = {"kinds": (), "section": "Sport", "source": "", "language": "", "key": "1"}
    with GuardedTemplates([folder]) as templates:
        assert templates.find(NAME, **article) == "t/sport.txt.j2"


# -- the first use -----------------------------------------------------------------------------------------------------


class Counted:
    """Makes guarded processes, and counts them."""

    def __init__(self, **limits: float) -> None:
        self.limits = limits
        self.made = 0

    def __call__(self) -> GuardedTemplates:
        self.made += 1
        return GuardedTemplates([], **self.limits)  # type: ignore[arg-type]


def using(folder: Path, processes: Counted, shipped: Path | None = None) -> Templates:
    return Templates([folder], before_use=FirstUse(shipped or folder / "nowhere", guarded=processes))


def test_a_template_is_tried_once_and_again_when_its_text_has_changed(tmp_path: Path) -> None:
    processes = Counted()
    templates = using(tmp_path, processes)
    for source, tried in (("{{ title }}", 1), ("{{ title }}!", 2), ("{{ title }}", 2)):
        put(tmp_path, source)
        assert templates.render(NAME, SAMPLE).startswith("old bridge")
        assert templates.render(NAME, SAMPLE).startswith("old bridge")
        assert processes.made == tried
    put(tmp_path, "{{ title }}", "another.txt.j2")
    templates.check("another.txt.j2")
    assert processes.made == 2


def test_a_costly_template_is_refused_before_it_is_compiled_here_and_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = Counted(cpu_seconds=0.01)
    templates = using(tmp_path, processes)
    monkeypatch.setattr(templates, "compile", lambda name, source: pytest.fail("compiled in our own process"))
    for name in (NAME, NAME, "another.txt.j2"):
        put(tmp_path, "{% if summary|upper|lower == 'x' %}!{% endif %}" * 100 + "x", name)
        with pytest.raises(TooCostly, match=f"{name} takes more time or memory"):
            templates.render(name, SAMPLE)
    assert processes.made == 1


def test_what_costs_too_much_only_in_cutting_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(guarded, "FIT_SECONDS", 0.001)
    put(tmp_path, "{{ title|fit(1) }} {{ summary|fit(1) }} " * 70)
    with pytest.raises(TooCostly):
        using(tmp_path, Counted()).check(NAME)


def test_a_trial_that_came_to_nothing_is_no_verdict(tmp_path: Path) -> None:
    put(tmp_path, "{{ title }}")
    processes = Counted(wall_seconds=0.000_1)
    templates = using(tmp_path, processes)
    for tries in (1, 2):
        with pytest.raises(TemplateBroken):
            templates.check(NAME)
        assert processes.made == tries
    processes.limits = {}
    templates.check(NAME)


def test_a_mistake_is_told_with_its_line_at_the_first_use(tmp_path: Path) -> None:
    put(tmp_path, "a\n{{ titel }}")
    with pytest.raises(TemplateBroken, match="line 2: there is no field called “titel”"):
        using(tmp_path, Counted()).check(NAME)


def test_a_template_for_dated_articles_alone_is_used_for_them(tmp_path: Path) -> None:
    put(tmp_path, "{{ published.year }}")
    assert using(tmp_path, Counted()).render(NAME, SAMPLE) == "2026"


def test_shipped_templates_are_known_to_be_sound(tmp_path: Path) -> None:
    own, processes = package_folder("templates"), Counted()
    (tmp_path / NAME).write_bytes((own / "posts/x.txt.j2").read_bytes())
    using(tmp_path, processes, shipped=own).check(NAME)
    for name in Templates([own]).names():
        using(own, processes, shipped=own).check(name)
    assert processes.made == 0
    put(tmp_path, (tmp_path / NAME).read_text("utf-8") + " ")
    using(tmp_path, processes, shipped=own).check(NAME)
    assert processes.made == 1


MISTAKES = {
    "{{ titel }}": "there is no field called “titel”. Did you mean “title”?",
    "a\n{{ published.year }}": "line 2: there is no year where an article has no date",
    "{{ published|date('%999999999d') }}": "“%999999999d” is no way to write a date",
    "{{ published|date('lnog') }}": "date knows 'full', 'long'",
    "{{ url|utm(sorce='x') }}": "utm knows no sorce",
    "": "the template is empty",
    "{% if section == 'Sport' %}\n{{ url|utm(campain='x') }}{% endif %}{{ title }}": "line 2: utm knows no campain",
    "{% if author %}{% elif section == 'Sport' %}{{ title|date }}{% endif %}{{ title }}": "date needs a date",
    "{% if author %}{{ title }}{% elif title|default(1) > 5 %}b{% endif %}": (
        "> compares two numbers or two texts, not a text and"
    ),
    "{% if author %}{{ title }}{% else %}{{ title|first }}{% endif %}": "first takes a list",
    "{{ title }}{{ '' if title else published|date('%Q') }}": "“%Q” is no way to write a date",
    "{{ author or 5|hashtag }}": "hashtag takes a section or a list",
    "{% if section == 'Sport' and title|last == 'x' %}a{% endif %}{{ title }}": "last takes a list",
    "{% for tag in tags if tag == 'Sport' %}{{ tag|first }}{% endfor %}{{ title }}": "first takes a list",
    "{% for tag in tags %}{{ tag }}{% else %}{{ title|date }}{% endfor %}": "date needs a date",
    "{% if breaking %}{{ published.hour }} {% endif %}{{ title }}": "there is no hour where an article has no date",
    "{{ title }}{{ published.year if section == 'City' }}": "there is no year where an article has no date",
    "{{ (tags if section == 'X' else title if section == 'Y' else tags)|first }}": "first takes a list",
}
SOUND = [
    "{% if published %}{{ published.hour }}{% endif %}{{ title }}",
    "{{ published.year if published is not none }}{{ title }}",
    "{% if published and published.hour < 12 %}a{% elif section == 'Sport' %}b{% endif %}{{ title }}",
    "{% if tags and tags|first == 'x' %}a{% endif %}{{ title }}",
    "{{ " + " else ".join(f"'s{n} ' if section == 'S{n}'" for n in range(95)) + " else '' }}{{ title }}",
    "{{ " + " else ".join(f"'s{n} ' if section == 'S{n}'" for n in range(110)) + " else '' }}{{ title }}",
    "{% if " + " or ".join(f"section == 'S{n}'" for n in range(110)) + " %}a{% endif %}{{ title }}",
]


@pytest.mark.parametrize("source", SOUND, ids=lambda source: source[:60])
def test_trying_a_template_finds_no_mistake_where_there_is_none(
    warm: GuardedTemplates, folder: Path, source: str
) -> None:
    put(folder, source)
    warm.check(NAME)


@pytest.mark.parametrize(("source", "message"), MISTAKES.items(), ids=MISTAKES)
def test_trying_a_template_finds_mistakes_that_only_show_with_an_article(
    warm: GuardedTemplates, folder: Path, source: str, message: str
) -> None:
    put(folder, source)
    with pytest.raises(TemplateFailed) as told:
        warm.check(NAME)
    assert str(told.value).startswith(NAME)
    assert message in str(told.value)


def test_the_packages_own_templates_stand_the_trial() -> None:
    own = package_folder("templates")
    with GuardedTemplates([own]) as templates:
        for name in Templates([own]).names():
            templates.check(name)
