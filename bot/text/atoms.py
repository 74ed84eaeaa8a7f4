"""What a cut never goes through, and how it ends cleanly.

A word, a figure (“10 000”, “5 %”, “5 km”, “5 billion”, “5億円”), a link, an e-mail address, a hashtag, a mention and
a grapheme cluster (one character as a reader sees it, however many code points) stay whole, and a quotation mark
with a space inside, as in French, stays with its word. Chinese, Japanese, Yi, Javanese, Balinese, Cham, the Tai
scripts and emoji may be cut between clusters, Tibetan behind the mark that ends a syllable. Thai, Lao, Khmer and
Burmese put spaces between phrases, not words, and where a word ends only a dictionary knows: there a phrase stays
whole, unless it is so long that the post would lose more than it gains.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import regex

from bot.text.measures import CLUSTER
from bot.text.outside import TAGGED

ELLIPSIS = "…"


Atom = tuple[int, int]
"""Where something that is never cut starts and ends, in code points."""


class CutPoint(NamedTuple):
    """A clean cut: the text up to `end` (an offset in code points), then `tail`, an ellipsis or nothing."""

    end: int
    tail: str


def cut_point(text: str, atom: Atom, sentence_ends: Collection[int]) -> CutPoint | None:
    """How `text` ends when `atom` is the last of it that is kept; None when it should not end there.

    A cut at the end of a sentence has no ellipsis. Any other first loses what would dangle (a comma, a dash, an
    opening bracket or quote; of “Yes,” only the comma), and is not made where a full stop would stay before the
    ellipsis ("Mr.…"), where nothing but signs would be gained ("a +…"), or between a sign and its number ("€ 50").
    """
    start, end = atom
    if end in sentence_ends:
        return CutPoint(end, "")
    if text[end - 1].isalnum() and not _MAY_BE_SEALED.search(text, start, end):  # most words
        return CutPoint(end, ELLIPSIS)
    linked = _LINKED.search(text, start, end) is not None
    if _SIGN_OF_NUMBER.match(text, start):
        return None
    end, closing = _without_dangling(text, start, end, linked)
    if end == start or text[start:end].rstrip(_CLOSERS)[-1:] in _STOPS:
        return None
    stands_alone = start == 0 or text[start - 1].isspace()
    if stands_alone and not _SAYS_SOMETHING.search(text, start, end):
        return None
    # An ellipsis set close to a link might be taken for a part of it.
    return CutPoint(end, f" {ELLIPSIS}" if linked else f"{closing}{ELLIPSIS}")


_STOPS = tuple(".!?…‽。！？．｡؟۔։।॥።။។៕")
_CLOSERS = ")]}”’\"'»›」』】〉》）］〕｝＞｣〗〙〛〞〟｠＂＇"
_PAUSES = ",;:،؛、，；：﹐՝፣၊།༎"
_JOINTS = frozenset(_PAUSES + "‐‒–—―−־-/|&·•・〜～~－＿／＼｜＆＋＝￨")
_BLANKS = frozenset(" \u00a0\u2007\u202f")
_DANGLING = _JOINTS | _BLANKS | frozenset("([{（「『【《〈［〔｛＜｢〖〘〚〝｟„‚¿¡＄￠￡￥￦")
_SPACED = {"»": "«", "›": "‹"}
_QUOTES = frozenset("\"'＂＇“‘«‹»›”’")


# A letter, a digit, money, a percentage, an emoji or the like.
# A sign that belongs to the number behind it, and is not that of the number before it: "US$ 50", but not "50 €".
_SIGN_OF_NUMBER: Any = regex.compile(
    r"(?<!\d)(?<!\d\s)[\p{Ps}\p{Pi}\"']{0,3}+(?:\p{L}{0,3}+\p{Sc}|[№§]{1,2}+)(?=\s{1,3}+\d)"
)
_SAYS_SOMETHING: Any = regex.compile(r"[^\p{P}\p{Sm}\p{Sk}\p{Cf}\p{M}\p{Z}]|[%‰٪\u20e3]")


def _without_dangling(text: str, start: int, end: int, linked: bool) -> tuple[int, str]:
    """Where a text ends without what would dangle, and the closing quotes that stood behind that."""
    if linked:  # nothing is taken off the end of a link but a comma
        return _before(_PAUSES, text, start, end), ""
    while end > start:
        if text[end - 1] in _DANGLING:
            end = _before(_DANGLING, text, start, end)
            continue
        first = _before(_QUOTES, text, start, end)
        if first == end:
            break
        if _closes(text, start, first, end):
            word = _before(_JOINTS, text, start, first)
            return (end, "") if word == first else (word, text[first:end])
        end = first
    return end, ""


def _before(signs: Collection[str], text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in signs:
        end -= 1
    return end


def _closes(text: str, start: int, first: int, end: int) -> bool:
    """Whether quotes from `first` to `end` close: behind a word or a stop, and behind a comma where no word follows.

    Behind a space it is the mark itself that tells, as in « oui », and whether one was opened.
    """
    before = text[first - 1] if first > start else "("
    if before in _BLANKS:
        opening = _SPACED.get(text[first], "")
        return bool(opening) and text.rfind(opening, 0, first) > text.rfind(text[first], 0, first)
    if before not in _DANGLING:
        return True
    return before in _JOINTS and (text[end - 1] in "”’" or not text[end : end + 1].isalnum())


# -- atoms -----------------------------------------------------------------------------------------------------------

# Scripts without spaces between words, their punctuation, and pictures: text may end behind any of them. Full-width
# Latin letters and figures are words and numbers like others.
_LOOSE = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u3000-\u30ff"
    r"\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uffef"
    r"\p{Bopomofo}\p{Yi}\p{Tibetan}\p{Javanese}\p{Balinese}\p{Cham}\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Tham}\p{Tai_Viet}"
    r"\p{Extended_Pictographic}\p{Regional_Indicator}"
)
# What may not begin a line in Chinese and Japanese stays with the character before it (JIS X 4051, kinsoku).
_NOT_FIRST = (
    "、。，．・：；？！､｡％‰」』）】〉》］〕｝＞｣〗〙〛〞〟｠”’»›"
    "ーゝゞ々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ˙ˊˇˋꀕ᭞᭟꧈꧉"
)
_SIGNS_BEHIND = rf"(?:[{_NOT_FIRST}][\p{{M}}\u200c\u200d]*+)*+"
_PLAIN = rf"[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff](?![\p{{M}}\u200d]){_SIGNS_BEHIND}"  # most clusters
_PROTOCOL = "[Hh][Tt][Tt][Pp][Ss]?://"
_ADDRESS = rf"{_PROTOCOL}\S++"
# A link close behind a tag or a mention stays with it: without the link it might be another tag, or one at all.
_HASHTAG = rf"[#＃](?:(?:(?!{_PROTOCOL})[\w{TAGGED}])++(?:{_ADDRESS})?+|{_ADDRESS})"
_MENTION = (
    rf"[@＠](?:(?:(?!{_PROTOCOL})[A-Za-z0-9_.])++(?:/[A-Za-z][A-Za-z0-9_-]{{0,24}}+)?+\p{{M}}*+(?:{_ADDRESS})?+"
    rf"|{_ADDRESS})"
)
_KEYCAP = r"[0-9#*]\ufe0f?\u20e3"
# Behind a sign that stacks the next consonant below the last (UAX #14, LB28a) the letter goes on.
_CLUSTER = rf"(?=[{_LOOSE}]){CLUSTER}(?:(?<=[\u1039\u17d2\u1a60\u1b44\ua9c0])(?=\p{{L}}){CLUSTER})*+{_SIGNS_BEHIND}"
# Tibetan: up to the tsheg, and what closes a clause behind it.
_SYLLABLE = r"(?=\p{Tibetan})[\p{Tibetan}\p{M}--\u0f0b\u0f0d-\u0f12]*+\u0f0b*+[\u0f0d-\u0f12]*+\p{M}*+"
_UNSPACED = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_PHRASE = (  # with the full stops of abbreviations, as in พ.ศ. and กทม.
    rf"(?<![{_UNSPACED}])[{_UNSPACED}]{{1,80}}+(?:\.[{_UNSPACED}]{{1,5}}+(?![{_UNSPACED}])){{0,4}}+(?![{_UNSPACED}])"
    rf"[{_NOT_FIRST}]*+(?:\.(?!\w))?+"
)
_LATIN = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
# Loose characters that belong to a figure or a word, as in “１，２３４”, “３．５％”, “5億3千万円” and “No．5”.
_LARGE = "十百千万萬億亿兆"
_MONEY = "[円圓元％‰]|[美欧歐日]元|ドル|ユーロ|ウォン"
_WITHIN_WORD = rf"(?<=\d)[{_LARGE}]++(?:{_MONEY})?+|(?<=\d)(?:{_MONEY})|(?<={_LATIN})(?:．|，(?={_LATIN}))"
_WORD = rf"(?:(?!{_PROTOCOL}|{_KEYCAP})(?:[^\s{_LOOSE}#＃]|{_WITHIN_WORD}))++"
_AMOUNT = rf"[＄￠￡￥￦](?=\d){_WORD}"

_BLANK = r"[^\S\n]"
_NO_BREAK = r"[\u00a0\u2007\u202f]"
# Signs, symbols of measures, and short words for large numbers, in Latin and Cyrillic: a number without them misleads.
_MEASURES = (
    "km/h km² km m² mm cm m ha kg mg g t ml l kW MW GW kWh MWh GWh GB MB AZN USD EUR GBP TRY RUB UAH TL bn mln mlrd"
    " mio mrd км² км м² мм см м га кг мг т л кВт МВт ГВт тыс млн млрд трлн руб грн сом тг"
)
# Large numbers in words, in any case, as headlines capitalise them.
_MAGNITUDES = (
    "hundred thousand million billion trillion millions billions trillions lakh crore"
    " mille mila milioni milione miliardi miliardo millions milliard milliards mil millón millones milhão milhões"
    " bilhão bilhões billón billones tausend millionen milliarde milliarden billionen miljoen miljard"
    " tysiąc tysiące tysięcy milion miliony milionów miliard miliardy miliardów bin milyon milyar trilyon min milyard"
    " juta miliar triliun ribu nghìn triệu tỷ tỉ χιλιάδες εκατ εκατομμύρια δισ δισεκατομμύρια"
    " miljoona miljoonaa miljardi miljardia miljoner miljarder millioner milliarder mld milioane miliarde millió"
    " milliárd ezer milionů מיליון מיליארד אלף करोड़ लाख हज़ार हजार अरब მლნ მლრდ მილიონი მილიარდი մլն մլրդ"
    " ألف آلاف مليون ملايين مليار مليارات هزار میلیون میلیارد"
)
_INFLECTED = "тысяч миллион миллиард триллион мільйон мільярд milyon milyar milyard trilyon"  # as in “5 milyonluq”
_MAGNITUDE = rf"(?i:(?:{'|'.join(_MAGNITUDES.split())})(?!\w)|(?:{'|'.join(_INFLECTED.split())})\w{{0,8}}(?!\w))"
_UNIT = rf"(?:[%‰°€$£¥₽₴₼₺₸₾₪₹]|(?:{'|'.join(_MEASURES.split())})(?!\w)|{_MAGNITUDE})"
# White space that parts nothing: a no-break space, that inside « marks » as in French, that in 10 000, 5 % and 5 km.
_HELD = (
    rf"{_NO_BREAK}|(?<=[«‹])(?:(?<=[\s(\[—–].)|(?<=^.)){_BLANK}|{_BLANK}(?=[»›](?:[\s.,;:!?…)\]]|\Z))"
    rf"|(?<=\d){_BLANK}(?=\d{{3}}(?!\d)|{_UNIT})"
)
# `re` is twice as fast when it knows what characters to look at.
_MAY_HOLD = re.compile(
    rf"[\u00a0\u2007\u202f«‹»›\d]"
    rf"(?:(?<={_NO_BREAK})|(?<={_BLANK}[»›])|(?<=[«‹]){_BLANK}|(?<=\d){_BLANK}(?:\d|{_UNIT}))"
).search
_RUN = re.compile(r"\S+").finditer
_HELD_RUN = re.compile(rf"\S+(?:(?:{_HELD})\S+){{0,8}}", re.MULTILINE).finditer  # more in a row are no figure
_MAY_BE_LOOSE = re.compile(
    "[©®\u0e00-\u10ff\u1780-\u1b7f\u203c\u2049\u20e3\u2122\u2139\u2190-\U0010ffff]"
)  # quick to find
_HAS_LOOSE: Any = regex.compile(rf"[{_LOOSE}\u20e3]")
_KINDS = (_PLAIN, _ADDRESS, _KEYCAP, _HASHTAG, _MENTION, _PHRASE, _SYLLABLE, _AMOUNT, _CLUSTER, _WORD, CLUSTER)
_PIECE: Any = regex.compile("|".join(_KINDS), regex.V1)
_MAY_BE_SEALED = re.compile("[.@＠#＃$:]")
# A link, a mention, a hashtag or a cashtag, or what might be one. Tags need a letter, and so does a domain's last part.
_LINKED = re.compile(r"://|[@＠]\w|[#＃][\d_]*+[^\W\d_]|\$[^\W\d_]|\w\.[^\W\d_]")
# The same and figures: not taken apart into characters either.
_SEALED = re.compile(r"://|[@＠#＃$]\w|\.\w")
# Straight quotes in pairs; of the single ones those between Latin letters are apostrophes.
_STRAIGHT_QUOTES: Any = regex.compile(
    rf"""["＂][^"＂\n]*+["＂]|(?<!{_LATIN})['＇](?:[^'＇\n]|(?<=[\p{{Latin}}\d])'(?=\p{{Latin}}))*+['＇]"""
)
_X: Any = regex.compile(CLUSTER)


