"""Templates looked at before they are used: which there are, whether they are sound, how they serve real articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.account import Account
from bot.article import Article
from bot.compose import Renders, compose
from bot.configuring.reading import template_folders
from bot.configuring.values import did_you_mean
from bot.errors import CannotFit, TemplateFailed, UsageError
from bot.nightdesk import Nightdesk
from bot.platforms.registry import PLATFORMS, rules_for
from bot.post import Post, PostRules
from bot.settings import Settings
from bot.store import articles
from bot.templating import Templates, guarded
from bot.templating.guarded import GuardedTemplates
from bot.templating.lookup import is_shipped
from bot.templating.suiting import refuse_unsuited, refuse_unsuited_answers
from bot.templating.trying import OneTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLine:
    """One template: `source` is `home` or `packaged`, `accounts` are those it may write for.

    `lines` is 0 for a file that cannot be read.
    """

    template: str
    source: str
    path: str
    accounts: tuple[str, ...]
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """Whether a template is sound; `error` names file and line and the names there are."""

    template: str
    ok: bool
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchLine:
    """How a template served `articles` on one account. Lengths are in the platform's units, `cost` is in USD.

    `cut`: posts with a shortened field; `refused`: those that cannot fit; `failed`: those the template has a mistake
    for; `error` is the first of either kind. `room` is what was left of the limit, on average. Without any post that
    fits `shortest`, `longest` and `room` are None.
    """

    template: str
    account: str
    platform: str
    articles: int
    shortest: int | None
    longest: int | None
    limit: int
    cut: int
    refused: int
    failed: int
    room: float | None
    cost: float
    error: str | None


def every(settings: Settings) -> list[TemplateLine]:
    """All templates there are, those of the home before packaged ones of the same name."""
    found: dict[str, TemplateLine] = {}
    for source, folder in zip(("home", "packaged"), template_folders(settings.home), strict=True):
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            line = TemplateLine(
                template=name,
                source=source,
                path=str(path),
                accounts=tuple(account.name for account in writing_for(settings, name)),
                lines=_count_lines(path),
            )
            found.setdefault(name, line)
    return [found[name] for name in sorted(found)]


def _files(folder: Path) -> list[Path]:
    """The template files, without folders, dangling links and what is hidden, such as an editor's lock file."""
    return [path for path in sorted(folder.rglob("*.j2")) if not _is_hidden(path, folder) and path.is_file()]


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _count_lines(path: Path) -> int:
    try:
        return len(path.read_bytes().splitlines())
    except OSError:  # its check tells why
        return 0


def writing_for(settings: Settings, name: str) -> list[Account]:
    """The accounts whose posts that template may write: it is theirs, or a special case or variant of theirs."""
    folders = template_folders(settings.home)
    return [account for account in settings.accounts.values() if name in _within_reach(folders, account.template)]


def _within_reach(folders: Sequence[Path], base: str) -> set[str]:
    """The templates that may be used for `base`: a folder with its own for any article hides those behind it."""
    found: set[str] = set()
    for index, folder in enumerate(folders):
        found |= {name for name in Templates([folder]).relatives(base) if (folder / name).is_file()}
        if base in found and not is_shipped(folder / base, [other / base for other in folders[index + 1 :]]):
            break
    return found


def check(settings: Settings, name: str | None = None) -> Iterator[CheckLine]:
    """Each template there is, or the one of that name; UsageError for an unknown one."""
    names = [known(settings, name)] if name else [line.template for line in every(settings)]
    with GuardedTemplates(template_folders(settings.home)) as templates:
        for each in names:
            try:
                examine(settings, templates, each)
            except TemplateFailed as trouble:
                yield CheckLine(template=each, ok=False, error=str(trouble))
            else:
                yield CheckLine(template=each, ok=True, error=None)


def examine(settings: Settings, templates: GuardedTemplates, name: str) -> None:
    """Raises TemplateFailed when the template has a mistake, costs too much, or can never fit where it may be used.

    One that no account uses is only held to what every platform would refuse.
    """
    templates.check(name)
    used = writing_for(settings, name)
    answers, troubles, looked_at = templates.asked(name), {}, set()
    for account in used or _one_of_each_platform(name):
        rules = rules_for(account.platform)
        try:
            refuse_unsuited(name, account, rules, templates)
            if account.platform not in looked_at:
                looked_at.add(account.platform)
                refuse_unsuited_answers(name, account, rules, templates, answers)
        except TemplateFailed as trouble:
            troubles[account.platform] = trouble
    if troubles and (used or len(troubles) == len(PLATFORMS)):
        raise next(iter(troubles.values()))


def _one_of_each_platform(template: str) -> list[Account]:
    return [Account(name=each, platform=each, identity="0", template=template) for each in PLATFORMS]


def known(settings: Settings, name: str) -> str:
    """The name, if there is such a template; UsageError otherwise."""
    names = [line.template for line in every(settings)]
    if name not in names:
        like = did_you_mean(name, names) or "."
        raise UsageError(f"There is no template {name!r}{like}", f"There are: {', '.join(names)}.")
    return name


def bench(desk: Nightdesk, name: str | None = None, *, last: int) -> Iterator[BenchLine]:
    """How each account's own template, or the one of that name, serves the newest `last` articles.

    A template that no account uses yet is tried for all of them. Raises TemplateFailed when it has a mistake that
    shows without an article, or would take too much time or memory.
    """
    templates: Renders = desk.templates
    accounts: Sequence[Account] = list(desk.settings.accounts.values())
    if name is not None:
        guarded.check(desk.templates.folders, known(desk.settings, name))
        templates = OneTemplate(desk.templates, name)
        accounts = [replace(each, template=name) for each in writing_for(desk.settings, name) or accounts]
    with desk.database.read() as tx:
        real = [article for article in articles.newest(tx, last) if not article.typed]
    return (_served(account, real, templates) for account in accounts)


@dataclass(slots=True)
class _Tally:
    """What became of an account's posts, added up."""

    rules: PostRules
    lengths: list[int] = field(default_factory=list)
    cut: int = 0
    cost: float = 0.0
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def add(self, post: Post) -> None:
        self.lengths.append(post.length)
        self.cut += bool(post.cut)
        self.cost += self.rules.cost(post)

    def room(self) -> float | None:
        if not self.lengths:
            return None
        return round(self.rules.limit.most - sum(self.lengths) / len(self.lengths), 1)


def _served(account: Account, real: Sequence[Article], templates: Renders) -> BenchLine:
    tally = _Tally(rules_for(account.platform))
    for article in real:
        try:
            tally.add(compose(article, account, tally.rules, templates))
        except CannotFit as trouble:
            tally.refused.append(str(trouble))
        except TemplateFailed as trouble:
            tally.failed.append(str(trouble))
    return BenchLine(
        template=account.template,
        account=account.name,
        platform=account.platform,
        articles=len(real),
        shortest=min(tally.lengths, default=None),
        longest=max(tally.lengths, default=None),
        limit=tally.rules.limit.most,
        cut=tally.cut,
        refused=len(tally.refused),
        failed=len(tally.failed),
        room=tally.room(),
        cost=round(tally.cost, 3),
        error=next(iter((*tally.failed, *tally.refused)), None),
    )
