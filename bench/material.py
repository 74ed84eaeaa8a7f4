"""The texts everybody is measured with: the same in every run."""

from __future__ import annotations

import random
from typing import Any

from bot.text.xlength import X_LIMIT, limit_length

HEADLINES = 1000
POSTS = 200

WORDS = {
    "en": "Parliament passes new budget after long debate as minister warns of higher energy prices – “historic” step "
    "for the port city, says mayor; storm closes roads and schools in the north before the weekend",
    "az": "Bakıda yeni metro stansiyası açıldı Qarabağda qayıdış davam edir şəhər günü münasibətilə bayram tədbiri "
    "nazirliyin məlumatına görə ixrac artıb gənclər üçün təqaüd proqramı elan olunub çempionatda üçüncü yer",
    "ru": "В столице открыли новый мост через реку после трёх лет строительства министр сообщил о росте экспорта "
    "сборная вышла в финал турнира прогноз погоды на выходные: дождь и сильный ветер",
    "ja": "東京 株価 上昇 首相 会見 新しい 地震 情報 北海道 大雪 警報 選手権 優勝 経済 成長 予測 研究 発表 来年 予算",
    "zh": "北京 举行 国际 会议 讨论 气候 变化 经济 增长 放缓 专家 预测 明年 新 政策 公布 铁路 开通",
}
EMOJI = [
    "🎉",
    "⚽\ufe0f",
    "🇦🇿",
    "👩\u200d🚀",
    "❤\ufe0f",
    "👍🏽",
    "🔴",
    "👨\u200d👩\u200d👧",
    "1\ufe0f\u20e3",
    "🌧\ufe0f",
]
BREAKS = [" ", " ", " ", "\n\n", ": "]
TAIL = ["", "", " #Baku", " via @example", "?utm_source=x&utm_medium=social"]

SENTENCES = {
    "en": [
        "The council approved the plan by 31 votes to 12 on Tuesday evening.",
        "Work on the harbour, which has been closed since March, is to begin next month, the mayor said.",
        "“We have waited ten years for this,” said Dr. A. Smith of the residents' association.",
        "Prices rose by 3.4 per cent in October, less than analysts had expected.",
        "Trains between the two cities will run every 20 minutes from Monday.",
        "Nobody was hurt.",
        "The ministry did not answer a request for comment.",
    ],
    "az": [
        "Layihə çərşənbə axşamı 31 səslə təsdiqləndi.",
        "Mart ayından bağlı olan limanda işlər gələn ay başlayacaq, – deyə mer bildirib.",
        "Oktyabrda qiymətlər 3,4 faiz artıb, bu isə gözləniləndən azdır.",
        "Qatarlar iki şəhər arasında hər 20 dəqiqədən bir hərəkət edəcək.",
        "Xəsarət alan yoxdur.",
        "Nazirlik sorğuya cavab verməyib.",
    ],
    "ru": [
        "Совет одобрил план во вторник вечером 31 голосом против 12.",
        "Работы в порту, закрытом с марта, начнутся в следующем месяце, сообщил мэр.",
        "В октябре цены выросли на 3,4 процента, меньше, чем ожидали аналитики.",
        "Поезда между двумя городами будут ходить каждые 20 минут.",
        "Никто не пострадал.",
    ],
    "ja": [
        "市議会は火曜日の夜、賛成31、反対12で計画を承認した。",
        "三月から閉鎖されている港の工事は来月始まると市長は述べた。",
        "十月の物価は3.4パーセント上昇し、予想を下回った。",
        "けが人はいなかった。",
    ],
}


def headlines() -> list[str]:
    """Mixed headlines in Latin, Azerbaijani, Cyrillic and CJK, a third of them with emoji, each with a link."""
    chance = random.Random(280)
    return [_headline(chance, number) for number in range(HEADLINES)]


def _headline(chance: random.Random, number: int) -> str:
    language = list(WORDS)[number % len(WORDS)]
    words = _some_words(chance, language)
    if chance.random() < 0.33:
        words.insert(chance.randrange(len(words) + 1), chance.choice(EMOJI))
    return f"{' '.join(words)}{chance.choice(BREAKS)}{_link(chance)}{chance.choice(TAIL)}"


def _some_words(chance: random.Random, language: str) -> list[str]:
    words = WORDS[language].split()
    return [chance.choice(words) for _ in range(chance.randint(7, 16))]


def _link(chance: random.Random) -> str:
    section = chance.choice(["news", "sport", "economy", "world/asia"])
    return (
        f"https://www.example{chance.randint(1, 99)}.com/{section}/{chance.randint(1, 99999)}/a-slug-of-some-words.html"
    )


def posts(*, must_be_cut: bool) -> list[dict[str, Any]]:
    """What templates and peers get of each article: the template's values, and its text and link as plain text."""
    chance = random.Random(1 + must_be_cut)
    return [_post(chance, number, must_be_cut) for number in range(POSTS)]


def overrunning(least: int, most: int) -> list[dict[str, Any]]:
    """Posts that are so many weighted characters over X's limit; each language's have the same share."""
    chance = random.Random(least)
    found: list[dict[str, Any]] = []
    while len(found) < POSTS:
        post = _post(chance, len(found), must_be_cut=True, sentences=chance.randint(1, 12))
        if least <= limit_length(f"{post['text']} {post['url']}") - X_LIMIT <= most:
            found.append(post)
    return found


def _post(chance: random.Random, number: int, must_be_cut: bool, sentences: int = 0) -> dict[str, Any]:
    language = list(SENTENCES)[number % len(SENTENCES)]
    title = " ".join(_some_words(chance, language)[: None if must_be_cut else 7])
    glue = "" if language == "ja" else " "
    some = [chance.choice(SENTENCES[language]) for _ in range(sentences or chance.randint(5, 9))]
    summary = glue.join(some) if must_be_cut else SENTENCES[language][-1]
    tags = ["Baku", "Economy", "Iqtisadiyyat"][: chance.randint(0, 3)]
    url = _link(chance)
    return {
        "values": {"title": title, "summary": summary, "url": url, "tags": tags, "language": language},
        "text": f"{title} — {summary} {', '.join(tags)}".strip(),
        "url": url,
        "must_be_cut": must_be_cut,
    }