def atoms(text: str, *, clusters: bool = False) -> list[Atom]:
    """What `text` is made of but for white space, in order.

    With `clusters` a word is taken apart into grapheme clusters; links, hashtags and mentions are not.
    """
    runs = [run.span() for run in (_HELD_RUN if not clusters and _MAY_HOLD(text) else _RUN)(text)]
    if clusters or _MAY_BE_LOOSE.search(text):
        pieces = (atom for run in runs for atom in _pieces(text, run, clusters))
        return list(pieces) if clusters else _with_closing_quotes(text, pieces)
    return runs


def _with_closing_quotes(text: str, found: Iterable[Atom]) -> list[Atom]:
    """A straight quote between two atoms, that nothing but its number tells from an opening one, joins the first."""
    closing = {quoted.end() - 1 for quoted in _STRAIGHT_QUOTES.finditer(text)}
    if not closing:
        return list(found)
    joined: list[Atom] = []
    for start, end in found:
        while start < end and start in closing and joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], start + 1)
            start += 1
        if start < end:
            joined.append((start, end))
    return joined


def _pieces(text: str, run: Atom, clusters: bool) -> list[Atom]:
    if not clusters and not _HAS_LOOSE.search(text, *run):
        return [run]
    pieces = [piece.span() for piece in _PIECE.finditer(text, *run)]
    if not clusters:
        return pieces
    return [atom for piece in pieces for atom in _clusters(text, piece)]


def _clusters(text: str, piece: Atom) -> list[Atom]:
    if _SEALED.search(text, *piece):
        return [piece]
    return [cluster.span() for cluster in _X.finditer(text, *piece)]
