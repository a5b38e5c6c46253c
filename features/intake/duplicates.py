"""Rows that say the same: which stand above already, and of several results of one time which counts.

The rule for results of one person, biomarker, day of collection and day of availability. Results of different times of day are all
kept; `features.history.of_day` says which of them a statistic uses. Of those of one time, or without a time, that of the latest row
of the source counts; a row without a time yields to those with one. Of the rows that say that very result (the same value in the
canonical unit, and operator) the first is kept and the others are `duplicate_row`. Rows that say another are
`conflicting_duplicate`. Two values of M-protein may be those of two clones, to be added up: which is meant nobody can tell, and
none of them is taken (`conflicting_components`). Nor is one of two findings that differ, such as an immunofixation that is negative and
positive, or residual disease and none found (`conflicting_findings`): the better one would be a guess.

The same day of collection with another day of availability is no duplicate but a correction: both rows are kept, and the
later one supersedes the earlier from the day it is available.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.cohort.order import alike, groups_of, order_of
from features.cohort.times import UNTIMED
from features.intake.refusals import Mask


def stand_above(columns: Sequence[NDArray[Any]]) -> Mask:
    """Return which rows equal an earlier one.

    Examples
    --------
    >>> stand_above([np.array([1, 2, 1, 1]), np.array([5, 5, 5, 6])]).tolist()
    [False, False, True, False]
    """
    order = order_of(columns)
    again = np.zeros(len(order), dtype=bool)
    again[order[1:][alike(columns, order)]] = True
    return again


def duplicates(
    series: Sequence[NDArray[Any]],
    value: NDArray[np.float64],
    operator: NDArray[np.int8],
    time: NDArray[Any],
    row: NDArray[Any],
    of_clones: Mask,
) -> tuple[Mask, Mask, Mask]:
    """Return which rows repeat the result that counts, which contradict it, and which nobody can settle.

    Parameters
    ----------
    series : arrays
        Rows that agree in all of these are results of one day.
    time : array of int
        Instants within the day, `UNTIMED` where none is written.
    row : array of int
        Place in the source.
    of_clones : array of bool
        Whether of values that differ none is taken: where a row's biomarker is measured clone by clone, or finds something or nothing.

    Examples
    --------
    >>> day, none, rows = np.array([1, 1, 1]), np.zeros(3, dtype=np.int8), np.array([2, 3, 4])
    >>> wrong = duplicates([day], np.array([1.0, 2.0, 1.0]), none, none, rows, none > 0)
    >>> [rows.tolist() for rows in wrong]
    [[False, False, True], [False, True, False], [False, False, False]]
    """
    of_day = groups_of(series)
    latest = np.full(of_day.max(initial=-1) + 1, UNTIMED, dtype=np.int64)
    np.maximum.at(latest, of_day, time)
    group = groups_of((of_day, np.where(time == UNTIMED, latest[of_day], time)))
    by_time = order_of((group, time, row))  # rows that agree in these too stay in their order
    counting = np.empty(len(group), dtype=np.int64)
    counting[group[by_time]] = by_time  # the last of each group
    counts = counting[group]
    # Seven digits: the same result written in two units differs in the last bit of a division.
    short = value.astype(np.float32)
    says_it = (short == short[counts]) & (operator == operator[counts])
    by_row = order_of((group, row))
    saying = by_row[says_it[by_row]]
    first = saying[np.concatenate([[True], group[saying][1:] != group[saying][:-1]])] if len(saying) else saying
    same = says_it.copy()
    same[first] = False
    disputed = np.zeros(group.max(initial=-1) + 1, dtype=bool)
    disputed[group[~says_it]] = True
    unclear = disputed[group] & of_clones
    return same & ~unclear, ~says_it & ~unclear, unclear
