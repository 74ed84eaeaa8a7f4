"""Finding by words: every word must occur, whatever its case or accents.

SQLite's lower() knows ASCII only and PostgreSQL's depends on the server, so what is searched is folded by Python and
stored folded.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import sqlalchemy as sa

_ACCENTS = dict.fromkeys(range(0x300, 0x370))
_DOTLESS_I = {ord("ı"): "i"}  # Azerbaijani and Turkish readers type either


def fold(text: str) -> str:
    """The text as it is compared: no case, no accents, compatibility forms as one, single spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = apart.translate(_ACCENTS | _DOTLESS_I)
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def has_words(folded: sa.ColumnElement[Any], words: str) -> sa.ColumnElement[bool]:
    """The condition that each of the words occurs in the folded column or expression."""
    return sa.and_(sa.true(), *(folded.contains(word, autoescape=True) for word in fold(words).split()))
