"""Where sentences end, language by language, and what an article's opening is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.text.sentences import sentence_ends, teaser
from tests.growth import grows_in_proportion

SENTENCES = {
    "Azerbaijani towns": ["Hadisə yeri isə Bakı şəh. Nəsimi rayonu idi.", "Sonra getdi."],
    "Ukrainian so-called": ["Кілька разів стріляли бойовики т. зв. ДНР.", "Потім пішли."],
    "Russian villages": ["Пожар был в двух километрах от дер. Ивановка.", "Потом пошёл дождь."],
    "Turkish sergeants": ["Şehit olan P. Uzm. Çvş. Ali Kaya idi.", "Sonra gittiler."],
    "German born as": ["Es kam Maria Schmidt, geb. Meier.", "Dann ging sie."],
    "Italian doctors": ["È stato sentito il dott. Rossi.", "Poi basta."],
    "Czech doctors": ["Přišel poslanec MUDr. Novák.", "Pak odešel."],
    "American states": ["So said Tom Smith of Miami, Fla. Yesterday he left.", "Then he came back."],
    "Georgian, which has no capitals": ["პარლამენტმა კანონპროექტი მიიღო.", "ოპოზიციამ სხდომა დატოვა."],
    "titles and initials": ["Mr. J. R. Smith met Dr. Lee.", "They talked."],
    "abbreviated countries and months": ["The U.S. Senate met on Nov. 8, 2020.", "It rose at noon."],
    "Turkish assistants and provinces": ["Arş. Gör. Ali ve İst. Valisi Mim. Sinan'ı andı.", "Sonra gittiler."],
    "Azerbaijani republics": ["Azərb. Resp. Prezidenti gəldi.", "Sonra getdi."],
    "Russian admirals and princes": ["Там были адм. Макаров, инж. Иванов и кн. Мышкин из гос. Думы.", "Потом ушли."],
    "British titles": ["He met Cllr. Smith, Pte. Jones and Wm. Blake of Va. Yesterday he left.", "Then he came back."],
    "Russian directors and months": ["Фильм снял реж. Иванов, 3 сент. Потом митр. Кирилл уехал."],
    "Azerbaijani directors": ["Filmin rej. Əliyevdir.", "Sonra getdi."],
    "Turkish lieutenants": ["Şehit Üstğm. Ali Kaya idi.", "Sonra gittiler."],
    "Spanish ladies": ["La Dª. María llegó.", "Luego se fue."],
    "Georgian professors": ["პროფ. ბერიძე ამბობს.", "კი."],
    "decimals and prices": ["It rose by 3.5 percent to $4.20.", "Then it fell."],
    "numbers of things": ["See No. 5 and Art. 12 of vol. 3 for more.", "Nothing else."],
    "years end a sentence": ["It began in 2020.", "It ended soon."],
    "websites": ["Go to example.com/a.b now.", "Or never."],
    "questions, exclamations, ellipses": ["What?", "Yes!", "Well…", "Perhaps..."],
    "a brand with an exclamation mark": ["Yahoo! is here.", "So are we."],
    "a quotation of two sentences stays whole": ["“Shusha is ours! Garabagh is ours!” he said.", "All cheered."],
    "straight quotes": ['He said: "I came. I saw."', "Then he left."],
    "inches are no quotes": ['A 5" nail.', 'A 6" nail.'],
    "brackets": ["He left (at last. Too late, they say) at night.", "(She stayed.)", "End."],
    "German": ["Am 8. November sagte er: „Komm. Geh.“", "Dann ging er.", "Das war z. B. Prof. Müller."],
    "French": ["M. Dupont arrive.", "« Où est Mme Martin ? » dit-il.", "Fin."],
    "a French quotation that ends": ["Il a dit : « Oui. Non. »", "« Quoi\u202f?\u202f»", "Puis il part.", "»Fin.«"],
    "Azerbaijani": ["Prezident İ. Əliyev və prof. Həsənov görüşdü.", "Görüş 3.5 saat çəkdi.", "Şuşa azaddır!"],
    "Turkish": ["Dr. Ayşe Yılmaz 3. Köprü'de konuştu.", "Çok güzeldi.", "İyi mi?"],
    "Turkish ordinals": ["II. Abdülhamid tahta çıktı.", "Sonra indi."],
    "Russian": ["А. С. Пушкин жил на ул. Мойки, 12 (ныне музей).", "«Что? Где?» — спросил он.", "Всё."],
    "Russian with years": ["В 2020 г. Баку ликовал.", "Война длилась 44 дня."],
    "Chinese without spaces": ["他走了。", "你好吗？", "我很好！"],
    "Chinese quotation goes on": ["他说：“你好。再见。”他走了。", "天黑了。"],
    "Japanese quotation goes on": ["「行く。来る。」と言った。", "次の文です。"],
    "Japanese quotation in narrow marks": ["｢行く。来る。｣と言った。", "〝うん。〟と答えた。", "終わり。"],
    "Arabic": ["وصل الرئيس إلى باكو.", "ماذا قال؟", "لا شيء."],
    "Persian": ["او می‌خواهد برود.", "چرا؟"],
    "Urdu": ["یہ پہلا جملہ ہے۔", "یہ دوسرا ہے۔"],
    "Hindi": ["यह वाक्य है।", "दूसरा वाक्य।"],
    "hours and initials run together": ["At 10 a.m. Baku time J.K. Rowling and J.-P. Sartre met.", "They talked."],
    "companies, degrees, sources": ["Acme Inc. hired Ph.D. students (see p. 5 and fig. 3).", "Smith et al. wrote it."],
    "an exclamation within a quotation": ["“Stop!” he said.", "“Go.”", "They went."],
    "stops in a row": ["What?!", "No way...", "Ok."],
    "Spanish": ["El Sr. García y la Dra. López llegaron.", "¿Qué pasó?", "¡Nada!"],
    "German numbers": ["Das kostet ca. 5 Mio. Euro im 3. Jahr.", "Am 3. Okt. 2020 war es so weit."],
    "Azerbaijani titles": ["Müəl. Həsənov, dos. Quliyev və akad. Məmmədov gəldi.", "Alma, armud və s. satıldı.", "Az."],
    "Azerbaijani addresses": [
        "Azərbaycan Resp. Prezidenti Bakı ş. Nizami küç. 12-də oldu.",
        "Saat 18.30 idi.",
        "Bitdi.",
    ],
    "Azerbaijani initials": ["M.Ə. Rəsulzadə 1918-ci ildə dedi.", "Bir kərə yüksələn bayraq."],
    "an Azerbaijani quotation": ["“Biz qazandıq. Biz gəldik”, – deyə o bildirib.", "Hamı sevindi."],
    "Turkish titles": ["T.C. Cumhurbaşkanı Sn. Erdoğan ve Av. Prof. Dr. Ayşe Kaya geldi.", "M.Ö. 500 yılında bitti."],
    "Turkish lists": ["Elma, armut vb. satıldı.", "Saat 18.30'da 2. Ordu geldi.", "Tamam."],
    "Russian addresses": ["Ул. Ленина, д. 5, кв. 12 стоит 5 млн. руб. за всё.", "Дорого."],
    "Russian centuries": ["Он родился в XIX в. в Баку.", "«Мы победили!» — сказал он.", "Все рады."],
    "Ukrainian": ["Вул. Шевченка, буд. 5 закрито.", "Чому?"],
    "Arabic titles and decimals": ["وقال د. أحمد إن النسبة 3.5 في المئة.", "ثم ذهب."],
    "an Arabic quotation of two sentences": ["قال: «نحن هنا. لن نذهب».", "وأضاف أنه سعيد."],
    "Japanese decimals": ["首相は3.5%増と述べた。", "「行く。」と言った。", "本当？", "はい！"],
    "a Chinese quotation of a cry": ["他说：“我们赢了！”大家都笑了。", "完。"],
    "more Turkish titles": [
        "Op. Dr. Mehmet Öz, Ord. Prof. Ali Fuat ve Hz. Muhammed anıldı (Bkz. Ankara).",
        "Kpt. Ali, Bşk. Veli, Müh. Can ve Ecz. Ayşe Bağdat Cd. No. 5'te, ABC Ltd. Şti. Müdürü ile.",
        "BMW, Audi vb. Alman markaları geldi.",
        "Bitti.",
    ],
    "more Azerbaijani titles": [
        "Hz. Məhəmməd, Cən. Əliyev, Polk. Məmmədov və Leyt. Quliyev.",
        "Ak. Sadıqov, Nam. Quliyev, Red. Əliyeva 5 mln. AZN (Şər. Azərbaycan) aldı.",
        "Son.",
    ],
    "more Russian abbreviations": [
        "Кредит на 100 млн долл. США взял чл.-корр. РАН Иванов.",
        "Пос. Ленина, наб. Фонтанки, мкр. Северный; гр. Иванов, лейт. Петров и мин. Обороны.",
        "Всё.",
    ],
    "Spanish plurals and titles": [
        "EE. UU. Joe Biden y los JJ. OO. París.",
        "Las FF. AA. Chile, el Gral. Pérez, el Ing. López y el Lic. Gómez.",
        "Fin.",
    ],
    "French gentlemen": ["MM. Macron et Scholz arrivent.", "Fin."],
    "more German abbreviations": [
        "Der sog. Islamische Staat (vgl. Seite 5) zahlt inkl. MwSt. evtl. Nachzahlungen zzgl. Versand.",
        "Dipl.-Ing. Müller kauft Äpfel usw. Kunden staunen.",
        "Ende.",
    ],
    "Polish": [
        "Na ul. Marszałkowskiej, w al. Jerozolimskich ks. Jan, gen. Anders i św. Piotr.",
        "Tzw. Ustawa: inż. Kowalski, woj. Mazowieckie, szpital im. Jana Pawła.",
        "Koniec.",
    ],
    "Greek titles": ["Ο Δρ. Παπάς, ο Καθ. Νίκου και η Αγ. Σοφία.", "Τέλος."],
    "Vietnamese titles": ["TP. Hồ Chí Minh đón GS. TS. Nguyễn Văn, PGS. Trần và ThS. Lê.", "Hết."],
    "a country that ends a Vietnamese sentence": ["Ông về Việt Nam.", "Bà ở lại."],
    "more English titles": ["Atty. Gen. Garland, Sec. Blinken, Brig. Gen. Ted, Det. Lee and Drs. Ho.", "They met."],
    "words that are titles elsewhere": [
        "They saw red.",
        "Nobody told al.",
        "She took pictures with him.",
        "End.",
    ],
    "colours and countries": [
        "He went to Viet Nam.",
        "The team wore Red.",
        "All of them.",
        "Three sec.",
        "An EU ship.",
    ],
    "Thai": ["ดร. สมชาย กล่าวว่า กทม. เปิดตลาด นพ. สมศักดิ์ แถลง"],
    "Burmese": ["ဦး. အောင် လာသည်။", "သွားသည်။"],
    "Khmer": ["លោក. សុខ មក។"],
    "Hindi titles": ["डॉ. मनमोहन सिंह और एड. शर्मा ने कहा।", "प्रो. शर्मा गए।"],
    "a Hindi headline": ["डॉ. मनमोहन सिंह ने प्रो. शर्मा से कहा"],
    "Marathi with full stops": ["श्री. पाटील आले आहेत.", "ते गेले.", "डॉ. जोशी आहेत."],
    "Bengali titles": ["মো. সাহাবুদ্দিন ও ডা. দীপু মনি বললেন।", "ড. ইউনূস এলেন।"],
    "full-width figures": ["物価は３．５％上がり，No．5は１２３．５点だ．", "次は１０．５倍だ．", "終わり．"],
    "full-width initials": ["Ａ．Ｂ．氏は喜んだ．", "終わり．"],
    "full-width numbers of a list": ["１． はじめに書く．", "２．次に読む．"],
    "a Chinese quotation in straight marks": ['他说："你好。再见。"他走了。', '他又说"好。行。"然后走了。', "天黑了。"],
    "Armenian": ["Ես եկա։", "Նա գնաց։"],
    "Korean": ["대통령이 도착했다.", "모두가 기뻐했다."],
}


def split(text: str) -> list[str]:
    starts = [0, *sentence_ends(text)]
    return [
        text[start:end].strip()
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
        if text[start:end].strip()
    ]


@pytest.mark.parametrize("sentences", SENTENCES.values(), ids=SENTENCES)
def test_it_finds_the_sentences_of(sentences: list[str]) -> None:
    joiner = "" if any(end in sentences[0] for end in "。．") else " "
    assert split(joiner.join(sentences)) == sentences


NO_ENDS = {
    "nothing": "",
    "no punctuation": "A headline without an end",
    "only an abbreviation follows": "Speaking in Baku, Mr. Smith",
    "an initial": "Speaking in Baku, J. Smith",
    "lower case follows": "approx. ten",
    "a quotation that goes on": "“We won. We did” was all",
}


@pytest.mark.parametrize("text", NO_ENDS.values(), ids=NO_ENDS)
def test_there_is_no_end_in(text: str) -> None:
    assert sentence_ends(text) == []


def test_a_line_that_ends_as_a_sentence_is_one() -> None:
    assert split("Signed by Mr.\nHeadline\nText.") == ["Signed by Mr.", "Headline\nText."]


def test_a_straight_quote_that_closes_belongs_to_a_chinese_sentence() -> None:
    assert split('他说："你好。再见。"\n天黑了。') == ['他说："你好。再见。"', "天黑了。"]


PROSE = "On Friday the city council voted for the new bridge over the river. It opens in May. Nobody objected."


def test_a_teaser_is_whole_sentences_of_the_first_paragraph_of_prose() -> None:
    assert teaser(f"By our reporter\nShort one.\n\n{PROSE}\nMore text.", most=90) == PROSE[: PROSE.index(" Nobody")]


def test_a_teaser_is_at_least_one_sentence() -> None:
    assert teaser(PROSE, most=10) == "On Friday the city council voted for the new bridge over the river."


def test_a_teaser_of_short_paragraphs_is_the_first_that_ends_as_a_sentence() -> None:
    assert teaser("Sport\nBaku won.\nGanja lost.") == "Baku won."


def test_a_teaser_does_not_end_behind_a_title() -> None:
    sentence = "Lãnh đạo TP. Hồ Chí Minh đã gặp ông Nguyễn Văn An."
    assert teaser(f"{sentence} Hai bên trao đổi.", most=20) == sentence


def test_there_is_no_teaser_without_a_sentence() -> None:
    assert teaser("Photo gallery\nMenu") == ""


def test_the_teaser_of_the_sample(shared: Path) -> None:
    body = (shared / "samples/azernews-editorial.txt").read_text().split("\n", 1)[1]
    assert teaser(body).startswith("On November 8, Azerbaijan commemorates one of the most glorious chapters")
    assert teaser(body).endswith("after decades of occupation.")


@pytest.mark.parametrize(
    "piece", [".", "a. ", '"', "“", '"a ."b ', "( .", "\n.", "。", "A", '好"', '。"', "क. ", "Ａ．"]
)
def test_a_long_row_of_anything_takes_time_in_proportion(piece: str) -> None:
    assert grows_in_proportion(sentence_ends, piece, 200_000)
