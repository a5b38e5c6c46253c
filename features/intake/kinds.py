"""How and in what a result was measured: the words of the catalogue for its biomarker. An unknown word makes the cell unknown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.intake import rules
from features.sources.cells import Cells
from features.sources.parsing import is_blank
from myeloma import catalogue

COLUMNS = {"method": "methods", "specimen": "specimens"}  # of measurements -> of the catalogue


def words_of(column: str) -> tuple[str, ...]:
    """Return all words of a column, whatever the biomarker; a code counts them from 1."""
    words: tuple[str, ...] = getattr(catalogue(), COLUMNS[column])
    return words


@lru_cache(maxsize=4096)
def kind_code(column: str, biomarker: str, text: str) -> int:
    """Return the code of a cell: UNKNOWN, NOT_ACCEPTED or the word's; of a biomarker that is measured in one way only UNKNOWN.

    Examples
    --------
    >>> [kind_code("method", "mrd", text) for text in ("NGS", "Mass Spectrometry", "PCR", "")]
    [4, 5, -1, 0]
    >>> kind_code("method", "hemoglobin", "photometry")
    0
    """
    accepted: tuple[str, ...] = getattr(catalogue()[biomarker], COLUMNS[column]) if biomarker in catalogue() else ()
    if not accepted or is_blank(text):
        return rules.UNKNOWN
    folded = re.sub(r"[\s-]+", "_", text.casefold())
    found = next((word for word in accepted if word.casefold() == folded), None)
    return rules.NOT_ACCEPTED if found is None else words_of(column).index(found) + 1


def kinds_in(column: str, biomarker: Cells, cells: Cells, file: str) -> tuple[NDArray[np.int8], list[str]]:
    """Return the codes of a column, unknown words as unknown, and a note of how many cells hold one."""
    size = max(len(cells.texts), 1)
    pairs, pair = np.unique(biomarker.codes.astype(np.int64) * size + cells.codes, return_inverse=True)
    said = [(str(biomarker.texts[one // size]), str(cells.texts[one % size])) for one in pairs]
    codes = np.array([kind_code(column, *each) for each in said], dtype=np.int8)
    wrong = codes == rules.NOT_ACCEPTED
    if not wrong.any():
        return codes[pair], []
    return np.where(wrong, np.int8(rules.UNKNOWN), codes)[pair], [
        _note(column, file, [each for each, bad in zip(said, wrong, strict=True) if bad], int(wrong[pair].sum()), len(pair))
    ]


def _note(column: str, file: str, said: Sequence[tuple[str, str]], rows: int, of: int) -> str:
    near: Counter[str] = Counter()
    for biomarker, text in said:
        accepted = {word.casefold(): word for word in getattr(catalogue()[biomarker], COLUMNS[column])}
        near.update(accepted[word] for word in get_close_matches(text.casefold(), accepted, n=1))
    likely = f"; near to {', '.join(sorted(near))}" if near else ""
    texts = len({text for _, text in said})
    words = "1 word that is not accepted" if texts == 1 else f"{texts} words that are not accepted"
    return f"{file}: {rows} of {of} cells of {column} hold {words}, and are taken as unknown{likely}; a mapping can say what they mean"
