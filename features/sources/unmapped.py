"""Codes that no mapping names: which of them a note may say, and which only the owner of the files may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from myeloma.echo import echo_code

_TOP = 5
_MOST_WITHHELD = 50


def note_of(share: str, counted: Iterable[tuple[str, int]], shown: Callable[[str], str] = echo_code) -> tuple[list[str], list[str]]:
    """Return a note and what is withheld from it.

    Parameters
    ----------
    share : str
        How many rows it is about, in words.
    counted : iterable of (code, rows)
        Codes as received, the most frequent first.
    shown : function
        Returns a code as everybody may see it; nothing for one that may be free text.

    Examples
    --------
    >>> note_of("9 rows are not read", [("LOINC:718-7", 6), ("HB DR MEIER", 3)])
    (['9 rows are not read; the most frequent: LOINC:718-7: 6 rows; 1 code of no public form is not shown'], ['HB DR MEIER: 3 rows'])
    """
    codes = list(counted)
    public = [f"{text}: {rows} rows" for code, rows in codes if (text := shown(code))]
    private = [f"{code}: {rows} rows" for code, rows in codes if not shown(code)]
    hidden = f"{len(private)} codes of no public form are not shown" if len(private) > 1 else "1 code of no public form is not shown"
    said = "; ".join([*([f"the most frequent: {'; '.join(public[:_TOP])}"] if public else []), *([hidden] if private else [])])
    return [f"{share}; {said}" if said else share], private[:_MOST_WITHHELD]
