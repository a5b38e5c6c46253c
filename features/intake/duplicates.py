"""Rows that say the same: which stand above already, and of several results of one day which counts.

The rule for results of one person, biomarker, day of collection and day of availability. The result of the latest time of day
counts, where times are written; otherwise, and at one time, that of the latest row of the source; a row without a time yields to
one with it. Of the rows that say that very result (the same value in the canonical unit, and operator) the first is kept and the
others are `duplicate_row`. Rows that say another are `conflicting_duplicate`.

The same day of collection with another day of availability is no duplicate but a correction: both rows are kept, and the
later one supersedes the earlier from the day it is available.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.intake.refusals import Mask

Places = NDArray[np.intp]
_MANY = 1000


def order_of(columns: Sequence[NDArray[Any]]) -> Places:
    """Return the order of the rows by whole numbers, the first column most; many are packed into one number where that fits: quicker."""
    packed = _packed(columns) if len(columns[0]) >= _MANY else None
    order: Places = np.lexsort(columns[::-1]) if packed is None else np.argsort(packed, kind="stable")
    return order


def _packed(columns: Sequence[NDArray[Any]]) -> NDArray[np.int64] | None:
    packed, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        low = int(column.min())
        span = int(column.max()) - low + 1
        size *= span
        if size >= 2**63:
            return None
        packed = packed * span + (column.astype(np.int64) - low)  # in 32 bits a day that is none would overflow
    return packed


def alike(columns: Sequence[NDArray[Any]], order: Places) -> Mask:
    """Return for each row but the first, in this order, whether it equals the one before it."""
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in columns:
        values = column[order]
        same &= values[1:] == values[:-1]
    return same


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


def of_several(columns: Sequence[NDArray[Any]], order: Places) -> Places:
    """Return the rows of which there are several, in this order."""
    same = alike(columns, order)
    several = np.zeros(len(order), dtype=bool)
    several[1:] |= same
    several[:-1] |= same
    rows: Places = order[several]
    return rows


def duplicates(
    series: Sequence[NDArray[Any]], value: NDArray[np.float64], operator: NDArray[np.int8], time: NDArray[Any], row: NDArray[Any]
) -> tuple[Mask, Mask]:
    """Return which rows repeat the result that counts, and which contradict it.

    Parameters
    ----------
    series : arrays
        Rows that agree in all of these are results of one day.
    time : array of int
        In the order of the times of day; where none is written before all others.
    row : array of int
        Place in the source.

    Examples
    --------
    >>> day, none = np.array([1, 1, 1]), np.zeros(3, dtype=np.int8)
    >>> wrong = duplicates([day], np.array([1.0, 2.0, 1.0]), none, none, np.array([2, 3, 4]))
    >>> [rows.tolist() for rows in wrong]
    [[False, False, True], [False, True, False]]
    """
    order = order_of(series)
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(np.concatenate([[0], ~alike(series, order)]))[: len(order)]
    by_time = order_of((group, time, row))  # rows that agree in these too stay in their order
    counting = np.empty(len(order), dtype=np.int64)
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
    return same, ~says_it
