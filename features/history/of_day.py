"""Several results of one person, biomarker and day of collection, at different times of day: which of them counts.

That of the latest time among those known by the landmark. A result is superseded from the first where one of a later time was
known no later than itself. The kernel does the rest: of the others of a day the one that became known last by the landmark counts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.order import of_several, order_of
from features.cohort.times import UNTIMED, instant_of
from features.history.layout import Codes, Days, Flags


def instants_of(times: pd.Series) -> NDArray[np.int32]:
    """Return the instant within the day of each text of `collected_time`, `UNTIMED` where none is written."""
    kinds = times.astype("category")
    instants = np.array([*(instant_of(time) for time in kinds.cat.categories), UNTIMED], dtype=np.int32)
    return instants[kinds.cat.codes.to_numpy()]


def counted(patient: Codes, biomarker: Codes, collected: Days, available: Days, instant: NDArray[np.int32]) -> Flags:
    """Return which results count at any landmark, one element a result.

    Examples
    --------
    >>> one, day = np.zeros(3, np.int32), np.array([10, 10, 10], np.int32)
    >>> counted(one, one, day, np.array([10, 11, 12], np.int32), np.array([300, 100, 400], np.int32)).tolist()
    [True, False, True]
    """
    counts = np.ones(len(instant), dtype=bool)
    timed = np.flatnonzero(instant != UNTIMED)
    of_day = [column[timed] for column in (patient, biomarker, collected)]
    rows = timed[of_several(of_day, order_of(of_day))]
    if not len(rows):
        return counts
    order = rows[np.lexsort([column[rows] for column in (instant, available, collected, biomarker, patient)])]
    same_day = np.ones(len(order) - 1, dtype=bool)
    for column in (patient, biomarker, collected):
        same_day &= column[order][1:] == column[order][:-1]
    known, clock = available[order], instant[order].astype(np.int64)
    overtaken = np.append(same_day & (known[1:] == known[:-1]) & (clock[1:] > clock[:-1]), False)
    day = np.concatenate([[0], np.cumsum(~same_day)])
    rank = day * 2**33 + clock  # instants lie within 2**32: the greatest so far is one of the same day
    counts[order[overtaken | (rank < np.maximum.accumulate(rank))]] = False
    return counts
