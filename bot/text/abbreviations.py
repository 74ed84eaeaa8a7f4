"""Abbreviations after which a sentence goes on, language by language, as they are written.

Mostly a name, a date, a place or a figure follows. What is a word in some other language too, as “red.”, “al.” or
“im.”, is an abbreviation only in texts with a letter that its language has and most others have not.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ENGLISH = (
    "Mr Mrs Ms Messrs Dr Drs Prof Profs Rev Msgr Hon St Sr Jr Gen Gens Sen Sens Rep Reps Gov Govs Lt Col Maj Capt Sgt"
    " Cpl Pvt Pfc Brig Cmdr Adm Pres Amb Atty Supt Insp Det Sec Mt Ft"
    " Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri vs approx ca cf ed est"
    " incl Inc Ltd Co Corp Bros Vol Fig Ave Blvd Rd Dept Univ Spc Asst Dist Br Pt"
    " Calif Fla Tenn Minn Ala Ariz Wis Penn Okla Colo Conn Ky Neb Nev Mich Ga Va Cllr Pte Wm Exec"
    " Ret Wash Md Smt Shri"
)
_GERMAN = (
    "bzw ggf Hr Fr Nr Str Okt Dez Mio Mrd inkl Inkl evtl Evtl sog vgl Vgl usw zzgl Dipl Ing geb gest Chr Jh Fa Fam Abs"
    " Präs Bundespräs Hl"
)
_ROMANCE = (
    "Mme Mlle Mgr Sra Srta Sres Dra Dña Ud Uds Av Avda Gral Lic Exmo Exma Excmo Excma Ilmo Ilma"
    " Sig Dott dott Avv avv Mons mons geom Éd éd Ste Sto Sta Gob Min Dep Cía Arq Mtro Dª Dl Dna"
)
_OTHERS = (  # Dutch, Czech, Hungarian, the Nordic languages
    "Dhr Mw Mevr Ds dhr mw mevr MUDr PhDr JUDr RNDr MVDr sv hab Ifj ifj Özv özv Szt szt eks Eks esim Esim Nt ns"
)
_TURKIC = (
    "prof dos akad müəl dr resp təxm məs ray qəs küç pros mənz doç yrd öğr gör uzm sn cad sok mah bul apt pr alb yzb"
    " bnb org hz bkz bşk kpt müh ecz şti vb vd cən leyt şər mln mlrd"
    " şəh kənd çvş bşçvş müd tuğg tümg korg gn blv alm kd arş azərb"
    " rej bəst okt noy dek filol səh"
)
_TURKISH_TITLES = (
    "Op Ord Cd İst Mim Yb Tğm Üstğm Astsb Dt Bkn Tic San Çev Haz Üniv"  # in lower case words of other languages
)
_SLAVIC = (
    "акад проф доц им ул пл пр просп бул пер кв корп стр респ обл гор руб коп тыс млн млрд см ср напр гл ред зам нач"
    " ген полк сб св ім вул буд грн долл корр пос наб гр лейт мкр мин"
    " зв дер оз подполк кап ст адм инж кн изд нац гос деп"
    " реж худ авт митр архиеп преп янв авг сент окт нояб дек"
)
_GREEK = "Δρ δρ Καθ καθ Αγ αγ"
_GEORGIAN = "პროფ აკად"

_EITHER_CASE = f"{_TURKIC} {_SLAVIC}"  # an address, a title or an example may begin the sentence
_ANYWHERE = frozenset(
    f"{_ENGLISH} {_GERMAN} {_ROMANCE} {_OTHERS} {_GREEK} {_GEORGIAN} {_TURKISH_TITLES} {_EITHER_CASE}"
    f" {_EITHER_CASE.title()}".split()
)

_AZERBAIJANI = "Ak Polk Red Nam"
_VIETNAMESE = "TP Tp GS TS PGS ThS BS LS"
_POLISH = "ul al pl ks gen św tzw inż woj im płk min prof Ul Al Pl Ks Św Tzw Inż Woj Płk Min"
_LETTERS = {"əƏ": _AZERBAIJANI, "ơưđƠƯĐ\u1ea0-\u1ef9": _VIETNAMESE, "ąęłńśźżĄĘŁŃŚŹŻ": _POLISH}
_WITH_LETTERS = tuple((re.compile(f"[{letters}]"), frozenset(words.split())) for letters, words in _LETTERS.items())
_ANY_OF_THEM = re.compile(f"[{''.join(_LETTERS)}]")

LONGEST = max(map(len, _ANYWHERE.union(*(words for _, words in _WITH_LETTERS))))


def known_in(text: str) -> frozenset[str]:
    """Those of every language, and those of the languages whose own letters are in `text`."""
    if text.isascii() or not _ANY_OF_THEM.search(text):
        return _ANYWHERE
    return _together(tuple(letters.search(text) is not None for letters, _ in _WITH_LETTERS))


@lru_cache
def _together(seen: tuple[bool, ...]) -> frozenset[str]:
    return _ANYWHERE.union(*(words for is_seen, (_, words) in zip(seen, _WITH_LETTERS, strict=True) if is_seen))
