"""One person in several rows of patients: rows that differ in optional cells only are one row, a cell on which they differ is unknown.

The grain of refusal is that of the fault. A row a visit, or a row a laboratory, says the same of the index date and the age each time;
where rows differ in these, nobody can tell which person they are of, and the person is refused (`repeated_patient`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.order import Places
from features.intake.refusals import Mask

Codes = NDArray[np.integer[Any]]


def merged(
    person: Places, needed: Mapping[str, NDArray[Any]], optional: Mapping[str, Codes]
) -> tuple[Mask, dict[str, Codes], dict[str, int]]:
    """Return the rows for which the first row of their person speaks, the optional cells of all rows, and how many people differ in each.

    Parameters
    ----------
    person : array
        Whose row it is.
    needed, optional : mappings of arrays
        The cells by column; an optional one is a code, 0 where it is unknown.

    Examples
    --------
    >>> sex, site = np.array([1, 0, 1]), np.array([1, 2, 1])
    >>> repeats, cells, differ = merged(np.array([7, 7, 8]), {"index_date": np.array([5, 5, 5])}, {"sex": sex, "site": site})
    >>> repeats.tolist(), cells["sex"].tolist(), cells["site"].tolist(), differ
    ([False, True, False], [1, 0, 1], [0, 2, 1], {'site': 1})
    """
    cells = {name: column.copy() for name, column in optional.items()}
    repeats = pd.Series(person).duplicated().to_numpy()
    several = pd.Series(person).duplicated(keep=False).to_numpy()
    if not several.any():
        return repeats, cells, {}
    rows, whose = pd.DataFrame({**needed, **optional})[several], person[several]
    alike = (rows[list(needed)].groupby(whose).transform("nunique", dropna=False) == 1).all(axis=1).to_numpy()
    known = rows[list(optional)].where(lambda code: code > 0).groupby(whose)
    words, word = known.transform("nunique"), known.transform("max")
    one = word.where(words == 1, 0)
    first = np.flatnonzero(several)[alike & ~repeats[several]]
    here = pd.Series(np.arange(several.sum()), index=np.flatnonzero(several))[first]
    for name, column in cells.items():
        column[first] = one[name].to_numpy()[here]
    differ = {name: int((words[name].to_numpy()[here] > 1).sum()) for name in optional}
    repeats[several] &= alike
    return repeats, cells, {name: people for name, people in differ.items() if people}
