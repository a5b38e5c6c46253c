"""Cells that are words of the catalogue: results such as a negative immunofixation, methods, specimens.

The word of a result becomes the number that it stands for. An unknown method or specimen makes its cell unknown, and is counted. A
specimen that is known and is none of the biomarker's refuses the result: creatinine of urine is another test than that of serum.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.intake import rules
from features.sources.cells import Cells
from features.sources.parsing import BAD, NUMBER, is_blank, text_of
from myeloma import catalogue

KINDS = {"method": "methods", "specimen": "specimens"}  # of measurements -> of the catalogue
Said = tuple[Sequence[str], NDArray[Any]]


def with_words(
    names: Sequence[str],
    biomarker: NDArray[Any],
    texts: Sequence[Any] | NDArray[Any],
    text: NDArray[Any],
    value: NDArray[np.float64],
    kind: NDArray[np.int8],
) -> tuple[NDArray[np.float64], NDArray[np.int8], Said | None]:
    """Return values and kinds with words read, and what was said in each row of a biomarker whose results are words.

    Parameters
    ----------
    names, biomarker : the biomarker of a row is names[biomarker]; the names of the catalogue come first
    texts, text : the cell of a row, as received, is texts[text]
    value, kind : as `features.sources.parsing.result_of` has them

    Returns
    -------
    said : (labels, places)
        The biomarker, a tab and the text of a row is labels[places]; the first label is that of all other rows. None without such rows.
    """
    rows = np.flatnonzero(_has_words(catalogue().version)[np.minimum(biomarker, len(catalogue().keys()))])
    if not len(rows):
        return value, kind, None
    pairs, pair = np.unique(biomarker[rows].astype(np.int64) * len(texts) + text[rows], return_inverse=True)
    said = [(names[one // len(texts)], text_of(texts[one % len(texts)])) for one in pairs]
    meant = np.array([catalogue()[name].words.get(cell.casefold(), np.nan) for name, cell in said])[pair]
    read = rows[(kind[rows] == BAD) & ~np.isnan(meant)]
    value, kind, places = value.copy(), kind.copy(), np.zeros(len(value), dtype=np.int64)
    value[read], kind[read] = meant[(kind[rows] == BAD) & ~np.isnan(meant)], NUMBER
    places[rows] = pair + 1
    return value, kind, (["", *(f"{name}\t{cell}" for name, cell in said)], places)


def not_words(said: Said, value: NDArray[np.float64], operator: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Return which rows hold something else than a word of their biomarker, or the number it stands for."""
    labels, places = said
    wrong = places > 0
    for name in {label.partition("\t")[0] for label in labels} - {""}:
        of_name = np.array([label.startswith(f"{name}\t") for label in labels])[places]
        wrong[of_name] = (operator[of_name] != 0) | ~np.isin(value[of_name], list(catalogue()[name].words.values()))
    return wrong


@lru_cache(maxsize=4)
def _has_words(version: str) -> NDArray[np.bool_]:
    """Return whether the results of each biomarker of that version of the catalogue are words; the last is no biomarker."""
    return np.array([*(bool(entry.words) for entry in catalogue().biomarkers.values()), False])


def words_of(column: str) -> tuple[str, ...]:
    """Return all words of a column, whatever the biomarker; a code counts them from 1."""
    words: tuple[str, ...] = getattr(catalogue(), KINDS[column])
    return words


@lru_cache(maxsize=4096)
def kind_code(column: str, biomarker: str, text: str) -> int:
    """Return the code of a cell: UNKNOWN, NOT_ACCEPTED, OTHER_SPECIMEN or the word's; UNKNOWN too where words are not told apart.

    Examples
    --------
    >>> [kind_code("method", "mrd", text) for text in ("NGS", "Mass Spectrometry", "PCR", "")]
    [5, 6, -1, 0]
    >>> kind_code("method", "hemoglobin", "photometry")
    0
    >>> [kind_code("specimen", "creatinine", text) for text in ("Serum", "Urin", "tube 3")]
    [0, -3, -1]
    """
    accepted = accepted_words(column, biomarker) if biomarker in catalogue() else ()
    if not accepted or is_blank(text):
        return rules.UNKNOWN
    if column == "specimen":
        found = catalogue().specimen_of(text)
        if found and found not in accepted:
            return rules.OTHER_SPECIMEN
    else:
        folded = re.sub(r"[\s-]+", "_", text.casefold())
        found = next((word for word in accepted if word.casefold() == folded), "")
    told_apart: tuple[str, ...] = getattr(catalogue()[biomarker], KINDS[column])
    return rules.NOT_ACCEPTED if not found else words_of(column).index(found) + 1 if found in told_apart else rules.UNKNOWN


def accepted_words(column: str, biomarker: str) -> tuple[str, ...]:
    """Return what a cell of a column may say of a biomarker; nothing where it is not asked."""
    words: tuple[str, ...] = getattr(catalogue()[biomarker], rules.ACCEPTED_WORDS[column])
    return words


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
        accepted = {word.casefold(): word for word in accepted_words(column, biomarker)}
        near.update(accepted[word] for word in get_close_matches(text.casefold(), accepted, n=1))
    likely = f"; near to {', '.join(sorted(near))}" if near else ""
    texts = len({text for _, text in said})
    words = "1 word that is not accepted" if texts == 1 else f"{texts} words that are not accepted"
    return f"{file}: {rows} of {of} cells of {column} hold {words}, and are taken as unknown{likely}; a mapping can say what they mean"
