"""Finds, compiles and renders post templates; each is compiled once, and again when its file has changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeVar

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.errors import TemplateBroken, TemplateFailed
from bot.templating import effort, filters, lookup, origins
from bot.templating.asked import Answers, asked
from bot.templating.filters import MOST_CHARACTERS, shown_whole
from bot.templating.language import Optional, check
from bot.templating.mistakes import Misuse, misuse, seen_late, worst_line
from bot.templating.unfolded import unfold
from bot.templating.vocabulary import FILTERS, TESTS, VOCABULARY
from bot.text.clean import clean
from bot.text.marks import FitMisused
from bot.text.seams import closed

Found = TypeVar("Found")

MOST_BYTES = 20_000
"""Size of a template file; real ones have a few hundred bytes."""


USUAL_ARTICLE = 20_000
"""Characters of all its texts; longer ones are few."""


class Stamp(NamedTuple):
    """A template's file, and what tells whether it was changed."""

    path: str
    changed_ns: int
    size: int
    inode: int


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 with nothing in it but the language of post templates.

    The language has no sums; should one ever slip through its check, it is refused here, also while compiling:
    `'a' * 10**9` costs a gigabyte, `'%999999999d' % 1` as well. Escaping is off, as posts are plain text.
    """

    context_class = effort.Effort
    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "**", "%"])

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=False, extensions=[Optional], cache_size=0, finalize=shown_whole
        )
        self.globals.clear()
        self.filters = {name: word.function for name, word in FILTERS.items()}
        self.filters |= {effort.JOINED: effort.joined, effort.COMPARED: effort.compared}
        self.filters |= {
            origins.BEGINS_ADDRESS: origins.begins_address,
            origins.WITHIN_ADDRESS: origins.within_address,
        }
        self.filters |= {origins.INERT["replace"]: filters.replace_inert, origins.INERT["trim"]: filters.trim_inert}
        self.tests = {name: self.tests[name] for name in TESTS}

    @staticmethod
    def concat(pieces: Iterable[str]) -> str:
        """What a template printed, as one text, without the marks of its seams."""
        return closed("".join(pieces))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError("sums are not offered in post templates")


class Templates:
    """The templates in some folders; the first folder that has a file of the name wins.

    `before_use` is given the name and the text of each template before anything is made of it, at its first use and
    whenever its file has changed; it raises TemplateFailed to refuse it (`bot.templating.firstuse`).
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        vocabulary: Collection[str] = VOCABULARY,
        before_use: Callable[[str, str], None] | None = None,
    ) -> None:
        self.folders = tuple(folders)
        self._vocabulary = vocabulary
        self._before_use = before_use
        self._sandbox = Sandbox()
        self._compiled: dict[str, tuple[Stamp, Template]] = {}
        self._paths: dict[str, list[str]] = {}
        self._seen: dict[Any, Any] | None = None  # what was found, while folders and files are looked at only once

    @contextmanager
    def looking_once(self) -> Iterator[None]:
        """For many posts written one after the other: each folder and file is looked at once while the block runs.

        A look costs more than it seems: with other threads at work, each lets them go first.
        """
        self._seen = {}
        try:
            yield
        finally:
            self._seen = None

    def _look(self, ask: Callable[..., Found], *about: Any) -> Found:
        if self._seen is None:
            return ask(*about)
        question = (ask, *about)
        if question not in self._seen:
            self._seen[question] = ask(*about)
        found: Found = self._seen[question]
        return found

    def names(self) -> list[str]:
        """The names of all templates there are, such as `posts/x.txt.j2`, sorted."""
        files = (file.relative_to(folder) for folder in self.folders for file in folder.rglob("*.j2") if file.is_file())
        return sorted({file.as_posix() for file in files})

    def find(
        self, base: str, *, kinds: Sequence[str] = (), section: str = "", source: str = "", language: str = "", key: str
    ) -> str:
        """The name of the template that is used in place of `base` for such an article: see `lookup.find`.

        `key` names article, account and round; it alone chooses among several variants.
        """
        return lookup.choice(self._look(self._variants, base, tuple(kinds), section, source, language), key)

    def _variants(self, base: str, kinds: Sequence[str], section: str, source: str, language: str) -> list[str]:
        def family(folder: Path, base: str) -> lookup.Family:
            return self._look(lookup.family, folder, base)

        return lookup.variants(
            self.folders, base, kinds=kinds, section=section, source=source, language=language, look=family
        )

    def relatives(self, base: str) -> list[str]:
        """The names of all templates that `find` may give for `base`, which comes first."""
        return lookup.relatives(self.folders, base)

    def check(self, name: str) -> None:
        """Raises TemplateFailed when the template is missing, or has a mistake that shows without an article."""
        self.get(name)

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """The template's text for these values, its elastic fields still whole and marked for `bot.text.fit.solve`.

        Raises TemplateFailed, with file and line.
        """
        return printed(self.get(name), name, values)

    def get(self, name: str) -> Template:
        """The template, compiled. Raises TemplateBroken when it is missing, unreadable, refused or has a mistake."""
        try:
            stamp = self._look(self._stamp, name)
            known = self._compiled.get(name)
            if known is None or known[0] != stamp:
                source = _source(name, Path(stamp.path))
                if self._before_use:
                    self._before_use(name, source)
                known = self._compiled[name] = (stamp, self.compile(name, source))
        except OSError as error:
            raise TemplateBroken(f"The template {name} cannot be read: {error.strerror}.") from error
        return known[1]

    def _stamp(self, name: str) -> Stamp:
        """Which file the template is, as it is now. Raises TemplateBroken when there is none."""
        for path in self._places(name):
            try:
                status = os.stat(path)
            except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: a name that no file can have
                continue
            if stat.S_ISREG(status.st_mode):
                return Stamp(path, status.st_mtime_ns, status.st_size, status.st_ino)
        there = ", ".join(self.names()) or "none"
        looked = " and ".join(str(folder) for folder in self.folders)
        raise TemplateBroken(f"There is no template {name} in {looked}.", f"There are: {there}.")

    def _places(self, name: str) -> list[str]:
        """Where the template may be: the first of these files that there is."""
        if name not in self._paths:
            pure = PurePosixPath(name)
            outside = pure.is_absolute() or ".." in pure.parts
            self._paths[name] = [] if outside else [str(folder / pure) for folder in self.folders]
        return self._paths[name]

    def render_all_parts(self, name: str, values: Mapping[str, object], **which: Any) -> None:
        """Prints what any article could have printed, to find mistakes in parts that only a few come to: `unfold`.

        Raises TemplateFailed, with file and line.
        """
        source = _source(name, Path(self._stamp(name).path))
        try:
            template = self.compile(name, source, lambda tree: unfold(tree, **which))
        except (TemplateFailed, RecursionError, MemoryError):
            return  # a sound template may be too deep once all its choices are made at once
        printed(template, name, values)

    def asked(self, name: str) -> list[Answers]:
        """What the template asks of an article: see `asked.asked`. Raises TemplateFailed when it has a mistake."""
        found: list[Answers] = []
        self.compile(name, _source(name, Path(self._stamp(name).path)), lambda tree: found.extend(asked(tree)))
        return found

    def compile(self, name: str, source: str, change: Callable[[nodes.Template], None] = lambda tree: None) -> Template:
        """A template of this text, which is not in any file, once it was checked and changed so.

        Raises TemplateBroken when it has a mistake.
        """
        source = clean(source)
        try:
            tree = self._sandbox.parse(source, name, name)
            check(tree, self._vocabulary)
            change(tree)
            origins.trace(tree)
            effort.count(tree)
            code = self._sandbox.compile(tree, name, name)
        except TemplateSyntaxError as error:
            raise _failed(name, misuse(error)) from None
        except Misuse as error:
            raise _failed(name, error) from None
        except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
            where = f"{name}, line {worst_line(source)}"
            raise TemplateBroken(f"{where}: the template is nested too deeply or has too large a number.") from error
        except Exception as error:  # nobody foresaw it; the posts of other templates are not to suffer
            raise TemplateBroken(f"{name} cannot be understood ({type(error).__name__}).") from error
        return Template.from_code(self._sandbox, code, {})


