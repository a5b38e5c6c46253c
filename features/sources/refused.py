"""LOINC codes that are mistaken for a biomarker and never read as one: a note says how many rows carry them, and what they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from myeloma import catalogue
from myeloma.loinc import loinc_of

_TOP = 5


@cache
def refused_meanings() -> dict[str, tuple[str, str]]:
    """Return, for each such code, the biomarker that it is mistaken for and what it is, in the catalogue's words."""
    return {code: (key, meaning) for key, entry in catalogue().biomarkers.items() for code, meaning in entry.loinc_refused.items()}


def refused_code(written: str) -> str | None:
    """Return the code never to be read that a text is, alone or named as one of LOINC; None where it is none.

    Examples
    --------
    >>> [refused_code(text) for text in ("2469-5", "LOINC//2469-5", "718-7", "SNOMED:2469-5")]
    ['2469-5', '2469-5', None, None]
    """
    bare = loinc_of(written) or written.strip()
    return bare if bare in refused_meanings() else None


def note_of_refused(counted: Mapping[str, int]) -> list[str]:
    """Return the note on rows with such codes, the most frequent first; none where there are none.

    Examples
    --------
    >>> note_of_refused({"2469-5": 3})
    ['3 rows carry a LOINC code that is never read as a biomarker: 2469-5 is a subclass of IgG, not igg: 3 rows']
    """
    codes = sorted(((code, rows) for code, rows in counted.items() if rows), key=lambda item: (-item[1], item[0]))
    if not codes:
        return []
    said = []
    for code, rows in codes[:_TOP]:
        biomarker, meaning = refused_meanings()[code]
        said.append(f"{code} is {meaning}, not {biomarker}: {_rows(rows)}")
    more = [f"and {len(codes) - _TOP} more codes"] if len(codes) > _TOP else []
    total = sum(rows for _, rows in codes)
    carry = "carry" if total > 1 else "carries"
    return [f"{_rows(total)} {carry} a LOINC code that is never read as a biomarker: {'; '.join([*said, *more])}"]


def _rows(number: int) -> str:
    return f"{number} row{'s' if number > 1 else ''}"
