"""The article: something worth posting, with one identity however it arrives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One story as a source told it. Every text field is plain text from outside: data, never markup.

    `id` is None until the store has kept it. `url` is the link its author gave it (http or https), used in
    posts as it stands; `identities` are the keys it is recognised by (see `bot.identity`).
    `published` is the author's own time, `first_seen` ours; both aware. `typed` marks a text that a person
    typed with `add --text`: it is posted as it is, without a template. `short_title` is the shorter headline
    that its author gave it, if any.
    """

    title: str
    id: int | None = None
    url: str = ""
    guid: str = ""
    summary: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    language: str = ""
    image: str = ""
    source: str = ""
    published: datetime | None = None
    first_seen: datetime | None = None
    breaking: bool = False
    evergreen: bool = False
    priority: int = 0
    typed: bool = False
    short_title: str = ""

    def dated(self) -> datetime | None:
        """When the story's age starts: its own date, else the moment it was first seen."""
        return self.published or self.first_seen


def kind_of(article: Article, round: int = 1) -> str:
    """What kind of post an article makes: `breaking`, `evergreen`, `opinion`, `gallery`, or `article` for the rest.

    An evergreen article is of that kind when it is posted again (`round` above 1). Opinion and gallery show in its
    section or tags, in the languages listed below; the first that applies counts, in the order given here.
    """
    if article.breaking:
        return "breaking"
    if article.evergreen and round > 1:
        return "evergreen"
    words = {_plain(part) for label in (article.section, *article.tags) for part in _SEPARATORS.split(label[:200])}
    return next((kind for kind, names in _KINDS.items() if not words.isdisjoint(names)), "article")


def _plain(word: str) -> str:
    """The same for `YORUM`, `Yorum` and `yorum`, with the dots of Turkish and Azerbaijani capitals or without."""
    return " ".join(word.casefold().replace("ı", "i").replace("\u0307", "").strip("#＃").split()).replace("_", " ")


_SEPARATORS = re.compile(r"[/|,;:>»›·]| [–—-] ")  # "News / Opinion", "Opinion – Columns"

_OPINION = (
    "opinion|opinions|op-ed|op-eds|oped|editorial|editorials|column|columns|commentary|comment|viewpoint"  # English
    "|opinion & analysis|opinion and analysis|letters to the editor|comment is free"
    "|rəy|rəylər|şərh|köşə|köşə yazısı|redaksiyadan|baş məqalə"  # Azerbaijani
    "|görüş|görüşler|yorum|köşe yazısı|köşe yazıları|başyazı"  # Turkish
    "|meinung|kommentar|kommentare|kolumne|kolumnen|leitartikel|gastbeitrag"  # German
    "|éditorial|édito|éditoriaux|tribune|tribunes|chronique|chroniques|point de vue"  # French
    "|opinión|opiniones|columna|columnas|tribuna|opinião|opiniões|coluna|opinione|opinioni|editoriale|commento"
    "|opinie|komentarz|komentarze|felieton|felietony"  # Polish
    "|ý kiến|quan điểm|góc nhìn|xã luận|bình luận"  # Vietnamese
    "|мнение|мнения|колонка|колонки|редакционная статья|авторская колонка"  # Russian
    "|думка|думки|погляд|погляди|редакційна стаття|пікір|көзқарас|бас мақала"  # Ukrainian, Kazakh
    "|άποψη|απόψεις|γνώμη|γνώμες|αρθρογραφία"  # Greek
    "|აზრი|მოსაზრება|სვეტი|კომენტარი|կարծիք|մեկնաբանություն|խմբագրական"  # Georgian, Armenian
    "|رأي|آراء|الرأي|مقالات الرأي|افتتاحية|یادداشت|سرمقاله|دیدگاه"  # Arabic, Persian
    "|דעה|דעות|מאמר מערכת|טור|טור דעה"  # Hebrew
    "|विचार|राय|संपादकीय|সম্পাদকীয়|মতামত|கருத்து|தலையங்கம்"  # Hindi, Bengali, Tamil
    "|ความคิดเห็น|ความเห็น|บทบรรณาธิการ|ทัศนะ"  # Thai
    "|评论|评论员文章|社论|观点|評論|社論|觀點|投書"  # Chinese
    "|社説|オピニオン|コラム|論説|사설|오피니언|칼럼|기고"  # Japanese, Korean
)
_GALLERY = (
    "gallery|galleries|photo gallery|photo galleries|photo essay|in pictures|in photos|picture gallery|photostory"
    "|fotoqalereya|foto qalereya|fotosessiya|fotoreportaj|foto galeri|fotoğraf galerisi|fotogaleri|fotoğraflarla"
    "|bildergalerie|bilderstrecke|fotogalerie|fotostrecke|in bildern|galerie photo|galerie photos|en images|en photos"
    "|fotogalería|galería|en imágenes|galeria de fotos|fotogaleria|galeria|galeria zdjęć|w obiektywie|fotoreportaż"
    "|bộ ảnh|chùm ảnh|phóng sự ảnh|thư viện ảnh"
    "|фотогалерея|фоторепортаж|фотолента|в фотографиях|фоторепортажі|у світлинах|фоторепортаждар"
    "|φωτορεπορτάζ|σε εικόνες|ფოტოგალერეა|ფოტორეპორტაჟი|ֆոտոշարք|պատկերասրահ"
    "|معرض صور|بالصور|گزارش تصویری|גלריה|גלריית תמונות|בתמונות"
    "|फोटो गैलरी|तस्वीरों में|ছবিঘর|ফটো গ্যালারি|ছবিতে|புகைப்படங்கள்|புகைப்பட தொகுப்பு"
    "|แกลเลอรี|ประมวลภาพ|ภาพข่าว|图集|组图|圖集|圖輯|写真特集|フォトギャラリー|写真ギャラリー|포토|화보"
)
_KINDS = {
    kind: frozenset(map(_plain, words.split("|"))) for kind, words in (("opinion", _OPINION), ("gallery", _GALLERY))
}