def printed(template: Template, name: str, values: Mapping[str, object]) -> str:
    """As `Templates.render`, for a template that is compiled already."""
    pieces = []
    room = MOST_CHARACTERS
    try:
        for piece in template.generate(values):
            room -= len(piece)
            if room < 0:
                break
            pieces.append(piece)
    except Exception as error:
        kind = TemplateBroken if _is_its_own_fault(error, values) else TemplateFailed
        raise kind(f"{name}, line {_line(error, name)}: {seen_late(error)}.") from error
    if room < 0:
        raise TemplateFailed(f"{name} gives more than {MOST_CHARACTERS:,} characters.", "Look at its {% for %}.")
    return Sandbox.concat(pieces)


def _is_its_own_fault(error: Exception, values: Mapping[str, object]) -> bool:
    """Whether others will fare no better than this article: it is of usual length, and something was used wrongly.

    An endless article, or one that lacks a date, is held back alone instead; it must not keep an account from its
    other posts.
    """
    used_wrongly = isinstance(error, effort.TooMuchWork | filters.FilterMisused | FitMisused | TypeError)
    return used_wrongly and effort.weight([*values.values()]) < USUAL_ARTICLE


def _source(name: str, path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise TemplateBroken(f"{name} is too large; a post template has at most {MOST_BYTES:,} bytes.")
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TemplateBroken(f"{name}, line {line}: this is not text in UTF-8.", "Save the file as UTF-8.") from None
    if "\0" in source:
        raise TemplateBroken(f"{name} is not a text file.")
    return source


def _failed(name: str, mistake: Misuse) -> TemplateFailed:
    return TemplateBroken(f"{name}, line {mistake.line}: {mistake.message}", mistake.hint)


def _line(error: BaseException, name: str) -> int:
    """The template's line where rendering failed: Jinja gives its frames the template's name and lines."""
    line, trace = 1, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
