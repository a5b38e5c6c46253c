"""Results that are words, such as a negative immunofixation: each becomes the number that the catalogue says it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.sources.parsing import BAD, NUMBER, text_of
from myeloma import catalogue

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
