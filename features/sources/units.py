"""A unit that is written twice, as a code and in words, which may contradict each other."""

from __future__ import annotations

from functools import cache

from myeloma import DataError, canonical_divisor


@cache
def one_unit(biomarker: str, code: str, words: str) -> str:
    """Return the unit that a code and words say: the code's, or both where they are two units of the biomarker, which is none.

    Examples
    --------
    >>> one_unit("m_protein", "g/dL", "G/DL"), one_unit("m_protein", "g/dL", "gram"), one_unit("m_protein", "g/dL", "g/L")
    ('g/dL', 'g/dL', 'g/dL or g/L')
    """
    said = _divisor(biomarker, code), _divisor(biomarker, words)
    return f"{code} or {words}" if None not in said and said[0] != said[1] else code


def _divisor(biomarker: str, unit: str) -> float | None:
    try:
        return canonical_divisor(biomarker, unit)
    except DataError:
        return None
