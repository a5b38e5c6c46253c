"""Units as sources write them: twice, as a code and in words, which may contradict each other; or behind the result itself.

`>60%` beside the unit `%` is the result `>60`. What another unit behind a result says of its row is never guessed.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np
import pandas as pd

from features.sources.answers import divisor_of
from features.sources.cells import Cells, cells_of
from myeloma import DataError, canonical_divisor, catalogue

_WITH_UNIT = re.compile(r"([<>≤≥]?=?\s*[+-]?[0-9][0-9.,' \u00a0\u202f]*?(?:[eE][+-]?[0-9]+)?)\s*([^0-9\s.,].*)")


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


@lru_cache(maxsize=4096)
def without_unit(text: str, biomarker: str, unit: str) -> str:
    """Return a result without the unit behind it, where that is the row's own in any spelling that is accepted; else as it is.

    Examples
    --------
    >>> without_unit(">60%", "bmpc", "%"), without_unit("1,5 g/l", "m_protein", "g/L"), without_unit("20 %", "bmpc", "")
    ('>60', '1,5', '20 %')
    """
    found = _WITH_UNIT.fullmatch(text)
    if found is None:
        return text
    name = catalogue().key_of(biomarker)
    divisor = divisor_of(name, unit)
    return found[1] if divisor is not None and divisor == divisor_of(name, found[2]) else text


def values_without_units(biomarker: Cells, value: pd.Series, unit: Cells) -> pd.Series:
    """Return a column of results likewise; one in which no result has anything behind it is returned as it is."""
    if pd.api.types.is_numeric_dtype(value):
        return value
    cells = cells_of(value)
    rows = np.flatnonzero(cells.each(lambda text: _WITH_UNIT.fullmatch(text) is not None, bool))
    if not len(rows):
        return value
    names, units, texts = (each.of(each.texts)[rows] for each in (biomarker, unit, cells))
    every = cells.rows().copy()
    every[rows] = [without_unit(*one) for one in zip(texts, names, units, strict=True)]
    return pd.Series(pd.Categorical(every), index=value.index)
