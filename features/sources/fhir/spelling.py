"""Names as they are compared, whoever wrote them: without accents, capitals, and signs that nobody sees."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_UNSEEN = "Cf"  # Unicode's category of signs that only steer how a text is set, such as the soft hyphen and the joiners


@lru_cache(maxsize=4096)  # a request compares what it says with the same few hundred names
def plain(words: str) -> str:
    """Return words without accents and unseen signs, in lower case, and with the letters of wide or joined forms in their usual form.

    Examples
    --------
    >>> plain("Ostéolyse"), plain("Borte\\u00adzomib"), plain("\\uff2c\\uff45\\uff4e")
    ('osteolyse', 'bortezomib', 'len')
    """
    letters = unicodedata.normalize("NFKD", words)
    seen = "".join(letter for letter in letters if not unicodedata.combining(letter) and unicodedata.category(letter) != _UNSEEN)
    return seen.translate(_DASHES).casefold()
